"""Constants: NumPy arrays, numbers, strings and lists as ``Const`` nodes."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from tidefall.core import dtypes, hooks
from tidefall.core.dtypes import DType, as_dtype
from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.core.tensor_shape import Dimension, TensorShape
from tidefall.ir.build import located
from tidefall.ir.conversion import register_default
from tidefall.ir.tensor import Tensor
from tidefall.ops.registry import (
    Array,
    Namespace,
    dtype,
    op,
)


@op("Const", differentiable=False)
def const(xp: Namespace, *, value: Array, dtype: DType) -> dtype:
    """A constant."""
    return value


@const.shape
def _const_shape(*, value: Any) -> Shape:
    return Shape(value.shape)


_INT32 = 2**31


def to_array(value: Any, dtype: DType | None = None) -> np.ndarray[Any, Any]:
    """``value`` as an array of a TensorFlow dtype.

    Python floats become float32 and integers int32 (int64 where they do not fit), as TensorFlow
    infers them; NumPy arrays keep their dtype.

    Raises:
      TypeError: If the value cannot have that dtype (a string as a float, 1.5 as an integer).
      ValueError: If nested lists do not form a rectangle, or an integer does not fit.
    """
    if value.__class__ is float and (dtype is None or dtype is dtypes.float32):
        with np.errstate(over="ignore"):
            return np.array(value, np.float32)
    if value.__class__ is int and dtype in (None, dtypes.int32) and -_INT32 <= value < _INT32:
        return np.array(value, np.int32)
    if isinstance(value, (np.ndarray, np.generic)):
        array = np.asarray(value)
        if array.dtype.kind == "O" and dtype is not dtypes.string:
            return _from_object_array(array, dtype)
    else:
        return _from_python(value, dtype)
    if array.dtype.kind in "SU" or dtype is dtypes.string:
        return _strings(array.tolist(), dtype).reshape(array.shape)
    if dtype is None:
        dtype = as_dtype(array.dtype)
    with np.errstate(all="ignore"):
        return np.array(array, dtype.np_dtype)


def _from_object_array(array: np.ndarray[Any, Any], dtype: DType | None) -> Any:
    try:
        return _from_python(array.tolist(), dtype)
    except ValueError as error:  # TensorFlow says so for arrays of lists
        raise TypeError(f"an array of Python objects cannot become a tensor: {error}") from error


def _from_python(value: Any, dtype: DType | None) -> np.ndarray[Any, Any]:
    if value is None:
        raise ValueError("None is not a value a tensor can have.")
    if isinstance(value, (str, bytes)) or dtype is dtypes.string:
        return _strings(value, dtype)
    leaf = _first_leaf(value)
    if isinstance(leaf, (str, bytes, np.str_, np.bytes_)):
        return _strings(value, dtype)
    if isinstance(leaf, Tensor):
        raise TypeError(f"numbers are needed, but tensor '{leaf.name}' is known only in a run.")
    try:
        array = np.array(value)
    except (ValueError, TypeError) as error:
        raise _ragged(value) from error
    if array.dtype.kind == "O":
        return _from_objects(value, array, dtype)
    if array.dtype.kind in "SU":  # NumPy turned the numbers into text
        raise TypeError(f"strings and numbers cannot be mixed in one tensor: {_short(value)}.")
    if dtype is None:
        return _inferred(array, value)
    _check_kind(array, dtype, leaf)
    result = array.astype(dtype.np_dtype)
    if array.dtype.kind in "iu" and dtype.is_integer and not np.array_equal(result, array):
        worst = array.reshape(-1)[np.argmax((result != array).reshape(-1))]
        raise ValueError(
            f"{worst} does not fit {dtype.name}, which goes from {dtype.min} to {dtype.max}."
        )
    return result


def _inferred(array: np.ndarray[Any, Any], value: Any) -> np.ndarray[Any, Any]:
    """The array with the dtype TensorFlow infers for Python numbers."""
    kept = _holds_arrays(value)
    if array.dtype == np.float64 and not kept:
        with np.errstate(over="ignore"):
            return array.astype(np.float32)
    if array.dtype == np.int64 and not kept:
        small = array.astype(np.int32)
        return small if np.array_equal(small, array) else array
    as_dtype(array.dtype)
    return array


def _holds_arrays(value: Any) -> bool:
    """Whether an array, not only NumPy's scalars, is the first thing in nested lists."""
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    return isinstance(value, np.ndarray) and value.ndim > 0


def _from_objects(
    value: Any, array: np.ndarray[Any, Any], dtype: DType | None
) -> np.ndarray[Any, Any]:
    """Lists with dimensions in them, or something that is no number at all."""
    flat = array.reshape(-1)
    if any(isinstance(item, (list, tuple, np.ndarray)) for item in flat):
        raise _ragged(value)
    items = [
        int(item) if isinstance(item, Dimension) and item.value is not None else item
        for item in flat
    ]
    for item in items:
        if item is None or isinstance(item, Dimension):
            raise TypeError(f"{value!r} has an unknown size (None) where a number is needed.")
        if not isinstance(item, numbers.Number):
            raise TypeError(f"{item!r} of type {type(item).__name__} is not a number.")
    numeric = np.array(items).reshape(array.shape)
    if numeric.dtype.kind == "O":
        raise TypeError(f"{value!r} does not fit any integer type: it goes beyond int64.")
    return _from_python(numeric.tolist(), dtype)


def _check_kind(array: np.ndarray[Any, Any], dtype: DType, leaf: Any) -> None:
    """Refuses values whose kind would be lost: 1.5 as int32, 1 as bool, …"""
    kind = array.dtype.kind
    fine = (
        (dtype.is_floating and kind in "fiub")
        or (dtype.is_integer and (kind in "iub" or array.size == 0))
        or (dtype.is_complex and kind in "cfiub")
        or (dtype.is_bool and (kind == "b" or array.size == 0))
        or dtype.is_quantized
        or array.size == 0
    )
    if not fine:
        raise TypeError(
            f"{dtype.name} was expected, but {leaf!r} of type {type(leaf).__name__} was given."
        )


def _strings(value: Any, dtype: DType | None) -> np.ndarray[Any, Any]:
    if dtype is not None and dtype is not dtypes.string:
        leaf = _first_leaf(value)
        raise TypeError(
            f"{dtype.name} was expected, but {leaf!r} of type {type(leaf).__name__} was given."
        )
    array = np.empty((), object) if isinstance(value, (str, bytes)) else np.array(value, object)
    if array.ndim == 0:
        array[()] = value
    flat = array.reshape(-1)
    for index, item in enumerate(flat):
        if isinstance(item, str):
            flat[index] = item.encode()
        elif isinstance(item, (list, tuple)):
            raise _ragged(value)
        elif not isinstance(item, bytes):
            raise TypeError(
                f"string was expected, but {item!r} of type {type(item).__name__} was given."
            )
    return flat.reshape(array.shape)


def _first_leaf(value: Any) -> Any:
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    if isinstance(value, np.ndarray) and value.size:
        return value.reshape(-1)[0]
    return value


def _ragged(value: Any) -> ValueError:
    return ValueError(
        f"nested lists must form a rectangle, but their lengths differ: {_short(value)}. Pad the "
        "shorter ones, or use one tensor for each."
    )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def make_constant(value: Any, dtype: Any = None, name: str = "Const") -> Any:
    """A ``Const`` node of ``value``, of its own shape."""
    array = to_array(value, None if dtype is None else as_dtype(dtype).base_dtype)
    kind = dtypes.string if array.dtype.kind == "O" else as_dtype(array.dtype)
    return const(value=array, dtype=kind, name=name)


@export("constant")
@hooks.install("constant")
def constant(
    value: Any,
    dtype: Any = None,
    shape: Any = None,
    name: str = "Const",
    verify_shape: bool = False,
) -> Any:
    """A constant tensor.

    Args:
      value: A number, string, array, or (nested) list.
      dtype: The dtype; inferred if None (Python floats: float32, integers: int32).
      shape: The shape. A shorter value is filled up with its last element.
      name: The name of the node.
      verify_shape: Whether ``value`` must have exactly ``shape``.

    Raises:
      TypeError: If ``value`` cannot have ``dtype``.
      ValueError: If ``value`` has more elements than ``shape``.

    >>> tf.Session().run(tf.constant([1, 2, 3], shape=[2, 3]))
    array([[1, 2, 3],
           [3, 3, 3]], dtype=int32)
    """
    try:
        array = to_array(value, None if dtype is None else as_dtype(dtype).base_dtype)
        if shape is not None:
            array = _filled(array, Shape.of(shape), verify_shape)
    except (ValueError, TypeError) as error:
        raise located(error, "Const", name) from error
    kind = dtypes.string if array.dtype.kind == "O" else as_dtype(array.dtype)
    return const(value=array, dtype=kind, name=name)


def _filled(array: np.ndarray[Any, Any], shape: Shape, verify: bool) -> np.ndarray[Any, Any]:
    dims: Any = shape.dims
    if dims is None or None in dims:
        raise ValueError(f"the shape of a constant must be fully known, not {shape}.")
    if array.shape == dims:
        return array
    size = shape.num_elements() or 0
    if size == 0 and not verify:
        return np.empty(dims, array.dtype)
    if verify:
        raise TypeError(f"the value has shape {array.shape}, but shape {shape} is asked for.")
    if array.size > size:
        raise ValueError(
            f"too many elements: the value has {array.size}, but shape {shape} takes {size}."
        )
    if array.size == 0:
        raise ValueError(f"an empty value cannot fill shape {shape}.")
    if array.size == 1:  # kept as one element, so that large constants stay small, in files too
        return np.broadcast_to(array.reshape([1] * len(dims)), dims)
    flat = np.empty(size, array.dtype)
    flat[: array.size] = array.reshape(-1)
    flat[array.size :] = array.reshape(-1)[-1]
    return flat.reshape(dims)


def _convert_constant(value: Any, dtype: Any = None, name: Any = None, as_ref: bool = False) -> Any:
    return make_constant(value, dtype, name or "Const")


def _convert_list(value: Any, dtype: Any = None, name: Any = None, as_ref: bool = False) -> Any:
    """Packs lists that have tensors in them; leaves the others to `_convert_constant`."""
    if not _has_tensor(value):
        return NotImplemented
    return hooks.call("autopack", value, dtype, name or "packed")


def _has_tensor(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(_has_tensor(item) for item in value)
    return isinstance(value, Tensor) or hasattr(value, "_as_graph_element")


def _convert_shape(value: Any, dtype: Any = None, name: Any = None, as_ref: bool = False) -> Any:
    if not value.is_fully_defined():
        raise ValueError(
            f"a partly known shape {value} cannot become a tensor; use tf.shape(x) for the sizes "
            "known when the graph runs."
        )
    if dtype is not None and as_dtype(dtype) not in (dtypes.int32, dtypes.int64):
        raise TypeError(f"a shape becomes int32 or int64, not {as_dtype(dtype).name}.")
    sizes = [int(size) for size in value.as_list()]
    array = np.array(sizes, (as_dtype(dtype) if dtype is not None else dtypes.int32).np_dtype)
    return make_constant(array, None, name or "shape_as_tensor")


def _convert_dimension(
    value: Any, dtype: Any = None, name: Any = None, as_ref: bool = False
) -> Any:
    if value.value is None:
        raise ValueError("an unknown dimension cannot become a tensor; use tf.shape(x)[axis].")
    return make_constant(value.value, dtype or dtypes.int32, name or "shape_as_tensor")


register_default((list, tuple), _convert_list, 99)
register_default(TensorShape, _convert_shape, 100)
register_default(Dimension, _convert_dimension, 100)
register_default(
    (list, tuple, numbers.Number, str, bytes, np.ndarray, np.generic), _convert_constant, 100
)
