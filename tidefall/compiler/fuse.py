"""Fusing: stretches of a plan that the engine can run as one kernel become one node each.

Which nodes those are is tried out with a `tidefall.compiler.recorder.Recorder`; a node that
cannot be recorded stays as it is, and NumPy runs it between two kernels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tidefall.array.symbols import ROWS, NotRecordable
from tidefall.compiler import folded
from tidefall.compiler.fixed_rows import find_rows
from tidefall.compiler.named_rows import named_rows
from tidefall.compiler.primitives import FREE, ROW, kind
from tidefall.compiler.recorder import Fused, Recorder, as_symbol, is_known
from tidefall.compiler.rows_put_in import put_rows
from tidefall.compiler.sizes import Sizes
from tidefall.core import hooks
from tidefall.ir.plan import KERNEL, LOAD, PACKED, SIZES, Node, Plan, Value

#: Kernels of fewer nodes than this cost more to call than they save.
FEWEST_NODES = 6
_MOST_REASONS = 8


@hooks.install("fuse")
def fuse(plan: Plan, sizes: Sizes) -> Plan:
    """The plan with everything the engine can run in `KERNEL` nodes."""
    return _Stages(plan, sizes).plan()


@hooks.install("reasons")
def reasons(plan: Plan, sizes: Sizes) -> list[str]:
    """Why NumPy runs a plan: what `fuse` adds to the report of one of which it fuses something."""
    return _Stages(plan, sizes).left_out(plan.nodes)


class _Stages:
    """Nodes by time: even times are NumPy's, odd ones those of kernels.

    A `LOAD` or a shape costs a kernel nothing, so these are recorded again in every kernel that
    reads them; only for NumPy's nodes do they exist as nodes of their own.
    """

    def __init__(self, plan: Plan, sizes: Sizes) -> None:
        self._plan = plan
        self._sizes = sizes
        self._maker = {value: node for node in plan.nodes for value in node.outputs}
        self._position = {node: index for index, node in enumerate(plan.nodes)}
        self._named = named_rows(plan)
        self.reasons: dict[Node, str] = {}
        self._rows_feed = self._find_rows_feed()
        self._fixed = find_rows(plan, sizes, self._named)
        self._recordable = self._try_all() if self._fixed is None else self._fixed.nodes
        if self._fixed is not None:
            self.reasons.update(self._fixed.reasons)
        self._absorbed = {node for node in self._recordable if self._costs_nothing(node)}
        self.time: dict[Node, int] = {}
        self._last_read: dict[str, int] = {}
        self._last_write: dict[str, tuple[int, int]] = {}
        self._assign()
        self._drop_small()
        self._readers = self._find_readers()

    def _find_readers(self) -> dict[Value, set[Node | None]]:
        """Which nodes read a value, without those that only kernels read; None is a fetch."""
        readers: dict[Value, set[Node | None]] = {
            value: set() for node in self._plan.nodes for value in node.outputs
        }
        for value in self._plan.fetches:
            readers.setdefault(value, set()).add(None)
        for node in reversed(self._plan.nodes):
            after = {reader for value in node.outputs for reader in readers[value]}
            if node in self._absorbed and all(r is not None and self.time[r] % 2 for r in after):
                for value in node.inputs if node in self._named else ():
                    readers.setdefault(value, set()).update(after)
                continue
            for value in node.reads if not self._is_told(node) else ():
                readers.setdefault(value, set()).add(node)
        return readers

    def _try_all(self) -> frozenset[Node]:
        """The nodes that can be recorded, each looked at by itself."""
        found = set()
        recorder = Recorder(self._sizes, self._plan, self._named)
        for node in self._plan.nodes:
            if (node.on_host and node not in self._named) or node.bodies:
                self.reasons[node] = "it runs in Python"
                continue
            if self._sizes.rows and self._rows_feed is None:
                self.reasons[node] = "no feed tells the number of rows"
                continue
            recorder.fused.writes.clear()
            recorder.fused.packed.clear()
            try:
                recorder.record(node)
            except NotRecordable as error:
                self.reasons[node] = str(error)
                continue
            found.add(node)
        return frozenset(found)

    def _costs_nothing(self, node: Node) -> bool:
        """Whether a node may be recorded in every kernel that reads it."""
        return node.type == LOAD or is_known(node, self._sizes) or node in self._named

    def _is_told(self, node: Node) -> bool:
        """Whether a feed tells what the node computes, so that it waits for nothing else."""
        return self._rows_feed is not None and is_known(node, self._sizes)

    def _find_rows_feed(self) -> Value | None:
        """A feed from which a kernel can tell the number of rows."""
        for position in self._sizes.rows:
            try:
                Recorder(self._sizes, self._plan, self._named).input(self._plan.feeds[position])
            except NotRecordable:
                continue
            return self._plan.feeds[position]
        return None

    def _assign(self) -> None:
        start = latest = 0
        for node in self._plan.nodes:
            fused = node in self._recordable and node not in self._absorbed
            apart = (node.on_host or node.bodies) and node not in self._absorbed
            if apart:
                start = time = latest + 2 - latest % 2
            else:
                time = self._earliest(node, fused, start)
            self.time[node] = time
            latest = max(latest, time)
            if apart:
                start = latest = time + 2
            self._note_uses(node, time)

    def _earliest(self, node: Node, fused: bool, start: int) -> int:
        earliest = start
        if self._is_told(node):
            return earliest
        for value in node.reads:
            earliest = max(earliest, self._available(value, fused))
        keys = [node.cell] if node.cell is not None else []
        for key in (*keys, *node.updates):
            if key in self._last_write:
                earliest = max(earliest, self._last_write[key][0] + 1)
        for key in node.updates:
            earliest = max(earliest, self._last_read.get(key, 0))
        return earliest if earliest % 2 == fused else earliest + 1

    def _available(self, value: Value, fused: bool) -> int:
        """When a value can be read, by a kernel or by NumPy."""
        maker = self._maker.get(value)
        if maker is None:
            return 0
        if maker in self._absorbed and fused:
            if maker in self._named:
                return max([self._available(each, fused) for each in maker.inputs])
            return self.time[maker] if maker.type == LOAD else 0
        time = self.time[maker]
        if time % 2 != fused:
            return time + 1
        return time + (bool(maker.updates) and not (fused and maker.type != PACKED))

    def _note_uses(self, node: Node, time: int) -> None:
        keys = [node.cell] if node.cell is not None else []
        for value in node.inputs:
            maker = self._maker.get(value)
            if maker is not None and maker.type == LOAD and maker.cell is not None:
                keys.append(maker.cell)
        for key in keys:
            self._last_read[key] = max(self._last_read.get(key, 0), time)
        for key in node.updates:
            self._last_write[key] = (time, self._position[node])

    def _drop_small(self) -> None:
        """Kernels of a few nodes go back to NumPy."""
        for time in {t for t in self.time.values() if t % 2}:
            members = [node for node, t in self.time.items() if t == time]
            if any(self._maker.get(value) in self._named for n in members for value in n.inputs):
                continue
            if sum(len(node.members) or 1 for node in members) < FEWEST_NODES:
                for node in members:
                    self.time[node] = time - 1
                    self.reasons.setdefault(node, "too little for a kernel")

    def plan(self) -> Plan:
        """The plan in the order of times, its kernels as single nodes."""
        ordered = sorted(self._plan.nodes, key=lambda n: (self.time[n], self._position[n]))
        nodes: list[Node] = []
        fused = []
        for time in sorted(set(self.time.values())):
            members = [node for node in ordered if self.time[node] == time]
            if time % 2:
                members = [self._kernel(members)]
                fused.append(len(members[0].members))
            nodes.extend(members)
        if not fused:
            return self._plan
        nodes = [self._told(node) if self._is_told(node) else node for node in nodes]
        plan = self._plan.with_nodes(_only_read(nodes, self._plan.fetches))
        text = f"fused {sum(fused)} nodes into {len(fused)} kernel{'s' * (len(fused) != 1)}"
        for line in (*self._batch(), text, *self.left_out(plan.nodes)):
            plan = plan.noted(line)
        return plan

    def _batch(self) -> list[str]:
        """What is told of a batch of a fixed size."""
        if self._fixed is None:
            return []
        values = [*self._plan.feeds, *[v for n in self._plan.nodes for v in n.inputs]]
        names = [v.name for v in dict.fromkeys(values)
                 if v in self._fixed.values and self._maker.get(v) is None]  # fmt: skip
        of = f" of {', '.join(names)}" if 0 < len(names) <= _MOST_REASONS else ""
        return [f"batched by {self._fixed.count:,} rows{of}"]

    def left_out(self, nodes: Iterable[Node]) -> list[str]:
        """For each reason why nodes stay with NumPy, a line that counts them by type."""
        by_reason: dict[str, Counter[str]] = {}
        for node in nodes:
            if node in self.reasons:
                by_reason.setdefault(self.reasons[node], Counter())[node.type] += 1
        lines = []
        for reason, types in sorted(by_reason.items(), key=lambda item: -item[1].total()):
            names = [f"{name} ×{n}" if n > 1 else name for name, n in types.most_common()]
            lines.append(f"interpreted {', '.join(names)}: {reason}")
        if len(lines) > _MOST_REASONS:
            lines[_MOST_REASONS:] = [f"interpreted others for {len(lines) - _MOST_REASONS} reasons"]
        return lines

    def _kernel(self, members: list[Node]) -> Node:
        count = None if self._fixed is None else self._fixed.count
        recorder = Recorder(self._sizes, self._plan, self._named, count)
        for node in members:
            for value in node.inputs:
                self._bring(recorder, value, node)
            recorder.record(node)
        own = set(members)
        fused = recorder.fused
        if self._fixed is None:
            self._give_rows(recorder)
        else:
            put_rows(recorder, self._fixed)
        outputs = [v for n in members for v in n.outputs if not own.issuperset(self._readers[v])]
        updates = tuple([key for node in members for key in node.updates])
        written = {v for node in members for v in node.outputs[: len(node.updates)]}
        for value in outputs:
            if value not in written:
                fused.outputs[value] = recorder.known[value]
        _take_apart(fused)
        cells = {v: k for n in members for v, k in zip(n.outputs, n.updates, strict=False)}
        inputs = tuple(fused.inputs)
        nodes = sorted(recorder.nodes, key=self._position.__getitem__)
        known = self._known_sizes(nodes, fused, members[0])
        body = Plan(inputs, (*known, *nodes), tuple(outputs), self._plan.cells)
        own_cells = {v: cells[v] for v in outputs if v in written}
        attrs = {"fused": fused, "cells": own_cells, "body": body}
        return Node(
            KERNEL, members[0].op, attrs, inputs, tuple(outputs), updates, members=tuple(members)
        )

    def _give_rows(self, recorder: Recorder) -> None:
        """Makes sure that a kernel for rows has an input that tells their number."""
        fused = recorder.fused
        if any(x.shape[:1] == (ROWS,) for x in fused.inputs.values()):
            return
        made = fused.recording.instructions
        if any(each.name == "rows" or kind(each.result) != FREE for each in made):
            assert self._rows_feed is not None
            recorder.input(self._rows_feed)

    def _known_sizes(self, nodes: list[Node], fused: Fused, first: Node) -> list[Node]:
        """Nodes that make the sizes which these nodes read."""
        rows = _row_input(fused)
        values = dict.fromkeys([v for node in nodes for v in node.reads])
        return [
            self._size_of(value, rows, first)
            for value in values
            if value in self._sizes.numbers and value.constant is None
        ]

    def _told(self, node: Node) -> Node:
        """The node whose result the number of rows of a feed tells."""
        (value,) = node.outputs
        return self._size_of(value, self._rows_feed, node)

    def _size_of(self, value: Value, rows: Value | None, like: Node) -> Node:
        """A node that makes sizes which follow from the number of rows of a value."""
        sizes = self._sizes.numbers[value]
        every = sizes if isinstance(sizes, tuple) else (sizes,)
        known = tuple([-1 if size is None else as_symbol(size) for size in every])
        attrs = {"sizes": known if isinstance(sizes, tuple) else known[0]}
        return Node(SIZES, like.op, attrs, () if rows is None else (rows,), (value,))

    def _bring(self, recorder: Recorder, value: Value, reader: Node) -> None:
        """Records again what costs nothing: loads of variables, names of rows."""
        maker = self._maker.get(value)
        if maker is None or value in recorder.known:
            return
        if maker in self._named:
            for each in maker.inputs:
                self._bring(recorder, each, reader)
            recorder.record(maker)
        if maker.type != LOAD:
            return
        written = self._last_write.get(maker.cell or "")
        if written is not None and self._position[maker] < written[1] < self._position[reader]:
            return  # the value of before, which the load has kept
        if maker in self._recordable:
            recorder.record(maker)


def _take_apart(fused: Fused) -> None:
    """Makes several rows for each row a dimension of their own, and puts an input of rows first."""
    values = {**fused.inputs, **fused.outputs}
    several = {value: folded.times(x.shape) for value, x in values.items()}
    fused.times = {value: times for value, times in several.items() if times > 1}
    folded.take_apart(fused.recording.instructions, list(values.values()))
    first = _row_input(fused)
    if first is not None:
        fused.inputs = {first: fused.inputs[first], **fused.inputs}


def _row_input(fused: Fused) -> Value | None:
    """The first input that has a row for each row."""
    return next(
        (v for v, x in fused.inputs.items() if kind(x) == ROW and v not in fused.times), None
    )


def _only_read(nodes: list[Node], fetches: tuple[Value, ...]) -> list[Node]:
    """Without nodes that only kernels read, which record them for themselves."""
    read = set(fetches)
    kept = []
    for node in reversed(nodes):
        free = node.is_pure or node.type in (LOAD, SIZES)
        if free and node.outputs and read.isdisjoint(node.outputs):
            continue
        read.update(node.reads)
        kept.append(node)
    return kept[::-1]
