"""``intra_op_parallelism_threads`` limits the threads of kernels, and changes no result."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tidefall.executor.kernels import binding, threads
from tidefall.executor.kernels.binding import Bound


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of threads of the kernels that are bound."""
    found: list[int] = []
    start = Bound.__init__

    def bound(self: Bound, *given: Any, **named: Any) -> None:
        start(self, *given, **named)
        found.append(self.workers)

    monkeypatch.setattr(binding.Bound, "__init__", bound)
    monkeypatch.setenv("TIDEFALL_TIER", "kernels")
    return found


def trained(limit: int) -> list[np.ndarray]:
    """Losses and weights after some steps of enough rows for several threads."""
    tf.reset_default_graph()
    tf.set_random_seed(3)
    x = tf.placeholder(tf.float64, [None, 7])
    w = tf.get_variable("w", [7, 30], tf.float64)
    v = tf.get_variable("v", [30, 1], tf.float64)
    loss = tf.reduce_mean(tf.square(tf.matmul(tf.nn.relu(tf.matmul(x, w)), v) - 1.0))
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    rows = np.random.RandomState(0).standard_normal((5003, 7))
    config = tf.ConfigProto(intra_op_parallelism_threads=limit)
    with tf.Session(config=config) as session:
        session.run(tf.global_variables_initializer())
        losses = [session.run([loss, train], {x: rows})[0] for _ in range(20)]
        return [np.array(losses), *session.run([w, v])]


def test_the_limit_is_obeyed(workers: list[int]) -> None:
    trained(1)
    assert workers
    assert set(workers) == {1}


def test_results_are_the_same_with_any_number_of_threads(
    workers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = trained(1)
    monkeypatch.setattr(threads, "available", lambda limit=0: 4)  # also on a machine of one CPU
    together = trained(0)
    assert workers[-1] == 4
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)
