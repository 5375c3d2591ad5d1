"""Functions that bring their own gradient."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tidefall.gradients.custom_gradient import custom_gradient


@custom_gradient
def doubled(x: Any) -> Any:
    """``2 x`` with a gradient of 5, so that one sees which is taken."""
    return x * 2.0, lambda dy: dy * 5.0


def test_the_own_gradient_is_taken() -> None:
    x = tf.constant([1.0, 2.0])
    y = doubled(x)
    value, grad = tf.Session().run([y, tf.gradients(y, x)[0]])
    assert value.tolist() == [2.0, 4.0]
    assert grad.tolist() == [5.0, 5.0]


def test_the_gradient_has_a_gradient() -> None:
    @custom_gradient
    def cube(x: Any) -> Any:
        return x * x * x, lambda dy: dy * 3.0 * x * x

    x = tf.constant(2.0, tf.float64)
    y = cube(x)
    (first,) = tf.gradients(y, x)
    (second,) = tf.gradients(first, x)
    (third,) = tf.gradients(second, x)
    assert tf.Session().run([first, second, third]) == [12.0, 12.0, 6.0]


def test_several_arguments_and_results() -> None:
    @custom_gradient
    def rotate(a: Any, b: Any) -> Any:
        return (b, -a), lambda da, db: (-db * 10.0, da * 10.0)

    a, b = tf.constant(1.0), tf.constant(2.0)
    first, second = rotate(a, b)
    grads = tf.gradients([first, second], [a, b], [tf.constant(3.0), tf.constant(4.0)])
    assert tf.Session().run([first, second, *grads]) == [2.0, -1.0, -40.0, 30.0]


def test_structures_come_back() -> None:
    @custom_gradient
    def named(a: Any) -> Any:
        return {"twice": a * 2.0}, lambda dy: dy

    assert tf.Session().run(named(tf.constant(1.0)))["twice"] == 2.0


def test_plain_numbers_become_tensors() -> None:
    assert tf.Session().run(doubled([1.0])).tolist() == [2.0]


def test_variables_get_gradients_of_their_own() -> None:
    v = tf.get_variable("v", [2], use_resource=True, initializer=tf.ones_initializer())

    @custom_gradient
    def scaled(x: Any) -> Any:
        def grad(dy: Any, variables: Any = None) -> Any:
            assert variables == [v]
            return dy, [dy * 7.0]

        return x * v, grad

    x = tf.constant([1.0, 2.0])
    grads = tf.gradients(scaled(x), [x, v])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        of_x, of_v = session.run(grads)
    assert of_x.tolist() == [1.0, 1.0]
    assert of_v.tolist() == [7.0, 7.0]


def test_variables_that_the_gradient_does_not_take() -> None:
    v = tf.get_variable("v", [2], use_resource=True)
    with pytest.raises(TypeError, match="keyword argument 'variables'"):
        tf.custom_gradient(lambda x: (x * v, lambda dy: dy))(tf.zeros([2]))


def test_reference_variables_made_inside() -> None:
    @custom_gradient
    def with_variable(x: Any) -> Any:
        return x * tf.get_variable("w", [2]), lambda dy: dy

    with pytest.raises(TypeError, match="must be `ResourceVariable`s"):
        with_variable(tf.zeros([2]))


def test_variables_wanted_where_there_are_none(caplog: pytest.LogCaptureFixture) -> None:
    function = tf.custom_gradient(lambda x: (x * 1.0, lambda dy, variables: (dy, [])))
    with pytest.raises(TypeError, match="use_resource=True"):
        function(tf.zeros([2]))
    with tf.variable_scope("scope", use_resource=True), caplog.at_level(logging.WARNING):
        function(tf.zeros([2]))


def test_a_gradient_for_every_argument() -> None:
    y = tf.custom_gradient(lambda x: (x * 1.0, lambda dy: (dy, dy)))(x := tf.zeros([2]))
    with pytest.raises(ValueError, match="returned 3 values for 2 inputs"):
        tf.gradients(y, x)


def test_keywords_are_refused() -> None:
    with pytest.raises(ValueError, match="keywords arguments only when eager"):
        doubled(x=1.0)


def test_the_name_and_the_text_of_the_function_stay() -> None:
    assert doubled.__name__ == "doubled"
    assert "gradient of 5" in (doubled.__doc__ or "")


def test_a_gradient_past_a_function() -> None:
    with tf.variable_scope("scope", use_resource=True):
        x = tf.constant([0.4, 1.6])
        y = tf.grad_pass_through(tf.round)(x)
        value, grad = tf.Session().run([y, tf.gradients(y * 3.0, x)[0]])
    assert value.tolist() == [0.0, 2.0]
    assert grad.tolist() == [3.0, 3.0]


def test_recomputing_gives_the_same_gradient() -> None:
    with tf.variable_scope("scope", use_resource=True):
        x = tf.constant([0.5, 1.5], tf.float64)
        y = tf.recompute_grad(lambda a: tf.sin(a) * a)(x)
        value, grad = tf.Session().run([y, tf.gradients(y, x)[0]])
    at = np.array([0.5, 1.5])
    np.testing.assert_allclose(value, np.sin(at) * at)
    np.testing.assert_allclose(grad, np.cos(at) * at + np.sin(at))


def test_graphs_keep_their_own_gradients() -> None:
    for factor in (2.0, 3.0):
        with tf.Graph().as_default():
            x = tf.constant(1.0)
            y = tf.custom_gradient(lambda a, factor=factor: (a * 1.0, lambda dy: dy * factor))(x)
            assert tf.Session().run(tf.gradients(y, x)) == [factor]
