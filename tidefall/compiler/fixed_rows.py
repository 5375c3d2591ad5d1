"""Finding the rows of a batch whose size is fixed: ``tf.placeholder(tf.float32, [128, 784])``.

Nothing in such a graph says which dimensions are the rows, and constants of the batch's size have
been folded into it. So the nodes are recorded with all sizes as they are. Then it is asked which
dimensions the primitives make one (`tidefall.compiler.axes`): those that are one with the leading
dimension of what a run is given are rows, whatever their size has in common with others. A node
that treats rows in a way that no template can stays with NumPy, which cuts what it had joined.

Calling a dimension rows changes no result, since there are always as many: it only decides in
which memory an array lies. So it does no harm where the guess is bad.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tidefall.array.record import Array, Instruction
from tidefall.array.symbols import ROWS as ROWS_SYMBOL
from tidefall.array.symbols import NotRecordable
from tidefall.compiler import folded
from tidefall.compiler.axes import Axes, Spot, operand, row_spot, rule, spots
from tidefall.compiler.likely_rows import largest_first, sizes_given, sizes_kept
from tidefall.compiler.primitives import check, kind
from tidefall.compiler.recorder import Recorder
from tidefall.compiler.sizes import Sizes
from tidefall.ir.plan import LOAD, Node, Plan, Value

_MOST_TRIED = 3
#: Rounds in which only what is refused for its own sake goes to NumPy.
_CAREFUL_ROUNDS = 12


@dataclass(frozen=True)
class FixedRows:
    """What was found.

    Attributes:
      count: The number of rows.
      values: Values whose leading dimension is the rows, or holds them several times: how often.
      nodes: Nodes that kernels can run.
      reasons: Why they cannot run others.
    """

    count: int
    values: dict[Value, int]
    nodes: frozenset[Node]
    reasons: dict[Node, str]


def find_rows(plan: Plan, sizes: Sizes, named: dict[Node, int]) -> FixedRows | None:
    """The rows of a plan that is given batches of a fixed size; None if there are none.

    Args:
      plan: The plan.
      sizes: The symbolic sizes of its values.
      named: What `tidefall.compiler.named_rows` found in it.
    """
    if sizes.rows:
        return None
    given, kept = sizes_given(plan), sizes_kept(plan)
    for counts, must_multiply in ((given, False), ({} if given else kept, True)):
        for count in largest_first(counts)[:_MOST_TRIED]:
            attempt = _Attempt(plan, sizes, named, count, bool(given))
            if attempt.products or (not must_multiply and attempt.is_no_loss()):
                return attempt.found()
    return None


@dataclass(eq=False)
class _Recorded:
    """A node and what its kernel does.

    Attributes:
      node: The node.
      instructions: What it does.
      free: Arrays that cannot be row arrays: new values of variables.
    """

    node: Node
    instructions: list[Instruction]
    free: list[Array]


@dataclass
class _Votes:
    """How a dimension is used."""

    first: int = 0
    later: int = 0
    given: bool = False
    made: bool = False
    bound: bool = False


@dataclass
class _Labels:
    """Dimensions that are rows, and how often, for one choice of nodes."""

    axes: Axes
    rows: dict[tuple[int, ...], int] = field(default_factory=dict)

    def shape(self, instruction: Instruction, number: int) -> tuple[object, ...]:
        """The shape of an operand, or of the result, with the rows put in."""
        x = operand(instruction, Spot(number, 0))
        times = [self.rows.get(self.axes.at(instruction, Spot(number, a))) for a in range(x.ndim)]
        return tuple([
            ROWS_SYMBOL * n if size != 1 and n is not None else size
            for n, size in zip(times, x.shape, strict=True)
        ])  # fmt: skip

    def first(self, x: Array) -> bool:
        """Whether the leading dimension of an array is rows."""
        return bool(x.shape) and x.shape[0] != 1 and self.axes.of(x, 0) in self.rows

    def later(self, x: Array) -> bool:
        """Whether another dimension is."""
        return any(s != 1 and self.axes.of(x, a) in self.rows for a, s in enumerate(x.shape) if a)


class _Attempt:
    """One number of rows tried: what kernels could run."""

    def __init__(
        self, plan: Plan, sizes: Sizes, named: dict[Node, int], count: int, is_given: bool
    ) -> None:
        self._plan = plan
        self._named = named
        self._count = count
        self._is_given = is_given
        self._recorder = Recorder(sizes, plan, named, count)
        self._reasons: dict[Node, str] = {}
        self._active = self._record_all()
        known = self._recorder.known
        loads = [node for node in plan.nodes if node.type == LOAD]
        self._loads = {n: known[n.outputs[0]] for n in loads if n.outputs[0] in known}
        self._labels = self._settle()
        self.products = self._count_products()

    def found(self) -> FixedRows:
        """What kernels can run, and which values are rows."""
        known = self._recorder.known.items()
        arrays = [(v, x) for v, x in (*known, *self._recorder.fused.inputs.items())
                  if isinstance(x, Array)]  # fmt: skip
        labels = self._labels
        values = {v: labels.rows[labels.axes.of(x, 0)] for v, x in arrays
                  if v.constant is None and labels.first(x)}  # fmt: skip
        rows_loads = {n for n, x in self._loads.items() if self._has_rows(x)}
        nodes = {each.node for each in self._active} - rows_loads
        return FixedRows(self._count, values, frozenset(nodes), self._reasons)

    def is_no_loss(self) -> bool:
        """Whether kernels run as many nodes as they would if nothing were rows."""
        plain = 0
        for each in self._active:
            try:
                for instruction in each.instructions:
                    check(instruction)
            except NotRecordable:
                continue
            plain += 1
        return bool(self._labels.rows) and len(self._active) >= plain

    def _has_rows(self, x: Array) -> bool:
        return self._labels.first(x) or self._labels.later(x)

    def _record_all(self) -> list[_Recorded]:
        recorder = self._recorder
        fused = recorder.fused
        found = []
        for node in self._plan.nodes:
            if (node.on_host and node not in self._named) or node.bodies:
                self._reasons[node] = "it runs in Python"
                continue
            start = len(fused.recording.instructions)
            try:
                recorder.record(node)
            except NotRecordable as error:
                self._reasons[node] = str(error)
                continue
            if any(self._is_constant(value) for value in node.outputs):
                for value in node.outputs:
                    del recorder.known[value]
                self._reasons[node] = "nothing but constants"
                continue
            free = [*fused.writes.values()]
            for _, shared, gradients in fused.packed:
                free += [*shared, *gradients]
            fused.writes.clear()
            fused.packed.clear()
            found.append(_Recorded(node, fused.recording.instructions[start:], free))
        return found

    def _is_constant(self, value: Value) -> bool:
        """Whether a value is known and has as many rows as a batch."""
        made = self._recorder.known.get(value)
        if not isinstance(made, Array) or made.value is None:
            return False
        return made.shape[:1] == (self._count,)

    # -- labels ------------------------------------------------------------------------------------

    def _settle(self) -> _Labels:
        """Gives nodes that do not fit back to NumPy until all the others do."""
        for number in range(len(self._active) + 1):
            labels = self._label()
            refused = self._refused(labels, careful=number < _CAREFUL_ROUNDS)
            if not refused:
                return labels
            self._reasons.update(refused)
            self._active = [each for each in self._active if each.node not in refused]
        raise AssertionError("every round drops a node")

    def _label(self) -> _Labels:
        labels = _Labels(Axes())
        for instruction in self._instructions():
            labels.axes.note(instruction)
        votes = self._votes(labels.axes)
        for dimension, vote in votes.items():
            if vote.given:
                chosen = vote.first > vote.later
            else:
                chosen = vote.made and not vote.later and not vote.bound
            if chosen:
                labels.rows[dimension] = 1
        labels.axes.spread(self._instructions(), labels.rows)
        return labels

    def _instructions(self) -> Iterator[Instruction]:
        for each in self._active:
            yield from each.instructions

    def _votes(self, axes: Axes) -> dict[tuple[int, ...], _Votes]:
        votes: dict[tuple[int, ...], _Votes] = {}
        turned: set[int] = set()
        for instruction in self._instructions():
            for spot in spots(instruction):
                x = operand(instruction, spot)
                if x.shape[spot.axis] != self._count:
                    continue
                vote = votes.setdefault(axes.at(instruction, spot), _Votes())
                self._count_vote(vote, instruction, spot, turned)
            if instruction.name == "transpose":
                turned.add(id(instruction.result))
        for x, given in self._sources():
            if x.shape[:1] == (self._count,):
                vote = votes.setdefault(axes.of(x, 0), _Votes())
                vote.given |= given
                vote.made = True
        for each in self._active:
            for x in each.free:
                for axis, size in enumerate(x.shape):
                    if size == self._count:
                        votes.setdefault(axes.of(x, axis), _Votes()).bound = True
        return votes

    def _count_vote(
        self, vote: _Votes, instruction: Instruction, spot: Spot, turned: set[int]
    ) -> None:
        x = operand(instruction, spot)
        is_weight = spot.operand == 1 and (
            instruction.name == "matmul" or (instruction.name == "contract" and x.ndim == 2)
        )
        if spot.axis == 0 and not is_weight:
            vote.first += 1
        elif spot.axis and id(x) not in turned and not _may_be_turned(instruction, spot, x):
            vote.later += 1
        if spot == row_spot(instruction):
            vote.made = True
        if instruction.name == "collected":
            vote.bound = True
        if spot.axis == 0 and x.value is not None and not self._is_given and x.ndim > 1:
            vote.given = True

    def _sources(self) -> Iterator[tuple[Array, bool]]:
        """Arrays from outside, and whether they are data."""
        recorder = self._recorder
        feeds = set(self._plan.feeds)
        for value, x in recorder.fused.inputs.items():
            on_host = self._is_given and value not in feeds and self._from_host(value)
            yield x, value in feeds or on_host
        active = {each.node for each in self._active}
        for node in self._plan.nodes:
            if node in active or node in self._loads:
                continue
            for value in node.outputs:
                made = recorder.known.get(value)
                if isinstance(made, Array) and made.value is None:
                    yield made, False
        if not self._is_given:
            updated = {key for node in self._plan.nodes for key in node.updates}
            for node, x in self._loads.items():
                yield x, node.cell not in updated

    def _from_host(self, value: Value) -> bool:
        return any(node.on_host and value in node.outputs for node in self._plan.nodes)

    # -- what fits ---------------------------------------------------------------------------------

    def _refused(self, labels: _Labels, careful: bool) -> dict[Node, str]:
        """Nodes that cannot be run with these rows, and why.

        With care, not those that read what another of them makes: they may fit without it.
        """
        refused: dict[Node, str] = {}
        spoiled: set[int] = set()
        inside = {id(each.result) for each in self._instructions()}
        for each in self._active:
            try:
                self._fit(each, labels, inside)
            except NotRecordable as error:
                read = {id(x) for i in each.instructions for x in i.inputs}
                read.update(id(self._recorder.known.get(value)) for value in each.node.inputs)
                if not careful or spoiled.isdisjoint(read):
                    refused[each.node] = str(error)
                spoiled.update(id(i.result) for i in each.instructions)
        return refused

    def _fit(self, each: _Recorded, labels: _Labels, inside: set[int]) -> None:
        for instruction in each.instructions:
            for x in instruction.inputs:
                if x.value is None and id(x) not in inside and labels.later(x):
                    raise NotRecordable("a value whose rows do not come first")
            for spot in rule(instruction).taken:
                if labels.axes.at(instruction, spot) in labels.rows:
                    raise NotRecordable(f"{instruction.name} along the rows")
            check(folded.apart(_labelled(instruction, labels)))
        for x in each.free:
            if labels.first(x) or labels.later(x):
                raise NotRecordable("a variable with a value for each row is written")
        for value in each.node.outputs if each.node.type != LOAD else ():
            made = self._recorder.known.get(value)
            if isinstance(made, Array) and made.value is None and labels.later(made):
                raise NotRecordable("a value whose rows do not come first")

    def _count_products(self) -> int:
        count = 0
        for instruction in self._instructions():
            if instruction.name == "matmul":
                labelled = _labelled(instruction, self._labels)
                count += kind(labelled.result) == "row"
        return count


def _may_be_turned(instruction: Instruction, spot: Spot, x: Array) -> bool:
    """Whether an operand is the turned one of a product, or is being turned."""
    if instruction.name == "transpose":
        return spot.operand < 0
    return instruction.name == "matmul" and spot.operand == 0 and x.value is not None


def _labelled(instruction: Instruction, labels: _Labels) -> Instruction:
    """The instruction as it would be with the rows put in."""
    arrays = [
        Array(x.recording, labels.shape(instruction, number), x.dtype)
        for number, x in enumerate(instruction.inputs)
    ]
    result = instruction.result
    made = Array(result.recording, labels.shape(instruction, -1), result.dtype)
    return Instruction(instruction.name, tuple(arrays), instruction.params, made)
