"""Gradients of embeddings summed at their places: the same results, where that is allowed."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.executor.kernels.watching import watching
from tidefall.compiler.whole_sums import MOST_ELEMENTS

IDS = np.array([[2, 5], [5, 5], [0, 2], [2, 1]])


def adam(loss: Any) -> Any:
    return tf.train.AdamOptimizer(0.1).minimize(loss)


def train(
    tier: str, minimize: Callable[[Any], Any] = adam, rows: int = 7, resource: bool = False
) -> tuple[np.ndarray, bool]:
    """The table after three steps, and whether its rows were summed at their places."""
    with tf.Graph().as_default():
        table = tf.Variable(np.linspace(-1, 1, rows * 3).reshape(rows, 3), use_resource=resource)
        ids = tf.placeholder(tf.int64, [None, 2])
        found = tf.nn.embedding_lookup(table, ids)
        loss = tf.reduce_sum(tf.square(found) * tf.constant([1.0, -2.0, 3.0], tf.float64))
        step = minimize(loss)
        config = tf.ConfigProto()
        config.experimental.executor_type = tier
        with tf.Session(config=config) as sess, watching() as watch:
            sess.run(tf.global_variables_initializer())
            for part in (IDS, IDS[:1], IDS[1:]):
                sess.run(step, {ids: part})
            value = sess.run(table)
    lines = [line for plan in watch.plans for line in plan.report]
    return value, any(line.startswith("summed the rows") for line in lines)


@pytest.mark.parametrize("resource", [False, True])
@pytest.mark.parametrize("tier", ["numpy", "kernels"])
def test_adam_sums_rows_at_their_places(tier: str, resource: bool) -> None:
    value, summed = train(tier, resource=resource)
    expected, reference = train("reference", resource=resource)
    assert summed
    assert not reference
    np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-12)


def adagrad(loss: Any) -> Any:
    return tf.train.AdagradOptimizer(0.1).minimize(loss)


def with_rate_from_state(loss: Any) -> Any:
    """Zero times a number that may be infinite need not be zero."""
    beta = tf.Variable(0.9, name="beta", dtype=tf.float64)
    return tf.train.AdamOptimizer(0.1, beta1=beta).minimize(loss)


@pytest.mark.parametrize("minimize", [adagrad, with_rate_from_state])
def test_other_updates_stay_as_they_are(minimize: Callable[[Any], Any]) -> None:
    value, summed = train("numpy", minimize)
    assert not summed
    np.testing.assert_allclose(value, train("reference", minimize)[0], rtol=1e-12, atol=1e-12)


def test_large_tables_stay_as_they_are() -> None:
    assert not train("numpy", rows=MOST_ELEMENTS // 3 + 1)[1]


def test_an_id_out_of_range_is_an_error_still() -> None:
    with tf.Graph().as_default():
        table = tf.Variable(np.ones([4, 2], "float32"))
        ids = tf.placeholder(tf.int32, [None])
        step = adam(tf.reduce_sum(tf.nn.embedding_lookup(table, ids)))
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            with pytest.raises(tf.errors.InvalidArgumentError, match="4"):
                sess.run(step, {ids: [1, 4]})
            np.testing.assert_array_equal(sess.run(table), 1)
