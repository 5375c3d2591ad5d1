"""The gradient of one loop: another loop, which runs as often, backwards.

What the backward loop needs of the forward one is pushed on a stack in each iteration and popped
in reverse order; a counter added to the forward loop says how often. The scheme is that of Yu et
al., *Dynamic Control Flow in Large-Scale Machine Learning*, EuroSys 2018, section 5.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.flow.cond import CondContext, merge
from tidefall.flow.contexts import ControlFlowContext, switch_ref_or_tensor
from tidefall.flow.while_context import WhileContext
from tidefall.ir.inference import constant_value
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import flow, math
from tidefall.ops.array import shape_internal
from tidefall.ops.compare import greater_equal
from tidefall.ops.constant import constant
from tidefall.ops.filled import zeros
from tidefall.ops.stack import stack_pop_v2, stack_push_v2, stack_v2

_EXITS = frozenset({"Exit", "RefExit"})


class LoopState:
    """A loop and the loop of its gradient.

    Attributes:
      forward_context: The loop.
      grad_context: The loop of its gradient.
      outer: The state of the loop around it, if that is differentiated too.
      history: Values of the forward loop, by name, as the backward loop sees them.
      merges: For each ``Switch`` of a loop variable, the ``Merge`` of its gradient.
      exits: The results of the forward loop.
    """

    def __init__(self, forward: WhileContext, outer: LoopState | None) -> None:
        self.forward_context = forward
        self.outer = outer
        self.history: dict[str, Tensor] = {}
        self.merges: dict[Operation, Tensor] = {}
        self.exits = list(forward.loop_exits)
        self.pending_exits = len(self.exits)
        self.deferred_exits: list[Tensor] = []
        self.unused_exits: list[Tensor] = []
        self._grad_sync: Operation | None = None
        self._forward_sync: Operation | None = None
        around = forward.outer_context if outer is None else outer.forward_context
        with _inside(around):
            count, self.forward_index = self._count_forward()
        if outer is None:
            with _inside(around):
                self.grad_context = self._gradient_loop()
                self.grad_index = self._count_backward(count)
            return
        outer.forward_context.values.add(count.name)
        saved = outer.save(count)
        with _inside(outer.grad_context):
            self.grad_context = self._gradient_loop()
            self.grad_index = self._count_backward(outer.restore(saved, count))

    def _gradient_loop(self) -> WhileContext:
        forward = self.forward_context
        return WhileContext(
            maximum_iterations=forward.maximum_iterations,
            parallel_iterations=forward.parallel_iterations,
            back_prop=forward.back_prop,
            swap_memory=forward.swap_memory,
            name=forward.name,
            grad_state=self,
        )

    # -- counters -----------------------------------------------------------------------------

    def _count_forward(self) -> tuple[Tensor, Tensor]:
        """Adds a counter to the forward loop: its final value, and its node in the cycle."""
        loop = self.forward_context
        start = constant(0, name="f_count")
        if self.outer is not None:  # pushes of one execution come before those of the next
            start.op._add_control_input(self.outer.forward_index.op._inputs[0].op)
        with _inside(loop):
            loop.values.add(start.name)
            entered = _enter(loop, start, "f_count")
            merged = merge([entered, entered])
            done, going = flow.switch(merged, loop.pivot)
            following = flow.next_iteration(math.add(going, 1))
            merged.op._update_input(1, following)
            total: Tensor = flow.exit_op(done, name="f_count")
            loop.loop_exits.append(total)
            loop.ExitResult([total])
        return total, following

    def _count_backward(self, count: Tensor) -> Tensor:
        """Makes the gradient loop count down from the number of forward iterations."""
        loop = self.grad_context
        one = constant(1, name="b_count")
        with _inside(loop):
            loop.values.add(count.name)
            entered = _enter(loop, count, "b_count")
            merged = merge([entered, entered])
            loop.pivot_for_pred = merged
            loop.pivot = flow.loop_cond(greater_equal(merged, one), name="b_count")
            done, going = flow.switch(merged, loop.pivot)
            index = math.sub(going, one)
            loop.pivot_for_body = index
            following: Tensor = flow.next_iteration(index)
            merged.op._update_input(1, following)
            final: Tensor = flow.exit_op(done, name="b_count")
            loop.loop_exits.append(final)
            if self.outer is not None:  # pops of one execution come before those of the next
                self.outer.grad_sync._add_control_input(final.op)
            loop.ExitResult([final])
        return following

    @property
    def grad_sync(self) -> Operation:
        """What all pops of one backward iteration come before."""
        if self._grad_sync is None:
            self._grad_sync = self._trigger("b_sync", self.grad_context)
            self.grad_index.op._add_control_input(self._grad_sync)
        return self._grad_sync

    @property
    def forward_sync(self) -> Operation:
        """What pushes inside conditionals of one forward iteration come before."""
        if self._forward_sync is None:
            self._forward_sync = self._trigger("f_sync", self.forward_context)
            self.forward_index.op._add_control_input(self._forward_sync)
        return self._forward_sync

    def _trigger(self, name: str, context: WhileContext) -> Operation:
        with self.forward_index.graph.control_dependencies(None):
            trigger: Operation = flow.control_trigger(name=name)
        trigger._set_control_flow_context(context)
        if context.outer_context is not None:
            context.outer_context.AddInnerOp(trigger)
        return trigger

    # -- history ------------------------------------------------------------------------------

    def value_for(self, value: Tensor) -> Tensor | None:
        """What the backward loop uses for ``value`` if it comes from the forward loop."""
        context = value.op._control_flow_context
        if value.op.type in _EXITS and context is not None:
            context = context.outer_context
        loop = None if context is None else context.GetWhileContext()
        return self.real_value(value) if loop is self.forward_context else None

    def real_value(self, value: Tensor) -> Tensor:
        """A value of the forward loop as the backward loop sees it, iteration by iteration."""
        found = self.history.get(value.name)
        if found is None:
            found = self.history[value.name] = self._real_value(value)
        return found

    def _real_value(self, value: Tensor) -> Tensor:
        current, state = value, self
        while True:
            enter = _constant_enter(current)
            if enter is not None:  # the same in every iteration: look outside the loop
                current = enter._inputs[0]
                if state.outer is None:
                    return self.grad_context.AddValue(current)
                state = state.outer
                continue
            if current.op.type == "Const":
                known = constant_value(current)
                return constant(known, dtype=current.dtype)  # type: ignore[no-any-return]
            self.grad_context.Exit()
            saved = state.save(current)
            self.grad_context.Enter()
            real = state.restore(saved, current)
            return real if state is self else self.grad_context.AddValue(real)

    def save(self, value: Tensor, dead_branch: bool = False) -> Tensor:
        """Pushes ``value`` in every iteration of the forward loop; returns the stack."""
        graph = self.forward_index.graph
        current = graph._get_control_flow_context()
        with graph.control_dependencies(None):
            with _inside(current), graph.colocate_with(value.op):
                limit = constant(np.int32(-1))
                stack = stack_v2(limit, elem_type=value.dtype.base_dtype, name="f_acc")
            entered = self.forward_context.AddValue(stack)
            push = self._push(entered, value, dead_branch)
            push._add_control_input(self.forward_index.op._inputs[0].op)
        return stack  # type: ignore[no-any-return]

    def _push(self, stack: Tensor, value: Tensor, dead_branch: bool) -> Operation:
        swap = self.forward_context.swap_memory
        context = output_context(value.op)
        if context is self.forward_context:
            with _inside(context):
                push: Operation = stack_push_v2(stack, value, swap_memory=swap).op
            self.forward_index.op._add_control_input(push)
            return push
        if not isinstance(context, CondContext):
            raise TypeError(f"'{value.name}' lies in no branch of the loop it is saved in.")
        with _inside(context.outer_context if dead_branch else context):
            push = stack_push_v2(stack, value, swap_memory=swap).op
        if dead_branch:
            push._set_control_flow_context(context)
        self.forward_sync._add_control_input(push)
        return push

    def restore(self, stack: Tensor, value: Tensor, dead_branch: bool = False) -> Tensor:
        """Pops what `save` pushed, in the backward loop."""
        condition = _condition_of(value, stack.op._control_flow_context)
        with stack.graph.control_dependencies(None), _inside(self.grad_context):
            if condition is not None:
                branch = 1 - condition.branch if dead_branch else condition.branch
                stack = switch_ref_or_tensor(stack, self._predicate(condition))[branch]
            popped: Tensor = stack_pop_v2(stack, elem_type=value.dtype.base_dtype)
            popped._shape_value = value._shape_value
        if self.grad_context.parallel_iterations > 1:
            self.grad_sync._add_control_input(popped.op)
        return popped

    def _predicate(self, condition: CondContext) -> Tensor:
        """The predicate of a conditional of the forward loop, as the backward loop sees it."""
        state: LoopState | None = self
        while state is not None:
            found = state.history.get(condition.pred.name)
            if found is not None:
                return found
            state = state.outer
        return condition.pred

    def saved_predicate(self, predicate: Tensor) -> Tensor:
        """The predicate of a conditional, saved in every iteration."""
        found = self.history.get(predicate.name)
        if found is None:
            self.grad_context.Exit()
            saved = self.save(predicate)
            self.grad_context.Enter()
            found = self.history[predicate.name] = self.restore(saved, predicate)
        return found

    # -- accumulators -------------------------------------------------------------------------

    def accumulate(self, enter: Operation, grad: Tensor) -> Tensor:
        """The gradient of what enters the loop once: the sum over iterations.

        Called inside the gradient loop.
        """
        loop = self.grad_context
        loop.Exit()
        start = self._zeros_for(enter, grad)
        loop.Enter()
        loop.values.add(start.name)
        entered = _enter(loop, start, "b_acc")
        merged: Tensor = flow.merge([entered, entered], name="b_acc")[0]
        done, going = flow.switch(merged, loop.pivot)
        following = flow.next_iteration(math.add(going, grad))
        merged.op._update_input(1, following)
        total: Tensor = flow.exit_op(done, name="b_acc")
        loop.loop_exits.append(total)
        loop.ExitResult([total])
        return total

    def _zeros_for(self, enter: Operation, grad: Tensor) -> Tensor:
        """Zeros in the shape of ``grad``, made outside the gradient loop."""
        around = self.grad_context.outer_context
        shape = grad._shape_value
        dtype = grad.dtype.base_dtype
        if shape.is_fully_defined:
            with _inside(around):
                return constant(0, dtype, shape=shape.dims, name="b_acc")  # type: ignore[no-any-return]
        value = enter._inputs[0]
        if self.outer is None:
            with _inside(around):
                return zeros(shape_internal(value, None, False, dtypes.int32), dtype)  # type: ignore[no-any-return]
        with _inside(self.forward_context.outer_context):
            sizes = shape_internal(value, None, False, dtypes.int32)
        saved = self.outer.save(sizes)
        with _inside(around):
            return zeros(self.outer.restore(saved, sizes), dtype)  # type: ignore[no-any-return]


class _Inside:
    """A with-block in which a context is entered (nothing, where there is none)."""

    def __init__(self, context: ControlFlowContext | None) -> None:
        self.context = context

    def __enter__(self) -> None:
        if self.context is not None:
            self.context.Enter()

    def __exit__(self, *error: object) -> None:
        if self.context is not None:
            self.context.Exit()


def _inside(context: ControlFlowContext | None) -> _Inside:
    return _Inside(context)


inside = _inside


def _enter(loop: WhileContext, value: Tensor, name: str) -> Tensor:
    entered: Tensor = flow.enter(
        value,
        frame_name=loop.name,
        is_constant=False,
        parallel_iterations=loop.parallel_iterations,
        name=name,
    )
    loop.loop_enters.append(entered)
    return entered


def output_context(op: Operation) -> ControlFlowContext | None:
    """The context an operation's results are in."""
    context: ControlFlowContext | None = op._control_flow_context
    if op.type in _EXITS and context is not None:
        return context.outer_context
    return context


def _constant_enter(value: Tensor) -> Operation | None:
    """The ``Enter`` node that brought ``value`` into a loop unchanged, if one did."""
    op = value.op
    while op.type in ("Identity", "RefIdentity", "Switch", "RefSwitch"):
        op = op._inputs[0].op
    if op.type in ("Enter", "RefEnter") and op._attrs["is_constant"]:
        return op
    return None


def _condition_of(value: Tensor, stop: Any) -> CondContext | None:
    """The innermost conditional around ``value``, inside the context ``stop``."""
    context = value.op._control_flow_context
    while context is not None and context is not stop:
        if isinstance(context, CondContext):
            return context
        context = context.outer_context
    return None
