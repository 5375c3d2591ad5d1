"""Random numbers in kernels are those of tier 0, whatever the tiles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.executor.kernels.watching import watching
from tidefall.executor.kernels.binding import Bound
from tidefall.executor.kernels.target import host

SIZES = (5, 100, 33, 1, 0, 1000)


def _runs(tier: str, dtype: tf.DType, width: int, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    monkeypatch.setenv("TIDEFALL_TIER", tier)
    tf.reset_default_graph()
    tf.set_random_seed(3)
    x = tf.placeholder(dtype, [None, 7])
    w = tf.get_variable("w", [7, width], dtype)
    hidden = tf.nn.dropout(tf.nn.relu(tf.matmul(x, w)), 0.7)
    loss = tf.reduce_sum(tf.square(hidden))
    train = tf.train.GradientDescentOptimizer(1e-3).minimize(loss)
    random = np.random.RandomState(0)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return [
            session.run([loss, hidden, train], {x: random.randn(rows, 7)})[:2] for rows in SIZES
        ]


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("width", [1, 5, 8])
def test_dropout_drops_the_same(
    dtype: tf.DType, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = []
    rescue = Bound.rescue

    def counted(*arguments: Any) -> Any:
        slow.append(1)
        return rescue(*arguments)

    monkeypatch.setattr(Bound, "rescue", counted)
    expected = _runs("numpy", dtype, width, monkeypatch)
    assert not slow
    found = _runs("kernels", dtype, width, monkeypatch)
    assert len(slow) == 1  # the first run binds the variables
    for (loss, hidden), (other_loss, other) in zip(expected, found, strict=True):
        np.testing.assert_array_equal(hidden == 0, other == 0)
        np.testing.assert_allclose(other, hidden, rtol=1e-5, atol=1e-6)  # sums of 7 products
        np.testing.assert_allclose(other_loss, loss, rtol=1e-5)


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("width", [1, 5, 8])
@pytest.mark.parametrize("draw", [tf.random_uniform, tf.random_normal, tf.truncated_normal])
def test_noise_is_the_same(
    draw: Any, width: int, dtype: tf.DType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In single precision bit for bit; in double, logarithm and cosine may round otherwise."""
    noise = []
    for tier in ("numpy", "kernels"):
        monkeypatch.setenv("TIDEFALL_TIER", tier)
        tf.reset_default_graph()
        tf.set_random_seed(4)
        x = tf.placeholder(dtype, [None, width])
        n = draw(tf.shape(x), dtype=dtype)
        y = tf.tanh(x + n) * tf.sigmoid(n) + tf.exp(-n * n)
        with tf.Session() as session, watching() as watch:
            noise.append([session.run([n, y], {x: np.ones((k, width))})[0] for k in SIZES])
        assert watch.outside == set() or tier == "numpy"
    for expected, found in zip(*noise, strict=True):
        if dtype == tf.float32:
            np.testing.assert_array_equal(found, expected)
        np.testing.assert_allclose(found, expected, rtol=2e-15)


@pytest.fixture
def forced_bits(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """What forces another length of vectors."""

    def force(bits: int) -> None:
        monkeypatch.setenv("TIDEFALL_VECTOR_BITS", str(bits))
        host.cache_clear()

    yield force
    host.cache_clear()


@pytest.mark.parametrize("bits", [128, 256, 512])
@pytest.mark.parametrize("name", ["normal", "truncated_normal"])
def test_noise_does_not_depend_on_the_length_of_vectors(
    name: str, bits: int, forced_bits: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    forced_bits(bits)
    tf.set_random_seed(4)
    x = tf.placeholder(tf.float32, [None, 3])
    n = getattr(tf.random, name)(tf.shape(x))
    fetches = [n, tf.tanh(x + n) * tf.sigmoid(n) + tf.exp(-n * n)]
    found = []
    for tier in ("numpy", "kernels"):
        monkeypatch.setenv("TIDEFALL_TIER", tier)
        with tf.Session() as session, watching() as watch:
            found.append(session.run(fetches, {x: np.ones((101, 3))})[0])
    assert [each._kernel.lanes for each in watch.bound] == [bits // 32]
    np.testing.assert_array_equal(*found)


def test_a_run_that_falls_back_draws_its_numbers_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable without a value sends the first run to tier 0, which reports it."""
    streams = []
    for tier in ("numpy", "kernels"):
        monkeypatch.setenv("TIDEFALL_TIER", tier)
        tf.reset_default_graph()
        x = tf.placeholder(tf.float32, [None, 3])
        w = tf.get_variable("w", [3, 4])
        noise = tf.random_uniform(tf.shape(x), seed=5)
        y = tf.tanh(tf.matmul(x * noise + noise, w)) * tf.sigmoid(tf.matmul(noise, w)) + 1.0
        with tf.Session() as session:
            with pytest.raises(tf.errors.FailedPreconditionError):
                session.run(y, {x: np.ones((4, 3))})
            session.run(tf.global_variables_initializer())
            session.run(w.assign(np.ones((3, 4))))
            streams.append([session.run([noise, y], {x: np.ones((4, 3))}) for _ in range(2)])
    for expected, found in zip(*streams, strict=True):
        np.testing.assert_array_equal(found[0], expected[0])
        np.testing.assert_allclose(found[1], expected[1], rtol=1e-5)
