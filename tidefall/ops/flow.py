"""TensorFlow's control-flow primitives, as nodes only.

A conditional is made of ``Switch`` and ``Merge``, a loop of ``Enter``, ``Merge``, ``Switch``,
``NextIteration``, ``Exit`` and ``LoopCond``. They have no kernels: the compiler turns them into
guards and loops (`tidefall.compiler.frames`, `tidefall.compiler.versions`). See Yu et al.,
*Dynamic Control Flow in Large-Scale Machine Learning*, EuroSys 2018.
"""

from __future__ import annotations

from tidefall.core.shapes import SCALAR, UNKNOWN, Shape
from tidefall.ops import shapes
from tidefall.ops.registry import Bool, Int32, Namespace, Ref, T, op


def _both(data: Shape, pred: Shape) -> tuple[Shape, Shape]:
    if pred.rank not in (None, 0):
        raise ValueError(f"the predicate must be a scalar, but has shape {pred}.")
    return data, data


@op("Switch", outputs=("output_false", "output_true"), shape=_both)
def switch(xp: Namespace, data: T, pred: Bool) -> tuple[T, T]:
    """Passes ``data`` to its second output where ``pred``, else to its first."""
    raise AssertionError("compiled into a guard")


@op("RefSwitch", outputs=("output_false", "output_true"), shape=_both)
def ref_switch(xp: Namespace, data: Ref[T], pred: Bool) -> tuple[Ref[T], Ref[T]]:
    """`switch` for a reference to a variable."""
    raise AssertionError("compiled into a guard")


def _merged(inputs: list[Shape]) -> tuple[Shape, Shape]:
    first = inputs[0]
    if any(each.rank is None or each.rank != first.rank for each in inputs):
        return UNKNOWN, SCALAR
    columns = zip(*[each.dims or () for each in inputs], strict=True)
    sizes = [column[0] if len(set(column)) == 1 else None for column in columns]
    return Shape(tuple(sizes)), SCALAR


@op("Merge", outputs=("output", "value_index"), shape=_merged)
def merge(xp: Namespace, inputs: list[T]) -> tuple[T, Int32]:
    """The input that has a value."""
    raise AssertionError("compiled into a choice")


@op("RefMerge", outputs=("output", "value_index"), shape=_merged)
def ref_merge(xp: Namespace, inputs: list[Ref[T]]) -> tuple[Ref[T], Int32]:
    """`merge` for references to variables."""
    raise AssertionError("compiled into a choice")


@op("Enter", shape=shapes.unchanged)
def enter(
    xp: Namespace,
    data: T,
    *,
    frame_name: str,
    is_constant: bool = False,
    parallel_iterations: int = 10,
) -> T:
    """Brings a value into a loop."""
    raise AssertionError("compiled into a loop")


@op("RefEnter", shape=shapes.unchanged)
def ref_enter(
    xp: Namespace,
    data: Ref[T],
    *,
    frame_name: str,
    is_constant: bool = False,
    parallel_iterations: int = 10,
) -> Ref[T]:
    """Brings a reference to a variable into a loop."""
    raise AssertionError("compiled into a loop")


@op("Exit", shape=shapes.unchanged)
def exit_op(xp: Namespace, data: T) -> T:
    """Brings a value out of a loop."""
    raise AssertionError("compiled into a loop")


@op("RefExit", shape=shapes.unchanged)
def ref_exit(xp: Namespace, data: Ref[T]) -> Ref[T]:
    """Brings a reference to a variable out of a loop."""
    raise AssertionError("compiled into a loop")


@op("NextIteration", shape=shapes.unchanged)
def next_iteration(xp: Namespace, data: T) -> T:
    """Hands a value to the next iteration."""
    raise AssertionError("compiled into a loop")


@op("RefNextIteration", shape=shapes.unchanged)
def ref_next_iteration(xp: Namespace, data: Ref[T]) -> Ref[T]:
    """Hands a reference to the next iteration."""
    raise AssertionError("compiled into a loop")


@op("LoopCond", shape=shapes.unchanged, differentiable=False)
def loop_cond(xp: Namespace, input: Bool) -> Bool:
    """Marks the condition of a loop."""
    raise AssertionError("compiled into a loop")


@op("ControlTrigger", shape=shapes.none)
def control_trigger(xp: Namespace) -> None:
    """Does nothing, even where the operations it waits for did not run."""


for _op in (
    switch,
    ref_switch,
    merge,
    ref_merge,
    enter,
    ref_enter,
    exit_op,
    ref_exit,
    next_iteration,
    ref_next_iteration,
    loop_cond,
):
    _op.kernel = None
