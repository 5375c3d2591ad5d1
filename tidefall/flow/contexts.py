"""Control-flow contexts: what makes nodes built inside a branch or loop belong to it.

While a context is entered, the graph hands it every new node. It brings the node's inputs in from
outside (through a ``Switch`` in a branch, an ``Enter`` in a loop), drops control edges that would
cross its border, and anchors nodes without inputs to its pivot.
"""

from __future__ import annotations

from typing import Any

from tidefall.core import hooks
from tidefall.ir.graph import Graph, get_default_graph
from tidefall.ir.opdef import OpDef
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import flow

_EXITS = frozenset({"Exit", "RefExit"})
_ENTRANCES = frozenset({"Enter", "RefEnter", "Switch", "RefSwitch"})


class ControlFlowContext:
    """What branches and loops have in common.

    Attributes:
      values: Names of the tensors that are known inside.
      external: For tensors from outside, by name, what stands for them inside.
    """

    def __init__(self) -> None:
        self._graph: Graph = get_default_graph()
        self._outer_context: ControlFlowContext | None = self._graph._get_control_flow_context()
        self._context_stack: list[Any] = []
        self.values: set[str] = set()
        self.external: dict[str, Tensor] = {}

    @property
    def name(self) -> str:
        """The name scope of the construct."""
        raise NotImplementedError

    @property
    def outer_context(self) -> ControlFlowContext | None:
        """The context around this one."""
        return self._outer_context

    @property
    def grad_state(self) -> Any:
        """For a loop made by `tf.gradients`, what ties it to its forward loop."""
        return None

    @property
    def back_prop(self) -> bool:
        """Whether gradients may pass."""
        return True

    def Enter(self) -> None:
        """Makes this the context of new nodes."""
        self._context_stack.append(self._graph._get_control_flow_context())
        self._graph._set_control_flow_context(self)

    def Exit(self) -> None:
        """Goes back to the context before."""
        self._graph._set_control_flow_context(self._context_stack.pop())

    def EnterGradientColocation(self, op: Operation, gradient_uid: str) -> None:
        """Nothing to do: gradients are not placed by context."""

    def ExitGradientColocation(self, op: Operation, gradient_uid: str) -> None:
        """Nothing to do: gradients are not placed by context."""

    def ExitResult(self, result: Any) -> None:
        """Makes results known to the context around this one."""
        if self._outer_context is not None:
            for tensor in result:
                self._outer_context.values.add(tensor.name)

    def GetWhileContext(self) -> ControlFlowContext | None:
        """The innermost loop this is in (itself, if it is one)."""
        if self.IsWhileContext():
            return self
        return self._outer_context.GetWhileContext() if self._outer_context is not None else None

    def IsWhileContext(self) -> bool:
        """Whether this is a loop."""
        return False

    def IsCondContext(self) -> bool:
        """Whether this is a branch."""
        return False

    def AddValue(self, val: Tensor) -> Tensor:
        """What stands inside for a tensor, which is brought in where it comes from outside."""
        raise NotImplementedError

    def AddOp(self, op: Operation) -> None:
        """Takes in a new node."""
        raise NotImplementedError

    def AddInnerOp(self, op: Operation) -> None:
        """Notes a node that was made in a context inside this one."""
        if self._outer_context is not None:
            self._outer_context.AddInnerOp(op)

    def contains(self, op: Operation) -> bool:
        """Whether a node belongs to this context or one inside it."""
        context = op._control_flow_context
        while context is not None and context is not self:
            context = context._outer_context
        return context is self

    def note_outputs(self, op: Operation) -> None:
        """Makes a node's outputs known here and in every context around."""
        names = [tensor.name for tensor in op._outputs]
        context: ControlFlowContext | None = self
        while context is not None:
            context.values.update(names)
            context = context._outer_context

    def hide(self, op: Operation) -> None:
        """Forbids feeding and fetching of a node that may not run, or run often."""
        if self._outer_context is not None or op.type not in _EXITS:
            op.graph.prevent_fetching(op)
            for tensor in op._outputs:
                op.graph.prevent_feeding(tensor)

    def drop_outside_controls(self, op: Operation) -> None:
        """Removes control inputs that would cross the border of the innermost loop."""
        loop = self.GetWhileContext()
        if loop is None:
            kept = list(op._control_inputs)
        else:
            kept = [other for other in op._control_inputs if loop.contains(other)]
        if len(kept) != len(op._control_inputs):
            op._remove_all_control_inputs()
            op._add_control_inputs(kept)


def switch_ref_or_tensor(data: Tensor, pred: Tensor, name: str = "Switch") -> Any:
    """A switch for a tensor or a reference, placed with ``data``."""
    graph = data.graph
    with graph.colocate_with(data, ignore_existing=True):
        if data._dtype._is_ref:
            return flow.ref_switch(data, pred, name=name)
        return flow.switch(data, pred, name=name)


def output_context(op: Operation) -> ControlFlowContext | None:
    """The context a node's results are in: for an ``Exit``, the one around the loop."""
    context: ControlFlowContext | None = op._control_flow_context
    if op.type in _EXITS and context is not None:
        return context._outer_context
    return context


@hooks.install("check_context")
def _check_context(graph: Graph, op: OpDef, tensor: Tensor) -> None:
    """Refuses an input that lies in a loop which the new node is not in.

    Raises:
      ValueError: If it does.
    """
    source = output_context(tensor._op)
    loop = source.GetWhileContext() if source is not None else None
    if loop is None or op.name in _ENTRANCES:
        return
    context = graph._get_control_flow_context()
    while context is not None:
        if context is loop or _differentiates(context, loop):
            return
        context = context._outer_context
    raise ValueError(
        f"'{tensor.name}' lies inside the loop '{loop.name}', so it has a value in each iteration "
        "and none outside. Return it from the body of the loop, or collect its values in a "
        "tf.TensorArray."
    )


def _differentiates(context: ControlFlowContext, loop: ControlFlowContext) -> bool:
    """Whether ``context`` is the gradient of ``loop``, of one inside it, or of one around it."""
    state = context.grad_state
    forward = state.forward_context if state is not None else None
    if forward is not None and forward is loop._outer_context:
        return True
    while forward is not None and forward is not loop:
        forward = forward._outer_context
    return forward is loop
