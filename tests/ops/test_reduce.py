"""Reductions along dimensions, positions of extremes, running sums, and ranges."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, case
from tests.ops.inputs import (
    apart,
    bools,
    complex_,
    floats,
    given,
    ints,
    special,
    strings,
    unit,
)
from tidefall.ops.cumulative import cumprod_op

AXES: list[tuple[tuple[int, ...], Any]] = [
    ((4, 3), None),
    ((4, 3), 0),
    ((4, 3), -1),
    ((2, 3, 2), [0, 2]),
    ((2, 3, 2), [1]),
    ((3,), []),
    ((), None),
    ((2, 3, 2), (-1, 0)),
]


def axis_of(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


def logsumexp(x: np.ndarray, axis: Any, keepdims: bool = False) -> Any:
    return np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))


def norm(x: np.ndarray, axis: Any, keepdims: bool = False) -> Any:
    return np.sqrt(np.sum(np.abs(x) ** 2, axis=axis, keepdims=keepdims))


REDUCTIONS = [
    (tf.reduce_sum, np.sum, floats),
    (tf.reduce_mean, np.mean, floats),
    (tf.reduce_max, np.max, floats),
    (tf.reduce_min, np.min, floats),
    (tf.reduce_prod, np.prod, floats),
    (tf.reduce_logsumexp, logsumexp, floats),
    (tf.math.reduce_variance, np.var, floats),
    (tf.math.reduce_euclidean_norm, norm, floats),
]


def running(accumulate: Any, x: Any, axis: int, exclusive: bool, reverse: bool, first: Any) -> Any:
    x = np.moveaxis(x, axis, 0)
    x = x[::-1] if reverse else x
    result = accumulate(x, 0)
    if exclusive:
        result = np.concatenate([np.full_like(result[:1], first), result[:-1]])
    return np.moveaxis(result[::-1] if reverse else result, 0, axis)


MODES = [(False, False), (True, False), (False, True), (True, True)]

CASES: list[Case] = [
    *[
        case(f, kind(*shape), axis=axis, expect=lambda x, g=g, axis=axis: g(x, axis=axis_of(axis)))
        for f, g, kind in REDUCTIONS
        for shape, axis in AXES
    ],
    *[
        case(
            f, kind(2, 3), axis=1, keepdims=True, expect=lambda x, g=g: g(x, axis=1, keepdims=True)
        )
        for f, g, kind in REDUCTIONS
    ],
    *[
        case(
            f,
            kind(2, 3),
            reduction_indices=0,
            keep_dims=True,
            expect=lambda x, g=g: g(x, axis=0, keepdims=True),
        )
        for f, g, kind in REDUCTIONS[:6]
    ],
    *[
        case(f, floats(40), dtypes=(name,), expect=g)
        for name in ("float16", "bfloat16")
        for f, g in [(tf.reduce_sum, np.sum), (tf.reduce_mean, np.mean), (tf.reduce_max, np.max)]
    ],
    *[
        case(f, complex_(2, 3), axis=0, expect=lambda x, g=g: g(x, axis=0))
        for f, g in [(tf.reduce_sum, np.sum), (tf.reduce_mean, np.mean), (tf.reduce_prod, np.prod)]
    ],
    *[
        case(f, floats(2, 3), given([0, 1]), expect=g)
        for f, g in [
            (tf.reduce_sum, lambda x, a: np.sum(x)),
            (tf.reduce_max, lambda x, a: np.max(x)),
            (tf.reduce_prod, lambda x, a: np.prod(x)),
            (tf.reduce_mean, lambda x, a: np.mean(x)),
        ]
    ],
    *[
        case(f, floats(2, 3), given(1), expect=lambda x, a, g=g: g(x, axis=1))
        for f, g in [(tf.reduce_sum, np.sum), (tf.reduce_max, np.max), (tf.reduce_mean, np.mean)]
    ],
    case(tf.math.reduce_std, floats(4, 3), axis=0, expect=lambda x: np.std(x, axis=0)),
    case(tf.math.reduce_std, floats(4), expect=np.std),
    case(tf.reduce_sum, ints(4, 3), axis=0, expect=lambda x: x.sum(0, dtype=np.int32)),
    case(tf.reduce_mean, given([-1, -2, -4]), expect=np.array(-2)),
    case(tf.reduce_prod, ints(4), expect=np.prod),
    case(tf.reduce_max, ints(4, 3), axis=1, expect=lambda x: x.max(1)),
    case(tf.reduce_max, ints(5, dtype=np.uint8, low=0), expect=np.max),
    case(tf.math.reduce_euclidean_norm, given([3, 4]), expect=np.array(5)),
    case(tf.reduce_sum, floats(0, 3), axis=0, expect=lambda x: x.sum(0)),
    case(tf.reduce_mean, floats(3, 0), axis=0, expect=lambda x: x.mean(0)),
    case(
        tf.reduce_max,
        floats(0, 2),
        axis=0,
        expect=np.array([-np.inf, -np.inf]),
        no_gradient="of nothing",
    ),
    case(tf.reduce_min, floats(0), expect=np.array(np.inf), no_gradient="of nothing"),
    case(tf.reduce_max, ints(0), expect=np.array(-(2**31))),
    case(tf.reduce_min, ints(0), expect=np.array(2**31 - 1)),
    case(tf.reduce_prod, floats(0), expect=np.array(1.0)),
    case(tf.reduce_prod, special(0.0, 2.0, 3.0), expect=np.array(0.0)),
    case(tf.reduce_max, special(1.0, np.nan), expect=np.array(np.nan)),
    case(tf.reduce_logsumexp, special(1000.0, 1000.0), expect=np.array(1000 + np.log(2))),
    case(tf.reduce_logsumexp, special(-np.inf, -np.inf), expect=np.array(-np.inf)),
    case(tf.reduce_all, bools(4, 3), axis=0, expect=lambda x: x.all(0)),
    case(tf.reduce_all, bools(0), expect=np.all),
    case(
        tf.reduce_any, bools(4, 3), axis=1, keepdims=True, expect=lambda x: x.any(1, keepdims=True)
    ),
    case(tf.reduce_any, bools(2, 2), expect=np.any),
    case(tf.count_nonzero, ints(4, 3), axis=0, expect=lambda x: np.count_nonzero(x, axis=0)),
    case(tf.count_nonzero, special(0.0, 1.0, np.nan), expect=np.array(2)),
    case(tf.count_nonzero, strings("", "a"), expect=np.array(1)),
    case(tf.count_nonzero, floats(3), dtypes=("bfloat16",), expect=np.array(3)),
    case(tf.reduce_sum, given([1.0] * 1000), dtypes=("bfloat16",), expect=np.sum),
    case(tf.count_nonzero, bools(5), dtype=tf.int32, expect=np.count_nonzero),
    case(tf.argmax, floats(4, 3), expect=lambda x: x.argmax(0)),
    case(tf.argmax, floats(4, 3), axis=1, expect=lambda x: x.argmax(1)),
    case(tf.argmax, floats(4, 3), dimension=-1, output_type=tf.int32, expect=lambda x: x.argmax(1)),
    case(tf.argmin, floats(4, 3), axis=1, expect=lambda x: x.argmin(1)),
    case(tf.argmin, given([3, 1, 1]), expect=np.array(1)),
    case(tf.argmax, floats(2, 0), axis=0, expect=np.zeros(0, np.int64)),
    case(tf.arg_max, floats(4, 3), 1, expect=lambda x: x.argmax(1)),
    case(tf.arg_min, floats(4, 3), 0, expect=lambda x: x.argmin(0)),
    *[
        case(
            f,
            kind(*shape),
            axis=axis,
            exclusive=exclusive,
            reverse=reverse,
            expect=lambda x, g=g, one=one, axis=axis, e=exclusive, r=reverse: running(
                g, x, axis, e, r, one
            ),
        )
        for f, g, kind, one in [
            (tf.cumsum, np.cumsum, floats, 0),
            (tf.cumprod, np.cumprod, floats, 1),
            (tf.math.cumulative_logsumexp, np.logaddexp.accumulate, apart, None),
        ]
        for shape, axis in [((5,), 0), ((2, 3, 2), 1), ((2, 3), -1)]
        for exclusive, reverse in MODES
        if one is not None or not exclusive
    ],
    *[
        case(
            tf.math.cumulative_logsumexp,
            floats(2, 4),
            axis=1,
            exclusive=True,
            reverse=reverse,
            expect=None,
            dtypes=("float64",),
            label=f"exclusive {reverse}",
            no_gradient="the first sum is of nothing: its logarithm is the least number",
        )
        for reverse in (False, True)
    ],
    case(tf.cumsum, ints(4), expect=lambda x: np.cumsum(x, dtype=np.int32)),
    case(tf.cumsum, complex_(3), expect=np.cumsum),
    case(tf.cumprod, complex_(3), expect=np.cumprod),
    case(tf.cumsum, floats(0), expect=np.cumsum),
    case(tf.cumsum, floats(40), dtypes=("bfloat16",), expect=np.cumsum),
    case(tf.cumsum, floats(2, 3), given(1), expect=lambda x, a: np.cumsum(x, 1)),
    case(cumprod_op, unit(4), 0, expect=np.cumprod),
    case(tf.range, given(5), expect=np.arange),
    case(tf.range, given(3), given(18), given(5), expect=np.arange),
    case(tf.range, given(5), given(0), given(-2), expect=np.arange),
    case(tf.range, given(3), given(3), expect=np.arange),
    case(tf.range, given(1), given(2), given(0.25, np.float32), expect=np.arange),
    case(tf.range, given(3, np.int64), dtype=tf.int64, expect=np.arange),
    case(
        lambda: tf.range(0.0, 1.0, 0.1),
        label="range",
        expect=np.add.accumulate(np.array([0] + [0.1] * 9, np.float32)),
    ),
    case(tf.linspace, floats(), floats(), 5, expect=lambda x, y: np.linspace(x, y, 5)),
    case(tf.lin_space, floats(), floats(), given(1), expect=lambda x, y, n: np.array([x])),
    case(tf.linspace, floats(), floats(), given(4), expect=lambda x, y, n: np.linspace(x, y, 4)),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


def test_an_axis_has_one_name_at_a_time() -> None:
    with pytest.raises(ValueError, match="axis"):
        tf.reduce_sum([1.0], axis=0, reduction_indices=0)
    with pytest.raises(ValueError, match="keepdims"):
        tf.reduce_sum([1.0], keepdims=True, keep_dims=True)


def test_an_axis_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match=r"reduction axis 2 is out of range"):
        tf.reduce_sum(tf.zeros([2, 3]), 2)
    with pytest.raises(ValueError, match="dimension 5 is out of range"):
        tf.argmax(tf.zeros([2, 3]), 5)


def test_a_sum_over_everything_is_a_scalar_even_of_an_unknown_rank() -> None:
    assert tf.reduce_sum(tf.placeholder(tf.float32)).shape.as_list() == []


def test_the_gradient_of_a_mean_over_the_batch_divides_by_the_rows() -> None:
    x = tf.placeholder(tf.float64, [None, 3])
    (gradient,) = tf.gradients(tf.reduce_mean(x, 0), x)
    with tf.Session() as session:
        np.testing.assert_array_equal(
            session.run(gradient, {x: np.ones((4, 3))}), np.full((4, 3), 0.25)
        )


def test_equal_maxima_share_the_gradient() -> None:
    x = tf.constant([1.0, 3.0, 3.0])
    (gradient,) = tf.gradients(tf.reduce_max(x), x)
    with tf.Session() as session:
        assert session.run(gradient).tolist() == [0.0, 0.5, 0.5]


def test_the_gradient_of_a_product_with_zeros_is_exact() -> None:
    x = tf.constant([[0.0, 2.0], [3.0, 4.0]])
    (gradient,) = tf.gradients(tf.reduce_prod(x), x)
    with tf.Session() as session:
        assert session.run(gradient).tolist() == [[24.0, 0.0], [0.0, 0.0]]


def test_a_range_must_lead_from_start_to_limit() -> None:
    with pytest.raises(ValueError, match="delta = 1 never leads"):
        tf.range(5, 0)
    with pytest.raises(ValueError, match="delta must not be 0"):
        tf.range(0, 5, 0)


def test_an_empty_dimension_has_no_greatest_element() -> None:
    x = tf.placeholder(tf.float32, [None, 2])
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError, match="empty"):
        session.run(tf.argmax(x, 0), {x: np.zeros((0, 2))})
