"""Regularizers of tf.contrib.layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tidefall as tf

layers = tf.contrib.layers
WEIGHTS = np.array([[1.0, -2.0], [0.0, 3.0]], np.float32)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: layers.l1_regularizer(0.5), 3.0),
        (lambda: layers.l2_regularizer(0.5), 3.5),
        (lambda: layers.l1_l2_regularizer(0.5, 0.25), 4.75),
        (lambda: layers.l1_l2_regularizer(0.0, 0.5), 3.5),
        (lambda: layers.l1_l2_regularizer(0.5, 0.0), 3.0),
        (lambda: layers.sum_regularizer([layers.l1_regularizer(0.5), None]), 3.0),
    ],
    ids=["l1", "l2", "both", "l2 only", "l1 only", "sum"],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_penalties(make: Callable[[], Any], expected: float, dtype: Any) -> None:
    penalty = make()(tf.constant(WEIGHTS.astype(dtype)))
    result = tf.Session().run(penalty)
    assert result == pytest.approx(expected)
    assert result.dtype == dtype


def test_a_scale_of_zero_gives_no_penalty() -> None:
    assert layers.l1_regularizer(0.0)(tf.constant(WEIGHTS)) is None
    nothing = layers.sum_regularizer([layers.l1_regularizer(0.0), layers.l2_regularizer(0.0)])
    assert nothing(tf.constant(WEIGHTS)) is None
    assert layers.sum_regularizer([None]) is None


def test_the_scale_may_be_a_tensor() -> None:
    scale = tf.placeholder(tf.float32, [])
    penalty = layers.l2_regularizer(scale)(tf.constant(WEIGHTS))
    assert tf.Session().run(penalty, {scale: 1.0}) == 7.0


def test_variables_add_their_penalty_to_the_losses() -> None:
    with tf.variable_scope("net", regularizer=layers.l2_regularizer(0.5)):
        tf.get_variable("w", initializer=tf.constant(WEIGHTS))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(tf.losses.get_regularization_loss()) == 3.5


def test_a_list_of_weights() -> None:
    w, v = tf.constant(WEIGHTS), tf.constant(2 * WEIGHTS)
    total = layers.apply_regularization(layers.l1_regularizer(0.5), [w, v])
    assert tf.Session().run(total) == 9.0
    assert tf.losses.get_regularization_losses() == [total]
    tf.add_to_collection(tf.GraphKeys.WEIGHTS, w)
    assert tf.Session().run(layers.apply_regularization(layers.l1_regularizer(0.5))) == 3.0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.l1_regularizer(1), "is a float, not the integer 1"),
        (lambda: layers.l2_regularizer(-0.5), "must be at least 0, not -0.5"),
        (lambda: layers.l1_l2_regularizer(0.5, 1), "is a float, not the integer 1"),
        (lambda: layers.apply_regularization(layers.l2_regularizer(0.5)), "no weights to regular"),
        (
            lambda: layers.apply_regularization(tf.identity, [tf.constant(WEIGHTS)]),
            r"of shape \(2, 2\); it must give a single number",
        ),
    ],
    ids=["integer", "negative", "integer of two", "no weights", "not a number"],
)
def test_mistakes(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
