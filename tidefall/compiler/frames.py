"""Loops: recovering them from ``Enter``, ``Merge``, ``Switch``, ``NextIteration`` and ``Exit``.

The nodes of a loop carry its frame's name on its ``Enter`` nodes only; every other node belongs
to the frame its inputs come from. This works for graphs built here and for imported ones alike.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import NamedTuple

from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor

ENTER = frozenset({"Enter", "RefEnter"})
EXIT = frozenset({"Exit", "RefExit"})
NEXT = frozenset({"NextIteration", "RefNextIteration"})
MERGE = frozenset({"Merge", "RefMerge"})
SWITCH = frozenset({"Switch", "RefSwitch"})


class LoopVariable(NamedTuple):
    """One value that changes from iteration to iteration, and the nodes that carry it."""

    enter: Operation
    merge: Operation
    switch: Operation | None
    next: Operation | None
    exit: Operation | None


class Frame:
    """A loop.

    Attributes:
      name: The frame's name.
      parent: The loop around it, or None.
      ops: The operations that belong to it or to loops inside it.
      variables: Its loop variables.
      constants: ``Enter`` nodes of values that do not change.
      condition: The ``LoopCond`` node.
    """

    def __init__(self, name: str, parent: Frame | None) -> None:
        self.name = name
        self.parent = parent
        self.ops: list[Operation] = []
        self.variables: list[LoopVariable] = []
        self.constants: list[Operation] = []
        self.condition: Operation | None = None

    @property
    def number(self) -> int:
        """Where the loop stands in the order of creation."""
        return min(op._id for op in self.ops)

    def depth(self) -> int:
        """How many loops are around it."""
        return 0 if self.parent is None else 1 + self.parent.depth()

    def inside(self, other: Frame | None) -> bool:
        """Whether this is ``other`` or a loop inside it."""
        frame: Frame | None = self
        while frame is not None and frame is not other:
            frame = frame.parent
        return frame is other

    def describe(self, own: list[Operation]) -> None:
        """Finds the loop variables among the operations of this very loop."""
        for op in own:
            kind = op.type
            if kind == "LoopCond":
                self.condition = op
            elif kind in ENTER:
                merge = _reader(op._outputs[0], MERGE)
                if merge is None:
                    self.constants.append(op)
                else:
                    self.variables.append(_variable(op, merge))


Unit = Operation | Frame


class Frames:
    """The loops among a set of operations.

    Attributes:
      of: The innermost loop of each operation that is in one.
    """

    def __init__(self, ops: Iterable[Operation], fed: set[Tensor]) -> None:
        self.of: dict[Operation, Frame] = {}
        self._fed = fed
        self._made: dict[tuple[Frame | None, str], Frame] = {}
        for op in _forward_order(set(ops), fed):
            frame = self._frame_of(op)
            if frame is not None:
                self.of[op] = frame
                around: Frame | None = frame
                while around is not None:
                    around.ops.append(op)
                    around = around.parent
        for frame in self._made.values():
            frame.describe([op for op in frame.ops if self.of[op] is frame])

    def _frame_of(self, op: Operation) -> Frame | None:
        frame = self._deepest(op)
        if op.type in ENTER:
            name = op._attrs["frame_name"].decode()
            key = (frame, name)
            if key not in self._made:
                self._made[key] = Frame(name, frame)
            return self._made[key]
        if op.type in EXIT:
            return frame.parent if frame is not None else None
        return frame

    def _deepest(self, op: Operation) -> Frame | None:
        found: Frame | None = None
        before = [tensor._op for tensor in op._inputs if tensor not in self._fed]
        for other in (*before, *op._control_inputs):
            frame = self.of.get(other)
            if frame is not None and (found is None or frame.depth() > found.depth()):
                found = frame
        return found

    def schedule(self, ops: set[Operation], parent: Frame | None) -> list[Unit]:
        """The operations of one level in order of execution; each loop inside is one unit."""
        units: dict[Unit, int] = {}
        for op in ops:
            unit = self._unit(op, parent)
            number = unit.number if isinstance(unit, Frame) else unit._id
            units[unit] = number
        waiting: dict[Unit, set[Unit]] = {unit: set() for unit in units}
        readers: dict[Unit, list[Unit]] = {}
        for op in ops:
            unit = self._unit(op, parent)
            before = [t._op for t in op._inputs if t not in self._fed]
            for other in (*before, *op._control_inputs):
                if other in ops:
                    first = self._unit(other, parent)
                    if first is not unit and first not in waiting[unit]:
                        waiting[unit].add(first)
                        readers.setdefault(first, []).append(unit)
        return _by_number(units, waiting, readers)

    def _unit(self, op: Operation, parent: Frame | None) -> Unit:
        frame = self.of.get(op)
        if frame is parent or frame is None:
            return op
        while frame.parent is not parent and frame.parent is not None:
            frame = frame.parent
        return frame


def _by_number(
    units: dict[Unit, int], waiting: dict[Unit, set[Unit]], readers: dict[Unit, list[Unit]]
) -> list[Unit]:
    serial = {unit: index for index, unit in enumerate(units)}
    ready = [(number, serial[unit], unit) for unit, number in units.items() if not waiting[unit]]
    heapq.heapify(ready)
    order: list[Unit] = []
    while ready:
        unit = heapq.heappop(ready)[2]
        order.append(unit)
        for reader in readers.get(unit, ()):
            waiting[reader].discard(unit)
            if not waiting[reader]:
                heapq.heappush(ready, (units[reader], serial[reader], reader))
    if len(order) != len(units):
        stuck = next(unit for unit in units if waiting[unit])
        raise ValueError(
            f"the graph has a cycle through '{stuck.name}' that is not part of a while_loop, so it "
            "can never run."
        )
    return order


def _forward_order(ops: set[Operation], fed: set[Tensor]) -> list[Operation]:
    """The operations such that each follows its inputs, but for back edges of loops."""
    waiting: dict[Operation, int] = {}
    readers: dict[Operation, list[Operation]] = {}
    ready: list[tuple[int, Operation]] = []
    for op in ops:
        needs = {
            tensor._op
            for tensor in op._inputs
            if tensor not in fed and tensor._op in ops and tensor._op.type not in NEXT
        }
        needs.update(other for other in op._control_inputs if other in ops)
        waiting[op] = len(needs)
        for need in needs:
            readers.setdefault(need, []).append(op)
        if not needs:
            ready.append((op._id, op))
    heapq.heapify(ready)
    order = []
    while ready:
        op = heapq.heappop(ready)[1]
        order.append(op)
        for reader in readers.get(op, ()):
            waiting[reader] -= 1
            if waiting[reader] == 0:
                heapq.heappush(ready, (reader._id, reader))
    return order


def _variable(enter: Operation, merge: Operation) -> LoopVariable:
    switch = _reader(merge._outputs[0], SWITCH)
    following = next((t._op for t in merge._inputs if t._op.type in NEXT), None)
    exit_op = _reader(switch._outputs[0], EXIT) if switch is not None else None
    return LoopVariable(enter, merge, switch, following, exit_op)


def _reader(tensor: Tensor, kinds: frozenset[str]) -> Operation | None:
    """The first reader of ``tensor`` that is of one of these types."""
    for op in tensor._consumers:
        if op.type in kinds:
            if kinds is SWITCH and op._inputs[0] is not tensor:
                continue
            if kinds is SWITCH and op._inputs[1]._op.type != "LoopCond":
                continue
            return op
    return None
