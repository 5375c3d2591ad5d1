"""Primitives that combine elements of an array: reductions, products, joining. Recorded only."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

from tidefall.array import record
from tidefall.array.record import Array
from tidefall.array.symbols import Extent, NotRecordable

#: What belongs to the recording namespace.
NAMES = frozenset("sum max min prod argmax argmin all any matmul concatenate".split())


def _reduce(name: str, x: Array, axis: Any, keepdims: bool, dtype: Any = None) -> Array:
    if axis is None:
        axis = tuple(range(x.ndim))
    axes = tuple(sorted({a % x.ndim for a in (axis if isinstance(axis, tuple) else (axis,))}))
    if dtype is None and name in ("sum", "prod"):
        dtype = getattr(np, name)(np.zeros(0, x.dtype)).dtype  # of narrow integers a wider one
    if dtype is not None:
        x = record._cast(x, np.dtype(dtype))
    if not axes:
        return x
    if builtins.any(isinstance(x.shape[a], int) and x.shape[a] == 0 for a in axes):
        raise NotRecordable("a reduction of nothing")
    kept = tuple([size for i, size in enumerate(x.shape) if i not in axes])
    result = np.dtype(np.int64) if name in ("argmax", "argmin") else x.dtype
    reduced = x.recording.add(name, [x], kept, result, axes)
    if keepdims:
        return record.reshape(
            reduced, tuple([1 if i in axes else s for i, s in enumerate(x.shape)])
        )
    return reduced


def _reduction(name: str) -> Any:
    def reduce(x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Any:
        return _reduce(name, x, axis, keepdims, dtype)

    return reduce


sum = _reduction("sum")
max = _reduction("max")
min = _reduction("min")
prod = _reduction("prod")
argmax = _reduction("argmax")
argmin = _reduction("argmin")
all = _reduction("all")
any = _reduction("any")


def matmul(a: Any, b: Any) -> Array:
    """The product of two matrices."""
    recording = record._recording_of([a, b])
    a, b = record._array(recording, a), record._array(recording, b)
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0]:
        raise NotRecordable(f"a product of shapes {a.shape} and {b.shape}")
    if a.dtype != b.dtype or a.dtype.kind != "f":
        raise NotRecordable(f"a product of {a.dtype} and {b.dtype}")
    return a.recording.add("matmul", [a, b], (a.shape[0], b.shape[1]), a.dtype)


def concatenate(arrays: Sequence[Any], axis: int = 0) -> Array:
    """Arrays one after another along an axis."""
    arrays = list(arrays)
    recording = record._recording_of(arrays)
    arrays = [record._array(recording, each) for each in arrays]
    axis %= arrays[0].ndim
    if isinstance(arrays[0].shape[axis], Extent):
        raise NotRecordable("joining along the rows")
    total = builtins.sum([each.shape[axis] for each in arrays])
    first = arrays[0].shape
    target = (*first[:axis], total, *first[axis + 1 :])
    return recording.add("concatenate", arrays, target, arrays[0].dtype, axis)
