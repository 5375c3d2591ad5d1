"""Arrays as ``TensorProto`` messages, and back.

TensorFlow 1.15 stores most types of more than one element as raw bytes, and scalars, strings
and a few types as lists of values. A list may be shorter than the tensor: its last value then
fills the rest, which is how ``tf.zeros([1000])`` takes four bytes in a file.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tidefall import proto
from tidefall.core import dtypes
from tidefall.core.dtypes import DType
from tidefall.core.exports import export
from tidefall.ops import constant

Array = np.ndarray[Any, np.dtype[Any]]

_MAX_BYTES = 1 << 31  # what one protobuf message can hold

# The types whose elements are stored as raw bytes when there are several.
_AS_BYTES = frozenset(
    (
        dtypes.float32, dtypes.float64, dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64,
        dtypes.uint8, dtypes.uint32, dtypes.uint64, dtypes.qint8, dtypes.quint8, dtypes.qint16,
        dtypes.quint16, dtypes.qint32,
    )
)  # fmt: skip

# The field that lists the values of a type.
_FIELD = {
    dtypes.float32: "float_val",
    dtypes.float64: "double_val",
    dtypes.int64: "int64_val",
    dtypes.uint32: "uint32_val",
    dtypes.uint64: "uint64_val",
    dtypes.bool_: "bool_val",
    dtypes.complex64: "scomplex_val",
    dtypes.complex128: "dcomplex_val",
    dtypes.float16: "half_val",
    dtypes.bfloat16: "half_val",
    dtypes.string: "string_val",
}


@export("make_tensor_proto")
def make_tensor_proto(
    values: Any,
    dtype: Any = None,
    shape: Any = None,
    verify_shape: bool = False,
    allow_broadcast: bool = False,
) -> Any:
    """The ``TensorProto`` of a number, string, array or (nested) list.

    Args:
      values: The values; a ``TensorProto`` is returned as it is.
      dtype: The element type; inferred as `tf.constant` does if None.
      shape: The shape. A shorter value is filled up with its last element.
      verify_shape: Whether ``values`` must have exactly ``shape``.
      allow_broadcast: Whether a scalar, and nothing else, may be shorter than ``shape``.

    Raises:
      TypeError: If ``values`` cannot have ``dtype``, or do not have ``shape`` where they must.
      ValueError: If there are more values than ``shape`` has room for.

    >>> tf.make_tensor_proto(5.0, shape=[3]).float_val
    [5.0]
    """
    if isinstance(values, proto.TensorProto):
        return values
    wanted = None if dtype is None else dtypes.as_dtype(dtype).base_dtype
    if shape is not None and math.prod(shape) == 0 and not isinstance(values, np.ndarray):
        values = np.empty(shape, (wanted or dtypes.float32).np_dtype)
    array = constant.to_array(values, wanted)
    kind = dtypes.string if array.dtype.kind == "O" else dtypes.as_dtype(array.dtype)
    if shape is None:
        return encode(array, kind)
    dims = tuple([int(size) for size in shape])
    exact = verify_shape or (allow_broadcast and array.shape not in ((), (1,)))
    if exact and (array.size != math.prod(dims) if allow_broadcast else array.shape != dims):
        raise TypeError(f"Expected Tensor's shape: {dims}, got {array.shape}.")
    if array.size > math.prod(dims):
        raise ValueError(
            f"Too many elements provided. Needed at most {math.prod(dims)}, but received "
            f"{array.size}"
        )
    return encode(array, kind, dims)


@export("make_ndarray")
def make_ndarray(tensor: Any) -> Array:
    """The array of a ``TensorProto``, which may be changed.

    Raises:
      TypeError: If the type of the tensor has no NumPy form.

    >>> tf.make_ndarray(tf.make_tensor_proto([[1, 2]]))
    array([[1, 2]], dtype=int32)
    """
    return decode(tensor).copy()


def encode(array: Array, dtype: DType, shape: Sequence[int] | None = None) -> Any:
    """The ``TensorProto`` of an array.

    Args:
      array: The values; of ``dtype.np_dtype``, or for strings an array of `bytes`.
      dtype: The element type.
      shape: The shape of the tensor, if it has more elements than ``array``: the last one
        fills the rest.

    Raises:
      ValueError: If the array has 2 GB or more.
    """
    dims = array.shape if shape is None else tuple(shape)
    if array.size > 1 and not any(array.strides):  # one element, broadcast: so it is stored
        array = array[(slice(0, 1),) * array.ndim]
    message = proto.TensorProto(dtype=dtype.enum)
    message.tensor_shape.SetInParent()
    for size in dims:
        message.tensor_shape.dim.add(size=size)
    size = math.prod(dims)
    if dtype in _AS_BYTES and size > 1 and size == array.size:
        if array.nbytes >= _MAX_BYTES:
            raise ValueError(
                f"a tensor of shape {list(dims)} and type {dtype.name} takes {array.nbytes} "
                "bytes, and a TensorProto must stay below 2 GB. Feed it through a placeholder, "
                "or keep it in a variable."
            )
        message.tensor_content = array.tobytes()
    else:
        getattr(message, _field(dtype)).extend(_values(array, dtype))
    return message


def decode(message: Any) -> Array:
    """The array of a ``TensorProto``; strings become an array of `bytes` objects.

    The array may be read-only.

    Raises:
      TypeError: If the type has no NumPy form (resources, variants).
      ValueError: If the message holds more values than its shape has elements, or raw bytes of
        another size.
    """
    dtype = dtypes.as_dtype(message.dtype).base_dtype
    if not dtype.is_numpy_compatible:
        raise TypeError(f"a tensor of type {dtype.name} has no NumPy value.")
    shape = tuple(dim.size for dim in message.tensor_shape.dim)
    if message.tensor_content:
        return _from_bytes(message.tensor_content, dtype, shape)
    return _fill(_from_values(getattr(message, _field(dtype)), dtype), shape, dtype)


def _field(dtype: DType) -> str:
    return _FIELD.get(dtype, "int_val")


def _values(array: Array, dtype: DType) -> Any:
    flat = array.ravel()
    if dtype in (dtypes.float16, dtypes.bfloat16):
        flat = flat.view(np.uint16)
    elif dtype.is_complex:
        flat = flat.view(dtype.real_dtype.np_dtype)
    elif dtype.is_quantized:
        flat = flat.view(flat.dtype[0])
    elif dtype is dtypes.string:
        return [_as_bytes(item) for item in flat]
    return flat.tolist()


def _as_bytes(text: Any) -> bytes:
    return text.encode() if isinstance(text, str) else bytes(text)


def _from_bytes(content: bytes, dtype: DType, shape: tuple[int, ...]) -> Array:
    if dtype is dtypes.string:
        raise ValueError("a TensorProto of strings holds raw bytes; it should list its strings.")
    flat = np.frombuffer(content, dtype.np_dtype)
    if flat.size != math.prod(shape):
        raise ValueError(
            f"a TensorProto of shape {list(shape)} and type {dtype.name} holds {len(content)} "
            f"bytes, not {math.prod(shape) * dtype.np_dtype.itemsize}. The file is damaged."
        )
    return flat.reshape(shape)


def _from_values(values: Any, dtype: DType) -> Array:
    if dtype in (dtypes.float16, dtypes.bfloat16):
        return np.array(values, np.uint16).view(dtype.np_dtype)
    if dtype.is_complex:
        return np.array(values, dtype.real_dtype.np_dtype).view(dtype.np_dtype)
    if dtype.is_quantized:
        return np.array(values, dtype.np_dtype[0]).view(dtype.np_dtype)
    if dtype is dtypes.string:
        flat = np.empty(len(values), object)
        flat[:] = values
        return flat
    return np.array(values, dtype.np_dtype)


def _fill(flat: Array, shape: tuple[int, ...], dtype: DType) -> Array:
    """Repeats the last value as far as the shape goes; without any, the default of the type."""
    size = math.prod(shape)
    if flat.size == size:
        return flat.reshape(shape)
    if flat.size > size:
        raise ValueError(
            f"a TensorProto of shape {list(shape)} lists {flat.size} values; its shape has room "
            f"for {size}."
        )
    if flat.size == 1:
        return np.broadcast_to(flat.reshape([1] * len(shape)), shape)
    if flat.size == 0:
        blank: Any = b"" if dtype is dtypes.string else np.zeros((), dtype.np_dtype)
        return np.full(shape, blank, dtype.np_dtype)
    full = np.empty(size, flat.dtype)
    full[: flat.size], full[flat.size :] = flat, flat[-1]
    return full.reshape(shape)
