"""`tf.hessians`."""

from __future__ import annotations

import numpy as np
import pytest

import tidefall as tf


def test_the_matrix_of_second_derivatives() -> None:
    x = tf.placeholder(tf.float64, [3])
    (found,) = tf.hessians(tf.reduce_sum(x**3) + x[0] * x[1], x)
    assert found.shape.as_list() == [3, 3]
    with tf.Session() as session:
        value = session.run(found, {x: [1.0, 2.0, 3.0]})
    np.testing.assert_allclose(value, [[6, 1, 0], [1, 12, 0], [0, 0, 18]])


def test_a_matrix_has_a_tensor_of_rank_four() -> None:
    x = tf.placeholder(tf.float64, [None, 2])
    (found,) = tf.hessians(tf.reduce_sum(tf.exp(x)), x)
    assert found.shape.as_list() == [None, 2, None, 2]
    point = np.array([[0.0, 1.0], [2.0, 3.0]])
    with tf.Session() as session:
        value = session.run(found, {x: point})
    np.testing.assert_allclose(value.reshape(4, 4), np.diag(np.exp(point.reshape(-1))))


def test_each_tensor_of_a_list_has_its_own() -> None:
    a, b = tf.constant([1.0, 2.0]), tf.constant([3.0])
    found = tf.hessians(tf.reduce_sum(a**2 * b), [a, b])
    with tf.Session() as session:
        first, second = session.run(found)
    assert first.tolist() == [[6.0, 0.0], [0.0, 6.0]]
    assert second.tolist() == [[0.0]]


def test_what_does_not_matter_has_none() -> None:
    x, other = tf.constant([1.0]), tf.constant([1.0])
    with pytest.raises(ValueError, match="do not depend"):
        tf.hessians(tf.reduce_sum(x), other)
