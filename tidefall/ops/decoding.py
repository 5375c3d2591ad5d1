"""Bytes decoded: raw numbers, compressed strings, serialized tensors, examples in JSON."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from tidefall import proto
from tidefall.core import dtypes, hooks
from tidefall.core.dtypes import DType
from tidefall.core.exports import export
from tidefall.core.shapes import UNKNOWN, Shape
from tidefall.ir.opdef import HOST
from tidefall.ops import shapes
from tidefall.ops.registry import ALL, Namespace, String, T, op, out_type
from tidefall.ops.texts import each, single, text
from tidefall.proto.json import from_json

_RAW = (
    dtypes.float16, dtypes.float32, dtypes.float64, dtypes.int32, dtypes.uint16, dtypes.uint8,
    dtypes.int16, dtypes.int8, dtypes.int64, dtypes.complex64, dtypes.complex128, dtypes.bool_,
)  # fmt: skip


@op("DecodeRaw", out_type=_RAW, runs_on=HOST, differentiable=False)
def decode_raw_op(
    xp: Namespace, bytes: String, *, out_type: DType, little_endian: bool = True
) -> out_type:
    """The numbers whose memory the strings hold, in one more dimension."""
    array = np.asarray(bytes, object)
    texts = array.reshape(-1).tolist()
    size = len(texts[0]) if texts else 0
    sizes = {len(text) for text in texts}
    if len(sizes) > 1:
        index = next(i for i, text in enumerate(texts) if len(text) != size)
        raise ValueError(
            f"the strings must be of one size, but element {index} has {len(texts[index])} bytes "
            f"and element 0 has {size}."
        )
    dtype = out_type.np_dtype
    if size % dtype.itemsize:
        raise ValueError(
            f"a string of {size} bytes holds no whole number of {out_type.name}, which take "
            f"{dtype.itemsize} each."
        )
    values = np.frombuffer(b"".join(texts), dtype if little_endian else dtype.newbyteorder(">"))
    return values.astype(dtype).reshape(*array.shape, size // dtype.itemsize)


@decode_raw_op.shape
def _decode_raw_shape(bytes: Shape) -> Shape:
    return UNKNOWN if bytes.rank is None else bytes + Shape((None,))


@export("decode_raw", "io.decode_raw")
def decode_raw(
    input_bytes: Any = None,
    out_type: Any = None,
    little_endian: bool = True,
    name: str | None = None,
    bytes: Any = None,
) -> Any:
    """Strings taken for the memory of numbers.

    Args:
      input_bytes: Strings of one size.
      out_type: The dtype of the numbers.
      little_endian: Whether the lowest byte of a number comes first.
      name: The name of the node.
      bytes: An older name of ``input_bytes``.

    Returns:
      A tensor of one more dimension, which counts the numbers of a string.

    >>> tf.Session().run(tf.decode_raw([b"\\x01\\x00\\x02\\x00"], tf.int16))
    array([[1, 2]], dtype=int16)
    """
    given = _one_of("input_bytes", input_bytes, "bytes", bytes)
    if out_type is None:
        raise ValueError("out_type is needed: which numbers the bytes hold.")
    return decode_raw_op(given, out_type=out_type, little_endian=little_endian, name=name)


def _one_of(name: str, value: Any, old_name: str, old_value: Any) -> Any:
    """The value of an argument that has two names."""
    if value is not None and old_value is not None:
        raise ValueError(f"'{name}' and '{old_name}' are one argument; give one of them.")
    if value is None and old_value is None:
        raise ValueError(f"{name} is needed.")
    return old_value if value is None else value


def _decompressor(kind: str) -> Callable[[bytes], bytes]:
    if kind == "ZLIB":
        return zlib.decompress
    if kind == "GZIP":
        return gzip.decompress
    if kind == "":
        return bytes
    raise ValueError(f'compression_type must be "ZLIB", "GZIP" or "", not {kind!r}.')


@op("DecodeCompressed", runs_on=HOST, shape=shapes.unchanged, view=True,
    export=("decode_compressed", "io.decode_compressed"))  # fmt: skip
def decode_compressed(xp: Namespace, bytes: String, *, compression_type: str = "") -> String:
    """Strings decompressed.

    Args:
      bytes: Strings.
      compression_type: ``"ZLIB"``, ``"GZIP"`` or ``""``, which leaves them as they are.
      name: The name of the node.
    """
    decompress = _decompressor(compression_type)

    def decompressed(text: Any) -> Any:
        try:
            return decompress(text)
        except (zlib.error, OSError, EOFError) as error:
            raise ValueError(
                f"a string of {len(text)} bytes is not compressed with {compression_type}: {error}."
            ) from error

    return each(decompressed, bytes)


@op("SerializeTensor", T=ALL, runs_on=HOST, shape=shapes.scalar, differentiable=False,
    outputs=("serialized",), export=("serialize_tensor", "io.serialize_tensor"))  # fmt: skip
def serialize_tensor(xp: Namespace, tensor: T) -> String:
    """A tensor as a string, from which `tf.io.parse_tensor` makes it again.

    Args:
      tensor: Any tensor.
      name: The name of the node.

    Returns:
      The bytes of a ``TensorProto``.
    """
    dtype = dtypes.as_dtype(getattr(tensor, "dtype", np.dtype(object)))
    return text(hooks.call("serialize_tensor", tensor, dtype))


@op("ParseTensor", runs_on=HOST, differentiable=False,
    export=("parse_tensor", "io.parse_tensor"))  # fmt: skip
def parse_tensor(xp: Namespace, serialized: String, *, out_type: DType) -> out_type:
    """The tensor that `tf.io.serialize_tensor` made a string of.

    Args:
      serialized: The bytes of a ``TensorProto``.
      out_type: The dtype of the tensor.
      name: The name of the node.
    """
    return hooks.call("parse_tensor", single(serialized), out_type)


@parse_tensor.shape
def _parse_tensor_shape(serialized: Shape) -> Shape:
    serialized.with_rank(0)
    return UNKNOWN


@op("DecodeJSONExample", runs_on=HOST, shape=shapes.unchanged, outputs=("binary_examples",),
    export=("decode_json_example", "io.decode_json_example"))  # fmt: skip
def decode_json_example(xp: Namespace, json_examples: String) -> String:
    """Examples written in JSON, as `tf.parse_example` takes them.

    Args:
      json_examples: Strings, each the JSON of a ``tf.train.Example``.
      name: The name of the node.
    """
    return each(_from_json, json_examples)


def _from_json(text: bytes) -> bytes:
    message = from_json(text, proto.Example())
    data: bytes = message.SerializeToString(deterministic=True)
    return data
