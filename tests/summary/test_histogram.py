"""Histograms hold what went in, in TensorFlow's buckets."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tidefall.summary.histogram import bucket_limits, histogram_proto

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


def test_limits_cover_all_doubles_symmetrically() -> None:
    limits = bucket_limits()
    assert len(limits) == 1551
    assert (limits[0], limits[-1]) == (-np.finfo(float).max, np.finfo(float).max)
    np.testing.assert_array_equal(limits, -limits[::-1])
    assert (np.diff(limits) > 0).all()


@given(st.lists(NUMBERS, min_size=1, max_size=50))
def test_counts_add_up_and_lie_where_they_belong(values: list[float]) -> None:
    with np.errstate(over="ignore"):
        histogram = histogram_proto(values)
    assert sum(histogram.bucket) == histogram.num == len(values)
    assert (histogram.min, histogram.max) == (min(values), max(values))
    limits = list(histogram.bucket_limit)
    assert limits == sorted(limits)
    for limit, count in zip(limits[:-1], np.cumsum(histogram.bucket)[:-1], strict=True):
        assert sum(value < limit for value in values) == count


def test_no_two_empty_buckets_follow_one_another() -> None:
    counts = list(histogram_proto([1.0, 1.5, -7.0, 1e6]).bucket)
    assert not any(a == 0 == b for a, b in pairwise(counts))
