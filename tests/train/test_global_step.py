"""The global step."""

from __future__ import annotations

import pytest

import tidefall as tf


def test_there_is_one_global_step() -> None:
    assert tf.train.get_global_step() is None
    step = tf.train.get_or_create_global_step()
    assert tf.train.get_or_create_global_step() is tf.train.get_global_step() is step
    assert (step.name, step.dtype.base_dtype, step.trainable) == ("global_step:0", tf.int64, False)
    assert tf.get_collection(tf.GraphKeys.GLOBAL_STEP) == [step]
    with pytest.raises(ValueError, match="has a 'global_step' already"):
        tf.train.create_global_step()


def test_it_is_made_at_the_top_of_the_graph_given() -> None:
    graph = tf.Graph()
    with tf.get_default_graph().name_scope("inner"):
        step = tf.train.create_global_step(graph)
    assert step.graph is graph
    assert step.name == "global_step:0"


def test_a_tensor_of_that_name_is_found() -> None:
    other = tf.Variable(3, name="global_step", trainable=False)
    assert tf.train.get_global_step().name == other.name


def test_the_number_of_steps_done() -> None:
    step = tf.train.create_global_step()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(tf.assign_add(step, 5))
        assert tf.train.global_step(session, step) == 5


@pytest.mark.parametrize(
    ("value", "message"),
    [(1.5, "must be an integer, but has dtype float32"), ([1, 2], r"one number.* shape \(2,\)")],
    ids=["float", "vector"],
)
def test_what_cannot_be_a_global_step(value: object, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        tf.train.assert_global_step(tf.constant(value))
    with pytest.raises(TypeError, match="must be a variable or tensor"):
        tf.train.assert_global_step(value)
