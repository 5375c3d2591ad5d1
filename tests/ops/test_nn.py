"""Cases of biases, dense layers, norms, moments, dropout and embeddings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, case
from tests.ops.inputs import floats, given, ints, positive
from tidefall.ir.opdef import OPS

_bias_v1, _bias_grad = OPS["BiasAddV1"], OPS["BiasAddGrad"]


def _unit(x: Any, axis: Any = None) -> Any:
    return x / np.sqrt((x * x).sum(axis, keepdims=True))


def _moments(x: Any, axes: Any = (0,), keep: bool = False) -> Any:
    return (x.mean(axes, keepdims=keep), x.var(axes, keepdims=keep))


def _weighted(x: Any, w: Any) -> Any:
    total = (w + 0 * x).sum(0)
    mean = (w * x).sum(0) / total
    return (mean, (w * (x - mean) ** 2).sum(0) / total)


def _normalized(x: Any, m: Any, v: Any, offset: Any, scale: Any) -> Any:
    return (x - m) / np.sqrt(v + 0.001) * scale + offset


_FIXED_MEAN = "the variance takes the mean for a constant, as in TensorFlow"

CASES: list[Case] = [
    case(tf.nn.bias_add, floats(4, 3), floats(3), expect=np.add),
    case(tf.nn.bias_add, floats(2, 4, 3), floats(3), data_format="NHWC", expect=np.add),
    case(tf.nn.bias_add, floats(2, 3, 4, 2), floats(3), data_format="NCHW",
         expect=lambda x, b: x + b[:, None, None]),
    case(tf.nn.bias_add, ints(0, 3), ints(3), expect=np.add),
    case(_bias_v1, floats(4, 3), floats(3), expect=np.add),
    case(_bias_grad, floats(4, 2, 3), expect=lambda x: x.sum((0, 1))),
    case(_bias_grad, floats(4, 2, 3), data_format="NCHW", expect=lambda x: x.sum((0, 2))),
    case(tf.nn.xw_plus_b, floats(2, 3), floats(3, 4), floats(4), expect=lambda x, w, b: x @ w + b),
    case(tf.nn.relu_layer, floats(2, 3), floats(3, 4), floats(4),
         expect=lambda x, w, b: np.maximum(x @ w + b, 0)),
    case(tf.nn.l2_loss, floats(2, 3), expect=lambda x: (x * x).sum() / 2),
    case(tf.nn.l2_loss, floats(0), expect=0.0),
    case(tf.nn.l2_loss, floats(20), dtypes=("float16",), expect=lambda x: (x * x).sum() / 2),
    case(tf.nn.l2_normalize, floats(2, 3), 1, expect=lambda x: _unit(x, 1)),
    case(tf.nn.l2_normalize, floats(2, 3), dim=[0, 1], expect=_unit),
    case(tf.nn.l2_normalize, given([[0.0, 0.0]]), 1, expect=np.zeros((1, 2))),
    case(tf.nn.moments, floats(4, 3), [0], no_second=_FIXED_MEAN, expect=_moments),
    case(tf.nn.moments, floats(4, 3), [0, 1], keep_dims=True, no_second=_FIXED_MEAN,
         expect=lambda x: _moments(x, (0, 1), True)),
    case(tf.nn.moments, floats(40), [0], dtypes=("float16",), expect=_moments),
    case(tf.nn.weighted_moments, floats(4, 3), [0], positive(4, 1), expect=_weighted),
    case(lambda x: tf.nn.sufficient_statistics(x, [0])[:3], floats(4, 3),
         expect=lambda x: (4.0, x.sum(0), (x * x).sum(0)), label="sufficient_statistics"),
    case(lambda x, s: tf.nn.sufficient_statistics(x, [0, 1], shift=s, keepdims=True),
         floats(4, 3), floats(),
         expect=lambda x, s: (12.0, (x - s).sum(keepdims=True),
                              ((x - s) ** 2).sum(keepdims=True), s),
         label="sufficient_statistics with a shift"),
    case(lambda n, m, v: tf.nn.normalize_moments(n, m, v, None), given(4.0), floats(3),
         positive(3), expect=lambda n, m, v: (m / 4, v / 4 - (m / 4) ** 2),
         label="normalize_moments"),
    case(tf.nn.normalize_moments, given(4.0), floats(3), positive(3), floats(),
         expect=lambda n, m, v, s: (m / 4 + s, v / 4 - (m / 4) ** 2),
         label="normalize_moments with a shift"),
    case(tf.nn.batch_normalization, floats(4, 3), floats(3), positive(3), floats(3), floats(3),
         0.001, expect=_normalized),
    case(tf.nn.batch_normalization, floats(4, 3), floats(3), positive(3), None, None, 0.001,
         expect=lambda x, m, v: _normalized(x, m, v, 0, 1)),
    case(tf.nn.batch_norm_with_global_normalization, floats(1, 2, 2, 3), floats(3), positive(3),
         floats(3), floats(3), 0.001, False,
         expect=lambda x, m, v, b, g: _normalized(x, m, v, b, 1)),
    case(tf.nn.embedding_lookup, floats(4, 3), [[1, 0], [3, 3]],
         expect=lambda w: w[[[1, 0], [3, 3]]]),
    case(lambda a, b, i: tf.nn.embedding_lookup([a, b], i), floats(3, 2), floats(2, 2),
         given([0, 1, 2, 3, 4]), expect=lambda a, b, i: np.stack([a[0], b[0], a[1], b[1], a[2]]),
         needs="rank", label="embedding_lookup of two parts, mod"),
    case(lambda a, b, i: tf.nn.embedding_lookup([a, b], i, "div"), floats(3, 2), floats(2, 2),
         given([[0, 1], [4, 3]]), expect=lambda a, b, i: np.concatenate([a, b])[i],
         needs="rank", label="embedding_lookup of two parts, div"),
    case(tf.nn.embedding_lookup, given([[3.0, 4.0], [0.3, 0.4]]), [0, 1], max_norm=1.0,
         needs="rank", expect=np.array([[0.6, 0.8], [0.3, 0.4]])),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: tf.nn.bias_add(tf.zeros([2, 3]), tf.zeros([4])), "the bias has 4 elements"),
        (lambda: tf.nn.bias_add(tf.zeros([3]), tf.zeros([3])), "at least 2"),
        (lambda: tf.nn.bias_add(tf.zeros([2, 3]), [0.0], "HWC"), "data_format must be of the form"),
        (lambda: tf.nn.embedding_lookup([], [0]), "Need at least one param"),
        (lambda: tf.nn.embedding_lookup(None, [0]), "params must be specified"),
        (lambda: tf.nn.embedding_lookup([tf.zeros([2, 2])] * 2, [0], "rows"), "Unrecognized"),
    ],
)
def test_what_does_not_fit(build: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()


def test_zero_fraction() -> None:
    assert tf.Session().run(tf.nn.zero_fraction([0, 1, 0, 3])) == 0.5


# -- dropout --------------------------------------------------------------------------------------


def test_dropout_keeps_the_mean() -> None:
    tf.set_random_seed(1)
    value = tf.Session().run(tf.nn.dropout(tf.ones([10000]), rate=0.25))
    kept = value[value != 0]
    np.testing.assert_allclose(kept, 1 / 0.75, rtol=1e-6)
    assert abs(kept.size / 10000 - 0.75) < 0.02


def test_dropout_of_nothing_adds_no_node() -> None:
    x = tf.zeros([2])
    assert tf.nn.dropout(x, 1.0) is x
    assert tf.nn.dropout(x, rate=0.0) is x


def test_dropout_together_along_a_dimension() -> None:
    value = tf.Session().run(tf.nn.dropout(tf.ones([50, 8]), 0.5, noise_shape=[None, 1], seed=2))
    assert set(value.sum(1).tolist()) == {0.0, 16.0}


def test_the_gradient_of_dropout_is_zero_where_the_element_is() -> None:
    x = tf.ones([100])
    y = tf.nn.dropout(x, 0.5, seed=3)
    value, grad = tf.Session().run([y, tf.gradients(y, x)[0]])
    assert value.tolist() == grad.tolist()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "must provide a rate"),
        ({"rate": 1.0}, "below 1, not 1"),
        ({"keep_prob": 1.5}, r"not -0\.5"),
        ({"rate": 0.5, "keep_prob": 0.5}, "older name"),
        ({"keep_prob": "half"}, "floating point number"),
    ],
)
def test_impossible_rates(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tf.nn.dropout(tf.zeros([2]), **arguments)


def test_dropout_of_integers() -> None:
    with pytest.raises(ValueError, match="floating point tensor"):
        tf.nn.dropout(tf.zeros([2], tf.int32), 0.5)
