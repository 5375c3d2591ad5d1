"""Clipping values and norms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, case
from tests.ops.inputs import floats, given


def _scaled(x: Any, most: float, axis: Any = None) -> Any:
    norm = np.sqrt((x * x).sum(axis, keepdims=True))
    return x * most / np.maximum(norm, most)


def _together(x: list[Any], most: float) -> tuple[Any, ...]:
    norm = np.sqrt(sum((each * each).sum() for each in x))
    return (*[each * most / max(norm, most) for each in x], norm)


CASES: list[Case] = [
    case(tf.clip_by_value, floats(4, 3), -1.0, 0.5, expect=lambda x: np.clip(x, -1, 0.5)),
    case(tf.clip_by_value, floats(2, 2), given([-1.0, 0.5]), given([0.0, 1.0]),
         expect=lambda x, low, high: np.clip(x, low, high)),
    case(tf.clip_by_value, given([5]), 10, 0, expect=np.array([10])),
    case(tf.clip_by_norm, floats(4, 3), 2.0, expect=lambda x: _scaled(x, 2.0)),
    case(tf.clip_by_norm, floats(4, 3), 100.0, expect=lambda x: x),
    case(tf.clip_by_norm, floats(4, 3), 1.0, axes=[1], expect=lambda x: _scaled(x, 1.0, 1)),
    case(tf.clip_by_norm, given([0.0, 0.0], random=False), 1.0, expect=np.zeros(2)),
    case(tf.clip_by_average_norm, floats(4, dtype=np.float32), 0.1,
         expect=lambda x: x * 0.1 * min(4 / np.sqrt((x * x).sum()), 10.0)),
    case(tf.global_norm, [floats(4, 3), floats(2)], expect=lambda x: _together(x, 1.0)[-1]),
    case(tf.clip_by_global_norm, [floats(4, 3), floats(2)], 1.5,
         expect=lambda x: _together(x, 1.5)),
    case(tf.clip_by_global_norm, [floats(2)], 1.5, use_norm=given(3.0),
         expect=lambda x, n: (x[0] / 2, n)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


def test_the_gradient_of_a_norm_of_zero_is_finite() -> None:
    x = tf.zeros([3])
    assert np.isfinite(tf.Session().run(tf.gradients(tf.clip_by_norm(x, 1.0), x)[0])).all()


def test_rows_stay_rows() -> None:
    rows = tf.IndexedSlices(tf.constant([[3.0, 4.0]]), tf.constant([2]), tf.constant([5, 2]))
    (clipped, nothing), norm = tf.clip_by_global_norm([rows, None], 1.0)
    assert nothing is None
    assert isinstance(clipped, tf.IndexedSlices)
    values, length = tf.Session().run([clipped.values, norm])
    np.testing.assert_allclose(values, [[0.6, 0.8]], rtol=1e-6)
    assert length == 5.0
    by_norm, by_value = tf.clip_by_norm(rows, 1.0), tf.clip_by_value(rows, 0.0, 3.5)
    assert tf.Session().run(by_norm.values).tolist() == [[np.float32(0.6), np.float32(0.8)]]
    assert tf.Session().run(by_value.values).tolist() == [[3.0, 3.5]]


def test_an_infinite_norm_spoils_everything() -> None:
    values, norm = tf.clip_by_global_norm([tf.constant([np.inf]), tf.constant([1.0])], 1.0)
    found = tf.Session().run([*values, norm])
    assert np.isnan(found[0]).all()
    assert np.isnan(found[1]).all()
    assert found[2] == np.inf


def test_bounds_larger_than_the_tensor() -> None:
    with pytest.raises(ValueError, match="not compatible"):
        tf.clip_by_value(tf.zeros([2]), tf.zeros([3, 2]), 1.0)


@pytest.mark.parametrize("tensors", ["text", tf.constant])
def test_a_list_is_needed(tensors: Any) -> None:
    with pytest.raises(TypeError, match="t_list must be a list"):
        tf.global_norm(tensors)
