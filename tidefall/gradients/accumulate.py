"""Where gradients meet: seeds of the walk, and sums of several gradients of one tensor."""

from __future__ import annotations

from typing import Any

from tidefall.core import dtypes, hooks
from tidefall.core.exports import export
from tidefall.ir.conversion import convert
from tidefall.ir.graph import get_default_graph
from tidefall.ir.indexed_slices import IndexedSlices
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import fill_op, identity_op, shape_op
from tidefall.ops.cast import cast
from tidefall.ops.constant import constant
from tidefall.ops.math import add_n_op


@export("AggregationMethod")
class AggregationMethod:
    """How gradients of one tensor are added. All give the same sum."""

    ADD_N = 0
    DEFAULT = ADD_N
    EXPERIMENTAL_TREE = 1
    EXPERIMENTAL_ACCUMULATE_N = 2


def default_seeds(ys: list[Any], grad_ys: list[Any]) -> list[Any]:
    """The gradients the walk starts with: those given, ones where None.

    Raises:
      ValueError: If their number or dtypes do not fit.
      TypeError: If a y cannot be differentiated.
    """
    if len(grad_ys) != len(ys):
        raise ValueError(f"{len(grad_ys)} grad_ys were given for {len(ys)} ys.")
    seeds = []
    for index, (y, grad) in enumerate(zip(ys, grad_ys, strict=True)):
        dtype = y.dtype.base_dtype
        if not (
            dtype.is_floating
            or dtype.is_complex
            or dtype.is_integer
            or dtype in (dtypes.variant, dtypes.resource)
        ):
            raise TypeError(f"tf.gradients cannot differentiate '{y.name}' of dtype {dtype.name}.")
        if grad is None:
            if dtype.is_complex:
                raise TypeError(
                    f"the gradient of complex '{y.name}' is not defined without grad_ys; "
                    "differentiate its real or absolute part, or give grad_ys."
                )
            seeds.append(_ones(y, index))
        else:
            seeds.append(_given(y, grad, index))
    return seeds


def _ones(y: Any, index: int) -> Any:
    one = constant(1, dtype=y.dtype.base_dtype, name=f"grad_ys_{index}")
    if y._shape_value.rank == 0:
        return one
    return fill_op(shape_op(y, out_type=dtypes.int32), one)


def _given(y: Any, grad: Any, index: int) -> Any:
    if isinstance(grad, IndexedSlices):
        return grad
    wanted = y.dtype.base_dtype
    found = getattr(grad, "dtype", None)
    if isinstance(found, dtypes.DType) and found.base_dtype is not wanted:
        raise TypeError(
            f"grad_ys[{index}] has dtype {found.base_dtype.name}, but '{y.name}' has dtype "
            f"{wanted.name}; they must be equal."
        )
    tensor = convert(grad, wanted, f"grad_ys_{index}")
    if not tensor._shape_value.is_compatible_with(y._shape_value):
        raise ValueError(
            f"grad_ys[{index}] has shape {tensor._shape_value}, but '{y.name}' has shape "
            f"{y._shape_value}."
        )
    return tensor


def total(grads: list[Any], method: Any = None) -> Any:
    """The sum of several gradients of one tensor."""
    if method not in (None, 0, 1, 2):
        raise ValueError(f"aggregation_method {method!r} is not one of tf.AggregationMethod's.")
    if all(isinstance(grad, Tensor) for grad in grads):
        return add_n_op(grads)
    return _sum_of_slices(grads)


def _sum_of_slices(grads: list[Any]) -> Any:
    if not all(isinstance(grad, IndexedSlices) for grad in grads):
        return add_n_op([convert(grad) for grad in grads])
    slices: list[IndexedSlices] = list(grads)
    indices = [each.indices for each in slices]
    if len({index.dtype.base_dtype for index in indices}) > 1:
        indices = [cast(index, dtypes.int64) for index in indices]
    return IndexedSlices(
        hooks.call("concat", [each.values for each in slices], 0),
        hooks.call("concat", indices, 0),
        slices[0].dense_shape,
    )


def gated(grads: list[Any]) -> list[Any]:
    """The gradients, none of which can be used before all are computed."""
    present = [grad for grad in grads if grad is not None]
    ops = [grad.op for grad in present]
    with get_default_graph().control_dependencies(ops):
        return [
            grad if grad is None or isinstance(grad, IndexedSlices) else identity_op(grad)
            for grad in grads
        ]
