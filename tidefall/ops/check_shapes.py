"""Assertions about ranks, shapes and dtypes, decided while building where that is possible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tidefall.core import dtypes, hooks
from tidefall.core.dtypes import as_dtype
from tidefall.core.exports import export
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.indexed_slices import IndexedSlices
from tidefall.ir.inference import constant_value
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import no_op, shape
from tidefall.ops.compare import equal, greater_equal, logical_or
from tidefall.ops.grouping import group, with_dependencies
from tidefall.ops.sizes import rank as rank_of

# -- ranks ----------------------------------------------------------------------------------------


@export("assert_rank", "debugging.assert_rank")
def assert_rank(
    x: Any, rank: Any, data: Any = None, summarize: int | None = None, message: str | None = None,
    name: str | None = None,
) -> Any:  # fmt: skip
    """An operation that fails unless ``x`` has ``rank`` dimensions.

    Args:
      x: A tensor.
      rank: An integer, or a scalar tensor.
      data: A list of tensors to show when it fails.
      summarize: How many elements of each to show; 3 if None.
      message: A text to show first.
      name: The name scope of the nodes.

    Raises:
      ValueError: At once, if it is known that the rank is another one.
    """
    return _checked_rank(
        "assert_rank", x, rank, data, summarize, message, name, "must have rank",
        lambda actual, wanted: actual == wanted, equal,
    )  # fmt: skip


@export("assert_rank_at_least", "debugging.assert_rank_at_least")
def assert_rank_at_least(
    x: Any, rank: Any, data: Any = None, summarize: int | None = None, message: str | None = None,
    name: str | None = None,
) -> Any:  # fmt: skip
    """An operation that fails unless ``x`` has ``rank`` dimensions at least."""
    return _checked_rank(
        "assert_rank_at_least", x, rank, data, summarize, message, name,
        "must have rank at least", lambda actual, wanted: actual >= wanted, greater_equal,
    )  # fmt: skip


def _checked_rank(
    scope: str, x: Any, rank: Any, data: Any, summarize: int | None, message: str | None,
    name: str | None, claim: str, known_test: Callable[[int, int], bool],
    test: Callable[..., Any],
) -> Any:  # fmt: skip
    with get_default_graph().name_scope(name or scope):
        x = convert_to_tensor(x, name="x")
        rank = convert_to_tensor(rank, name="rank")
        if data is None:
            data = [message or "", f"Tensor {x.name} {claim}", rank, "Received shape: ", shape(x)]
        assert_type(rank, dtypes.int32)
        wanted, actual = constant_value(rank), x._shape_value.rank
        if wanted is not None:
            if wanted.ndim:
                raise ValueError("Rank must be a scalar.")
            if actual is not None:
                if not known_test(actual, int(wanted)):
                    raise ValueError(
                        f"{message or ''}.  Tensor {x.name} {claim} {int(wanted)}.  Received rank "
                        f"{actual}, shape {x._shape_value}"
                    )
                return no_op(name="static_checks_determined_all_ok")
        condition = test(rank_of(x), rank)
        if wanted is None:
            condition = _with_scalar(rank, condition)
        return hooks.call("Assert", condition, data, summarize=summarize)


def _with_scalar(rank: Tensor, condition: Any) -> Any:
    """The condition, once it is checked that a rank is a scalar."""
    check = assert_rank(rank, 0, data=["Rank must be a scalar. Received rank: ", rank])
    return with_dependencies([check], condition)


@export("assert_rank_in", "debugging.assert_rank_in")
def assert_rank_in(
    x: Any, ranks: Any, data: Any = None, summarize: int | None = None,
    message: str | None = None, name: str | None = None,
) -> Any:  # fmt: skip
    """An operation that fails unless the rank of ``x`` is among ``ranks``; see `tf.assert_rank`."""
    with get_default_graph().name_scope(name or "assert_rank_in"):
        x = convert_to_tensor(x, name="x")
        wanted = [convert_to_tensor(rank, name="rank") for rank in ranks]
        if data is None:
            claim = f"Tensor {x.name} must have rank in"
            data = [message or "", claim, *wanted, "Received shape: ", shape(x)]
        for rank in wanted:
            assert_type(rank, dtypes.int32)
        known = [constant_value(rank) for rank in wanted]
        actual = x._shape_value.rank
        if all(each is not None for each in known):
            if any(each.ndim for each in known):
                raise ValueError("Rank must be a scalar.")
            if actual is not None:
                listed = tuple(int(each) for each in known)
                if actual not in listed:
                    raise ValueError(
                        f"{message or ''}.  Tensor {x.name} must have rank in {listed}.  Received "
                        f"rank {actual}, shape {x._shape_value}"
                    )
                return no_op(name="static_checks_determined_all_ok")
        condition = _is_one_of(rank_of(x), wanted)
        for rank, value in zip(wanted, known, strict=True):
            if value is None:
                condition = _with_scalar(rank, condition)
        return hooks.call("Assert", condition, data, summarize=summarize)


def _is_one_of(actual: Any, wanted: list[Any]) -> Any:
    if not wanted:
        return convert_to_tensor(False)
    condition = equal(wanted[0], actual)
    for rank in wanted[1:]:
        condition = logical_or(condition, equal(rank, actual))
    return condition


@export("assert_scalar", "debugging.assert_scalar")
def assert_scalar(tensor: Any, name: str | None = None, message: str | None = None) -> Any:
    """``tensor``, if its static shape is that of a scalar.

    Raises:
      ValueError: If it is not.
    """
    with get_default_graph().name_scope(name or "assert_scalar") as scope:
        x = convert_to_tensor(tensor, name=scope)
        if x._shape_value.rank != 0:
            raise ValueError(
                f"{message or ''}Expected scalar shape for {x.name}, saw shape: {x._shape_value}."
            )
        return x


# -- shapes with symbols --------------------------------------------------------------------------


@export("debugging.assert_shapes")
def assert_shapes(
    shapes: Any, data: Any = None, summarize: int | None = None, message: str | None = None,
    name: str | None = None,
) -> Any:  # fmt: skip
    """An operation that fails unless tensors have given shapes, with symbols for equal sizes.

    Args:
      shapes: Pairs of a tensor and its shape, as a dictionary or a list. A size is a number,
        None for any, or a symbol (a letter) that stands for the same size everywhere.
      data: A list of tensors to show when it fails.
      summarize: How many elements of each to show; 3 if None.
      message: A text to show first.
      name: The name scope of the nodes.

    Raises:
      ValueError: At once, if it is known that a shape does not fit.
    """
    pairs = list(shapes.items() if hasattr(shapes, "items") else shapes)
    with get_default_graph().name_scope(name or "assert_shapes"):
        known: dict[Any, tuple[Any, str]] = {}
        checks: list[Any] = []
        for x, wanted in pairs:
            tensor = convert_to_tensor(x)
            sizes = list(wanted) if isinstance(wanted, (list, tuple, str)) else [wanted]
            checks.append(assert_rank(tensor, len(sizes), data, summarize, message))
            actual = shape(tensor)
            for axis, size in enumerate(sizes):
                checks += _checked_size(tensor, actual, axis, size, known, data, summarize, message)
        return group(*checks)


def _checked_size(
    x: Tensor, actual: Any, axis: int, size: Any, known: dict[Any, tuple[Any, str]], data: Any,
    summarize: int | None, message: str | None,
) -> list[Any]:  # fmt: skip
    if size is None or size == ".":
        return []
    dims: Any = x._shape_value.dims
    static = None if dims is None else dims[axis]
    found = actual[axis] if static is None else static
    wanted, source = size, "required"
    if isinstance(size, str) and not size.isdigit():
        if size not in known:
            known[size] = (found, f"dimension {axis} of {x.name}")
            return []
        wanted, source = known[size][0], f"that of {known[size][1]}"
    if isinstance(wanted, (str, np.integer)):
        wanted = int(wanted)
    if isinstance(wanted, int) and isinstance(found, int):
        if wanted != found:
            raise ValueError(
                f"{message or ''}.  Dimension {axis} of {x.name} must have size {wanted}, "
                f"{source}, but the shape is {x._shape_value}"
            )
        return []
    shown = [message or "", f"Dimension {axis} of {x.name} must have size ({source})", wanted]
    shown += ["Received shape: ", actual]
    return [hooks.call("Assert", equal(found, wanted), data or shown, summarize=summarize)]


# -- dtypes ---------------------------------------------------------------------------------------


@export("assert_type", "debugging.assert_type")
def assert_type(
    tensor: Any, tf_type: Any, message: str | None = None, name: str | None = None
) -> Any:
    """An operation that does nothing, if ``tensor`` has dtype ``tf_type``.

    Raises:
      TypeError: If it has another one.
    """
    with get_default_graph().name_scope(name or "assert_type"):
        x = convert_to_tensor(tensor, name="tensor")
        if x.dtype != as_dtype(tf_type):
            raise TypeError(
                f"{message or ''}  {x.name} must be of type {as_dtype(tf_type)!r}; got {x.dtype!r}"
            )
        return no_op("statically_determined_correct_type")


@export("assert_integer", "debugging.assert_integer")
def assert_integer(x: Any, message: str | None = None, name: str | None = None) -> Any:
    """An operation that does nothing, if ``x`` has an integer dtype.

    Raises:
      TypeError: If it has another one.
    """
    with get_default_graph().name_scope(name or "assert_integer"):
        x = convert_to_tensor(x, name="x")
        if not x.dtype.is_integer:
            raise TypeError(
                f"{f'{message} ' if message else ''}'{x.name}' must have an integer dtype, but has "
                f"{x.dtype.name}."
            )
        return no_op("statically_determined_was_integer")


_NUMERIC = frozenset(
    [
        dtypes.float32, dtypes.float64, dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64,
        dtypes.uint8, dtypes.qint8, dtypes.qint32, dtypes.quint8, dtypes.complex64,
    ]
)  # fmt: skip


@export("is_numeric_tensor", "debugging.is_numeric_tensor")
def is_numeric_tensor(tensor: Any) -> bool:
    """Whether ``tensor`` is a tensor of numbers."""
    return isinstance(tensor, Tensor) and tensor.dtype in _NUMERIC


@export("assert_same_float_dtype", "debugging.assert_same_float_dtype")
def assert_same_float_dtype(tensors: Any = None, dtype: Any = None) -> Any:
    """The dtype that ``tensors`` share, which must be of floats.

    Args:
      tensors: Tensors; None is left out.
      dtype: The dtype they should have; float32 if neither says one.

    Raises:
      ValueError: If dtypes differ, or are not of floats.
    """
    found = None if dtype is None else as_dtype(dtype).base_dtype
    for tensor in tensors or ():
        if tensor is None:
            continue
        if found is None:
            found = tensor.dtype.base_dtype
        elif tensor.dtype.base_dtype is not found:
            raise ValueError(
                f"Tensor conversion requested dtype {found.name} for Tensor with dtype "
                f"{tensor.dtype.base_dtype.name}: {tensor}"
            )
    found = dtypes.float32 if found is None else found
    if not found.is_floating:
        raise ValueError(f"Expected floating point type, got {found}.")
    return found


@export("assert_proper_iterable", "debugging.assert_proper_iterable")
def assert_proper_iterable(values: Any) -> None:
    """Refuses what is one thing rather than several: a tensor, an array, a text.

    Raises:
      TypeError: If ``values`` cannot be iterated over, or is such a thing.
    """
    single = (Tensor, IndexedSlices, np.ndarray, bytes, str)
    if isinstance(values, single) or hasattr(values, "dense_shape"):
        raise TypeError(
            f"Expected argument \"values\" to be a 'proper' iterable.  Found: {type(values)}"
        )
    if not hasattr(values, "__iter__"):
        raise TypeError(f'Expected argument "values" to be iterable.  Found: {type(values)}')
