"""`WhileContext`: building the nodes of a loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tidefall.core import nest
from tidefall.core.shapes import Shape
from tidefall.flow.cond import merge
from tidefall.flow.contexts import ControlFlowContext, output_context, switch_ref_or_tensor
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.indexed_slices import IndexedSlices
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import flow
from tidefall.ops.array import identity

_CONSTANT_ENTERS = frozenset({"Enter", "RefEnter"})


class WhileContext(ControlFlowContext):
    """A loop.

    Args:
      maximum_iterations: A bound on the iterations, or None.
      parallel_iterations: Kept in the nodes; iterations run one after another here.
      back_prop: Whether gradients may pass.
      swap_memory: Kept for compatibility.
      name: The name of the frame.
      grad_state: For a loop made by `tf.gradients`, what ties it to its forward loop.
    """

    def __init__(
        self,
        maximum_iterations: Any = None,
        parallel_iterations: int = 10,
        back_prop: bool = True,
        swap_memory: bool = False,
        name: str = "while_context",
        grad_state: Any = None,
    ) -> None:
        super().__init__()
        self._name = get_default_graph().unique_name(name)
        self.maximum_iterations = maximum_iterations
        self.parallel_iterations = parallel_iterations
        self._back_prop = back_prop
        self.swap_memory = swap_memory
        self._grad_state = grad_state
        self.pivot_for_pred: Tensor | None = None
        self.pivot_for_body: Tensor | None = None
        self.pivot: Tensor | None = None
        self.loop_exits: list[Tensor] = []
        self.loop_enters: list[Tensor] = []

    @property
    def name(self) -> str:
        """The name of the frame."""
        return self._name

    @property
    def back_prop(self) -> bool:
        """Whether gradients may pass."""
        return self._back_prop

    @property
    def grad_state(self) -> Any:
        """For a loop made by `tf.gradients`, what ties it to its forward loop."""
        return self._grad_state

    def IsWhileContext(self) -> bool:
        """True."""
        return True

    def GetControlPivot(self) -> Tensor | None:
        """What nodes without inputs wait for."""
        return self.pivot_for_body if self.pivot_for_body is not None else self.pivot_for_pred

    def AddValue(self, val: Tensor) -> Tensor:
        """Brings ``val`` into the loop; it is the same in every iteration."""
        if val.name in self.values or val.op._control_flow_context is self:
            return self.external.get(val.name, val)
        self.values.add(val.name)
        saved = self._value_of_forward_loop(val)
        if saved is not None:
            self.external[val.name] = saved
            return saved
        result = val if self._outer_context is None else self._outer_context.AddValue(val)
        with self._graph.control_dependencies(None):
            entered = self.enter(result, is_constant=True)
            self._graph.prevent_feeding(entered)
            if self._outer_context is not None:
                self._outer_context.AddInnerOp(entered.op)
        self._adopt([entered])
        self.values.add(entered.name)
        self.external[val.name] = entered
        return entered

    def _value_of_forward_loop(self, val: Tensor) -> Tensor | None:
        """In a gradient loop: the history of a value of the loop it differentiates."""
        current = self._graph._get_control_flow_context()
        loop = current.GetWhileContext() if current is not None else None
        state = loop.grad_state if loop is not None else None
        if state is None:
            return None
        return state.value_for(val)  # type: ignore[no-any-return]

    def enter(self, value: Tensor, is_constant: bool, keep_shape: bool = True) -> Tensor:
        """An ``Enter`` node of this loop."""
        op = flow.ref_enter if value._dtype._is_ref and is_constant else flow.enter
        result: Tensor = op(
            value,
            frame_name=self._name,
            is_constant=is_constant,
            parallel_iterations=self.parallel_iterations,
        )
        if not keep_shape:
            result._shape_value = Shape(None)
        return result

    def _adopt(self, enters: Sequence[Tensor]) -> None:
        """Makes ``Enter`` nodes part of the loop, with the control inputs they should have."""
        for entered in enters:
            op = entered.op
            before = self._graph._control_dependencies_for_inputs([op._inputs[0].op])
            op._set_control_flow_context(self)
            kept = [other for other in before if self._is_around(other)]
            if kept:
                op._add_control_inputs(kept)
            for block in self._graph._control_dependencies_stack:
                block.seen.add(op)

    def _is_around(self, op: Operation) -> bool:
        """Whether a node lies in a context around this loop, but not beyond the loop around it."""
        context = output_context(op)
        outer = self._outer_context
        limit = None if outer is None else outer.GetWhileContext()
        while outer is not context:
            if outer is None or outer is limit:
                return False
            outer = outer._outer_context
        return True

    def AddOp(self, op: Operation) -> None:
        """Brings a new node's inputs into the loop."""
        if op.type in ("Shape", "Size", "Rank") and self._moves_to_forward(op):
            return
        self.add_inside(op)

    def _moves_to_forward(self, op: Operation) -> bool:
        """In a gradient loop: lets the forward loop save a shape rather than the whole value."""
        current = self._graph._get_control_flow_context()
        loop = current.GetWhileContext() if current is not None else None
        state = loop.grad_state if loop is not None else None
        if state is None:
            return False
        context = op._inputs[0].op._control_flow_context
        source = context.GetWhileContext() if context is not None else None
        if source is None or source is not state.forward_context:
            return False
        op._set_control_flow_context(context)
        context.add_inside(op)
        return True

    def add_inside(self, op: Operation) -> None:
        """Takes in a node as it is."""
        outside = self._cut_controls(op)
        if not op._inputs:
            if not op._control_inputs:
                self._wait_for_pivot(op)
        else:
            for index, tensor in enumerate(op._inputs):
                inside = self.AddValue(tensor)
                if inside is not tensor:
                    op._update_input(index, inside)
            if not op._control_inputs and all(_is_invariant(tensor) for tensor in op._inputs):
                self._wait_for_pivot(op)
        self.values.update(tensor.name for tensor in op._outputs)
        if outside:
            self._pull_controls(op, outside)
        self.hide(op)
        if self._outer_context is not None:
            self._outer_context.AddInnerOp(op)

    def _wait_for_pivot(self, op: Operation) -> None:
        pivot = self.GetControlPivot()
        if pivot is not None:
            op._add_control_input(pivot.op)

    def _cut_controls(self, op: Operation) -> list[Operation]:
        """Removes control inputs from outside the loop and returns them."""
        kept: list[Operation] = []
        outside: list[Operation] = []
        for other in op._control_inputs:
            context = output_context(other)
            loop = context.GetWhileContext() if context is not None else None
            (kept if loop is self else outside).append(other)
        if outside:
            op._remove_all_control_inputs()
            op._add_control_inputs(kept)
        return outside

    def _pull_controls(self, op: Operation, outside: list[Operation]) -> None:
        """Waits for nodes outside by reading one of their results inside."""
        with self._graph.control_dependencies(None):
            self.Enter()
            pulled = [identity(other._outputs[0]).op for other in outside if other._outputs]
            self.Exit()
        op._add_control_inputs(pulled)

    def AddInnerOp(self, op: Operation) -> None:
        """Notes a node that was made in a context inside this one."""
        for tensor in op._outputs:
            self.values.add(tensor.name)
        super().AddInnerOp(op)

    # -- the whole loop -----------------------------------------------------------------------

    def build(
        self,
        condition: Callable[..., Any],
        body: Callable[..., Any],
        structure: Any,
        variables: list[Tensor],
        invariants: list[Any] | None,
        pack: Callable[[Any, list[Tensor]], Any],
        unpack: Callable[[Any], list[Tensor]],
    ) -> tuple[Any, list[Tensor]]:
        """Builds condition and body.

        Args:
          condition: From the loop variables to a boolean scalar.
          body: From the loop variables to their next values.
          structure: The loop variables as the program gave them.
          variables: The same, flat, as tensors.
          invariants: A shape for each that holds in all iterations; None to keep the first one.
          pack: From a structure and flat tensors to what the functions take.
          unpack: From what ``body`` returns to flat tensors.

        Returns:
          What ``body`` returned, and the loop's results.
        """
        self.Enter()
        try:
            enters = self._enter_all(variables, invariants)
            merges = [merge([each, each]) for each in enters]
            self.pivot_for_pred = merges[0]
            test = convert_to_tensor(condition(*pack(structure, merges)))
            self.pivot = flow.loop_cond(test, name="LoopCond")
            switches = [switch_ref_or_tensor(each, self.pivot) for each in merges]
            inside = [identity(sides[1]) for sides in switches]
            self.pivot_for_body = inside[0]
            packed = pack(structure, inside)
            result = body(*packed)
            if not nest.is_nested(result) and not isinstance(result, IndexedSlices):
                result = [result]
            _check_structure(packed, result)
            following = [convert_to_tensor(each) for each in unpack(result)]
            if len(following) != len(merges):
                raise ValueError(
                    f"body must return as many values as there are loop variables, {len(merges)}, "
                    f"but returned {len(following)}."
                )
            for before, after in zip(merges, following, strict=True):
                self.close_cycle(before, after)
            exits: list[Tensor] = [flow.exit_op(sides[0]) for sides in switches]
            self.loop_exits = exits
            self.ExitResult(exits)
        finally:
            self.Exit()
        return result, exits

    def _enter_all(self, variables: list[Tensor], invariants: list[Any] | None) -> list[Tensor]:
        self.values.update(tensor.name for tensor in variables)
        outer = self._outer_context
        real = variables if outer is None else [outer.AddValue(tensor) for tensor in variables]
        with self._graph.control_dependencies(None):
            enters = [self.enter(tensor, False, keep_shape=invariants is None) for tensor in real]
            for entered in enters:
                self._graph.prevent_feeding(entered)
                if outer is not None:
                    outer.AddInnerOp(entered.op)
        if invariants is not None:
            _set_invariants(real, enters, invariants)
        self._adopt(enters)
        # A loop variable's first value is outside again: a body that also reads it must enter it.
        self.values.difference_update([tensor.name for tensor in variables])
        self.values.update(tensor.name for tensor in enters)
        self.loop_enters = enters
        return enters

    def close_cycle(self, before: Tensor, after: Tensor, check: bool = True) -> Tensor:
        """Hands ``after`` to the next iteration, where it is ``before``."""
        following: Tensor = flow.next_iteration(after)
        if check:
            _check_invariant(before, following)
        before.op._update_input(1, following)
        return following


def _is_invariant(tensor: Tensor) -> bool:
    op = tensor.op
    return op.type in _CONSTANT_ENTERS and bool(op._attrs["is_constant"])


def _check_structure(given: Any, returned: Any) -> None:
    try:
        nest.assert_same_structure(list(given), list(returned), expand_composites=True)
    except (ValueError, TypeError) as error:
        raise type(error)(
            f"body must return the structure of the loop variables: {error}"
        ) from None


def _set_invariants(real: list[Tensor], enters: list[Tensor], invariants: list[Any]) -> None:
    for tensor, entered, invariant in zip(real, enters, invariants, strict=True):
        shape = Shape.of(invariant)
        if not _at_most(tensor._shape_value, shape):
            raise ValueError(
                f"the shape invariant {shape} of loop variable '{tensor.name}' does not hold at "
                f"the start: its shape is {tensor._shape_value}."
            )
        entered._shape_value = shape


def _check_invariant(before: Tensor, after: Tensor) -> None:
    if not _at_most(after._shape_value, before._shape_value):
        raise ValueError(
            f"loop variable '{before.op._inputs[0].op._inputs[0].name}' enters the loop with shape "
            f"{before._shape_value}, but has shape {after._shape_value} after one iteration. Give "
            "shape_invariants to tf.while_loop, or set_shape in the body."
        )


def _at_most(shape: Shape, invariant: Shape) -> bool:
    """Whether everything that ``invariant`` says is known of ``shape``."""
    if invariant.dims is None:
        return True
    if shape.dims is None or len(shape.dims) != len(invariant.dims):
        return False
    return all(
        want is None or size == want for size, want in zip(shape.dims, invariant.dims, strict=True)
    )
