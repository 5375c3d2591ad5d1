"""The measure by which kernels are compared: it follows what rounding could do, and no more."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.executor.kernels.noise import (
    ALLOWED,
    DISTURBANCE,
    check_close,
    disturbed_operands,
)

FLOAT32 = np.dtype(np.float32)


def _moved(fetch: Any, seed: int = 0) -> np.ndarray:
    """How far a value moves when operands are disturbed, in units of the disturbance."""
    config = tf.ConfigProto()
    config.experimental.executor_type = "reference"
    with tf.Session(config=config) as session:
        plain = np.asarray(session.run(fetch), np.float64)
        with disturbed_operands(seed):
            found = np.asarray(session.run(fetch), np.float64)
    return np.abs(found - plain) / DISTURBANCE[FLOAT32]


def _given(*shape: int) -> tf.Tensor:
    drawn = np.random.default_rng(7).standard_normal(shape).astype(np.float32)
    return tf.placeholder_with_default(drawn, shape)


def test_a_product_moves_by_its_absolute_terms() -> None:
    x, w = _given(20, 30), _given(30, 10)
    terms = tf.matmul(tf.abs(x), tf.abs(w))
    with tf.Session() as session:
        most = 2 * session.run(terms)  # either operand of each term
    moved = np.max([_moved(tf.matmul(x, w), seed) for seed in range(4)], axis=0)
    assert (moved <= 1.01 * most).all()
    assert np.median(moved / most) > 0.05


def test_what_cancels_within_one_operation_moves() -> None:
    """Ftrl subtracts two roots of its accumulator: the slot moves by their size."""
    v = tf.Variable([0.5, -0.25], use_resource=False)
    optimizer = tf.train.FtrlOptimizer(0.05)
    train = optimizer.apply_gradients([(tf.constant([1e-4, -1e-4]), v)])
    linear = optimizer.get_slot(v, "linear")
    config = tf.ConfigProto()
    config.experimental.executor_type = "reference"
    found = []
    for seed in range(2):
        with tf.Session(config=config) as session, disturbed_operands(seed):
            session.run(tf.global_variables_initializer())
            session.run(train)
            found.append(session.run(linear))
    assert np.abs(found[0] - found[1]).max() > 0.3 * DISTURBANCE[FLOAT32]


def test_a_small_error_is_found() -> None:
    plain = np.full(5, 2.0, np.float32)
    disturbed = [plain * (1 + sign * DISTURBANCE[FLOAT32]) for sign in (-1, 1)]
    check_close(plain, plain * np.float32(1 + ALLOWED[FLOAT32]), disturbed, "close")
    wrong = plain.copy()
    wrong[3] *= 1 + 4 * ALLOWED[FLOAT32]
    with pytest.raises(AssertionError, match="so do 1 of 5"):
        check_close(plain, wrong, disturbed, "wrong")
