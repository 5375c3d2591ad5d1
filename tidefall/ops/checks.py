"""Assertions that compare tensors: `tf.assert_equal` and its relatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tidefall.core import dtypes, errors, hooks
from tidefall.core.exports import export
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.inference import constant_value
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import no_op, reshape, shape
from tidefall.ops.compare import equal, greater, greater_equal, less, less_equal, not_equal
from tidefall.ops.elementwise import abs
from tidefall.ops.reduce import reduce_all
from tidefall.ops.sizes import size
from tidefall.ops.slicing import strided_slice

_TELLS = "did not hold element-wise:"


def _fail_now(data: Any) -> None:
    """The error for a condition that is known not to hold."""
    shown = []
    for each in data:
        known = constant_value(each) if isinstance(each, Tensor) else None
        shown.append(str(each if known is None else known))
    raise errors.InvalidArgumentError(None, None, "\n".join(shown))


def _compared(
    symbol: str, scope: str, test: Callable[..., Any], known_test: Callable[..., Any], x: Any,
    y: Any, data: Any, summarize: int | None, message: str | None, name: str | None,
) -> Any:  # fmt: skip
    """Asserts that ``x <symbol> y`` everywhere."""
    with get_default_graph().name_scope(name or scope):
        x = convert_to_tensor(x, name="x")
        y = convert_to_tensor(y, name="y")
        if data is None:
            what = f"Condition x {symbol} y {_TELLS}"
            data = [what, f"x ({x.name}) = ", x, f"y ({y.name}) = ", y]
        if message is not None:
            data = [message, *data]
        condition = reduce_all(test(x, y))
        left, right = constant_value(x), constant_value(y)
        if left is not None and right is not None and not np.all(known_test(left, right)):
            _fail_now(data)
        return hooks.call("Assert", condition, data, summarize=summarize)


@export("assert_equal", "debugging.assert_equal")
def assert_equal(
    x: Any, y: Any, data: Any = None, summarize: int | None = None, message: str | None = None,
    name: str | None = None,
) -> Any:  # fmt: skip
    """An operation that fails unless ``x == y`` everywhere.

    Args:
      x: A tensor of numbers.
      y: A tensor of the same dtype, in a shape that broadcasts.
      data: A list of tensors to show when it fails; ``x`` and ``y`` if None.
      summarize: How many elements of each to show; 3 if None.
      message: A text to show first.
      name: The name scope of the nodes.

    Raises:
      tf.errors.InvalidArgumentError: At once, if it is known that the condition does not hold.
    """
    with get_default_graph().name_scope(name or "assert_equal"):
        if x is y:
            return no_op()
    return _compared("==", "assert_equal", equal, np.equal, x, y, data, summarize, message, name)


@export("assert_none_equal", "debugging.assert_none_equal")
def assert_none_equal(
    x: Any, y: Any, data: Any = None, summarize: int | None = None, message: str | None = None,
    name: str | None = None,
) -> Any:  # fmt: skip
    """An operation that fails unless ``x != y`` everywhere; see `tf.assert_equal`."""
    return _compared(
        "!=", "assert_none_equal", not_equal, np.not_equal, x, y, data, summarize, message, name
    )


@export("assert_less", "debugging.assert_less")
def assert_less(
    x: Any, y: Any, data: Any = None, summarize: int | None = None, message: str | None = None,
    name: str | None = None,
) -> Any:  # fmt: skip
    """An operation that fails unless ``x < y`` everywhere; see `tf.assert_equal`."""
    return _compared("<", "assert_less", less, np.less, x, y, data, summarize, message, name)


@export("assert_less_equal", "debugging.assert_less_equal")
def assert_less_equal(
    x: Any, y: Any, data: Any = None, summarize: int | None = None, message: str | None = None,
    name: str | None = None,
) -> Any:  # fmt: skip
    """An operation that fails unless ``x <= y`` everywhere; see `tf.assert_equal`."""
    return _compared(
        "<=", "assert_less_equal", less_equal, np.less_equal, x, y, data, summarize, message, name
    )


@export("assert_greater", "debugging.assert_greater")
def assert_greater(
    x: Any, y: Any, data: Any = None, summarize: int | None = None, message: str | None = None,
    name: str | None = None,
) -> Any:  # fmt: skip
    """An operation that fails unless ``x > y`` everywhere; see `tf.assert_equal`."""
    return _compared(
        ">", "assert_greater", greater, np.greater, x, y, data, summarize, message, name
    )


@export("assert_greater_equal", "debugging.assert_greater_equal")
def assert_greater_equal(
    x: Any, y: Any, data: Any = None, summarize: int | None = None, message: str | None = None,
    name: str | None = None,
) -> Any:  # fmt: skip
    """An operation that fails unless ``x >= y`` everywhere; see `tf.assert_equal`."""
    return _compared(
        ">=", "assert_greater_equal", greater_equal, np.greater_equal, x, y, data, summarize,
        message, name,
    )  # fmt: skip


# -- one tensor and zero --------------------------------------------------------------------------


def _against_zero(
    scope: str, condition: str, x: Any, data: Any, message: str | None, name: str | None,
    compare: Callable[[Any, Any, Any], Any], joined: bool = False,
) -> Any:  # fmt: skip
    with get_default_graph().name_scope(name or scope):
        x = convert_to_tensor(x, name="x")
        if data is None:
            what, own = f"Condition x {condition} 0 {_TELLS}", f"x ({x.name}) = "
            data = [message or "", *([what + own] if joined else [what, own]), x]
        return compare(x, convert_to_tensor(0, dtype=x.dtype.base_dtype), data)


@export("assert_positive", "debugging.assert_positive")
def assert_positive(
    x: Any, data: Any = None, summarize: int | None = None, message: str | None = None,
    name: str | None = None,
) -> Any:  # fmt: skip
    """An operation that fails unless ``x > 0`` everywhere; see `tf.assert_equal`."""
    return _against_zero(
        "assert_positive", ">", x, data, message, name,
        lambda x, zero, data: assert_less(zero, x, data=data, summarize=summarize),
    )  # fmt: skip


@export("assert_negative", "debugging.assert_negative")
def assert_negative(
    x: Any, data: Any = None, summarize: int | None = None, message: str | None = None,
    name: str | None = None,
) -> Any:  # fmt: skip
    """An operation that fails unless ``x < 0`` everywhere; see `tf.assert_equal`."""
    return _against_zero(
        "assert_negative", "<", x, data, message, name,
        lambda x, zero, data: assert_less(x, zero, data=data, summarize=summarize),
    )  # fmt: skip


@export("assert_non_negative", "debugging.assert_non_negative")
def assert_non_negative(
    x: Any, data: Any = None, summarize: int | None = None, message: str | None = None,
    name: str | None = None,
) -> Any:  # fmt: skip
    """An operation that fails unless ``x >= 0`` everywhere; see `tf.assert_equal`."""
    return _against_zero(
        "assert_non_negative", ">=", x, data, message, name,
        lambda x, zero, data: assert_less_equal(zero, x, data=data, summarize=summarize),
    )  # fmt: skip


@export("assert_non_positive", "debugging.assert_non_positive")
def assert_non_positive(
    x: Any, data: Any = None, summarize: int | None = None, message: str | None = None,
    name: str | None = None,
) -> Any:  # fmt: skip
    """An operation that fails unless ``x <= 0`` everywhere; see `tf.assert_equal`."""
    return _against_zero(
        "assert_non_positive", "<=", x, data, message, name,
        lambda x, zero, data: assert_less_equal(x, zero, data=data, summarize=summarize),
        joined=True,  # as in TensorFlow, whose two texts are one for want of a comma
    )  # fmt: skip


@export("assert_near", "debugging.assert_near")
def assert_near(
    x: Any, y: Any, rtol: Any = None, atol: Any = None, data: Any = None,
    summarize: int | None = None, message: str | None = None, name: str | None = None,
) -> Any:  # fmt: skip
    """An operation that fails unless ``|x - y| < atol + rtol * |y|`` everywhere.

    Args:
      x: A tensor of floats.
      y: A tensor of the same dtype, in a shape that broadcasts.
      rtol: The relative tolerance; 10 times the precision of the dtype if None.
      atol: The absolute tolerance, likewise.
      data: A list of tensors to show when it fails; ``x`` and ``y`` if None.
      summarize: How many elements of each to show; 3 if None.
      message: A text to show first.
      name: The name scope of the nodes.
    """
    with get_default_graph().name_scope(name or "assert_near"):
        x = convert_to_tensor(x, name="x")
        dtype = x.dtype.base_dtype
        y = convert_to_tensor(y, name="y", dtype=dtype)
        precision = np.finfo(dtype.as_numpy_dtype).eps
        rtol = convert_to_tensor(10 * precision if rtol is None else rtol, dtype, name="rtol")
        atol = convert_to_tensor(10 * precision if atol is None else atol, dtype, name="atol")
        if data is None:
            what = f"x and y not equal to tolerance rtol = {rtol}, atol = {atol}"
            data = [message or "", what, f"x ({x.name}) = ", x, f"y ({y.name}) = ", y]
        bound = atol + rtol * abs(y)
        condition = reduce_all(less(abs(x - y), bound))
        return hooks.call("Assert", condition, data, summarize=summarize)


# -- order ----------------------------------------------------------------------------------------


def _differences(x: Any) -> Any:
    """``x[1:] - x[:-1]`` of the flattened tensor; nothing where it has fewer than 2 elements."""
    flat = reshape(x, [-1])
    if not flat.dtype.base_dtype.is_numpy_compatible or flat.dtype.base_dtype is dtypes.string:
        raise TypeError(f"Expected x to be numeric, instead found: {flat}")
    short = less(size(flat), 2)
    count, one = shape(flat) - 1, [1]
    return hooks.call(
        "cond",
        short,
        lambda: convert_to_tensor([], dtype=flat.dtype.base_dtype),
        lambda: strided_slice(flat, [1], one + count) - strided_slice(flat, [0], count),
    )


@export("is_non_decreasing", "debugging.is_non_decreasing", "math.is_non_decreasing")
def is_non_decreasing(x: Any, name: str | None = None) -> Any:
    """Whether no element of ``x``, read row by row, is less than the one before."""
    with get_default_graph().name_scope(name or "is_non_decreasing"):
        steps = _differences(x)
        return reduce_all(less_equal(convert_to_tensor(0, dtype=steps.dtype), steps))


@export("is_strictly_increasing", "debugging.is_strictly_increasing", "math.is_strictly_increasing")
def is_strictly_increasing(x: Any, name: str | None = None) -> Any:
    """Whether every element of ``x``, read row by row, is greater than the one before."""
    with get_default_graph().name_scope(name or "is_strictly_increasing"):
        steps = _differences(x)
        return reduce_all(less(convert_to_tensor(0, dtype=steps.dtype), steps))
