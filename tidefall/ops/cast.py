"""Conversion between dtypes."""

from __future__ import annotations

from typing import Any

from tidefall.core import dtypes, hooks
from tidefall.core.dtypes import DType, as_dtype
from tidefall.core.exports import export
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.indexed_slices import IndexedSlices
from tidefall.ir.operation import Operation
from tidefall.ir.sparse_tensor import SparseTensor
from tidefall.ir.tensor import Tensor
from tidefall.ops import shapes
from tidefall.ops.registry import DstT, Namespace, SrcT, op


@op("Cast", shape=shapes.unchanged, extra={"Truncate": False})
def cast_op(xp: Namespace, x: SrcT, *, DstT: DType) -> DstT:
    """``x`` converted to another dtype; from complex numbers to real ones, the real part."""
    x = xp.asarray(x)
    target = DstT.np_dtype
    if x.dtype.kind == "c" and target.kind != "c":
        x = xp.real(x)
    if x.dtype.kind == "f" and target.kind in "iu" and target.itemsize < 4:
        x = x.astype("int32")  # as C does: to int32 first, then its low bytes
    return x.astype(target)


@cast_op.gradient
def _cast_grad(op: Operation, grad: Tensor) -> Tensor | None:
    source = op.inputs[0].dtype.base_dtype
    if source.is_floating or source.is_complex:
        return cast_op(grad, DstT=source)
    return None


@hooks.install("cast")
@export("cast", "dtypes.cast")
def cast(x: Any, dtype: Any, name: str | None = None) -> Any:
    """``x`` converted to ``dtype``; ``x`` itself where it has that dtype already.

    Args:
      x: A number tensor, or `IndexedSlices` or `SparseTensor`, whose values are converted.
      dtype: The dtype to convert to. Floats become integers by dropping their fraction.
      name: The name of the node.

    >>> tf.Session().run(tf.cast([1.8, -2.2], tf.int32))
    array([ 1, -2], dtype=int32)
    """
    base = as_dtype(dtype).base_dtype
    # A resource variable is left unread until it is used.
    is_variable = isinstance(getattr(x, "handle", None), Tensor)
    if (is_variable or isinstance(x, Tensor)) and x.dtype is base:
        return x
    with get_default_graph().name_scope(name or "Cast") as scope:
        if isinstance(x, IndexedSlices):
            values = cast(x.values, base, scope)
            return IndexedSlices(values, x.indices, x.dense_shape)
        if isinstance(x, SparseTensor):
            return SparseTensor(x.indices, cast(x.values, base, scope), x.dense_shape)
        tensor = convert_to_tensor(x, name="x")
        if tensor.dtype.base_dtype is base:
            return tensor
        return cast_op(tensor, DstT=base, name=scope)


@export("to_float")
def to_float(x: Any, name: str | None = "ToFloat") -> Any:
    """``x`` as float32; use `tf.cast`."""
    return cast(x, dtypes.float32, name)


@export("to_double")
def to_double(x: Any, name: str | None = "ToDouble") -> Any:
    """``x`` as float64; use `tf.cast`."""
    return cast(x, dtypes.float64, name)


@export("to_int32")
def to_int32(x: Any, name: str | None = "ToInt32") -> Any:
    """``x`` as int32; use `tf.cast`."""
    return cast(x, dtypes.int32, name)


@export("to_int64")
def to_int64(x: Any, name: str | None = "ToInt64") -> Any:
    """``x`` as int64; use `tf.cast`."""
    return cast(x, dtypes.int64, name)


@export("to_bfloat16")
def to_bfloat16(x: Any, name: str | None = "ToBFloat16") -> Any:
    """``x`` as bfloat16; use `tf.cast`."""
    return cast(x, dtypes.bfloat16, name)


@export("to_complex64")
def to_complex64(x: Any, name: str | None = "ToComplex64") -> Any:
    """``x`` as complex64; use `tf.cast`."""
    return cast(x, dtypes.complex64, name)


@export("to_complex128")
def to_complex128(x: Any, name: str | None = "ToComplex128") -> Any:
    """``x`` as complex128; use `tf.cast`."""
    return cast(x, dtypes.complex128, name)
