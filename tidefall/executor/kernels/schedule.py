"""From a recording to passes over the rows, and steps within them.

A value that needs the sum over all rows first (the mean of a batch, a gradient) is known only
after a pass; a row value made from it belongs to the next one. Within a pass, elementwise
primitives over the same columns are gathered into one loop, together with the product they
follow. Free values are computed before the first pass, between two, or after the last.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tidefall.array.record import ELEMENTWISE, Array, Instruction
from tidefall.compiler.primitives import FREE, REDUCTIONS, ROW, TURNED, kind, width
from tidefall.compiler.recorder import Fused
from tidefall.executor.kernels.views import (
    View,
    derived,
    inner,
    is_view,
    operand,
    whole,
    without_ones,
)


@dataclass(eq=False)
class Group:
    """Elementwise primitives over the same columns, and the product they follow.

    Attributes:
      dims: The inner dimensions, without ones.
      product: A product whose result the first of them reads, or None.
      instructions: The primitives, in order.
      stored: Results that are read elsewhere.
      sums: Sums over the rows of results, taken in the same loop.
    """

    dims: tuple[int, ...]
    product: Instruction | None = None
    instructions: list[Instruction] = field(default_factory=list)
    stored: list[Array] = field(default_factory=list)
    sums: list[Instruction] = field(default_factory=list)

    @property
    def made(self) -> list[Instruction]:
        """The instructions, the product first."""
        return [*([self.product] if self.product is not None else []), *self.instructions]


Step = Group | Instruction


@dataclass(eq=False)
class Schedule:
    """What a kernel does, in order.

    Attributes:
      passes: For each pass over the rows, its steps.
      between: Steps on free values: ``between[0]`` before the first pass, and so on.
      views: Where each array lies.
      constants: Arrays with known values.
      kept: Row arrays that later passes read.
    """

    passes: list[list[Step]]
    between: list[list[Step]]
    views: dict[Array, View]
    constants: list[Array]
    kept: list[Array]


def schedule(fused: Fused) -> Schedule:
    """Orders the instructions of a recording."""
    return _Scheduler(fused).result()


class _Scheduler:
    def __init__(self, fused: Fused) -> None:
        self.fused = fused
        self.views: dict[Array, View] = {}
        self.constants: list[Array] = []
        self.turned: set[Array] = set()
        self.pass_of: dict[Array, int] = {}
        self.work: list[Instruction] = []
        self._definition: dict[Array, Instruction] = {}
        self._needed = self._find_needed()
        words = [draw.words for draw in fused.streams]
        for array in (*fused.inputs.values(), *fused.cells.values(), *words):
            self._place(array)
        for instruction in fused.recording.instructions:
            if instruction.result in self._needed:
                self._visit(instruction)
        self._own_results()

    def _own_results(self) -> None:
        """Gives memory of their own to results that are parts of something else."""
        fused = self.fused
        fused.outputs.update({v: self._own(x) for v, x in fused.outputs.items()})
        fused.writes.update({k: self._own(x) for k, x in fused.writes.items()})
        fused.recording.checks[:] = [self._own(x) for x in fused.recording.checks]
        for _, _, gradients in fused.packed:
            gradients[:] = [self._own(x) for x in gradients]

    def _own(self, x: Array) -> Array:
        view = self._place(x)
        made = {each.result for each in self.work}
        if view.is_whole and view.root in made and kind(view.root) == kind(x):
            return x
        copy = Array(x.recording, x.shape, x.dtype)
        self._visit(Instruction("copy", (x,), None, copy))
        return copy

    def _roots(self) -> Iterable[Array]:
        yield from self.fused.outputs.values()
        yield from self.fused.writes.values()
        yield from self.fused.recording.checks
        for _, shared, gradients in self.fused.packed:
            yield from shared
            yield from gradients

    def _find_needed(self) -> set[Array]:
        needed = set(self._roots())
        for instruction in reversed(self.fused.recording.instructions):
            if instruction.result in needed:
                needed.update(instruction.inputs)
        return needed

    def _place(self, array: Array) -> View:
        view = self.views.get(array)
        if view is None:
            view = self.views[array] = whole(array)
            self.pass_of.setdefault(array, 0 if kind(array) == ROW else -1)
            if array.value is not None:
                self.constants.append(array)
        return view

    def _visit(self, instruction: Instruction) -> None:
        for each in instruction.inputs:
            self._place(each)
            if not _is_elementwise(instruction):
                self._give_memory(each)
        result = instruction.result
        self._definition[result] = instruction
        self.pass_of[result] = self._pass(instruction)
        if is_view(instruction):
            view = derived(instruction, self.views[instruction.inputs[0]])
            if view is not None:
                self.views[result] = view
                return
        self.views[result] = whole(result)
        self.work.append(instruction)

    def _give_memory(self, array: Array) -> None:
        """Makes a row array of its own from one that only repeats a free one."""
        if kind(array) == FREE or kind(self.views[array].root) != FREE:
            return
        definition = self._definition[array]
        if kind(array) == TURNED:
            self._give_memory(definition.inputs[0])
            self.views[array] = self.views[definition.inputs[0]]
            return
        self.views[array] = whole(array)
        self.work.append(definition)

    def _pass(self, instruction: Instruction) -> int:
        """The pass that computes a row array; after which pass a free one is known."""
        rows: list[int] = []
        free = [-1]
        for each in instruction.inputs:
            (free if kind(each) == FREE else rows).append(self.pass_of[each])
        if kind(instruction.result) == FREE:
            return max([*rows, *free])
        return max([*rows, *[known + 1 for known in free]])

    def result(self) -> Schedule:
        in_rows = [each for each in self.work if _over_rows(each)]
        count = 1 + max([self.pass_of[each.result] for each in in_rows], default=-1)
        passes = [[e for e in in_rows if self.pass_of[e.result] == p] for p in range(count)]
        free = [each for each in self.work if not _over_rows(each)]
        between = [[e for e in free if self.pass_of[e.result] == p] for p in range(-1, count)]
        uses = self._uses()
        return Schedule(
            [_grouped(each, self.views, uses) for each in passes],
            [_grouped(each, self.views, uses) for each in between],
            self.views,
            self.constants,
            self._kept(in_rows),
        )

    def _uses(self) -> dict[Array, set[Instruction | None]]:
        """Who reads the memory of an array; None is the world outside."""
        uses: dict[Array, set[Instruction | None]] = {}
        for instruction in self.work:
            for each in instruction.inputs:
                uses.setdefault(self.views[each].root, set()).add(instruction)
        for each in self._roots():
            uses.setdefault(self._place(each).root, set()).add(None)
        return uses

    def _kept(self, in_rows: list[Instruction]) -> list[Array]:
        kept: dict[Array, None] = {}  # in the order of first use: the layout follows it
        for instruction in in_rows:
            now = self.pass_of[instruction.result]
            for each in instruction.inputs:
                root = self.views[each].root
                if kind(root) == ROW and self.pass_of[root] < now:
                    kept[root] = None
        inputs = set(self.fused.inputs.values())
        return [root for root in kept if root not in inputs]


def _over_rows(instruction: Instruction) -> bool:
    return any(kind(x) in (ROW, TURNED) for x in (*instruction.inputs, instruction.result))


def _is_elementwise(instruction: Instruction) -> bool:
    return instruction.name in ELEMENTWISE or instruction.name == "copy" or is_view(instruction)


def _dims(instruction: Instruction) -> tuple[int, ...]:
    """The dimensions of the loop; a reshape that must copy goes over those of its input."""
    x = instruction.inputs[0] if instruction.name == "reshape" else instruction.result
    return without_ones(inner(x))


def _grouped(
    work: list[Instruction],
    views: dict[Array, View],
    uses: dict[Array, set[Instruction | None]],
) -> list[Step]:
    """Steps in an order that makes loops as long as possible."""
    maker = {each.result: each for each in work}
    waiting = {
        each: {maker[views[x].root] for x in each.inputs if views[x].root in maker} for each in work
    }
    done: set[Instruction] = set()
    left = list(work)
    order = {each: index for index, each in enumerate(work)}
    steps: list[Step] = []
    while left:
        first = next(each for each in left if waiting[each] <= done)
        group = _start(first)
        if group is None:
            steps.append(first)
            done.add(first)
            left.remove(first)
            continue
        done.add(first)
        left.remove(first)
        _fill(group, left, done, waiting, views)
        for each in _better_late(group, uses):
            group.instructions.remove(each)
            done.remove(each)
            left.append(each)
        left.sort(key=order.__getitem__)
        group.sums = [each for each in left if _summed_by(each, group, done, waiting, views)]
        done.update(group.sums)
        left = [each for each in left if each not in done]
        members = {*group.made, *group.sums}
        made = [each.result for each in group.made]
        group.stored = [x for x in made if uses.get(x, set()) - members]
        steps.append(group)
    return steps


def _start(first: Instruction) -> Group | None:
    if _is_elementwise(first):
        return Group(_dims(first), None, [first])
    if first.name == "matmul" and kind(first.result) == ROW:
        return Group(_dims(first), first)
    return None


def _fill(
    group: Group,
    left: list[Instruction],
    done: set[Instruction],
    waiting: dict[Instruction, set[Instruction]],
    views: dict[Array, View],
) -> None:
    """Moves to a group all that can follow it in the same loop."""
    found = True
    while found:
        found = False
        for each in left:
            if waiting[each] <= done and _fits(each, group, views):
                group.instructions.append(each)
                done.add(each)
                left.remove(each)
                found = True
                break


#: A sum over the rows with at most so many results keeps a lane for each neighbouring row.
MOST_WITH_LANES = 512
#: Sums in the loop of a group: of products with at most so many columns, after a product of at
#: most this depth.
_MOST_COLUMNS = 4
_MOST_DEPTH = 8


def has_lanes(total: Instruction) -> bool:
    """Whether a sum over the rows is kept lane by lane: it is small, or has short rows."""
    if total.name != "matmul":
        return True
    return width(total.result) <= MOST_WITH_LANES or total.result.shape[1] < 8


def _summed_by(
    total: Instruction,
    group: Group,
    done: set[Instruction],
    waiting: dict[Instruction, set[Instruction]],
    views: dict[Array, View],
) -> bool:
    """Whether a sum over the rows can be taken in the loop of a group."""
    if len(group.dims) > 1 or kind(total.result) != FREE or not waiting[total] <= done:
        return False
    product = group.product
    if kind(group.made[0].result) != ROW or (
        product is not None and product.inputs[1].shape[0] > _MOST_DEPTH
    ):
        return False
    made = {each.result for each in group.made}
    last = total.inputs[-1]
    if kind(last) != ROW or views[last].root not in made or not views[last].is_whole:
        return False
    if total.name == "matmul":
        first = views[total.inputs[0]].root
        return first not in made and total.result.shape[0] <= _MOST_COLUMNS and has_lanes(total)
    gone = [size for axis, size in enumerate(last.shape) if axis in total.params and axis]
    return total.name == "sum" and 0 in total.params and all(size == 1 for size in gone)


def _better_late(group: Group, uses: dict[Array, set[Instruction | None]]) -> set[Instruction]:
    """Primitives that cost less in a later loop, with those that read their results.

    What they read is in memory anyway; what they make would have to be kept there for long.
    """
    members = set(group.made)
    late: set[Instruction] = set()
    for each in reversed(group.instructions):
        readers = uses.get(each.result, set())
        outside = [reader for reader in readers if reader not in members]
        if (
            each is not group.made[0]
            and all(reader in late for reader in readers if reader in members)
            and all(reader is not None and _is_elementwise(reader) for reader in outside)
        ):
            late.add(each)
    while True:
        stored = {
            each.result
            for each in group.made
            if each not in late and uses.get(each.result, set()) - members
        }
        kept = {
            each
            for each in late
            for x in each.inputs
            for maker in members
            if maker.result is x and maker not in late and x not in stored
        }
        kept |= {each for each in late if uses.get(each.result, set()) & (members - late)}
        if not kept:
            return late
        late -= kept


#: Primitives of so many instructions that they are not repeated for each register of a product;
#: they follow it in a loop of their own.
_LONG = frozenset(
    """
exp expm1 log log1p log2 tanh sinh cosh sin cos tan asin acos atan asinh acosh atanh atan2 erf erfc
power logaddexp floor_divide remainder fmod
""".split()
)


def _fits(instruction: Instruction, group: Group, views: dict[Array, View]) -> bool:
    """Whether a primitive can run in the loop of a group."""
    if not _is_elementwise(instruction) or _dims(instruction) != group.dims:
        return False
    if (kind(instruction.result) == ROW) != (kind(group.made[0].result) == ROW):
        return False
    if instruction.name in _LONG and group.product is not None:
        return False
    made = {each.result for each in group.made}
    for each in instruction.inputs:
        view = views[each]
        if view.root in made and not operand_of(instruction, each, views).is_whole:
            return False
    return True


def operand_of(instruction: Instruction, x: Array, views: dict[Array, View]) -> View:
    """Where an operand of an elementwise primitive lies, spread over the result."""
    if is_view(instruction):
        view = derived(instruction, views[x])
        if view is not None:
            return view
        return views[x]
    return operand(views[x], x, instruction.result)


__all__ = ["REDUCTIONS", "Group", "Schedule", "Step", "operand_of", "schedule"]
