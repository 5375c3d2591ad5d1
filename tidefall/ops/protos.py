"""Serialized protocol buffers taken apart into tensors, and made of tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall import proto
from tidefall.core import dtypes
from tidefall.core.dtypes import DType
from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.ir.opdef import HOST
from tidefall.ops.registry import (
    Int32,
    Namespace,
    String,
    Tinput_types,
    TypeList,
    op,
    output_types,
)
from tidefall.ops.texts import as_texts, elements, texts


def _text(value: Any) -> str:
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)


def _described(
    message_type: Any, source: Any, names: Any, types: list[DType]
) -> tuple[Any, list[Any]]:
    """The class of a message, and some of its fields."""
    found = proto.message_fields()
    kind = found.message_class(_text(message_type), _text(source))
    return kind, found.fields_of(kind.DESCRIPTOR, [_text(name) for name in names], types)


@op("DecodeProtoV2", runs_on=HOST, differentiable=False, output_types=TypeList(),
    outputs=("sizes", "values"), export="raw_ops.DecodeProtoV2")  # fmt: skip
def decode_proto_op(
    xp: Namespace, bytes: String, *, message_type: str, field_names: list[str],
    output_types: list[DType], descriptor_source: str = "local://",
    message_format: str = "binary", sanitize: bool = False,
) -> tuple[Int32, list[output_types]]:  # fmt: skip
    """The values of some fields of messages, and how many each message has."""
    kind, fields = _described(message_type, descriptor_source, field_names, output_types)
    parse = proto.message_fields().parser(kind, _text(message_format))
    array = as_texts(bytes)
    rows = []
    for number, content in enumerate(elements(array)):
        message = parse(content, number)
        rows.append([proto.message_fields().values_of(message, field) for field in fields])
    sizes = np.array([[len(values) for values in row] for row in rows], np.int32)
    columns = zip(*rows, strict=True) if rows else iter([()] * len(fields))
    found = [
        _column(values, field, dtype, array.shape)
        for values, field, dtype in zip(columns, fields, output_types, strict=True)
    ]
    return sizes.reshape(*array.shape, len(fields)), found


@decode_proto_op.shape
def _decode_proto_shape(
    bytes: Shape, *, field_names: list[str], output_types: list[DType]
) -> list[Shape]:
    return [bytes + Shape((len(field_names),)), *[bytes + Shape((None,))] * len(output_types)]


def _column(values: Any, field: Any, dtype: DType, shape: tuple[int, ...]) -> Any:
    """The values of a field in all messages; what is missing has the field's default."""
    width = max(1, *map(len, values)) if values else 1
    filler = proto.message_fields().filler_of(field)
    flat = [each for row in values for each in [*row, *[filler] * (width - len(row))]]
    array = texts(flat) if dtype is dtypes.string else np.array(flat, dtype.np_dtype)
    return array.reshape(*shape, width)


@export("io.decode_proto")
def decode_proto(
    bytes: Any,
    message_type: str,
    field_names: Any,
    output_types: Any,
    descriptor_source: str = "local://",
    message_format: str = "binary",
    sanitize: bool = False,
    name: str | None = None,
) -> Any:
    """The values of some fields of serialized messages.

    Args:
      bytes: A tensor of messages.
      message_type: The full name of the message.
      field_names: The names of the fields.
      output_types: The dtypes of their values. A message within is given as a text.
      descriptor_source: Where the message is described: ``"local://"`` if TensorFlow or an
        imported module has it, else the name of a file with a ``FileDescriptorSet``.
      message_format: ``"binary"`` or ``"text"``.
      sanitize: Accepted; what is given out is always a valid message.
      name: The name of the node.

    Returns:
      How many values each message has of each field, and for each field the values, filled up
      with its default to the largest number.

    >>> text = tf.train.Int64List(value=[3, 4]).SerializeToString()
    >>> found = tf.io.decode_proto([text, ""], "tensorflow.Int64List", ["value"], [tf.int64])
    >>> sizes, values = tf.Session().run(found)
    >>> sizes.tolist(), values[0].tolist()
    ([[2], [0]], [[3, 4], [0, 0]])
    """
    return decode_proto_op(
        bytes, message_type=message_type, field_names=list(field_names),
        output_types=list(output_types), descriptor_source=descriptor_source,
        message_format=message_format, sanitize=sanitize, name=name,
    )  # fmt: skip


@op("EncodeProto", runs_on=HOST, differentiable=False, Tinput_types=TypeList(),
    outputs=("bytes",), export="raw_ops.EncodeProto")  # fmt: skip
def encode_proto_op(
    xp: Namespace, sizes: Int32, values: list[Tinput_types], *, field_names: list[str],
    message_type: str, descriptor_source: str = "local://", Tinput_types: list[DType],
) -> String:  # fmt: skip
    """Messages with these values of their fields."""
    kind, fields = _described(message_type, descriptor_source, field_names, Tinput_types)
    serialized = proto.message_fields().serialized
    counts = np.asarray(sizes)
    columns = [np.asarray(each) for each in values]
    _check_sizes(counts, columns, fields)
    shape = counts.shape[:-1]
    rows = counts.reshape(-1, len(fields)).tolist()
    flat = [column.reshape(len(rows), column.shape[-1]) for column in columns]
    made = []
    for number, row in enumerate(rows):
        given = [column[number, :count].tolist() for count, column in zip(row, flat, strict=True)]
        made.append(serialized(kind, list(zip(fields, given, strict=True))))
    return texts(made, shape)


@encode_proto_op.shape
def _encode_proto_shape(
    sizes: Shape, values: list[Shape], *, field_names: list[str], Tinput_types: list[DType]
) -> Shape:
    dims = sizes.with_rank_at_least(2).dims
    return Shape(None if dims is None else dims[:-1])


def _check_sizes(counts: Any, columns: list[Any], fields: list[Any]) -> None:
    if counts.ndim < 1 or counts.shape[-1] != len(fields):
        raise ValueError(
            f"sizes has shape {counts.shape}; its last dimension must be {len(fields)}, the "
            "number of fields."
        )
    for index, (field, column) in enumerate(zip(fields, columns, strict=True)):
        if column.shape[:-1] != counts.shape[:-1]:
            raise ValueError(
                f"the values of field {field.name!r} have shape {column.shape}, but sizes has "
                f"{counts.shape}; all but the last dimension must be equal."
            )
        if counts.size and counts[..., index].max() > column.shape[-1]:
            raise ValueError(
                f"sizes asks for {counts[..., index].max()} values of field {field.name!r}, but "
                f"there are {column.shape[-1]}."
            )


@export("io.encode_proto")
def encode_proto(
    sizes: Any,
    values: Any,
    field_names: Any,
    message_type: str,
    descriptor_source: str = "local://",
    name: str | None = None,
) -> Any:
    """Serialized messages with these values of their fields.

    Args:
      sizes: How many values each message has of each field, shape ``[…, fields]``.
      values: For each field the values, shape ``[…, largest number]``.
      field_names: The names of the fields.
      message_type: The full name of the message.
      descriptor_source: See `tf.io.decode_proto`.
      name: The name of the node.
    """
    return encode_proto_op(
        sizes, list(values), field_names=list(field_names), message_type=message_type,
        descriptor_source=descriptor_source, name=name,
    )  # fmt: skip
