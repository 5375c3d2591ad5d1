"""Which dimensions of the arrays of a recording are one and the same.

A product makes the columns of its first factor the rows of its second, an elementwise primitive
makes the dimensions of its operands one, and so on. What is put together in this way is a
dimension of the problem: the rows of a batch, the units of a layer. Sizes do not matter: a layer
as wide as the batch is long stays something else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from tidefall.array.record import ELEMENTWISE, Array, Instruction
from tidefall.compiler.primitives import DRAWS, REDUCTIONS


class Spot(NamedTuple):
    """A dimension of an operand of an instruction, or of its result (number -1)."""

    operand: int
    axis: int


class Fold(NamedTuple):
    """A leading dimension that is another one, so many times."""

    whole: Spot
    part: Spot
    times: int


class Rule(NamedTuple):
    """What a primitive says of dimensions.

    Attributes:
      equal: Pairs of dimensions that are one.
      taken: Dimensions of which it does not take the whole, in order; they cannot be rows.
      folds: Leading dimensions that hold another one several times.
    """

    equal: list[tuple[Spot, Spot]]
    taken: list[Spot]
    folds: Sequence[Fold] = ()


class Axes:
    """Dimensions put together, as the instructions say that are noted."""

    def __init__(self) -> None:
        self._parent: dict[tuple[int, ...], tuple[int, ...]] = {}
        self._kept: list[Instruction] = []  # identities hold as long as these live

    def note(self, instruction: Instruction) -> None:
        """Puts together what an instruction makes one."""
        self._kept.append(instruction)
        for one, other in rule(instruction).equal:
            first, second = self.at(instruction, one), self.at(instruction, other)
            if first != second:
                self._parent[first] = second

    def at(self, instruction: Instruction, spot: Spot) -> tuple[int, ...]:
        """The dimension at a spot; a constant has dimensions of its own wherever it is used."""
        x = operand(instruction, spot)
        if x.value is not None:
            return self._root((id(instruction), spot.operand, spot.axis))
        return self.of(x, spot.axis)

    def of(self, x: Array, axis: int) -> tuple[int, ...]:
        """The dimension that an array has as its axis ``axis``."""
        return self._root((id(x), axis))

    def spread(self, instructions: Iterable[Instruction], rows: dict[tuple[int, ...], int]) -> None:
        """Finds dimensions that hold several of the rows for each row.

        Args:
          instructions: The instructions.
          rows: For dimensions that are rows, how often; others are added.
        """
        folds = [(each, fold) for each in instructions for fold in rule(each).folds]
        found = True
        while found:
            found = False
            for instruction, fold in folds:
                whole, part = self.at(instruction, fold.whole), self.at(instruction, fold.part)
                if part in rows and whole not in rows:
                    rows[whole] = rows[part] * fold.times
                    found = True
                elif whole in rows and part not in rows and rows[whole] % fold.times == 0:
                    rows[part] = rows[whole] // fold.times
                    found = True

    def _root(self, place: tuple[int, ...]) -> tuple[int, ...]:
        while (parent := self._parent.get(place)) is not None:
            grandparent = self._parent.get(parent)
            if grandparent is not None:
                self._parent[place] = grandparent
            place = parent
        return place


def operand(instruction: Instruction, spot: Spot) -> Array:
    """The array a spot belongs to."""
    return instruction.result if spot.operand < 0 else instruction.inputs[spot.operand]


def spots(instruction: Instruction) -> Iterator[Spot]:
    """All dimensions of the operands and the result, but those of size 1."""
    for number, x in enumerate((*instruction.inputs, instruction.result)):
        for axis, size in enumerate(x.shape):
            if size != 1:
                yield Spot(-1 if number == len(instruction.inputs) else number, axis)


def row_spot(instruction: Instruction) -> Spot | None:
    """The dimension that must be rows, or there is no template."""
    return _ROW_SPOTS.get(instruction.name)


def rule(instruction: Instruction) -> Rule:
    """What an instruction says of the dimensions of its operands and its result."""
    if instruction.name in ELEMENTWISE:
        return _broadcast(instruction)
    if instruction.name in REDUCTIONS:
        return _reduction(instruction)
    known = _RULES.get(instruction.name)
    if known is None:
        return Rule([], list(spots(instruction)))
    return known(instruction)


def _broadcast(instruction: Instruction) -> Rule:
    rank = instruction.result.ndim
    return Rule(
        [
            (Spot(number, axis), Spot(-1, rank - x.ndim + axis))
            for number, x in enumerate(instruction.inputs)
            for axis, size in enumerate(x.shape)
            if size != 1
        ],
        [],
    )


def _reduction(instruction: Instruction) -> Rule:
    left = [a for a in range(instruction.inputs[0].ndim) if a not in instruction.params]
    return Rule([(Spot(0, axis), Spot(-1, index)) for index, axis in enumerate(left)], [])


def _matmul(instruction: Instruction) -> Rule:
    contracted = (Spot(0, 1), Spot(1, 0))
    return Rule([(Spot(0, 0), Spot(-1, 0)), contracted, (Spot(1, 1), Spot(-1, 1))], [])


def _transpose(instruction: Instruction) -> Rule:
    order = enumerate(instruction.params)
    return Rule([(Spot(0, axis), Spot(-1, index)) for index, axis in order], [])


def _reshape(instruction: Instruction) -> Rule:
    """Dimensions stay that are as large, and before which there is as much, as before."""
    before = {}
    done = 1
    for axis, size in enumerate(instruction.inputs[0].shape):
        if size != 1:
            before[done, size] = axis
        done *= size
    equal = []
    done = 1
    for axis, size in enumerate(instruction.result.shape):
        if size != 1 and (done, size) in before:
            equal.append((Spot(0, before[done, size]), Spot(-1, axis)))
        done *= size
    return Rule(equal, [], _folds(instruction))


def _folds(instruction: Instruction) -> list[Fold]:
    """Of a reshape: whatever follows, a multiple of the leading dimension can be put first."""
    shapes = {0: instruction.inputs[0].shape, -1: instruction.result.shape}
    for whole, part in ((0, -1), (-1, 0)):
        if shapes[0] and shapes[-1]:
            large, small = shapes[whole][0], shapes[part][0]
            if large > small > 1 and large % small == 0:
                return [Fold(Spot(whole, 0), Spot(part, 0), large // small)]
    return []


def _slice(instruction: Instruction) -> Rule:
    return _part(instruction, whole=0, part=-1)


def _placed(instruction: Instruction) -> Rule:
    return _part(instruction, whole=-1, part=0)


def _part(instruction: Instruction, whole: int, part: int) -> Rule:
    starts, steps = instruction.params[:2]
    equal, taken = [], []
    sizes = operand(instruction, Spot(part, 0)).shape
    for axis, size in enumerate(operand(instruction, Spot(whole, 0)).shape):
        if (starts[axis], steps[axis], sizes[axis]) == (0, 1, size):
            equal.append((Spot(whole, axis), Spot(part, axis)))
        else:
            taken += [Spot(whole, axis), Spot(part, axis)]
    return Rule(equal, taken)


def _concatenate(instruction: Instruction) -> Rule:
    joined = instruction.params
    equal, taken = [], [Spot(-1, joined)]
    for number, x in enumerate(instruction.inputs):
        taken.append(Spot(number, joined))
        equal += [(Spot(number, a), Spot(-1, a)) for a in range(x.ndim) if a != joined]
    return Rule(equal, taken)


def _gather(instruction: Instruction) -> Rule:
    table, places = instruction.inputs
    equal = [(Spot(1, axis), Spot(-1, axis)) for axis in range(places.ndim)]
    equal += [(Spot(0, axis), Spot(-1, places.ndim + axis - 1)) for axis in range(1, table.ndim)]
    return Rule(equal, [Spot(0, 0)])


def _segment_sum(instruction: Instruction) -> Rule:
    inner = range(1, instruction.result.ndim)
    equal = [(Spot(0, axis), Spot(-1, axis)) for axis in inner]
    return Rule([(Spot(0, 0), Spot(1, 0)), *equal], [Spot(-1, 0)])


def _made(instruction: Instruction) -> Rule:
    return Rule([], [])


_ROW_SPOTS = {
    **dict.fromkeys(DRAWS, Spot(-1, 0)),
    "gather": Spot(1, 0),
    "segment_sum": Spot(1, 0),
}
_RULES: dict[str, Callable[[Instruction], Rule]] = {
    "matmul": _matmul,
    "transpose": _transpose,
    "reshape": _reshape,
    "broadcast_to": _broadcast,
    "slice": _slice,
    "placed": _placed,
    "concatenate": _concatenate,
    "gather": _gather,
    "segment_sum": _segment_sum,
    **dict.fromkeys(DRAWS, _made),
}
