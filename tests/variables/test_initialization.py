"""Initializing variables, and asking which are."""

from __future__ import annotations

from typing import Any

import pytest

import tidefall as tf


def test_initializers_of_global_and_local_variables() -> None:
    w = tf.Variable(1.0)
    n = tf.get_local_variable("n", initializer=2.0)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(w) == 1.0
        with pytest.raises(tf.errors.FailedPreconditionError, match="'n'"):
            session.run(n)
        session.run(tf.local_variables_initializer())
        assert session.run(n) == 2.0


def test_some_variables_only() -> None:
    w, v = tf.Variable(1.0, name="w"), tf.Variable(1.0, name="v", use_resource=True)
    missing = tf.report_uninitialized_variables()
    only = tf.variables_initializer([v], name="only")
    with tf.Session() as session:
        assert session.run(missing).tolist() == [b"w", b"v"]
        session.run(only)
        assert session.run(missing).tolist() == [b"w"]
        session.run(w.initializer)
        assert session.run(missing).tolist() == []
    assert only.name == "only"


def test_nothing_to_initialize() -> None:
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(tf.report_uninitialized_variables()).tolist() == []
    assert tf.assert_variables_initialized() is None


@pytest.mark.parametrize("count", [1, 2])
def test_asserting_that_variables_are_initialized(count: int) -> None:
    for i in range(count):
        tf.Variable(float(i))
    check = tf.assert_variables_initialized()
    with tf.Session() as session:
        with pytest.raises(tf.errors.FailedPreconditionError):
            session.run(check)
        session.run(tf.global_variables_initializer())
        session.run(check)


def test_older_names() -> None:
    w = tf.Variable(1.0)
    assert tf.all_variables() == [w]
    older: list[Any] = [
        tf.initialize_all_variables(), tf.initialize_local_variables(),
        tf.initialize_variables([w], name="older"), tf.initializers.global_variables(),
    ]  # fmt: skip
    assert [op.type for op in older] == ["NoOp"] * 4
