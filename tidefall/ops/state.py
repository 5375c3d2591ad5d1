"""Variables: creating, assigning and adding to them.

A variable node yields a reference. The compiler turns reads and writes of references into
versions of values; the kernels here are pure functions from old values to new ones.
"""

from __future__ import annotations

from tidefall.core.dtypes import DType
from tidefall.core.shapes import Shape
from tidefall.ops import shapes
from tidefall.ops.registry import NUMBERS, Bool, Namespace, Ref, Resource, T, dtype, op


@op("VariableV2", stateful=True, differentiable=False)
def variable_v2(
    xp: Namespace, *, shape: Shape, dtype: DType, container: str = "", shared_name: str = ""
) -> Ref[dtype]:
    """A variable; its value outlives the run."""
    raise AssertionError("a variable is resolved by the compiler, never run")


variable_v2.shape(shapes.from_attr)


@op("VarHandleOp", stateful=True, differentiable=False, shape=shapes.scalar)
def var_handle_op(
    xp: Namespace, *, dtype: DType, shape: Shape, container: str = "", shared_name: str = ""
) -> Resource:
    """The handle of a resource variable."""
    raise AssertionError("a variable is resolved by the compiler, never run")


def _assigned_shape(ref: Shape, value: Shape, *, validate_shape: bool) -> Shape:
    return ref.merge_with(value) if validate_shape else value


@op(
    "Assign", updates=("ref",), overwrites=True, shape=_assigned_shape, differentiable=False,
    extra={"validate_shape": True, "use_locking": True},
)  # fmt: skip
def assign(xp: Namespace, ref: Ref[T], value: T) -> Ref[T]:
    """Gives the variable a value."""
    return value


@op(
    "AssignAdd",
    T=NUMBERS,
    updates=("ref",),
    shape=shapes.same,
    extra={"use_locking": False},
    differentiable=False,
)
def assign_add(xp: Namespace, ref: Ref[T], value: T) -> Ref[T]:
    """Adds to the variable."""
    return ref + value


@op(
    "AssignSub",
    T=NUMBERS,
    updates=("ref",),
    shape=shapes.same,
    extra={"use_locking": False},
    differentiable=False,
)
def assign_sub(xp: Namespace, ref: Ref[T], value: T) -> Ref[T]:
    """Subtracts from the variable."""
    return ref - value


@op("ReadVariableOp", stateful=True)
def read_variable_op(xp: Namespace, resource: Resource, *, dtype: DType) -> dtype:
    """The value of a resource variable at this point of the run."""
    raise AssertionError("a read is resolved by the compiler, never run")


@op(
    "AssignVariableOp",
    updates=("resource",),
    overwrites=True,
    shape=shapes.none,
    differentiable=False,
)
def assign_variable_op(xp: Namespace, resource: Resource, value: dtype) -> None:
    """Gives a resource variable a value."""
    return value


@op("IsVariableInitialized", stateful=True, shape=shapes.scalar, differentiable=False)
def is_variable_initialized(xp: Namespace, ref: Ref[dtype]) -> Bool:
    """Whether the variable has a value."""
    raise AssertionError("resolved by the compiler, never run")
