"""Histograms as TensorBoard wants them: fixed buckets that grow by a tenth each."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidefall import proto

_LARGEST = float(np.finfo(np.float64).max)
_FIRST, _LAST, _GROWTH = 1e-12, 1e20, 1.1

Doubles = NDArray[np.float64]


@cache
def bucket_limits() -> Doubles:
    """The upper limits of the buckets, which reach over all doubles.

    >>> len(bucket_limits())
    1551
    """
    positive = []
    limit = _FIRST
    while limit < _LAST:  # multiplied one by one, so that every bit is TensorFlow's
        positive.append(limit)
        limit *= _GROWTH
    positive.append(_LARGEST)
    return np.array([*(-value for value in reversed(positive)), 0.0, *positive])


def histogram_proto(values: Any) -> Any:
    """The ``HistogramProto`` of an array of finite numbers.

    Buckets that are empty are given as one; an empty array gives an empty histogram.
    """
    flat = np.asarray(values, np.float64).ravel()
    limits = bucket_limits()
    inside = np.searchsorted(limits, flat, side="right")
    counts = np.bincount(np.minimum(inside, len(limits) - 1), minlength=len(limits))
    kept = _kept(counts)
    return proto.HistogramProto(
        min=float(flat.min()) if flat.size else _LARGEST,
        max=float(flat.max()) if flat.size else -_LARGEST,
        num=float(flat.size),
        sum=float(flat.sum()),
        sum_squares=float(flat @ flat),
        bucket_limit=limits[kept].tolist(),
        bucket=counts[kept].astype(np.float64).tolist(),
    )


def _kept(counts: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which buckets are written: all that are filled, and the last of every empty run."""
    kept = counts > 0
    kept[:-1] |= counts[1:] > 0
    kept[-1] = True
    return kept
