"""`tf.test.compute_gradient` and its error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tidefall as tf


def test_both_matrices_are_the_jacobian() -> None:
    x = tf.placeholder(tf.float64, [2])
    y = tf.stack([x[0] * x[1], x[0] ** 2, x[1]])
    with tf.Session():
        exact, numeric = tf.test.compute_gradient(x, [2], y, [3], np.array([2.0, 3.0]))
    wanted = [[3.0, 4.0, 0.0], [2.0, 0.0, 1.0]]
    np.testing.assert_allclose(exact, wanted)
    np.testing.assert_allclose(numeric, wanted, atol=1e-9)


def test_a_complex_number_counts_as_two() -> None:
    z = tf.placeholder(tf.complex128, [2])
    y = z * z
    with tf.Session():
        exact, numeric = tf.test.compute_gradient(z, [2], y, [2], np.array([1 + 2j, 3 - 1j]))
    assert exact.shape == (4, 4)
    np.testing.assert_allclose(exact, numeric, atol=1e-8)


def test_a_list_gives_a_pair_for_each_tensor() -> None:
    a, b = tf.placeholder(tf.float64, [2, 3]), tf.placeholder(tf.float64, [3, 1])
    values = [np.ones((2, 3)), np.ones((3, 1))]
    with tf.Session():
        y = tf.matmul(a, b)
        found = tf.test.compute_gradient(
            [a, b], [[2, 3], [3, 1]], y, [2, 1], values,
            extra_feed_dict={a: values[0], b: values[1]},
        )  # fmt: skip
        assert [pair[0].shape for pair in found] == [(6, 2), (3, 2)]


def test_the_error_shows_a_wrong_gradient() -> None:
    def twice(op: Any, grad: Any) -> Any:
        return 2.0 * grad * op.outputs[0]

    tf.RegisterGradient("TwiceTheGradientOfExp")(twice)
    x = tf.placeholder(tf.float64, [1])
    with tf.get_default_graph().gradient_override_map({"Exp": "TwiceTheGradientOfExp"}):
        wrong = tf.exp(x)
    with tf.Session():
        assert tf.test.compute_gradient_error(x, [1], tf.exp(x), [1], np.zeros(1)) < 1e-6
        error = tf.test.compute_gradient_error(x, [1], wrong, [1], np.zeros(1))
    assert error == pytest.approx(1.0, abs=1e-5)


def test_variables_can_be_initialized_first() -> None:
    w = tf.Variable([2.0])
    x = tf.placeholder(tf.float32, [1])
    with tf.Session():
        error = tf.test.compute_gradient_error(
            x, [1], w * x, [1], delta=0.1, init_targets=[w.initializer]
        )
    assert error < 1e-4


def test_a_point_has_the_shape_that_was_said() -> None:
    x = tf.placeholder(tf.float32, [2])
    with tf.Session(), pytest.raises(ValueError, match="x_init_value has shape"):
        tf.test.compute_gradient(x, [2], 2.0 * x, [2], np.zeros(3))


def test_integers_have_no_derivatives() -> None:
    x = tf.placeholder(tf.int32, [1])
    with tf.Session(), pytest.raises(TypeError, match="int32"):
        tf.test.compute_gradient(x, [1], 2 * x, [1])
