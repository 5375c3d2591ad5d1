"""The namespace that kernels are given when they are recorded.

Most of it is `tidefall.array.record`; this adds what is made of its primitives.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tidefall.array import combining, record
from tidefall.array.record import Array
from tidefall.array.symbols import Extent, NotRecordable, Shape

# -- random numbers --------------------------------------------------------------------------------


class Stream:
    """Where random numbers come from: an array of the words of a key and a counter."""

    def __init__(self, words: Array) -> None:
        self.words = words


class _Philox:
    """The distributions that are recorded as primitives."""

    @staticmethod
    def uniform(xp: Any, stream: Any, shape: Shape, dtype: Any) -> Array:
        """Numbers uniform in [0, 1), one row after another."""
        return _drawn("uniform", stream, shape, dtype)

    @staticmethod
    def normal(xp: Any, stream: Any, shape: Shape, dtype: Any) -> Array:
        """Numbers of the standard normal distribution."""
        return _drawn("normal", stream, shape, dtype)

    @staticmethod
    def truncated_normal(xp: Any, stream: Any, shape: Shape, dtype: Any) -> Array:
        """The same, drawn again while they are 2 or more away from 0."""
        return _drawn("truncated_normal", stream, shape, dtype)

    def __getattr__(self, name: str) -> Any:
        raise NotRecordable(f"random numbers, {name}")


def _drawn(name: str, stream: Any, shape: Shape, dtype: Any) -> Array:
    dtype = np.dtype(dtype)
    if not isinstance(stream, Stream) or dtype.itemsize == 2:
        raise NotRecordable(f"random numbers of dtype {dtype}")
    words = stream.words
    return words.recording.add(name, [words], tuple(shape), dtype)


philox = _Philox()


# -- checks ----------------------------------------------------------------------------------------


def require(condition: Any, message: str | Callable[[], str]) -> None:
    """A kernel whose condition does not hold changes nothing, and NumPy runs its nodes instead.

    That run then says what is wrong, where, and with which values.
    """
    if not isinstance(condition, Array):
        if not np.all(condition):
            raise NotRecordable(message if isinstance(message, str) else message())
        return
    condition.recording.checks.append(combining.all(condition))


def check_range(indices: Any, size: int) -> None:
    """Requires every index to lie between 0 and ``size`` - 1."""
    if isinstance(size, Extent):
        raise NotRecordable("indices of rows")
    require((indices >= 0) & (indices < size), "an index is out of range")


# -- reductions ------------------------------------------------------------------------------------


def mean(x: Array, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Any:
    """The sum over the number of elements."""
    total = combining.sum(x, axis, keepdims, dtype)
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return total / record.count(x, total.dtype, [each % x.ndim for each in axes])


# -- places ----------------------------------------------------------------------------------------


def flip(x: Any, axis: Any) -> Any:
    """The elements of some dimensions backwards."""
    axes = {each % x.ndim for each in (axis if isinstance(axis, tuple) else (axis,))}
    return x[tuple([slice(None, None, -1 if i in axes else None) for i in range(x.ndim)])]


def tile(x: Array, times: Any) -> Any:
    """The array repeated along its dimensions."""
    pairs: list[Any] = []
    repeated: list[Any] = []
    for count, size in zip(times, x.shape, strict=True):
        if count == 1:
            pairs.append(size)
            repeated.append(size)
            continue
        if isinstance(size, Extent):
            raise NotRecordable("repeating the rows")
        pairs += [1, size]
        repeated += [int(count), size]
    target = tuple([s if n == 1 else s * int(n) for n, s in zip(times, x.shape, strict=True)])
    spread = record.broadcast_to(record.reshape(x, tuple(pairs)), tuple(repeated))
    return record.reshape(spread, target)


def placed(shape: Any, index: Sequence[Any], values: Any, fill: Any = 0) -> Any:
    """An array filled with ``fill``, with ``values`` written at ``index``."""
    target = tuple(shape)
    starts: list[int] = []
    steps: list[int] = []
    sizes: list[Any] = []
    entries = [entry for entry in index if entry is not None]
    for size, entry in zip(target, entries, strict=True):
        if isinstance(size, Extent):
            if not record.takes_all(entry):
                raise NotRecordable("writing to some of the rows")
            taken: Any = (0, 1, size)
        elif isinstance(entry, slice):
            start, stop, step = entry.indices(size)
            taken = (start, step, len(range(start, stop, step)))
        else:
            taken = (int(entry) % size, 1, 1)
        starts.append(taken[0])
        steps.append(taken[1])
        sizes.append(taken[2])
    part = record.reshape(values, tuple(sizes))
    params = (tuple(starts), tuple(steps), np.asarray(fill, part.dtype)[()])
    return part.recording.add("placed", [part], target, part.dtype, params)


#: A table of more elements is left to NumPy: a kernel would copy it as a whole.
MOST_ELEMENTS = 1 << 20


def gather(x: Any, indices: Any, axis: int) -> Any:
    """The slices of a table that each row names."""
    if not isinstance(indices, Array) or not _is_rows(indices) or axis != 0:
        raise NotRecordable("places that are not named by rows")
    table = record._array(indices.recording, x)
    if not table.ndim or isinstance(table.shape[0], Extent):
        raise NotRecordable("looking up rows of the batch")
    check_range(indices, table.shape[0])
    target = (*indices.shape, *table.shape[1:])
    return table.recording.add("gather", [table, indices], target, table.dtype)


def segment_reduce(how: str, rows: Any, ids: Any, count: int, initial: Any) -> Any:
    """The sums of the rows that name one place of a table."""
    if how != "add" or initial != 0 or not _is_rows(ids) or ids.ndim != 1:
        raise NotRecordable(f"combining rows by their places with {how}")
    target = (count, *rows.shape[1:])
    if math.prod(target) > MOST_ELEMENTS:
        raise NotRecordable("a table that is large beside a batch")
    rows = record.broadcast_to(rows, (*ids.shape, *rows.shape[1:]))
    return ids.recording.add("segment_sum", [rows, ids], target, rows.dtype)


class Named:
    """The rows of a table that some id names, each once: in a kernel, a choice of all its rows.

    Attributes:
      ids: For each row of the batch, the one it names.
      rows: How many rows the table has.
    """

    def __init__(self, ids: Array, rows: int) -> None:
        if not _is_rows(ids) or ids.ndim != 1:
            raise NotRecordable("ids that are no rows")
        self.ids = ids
        self.rows = rows

    def totals(self, rows: Array) -> Array:
        """The sums of the rows of each id; zeros for rows that are not named."""
        return segment_reduce("add", rows, self.ids, self.rows, 0)

    def chosen(self, ndim: int) -> Any:
        """Whether a row is named, to be broadcast against a table."""
        counts = self.totals(record.broadcast_to(np.int32(1), self.ids.shape))
        return record.reshape(record.not_equal(counts, 0), (self.rows,) + (1,) * (ndim - 1))


def update_rows(step: Any, tables: Any, indices: Any, grad: Any) -> list[Any]:
    """``tables`` in which ``step`` has changed the named rows; ``grad`` has a row for each."""
    if not isinstance(indices, Named):
        raise NotRecordable("changing rows that are not known to differ")
    check_range(indices.ids, indices.rows)
    new = step(list(tables), grad)
    chosen = indices.chosen(grad.ndim)
    return [record.where(chosen, x, old) for x, old in zip(new, tables, strict=True)]


def _is_rows(x: Any) -> bool:
    """Whether the leading dimension is the rows, or several for each, or may be found to be."""
    if not isinstance(x, Array) or not x.shape:
        return False
    if isinstance(x.shape[0], Extent):
        return True
    fixed = x.recording.fixed
    return bool(fixed) and x.shape[0] > 0 and x.shape[0] % fixed == 0


def scatter_apply(how: str, x: Array, indices: Any, updates: Any) -> Any:
    """``x`` with ``updates`` combined into the rows that are named."""
    rows = x.shape[0]
    known = indices.value if isinstance(indices, Array) else indices
    whole = known is not None and known.shape == (rows,)
    if not whole or not np.array_equal(known, np.arange(rows)):
        if not _is_rows(indices) or how not in ("add", "subtract"):
            raise NotRecordable("changing some of the rows")
        updates = record.broadcast_to(updates, (*indices.shape, *x.shape[1:]))
        updates = segment_reduce("add", updates, indices, rows, 0)
    if how == "set":
        return record.broadcast_to(updates, x.shape)
    return getattr(record, how)(x, updates)


def one_less_at(rows: Array, places: Array) -> Any:
    """``rows`` with 1 subtracted in each row at its place."""
    return rows - _at(rows, record.expand_dims(places, -1)).astype(rows.dtype)


def take_along_axis(x: Array, indices: Array, axis: int) -> Any:
    """The element of each row at its place."""
    if x.ndim != 2 or axis % 2 != 1 or indices.ndim != 2 or indices.shape[1] != 1:
        raise NotRecordable("elements at many places of a row")
    chosen = record.where(_at(x, indices), x, x.dtype.type(0))
    return combining.sum(chosen, 1, keepdims=True)


def _at(rows: Array, places: Array) -> Any:
    """Whether a column is the one that is named for its row."""
    return places == np.arange(rows.shape[1], dtype=places.dtype)


def stack(arrays: Sequence[Array], axis: int = 0) -> Array:
    """Arrays as the parts of a new axis."""
    recording = record._recording_of(arrays)
    arrays = [record._array(recording, each) for each in arrays]
    axis %= arrays[0].ndim + 1
    return combining.concatenate([record.expand_dims(each, axis) for each in arrays], axis)


def one_hot(indices: Array, depth: int, on: Any, off: Any, axis: int) -> Any:
    """``on`` at the places ``indices`` name, ``off`` elsewhere."""
    at = axis % (indices.ndim + 1)
    places = np.arange(depth, dtype=indices.dtype)
    places = places.reshape([-1] + [1] * (indices.ndim - at))
    return record.where(record.expand_dims(indices, at) == places, on, off)


def clip(x: Any, low: Any, high: Any) -> Any:
    """``x`` moved into a range."""
    return record._apply("minimum", record._apply("maximum", x, low), high)


def conj(x: Any) -> Any:
    """Real numbers themselves."""
    return x


def is_string(x: Any) -> bool:
    """Whether it holds strings."""
    return False


def squeeze(x: Any, axis: Any = None) -> Any:
    """The array without dimensions of size 1."""
    if axis is None:
        raise NotRecordable("squeezing every axis")
    axes = {a % x.ndim for a in (axis if isinstance(axis, tuple) else (axis,))}
    return record.reshape(x, tuple([size for i, size in enumerate(x.shape) if i not in axes]))


def __getattr__(name: str) -> Any:
    return getattr(combining if name in combining.NAMES else record, name)
