"""Moving averages: names, values by hand, restoring."""

from __future__ import annotations

import numpy as np
import pytest

import tidefall as tf
from tidefall.train.moving_averages import assign_moving_average, weighted_moving_average


@pytest.fixture(params=[False, True], ids=["reference", "resource"])
def resource(request: pytest.FixtureRequest) -> bool:
    """The kind of variable."""
    return bool(request.param)


def started() -> tf.Session:
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    return session


def test_averages_of_variables_begin_with_their_value(resource: bool) -> None:
    w = tf.Variable(4.0, name="w", use_resource=resource)
    average = tf.train.ExponentialMovingAverage(0.75)
    update = average.apply([w])
    with started() as session:
        assert session.run(average.average(w)) == 4.0
        session.run(w.assign(8.0))
        session.run(update)
        assert session.run(average.average(w)) == 5.0
    assert average.average_name(w) == "w/ExponentialMovingAverage"
    assert tf.moving_average_variables() == [w]


def test_averages_of_tensors_begin_with_zero(resource: bool) -> None:
    x = tf.placeholder(tf.float32, [], name="x")
    average = tf.train.ExponentialMovingAverage(0.75, name="mean")
    with tf.variable_scope("s", use_resource=resource):
        update = average.apply([x])
    debiased = tf.train.ExponentialMovingAverage(0.75, zero_debias=True, name="right")
    right = debiased.apply([x])
    with started() as session:
        session.run([update, right], {x: 8.0})
        assert session.run(average.average(x)) == 2.0
        assert session.run(debiased.average(x)) == 8.0
    assert average.average(x).op.name == "s/x/mean"


def test_few_updates_use_a_smaller_decay() -> None:
    w = tf.Variable(0.0)
    average = tf.train.ExponentialMovingAverage(0.999, num_updates=0)
    update = average.apply([w])
    with started() as session:
        session.run(w.assign(10.0))
        session.run(update)
        assert session.run(average.average(w)) == pytest.approx(9.0)


def test_averages_are_made_once() -> None:
    w = tf.Variable(0.0)
    average = tf.train.ExponentialMovingAverage(0.5)
    average.apply([w])
    average.apply([w])
    assert len(tf.global_variables()) == 2


def test_trainable_variables_are_the_default() -> None:
    w, fixed = tf.Variable(0.0), tf.Variable(0.0, trainable=False)
    average = tf.train.ExponentialMovingAverage(0.5)
    average.apply()
    assert average.average(w) is not None
    assert average.average(fixed) is None


def test_integers_are_refused() -> None:
    with pytest.raises(TypeError, match="has dtype int32; averages are kept of floating-point"):
        tf.train.ExponentialMovingAverage(0.5).apply([tf.Variable(1, name="n")])


def test_names_to_restore_averages_into_their_variables() -> None:
    w = tf.Variable(0.0, name="w")
    n = tf.Variable(0, name="n", trainable=False)
    average = tf.train.ExponentialMovingAverage(0.5, name="mean")
    assert average.variables_to_restore() == {"w/mean": w, "n": n}
    average.apply([w])
    names = average.variables_to_restore()
    assert names["w/mean"] is w


def test_assigning_a_moving_average(resource: bool) -> None:
    mean = tf.Variable(1.0, name="mean", use_resource=resource)
    plain = assign_moving_average(mean, tf.constant(3.0), 0.5, zero_debias=False)
    with started() as session:
        assert session.run(plain) == 2.0
    start = tf.Variable(0.0, name="start", use_resource=resource)
    debiased = assign_moving_average(start, tf.constant(3.0), 0.5)
    with started() as session:
        assert [float(session.run(debiased)) for _ in range(2)] == pytest.approx([3.0, 3.0])


def test_weighted_averages() -> None:
    x, weight = tf.placeholder(tf.float32, []), tf.placeholder(tf.float32, [])
    mean = weighted_moving_average(x, 0.5, weight)
    with started() as session:
        session.run(mean, {x: 1.0, weight: 1.0})
        result = session.run(mean, {x: 4.0, weight: 2.0})
    # Sums of weights 0.5 and 1.25, of weighted values 0.5 and 4.25.
    np.testing.assert_allclose(result, 4.25 / 1.25, rtol=1e-6)
