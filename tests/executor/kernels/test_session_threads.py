"""The number of threads a session asks for reaches its kernels, and does not change results."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tidefall.executor.kernels.binding import Bound


@pytest.mark.parametrize("width", [30, 300])
def test_threads_asked_for(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEFALL_TIER", "kernels")
    workers = []
    bind = Bound.bind

    def seen(self: Bound) -> None:
        workers.append(self.workers)
        bind(self)

    monkeypatch.setattr(Bound, "bind", seen)
    results: list[Any] = []
    for threads in (1, 0):
        tf.reset_default_graph()
        tf.set_random_seed(1)
        x = tf.placeholder(tf.float32, [None, 20])
        hidden = _dense(_dense(x, width), width)
        loss = tf.reduce_mean(tf.square(_dense(hidden, 1)))
        train = tf.train.AdamOptimizer().minimize(loss)
        config = tf.ConfigProto(intra_op_parallelism_threads=threads)
        batch = np.random.RandomState(0).randn(700, 20)
        with tf.Session(config=config) as session:
            session.run(tf.global_variables_initializer())
            for _ in range(5):
                session.run(train, {x: batch})
            results.append(session.run(tf.trainable_variables()))
    assert workers[0] == 1
    assert workers[-1] == len(os.sched_getaffinity(0))
    for one, many in zip(*results, strict=True):
        np.testing.assert_array_equal(one, many)


def _dense(x: Any, width: int) -> Any:
    number = len(tf.global_variables())
    weights = tf.get_variable(f"w{number}", [int(x.shape[1]), width])
    return tf.nn.relu(tf.matmul(x, weights) + tf.get_variable(f"b{number}", [width]))
