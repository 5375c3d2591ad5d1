"""`Plan`: what one kind of run executes, frozen; the form the compiler works on.

A plan is in single-assignment form: every `Value` is computed once. Variables appear as versions:
a ``Load`` node reads a variable's value at its place in the order, and a node that updates
variables yields their new values as its first outputs. So a stretch of nodes between two host
operations is a pure function from feeds and old state to results and new state.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from tidefall.core.dtypes import DType
from tidefall.core.shapes import Shape
from tidefall.ir.opdef import OpDef, group
from tidefall.ir.operation import Operation

#: Types of nodes that the compiler makes; every other type is an op's. A `CHOICE` has three
#: inputs, a predicate and what it is if true and if false. A `WHILE` node's bodies, condition and
#: body, take all its inputs: the loop variables first, then what does not change. A `KERNEL` stands
#: for its members, which the engine runs as one; its attribute ``fused`` says how. A `SIZES` node
#: makes its attribute ``sizes``; an `Extent` in it is a multiple of its input's leading size.
LOAD = "Load"
IS_INITIALIZED = "IsInitialized"
PACKED = "PackedUpdates"
CHOICE = "Choice"
WHILE = "While"
KERNEL = "Kernel"
SIZES = "Sizes"
_MADE_HERE = (LOAD, IS_INITIALIZED, PACKED, CHOICE, WHILE, KERNEL, SIZES)


class Value:
    """One array of a run.

    Attributes:
      dtype: Its element type.
      shape: Its static shape.
      name: The name of the tensor it stands for.
      constant: Its value where it is known before the run.
    """

    __slots__ = ("constant", "dtype", "name", "shape")

    def __init__(self, dtype: DType, shape: Shape, name: str, constant: Any = None) -> None:
        self.dtype = dtype.base_dtype
        self.shape = shape
        self.name = name
        self.constant = constant

    def __repr__(self) -> str:
        known = "" if self.constant is None else " constant"
        return f"<{self.name} {self.dtype.name}{self.shape}{known}>"


class Guard(NamedTuple):
    """A condition under which a node runs: ``predicate`` must be ``side``."""

    predicate: Value
    side: bool


class Node:
    """One step of a plan.

    Attributes:
      type: The op type, or `LOAD` or `IS_INITIALIZED`.
      op: The graph operation it comes from (for errors, names and random streams).
      opdef: The op's definition.
      attrs: Its attributes.
      inputs: The values it reads, flat. Inputs that are updated variables are their old values.
      outputs: The values it computes: first the new values of ``updates``, then its results.
      updates: Keys of the variables it writes.
      cell: For `LOAD` and `IS_INITIALIZED`, the key of the variable.
      bodies: For `WHILE`, the plans of its condition and its body.
      cell_writes: For `WHILE`, keys of the variables its bodies write.
      guards: Conditions under which it runs, the outer ones first.
      members: For `PACKED` and `KERNEL`, the nodes it stands for.
    """

    __slots__ = (
        "attrs", "bodies", "cell", "cell_writes", "guards", "inputs", "members", "op", "opdef",
        "outputs", "type", "updates",
    )  # fmt: skip

    def __init__(
        self,
        type: str,
        op: Operation,
        attrs: dict[str, Any],
        inputs: tuple[Value, ...],
        outputs: tuple[Value, ...],
        updates: tuple[str, ...] = (),
        cell: str | None = None,
        bodies: tuple[Plan, ...] = (),
        members: tuple[Node, ...] = (),
        cell_writes: tuple[str, ...] = (),
        guards: tuple[Guard, ...] = (),
    ) -> None:
        self.type = type
        self.op = op
        self.opdef: OpDef = op.opdef
        self.attrs = attrs
        self.inputs = inputs
        self.outputs = outputs
        self.updates = updates
        self.cell = cell
        self.bodies = bodies
        self.members = members
        self.cell_writes = cell_writes
        self.guards = guards

    @property
    def is_pure(self) -> bool:
        """Whether the node only computes: it may be folded, merged, moved or dropped."""
        opdef = self.opdef
        if self.type in _MADE_HERE:
            return self.type == CHOICE
        return not (opdef.stateful or opdef.effects or self.updates or self.op.must_run)

    @property
    def on_host(self) -> bool:
        """Whether it runs in Python outside every lock."""
        if self.bodies:
            return any(node.on_host for body in self.bodies for node in body.nodes)
        return self.opdef.runs_on == "host" and self.type not in _MADE_HERE

    @property
    def reads(self) -> tuple[Value, ...]:
        """Everything that must be computed before: inputs and the predicates of guards."""
        if not self.guards:
            return self.inputs
        return (*self.inputs, *[guard.predicate for guard in self.guards])

    def with_inputs(
        self, inputs: tuple[Value, ...], guards: tuple[Guard, ...] | None = None
    ) -> Node:
        """This node reading other values."""
        guards = self.guards if guards is None else guards
        if inputs == self.inputs and guards == self.guards:
            return self
        return Node(
            self.type,
            self.op,
            self.attrs,
            inputs,
            self.outputs,
            self.updates,
            self.cell,
            self.bodies,
            self.members,
            self.cell_writes,
            guards,
        )

    def with_bodies(self, bodies: tuple[Plan, ...]) -> Node:
        """This loop with other bodies."""
        return Node(
            self.type,
            self.op,
            self.attrs,
            self.inputs,
            self.outputs,
            bodies=bodies,
            cell_writes=self.cell_writes,
            guards=self.guards,
        )

    def arguments(self) -> list[Any]:
        """The inputs as the kernel takes them: a list for each list input, None for old values
        that the op overwrites."""
        if self.opdef.overwrites:
            rest = list(self.inputs)
            for position in self.opdef.update_positions:
                rest.insert(position, None)  # type: ignore[arg-type]
            return rest
        if len(self.inputs) == len(self.opdef.inputs) and not any(
            arg.is_list for arg in self.opdef.inputs
        ):
            return list(self.inputs)
        return group(self.opdef.inputs, self.inputs, self.attrs)

    def __repr__(self) -> str:
        return f"<{self.type} '{self.op.name}'>"


class CellInfo(NamedTuple):
    """What a plan knows of a variable: dtype, declared shape, and what makes it."""

    key: str
    dtype: DType
    shape: Shape
    op: Operation


@dataclass(frozen=True)
class Plan:
    """The nodes of one kind of run, in the order in which they execute.

    Attributes:
      feeds: The values a run is given, in order.
      nodes: The steps.
      fetches: The values a run returns, in order.
      cells: The variables it touches, by key.
      report: What the passes did, for ``tidefall explain``.
    """

    feeds: tuple[Value, ...]
    nodes: tuple[Node, ...]
    fetches: tuple[Value, ...]
    cells: dict[str, CellInfo]
    report: tuple[str, ...] = field(default=(), compare=False)

    def with_nodes(self, nodes: Iterable[Node]) -> Plan:
        """This plan with other nodes."""
        return replace(self, nodes=tuple(nodes))

    def rewire(self, alias: dict[Value, Value]) -> Plan:
        """This plan with values replaced wherever they are read."""
        if not alias:
            return self

        def now(value: Value) -> Value:
            while value in alias:
                value = alias[value]
            return value

        nodes = [
            node.with_inputs(
                tuple(map(now, node.inputs)),
                tuple([Guard(now(guard.predicate), guard.side) for guard in node.guards]),
            )
            for node in self.nodes
        ]
        return replace(self, nodes=tuple(nodes), fetches=tuple(map(now, self.fetches)))

    def noted(self, line: str) -> Plan:
        """This plan with one more line in its report."""
        return replace(self, report=(*self.report, line))
