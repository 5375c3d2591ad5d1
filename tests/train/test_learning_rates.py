"""Learning rates that change with the step; their values are compared in test_oracle_training."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tidefall as tf

Schedule = Callable[[Any], Any]


def rates(schedule: Schedule, steps: list[int]) -> list[float]:
    step = tf.placeholder(tf.int64, [])
    rate = schedule(step)
    with tf.Session() as session:
        return [float(session.run(rate, {step: n})) for n in steps]


@pytest.mark.parametrize(
    ("schedule", "step", "expected"),
    [
        (lambda s: tf.train.exponential_decay(2.0, s, 10, 0.5), 5, 2 * 0.5**0.5),
        (lambda s: tf.train.exponential_decay(2.0, s, 10, 0.5, staircase=True), 19, 1.0),
        (lambda s: tf.train.natural_exp_decay(2.0, s, 10, 0.5), 5, 2 * math.exp(-0.25)),
        (lambda s: tf.train.inverse_time_decay(2.0, s, 10, 0.5), 20, 1.0),
        (lambda s: tf.train.piecewise_constant(s, [3, 6], [1.0, 0.5, 0.25]), 6, 0.5),
        (lambda s: tf.train.polynomial_decay(1.0, s, 10, 0.5), 5, 0.75),
        (lambda s: tf.train.polynomial_decay(1.0, s, 8, 0.5, cycle=True), 9, 0.71875),
        (lambda s: tf.train.cosine_decay(1.0, s, 10, alpha=0.2), 5, 0.6),
        (lambda s: tf.train.cosine_decay_restarts(1.0, s, 10), 20, 0.5),
        (lambda s: tf.train.cosine_decay_restarts(1.0, s, 10, 1.0, 0.5), 10, 0.5),
        (lambda s: tf.train.linear_cosine_decay(1.0, s, 10, num_periods=1.0), 5, 0.001),
    ],
    ids=[
        "exponential", "staircase", "natural", "inverse", "piecewise", "polynomial", "cycle",
        "cosine", "restarts", "equal restarts", "linear cosine",
    ],
)  # fmt: skip
def test_rates_by_hand(schedule: Schedule, step: int, expected: float) -> None:
    assert rates(schedule, [step]) == pytest.approx([expected], rel=1e-5, abs=1e-7)


def test_noise_falls_with_the_step() -> None:
    tf.set_random_seed(1)
    step = tf.placeholder(tf.int64, [])
    plain = tf.train.linear_cosine_decay(1.0, step, 1000)
    noisy = tf.train.noisy_linear_cosine_decay(1.0, step, 1000, variance_decay=2.0)
    with tf.Session() as session:
        spread = [
            np.std([np.subtract(*session.run([noisy, plain], {step: n})) for _ in range(50)])
            for n in (0, 9, 99)
        ]
    assert spread[0] > 5 * spread[1] > 25 * spread[2] > 0


def test_a_rate_follows_the_global_step_in_training() -> None:
    w = tf.Variable(0.0)
    step = tf.train.get_or_create_global_step()
    rate = tf.train.piecewise_constant(step, [0], [1.0, 0.5])
    train = tf.train.GradientDescentOptimizer(rate).minimize(w, global_step=step)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train)
        assert session.run(w) == -1.0
        session.run(train)
        assert session.run(w) == -1.5


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: tf.train.exponential_decay(0.1, None, 10, 0.5), "needs the global_step"),
        (
            lambda: tf.train.piecewise_constant(tf.constant(1), [1, 2], [0.1, 0.2]),
            "2 boundaries part 3 values, but there are 2",
        ),
        (
            lambda: tf.train.piecewise_constant(tf.constant(1), [1.0], [0.1, 0.2]),
            "boundary 0 has dtype float32 and the step int32",
        ),
        (
            lambda: tf.train.piecewise_constant(tf.constant(1), [1], [0.1, 2]),
            "must have one dtype",
        ),
    ],
    ids=["no step", "lengths", "boundary dtype", "value dtypes"],
)
def test_mistakes(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
