"""Gradients through control flow: the rules of its primitives, and what the walk asks of loops."""

from __future__ import annotations

from typing import Any

from tidefall.core import dtypes, hooks
from tidefall.flow.cond import CondContext, merge
from tidefall.flow.contexts import switch_ref_or_tensor
from tidefall.flow.loop_state import LoopState, inside, output_context
from tidefall.flow.while_context import WhileContext
from tidefall.ir.conversion import convert
from tidefall.ir.graph import get_default_graph
from tidefall.ir.indexed_slices import IndexedSlices
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import flow
from tidefall.ops.array import identity, shape_internal, zeros_like_op
from tidefall.ops.compare import equal
from tidefall.ops.constant import constant
from tidefall.ops.filled import zeros

_SWITCHES = frozenset({"Switch", "RefSwitch"})
_EXITS = frozenset({"Exit", "RefExit"})


def _loop_now() -> WhileContext | None:
    """The gradient loop the walk is in."""
    context = get_default_graph()._get_control_flow_context()
    loop = None if context is None else context.GetWhileContext()
    return loop if isinstance(loop, WhileContext) else None


def _state_now() -> LoopState | None:
    loop = _loop_now()
    return None if loop is None else loop.grad_state


def _loop_of(op: Operation) -> WhileContext | None:
    context = op._control_flow_context
    loop = None if context is None else context.GetWhileContext()
    return loop if isinstance(loop, WhileContext) else None


# -- the primitives ---------------------------------------------------------------------------


@flow.switch.gradient
@flow.ref_switch.gradient
def _switch_grad(op: Operation, *grads: Any) -> tuple[Any, None]:
    context = op._control_flow_context
    if isinstance(context, WhileContext):
        return _loop_switch_grad(op, grads), None
    if isinstance(context, CondContext):
        if grads[1 - context.branch] is None or grads[context.branch] is None:
            return None, None
        return _merged(list(grads), "cond_grad"), None
    on_false, _ = flow.switch(grads[0], op._inputs[1])
    _, on_true = flow.switch(grads[1], op._inputs[1])
    return merge([on_false, on_true]), None


def _merged(grads: list[Any], name: str) -> Any:
    if all(isinstance(grad, IndexedSlices) for grad in grads):
        slices: list[Any] = grads
        shapes = [each.dense_shape for each in slices]
        return IndexedSlices(
            flow.merge([each.values for each in slices], name=name)[0],
            flow.merge([each.indices for each in slices], name=name)[0],
            None if None in shapes else flow.merge(shapes, name=name)[0],
        )
    return flow.merge([convert(grad) for grad in grads], name=name)[0]


def _loop_switch_grad(op: Operation, grads: tuple[Any, ...]) -> Any:
    """A ``Switch`` of a loop variable is met twice: from the exit, then from the body."""
    state = _state_now()
    if state is None:
        raise ValueError(f"'{op.name}' was reached outside the gradient of its loop.")
    known = state.merges.get(op)
    if known is not None:
        if grads[1] is not None:
            state.grad_context.close_cycle(known, grads[1], check=False)
        return None
    if grads[0] is None:
        return None
    merged: Tensor = flow.merge([grads[0], grads[0]], name="b_switch")[0]
    state.merges[op] = merged
    return merged


@flow.merge.gradient
@flow.ref_merge.gradient
def _merge_grad(op: Operation, grad: Any, _: Any) -> Any:
    context = output_context(op._inputs[0].op)
    if isinstance(context, WhileContext):
        loop = _loop_now()
        if loop is None or loop.pivot is None:
            raise ValueError(f"'{op.name}' was reached outside the gradient of its loop.")
        return flow.switch(grad, loop.pivot)
    if isinstance(context, CondContext):
        state = _state_now()
        predicate = context.pred if state is None else state.saved_predicate(context.pred)
        return _switched(grad, predicate)
    taken = [equal(op._outputs[1], constant(i)) for i in range(len(op._inputs))]
    return [switch_ref_or_tensor(grad, each)[1] for each in taken]


def _switched(grad: Any, predicate: Tensor) -> Any:
    if isinstance(grad, IndexedSlices):
        values = switch_ref_or_tensor(grad.values, predicate, "cond_grad")
        indices = switch_ref_or_tensor(grad.indices, predicate, "cond_grad")
        shape = grad.dense_shape
        shapes = (None, None) if shape is None else switch_ref_or_tensor(shape, predicate)
        return [IndexedSlices(v, i, s) for v, i, s in zip(values, indices, shapes, strict=True)]
    return list(switch_ref_or_tensor(grad, predicate, name="cond_grad"))


@flow.exit_op.gradient
@flow.ref_exit.gradient
def _exit_grad(op: Operation, grad: Any) -> Any:
    state = _state_now()
    loop = None if state is None else state.grad_context
    if loop is None or not loop.back_prop:
        return None
    source = op._control_flow_context
    if isinstance(source, WhileContext) and source.grad_state is not None:
        raise TypeError("Second-order gradient for while loops not supported.")
    loop.values.add(grad.name)
    with inside(loop):
        entered: Tensor = flow.enter(
            grad,
            frame_name=loop.name,
            is_constant=False,
            parallel_iterations=loop.parallel_iterations,
            name="b_exit",
        )
        loop.loop_enters.append(entered)
    return entered


@flow.next_iteration.gradient
@flow.ref_next_iteration.gradient
def _next_iteration_grad(op: Operation, grad: Any) -> Any:
    return grad


@flow.enter.gradient
@flow.ref_enter.gradient
def _enter_grad(op: Operation, grad: Any) -> Any:
    state = _state_now()
    if state is None or not state.grad_context.back_prop:
        return grad
    if op._attrs["is_constant"]:
        if isinstance(grad, IndexedSlices):
            grad = convert(grad)
        return state.accumulate(op, grad)
    loop = state.grad_context
    result: Tensor = flow.exit_op(grad)
    loop.loop_exits.append(result)
    loop.ExitResult([result])
    return result


# -- the walk ---------------------------------------------------------------------------------


class LoopGradients:
    """What the walk of `tf.gradients` needs to know of the loops it passes.

    Attributes:
      states: For each loop, the state of its gradient.
    """

    def __init__(self, between: list[Operation]) -> None:
        self.states: dict[WhileContext, LoopState] = {}
        for op in between:
            if op.type in _EXITS:
                loop = _loop_of(op)
                if loop is not None:
                    self._state_for(loop)

    def _state_for(self, loop: WhileContext) -> LoopState:
        state = self.states.get(loop)
        if state is None:
            around = loop.outer_context
            outer = None if around is None else around.GetWhileContext()
            known = self.states.get(outer) if isinstance(outer, WhileContext) else None
            if known is None and isinstance(outer, WhileContext) and self._is_differentiated(outer):
                known = self._state_for(outer)
            state = self.states[loop] = LoopState(loop, known)
        return state

    def _is_differentiated(self, loop: WhileContext) -> bool:
        """Whether the walk starts outside ``loop``, so that its gradient is a loop too."""
        current = get_default_graph()._get_control_flow_context()
        now = None if current is None else current.GetWhileContext()
        return now is not loop

    def exits(self) -> list[Operation]:
        """All results of the loops, which must all be visited."""
        return [tensor.op for state in self.states.values() for tensor in state.exits]

    def enter(self, op: Operation, before: bool) -> None:
        """Enters the gradient loop that belongs to ``op``."""
        state = self._of(op, before)
        if state is not None:
            state.grad_context.Enter()

    def leave(self, op: Operation, before: bool) -> None:
        """Leaves the gradient loop that belongs to ``op``."""
        state = self._of(op, before)
        if state is not None:
            state.grad_context.Exit()

    def _of(self, op: Operation, before: bool) -> LoopState | None:
        if before and op.type in _EXITS:
            context = op._control_flow_context
            around = None if context is None else context.outer_context
            loop = None if around is None else around.GetWhileContext()
            return self.states.get(loop) if isinstance(loop, WhileContext) else None
        found = _loop_of(op)
        return None if found is None else self.states.get(found)

    def unused_exits(self, pending: dict[Operation, int], targets: set[Operation]) -> list[Tensor]:
        """Results nobody differentiates, of loops none of whose results is read in between."""
        found: list[Tensor] = []
        for state in self.states.values():
            for tensor in state.exits:
                if pending.get(tensor.op, 0) == 0:
                    state.pending_exits -= 1
                    if tensor.op not in targets:
                        state.unused_exits.append(tensor)
                    if state.pending_exits == 0:
                        found.extend(state.unused_exits)
            for entered in state.forward_context.loop_enters:
                if pending.get(entered.op) == 0:
                    pending[entered.op] = 1
        return found

    def is_loop_switch(self, op: Operation) -> bool:
        """Whether ``op`` is the ``Switch`` of a loop variable."""
        if op.type not in _SWITCHES:
            return False
        return isinstance(op._control_flow_context, WhileContext)

    def arrived(self, op: Operation, has_grad: Any) -> tuple[list[Operation], list[Tensor]] | None:
        """Holds back results of a loop until all of them were reached.

        Args:
          op: An operation that is ready.
          has_grad: Tells whether an operation has any gradient.

        Returns:
          None if ``op`` is no result of a loop; else the operations that are ready now, and
          those results among them that need zeros.
        """
        if op.type not in _EXITS:
            return None
        state = self._of(op, before=False)
        if state is None:
            return None
        state.deferred_exits.append(op._outputs[0])
        state.pending_exits -= 1
        if state.pending_exits:
            return [], []
        used = [tensor for tensor in state.deferred_exits if has_grad(tensor.op)]
        unused = [t for t in state.deferred_exits if t not in used] + state.unused_exits
        state.unused_exits = unused
        ready = [tensor.op for tensor in (*used, *unused)]
        return ready, unused if used else []

    def zeros_for_exit(self, exit_tensor: Tensor) -> Any:
        """A zero gradient for a result of a loop that nobody differentiates."""
        context = exit_tensor.op._control_flow_context
        around = None if context is None else context.outer_context
        outer = None if around is None else around.GetWhileContext()
        state = self.states.get(outer) if isinstance(outer, WhileContext) else None
        shape = exit_tensor._shape_value
        dtype = exit_tensor.dtype.base_dtype
        if state is None:
            return (
                zeros(shape.dims, dtype) if shape.is_fully_defined else zeros_like_op(exit_tensor)
            )
        if shape.is_fully_defined:
            with inside(state.grad_context):
                return zeros(shape.dims, dtype)
        with inside(around):
            sizes = shape_internal(exit_tensor, None, False, dtypes.int32)
        saved = state.save(sizes)
        with inside(state.grad_context):
            return zeros(state.restore(saved, sizes), dtype)

    def zeros(self, op: Operation, index: int) -> Any:
        """A zero gradient for an output that nobody differentiates."""
        if self.is_loop_switch(op):
            return None
        loop = _loop_of(op)
        state = None if loop is None else self.states.get(loop)
        if state is None:
            return zeros_outside_loop(op, index)
        value = op._outputs[index]
        context = op._control_flow_context
        dead = op.type in _SWITCHES
        shape = value._shape_value
        if shape.is_fully_defined:
            result = constant(0, value.dtype.base_dtype, shape=shape.dims)
            if dead and isinstance(context, CondContext):
                predicate = state.saved_predicate(context.pred)
                result = switch_ref_or_tensor(result, predicate)[1 - context.branch]
            return result
        return self._zeros_of_saved_shape(op, value, state, dead)

    def _zeros_of_saved_shape(
        self, op: Operation, value: Tensor, state: LoopState, dead: bool
    ) -> Any:
        context = op._control_flow_context
        if dead and isinstance(context, CondContext):
            with inside(context.outer_context):
                side = switch_ref_or_tensor(op._inputs[0], context.pred)[1 - context.branch]
                sizes = shape_internal(side, None, False, dtypes.int32)
            side.op._set_control_flow_context(context)
            sizes.op._set_control_flow_context(context)
        else:
            with inside(context):
                sizes = shape_internal(value, None, False, dtypes.int32)
        state.grad_context.Exit()
        saved = state.save(sizes, dead_branch=dead)
        state.grad_context.Enter()
        return zeros(state.restore(saved, sizes, dead_branch=dead), value.dtype.base_dtype)

    def finish(self) -> None:
        """Closes cycles of loop variables that do not depend on their value before."""
        for state in self.states.values():
            for merged in state.merges.values():
                first, second = merged.op._inputs
                if first is second:
                    merged.op._update_input(1, self._zero_iteration(state, merged))

    def _zero_iteration(self, state: LoopState, merged: Tensor) -> Tensor:
        first = merged.op._inputs[0]
        dtype, shape = first.dtype.base_dtype, first._shape_value
        loop = state.grad_context
        if shape.is_fully_defined:
            with inside(loop):
                return flow.next_iteration(constant(0, dtype, shape=shape.dims))  # type: ignore[no-any-return]
        with inside(loop.outer_context):
            sizes = shape_internal(first.op._inputs[0], None, False, dtypes.int32)
            value = zeros(sizes, dtype)
        with inside(loop):
            return flow.next_iteration(value)  # type: ignore[no-any-return]


@hooks.install("zeros_outside_loop")
def zeros_outside_loop(op: Operation, index: int) -> Any:
    """A zero gradient for an output, made only where its side of a conditional is taken."""
    value = op._outputs[index]
    context = op._control_flow_context
    if op.type not in _SWITCHES or not isinstance(context, CondContext):
        return zeros_like_op(value)
    side = flow.switch(op._inputs[0], context.pred)[1 - context.branch]
    pivot = identity(side)
    sizes = shape_internal(side, None, False, dtypes.int32)
    with get_default_graph().control_dependencies([pivot.op]):
        return zeros(sizes, value.dtype.base_dtype)


@hooks.install("loop_gradients")
def loop_gradients(between: list[Operation]) -> LoopGradients | None:
    """The helper of the walk for the loops among ``between``; None where there are none."""
    if not any(op.type in _EXITS and _loop_of(op) is not None for op in between):
        return None
    return LoopGradients(between)
