"""Cases of softmax and cross entropies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, case
from tests.ops.inputs import floats, given, ints, positive, unit
from tidefall.ir.opdef import OPS


def softmax(x: Any, axis: int = -1) -> Any:
    powers = np.exp(x - x.max(axis, keepdims=True))
    return powers / powers.sum(axis, keepdims=True)


def log_softmax(x: Any, axis: int = -1) -> Any:
    return np.log(softmax(x, axis))


def cross_entropy(labels: Any, logits: Any, axis: int = -1) -> Any:
    return -(labels * log_softmax(logits, axis)).sum(axis)


def of_class(labels: Any, logits: Any) -> Any:
    return -np.take_along_axis(log_softmax(logits), labels[..., None], -1)[..., 0]


def logistic(z: Any, x: Any) -> Any:
    return np.maximum(x, 0) - x * z + np.log1p(np.exp(-np.abs(x)))


_fused, _sparse = OPS["SoftmaxCrossEntropyWithLogits"], OPS["SparseSoftmaxCrossEntropyWithLogits"]
_xent = tf.nn.softmax_cross_entropy_with_logits_v2
_classes = ints(4, low=0, high=3)

CASES: list[Case] = [
    case(tf.nn.softmax, floats(4, 3), expect=softmax),
    case(tf.nn.softmax, floats(3), expect=softmax),
    case(tf.nn.softmax, floats(2, 3, 4), axis=1, needs="rank", expect=lambda x: softmax(x, 1)),
    case(tf.nn.softmax, floats(2, 3), dim=0, needs="rank", expect=lambda x: softmax(x, 0)),
    case(tf.nn.softmax, floats(2, 3), axis=-2, needs="rank", expect=lambda x: softmax(x, 0)),
    case(tf.nn.softmax, floats(0, 3), expect=lambda x: x),
    case(tf.nn.softmax, floats(2, 0), expect=lambda x: x),
    case(tf.nn.softmax, given([[1000.0, 1000.0], [-1000.0, 0.0]]),
         expect=np.array([[0.5, 0.5], [0.0, 1.0]])),
    case(tf.nn.softmax, floats(4, 3), dtypes=("float16",), expect=softmax),
    case(tf.nn.softmax, floats(4, 3), dtypes=("bfloat16",), expect=softmax),
    case(tf.nn.log_softmax, floats(4, 3), expect=log_softmax),
    case(tf.nn.log_softmax, floats(2, 3, 4), 0, needs="rank", expect=lambda x: log_softmax(x, 0)),
    case(tf.nn.log_softmax, given([[1000.0, 0.0]]), expect=np.array([[0.0, -1000.0]])),
    case(_fused, floats(4, 3), positive(4, 3),
         expect=lambda x, p: (cross_entropy(p, x), softmax(x) - p),
         no_gradient="softmax - labels is the gradient for labels that add up to 1 only"),
    case(lambda p, x: _xent(softmax_of(p), x), floats(4, 3), floats(4, 3),
         expect=lambda p, x: cross_entropy(softmax(p), x), label="cross entropy of a distribution"),
    case(lambda p, x: _xent(softmax_of(p), x), floats(2, 3, 4), floats(2, 3, 4), needs="rank",
         expect=lambda p, x: cross_entropy(softmax(p), x), label="cross entropy, rank 3"),
    case(lambda p, x: _xent(tf.nn.softmax(p, 0), x, axis=0), floats(3, 2), floats(3, 2),
         needs="rank", expect=lambda p, x: cross_entropy(softmax(p, 0), x, 0),
         label="cross entropy along axis 0"),
    case(tf.nn.softmax_cross_entropy_with_logits, labels=given([[0.0, 1.0], [0.5, 0.5]]),
         logits=floats(2, 2), expect=cross_entropy),
    case(_xent, given([[0.25, 0.75]]), floats(1, 2), dtypes=("float16",), expect=cross_entropy),
    case(_sparse, floats(4, 3), _classes,
         expect=lambda x, i: (of_class(i, x), softmax(x) - np.eye(3)[i])),
    case(tf.nn.sparse_softmax_cross_entropy_with_logits, labels=_classes, logits=floats(4, 3),
         expect=of_class),
    case(tf.nn.sparse_softmax_cross_entropy_with_logits, labels=ints(2, 4, low=0, high=3,
         dtype=np.int64), logits=floats(2, 4, 3), expect=of_class),
    case(tf.nn.sparse_softmax_cross_entropy_with_logits, labels=given(1), logits=floats(3),
         expect=of_class),
    case(tf.nn.sparse_softmax_cross_entropy_with_logits, labels=_classes, logits=floats(4, 3),
         dtypes=("float16",), expect=of_class),
    case(tf.nn.sparse_softmax_cross_entropy_with_logits, labels=ints(0, low=0, high=3),
         logits=floats(0, 3), expect=np.zeros(0)),
    case(tf.nn.sigmoid_cross_entropy_with_logits, labels=unit(4, 3), logits=floats(4, 3),
         expect=logistic),
    case(tf.nn.sigmoid_cross_entropy_with_logits, labels=given([0.0, 1.0, 0.5]),
         logits=given([1000.0, 1000.0, -1000.0]), expect=np.array([1000.0, 0.0, 500.0])),
    case(tf.nn.weighted_cross_entropy_with_logits, positive(3), floats(3), 3.0,
         expect=lambda z, x: (1 - z) * x + (1 + 2 * z) * np.logaddexp(-x, 0)),
    case(tf.nn.weighted_cross_entropy_with_logits, targets=positive(3), logits=floats(3),
         pos_weight=positive(3),
         expect=lambda z, x, w: (1 - z) * x + (1 + (w - 1) * z) * np.logaddexp(-x, 0)),
    case(tf.nn.log_poisson_loss, positive(3), floats(3), expect=lambda z, x: np.exp(x) - x * z),
    case(tf.nn.log_poisson_loss, given([0.5, 2.0, 5.0]), floats(3), True,
         expect=lambda z, x: np.exp(x) - x * z + np.where(
             z <= 1, 0, z * np.log(z) - z + 0.5 * np.log(2 * np.pi * z))),
]  # fmt: skip


def softmax_of(x: Any) -> Any:
    return tf.nn.softmax(x)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: tf.nn.softmax_cross_entropy_with_logits([1.0], [1.0]), "by name"),
        (lambda: tf.nn.softmax_cross_entropy_with_logits(labels=[1.0]), "must be provided"),
        (
            lambda: tf.nn.sigmoid_cross_entropy_with_logits(labels=[1.0], logits=[1.0, 2.0]),
            "must have one shape",
        ),
        (
            lambda: tf.nn.sparse_softmax_cross_entropy_with_logits(
                labels=[[0]], logits=[[1.0, 2.0]]
            ),
            "one dimension less",
        ),
        (
            lambda: tf.nn.sparse_softmax_cross_entropy_with_logits(
                labels=[0, 1], logits=[[1.0, 2.0]]
            ),
            "Shape mismatch",
        ),
        (
            lambda: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=0, logits=1.0),
            "logits are a scalar",
        ),
        (lambda: tf.nn.softmax(tf.placeholder(tf.float32), axis=0), "must be known"),
    ],
)
def test_what_does_not_fit(build: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()


def test_softmax_along_a_dimension_that_does_not_exist() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"range \[-1, 1\)"):
        tf.nn.softmax([1.0], axis=2)


def test_a_class_that_does_not_exist() -> None:
    labels = tf.placeholder(tf.int32, [None])
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=tf.zeros([1, 2]))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"\[0, 2\).*labels are 5"):
        tf.Session().run(loss, {labels: [5]})


def test_no_gradient_flows_to_labels_of_the_first_version() -> None:
    labels, logits = tf.ones([1, 2]), tf.ones([1, 2])
    loss = tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    assert tf.gradients(loss, labels) == [None]
