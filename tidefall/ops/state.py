"""Variables: creating, reading, assigning, adding to them, counting with them.

A variable node yields a reference or a handle. The compiler turns reads and writes of these into
versions of values; the kernels here are pure functions from old values to new ones. The public
functions (`tf.assign`, …) are in `tidefall.variables`.
"""

from __future__ import annotations

from typing import Any

from tidefall.core import errors
from tidefall.core.dtypes import DType
from tidefall.core.shapes import UNKNOWN, Shape, unknown
from tidefall.ir.inference import ShapeContext
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import shapes
from tidefall.ops.registry import (
    INDEX,
    INDICES,
    NUMBERS,
    Bool,
    Namespace,
    Ref,
    Resource,
    T,
    dtype,
    op,
    out_type,
)
from tidefall.ops.updates import handle_shape, variable_shape

_UNRUN = "the compiler resolves this node; it is never run"


@op("VariableV2", stateful=True, differentiable=False, shape=shapes.from_attr, outputs=("ref",))
def variable_v2(
    xp: Namespace, *, shape: Shape, dtype: DType, container: str = "", shared_name: str = ""
) -> Ref[dtype]:
    """A variable; its value outlives the run."""
    raise AssertionError(_UNRUN)


def _old_variable_shape(*, shape: Shape) -> Shape:
    return UNKNOWN if shape.rank == 0 else shape


@op("Variable", stateful=True, differentiable=False, shape=_old_variable_shape, outputs=("ref",))
def variable_v1(
    xp: Namespace, *, shape: Shape, dtype: DType, container: str = "", shared_name: str = ""
) -> Ref[dtype]:
    """A variable as the oldest graphs have it: the shape ``()`` means that it is not known."""
    raise AssertionError(_UNRUN)


@op("VarHandleOp", stateful=True, differentiable=False, shape=shapes.scalar, outputs=("resource",))
def var_handle_op(
    xp: Namespace, *, dtype: DType, shape: Shape, container: str = "", shared_name: str = ""
) -> Resource:
    """The handle of a resource variable."""
    raise AssertionError(_UNRUN)


# -- reading -----------------------------------------------------------------------------------


def _handle_shape(ctx: ShapeContext, resource: Shape) -> Shape:
    return handle_shape(ctx.inputs[0])


@op("ReadVariableOp", stateful=True, shape=_handle_shape, outputs=("value",))
def read_variable_op(xp: Namespace, resource: Resource, *, dtype: DType) -> dtype:
    """The value of a resource variable at this point of the run."""
    raise AssertionError(_UNRUN)


@read_variable_op.gradient
def _read_variable_op_grad(op: Operation, grad: Tensor) -> Tensor:
    return grad


def _handle_rank(ctx: ShapeContext, input: Shape) -> Shape:
    return unknown(1) if (rank := handle_shape(ctx.inputs[0]).rank) is None else Shape((rank,))


@op("VariableShape", stateful=True, out_type=INDEX, shape=_handle_rank, differentiable=False)
def variable_shape_op(xp: Namespace, input: Resource, *, out_type: DType) -> out_type:
    """The shape of a resource variable's value."""
    return xp.asarray(xp.shape(input), out_type.np_dtype)


@op("IsVariableInitialized", stateful=True, shape=shapes.scalar, differentiable=False)
def is_variable_initialized(xp: Namespace, ref: Ref[dtype]) -> Bool:
    """Whether the variable has a value."""
    raise AssertionError(_UNRUN)


@op("VarIsInitializedOp", stateful=True, shape=shapes.scalar, differentiable=False)
def var_is_initialized_op(xp: Namespace, resource: Resource) -> Bool:
    """Whether the resource variable has a value."""
    raise AssertionError(_UNRUN)


# -- assigning ---------------------------------------------------------------------------------


def _assigned_shape(ref: Shape, value: Shape, *, validate_shape: bool) -> Shape:
    return ref.merge_with(value) if validate_shape else value


@op(
    "Assign", updates=("ref",), overwrites=True, shape=_assigned_shape, differentiable=False,
    outputs=("output_ref",), extra={"validate_shape": True, "use_locking": True},
)  # fmt: skip
def assign(xp: Namespace, ref: Ref[T], value: T) -> Ref[T]:
    """Gives the variable a value."""
    return value


def _like_variable(ctx: ShapeContext, ref: Shape, value: Shape) -> Any:
    merged = variable_shape(ctx, 0).merge_with(value)
    return merged if ctx.inputs[0]._dtype._is_ref else ()


@op("AssignVariableOp", updates=("resource",), overwrites=True, shape=_like_variable,
    differentiable=False, stateful=True)  # fmt: skip
def assign_variable_op(xp: Namespace, resource: Resource, value: dtype) -> None:
    """Gives a resource variable a value."""
    return value


@op(
    "AssignAdd", T=NUMBERS, updates=("ref",), shape=_like_variable, differentiable=False,
    outputs=("output_ref",), extra={"use_locking": False},
)  # fmt: skip
def assign_add(xp: Namespace, ref: Ref[T], value: T) -> Ref[T]:
    """Adds to the variable."""
    _check_same_shape(ref, value)
    return ref + value


@op(
    "AssignSub", T=NUMBERS, updates=("ref",), shape=_like_variable, differentiable=False,
    outputs=("output_ref",), extra={"use_locking": False},
)  # fmt: skip
def assign_sub(xp: Namespace, ref: Ref[T], value: T) -> Ref[T]:
    """Subtracts from the variable."""
    _check_same_shape(ref, value)
    return ref - value


@op("AssignAddVariableOp", dtype=NUMBERS, updates=("resource",), shape=_like_variable,
    differentiable=False, stateful=True)  # fmt: skip
def assign_add_variable_op(xp: Namespace, resource: Resource, value: dtype) -> None:
    """Adds to a resource variable."""
    _check_same_shape(resource, value)
    return resource + value


@op("AssignSubVariableOp", dtype=NUMBERS, updates=("resource",), shape=_like_variable,
    differentiable=False, stateful=True)  # fmt: skip
def assign_sub_variable_op(xp: Namespace, resource: Resource, value: dtype) -> None:
    """Subtracts from a resource variable."""
    _check_same_shape(resource, value)
    return resource - value


def _check_same_shape(variable: Any, value: Any) -> None:
    if variable.shape != value.shape:
        raise ValueError(
            f"the variable has shape {variable.shape} and the value {value.shape}; they must be "
            "equal."
        )


# -- counting ----------------------------------------------------------------------------------


@op("CountUpTo", T=INDICES, updates=("ref",), shape=shapes.unchanged, differentiable=False)
def count_up_to(xp: Namespace, ref: Ref[T], *, limit: int) -> T:
    """Adds one to the variable and gives the number before; at ``limit`` it raises."""
    return _counted(ref, limit)


@op("ResourceCountUpTo", T=INDICES, updates=("resource",), stateful=True, differentiable=False)
def resource_count_up_to(xp: Namespace, resource: Resource, *, limit: int, T: DType) -> T:
    """`CountUpTo` of a resource variable."""
    return _counted(resource, limit)


resource_count_up_to.shape(_handle_shape)


def _counted(count: Any, limit: int) -> tuple[Any, Any]:
    if count >= limit:
        raise errors.OutOfRangeError(None, None, f"the count reached its limit of {limit}.")
    return count + count.dtype.type(1), count
