"""Attributes of nodes as ``AttrValue`` messages, and back.

A node keeps attributes in the forms the rest of the program computes with: `DType`, `Shape`,
`bytes`, NumPy arrays, tuples. Which field of the message a value goes to follows from the
attribute's kind in the op's declaration; attributes outside it, whose names begin with an
underscore, are judged by their value.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall import proto
from tidefall.core import dtypes, hooks
from tidefall.core.dtypes import DType, as_dtype
from tidefall.core.shapes import Shape
from tidefall.io import tensor_proto
from tidefall.ir.build import canonical_attr
from tidefall.ir.function import Function
from tidefall.ir.opdef import AttrDef, OpDef
from tidefall.ir.operation import Operation

_FIELD = {
    "type": "type",
    "shape": "shape",
    "bool": "b",
    "int": "i",
    "float": "f",
    "string": "s",
    "tensor": "tensor",
    "func": "func",
}
_KIND = {field: kind for kind, field in _FIELD.items()}
_LIST_FIELDS = ("s", "i", "f", "b", "type", "shape", "tensor", "func")
_FLOAT32_MAX = float(np.finfo(np.float32).max)


def encode(message: Any, kind: str, value: Any) -> None:
    """Sets an ``AttrValue`` to a node's value of an attribute.

    Args:
      message: The message to set.
      kind: The attribute's kind (``type``, ``list(int)``, …), or ``any``.
      value: The value, in the form nodes keep.
    """
    if isinstance(value, tuple):
        message.list.SetInParent()
        if value:
            field = _FIELD[kind[5:-1] if kind.startswith("list(") else _kind_of(value[0])]
            _fill_list(getattr(message.list, field), field, value)
        return
    field = _FIELD[_kind_of(value) if kind == "any" else kind]
    if field == "type":
        message.type = value.enum
    elif field == "shape":
        encode_shape(message.shape, value)
    elif field == "tensor":
        message.tensor.CopyFrom(encode_tensor(value))
    elif field == "func":
        message.func.CopyFrom(_function(value))
    elif field == "f":
        message.f = _as_float32(value)
    else:
        setattr(message, field, value)


def decode(message: Any, attr: AttrDef | None) -> Any:
    """The value of an ``AttrValue`` in the form nodes keep.

    Args:
      message: The message.
      attr: The declaration of the attribute; None for one whose name begins with ``_``.

    Raises:
      ValueError: If the message holds a value of another kind, or one that is not allowed.
    """
    field = message.WhichOneof("value")
    wanted = "any" if attr is None else attr.kind
    if field is None:
        raise ValueError("it has no value.")
    if field == "list":
        if wanted != "any" and not wanted.startswith("list("):
            raise ValueError(f"it holds a list, but its kind is {wanted}.")
        return _decode_list(message.list, wanted)
    if wanted not in ("any", _KIND.get(field)):
        raise ValueError(f"it holds a value of kind {_KIND.get(field, field)}, not {wanted}.")
    value = _decode_one(field, getattr(message, field))
    return value if attr is None else canonical_attr(attr, value)


def encode_shape(message: Any, shape: Shape) -> None:
    """Sets a ``TensorShapeProto``."""
    message.SetInParent()
    if shape.dims is None:
        message.unknown_rank = True
        return
    for size in shape.dims:
        message.dim.add(size=-1 if size is None else size)


def encode_tensor(value: Any) -> Any:
    """The ``TensorProto`` of an array."""
    if not isinstance(value, np.ndarray | np.generic):
        return value  # a message kept as it came
    array = np.asarray(value)
    dtype = dtypes.string if array.dtype.kind == "O" else as_dtype(array.dtype)
    return tensor_proto.encode(array, dtype)


def _fill_list(items: Any, field: str, values: tuple[Any, ...]) -> None:
    if field == "type":
        items.extend([value.enum for value in values])
    elif field == "shape":
        for value in values:
            encode_shape(items.add(), value)
    elif field == "tensor":
        items.extend([encode_tensor(value) for value in values])
    elif field == "func":
        items.extend([_function(value) for value in values])
    elif field == "f":
        items.extend([_as_float32(value) for value in values])
    else:
        items.extend(values)


def _kind_of(value: Any) -> str:
    """The kind of a value without a declaration."""
    if isinstance(value, bool):
        return "bool"
    kinds = ((int, "int"), (float, "float"), ((bytes, str), "string"), (DType, "type"))
    for types, kind in kinds:
        if isinstance(value, types):
            return kind
    if isinstance(value, Shape):
        return "shape"
    return "func" if hasattr(value, "attr") else "tensor"


def _as_float32(value: float) -> float:
    """A number as a 32-bit field takes it: what is too large becomes infinite."""
    return value if abs(value) <= _FLOAT32_MAX or value != value else float(np.float32(value))


def _function(value: Any) -> Any:
    if isinstance(value, Function):
        return proto.NameAttrList(name=value.name)
    if isinstance(value, (str, bytes)):
        return proto.NameAttrList(name=value)
    return value


def _decode_list(message: Any, wanted: str) -> tuple[Any, ...]:
    if wanted != "any":
        fields: tuple[str, ...] = (_FIELD[wanted[5:-1]],)
    else:
        fields = _LIST_FIELDS
    for field in fields:
        values = getattr(message, field)
        if values:
            return tuple([_decode_one(field, value) for value in values])
    return ()


def _decode_one(field: str, value: Any) -> Any:
    if field == "type":
        return as_dtype(value)
    if field == "shape":
        return Shape.of(value)
    if field == "tensor":
        return tensor_proto.decode(value)
    return value


@hooks.install("canonical_attrs")
def canonical_attrs(opdef: OpDef, attrs: dict[str, Any]) -> dict[str, Any]:
    """Attribute values, or messages of them, in the form nodes keep."""
    result = {}
    for name, value in attrs.items():
        attr = opdef.attrs.get(name)
        if hasattr(value, "WhichOneof"):
            result[name] = decode(value, attr)
        else:
            result[name] = value if attr is None else canonical_attr(attr, value)
    return result


@hooks.install("public_attr")
def public_attr(op: Operation, name: str, value: Any) -> Any:
    """An attribute as `Operation.get_attr` gives it: tensors and shapes as messages."""
    if isinstance(value, (bytes, bool, int, DType)):
        return value
    attr = op.opdef.attrs.get(name)
    message = proto.AttrValue()
    encode(message, "any" if attr is None else attr.kind, value)
    field = message.WhichOneof("value")
    if field != "list":
        return getattr(message, field)
    for each in _LIST_FIELDS:
        items = getattr(message.list, each)
        if items:
            return [as_dtype(item) for item in items] if each == "type" else list(items)
    return []
