"""`tf.cond`: one of two branches of graph runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tidefall.core import hooks, nest
from tidefall.core.exports import export
from tidefall.flow.contexts import ControlFlowContext, switch_ref_or_tensor
from tidefall.ir.collections import GraphKeys
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.indexed_slices import IndexedSlices
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import flow
from tidefall.ops.array import identity
from tidefall.ops.grouping import with_dependencies


class CondContext(ControlFlowContext):
    """One branch of a conditional.

    Args:
      pred: The predicate.
      pivot: The identity of the predicate on this side; nodes without inputs wait for it.
      branch: 1 for the true branch, 0 for the false one.
    """

    def __init__(self, pred: Tensor, pivot: Tensor, branch: int, name: str = "cond_text") -> None:
        super().__init__()
        self._name = get_default_graph().unique_name(name)
        self._pred = pred
        self._pivot = pivot
        self._branch = branch
        self.values.update((pred.name, pivot.name))
        self.external[pred.name] = pred
        pivot.op._set_control_flow_context(self)

    @property
    def name(self) -> str:
        """The name of the branch."""
        return self._name

    @property
    def pred(self) -> Tensor:
        """The predicate."""
        return self._pred

    @property
    def pivot(self) -> Tensor:
        """What nodes without inputs wait for."""
        return self._pivot

    @property
    def branch(self) -> int:
        """1 for the true branch, 0 for the false one."""
        return self._branch

    @property
    def grad_state(self) -> Any:
        """That of the loop around it."""
        loop = self.GetWhileContext()
        return None if loop is None else loop.grad_state

    @property
    def back_prop(self) -> bool:
        """Whether gradients may pass: as in the loop around it."""
        loop = self.GetWhileContext()
        return True if loop is None else loop.back_prop

    def GetControlPivot(self) -> Tensor:
        """What nodes without inputs wait for."""
        return self._pivot

    def IsCondContext(self) -> bool:
        """True."""
        return True

    def AddValue(self, val: Tensor) -> Tensor:
        """Brings ``val`` into the branch through a switch."""
        if val.name in self.values:
            return self.external.get(val.name, val)
        result: Tensor = val
        self.values.add(val.name)
        if self._outer_context is not None:
            result = self._outer_context.AddValue(val)
            self.values.add(result.name)
            self.external[result.name] = result
        with self._graph.control_dependencies(None):
            result = _side(switch_ref_or_tensor(result, self._pred), self._branch)
            if self._outer_context is not None:
                self._outer_context.AddInnerOp(result.op)
        self._graph.prevent_fetching(result.op)
        result.op._set_control_flow_context(self)
        self.note_outputs_of_side(result)
        self.external[val.name] = result
        return result

    def note_outputs_of_side(self, tensor: Tensor) -> None:
        """Makes one output of a switch known here and in every context around."""
        context: ControlFlowContext | None = self
        while context is not None:
            context.values.add(tensor.name)
            context = context._outer_context

    def AddOp(self, op: Operation) -> None:
        """Brings a new node's inputs into the branch."""
        if not op._inputs:
            self.drop_outside_controls(op)
            if not any(self.contains(other) for other in op._control_inputs):
                op._add_control_input(self._pivot.op)
        else:
            for index, tensor in enumerate(op._inputs):
                if op.type == "Merge" and tensor.op.type == "NextIteration":
                    continue
                inside = self.AddValue(tensor)
                if inside is not tensor:
                    op._update_input(index, inside)
            self.drop_outside_controls(op)
        self.note_outputs(op)
        self.hide(op)
        if self._outer_context is not None:
            self._outer_context.AddInnerOp(op)

    def build(self, function: Callable[[], Any]) -> tuple[Any, list[Any]]:
        """Calls a branch function; returns what it returned, and that as tensors of the branch."""
        original = function()
        if original is None:
            return None, []
        result = nest.map_structure(self._result, original)
        return original, list(result) if isinstance(result, (list, tuple)) else [result]

    def _result(self, value: Any) -> Any:
        if isinstance(value, Operation):
            return with_dependencies([value], self._pivot)
        if isinstance(value, IndexedSlices):
            shape = value.dense_shape
            return IndexedSlices(
                self._output(value.values),
                self._output(value.indices),
                None if shape is None else self._output(shape),
            )
        return self._output(convert_to_tensor(value))

    def _output(self, value: Tensor) -> Tensor:
        """A branch's result; one that comes straight from outside is brought in first."""
        if value.name in self.values:
            return self.external.get(value.name, value)
        self.values.add(value.name)
        real = value
        if self._outer_context is not None:
            real = self._outer_context.AddValue(value)
            self.values.add(real.name)
            self.external[real.name] = real
        real = _side(switch_ref_or_tensor(real, self._pred), self._branch)
        self.external[value.name] = real
        return real


def _side(sides: Any, branch: int) -> Tensor:
    return sides[branch]  # type: ignore[no-any-return]


@hooks.install("cond")
@export("cond")
def cond(
    pred: Any,
    true_fn: Callable[[], Any] | None = None,
    false_fn: Callable[[], Any] | None = None,
    strict: bool = False,
    name: str | None = None,
    fn1: Callable[[], Any] | None = None,
    fn2: Callable[[], Any] | None = None,
) -> Any:
    """The results of ``true_fn`` where ``pred``, else those of ``false_fn``.

    Only operations made inside the functions are run conditionally; what they read from outside
    is computed in any case.

    Args:
      pred: A boolean scalar tensor.
      true_fn: Builds the true branch and returns its results.
      false_fn: Builds the false branch, with results of the same structure and dtypes.
      strict: Whether a list of one result stays a list.
      name: The name scope.
      fn1: The older name of ``true_fn``.
      fn2: The older name of ``false_fn``.

    Raises:
      TypeError: If ``pred`` is a Python bool, or a branch is not callable.
      ValueError: If the branches differ in structure or dtype.

    >>> x = tf.placeholder(tf.float32)
    >>> tf.Session().run(tf.cond(x > 0, lambda: x, lambda: -x), {x: -3.0})
    3.0
    """
    true_fn, false_fn = _function(true_fn, fn1, "true_fn"), _function(false_fn, fn2, "false_fn")
    if isinstance(pred, bool):
        raise TypeError(
            "pred must be a tensor, not a Python bool: with a Python value, use Python's `if`."
        )
    graph = get_default_graph()
    with graph.name_scope(name or "cond"):
        pred = convert_to_tensor(pred, name="pred")
        on_false, on_true = flow.switch(pred, pred)
        pivot_true = identity(on_true, name="switch_t")
        pivot_false = identity(on_false, name="switch_f")
        pred = identity(pred, name="pred_id")
        for tensor in (on_true, on_false, pivot_true, pivot_false, pred):
            graph.prevent_fetching(tensor.op)
        context_true, original_true, results_true = _branch(pred, pivot_true, 1, true_fn)
        context_false, original_false, results_false = _branch(pred, pivot_false, 0, false_fn)
        if not strict:
            original_true = _unpacked(original_true)
            original_false = _unpacked(original_false)
        merges = _merges(original_true, original_false, results_true, results_false)
        if context_true.outer_context is None:
            graph.add_to_collection(GraphKeys.COND_CONTEXT, context_true)
            graph.add_to_collection(GraphKeys.COND_CONTEXT, context_false)
        packed = nest.pack_sequence_as(original_true, merges, expand_composites=True)
        return packed if strict else _unpacked(packed)


def _function(given: Any, old: Any, name: str) -> Callable[[], Any]:
    if old is not None and given is not None:
        raise TypeError(f"cond(): {name} was given twice, also under its older name.")
    function = given if given is not None else old
    if function is None:
        raise TypeError(f"cond(): {name} argument required")
    if not callable(function):
        raise TypeError(f"{name} must be callable, not {type(function).__name__}: {function!r}")
    return function  # type: ignore[no-any-return]


def _branch(
    pred: Tensor, pivot: Tensor, side: int, function: Callable[[], Any]
) -> tuple[CondContext, Any, list[Any]]:
    context = CondContext(pred, pivot, side, name="cond_text")
    context.Enter()
    try:
        original, results = context.build(function)
        if original is None:
            raise ValueError(f"{'true_fn' if side else 'false_fn'} must have a return value.")
        context.ExitResult(nest.flatten(results, expand_composites=True))
    finally:
        context.Exit()
    return context, original, results


def _unpacked(value: Any) -> Any:
    """The one element of a list of one; anything else as it is."""
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields") and len(value) == 1:
        return value[0]
    return value


def _merges(original_true: Any, original_false: Any, if_true: Any, if_false: Any) -> list[Tensor]:
    try:
        nest.assert_same_structure(original_true, original_false, expand_composites=True)
    except (TypeError, ValueError) as error:
        raise type(error)(
            f"true_fn and false_fn must return results of one structure: {error}"
        ) from None
    flat_true = nest.flatten(if_true, expand_composites=True)
    flat_false = nest.flatten(if_false, expand_composites=True)
    for x, y in zip(flat_true, flat_false, strict=True):
        if x.dtype.base_dtype is not y.dtype.base_dtype:
            raise ValueError(
                "true_fn and false_fn must return results of the same dtypes, but one returns "
                f"{x.dtype.name} ('{x.name}') where the other returns {y.dtype.name} ('{y.name}')."
            )
    return [merge([y, x]) for x, y in zip(flat_true, flat_false, strict=True)]


def merge(inputs: list[Tensor], name: str | None = None) -> Tensor:
    """The one of ``inputs`` that has a value."""
    if all(tensor._dtype._is_ref for tensor in inputs):
        with get_default_graph().name_scope(name or "Merge") as scope:
            return flow.ref_merge(inputs, name=scope)[0]  # type: ignore[no-any-return]
    return flow.merge(inputs, name=name)[0]  # type: ignore[no-any-return]
