"""Recording a plan's nodes: what one kernel will do, before anything is scheduled.

Every node's kernel is run once in the recording namespace (`tidefall.array.record`). What it
writes down must be of a form the engine has templates for (`tidefall.compiler.primitives`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tidefall.array import symbolic
from tidefall.array.record import Array, Recording
from tidefall.array.symbols import ROWS as ROWS_SYMBOL
from tidefall.array.symbols import Extent, NotRecordable, Shape, ShapeVector
from tidefall.array.symbols import Size as Symbol
from tidefall.compiler import folded
from tidefall.compiler.fold import kernel_attrs
from tidefall.compiler.pack import roles
from tidefall.compiler.primitives import check
from tidefall.compiler.sizes import Size, Sizes, rows_in
from tidefall.ir.plan import CHOICE, LOAD, PACKED, WHILE, Node, Plan, Value

#: Vectors of integers up to this length may be shapes.
_LONGEST = 7
_NEVER = frozenset({CHOICE, WHILE})


@dataclass(eq=False)
class PackedRule:
    """One update rule, recorded on vectors of no particular length.

    Attributes:
      recording: What the rule does.
      states: The arrays that stand for the old states (variable, slots).
      shared: The arrays that stand for the hyperparameters.
      gradient: The array that stands for the gradient.
      results: The arrays of the new states.
      cells: For each state, the keys of the variables.
      sizes: The number of elements of each variable.
    """

    recording: Recording
    states: list[Array]
    shared: list[Array]
    gradient: Array
    results: list[Array]
    cells: list[list[str]]
    sizes: list[int]


@dataclass(frozen=True, eq=False)
class Draw:
    """Random numbers that a kernel draws in every run.

    Attributes:
      node: The node whose stream it is.
      arguments: Of `RunContext.random`: the two seeds, and how much of the stream is set aside
        for a number.
      fixed: How many numbers, or how many for each row.
      each_row: Whether ``fixed`` is for each row.
      words: The array of the stream's key and counter.
    """

    node: Node
    arguments: tuple[int, int, int]
    fixed: int
    each_row: bool
    words: Array


class _RecordingRun:
    """What a stateful kernel is given while it is recorded: it may draw random numbers."""

    def __init__(self, fused: Fused, node: Node) -> None:
        self._fused = fused
        self._node = node

    def random(self, seed: int, seed2: int, outputs: Any, blocks_per_output: int = 256) -> Any:
        """Notes that the kernel draws numbers."""
        words = self._fused.recording.input((6,), np.uint32)
        each_row = not isinstance(outputs, int)
        count = outputs.factor if isinstance(outputs, Extent) else 1 if each_row else outputs
        draw = Draw(self._node, (seed, seed2, blocks_per_output), count, each_row, words)
        self._fused.streams.append(draw)
        return symbolic.Stream(words)

    def __getattr__(self, name: str) -> Any:
        raise NotRecordable(f"what the session knows ({name})")


@dataclass(eq=False)
class Fused:
    """What one kernel does.

    Attributes:
      recording: Its instructions.
      inputs: Values from outside, and the arrays that stand for them.
      cells: Variables it reads, by key.
      writes: New values of variables, by key.
      streams: Random numbers it draws: the node, and what it asks the session for each run.
      packed: Update rules for many variables: the rule, its hyperparameters, its gradients.
      outputs: Values it yields, and the arrays that hold them.
      count: The number of rows, if it is fixed.
      times: Inputs and outputs that have several rows for each row, and how many.
    """

    recording: Recording = field(default_factory=Recording)
    inputs: dict[Value, Array] = field(default_factory=dict)
    cells: dict[str, Array] = field(default_factory=dict)
    writes: dict[str, Array] = field(default_factory=dict)
    streams: list[Draw] = field(default_factory=list)
    packed: list[tuple[PackedRule, list[Array], list[Array]]] = field(default_factory=list)
    outputs: dict[Value, Array] = field(default_factory=dict)
    count: int | None = None
    times: dict[Value, int] = field(default_factory=dict)

    def each(self, value: Value) -> tuple[int, Shape]:
        """How many rows an input or an output has for each row of the batch, and their shape."""
        x = self.inputs[value] if value in self.inputs else self.outputs[value]
        times = self.times.get(value, 1)
        return times, x.shape[1:] if times == 1 else x.shape[2:]


class Recorder:
    """Records nodes, one after another, into one `Fused`.

    Args:
      sizes: The symbolic sizes of the plan's values.
      plan: The plan.
      named: What `tidefall.compiler.named_rows` found in it.
      fixed: The number of rows, where shapes do not tell which dimensions are rows; then all
        sizes are recorded as they are, and nobody has looked yet whether there are templates.
    """

    def __init__(
        self, sizes: Sizes, plan: Plan, named: dict[Node, int], fixed: int | None = None
    ) -> None:
        self.sizes = sizes
        self.plan = plan
        self.fixed = fixed
        self._named = named
        self.fused = Fused()
        self.fused.recording.fixed = fixed
        self.nodes: list[Node] = []
        self.known: dict[Value, Any] = {}

    def record(self, node: Node) -> None:
        """Adds one node.

        Raises:
          NotRecordable: If it cannot be recorded; nothing has changed then.
        """
        instructions = self.fused.recording.instructions
        checks = self.fused.recording.checks
        start, before = len(instructions), dict(self.fused.inputs)
        cells, checked = dict(self.fused.cells), len(checks)
        streams = len(self.fused.streams)
        try:
            with self.fused.recording.active():
                self._record(node)
            for instruction in instructions[start:] if self.fixed is None else ():
                check(folded.apart(instruction))
        except (NotRecordable, TypeError, ValueError, IndexError, AttributeError) as error:
            del instructions[start:]
            del checks[checked:]
            self.fused.inputs = before
            self.fused.cells = cells
            del self.fused.streams[streams:]
            raise NotRecordable(str(error)) from error
        self.nodes.append(node)

    def _record(self, node: Node) -> None:
        if node.guards or node.bodies or node.type in _NEVER:
            raise NotRecordable("control flow")
        if is_known(node, self.sizes):
            for value in node.outputs:
                self._of(value)
        elif node.type == LOAD:
            self.known[node.outputs[0]] = self._cell(node.cell or "")
        elif node in self._named:
            self._name(node, self._named[node])
        elif node.type == PACKED:
            self._packed(node)
        elif node.updates:
            self._update(node)
        else:
            if not (node.is_pure or _only_draws(node)):
                raise NotRecordable("it has effects")
            self._store(node.outputs, self._results(node, [self._of(v) for v in node.inputs]))

    def _name(self, node: Node, rows: int) -> None:
        """One of the nodes that prepare a sparse update: all rows, of which some are named."""
        if node.type == "Unique":
            named = symbolic.Named(self._of(node.inputs[0]), rows)
            self.known.update(dict.fromkeys(node.outputs, named))
        elif node.type == "UnsortedSegmentSum":
            data, named = [self._of(value) for value in node.inputs[:2]]
            self.known[node.outputs[0]] = named.totals(data)

    def _results(self, node: Node, values: list[Any]) -> list[Any]:
        opdef = node.opdef
        if opdef.kernel is None or opdef.runs_on == "host":
            raise NotRecordable("it runs in Python")
        constant = not any(isinstance(value, (Array, ShapeVector)) for value in values)
        if constant and self.fixed is None:
            raise NotRecordable("nothing but constants")
        by_value = dict(zip(node.inputs, values, strict=True))
        arguments = [_mapped(argument, by_value) for argument in node.arguments()]
        run = (_RecordingRun(self.fused, node),) if opdef.needs_run else ()
        results = opdef.kernel(symbolic, *run, *arguments, **kernel_attrs(node.op))
        flat: list[Any] = []
        for each in results if isinstance(results, tuple) else (results,):
            flat.extend(each if isinstance(each, list) else [each])
        if constant and not all(isinstance(each, Array) for each in flat):
            raise NotRecordable("nothing but constants")
        return flat

    def _store(self, values: Iterable[Value], results: list[Any]) -> None:
        for value, result in zip(values, results, strict=True):
            if isinstance(result, ShapeVector):
                self.known[value] = result
                continue
            if not isinstance(result, Array):
                result = self.fused.recording.constant(result)
            expected = self._shape(value)
            if result.dtype != value.dtype.np_dtype or result.shape != expected:
                raise NotRecordable(
                    f"recorded {result.dtype}{result.shape}, not {value.dtype.name}{expected}"
                )
            self.known[value] = result

    def _of(self, value: Value) -> Any:
        """What stands for a value: an array, sizes, or its constant."""
        if value.constant is not None:
            if value.constant.shape[:1] == (self.fixed,) and _may_be_rows(value.constant):
                return self.fused.recording.constant(value.constant)
            return value.constant if value.constant.ndim else value.constant[()]
        found = self.known.get(value)
        if found is None and value in self.sizes.numbers:
            found = self.known[value] = self._sizes(value)
        if found is not None:
            return found
        return self.input(value)

    def input(self, value: Value) -> Array:
        """The array that stands for a value from outside."""
        array = self.fused.inputs.get(value)
        if array is None:
            dtype = value.dtype.np_dtype
            if dtype.kind not in "fiub" or dtype.itemsize == 2:
                raise NotRecordable(f"an input of dtype {value.dtype.name}")
            array = self.fused.recording.input(self._shape(value), dtype)
            self.fused.inputs[value] = array
        return array

    def _sizes(self, value: Value) -> Any:
        """What stands for sizes computed in the graph."""
        sizes = self.sizes.numbers[value]
        every = sizes if isinstance(sizes, tuple) else (sizes,)
        known: list[Any] = [-1 if size is None else as_symbol(size) for size in every]
        if None in known:
            raise NotRecordable(f"{value.name} has a size that is not the number of rows")
        dtype = value.dtype.np_dtype
        if not any(isinstance(size, Extent) for size in known):
            return np.array(known, dtype) if isinstance(sizes, tuple) else dtype.type(known[0])
        if isinstance(sizes, tuple):
            return ShapeVector(known)
        rows = self.fused.recording.add("rows", [], (), np.int64, known[0].factor)
        return rows.astype(dtype)

    def _shape(self, value: Value) -> Shape:
        sizes = self.sizes.known(value)
        shape = (None,) if sizes is None else tuple([as_symbol(size) for size in sizes])
        if None in shape:
            raise NotRecordable(f"a value whose shape is not known: {value.shape}")
        if any(isinstance(size, Extent) for size in shape[1:]):
            raise NotRecordable("a value whose rows do not come first")
        return shape

    def _cell(self, key: str) -> Array:
        found = self.fused.writes.get(key)
        if found is not None:
            raise NotRecordable("it reads what the kernel has written")
        array = self.fused.cells.get(key)
        if array is None:
            info = self.plan.cells[key]
            if info.shape.dims is None or None in info.shape.dims:
                raise NotRecordable("a variable whose shape may change")
            dtype = info.dtype.np_dtype
            if dtype.kind not in "fiub" or dtype.itemsize == 2:
                raise NotRecordable(f"a variable of dtype {info.dtype.name}")
            array = self.fused.recording.input(info.shape.dims, dtype)
            self.fused.cells[key] = array
        return array

    def _update(self, node: Node) -> None:
        if any(key in self.written for key in node.updates):
            raise NotRecordable("it writes what the kernel has written")
        values = [self._of(value) for value in node.inputs]
        if node.type in ("Assign", "AssignVariableOp"):
            results = [values[-1]]
            if not isinstance(results[0], Array):
                raise NotRecordable("a variable is set to a constant")
        else:
            results = self._results(node, values)
        stored = []
        for key, result in zip(node.updates, results, strict=False):
            if not isinstance(result, Array):
                result = self.fused.recording.constant(result)
            target = self._cell(key)
            if result.shape != target.shape or result.dtype != target.dtype:
                raise NotRecordable(f"variable {key} gets another shape or dtype")
            stored.append((key, result))
        self.fused.writes.update(stored)
        self.known.update(zip(node.outputs, results, strict=False))

    @property
    def written(self) -> set[str]:
        """Keys of all variables written so far."""
        keys = set(self.fused.writes)
        for rule, _, _ in self.fused.packed:
            keys.update(key for cells in rule.cells for key in cells)
        return keys

    def _packed(self, node: Node) -> None:
        if not self.written.isdisjoint(node.updates):
            raise NotRecordable("it writes what the kernel has written")
        rule = packed_rule(node)
        count = len(node.inputs) - len(node.members)
        recording = self.fused.recording
        shared = [_as_array(recording, self._of(value)) for value in node.inputs[:count]]
        gradients = [_as_array(recording, self._of(value)) for value in node.inputs[count:]]
        for gradient, size in zip(gradients, rule.sizes, strict=True):
            if _count(gradient.shape) != size:
                raise NotRecordable("a gradient of another shape")
        for instruction in rule.recording.instructions:
            check(instruction)
        self.fused.packed.append((rule, shared, gradients))


def as_symbol(size: Size) -> Symbol:
    """A size as it stands in the shapes of a recording; None if there is no symbol for it."""
    times = rows_in(size)
    if times is not None:
        return ROWS_SYMBOL * times
    return None if size is None or size < 0 else size


def is_known(node: Node, sizes: Sizes) -> bool:
    """Whether a node computes nothing but sizes, which are known."""
    return bool(node.outputs) and all(value in sizes.numbers for value in node.outputs)


def _may_be_rows(constant: Any) -> bool:
    """Whether a constant may be data, not sizes or axes that a kernel looks at."""
    kind_ = constant.dtype.kind
    return kind_ == "f" or (kind_ in "iub" and (constant.ndim > 1 or constant.size > _LONGEST))


def _only_draws(node: Node) -> bool:
    """Whether a node's only effect is that a random stream moves on."""
    opdef = node.opdef
    return opdef.needs_run and not (opdef.effects or node.updates or node.op.must_run)


def packed_rule(node: Node) -> PackedRule:
    """The rule of a `PACKED` node, recorded on vectors."""
    first = node.members[0]
    positions = first.opdef.update_positions
    common, _ = roles(first)
    recording = Recording()
    dtype = first.inputs[positions[0]].dtype.np_dtype
    vector = (ROWS_SYMBOL,)  # the elements of all variables, as if they were rows
    states = [recording.input(vector, dtype) for _ in positions]
    shared = [recording.input((), value.dtype.np_dtype) for value in common]
    gradient = recording.input(vector, dtype)
    arguments: list[Any] = []
    for index, value in enumerate(first.inputs):
        if index in positions:
            arguments.append(states[positions.index(index)])
        elif any(value is each for each in common):
            arguments.append(shared[next(i for i, v in enumerate(common) if v is value)])
        else:
            arguments.append(gradient)
    if first.opdef.kernel is None:
        raise NotRecordable("it has no kernel")
    results = first.opdef.kernel(symbolic, *arguments, **kernel_attrs(first.op))
    results = list(results) if isinstance(results, tuple) else [results]
    cells = [[m.updates[state] for m in node.members] for state in range(len(positions))]
    sizes = [_count(m.inputs[positions[0]].shape.dims or ()) for m in node.members]
    return PackedRule(recording, states, shared, gradient, results[: len(states)], cells, sizes)


def _count(shape: Any) -> int:
    return int(np.prod(shape, dtype=np.int64)) if shape else 1


def _as_array(recording: Recording, value: Any) -> Array:
    return value if isinstance(value, Array) else recording.constant(value)


def _mapped(argument: Any, values: dict[Value, Any]) -> Any:
    if argument is None:
        return None
    if isinstance(argument, list):
        return [values[each] for each in argument]
    return values[argument]
