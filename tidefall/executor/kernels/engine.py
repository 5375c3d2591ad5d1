"""Making kernels for a plan: from fused nodes to loaded code, ready to be bound to sessions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tidefall.compiler.primitives import FREE, ROW, kind
from tidefall.compiler.recorder import Fused
from tidefall.executor.kernels import multiply
from tidefall.executor.kernels.binding import Bound, python_function
from tidefall.executor.kernels.cache import code_of
from tidefall.executor.kernels.dump import dump
from tidefall.executor.kernels.kernel import ENTRY, Kernel, make
from tidefall.executor.kernels.layout import array_layout
from tidefall.executor.kernels.loading import Loaded, load_object
from tidefall.executor.kernels.target import host
from tidefall.ir.plan import KERNEL, Node, Plan, Value
from tidefall.state.cells import Store


@dataclass
class Call:
    """How the generated function of a plan calls one kernel.

    Attributes:
      node: The node of the plan.
      kernel: The kernel.
      loaded: Its code.
      body: The same nodes for tier 0, where the kernel cannot run.
      result: The text of what that returns.
      row_inputs: Inputs that are passed as arrays.
      free_inputs: Inputs that are written to known places.
      row_outputs: Outputs that are written to arrays passed.
      other_outputs: The others.
      place: Numbers of the known places, by value.
      cells: Keys of variables among the outputs.
    """

    node: Node
    kernel: Kernel
    loaded: Loaded

    def __post_init__(self) -> None:
        fused = self.fused
        self.body: Plan = self.node.attrs["body"]
        self.result = "(" + "".join(f"{{{i}}}, " for i in range(len(self.node.outputs))) + ")"
        self.row_inputs = [v for v, x in fused.inputs.items() if kind(x) == ROW]
        self.free_inputs = [v for v, x in fused.inputs.items() if kind(x) == FREE]
        self.row_outputs = [v for v, x in fused.outputs.items() if kind(x) == ROW]
        self.cells: dict[Value, str] = self.node.attrs["cells"]
        rows = set(self.row_outputs)
        self.other_outputs = [v for v in self.node.outputs if v not in rows]
        free = [v for v, x in fused.outputs.items() if kind(x) == FREE]
        self.place = {v: i for i, v in enumerate([*self.free_inputs, *free])}

    @property
    def fused(self) -> Fused:
        """What the kernel computes."""
        return self.kernel.fused

    def bind(self, plan: Plan, store: Store, interpret: Callable[..., Any]) -> Bound:
        """The kernel in one session."""
        return Bound(
            self.node, self.kernel, self.loaded, plan, store, interpret, store.threads
        )  # fmt: skip


def compile_kernels(plan: Plan) -> Plan:
    """The plan with the code of its kernels.

    Raises:
      KernelError: If LLVM refuses one.
      UnsupportedTarget: If there are no kernels for this machine.
    """
    if multiply.pays():
        for dtype in {n.outputs[0].dtype.np_dtype for n in plan.nodes if n.type == "MatMul"}:
            if dtype.char in "fd":
                multiply.code(dtype)
    return plan.with_nodes([_compiled(n) if n.type == KERNEL else n for n in plan.nodes])


def planned(node: Node) -> Kernel:
    """The kernel of a node, not yet compiled."""
    layout = array_layout()
    if layout is None:
        raise RuntimeError("arrays have an unknown layout")
    return make(node.attrs["fused"], host(), layout)


def _compiled(node: Node) -> Node:
    kernel = planned(node)
    code = code_of(kernel.identity, kernel.target, lambda: kernel.text)
    dump(node, kernel)
    symbols = {"PyLong_FromLong": python_function("PyLong_FromLong")}
    loaded = load_object(code, ENTRY, symbols)
    attrs = {**node.attrs, "call": Call(node, kernel, loaded)}
    return Node(
        KERNEL, node.op, attrs, node.inputs, node.outputs, node.updates, members=node.members
    )
