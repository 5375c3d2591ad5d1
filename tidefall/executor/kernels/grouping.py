"""Groups: elementwise primitives over the same columns, gathered into one loop."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from tidefall.array.record import ELEMENTWISE, Array, Instruction
from tidefall.compiler.primitives import FREE, ROW, kind, width
from tidefall.executor.kernels.views import View, derived, inner, is_view, operand, without_ones


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

#: Who reads the memory of an array; None is the world outside.
Uses: TypeAlias = dict[Array, set[Instruction | None]]


def is_elementwise(instruction: Instruction) -> bool:
    """Whether a primitive works element by element, or moves elements."""
    return instruction.name in ELEMENTWISE or instruction.name == "copy" or is_view(instruction)


def _dims(instruction: Instruction) -> tuple[int, ...]:
    """The dimensions of the loop; a reshape that must copy goes over those of its input."""
    x = instruction.inputs[0] if instruction.name == "reshape" else instruction.result
    return without_ones(inner(x))


def grouped(
    work: list[Instruction],
    views: dict[Array, View],
    uses: Uses,
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
    if is_elementwise(first):
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
    if total.name == "matmul" and last.ndim > 2:
        return False
    if kind(last) != ROW or views[last].root not in made or not views[last].is_whole:
        return False
    if total.name == "matmul":
        first = views[total.inputs[0]].root
        return first not in made and total.result.shape[0] <= _MOST_COLUMNS and has_lanes(total)
    gone = [size for axis, size in enumerate(last.shape) if axis in total.params and axis]
    return total.name == "sum" and 0 in total.params and all(size == 1 for size in gone)


def _better_late(group: Group, uses: Uses) -> set[Instruction]:
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
            and all(reader is not None and is_elementwise(reader) for reader in outside)
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
    if not is_elementwise(instruction) or _dims(instruction) != group.dims:
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
