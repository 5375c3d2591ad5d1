"""Random numbers: Philox 4x32-10, and TensorFlow 1.15's way from its bits to distributions.

The generator is a function: from a key and a 128-bit counter to a *block* of four 32-bit words.
A `Stream` is a key and the first counter that an op may use; everything here is a pure function
of it, written against the array namespace, so NumPy and JAX draw the same numbers.

The numbers are TensorFlow's to the last bit; in double precision, where the logarithm and the
cosine are the namespace's own, to the last bit but one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tidefall.array import single

Namespace = Any
Array = Any
DTypeLike = Any

#: How many blocks each output value may use; TensorFlow reserves as many per run.
BLOCKS_PER_OUTPUT = 256

_ROUNDS = 10
_MULTIPLIERS = np.array([[0xD2511F53], [0xCD9E8D57]], np.uint64)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_WORD = np.uint64(0xFFFFFFFF)
_BITS = np.uint64(32)

# Blocks that NumPy makes at once: few enough for the second-level cache, many enough to forget
# the cost of a call.
_CHUNK = 8192


class Stream(NamedTuple):
    """Where in which sequence of random words an op may start to read.

    Attributes:
      key: Two 32-bit words.
      counter: Four 32-bit words, the least significant first.
    """

    key: Array
    counter: Array

    @classmethod
    def of(cls, seed: int, seed2: int, position: int = 0) -> Stream:
        """The stream of an op with these two seeds, ``position`` blocks after its start."""
        start = (((seed2 % 2**64) << 64) + position) % 2**128
        key = np.array([seed % 2**64], "<u8").view("<u4")
        counter = np.array([start % 2**64, start >> 64], "<u8").view("<u4")
        return cls(key.astype(np.uint32, copy=False), counter.astype(np.uint32, copy=False))


def _round_keys(xp: Namespace, key: Array) -> list[Array]:
    """The key of each round, as a column of 64-bit words."""
    words = xp.asarray(key).astype(np.uint64).reshape(2, 1)
    steps = np.array(_WEYL, np.uint64).reshape(2, 1)
    return [(words + np.uint64(i) * steps) & _WORD for i in range(_ROUNDS)]


def blocks(xp: Namespace, stream: Stream, offsets: Array) -> Array:
    """The blocks of a stream at some offsets from its start.

    Args:
      xp: The array namespace.
      stream: The stream.
      offsets: 64-bit unsigned integers, of any shape.

    Returns:
      32-bit words, of the shape of ``offsets`` with a last dimension of 4.
    """
    flat = xp.reshape(offsets, (-1,))
    # In each pair the words 0 and 2 of the counter, which are multiplied, and 1 and 3.
    even, odd = _counters(xp, stream.counter, flat)
    for key in _round_keys(xp, stream.key):
        product = (even * _MULTIPLIERS)[::-1]
        even, odd = (product >> _BITS) ^ odd ^ key, product & _WORD
    words = xp.stack([even[0], odd[0], even[1], odd[1]], axis=-1).astype(np.uint32)
    return xp.reshape(words, (*offsets.shape, 4))


def _counters(xp: Namespace, counter: Array, offsets: Array) -> tuple[Array, Array]:
    """The words 0 and 2, and 1 and 3, of the counter at each offset."""
    word = xp.asarray(counter).astype(np.uint64)
    start = word[0] | (word[1] << _BITS)
    high = word[2] | (word[3] << _BITS)
    low = start + offsets
    high = high + (low < start).astype(np.uint64)
    return xp.stack([low & _WORD, high & _WORD]), xp.stack([low >> _BITS, high >> _BITS])


def _fill(
    xp: Namespace,
    stream: Stream,
    shape: tuple[int, ...],
    dtype: DTypeLike,
    per_block: int,
    convert: Callable[[Array], Array],
) -> Array:
    """An array of values that consecutive blocks give.

    ``convert`` turns an ``(n, 4)`` array of words into ``(n, per_block)`` values.
    """
    size = _size(shape)
    count = -(-size // per_block)
    if xp.name != "numpy":
        words = blocks(xp, stream, xp.arange(count, dtype=np.uint64))
        values = xp.reshape(convert(words), (-1,))
        return xp.reshape(values[:size], shape)
    if count <= _CHUNK:
        return convert(_consecutive(stream, 0, count)).reshape(-1)[:size].reshape(shape)
    result = np.empty(size, dtype)
    for start in range(0, count, _CHUNK):
        words = _consecutive(stream, start, min(_CHUNK, count - start))
        values = convert(words).reshape(-1)
        target = result[start * per_block : (start + len(words)) * per_block]
        target[:] = values[: len(target)]
    return result.reshape(shape)


def _consecutive(stream: Stream, start: int, count: int) -> Array:
    """The blocks from ``start`` on, as `blocks` gives them, in place in NumPy's buffers."""
    offsets = np.arange(start, start + count, dtype=np.uint64)
    even, odd = _counters(np, stream.counter, offsets)
    product = np.empty((2, count), np.uint64)
    swapped = product[::-1]
    for key in _round_keys(np, stream.key):
        np.multiply(even, _MULTIPLIERS, product)
        np.right_shift(swapped, _BITS, even)
        np.bitwise_xor(odd, key, odd)
        np.bitwise_xor(even, odd, even)
        np.bitwise_and(swapped, _WORD, odd)
    words = np.empty((count, 4), np.uint32)
    words[:, 0::2] = even.T
    words[:, 1::2] = odd.T
    return words


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for length in shape:
        size *= length
    return size


# -- from words to numbers -------------------------------------------------------------------


def _unit_float(xp: Namespace, words: Array) -> Array:
    """Each word's low 23 bits as the fraction of a float32 in [0, 1)."""
    bits = (words & np.uint32(0x7FFFFF)) | np.uint32(0x3F800000)
    return xp.bitcast(bits, np.float32) - np.float32(1)


def _unit_double(xp: Namespace, high: Array, low: Array) -> Array:
    """20 bits of one word and all of another as the fraction of a float64 in [0, 1)."""
    fraction = ((high & np.uint32(0xFFFFF)).astype(np.uint64) << _BITS) | low.astype(np.uint64)
    return xp.bitcast(fraction | np.uint64(0x3FF0000000000000), np.float64) - np.float64(1)


def _doubles(xp: Namespace, words: Array) -> Array:
    """The two float64 in [0, 1) that each block gives."""
    return _unit_double(xp, words[..., 0::2], words[..., 1::2])


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
    if dtype == np.float64:
        return _fill(xp, stream, shape, dtype, 2, lambda words: _doubles(xp, words))
    unit = {"float16": _unit_half, "bfloat16": _unit_bfloat16, "float32": _unit_float}[dtype.name]
    return _fill(xp, stream, shape, dtype, 4, lambda words: unit(xp, words))


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

    def convert(words: Array) -> Array:
        values = _long_words(xp, words) if wide else words
        return xp.bitcast(values - values // length * length + first, low.dtype)

    return _fill(xp, stream, shape, low.dtype, 2 if wide else 4, convert)


def uniform_full_int(
    xp: Namespace, stream: Stream, shape: tuple[int, ...], dtype: DTypeLike
) -> Array:
    """Integers uniform over the whole range of a 32-bit or 64-bit ``dtype``."""
    dtype = np.dtype(dtype)
    if dtype.itemsize == 8:
        return _fill(xp, stream, shape, dtype, 2, lambda w: xp.bitcast(_long_words(xp, w), dtype))
    return _fill(xp, stream, shape, dtype, 4, lambda w: xp.bitcast(w, dtype))


def _long_words(xp: Namespace, words: Array) -> Array:
    """Each two words as one of 64 bits, the first of them the lower half."""
    long = words.astype(np.uint64)
    return long[..., 0::2] | (long[..., 1::2] << _BITS)


# -- normal ------------------------------------------------------------------------------------

_SMALLEST = 1e-7  # keeps zero away from the logarithm


def _normal_floats(xp: Namespace, words: Array) -> Array:
    """Box and Muller's transform in single precision: four float32 of each block."""
    unit = _unit_float(xp, words)
    first = xp.maximum(unit[..., 0::2], np.float32(_SMALLEST))
    angle = (2 * np.pi * unit[..., 1::2].astype(np.float64)).astype(np.float32)
    radius = xp.sqrt(np.float32(-2) * single.log(xp, first))
    sine, cosine = single.sin_cos(xp, angle)
    return _interleave(xp, sine * radius, cosine * radius)


def _normal_doubles(xp: Namespace, words: Array) -> Array:
    """The same in double precision: two float64 of each block."""
    unit = _doubles(xp, words)
    first = xp.maximum(unit[..., 0:1], _SMALLEST)
    angle = 2 * np.pi * unit[..., 1:2]
    radius = xp.sqrt(-2.0 * xp.log(first))
    return _interleave(xp, xp.sin(angle) * radius, xp.cos(angle) * radius)


def _interleave(xp: Namespace, first: Array, second: Array) -> Array:
    """The columns of two arrays in turn."""
    pairs = xp.stack([first, second], axis=-1)
    return xp.reshape(pairs, (*first.shape[:-1], 2 * first.shape[-1]))


def _narrow(xp: Namespace, values: Array, dtype: DTypeLike) -> Array:
    return _to_bfloat16(xp, values) if _is_bfloat16(dtype) else values.astype(dtype)


def normal(xp: Namespace, stream: Stream, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """Values of the standard normal distribution."""
    dtype = np.dtype(dtype)
    if dtype == np.float64:
        return _fill(xp, stream, shape, dtype, 2, lambda words: _normal_doubles(xp, words))
    return _fill(
        xp, stream, shape, dtype, 4, lambda words: _narrow(xp, _normal_floats(xp, words), dtype)
    )


# -- truncated normal --------------------------------------------------------------------------

_TRUNCATED_AT = 2.0

# Each group of outputs has a range of blocks of its own and takes the first values in it that
# are small enough. Of eight words most groups find their values in the first four; that all
# five blocks hold too few happens once in 10**20.
_ALL_BLOCKS = 5


def truncated_normal(
    xp: Namespace, stream: Stream, shape: tuple[int, ...], dtype: DTypeLike
) -> Array:
    """Values of the standard normal distribution, drawn again while they are 2 or more away."""
    dtype = np.dtype(dtype)
    size = _size(shape)
    per_group = 2 if dtype == np.float64 else 4
    groups = xp.arange(-(-size // per_group), dtype=np.uint64)
    if xp.name == "numpy":
        values = np.empty((len(groups), per_group), np.float64 if per_group == 2 else np.float32)
        for start in range(0, len(groups), _CHUNK):
            part = slice(start, start + _CHUNK)
            values[part] = _truncated_in_numpy(xp, stream, groups[part], per_group)
    else:
        values = _truncated(xp, stream, groups, per_group, _ALL_BLOCKS)
    flat = xp.reshape(values if dtype == np.float64 else _narrow(xp, values, dtype), (-1,))
    return xp.reshape(flat[:size], shape)


def _candidates(
    xp: Namespace, stream: Stream, groups: Array, per_group: int, count: int
) -> tuple[Array, Array]:
    """The values of the first ``count`` blocks of each group, and which of them are accepted."""
    blocks_per_group = BLOCKS_PER_OUTPUT * per_group // 4
    within = xp.arange(count, dtype=np.uint64)
    words = blocks(xp, stream, groups[:, None] * np.uint64(blocks_per_group) + within)
    values = _normal_doubles(xp, words) if per_group == 2 else _normal_floats(xp, words)
    values = xp.reshape(values, (groups.shape[0], count * per_group))
    return values, xp.abs(values) < values.dtype.type(_TRUNCATED_AT)


def _truncated(xp: Namespace, stream: Stream, groups: Array, per_group: int, count: int) -> Array:
    """The first accepted values of each group, among those of ``count`` blocks."""
    values, accepted = _candidates(xp, stream, groups, per_group, count)
    rank = xp.cumsum(accepted, axis=1)
    nothing = values.dtype.type(0)
    columns = [
        xp.sum(xp.where(accepted & (rank == i), values, nothing), axis=1)
        for i in range(1, per_group + 1)
    ]
    return xp.stack(columns, axis=1)


def _truncated_in_numpy(xp: Namespace, stream: Stream, groups: Array, per_group: int) -> Array:
    """The same with no more work than needed: most groups are done after one block."""
    values, accepted = _candidates(xp, stream, groups, per_group, 1)
    unfinished = np.flatnonzero(~accepted.all(axis=1))
    count = _ALL_BLOCKS - 2
    while len(unfinished):
        more, accepted = _candidates(xp, stream, groups[unfinished], per_group, count)
        done = accepted.sum(axis=1) >= per_group
        rank = np.cumsum(accepted[done], axis=1)
        chosen = accepted[done] & (rank <= per_group)
        values[unfinished[done]] = more[done][chosen].reshape(-1, per_group)
        unfinished = unfinished[~done]
        count *= 2
    return values


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
