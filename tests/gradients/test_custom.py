"""`tf.custom_gradient`, `tf.py_func` and `tf.Print`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tidefall as tf


def test_a_gradient_of_ones_own() -> None:
    @tf.custom_gradient  # type: ignore[untyped-decorator,unused-ignore]
    def log1pexp(x: Any) -> Any:
        e = tf.exp(x)
        return tf.log(1 + e), lambda dy: dy * (1 - 1 / (1 + e))

    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float64, [])
        (gradient,) = tf.gradients(log1pexp(x), x)
        assert session.run(gradient, {x: 100.0}) == 1.0


def test_custom_gradient_refuses_keywords() -> None:
    with tf.Graph().as_default(), pytest.raises(ValueError, match="keyword"):
        tf.custom_gradient(lambda x: (x, lambda dy: dy))(x=1.0)


def test_py_func_of_several_results() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.constant([1.0, 2.0])
        low, count = tf.py_func(lambda v: (v.min(), len(v)), [x], [tf.float32, tf.int64])
        assert session.run([low, count]) == [1.0, 2]


def test_py_func_error_names_the_exception() -> None:
    def fails(_: Any) -> Any:
        raise ZeroDivisionError("none left")

    with tf.Graph().as_default(), tf.Session() as session:
        y = tf.py_func(fails, [tf.constant(1.0)], tf.float32)
        with pytest.raises(tf.errors.UnknownError, match="ZeroDivisionError: none left"):
            session.run(y)


def test_py_func_may_keep_its_input() -> None:
    kept: list[Any] = []
    with tf.Graph().as_default(), tf.Session() as session:
        w = tf.Variable([1.0, 2.0])
        call = tf.py_func(lambda v: kept.append(v), [w], [])
        session.run(w.initializer)
        session.run(call)
        session.run(w.assign([5.0, 6.0]))
        kept[0][0] = 9.0
        np.testing.assert_array_equal(session.run(w), [5.0, 6.0])
        np.testing.assert_array_equal(kept[0], [9.0, 2.0])


def test_print_shows_values(capfd: pytest.CaptureFixture[str]) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
        shown = tf.Print(x, [x, tf.constant("a")], "values: ", first_n=1, summarize=3)
        session.run(shown)
        session.run(shown)
    assert capfd.readouterr().err == "values: [[1 2][3...]...][a]\n"
