"""Random numbers for the rows of a tile, from the stream of their node.

The numbers of a batch lie in the stream row after row, so those of a tile are consecutive: the
lanes are neighbouring blocks of Philox 4x32-10 (Salmon et al., 2011). They are written to memory
in the stream's order and from there, like an input, column by column into the tile. Which rows a
tile has makes no difference to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tidefall.array.philox import BLOCKS_PER_OUTPUT, TRUNCATED_AT
from tidefall.array.philox_numpy import MULTIPLIERS, ROUNDS, WEYL
from tidefall.array.record import Instruction
from tidefall.compiler.primitives import width
from tidefall.executor.kernels.arithmetic import Number, choose
from tidefall.executor.kernels.body import Body
from tidefall.executor.kernels.llvm import ir
from tidefall.executor.kernels.loops import INT64, Loop
from tidefall.executor.kernels.memory import per_block
from tidefall.executor.kernels.normals import normals
from tidefall.executor.kernels.vectors import FLOAT32, INT32, DType, Vectors

#: The words of a stream in memory: two of the key, four of the counter.
WORDS = 6
_LONG = np.dtype(np.uint64)
_WORD = 0xFFFFFFFF


def drawn(body: Body, instruction: Instruction, first_row: Any) -> Any:
    """Writes the numbers of a tile's rows in the stream's order.

    Returns:
      A pointer to the first row's numbers.
    """
    b, v = body.builder, body.v
    dtype = instruction.result.dtype
    each = per_block(dtype)
    columns = width(instruction.result)
    start = body.times(first_row, columns)
    block = b.udiv(start, INT64(each))
    skipped = b.urem(start, INT64(each))
    count = body.plus(skipped, body.times(body.valid, columns))
    words = _words(body, instruction)
    draft = body.shifted(body.tile_base, body.design.memory.draft)
    draw = _DISTRIBUTIONS[instruction.name]
    with Loop(b, 0, b.udiv(body.plus(count, each - 1), INT64(each)), v.lanes) as loop:
        index = _lanes_from(v, body.plus(block, loop.index))
        numbers = [number.value for number in draw(v, dtype, words, index)]
        place = v.at(dtype, draft, body.times(loop.index, each))
        b.store(_interleaved(b, numbers), place, align=dtype.itemsize)
    return v.at(dtype, draft, skipped)


def _words(body: Body, instruction: Instruction) -> list[Any]:
    """The words of the stream: key, counter as two 64-bit integers, each in all lanes."""
    v, b = body.v, body.builder
    base = body.base(body.design.plan.views[instruction.inputs[0]].root)
    kind = ir.IntType(32)
    found = [
        b.zext(b.load(b.gep(base, [INT64(i)], source_etype=kind), align=4, typ=kind), INT64)
        for i in range(WORDS)
    ]
    low = b.or_(found[2], b.shl(found[3], INT64(32)))
    high = b.or_(found[4], b.shl(found[5], INT64(32)))
    return [v.broadcast(_LONG, each) for each in (found[0], found[1], low, high)]


def _lanes_from(v: Vectors, start: Any) -> Any:
    lanes = ir.Constant(v.type(_LONG), list(range(v.lanes)))
    return v.builder.add(v.broadcast(_LONG, start), lanes)


def _philox(v: Vectors, words: Sequence[Any], index: Any) -> list[Any]:
    """The four 32-bit words of some blocks, in 64-bit lanes."""
    b = v.builder
    mask, half = v.constant(_LONG, _WORD), v.constant(_LONG, 32)
    key0, key1, start, high = words
    low = b.add(start, index)
    carry = b.zext(b.icmp_unsigned("<", low, start), v.type(_LONG))
    high = b.add(high, carry)
    x = [b.and_(low, mask), b.lshr(low, half), b.and_(high, mask), b.lshr(high, half)]
    multipliers = [v.constant(_LONG, each) for each in MULTIPLIERS]
    for turn in range(ROUNDS):
        if turn:
            key0 = b.and_(b.add(key0, v.constant(_LONG, WEYL[0])), mask)
            key1 = b.and_(b.add(key1, v.constant(_LONG, WEYL[1])), mask)
        first, second = b.mul(x[0], multipliers[0]), b.mul(x[2], multipliers[1])
        x = [
            b.xor(b.xor(b.lshr(second, half), x[1]), key0),
            b.and_(second, mask),
            b.xor(b.xor(b.lshr(first, half), x[3]), key1),
            b.and_(first, mask),
        ]
    return x


def _uniform(v: Vectors, dtype: DType, words: Sequence[Any], index: Any) -> list[Number]:
    """Numbers in [0, 1), those of a block for each lane."""
    random = _philox(v, words, index)
    numbers = _floats(v, random) if dtype == FLOAT32 else _doubles(v, random)
    return [Number(v, dtype, each) for each in numbers]


def _normal(v: Vectors, dtype: DType, words: Sequence[Any], index: Any) -> list[Number]:
    """Numbers of the standard normal distribution, those of a block for each lane."""
    return normals(_uniform(v, dtype, words, index))


def _truncated_normal(v: Vectors, dtype: DType, words: Sequence[Any], index: Any) -> list[Number]:
    """The same, each drawn again while it is too large.

    The numbers that one block would give have a range of the stream of their own, and are the
    first small enough in it. All lanes draw until each has its numbers.
    """
    b, each = v.builder, per_block(dtype)
    first = b.mul(index, v.constant(_LONG, BLOCKS_PER_OUTPUT * each // 4))
    before, again, done = b.block, b.append_basic_block("again"), b.append_basic_block("done")
    b.branch(again)
    b.position_at_end(again)
    starts = [(_LONG, 0), (INT32, 0), *[(dtype, 0)] * each]
    phis = []
    for kind, start in starts:
        phi = b.phi(v.type(kind))
        phi.add_incoming(v.constant(kind, start), before)
        phis.append(phi)
    turn = phis[0]
    found = Number(v, INT32, phis[1])
    numbers = [Number(v, dtype, phi) for phi in phis[2:]]
    for candidate in _normal(v, dtype, words, b.add(first, turn)):
        accepted = candidate.abs() < TRUNCATED_AT
        for place in range(each):
            takes = accepted & found.equals(place)
            numbers[place] = choose(takes, candidate, numbers[place])
        found = found + accepted.cast(INT32)
    following = [b.add(turn, v.constant(_LONG, 1)), found.value, *[each.value for each in numbers]]
    last = b.block
    for phi, value in zip(phis, following, strict=True):
        phi.add_incoming(value, last)
    b.cbranch(v.any((found < each).value), again, done)
    b.position_at_end(done)
    return numbers


_DISTRIBUTIONS = {
    "uniform": _uniform,
    "normal": _normal,
    "truncated_normal": _truncated_normal,
}


def _floats(v: Vectors, words: Sequence[Any]) -> list[Any]:
    """The low 23 bits of each word as the fraction of a float32 in [0, 1)."""
    b = v.builder
    short, single = np.dtype(np.uint32), np.dtype(np.float32)
    found = []
    for word in words:
        bits = b.and_(b.trunc(word, v.type(short)), v.constant(short, 0x7FFFFF))
        bits = b.or_(bits, v.constant(short, 0x3F800000))
        found.append(b.fsub(b.bitcast(bits, v.type(single)), v.constant(single, 1)))
    return found


def _doubles(v: Vectors, words: Sequence[Any]) -> list[Any]:
    """Of each two words 20 bits and a whole word as the fraction of a float64 in [0, 1)."""
    b, double = v.builder, np.dtype(np.float64)
    found = []
    for upper, lower in ((words[0], words[1]), (words[2], words[3])):
        bits = b.shl(b.and_(upper, v.constant(_LONG, 0xFFFFF)), v.constant(_LONG, 32))
        bits = b.or_(b.or_(bits, lower), v.constant(_LONG, 0x3FF0000000000000))
        found.append(b.fsub(b.bitcast(bits, v.type(double)), v.constant(double, 1)))
    return found


def _interleaved(b: Any, vectors: list[Any]) -> Any:
    """One vector: the first elements of all, then the second ones, and so on."""
    while len(vectors) > 1:
        half = len(vectors) // 2
        vectors = [
            _zipped(b, first, second)
            for first, second in zip(vectors[:half], vectors[half:], strict=True)
        ]
    return vectors[0]


def _zipped(b: Any, first: Any, second: Any) -> Any:
    count = first.type.count
    index = ir.IntType(32)
    places = [place for i in range(count) for place in (i, count + i)]
    mask = ir.Constant(ir.VectorType(index, 2 * count), [index(place) for place in places])
    return b.shuffle_vector(first, second, mask)
