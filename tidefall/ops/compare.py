"""Comparisons and logic: tensors of truth values."""

from __future__ import annotations

from typing import Any

from tidefall.core import dtypes, hooks
from tidefall.core.exports import export
from tidefall.core.shapes import UNKNOWN, Shape
from tidefall.core.shapes import broadcast as broadcast_shapes
from tidefall.ops import shapes
from tidefall.ops.registry import COMPLEX, NUMBERS, REALS, Bool, Namespace, T, op

_QUANTIZED = (dtypes.quint8, dtypes.qint8, dtypes.qint32)
_EQUATABLE = (
    dtypes.bfloat16, dtypes.float16, dtypes.float32, dtypes.float64, dtypes.uint8, dtypes.int8,
    dtypes.int16, dtypes.int32, dtypes.int64, *COMPLEX, *_QUANTIZED, dtypes.string, dtypes.bool_,
)  # fmt: skip


@op("Less", T=REALS, shape=shapes.broadcast, differentiable=False, export=("less", "math.less"))
def less(xp: Namespace, x: T, y: T) -> Bool:
    """``x < y``, element by element, with broadcasting."""
    return xp.less(x, y)


@op(
    "LessEqual",
    T=REALS,
    shape=shapes.broadcast,
    differentiable=False,
    export=("less_equal", "math.less_equal"),
)
def less_equal(xp: Namespace, x: T, y: T) -> Bool:
    """``x <= y``, element by element, with broadcasting."""
    return xp.less_equal(x, y)


@op(
    "Greater",
    T=REALS,
    shape=shapes.broadcast,
    differentiable=False,
    export=("greater", "math.greater"),
)
def greater(xp: Namespace, x: T, y: T) -> Bool:
    """``x > y``, element by element, with broadcasting."""
    return xp.greater(x, y)


@op(
    "GreaterEqual",
    T=REALS,
    shape=shapes.broadcast,
    differentiable=False,
    export=("greater_equal", "math.greater_equal"),
)
def greater_equal(xp: Namespace, x: T, y: T) -> Bool:
    """``x >= y``, element by element, with broadcasting."""
    return xp.greater_equal(x, y)


@op("Equal", T=_EQUATABLE, differentiable=False)
def equal_op(xp: Namespace, x: T, y: T, *, incompatible_shape_error: bool = True) -> Bool:
    """``x == y``; of shapes that do not broadcast, False if that is no error."""
    if not incompatible_shape_error and not _broadcasts(xp, x, y):
        return xp.asarray(False)
    return xp.equal(x, y).astype(bool)


@op("NotEqual", T=_EQUATABLE, differentiable=False)
def not_equal_op(xp: Namespace, x: T, y: T, *, incompatible_shape_error: bool = True) -> Bool:
    """``x != y``; of shapes that do not broadcast, True if that is no error."""
    if not incompatible_shape_error and not _broadcasts(xp, x, y):
        return xp.asarray(True)
    return xp.not_equal(x, y).astype(bool)


def _broadcasts(xp: Namespace, x: Any, y: Any) -> bool:
    pairs = zip(reversed(xp.shape(x)), reversed(xp.shape(y)), strict=False)
    return all(a == b or 1 in (a, b) for a, b in pairs)


@equal_op.shape
@not_equal_op.shape
def _equal_shape(x: Shape, y: Shape, *, incompatible_shape_error: bool) -> Shape:
    if incompatible_shape_error:
        return broadcast_shapes(x, y)
    if not (x.is_fully_defined and y.is_fully_defined):
        return UNKNOWN
    try:
        return broadcast_shapes(x, y)
    except ValueError:
        return Shape(())


@hooks.install("equal")
@export("equal", "math.equal")
def equal(x: Any, y: Any, name: str | None = None) -> Any:
    """``x == y``, element by element, with broadcasting; NaN equals nothing."""
    return equal_op(x, y, name=name)


@hooks.install("not_equal")
@export("not_equal", "math.not_equal")
def not_equal(x: Any, y: Any, name: str | None = None) -> Any:
    """``x != y``, element by element, with broadcasting."""
    return not_equal_op(x, y, name=name)


@op(
    "ApproximateEqual",
    T=NUMBERS,
    shape=shapes.same,
    differentiable=False,
    export="approximate_equal",
)
def approximate_equal(
    xp: Namespace, x: T, y: T, *, tolerance: float = 9.999999747378752e-06
) -> Bool:
    """Whether ``abs(x - y) < tolerance``, element by element."""
    return xp.abs(x - y) < tolerance


@op(
    "LogicalAnd",
    shape=shapes.broadcast,
    export=("logical_and", "math.logical_and"),
)
def logical_and(xp: Namespace, x: Bool, y: Bool) -> Bool:
    """Whether both ``x`` and ``y`` are true, element by element, with broadcasting."""
    return xp.logical_and(x, y)


@op("LogicalOr", shape=shapes.broadcast, export=("logical_or", "math.logical_or"))
def logical_or(xp: Namespace, x: Bool, y: Bool) -> Bool:
    """Whether ``x`` or ``y`` is true, or both, element by element, with broadcasting."""
    return xp.logical_or(x, y)


@op("LogicalNot", shape=shapes.unchanged, export=("logical_not", "math.logical_not"))
def logical_not(xp: Namespace, x: Bool) -> Bool:
    """Whether ``x`` is false, element by element."""
    return xp.logical_not(x)


@export("logical_xor", "math.logical_xor")
def logical_xor(x: Any, y: Any, name: str = "LogicalXor") -> Any:
    """Whether exactly one of ``x`` and ``y`` is true, element by element, with broadcasting.

    Made of "and", "or" and "not", as in TensorFlow; ``name`` is the last node's.
    """
    either = logical_or(x, y)
    both = logical_and(x, y)
    return logical_and(either, logical_not(both), name=name)
