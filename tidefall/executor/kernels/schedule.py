"""From a recording to passes over the rows, and steps within them.

A value that needs the sum over all rows first (the mean of a batch, a gradient) is known only
after a pass; a row value made from it belongs to the next one. Within a pass, elementwise
primitives over the same columns are gathered into one loop, together with the product they
follow. Free values are computed before the first pass, between two, or after the last.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from tidefall.array.record import Array, Instruction
from tidefall.compiler.primitives import AFTER_PASS, FREE, ROW, TURNED, kind
from tidefall.compiler.recorder import Fused
from tidefall.executor.kernels.contracting import contracted
from tidefall.executor.kernels.grouping import Group, Step, Uses, grouped, is_elementwise
from tidefall.executor.kernels.in_place import taken_out
from tidefall.executor.kernels.views import View, derived, is_view, whole


@dataclass(eq=False)
class Schedule:
    """What a kernel does, in order.

    Attributes:
      passes: For each pass over the rows, its steps.
      between: Steps on free values: ``between[0]`` before the first pass, and so on.
      views: Where each array lies.
      constants: Arrays with known values.
      kept: Row arrays that later passes read.
      ends: Groups after everything else, which write new values of variables over the old ones.
      in_place: For each array made by them, the variable in whose place it lies.
    """

    passes: list[list[Step]]
    between: list[list[Step]]
    views: dict[Array, View]
    constants: list[Array]
    kept: list[Array]
    ends: list[Group]
    in_place: dict[Array, Array]


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
        self._instructions = contracted(fused.recording.instructions, self._roots())
        self._needed = self._find_needed()
        words = [draw.words for draw in fused.streams]
        for array in (*fused.inputs.values(), *fused.cells.values(), *words):
            self._place(array)
        for instruction in self._instructions:
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
        for instruction in reversed(self._instructions):
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
        if instruction.name == "collected":
            instruction = replace(instruction, inputs=(self._own(instruction.inputs[0]),))
        for each in instruction.inputs:
            self._place(each)
            if not is_elementwise(instruction) and instruction.name != "contract":
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
        late = [each for each in self.work if each.name in AFTER_PASS]
        count = 1 + max([self.pass_of[each.result] for each in (*in_rows, *late)], default=-1)
        passes = [[e for e in in_rows if self.pass_of[e.result] == p] for p in range(count)]
        free = [each for each in self.work if not _over_rows(each)]
        between = [[e for e in free if self.pass_of[e.result] == p] for p in range(-1, count)]
        uses = self._uses()
        steps = [grouped(each, self.views, uses) for each in between]
        ends, in_place = taken_out(steps[-1], self.fused, self.views, uses)
        steps[-1] = [each for each in steps[-1] if each not in ends]
        return Schedule(
            [grouped(each, self.views, uses) for each in passes],
            steps,
            self.views,
            self.constants,
            self._kept(in_rows, late),
            ends,
            in_place,
        )

    def _uses(self) -> Uses:
        """Who reads the memory of an array; None is the world outside."""
        uses: Uses = {}
        for instruction in self.work:
            for each in instruction.inputs:
                uses.setdefault(self.views[each].root, set()).add(instruction)
        for each in self._roots():
            uses.setdefault(self._place(each).root, set()).add(None)
        return uses

    def _kept(self, in_rows: list[Instruction], late: list[Instruction]) -> list[Array]:
        kept: dict[Array, None] = {}  # in the order of first use: the layout follows it
        for instruction in (*in_rows, *late):
            now = self.pass_of[instruction.result] + (instruction.name in AFTER_PASS)
            for each in instruction.inputs:
                root = self.views[each].root
                if kind(root) == ROW and self.pass_of[root] < now:
                    kept[root] = None
        inputs = set(self.fused.inputs.values())
        return [root for root in kept if root not in inputs]


def _over_rows(instruction: Instruction) -> bool:
    """Whether it is part of a pass."""
    if instruction.name in AFTER_PASS:
        return False
    return any(kind(x) in (ROW, TURNED) for x in (*instruction.inputs, instruction.result))
