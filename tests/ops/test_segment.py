"""Reductions of rows by segment, and histograms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, case
from tests.ops.inputs import complex_, floats, given, ints, positive
from tidefall.ops.histogram import bucketize, sparse_tensor_dense_add


def rows(combine: Any, empty: Any) -> Any:
    """The reference: for each id, the combination of its rows."""

    def expect(data: np.ndarray, ids: np.ndarray, count: Any = None) -> np.ndarray:
        size = int(ids.max()) + 1 if count is None else int(count)
        flat = data.reshape((ids.size, *data.shape[ids.ndim :]))
        of = [flat[ids.reshape(-1) == i] for i in range(size)]
        parts = [combine(each, 0) if len(each) else np.full(flat.shape[1:], empty) for each in of]
        return np.array(parts).astype(data.dtype).reshape((size, *flat.shape[1:]))

    return expect


def root_sum(x: np.ndarray, axis: int) -> Any:
    return x.sum(axis) / np.sqrt(len(x))


IDS = given([0, 0, 2, 3])
SORTED = [
    (tf.segment_sum, np.sum, 0),
    (tf.segment_mean, np.mean, 0),
    (tf.segment_prod, np.prod, 1),
    (tf.segment_max, np.max, 0),
    (tf.segment_min, np.min, 0),
]
LEAST = {np.max: np.finfo(np.float64).min, np.min: np.finfo(np.float64).max}
UNSORTED = [
    (tf.unsorted_segment_sum, np.sum, 0),
    (tf.unsorted_segment_prod, np.prod, 1),
    (tf.unsorted_segment_mean, np.mean, 0),
    (tf.unsorted_segment_sqrt_n, root_sum, 0),
]
CHOSEN = [
    (tf.sparse_segment_sum, np.sum), (tf.sparse_segment_mean, np.mean),
    (tf.sparse_segment_sqrt_n, root_sum),
]  # fmt: skip

CASES: list[Case] = [
    *[case(f, floats(4, 3), IDS, needs="rank", expect=rows(g, empty)) for f, g, empty in SORTED],
    *[case(f, floats(4), IDS, needs="rank", expect=rows(g, empty)) for f, g, empty in SORTED],
    *[
        case(f, ints(4, 2), IDS, expect=rows(g, empty))
        for f, g, empty in SORTED
        if g is not np.mean
    ],
    case(tf.segment_sum, complex_(4), IDS, expect=rows(np.sum, 0)),
    case(
        tf.segment_sum,
        floats(0, 3),
        given(np.zeros(0, np.int32)),
        expect=np.zeros((0, 3)),
        needs="rank",
    ),
    case(
        tf.segment_mean, floats(4), IDS, dtypes=("float16",), expect=rows(np.mean, 0), needs="rank"
    ),
    *[
        case(f, floats(4, 3), given([2, 0, 2, -1]), given(4), needs="rank", expect=rows(g, empty))
        for f, g, empty in UNSORTED
    ],
    *[
        case(
            f,
            floats(2, 3, 2),
            given([[1, 0, 1], [3, 1, 0]]),
            4,
            needs="rank",
            expect=lambda x, i, g=g, empty=empty: rows(g, empty)(x, i, 4),
        )
        for f, g, empty in UNSORTED
    ],
    *[
        case(
            f,
            floats(4, 2),
            given([1, 0, 1, -1]),
            2,
            needs="rank",
            expect=lambda x, i, g=g: rows(g, 0)(x, i, 2),
        )
        for f, g in [(tf.unsorted_segment_max, np.max), (tf.unsorted_segment_min, np.min)]
    ],
    case(
        tf.unsorted_segment_max,
        floats(2, dtype=np.float64),
        given([0, 0]),
        2,
        needs="rank",
        expect=lambda x, i: np.array([x.max(), LEAST[np.max]]),
        no_gradient="nothing is moved in an empty segment",
    ),
    case(
        tf.unsorted_segment_min,
        floats(2, dtype=np.float64),
        given([0, 0]),
        2,
        needs="rank",
        expect=lambda x, i: np.array([x.min(), LEAST[np.min]]),
        no_gradient="nothing is moved in an empty segment",
    ),
    case(
        tf.unsorted_segment_prod,
        given([0.0, 2.0, 3.0, 0.0, 0.0]),
        given([0, 0, 0, 1, 1]),
        2,
        needs="rank",
        expect=lambda x, i: np.array([0.0, 0.0]),
    ),
    case(
        tf.unsorted_segment_sum,
        ints(3),
        given([0, 2, 0], np.int64),
        given(4, np.int64),
        expect=rows(np.sum, 0),
    ),
    case(
        tf.unsorted_segment_sum,
        complex_(3),
        given([0, 2, 0]),
        4,
        needs="rank",
        expect=lambda x, i: rows(np.sum, 0)(x, i, 4),
    ),
    case(
        tf.unsorted_segment_sum,
        floats(0),
        given(np.zeros(0, np.int32)),
        3,
        needs="rank",
        expect=lambda x, i: np.zeros(3),
    ),
    case(
        tf.unsorted_segment_sum,
        floats(),
        given(1),
        3,
        needs="rank",
        expect=lambda x, i: np.array([0, x, 0]),
    ),
    *[
        case(
            f,
            floats(3, 2),
            given([0, 2, 2, 1]),
            given([0, 0, 0, 2]),
            needs="rank",
            expect=lambda x, i, s, g=g: rows(g, 0)(x[i], s),
        )
        for f, g in CHOSEN
    ],
    *[
        case(
            f,
            floats(3, 2),
            given([0, 2, 2]),
            given([0, 0, 2]),
            num_segments=4,
            needs="rank",
            expect=lambda x, i, s, g=g: rows(g, 0)(x[i], s, 4),
        )
        for f, g in CHOSEN
    ],
    case(
        tf.sparse_segment_sum, ints(3, 2), given([0, 2]), given([0, 1]), expect=lambda x, i, s: x[i]
    ),
    case(tf.bincount, given([1, 1, 3]), expect=np.array([0, 2, 0, 1])),
    case(tf.bincount, given([[1, 1], [3, 0]]), minlength=6, expect=np.array([1, 2, 0, 1, 0, 0])),
    case(tf.bincount, given([1, 1, 3]), maxlength=2, dtype=tf.float64, expect=np.array([0.0, 2.0])),
    case(
        tf.bincount,
        given([1, 1, 3]),
        weights=positive(3),
        needs="rank",
        expect=lambda x, w: np.bincount(x, w),
    ),
    case(tf.bincount, given(np.zeros(0, np.int32)), expect=np.zeros(0)),
    case(
        tf.histogram_fixed_width,
        given([-1.0, 0.0, 1.5, 2.5, 9.0]),
        [0.0, 3.0],
        nbins=3,
        expect=np.array([2, 1, 2]),
    ),
    case(
        tf.histogram_fixed_width,
        floats(50),
        [-2.0, 2.0],
        dtype=tf.int64,
        expect=lambda x: np.histogram(x, 100, (-2, 2))[0],
    ),
    case(
        tf.histogram_fixed_width_bins,
        given([-1.0, 0.0, 1.5, 2.5, 9.0]),
        [0.0, 3.0],
        nbins=3,
        dtypes=("float32",),
        expect=np.array([0, 0, 1, 2, 2]),
    ),
    case(
        bucketize,
        given([[-1.0, 0.0], [5.0, 9.0]]),
        boundaries=[0.0, 5.0, 8.0],
        expect=np.array([[0, 1], [2, 3]]),
    ),
    case(
        sparse_tensor_dense_add,
        given([[0, 1], [1, 0]], np.int64),
        floats(2),
        given([2, 2], np.int64),
        floats(2, 2),
        expect=lambda i, v, s, b: b + np.array([[0, v[0]], [v[1], 0]]),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


def test_sorted_ids_must_not_fall() -> None:
    with (
        tf.Session() as session,
        pytest.raises(tf.errors.InvalidArgumentError, match="from 1 to 0"),
    ):
        session.run(tf.segment_sum([1.0, 2.0], tf.placeholder_with_default([1, 0], [2])))


def test_an_id_must_be_below_the_number_of_segments() -> None:
    with (
        tf.Session() as session,
        pytest.raises(
            tf.errors.InvalidArgumentError, match=r"segment_ids\[1\] = 5 is out of range \[0, 2\)"
        ),
    ):
        session.run(
            tf.unsorted_segment_sum([1.0, 1.0], tf.placeholder_with_default([0, 5], [2]), 2)
        )


def test_slices_become_dense_where_their_shape_is_known() -> None:
    slices = tf.IndexedSlices(tf.constant([[1.0], [2.0]]), tf.constant([2, 2]), tf.constant([3, 1]))
    with tf.Session() as session:
        assert session.run(tf.convert_to_tensor(slices)).tolist() == [[0.0], [0.0], [3.0]]


def test_slices_of_unknown_shape_do_not_become_dense() -> None:
    slices = tf.IndexedSlices(tf.constant([[1.0]]), tf.constant([2]))
    with pytest.raises(ValueError, match="without dense_shape"):
        tf.convert_to_tensor(slices)


def test_counting_refuses_negative_numbers() -> None:
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError, match="negative"):
        session.run(tf.bincount(tf.placeholder_with_default([1, -1], [2])))


def test_a_chosen_row_must_exist() -> None:
    with (
        tf.Session() as session,
        pytest.raises(tf.errors.InvalidArgumentError, match=r"indices\[1\] = 7 is out of range"),
    ):
        session.run(
            tf.sparse_segment_sum([[1.0]], tf.placeholder_with_default([0, 7], [2]), [0, 0])
        )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"labels": [0, 1, 1], "predictions": [0, 1, 0]}, [[1, 0], [1, 1]]),
        ({"labels": [[0], [1]], "predictions": [1, 1]}, [[0, 1], [0, 1]]),
        ({"labels": [0], "predictions": [[1]], "num_classes": 2}, [[0, 1], [0, 0]]),
        ({"labels": [0, 0], "predictions": [0, 1], "weights": [5, 2]}, [[5, 2], [0, 0]]),
    ],
)
def test_a_confusion_matrix_counts(arguments: dict[str, Any], expected: list[list[int]]) -> None:
    with tf.Session() as session:
        assert session.run(tf.confusion_matrix(**arguments)).tolist() == expected


@pytest.mark.parametrize("classes", [[-1, 0], [0, 5]])
def test_a_class_out_of_range_is_refused(classes: list[int]) -> None:
    labels = tf.placeholder(tf.int32, [2])
    matrix = tf.confusion_matrix(labels, [0, 1], num_classes=2)
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError, match="labels"):
        session.run(matrix, {labels: classes})
