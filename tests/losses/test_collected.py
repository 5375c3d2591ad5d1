"""The losses a graph has collected."""

from __future__ import annotations

import pytest

import tidefall as tf


def test_losses_of_the_model_and_of_regularizers_add_up() -> None:
    tf.losses.add_loss(tf.constant(1.0, name="a"))
    tf.losses.add_loss(tf.constant(2.0, name="b"))
    tf.losses.add_loss(tf.constant(64.0), loss_collection=None)
    tf.get_variable("w", initializer=4.0, regularizer=lambda w: w * 1.0)
    assert [loss.op.name for loss in tf.losses.get_losses()] == ["a", "b"]
    assert [loss.op.name for loss in tf.losses.get_losses("a")] == ["a"]
    assert len(tf.losses.get_regularization_losses()) == 1
    assert tf.losses.get_regularization_losses("v") == []
    totals = [
        tf.losses.get_total_loss(),
        tf.losses.get_total_loss(add_regularization_losses=False),
        tf.losses.get_regularization_loss(),
    ]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(totals) == [7.0, 3.0, 4.0]
    assert totals[0].op.name == "total_loss"


def test_without_regularizers_the_loss_is_zero() -> None:
    assert tf.Session().run(tf.losses.get_regularization_loss()) == 0.0


def test_no_losses_have_no_total() -> None:
    with pytest.raises(ValueError, match="a list of at least one tensor"):
        tf.losses.get_total_loss()
