"""Which new values may be written over the old ones, without memory of their own in between.

Everything that can go wrong in a run has been checked before its last steps. So a group of
elementwise primitives that only makes new values of variables can write them where the old ones
lie, if nothing reads the old ones later, and the group itself reads no other element of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from tidefall.array.record import Array
from tidefall.compiler.primitives import FREE, kind
from tidefall.compiler.recorder import Fused
from tidefall.executor.kernels.grouping import Group, Step, Uses, operand_of
from tidefall.executor.kernels.views import View, dense


def taken_out(
    steps: Sequence[Step], fused: Fused, views: dict[Array, View], uses: Uses
) -> tuple[list[Group], dict[Array, Array]]:
    """The groups of the last steps that may write in place.

    Args:
      steps: What is done after the last pass.
      fused: What the kernel does.
      views: Where each array lies.
      uses: Who reads the memory of an array; None is the world outside.

    Returns:
      The groups, and for each array they make the variable whose place it takes.
    """
    times = Counter(_results(fused))
    target = {x: fused.cells[key] for key, x in fused.writes.items() if times[x] == 1}
    groups = [
        step
        for step in steps
        if isinstance(step, Group)
        and step.product is None
        and not step.sums
        and step.stored
        and all(x in target and uses.get(x, set()) - set(step.made) == {None} for x in step.stored)
    ]
    packed = _packed_cells(fused)
    read_later = _read_by_rules(fused, views)
    while True:
        bad = [
            group for group in groups if not _fits(group, groups, target, views, packed, read_later)
        ]
        if not bad:
            return groups, {x: target[x] for group in groups for x in group.stored}
        groups = [group for group in groups if group not in bad]


def _results(fused: Fused) -> Iterable[Array]:
    yield from fused.writes.values()
    yield from fused.outputs.values()
    yield from fused.recording.checks
    for _, shared, gradients in fused.packed:
        yield from shared
        yield from gradients


def _packed_cells(fused: Fused) -> set[Array]:
    """Variables that packed rules write, as far as the recording reads them."""
    keys = {key for rule, _, _ in fused.packed for cells in rule.cells for key in cells}
    return {x for key, x in fused.cells.items() if key in keys}


def _read_by_rules(fused: Fused, views: dict[Array, View]) -> set[Array]:
    """What is read after the last steps: by packed rules, and by what copies other new values."""
    arrays = [x for _, shared, gradients in fused.packed for x in (*shared, *gradients)]
    return {views[x].root for x in (*arrays, *fused.writes.values())}


def _fits(
    group: Group,
    groups: Sequence[Group],
    target: dict[Array, Array],
    views: dict[Array, View],
    packed: set[Array],
    read_later: set[Array],
) -> bool:
    own = {target[x] for x in group.stored}
    others = {target[x] for each in groups if each is not group for x in each.stored}
    if own & read_later or kind(group.made[0].result) != FREE:
        return False
    made = {each.result for each in group.made}
    for instruction in group.instructions:
        for x in instruction.inputs:
            view = operand_of(instruction, x, views)
            if view.root in made:
                continue
            if view.root in others or view.root in packed:
                return False
            if view.root in own and (view.offset or view.axes != dense(group.dims)):
                return False
    return True
