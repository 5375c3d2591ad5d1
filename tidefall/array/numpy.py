"""NumPy as the array namespace of kernels.

All of NumPy's functions are here under their own names; this file adds what kernels need beyond
the array API standard, in the form `tidefall.array.jax` offers too.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tidefall.array import philox, samplers  # noqa: F401 (kernels reach them through ``xp``)

# Only what NumPy has loaded by now: its rarer modules (f2py, testing, ma) cost 0.1 s to import.
from tidefall.array.special import betainc, igamma, igamma_grad_a, igammac, zeta  # noqa: F401

globals().update({_name: vars(np)[_name] for _name in np.__all__ if _name in vars(np)})

name = "numpy"


def bitcast(x: Any, dtype: Any) -> Any:
    """The same bits read as another dtype of the same size."""
    return np.asarray(x).view(dtype)


def require(condition: Any, message: str | Callable[[], str]) -> None:
    """Raises ValueError unless ``condition`` holds everywhere; JAX cannot look and lets pass.

    Args:
      condition: Truth values.
      message: What to say, or a function that says it.
    """
    if not np.all(condition):
        raise ValueError(message if isinstance(message, str) else message())


def complex_of(real: Any, imag: Any) -> Any:
    """Complex numbers of these parts, broadcast; ``1j * inf`` would spoil the real part."""
    shape = np.broadcast_shapes(np.shape(real), np.shape(imag))
    result = np.empty(shape, np.result_type(real, np.complex64))
    result.real, result.imag = real, imag
    return result


def shape_vector(x: Any, dtype: Any) -> Any:
    """The shape of ``x`` as an array of integers."""
    return np.array(np.shape(x), dtype)


def count(x: Any, dtype: Any, axes: Sequence[int] | None = None) -> Any:
    """How many elements ``x`` has, or has along some axes, as a number of a dtype."""
    total = np.size(x) if axes is None else math.prod([x.shape[axis] for axis in axes])
    return np.dtype(dtype).type(total)


def segment_reduce(how: str, rows: Any, ids: Any, count: int, initial: Any) -> Any:
    """``count`` rows, each starting at ``initial``, combined with the rows of that id.

    Args:
      how: ``add``, ``multiply``, ``minimum`` or ``maximum``.
      rows: An array, its first dimension that of ``ids``.
      ids: For each row, where it goes; negative ids go nowhere.
      count: The number of results.
      initial: What each result starts from.
    """
    result = np.full((count, *rows.shape[1:]), initial, rows.dtype)
    if ids.size and ids.min() < 0:
        rows, ids = rows[ids >= 0], ids[ids >= 0]
    if rows.ndim > 1:  # ufunc.at is several times faster with single numbers than with rows
        width = result[:1].size
        places = ids[:, None] * np.intp(width) + np.arange(width)
        getattr(np, how).at(result.reshape(-1), places.reshape(-1), rows.reshape(-1))
    else:
        getattr(np, how).at(result, ids, rows)
    return result


def solve_triangular(matrix: Any, rhs: Any, lower: bool) -> Any:
    """Solves triangular systems by substitution, one row of all right-hand sides at a time."""
    size = matrix.shape[-1]
    result = np.zeros(np.broadcast_shapes(matrix.shape[:-2], rhs.shape[:-2]) + rhs.shape[-2:],
                      np.result_type(matrix, rhs))  # fmt: skip
    for row in range(size) if lower else range(size - 1, -1, -1):
        known = slice(0, row) if lower else slice(row + 1, size)
        total = np.matmul(matrix[..., row : row + 1, known], result[..., known, :])
        rest = rhs[..., row : row + 1, :] - total
        result[..., row : row + 1, :] = rest / matrix[..., row : row + 1, row : row + 1]
    return result


def logaddexp_accumulate(x: Any, axis: int) -> Any:
    """The logarithms of the running sums of ``exp(x)`` along ``axis``."""
    return np.logaddexp.accumulate(x, axis)


def scatter_add(x: Any, indices: Any, updates: Any) -> Any:
    """A copy of ``x`` with ``updates`` added at ``indices`` along the first axis, repeats too."""
    result = np.array(x)
    np.add.at(result, indices, updates)
    return result


def scatter_set(x: Any, indices: Any, updates: Any) -> Any:
    """A copy of ``x`` with ``updates`` written at ``indices`` along the first axis."""
    result = np.array(x)
    result[indices] = updates
    return result


def scatter_apply(how: str, x: Any, indices: Any, updates: Any) -> Any:
    """A copy of ``x`` with ``updates`` combined into its elements at ``indices``, repeats too.

    Args:
      how: ``set``, ``add``, ``subtract``, ``multiply``, ``divide``, ``minimum`` or ``maximum``.
      x: The array.
      indices: An index array for the first axis, or a tuple of them for the first axes.
      updates: The rows to combine with.
    """
    if how in ("add", "subtract") and _are_all_rows(indices, x):
        return getattr(np, how)(x, updates)
    result = np.array(x)
    if how == "set":
        result[indices] = updates
    elif how == "divide" and result.dtype.kind in "iu":
        _divide_integers_at(result, indices, updates)
    else:
        getattr(np, how).at(result, indices, updates)
    return result


def _are_all_rows(indices: Any, x: Any) -> bool:
    """Whether every row of ``x`` is named once, in order."""
    if not isinstance(indices, np.ndarray) or indices.shape != x.shape[:1]:
        return False
    return bool(np.array_equal(indices, np.arange(len(x))))


def _divide_integers_at(x: Any, indices: Any, updates: Any) -> None:
    """Divides in place, one row after another, rounding towards zero."""
    if np.any(np.equal(updates, 0)):
        raise ValueError("integer division by zero.")
    rows = np.arange(x.size).reshape(x.shape)[indices]
    for row, divisor in np.broadcast(rows, updates):
        value = int(x.flat[row])
        quotient = abs(value) // abs(int(divisor))
        x.flat[row] = quotient if (value < 0) == (divisor < 0) else -quotient


def update_rows(step: Any, tables: Any, indices: Any, grad: Any) -> list[Any]:
    """Copies of ``tables`` in which ``step`` has changed the rows ``indices``.

    Where an index repeats, its steps are taken one after another.

    Args:
      step: From the rows of each table and of ``grad`` to the new rows of each table.
      tables: Arrays of equally many rows.
      indices: Which rows change.
      grad: One row for each index.
    """
    check_range(indices, tables[0].shape[0])
    results = [np.array(table) for table in tables]
    if np.unique(indices).size == indices.size:
        batches: Any = [slice(None)]
    else:
        batches = [slice(i, i + 1) for i in range(indices.size)]
    for batch in batches:
        rows = indices[batch]
        new = step([table[rows] for table in results], grad[batch])
        for table, changed in zip(results, new, strict=True):
            table[rows] = changed
    return results


def check_range(indices: Any, size: int) -> None:
    """Raises `IndexError` unless every index lies between 0 and ``size`` - 1."""
    if np.minimum.reduce(indices, axis=None, initial=0) < 0 or (
        np.maximum.reduce(indices, axis=None, initial=-1) >= size
    ):
        raise bad_index(indices, size)


def gather(x: Any, indices: Any, axis: int) -> Any:
    """The slices of ``x`` along ``axis`` that ``indices`` name.

    Raises `IndexError` where an index is out of range; JAX cannot look, and gives zeros.
    """
    try:
        result = x.take(indices, axis)
    except IndexError:
        raise bad_index(indices, x.shape[axis]) from None
    if np.minimum.reduce(indices, axis=None, initial=0) < 0:
        raise bad_index(indices, x.shape[axis])
    return result


def bad_index(indices: Any, size: int) -> IndexError:
    """The error for indices of which some do not lie between 0 and ``size`` - 1."""
    indices = np.asarray(indices)
    wrong = np.argwhere((indices < 0) | (indices >= size))[0].tolist()
    place = f"[{','.join(map(str, wrong))}]" if wrong else ""
    return IndexError(f"indices{place} = {indices[tuple(wrong)]} is not in [0, {size})")


def placed(shape: tuple[int, ...], index: Any, values: Any, fill: Any = 0) -> Any:
    """An array of ``shape`` filled with ``fill``, with ``values`` written at ``index``."""
    dtype = np.asarray(values).dtype
    result = np.zeros(shape, dtype) if fill.__class__ is int else np.full(shape, plain(fill), dtype)
    result[index] = values
    return result


def one_less_at(rows: Any, places: Any) -> Any:
    """``rows``, which may be written to, with 1 subtracted in each row at its place."""
    rows[np.arange(len(rows)), places] -= rows.dtype.type(1)
    return rows


def flat_places(indices: Any, sizes: tuple[int, ...]) -> Any:
    """Rows of indices as places in a flat array, counted as ``sizes`` says.

    Raises `IndexError` where an index is out of range; JAX cannot look.
    """
    flat = np.zeros(indices.shape[:-1], np.intp)
    for axis, size in enumerate(sizes):
        column = indices[..., axis]
        if np.minimum.reduce(column, axis=None, initial=0) < 0 or (
            np.maximum.reduce(column, axis=None, initial=-1) >= size
        ):
            wrong = np.argwhere((column < 0) | (column >= size))[0].tolist()
            raise IndexError(
                f"indices[{','.join(map(str, wrong))}] = {indices[tuple(wrong)].tolist()} does "
                f"not index into shape {list(sizes)}"
            )
        flat = flat * size + column
    return flat.reshape(-1)


def one_hot(indices: Any, depth: int, on: Any, off: Any, axis: int) -> Any:
    """``off`` in the shape of ``indices`` with a new dimension, ``on`` where the index is."""
    indices = np.asarray(indices)
    shape = (*indices.shape[:axis], depth, *indices.shape[axis:])
    result = np.full(shape, plain(off), None if off.__class__ is bytes else off.dtype)
    flat = indices.reshape(-1).astype(np.intp)
    behind = int(np.prod(indices.shape[axis:], dtype=np.intp))
    places = np.arange(flat.size)
    if behind != 1:
        places = places // behind * (behind * depth) + places % behind
        places += flat * behind
    else:
        places *= depth
        places += flat
    outside = flat.view(np.uintp) >= depth  # negative ones are very large here
    result.reshape(-1)[places[~outside] if outside.any() else places] = on
    return result


def sorted_places(rows: Any, values: Any, side: Any) -> Any:
    """For each row of ``values``, where they would go in the sorted row of ``rows``."""
    pairs = zip(rows, values, strict=True)
    places = [np.searchsorted(row, wanted, side) for row, wanted in pairs]
    return np.stack(places) if places else np.zeros(values.shape, np.intp)


def descending_order(x: Any, count: int) -> Any:
    """The places of the ``count`` largest elements of each row; of equal ones, the first first."""
    if count == 1 and x.shape[-1]:
        return np.argmax(x, -1)[..., np.newaxis]
    size = x.shape[-1]
    if size < 512 or 4 * count > size:
        return size - 1 - np.argsort(x[..., ::-1], -1, kind="stable")[..., ::-1][..., :count]
    rows = x.reshape(-1, size)
    least = np.partition(rows, size - count)[:, size - count]
    order = np.empty((len(rows), count), np.int64)
    for row, bound, places in zip(rows, least, order, strict=True):
        large = np.flatnonzero(row >= bound)[::-1]
        places[:] = large[np.argsort(row[large], kind="stable")[::-1][:count]]
    return order.reshape(*x.shape[:-1], count)


def heap_order(x: Any, count: int) -> Any:
    """What `descending_order` gives, but in the order in which a heap of them ends up."""
    if count == x.shape[-1]:
        return descending_order(x, count)
    order = [_heap(row, count) for row in x.reshape(-1, x.shape[-1])]
    return np.array(order, np.int64).reshape(*x.shape[:-1], count)


def _heap(row: Any, count: int) -> list[int]:
    """The places of the largest elements of ``row``, which is read from front to back."""
    start = count + 1
    heap = [(value, -place) for place, value in enumerate(row[:start].tolist())]
    heapq.heapify(heap)
    heapq.heappop(heap)
    while heap and start < len(row):
        part = row[start : 2 * start]
        for place in np.flatnonzero(part > heap[0][0]).tolist():
            value = part[place].item()
            if value > heap[0][0]:
                heapq.heapreplace(heap, (value, -(start + place)))
        start *= 2
    return [-place for _, place in heap]


def plain(x: Any) -> Any:
    """``x``; but a string (bytes) as an array, which most functions need."""
    return np.array(x, object) if x.__class__ is bytes else x


def is_string(x: Any) -> bool:
    """Whether ``x`` holds strings."""
    return x.__class__ is bytes or x.dtype.kind == "O"


def __getattr__(name: str) -> Any:
    return getattr(np, name)
