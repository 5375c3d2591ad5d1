"""Random numbers: Philox 4x32-10, and TensorFlow 1.15's way from its bits to distributions.

The generator is a function: from a key and a 128-bit counter to a *block* of four 32-bit words.
A `Stream` is a key and the first counter that an op may use; everything here is a pure function
of it, written against the array namespace, so NumPy and JAX draw the same numbers.

The numbers are TensorFlow's to the last bit; in double precision, where the logarithm and the
cosine are the namespace's own, to the last bit but one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from math import prod
from typing import Any, NamedTuple

import numpy as np

from tidefall.array import philox_numpy, single
from tidefall.array.philox_numpy import Ahead

Namespace = Any
Array = Any
DTypeLike = Any

#: How many blocks TensorFlow reserves for each output value of a run.
BLOCKS_PER_OUTPUT = 256

_MULTIPLIERS = np.array(philox_numpy.MULTIPLIERS, np.uint64).reshape(2, 1)
_WEYL = np.array(philox_numpy.WEYL, np.uint64).reshape(2, 1)
_WORD = np.uint64(0xFFFFFFFF)
_BITS = np.uint64(32)


class Stream(NamedTuple):
    """Where in which sequence of random words an op may start to read.

    Attributes:
      key: Two 32-bit words.
      counter: Four 32-bit words, the least significant first.
      ahead: Under NumPy, the node's store of values for its next runs.
    """

    key: Array
    counter: Array
    ahead: Ahead | None = None

    @classmethod
    def of(cls, seed: int, seed2: int, position: int = 0, ahead: Ahead | None = None) -> Stream:
        """The stream of an op with these two seeds, ``position`` blocks after its start."""
        start = (seed2 % 2**64 << 64) + position
        return cls(words_of(seed, 2), words_of(start, 4), ahead)


# The key with which the seeds of stateless ops are scrambled.
_SCRAMBLER = (0x3EC8F720, 0x02461E29)


def scrambled(xp: Namespace, seed: Array) -> Stream:
    """The stream of a stateless op.

    Args:
      xp: The array namespace.
      seed: Two integers, of which no part needs to be particularly random.
    """
    words = xp.bitcast(xp.asarray(seed).astype(np.int64), np.uint64)
    counter = xp.stack([words & _WORD, words >> _BITS], axis=1).reshape(4).astype(np.uint32)
    scrambler = Stream(np.array(_SCRAMBLER, np.uint32), counter)
    mixed = blocks(xp, scrambler, xp.zeros(1, np.uint64), 1)[0]
    nothing = xp.zeros(2, np.uint32)
    return Stream(mixed[:2], xp.concatenate([nothing, mixed[2:]]))


def words_of(number: int, count: int) -> Array:
    """The lowest 32-bit words of a number, the least significant first."""
    lowest = number % (1 << 32 * count)
    return np.frombuffer(lowest.to_bytes(4 * count, "little"), "<u4")


def blocks(xp: Namespace, stream: Stream, offsets: Array, end: int) -> Array:
    """The blocks of a stream at some offsets from its start.

    Args:
      xp: The array namespace.
      stream: The stream.
      offsets: 64-bit unsigned integers, of any shape.
      end: A number greater than all of them; only NumPy's way looks at it.

    Returns:
      32-bit words, of the shape of ``offsets`` with a last dimension of 4.
    """
    flat = xp.reshape(offsets, (-1,))
    if xp.name == "numpy":
        words = philox_numpy.at_offsets(stream.key, stream.counter, flat, end)
    else:
        words = _blocks(xp, stream, flat)
    return xp.reshape(words, (*offsets.shape, 4))


def _blocks(xp: Namespace, stream: Stream, offsets: Array) -> Array:
    """The generator as its authors state it; `philox_numpy` has the same with less copying."""
    word = xp.asarray(stream.counter).astype(np.uint64)
    start = word[0] | (word[1] << _BITS)
    low = start + offsets
    high = (word[2] | (word[3] << _BITS)) + (low < start).astype(np.uint64)
    even = xp.stack([low & _WORD, high & _WORD])
    odd = xp.stack([low >> _BITS, high >> _BITS])
    key = xp.asarray(stream.key).astype(np.uint64).reshape(2, 1)
    for _ in range(philox_numpy.ROUNDS):
        product = (even * _MULTIPLIERS)[::-1]
        even, odd = (product >> _BITS) ^ odd ^ key, product & _WORD
        key = (key + _WEYL) & _WORD
    return xp.stack([even[0], odd[0], even[1], odd[1]], axis=-1).astype(np.uint32)


def _fill(
    xp: Namespace,
    stream: Stream,
    shape: tuple[int, ...],
    dtype: DTypeLike,
    per_block: int,
    convert: Callable[[Namespace, Array], Array],
    what: Hashable = None,
) -> Array:
    """An array of values that consecutive blocks give.

    Args:
      xp: The array namespace.
      stream: The stream.
      shape: The shape of the result.
      dtype: Its dtype.
      per_block: How many values each block gives.
      convert: Turns words of shape ``(…, 4)``, which it may overwrite, into values of shape
        ``(…, per_block)``.
      what: What ``convert`` does, apart from the dtype.
    """
    size = prod(shape)
    count = -(-size // per_block)
    if xp.name != "numpy":
        words = _blocks(xp, stream, xp.arange(count, dtype=np.uint64))
        return xp.reshape(xp.reshape(convert(xp, words), (-1,))[:size], shape)
    key, counter, ahead = stream
    if count > philox_numpy.CHUNK:
        result = np.empty(size, dtype)
        for start in range(0, count, philox_numpy.CHUNK):
            part = min(philox_numpy.CHUNK, count - start)
            words = philox_numpy.consecutive(key, counter, start, part)
            target = result[start * per_block : (start + part) * per_block]
            target[:] = convert(xp, words).reshape(-1)[: len(target)]
        return result.reshape(shape)
    if ahead is None:
        words = philox_numpy.consecutive(key, counter, 0, count)
        return convert(xp, words).reshape(-1)[:size].reshape(shape)

    def compute(offsets: Array, end: int) -> Array:
        words = philox_numpy.at_offsets(key, counter, offsets.reshape(-1), end)
        return convert(xp, words).reshape(len(offsets), -1)[:, :size]

    return ahead.cache.take((what, dtype, size), ahead, count, compute).reshape(shape)


# -- from words to numbers -------------------------------------------------------------------


def _unit_float(xp: Namespace, words: Array) -> Array:
    """Each word's low 23 bits as the fraction of a float32 in [0, 1)."""
    words &= np.uint32(0x7FFFFF)  # in place under NumPy
    words |= np.uint32(0x3F800000)
    unit = xp.bitcast(words, np.float32)
    unit -= np.float32(1)
    return unit


def doubles(xp: Namespace, words: Array) -> Array:
    """The two float64 in [0, 1) that each block gives, each of 20 bits and a whole word."""
    fraction = _long_words(xp, words)
    low = fraction >> _BITS
    fraction &= np.uint64(0xFFFFF)
    fraction <<= _BITS
    fraction |= low
    fraction |= np.uint64(0x3FF0000000000000)
    unit = xp.bitcast(fraction, np.float64)
    unit -= np.float64(1)
    return unit


def _long_words(xp: Namespace, words: Array) -> Array:
    """Each two words as one of 64 bits, the first of them the lower half."""
    if xp.name == "numpy":
        return words.view("<u8")
    long = words.astype(np.uint64)
    return long[..., 0::2] | (long[..., 1::2] << _BITS)


def _unit_half(xp: Namespace, words: Array) -> Array:
    fraction = (words & np.uint32(0x3FF)).astype(np.float32)
    return (fraction * np.float32(2**-10)).astype(np.float16)


def _unit_bfloat16(xp: Namespace, words: Array) -> Array:
    fraction = (words & np.uint32(0x7F)).astype(np.float32)
    return _to_bfloat16(xp, fraction * np.float32(2**-7))


def _to_bfloat16(xp: Namespace, values: Array) -> Array:
    """Rounds float32 to bfloat16, ties to even."""
    bits = xp.bitcast(values, np.uint32)
    even = (bits >> np.uint32(16)) & np.uint32(1)
    rounded = (bits + np.uint32(0x7FFF) + even) >> np.uint32(16)
    return xp.bitcast(rounded.astype(np.uint16), _bfloat16())


def _bfloat16() -> DTypeLike:
    return np.dtype("bfloat16")


def _is_bfloat16(dtype: DTypeLike) -> bool:
    return bool(np.dtype(dtype).name == "bfloat16")


def uniform(xp: Namespace, stream: Stream, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """Values uniform in [0, 1), for a floating-point ``dtype``."""
    dtype = np.dtype(dtype)
    if dtype == np.float32:
        return _fill(xp, stream, shape, dtype, 4, _unit_float)
    if dtype == np.float64:
        return _fill(xp, stream, shape, dtype, 2, doubles)
    return _fill(xp, stream, shape, dtype, 4, _unit_half if dtype == np.float16 else _unit_bfloat16)


def uniform_int(
    xp: Namespace, stream: Stream, shape: tuple[int, ...], low: Array, high: Array
) -> Array:
    """Integers of ``low`` to ``high - 1``, both scalars of one dtype, int32 or int64.

    Like TensorFlow's, they are remainders: ranges that do not divide 2**32 (2**64) are slightly
    uneven.
    """
    low, high = xp.asarray(low), xp.asarray(high)
    wide = low.dtype == np.int64
    unsigned = np.uint64 if wide else np.uint32
    first = low.astype(unsigned)
    length = high.astype(unsigned) - first

    def convert(xp: Namespace, words: Array) -> Array:
        values = _long_words(xp, words) if wide else words
        return xp.bitcast(values - values // length * length + first, low.dtype)

    limits = (int(low), int(high)) if xp.name == "numpy" else None
    return _fill(xp, stream, shape, low.dtype, 2 if wide else 4, convert, limits)


def uniform_full_int(
    xp: Namespace, stream: Stream, shape: tuple[int, ...], dtype: DTypeLike
) -> Array:
    """Integers uniform over the whole range of a 32-bit or 64-bit ``dtype``."""
    dtype = np.dtype(dtype)
    wide = dtype.itemsize == 8

    def convert(xp: Namespace, words: Array) -> Array:
        return xp.bitcast(_long_words(xp, words) if wide else words, dtype)

    return _fill(xp, stream, shape, dtype, 2 if wide else 4, convert, "full")


# -- normal ------------------------------------------------------------------------------------

SMALLEST = 1e-7  # keeps zero away from the logarithm


def _normal_floats(xp: Namespace, words: Array) -> Array:
    """Box and Muller's transform in single precision: four float32 of each block."""
    unit = _unit_float(xp, words)
    first = xp.maximum(unit[..., 0::2], np.float32(SMALLEST))
    angle = (2 * np.pi * unit[..., 1::2].astype(np.float64)).astype(np.float32)
    radius = xp.sqrt(np.float32(-2) * single.log(xp, first))
    sine, cosine = single.sin_cos(xp, angle)
    return _interleave(xp, sine * radius, cosine * radius)


def normal_doubles(xp: Namespace, words: Array) -> Array:
    """The same in double precision: two float64 of each block."""
    unit = doubles(xp, words)
    first = xp.maximum(unit[..., 0:1], SMALLEST)
    angle = 2 * np.pi * unit[..., 1:2]
    radius = xp.sqrt(-2.0 * xp.log(first))
    return _interleave(xp, xp.sin(angle) * radius, xp.cos(angle) * radius)


def _interleave(xp: Namespace, first: Array, second: Array) -> Array:
    """The columns of two arrays in turn."""
    pairs = xp.stack([first, second], axis=-1)
    return xp.reshape(pairs, (*first.shape[:-1], 2 * first.shape[-1]))


def _narrow(xp: Namespace, values: Array, dtype: DTypeLike) -> Array:
    if dtype == np.float32:
        return values
    return values.astype(dtype) if dtype == np.float16 else _to_bfloat16(xp, values)


def normal(xp: Namespace, stream: Stream, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """Values of the standard normal distribution."""
    dtype = np.dtype(dtype)
    if dtype == np.float64:
        return _fill(xp, stream, shape, dtype, 2, normal_doubles, "normal")

    def convert(xp: Namespace, words: Array) -> Array:
        return _narrow(xp, _normal_floats(xp, words), dtype)

    return _fill(xp, stream, shape, dtype, 4, convert, "normal")


# -- truncated normal --------------------------------------------------------------------------

TRUNCATED_AT = 2.0

# Each group of outputs has a range of blocks of its own and takes the first values in it that
# are small enough, mostly those of the first block. Where shapes must not depend on values, this
# many blocks are looked at; that they hold too few happens once in 10**20.
_ALL_BLOCKS = 5


def truncated_normal(
    xp: Namespace, stream: Stream, shape: tuple[int, ...], dtype: DTypeLike
) -> Array:
    """Values of the standard normal distribution, drawn again while they are 2 or more away."""
    dtype = np.dtype(dtype)
    size = prod(shape)
    per_group = 2 if dtype == np.float64 else 4
    groups = xp.arange(-(-size // per_group), dtype=np.uint64)
    if xp.name == "numpy":
        values = _truncated_in_numpy(xp, stream, groups, per_group)
    else:
        values = _truncated(xp, stream, groups, per_group)
    flat = xp.reshape(values if dtype == np.float64 else _narrow(xp, values, dtype), (-1,))
    return xp.reshape(flat[:size], shape)


def _candidates(
    xp: Namespace, stream: Stream, groups: Array, per_group: int, first: int, count: int
) -> tuple[Array, Array]:
    """The values of ``count`` blocks of each group, and which of them are accepted."""
    stride = BLOCKS_PER_OUTPUT * per_group // 4
    within = xp.arange(first, first + count, dtype=np.uint64)
    offsets = groups[:, None] * np.uint64(stride) + within
    end = (int(groups[-1]) + 1) * stride if xp.name == "numpy" else 0
    words = blocks(xp, stream, offsets, end)
    values = normal_doubles(xp, words) if per_group == 2 else _normal_floats(xp, words)
    values = xp.reshape(values, (groups.shape[0], count * per_group))
    return values, xp.abs(values) < values.dtype.type(TRUNCATED_AT)


def _truncated(xp: Namespace, stream: Stream, groups: Array, per_group: int) -> Array:
    """The first accepted values of each group."""
    values, accepted = _candidates(xp, stream, groups, per_group, 0, _ALL_BLOCKS)
    rank = xp.cumsum(accepted, axis=1)
    nothing = values.dtype.type(0)
    columns = [
        xp.sum(xp.where(accepted & (rank == i), values, nothing), axis=1)
        for i in range(1, per_group + 1)
    ]
    return xp.stack(columns, axis=1)


def _truncated_in_numpy(xp: Namespace, stream: Stream, groups: Array, per_group: int) -> Array:
    """The same with no more work than needed: most groups are done after one block."""
    result, accepted = _candidates_of_block(xp, stream, groups, per_group, 0)
    rows, all_of_them = (np.uint32, 0x01010101) if per_group == 4 else (np.uint16, 0x0101)
    waiting = np.flatnonzero(accepted.view(rows) != all_of_them)
    values, accepted, block = result[waiting], accepted[waiting], 1
    while len(waiting):
        more = _candidates_of_block(xp, stream, groups[waiting], per_group, block)
        values, accepted = np.hstack([values, more[0]]), np.hstack([accepted, more[1]])
        rank = np.cumsum(accepted, axis=1, dtype=np.int32)
        done = rank[:, -1] >= per_group
        chosen = accepted[done] & (rank[done] <= per_group)
        result[waiting[done]] = values[done][chosen].reshape(-1, per_group)
        values, accepted, waiting = values[~done], accepted[~done], waiting[~done]
        block += 1
    return result


def _candidates_of_block(
    xp: Namespace, stream: Stream, groups: Array, per_group: int, block: int
) -> tuple[Array, Array]:
    """`_candidates` of one block, made in pieces that fit the cache."""
    values = np.empty((len(groups), per_group), np.float64 if per_group == 2 else np.float32)
    accepted = np.empty(values.shape, np.bool_)
    for start in range(0, len(groups), philox_numpy.CHUNK):
        part = slice(start, start + philox_numpy.CHUNK)
        values[part], accepted[part] = _candidates(xp, stream, groups[part], per_group, block, 1)
    return values, accepted


# -- categories --------------------------------------------------------------------------------


def categorical(
    xp: Namespace, stream: Stream, logits: Array, samples: int, dtype: DTypeLike
) -> Array:
    """Draws ``samples`` class numbers for each row of unnormalised log-probabilities.

    Classes whose logit is not finite are never drawn. The rows read the stream one after the
    other, as TensorFlow's kernel does when one thread runs it.
    """
    finite = xp.isfinite(logits)
    lowest = xp.asarray(
        np.finfo(np.float32).min if _is_bfloat16(logits.dtype) else np.finfo(logits.dtype).min
    ).astype(logits.dtype)
    largest = xp.max(xp.where(finite, logits, lowest), axis=1, keepdims=True)
    weights = xp.exp(logits.astype(np.float64) - largest.astype(np.float64))
    cumulated = xp.cumsum(xp.where(finite, weights, 0.0), axis=1)
    draws = uniform(xp, stream, (logits.shape[0], samples), np.float64) * cumulated[:, -1:]
    return _first_above(xp, cumulated, draws).astype(dtype)


def _first_above(xp: Namespace, rows: Array, values: Array) -> Array:
    """For each value the number of elements in its sorted row that do not exceed it."""
    length = rows.shape[1]
    low = xp.zeros(values.shape, np.int64)
    high = low + length
    for _ in range(length.bit_length()):
        middle = (low + high) // 2
        at_middle = xp.take_along_axis(rows, xp.minimum(middle, length - 1), axis=1)
        above = (at_middle > values) | (middle >= length)
        low, high = xp.where(above, low, middle + 1), xp.where(above, middle, high)
    return low
