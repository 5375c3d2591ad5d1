"""The XLA tier: what it computes, what it keeps, what it says when something fails."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tidefall.client.devices import list_local_devices
from tidefall.executor import devices

xla = pytest.importorskip("tidefall.executor.xla", reason="needs JAX")


@pytest.fixture(autouse=True)
def _on_xla(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEFALL_TIER", "xla")


def program(session: tf.Session) -> Any:
    """What the last new kind of run became."""
    return list(session._bound.values())[-1]


def network(batch: int | None) -> tuple[Any, Any, Any]:
    """A small classifier in double precision: its placeholder, its loss, its training step."""
    x = tf.placeholder(tf.float64, [batch, 5])
    hidden = x
    for layer, (rows, columns) in enumerate([(5, 8), (8, 1)]):
        start = tf.truncated_normal_initializer(stddev=0.5, seed=layer + 1, dtype=tf.float64)
        weights = tf.get_variable(f"w{layer}", [rows, columns], tf.float64, initializer=start)
        hidden = tf.tanh(tf.matmul(hidden, weights))
    loss = tf.reduce_mean(tf.square(hidden - x[:, :1]))
    return x, loss, tf.train.AdamOptimizer(0.01).minimize(loss)


def trained(tier: str, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    monkeypatch.setenv("TIDEFALL_TIER", tier)
    data = np.random.default_rng(0).normal(size=(40, 5))
    with tf.Graph().as_default():
        x, loss, train = network(None)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            losses = [session.run([loss, train], {x: data})[0] for _ in range(30)]
            return [losses, *session.run(tf.global_variables())]


def test_training_is_that_of_tier_0(monkeypatch: pytest.MonkeyPatch) -> None:
    results = zip(trained("numpy", monkeypatch), trained("xla", monkeypatch), strict=True)
    for plain, compiled in results:
        np.testing.assert_allclose(compiled, plain, rtol=1e-12, atol=1e-12)


def drawn(tier: str, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    monkeypatch.setenv("TIDEFALL_TIER", tier)
    with tf.Graph().as_default():
        tensors = [
            tf.random_uniform([7], maxval=1000, dtype=tf.int32, seed=1),
            tf.random_uniform([2, 3], maxval=10**12, dtype=tf.int64, seed=2),
            tf.random.stateless_uniform([5], seed=[3, 4], minval=0, maxval=99, dtype=tf.int32),
            tf.random_uniform([9], seed=5),
            tf.random_normal([9], seed=6),
            tf.truncated_normal([9], seed=7),
            tf.random_normal([9], dtype=tf.float64, seed=8),
        ]
        with tf.Session() as session:
            return [*session.run(tensors), *session.run(tensors)]


def test_random_numbers_are_those_of_tier_0(monkeypatch: pytest.MonkeyPatch) -> None:
    results = zip(drawn("numpy", monkeypatch), drawn("xla", monkeypatch), strict=True)
    for plain, compiled in results:
        if plain.dtype.kind == "i":
            np.testing.assert_array_equal(compiled, plain)
        else:
            np.testing.assert_allclose(compiled, plain, rtol=4 * np.finfo(plain.dtype).eps)


def test_variables_stay_on_the_device_and_are_numpy_arrays_outside() -> None:
    w = tf.get_variable("w", initializer=np.arange(3.0))
    double = tf.assign(w, w * 2.0)
    with tf.Session() as session:
        session.run(w.initializer)
        session.run(double)
        cell = session._store.cells["w"]
        assert not isinstance(cell.held, np.ndarray)
        assert isinstance(cell.value, np.ndarray)
        session.run(double)
        assert session.run(w).tolist() == [0.0, 4.0, 8.0]


def test_tiers_share_variables() -> None:
    w = tf.get_variable("w", initializer=np.ones(3))
    step = tf.assign_add(w, [1.0, 2.0, 3.0])
    with tf.Session() as session:
        session.run(w.initializer)
        session.run(step)
        session._tier = "numpy"
        doubled = tf.assign(w, w * 2.0)
        assert session.run(doubled).tolist() == [4.0, 6.0, 8.0]
        assert session.run(step).tolist() == [5.0, 8.0, 11.0]
        assert session.run(w).tolist() == [5.0, 8.0, 11.0]


def test_a_fetch_belongs_to_the_caller() -> None:
    w = tf.get_variable("w", initializer=np.ones(3))
    with tf.Session() as session:
        session.run(w.initializer)
        session.run(w)[:] = 7.0
        assert session.run(w).tolist() == [1.0, 1.0, 1.0]


def test_a_variable_does_not_share_memory_with_what_was_fed() -> None:
    x = tf.placeholder(tf.float64, [1000])
    w = tf.get_variable("w", initializer=np.zeros(1000))
    keep = tf.assign(w, x)
    with tf.Session() as session:
        session.run(w.initializer)
        data = np.ones(1000)
        session.run(keep.op, {x: data})
        data[:] = 5.0
        assert session.run(w).sum() == 1000.0


def test_two_variables_never_share_a_buffer() -> None:
    a = tf.get_variable("a", initializer=np.ones(4))
    b = tf.get_variable("b", initializer=np.zeros(4))
    copy, grow = tf.assign(b, a), tf.assign_add(a, np.ones(4))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(3):
            session.run(copy.op)
            session.run(grow.op)
        assert session.run([a, b])[1].tolist() == [3.0] * 4


def test_ragged_batches_compile_a_bounded_number_of_functions() -> None:
    x, loss, train = network(None)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for size in range(1, 30):
            session.run([loss, train], {x: np.ones((size, 5))})
        compiled = program(session)
        assert compiled.compilations == xla.AT_ONCE
        session.run([loss, train], {x: np.ones((29, 5))})
        session.run([loss, train], {x: np.ones((29, 5))})
        assert compiled.compilations == xla.AT_ONCE + 1


def test_sizes_that_alternate_do_not_compile_forever() -> None:
    x = tf.placeholder(tf.float32, [None])
    y = x * 2.0
    with tf.Session() as session:
        for _ in range(4):
            for size in range(xla.KEPT + 8):
                assert session.run(y, {x: np.ones(size)}).sum() == 2.0 * size
        assert program(session).compilations <= xla.KEPT + 8


def test_strings_pass_between_compiled_pieces() -> None:
    x = tf.placeholder(tf.float32, [])
    name = tf.py_func(lambda value: f"{value:.0f}".encode(), [x + 1.0], tf.string, stateful=False)
    with tf.Session() as session:
        assert session.run(name, {x: 3.0}) == b"4"


def test_an_index_out_of_range_is_reported_and_nothing_is_committed() -> None:
    places = tf.placeholder(tf.int32, [None])
    table = tf.get_variable("table", initializer=np.arange(6.0).reshape(3, 2))
    rows = tf.gather(table, places, name="rows")
    change = tf.assign(table, table + tf.reduce_sum(rows))
    with tf.Session() as session:
        session.run(table.initializer)
        session.run(change, {places: [0, 1]})
        before = session.run(table)
        with pytest.raises(
            tf.errors.InvalidArgumentError, match=r"'rows' .*= 3 is not in \[0, 3\)"
        ):
            session.run(change, {places: [0, 3]})
        assert session.run(table).tolist() == before.tolist()
        assert session.run(change, {places: [2]}).shape == (3, 2)


def test_division_of_integers_by_zero_is_reported() -> None:
    x = tf.placeholder(tf.int32, [3])
    y = tf.floordiv(7, x, name="quotient")
    with tf.Session() as session:
        assert session.run(y, {x: [1, 2, 3]}).tolist() == [7, 3, 2]
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"'quotient' .*by zero"):
            session.run(y, {x: [1, 0, 3]})


def test_shapes_that_do_not_fit_name_the_node() -> None:
    x = tf.placeholder(tf.float32)
    y = tf.matmul(x, tf.ones([3, 2]), name="product")
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError, match="'product'"):
        session.run(y, {x: np.ones((2, 4))})


def test_reading_an_uninitialized_variable_is_reported() -> None:
    w = tf.get_variable("w", initializer=np.ones(3))
    with tf.Session() as session, pytest.raises(tf.errors.FailedPreconditionError, match="'w'"):
        session.run(w * 2.0)


def test_a_condition_on_data_selects() -> None:
    x = tf.placeholder(tf.float64, [2])
    y = tf.cond(tf.reduce_sum(x) > 0, lambda: tf.sqrt(x), lambda: -x)
    with tf.Session() as session:
        assert session.run(y, {x: [4.0, 9.0]}).tolist() == [2.0, 3.0]
        assert session.run(y, {x: [-4.0, 1.0]}).tolist() == [4.0, -1.0]
        assert not program(session).in_python


def test_a_side_that_is_not_taken_raises_nothing() -> None:
    x = tf.placeholder(tf.int32, [])
    y = tf.cond(x > 0, lambda: 10 // x, lambda: x)
    with tf.Session() as session:
        assert session.run(y, {x: 5}) == 2
        assert session.run(y, {x: 0}) == 0


def test_a_side_that_is_not_taken_writes_nothing() -> None:
    x = tf.placeholder(tf.float64, [])
    w = tf.get_variable("w", initializer=np.float64(1.0))
    y = tf.cond(x > 0, lambda: tf.assign_add(w, x), lambda: tf.identity(x))
    with tf.Session() as session:
        session.run(w.initializer)
        assert session.run(y, {x: 2.0}) == 3.0
        assert session.run(y, {x: -2.0}) == -2.0
        assert session.run(w) == 3.0


def test_dropout_follows_the_fed_mode() -> None:
    training = tf.placeholder(tf.bool, [])
    x = tf.ones([100])
    y = tf.cond(training, lambda: tf.floor(tf.random_uniform([100], seed=1) + 0.5), lambda: x)
    with tf.Session() as session:
        assert session.run(y, {training: False}).sum() == 100.0
        first = session.run(y, {training: True})
        assert 0.0 < first.sum() < 100.0
        assert session.run(y, {training: True}).tolist() != first.tolist()
        assert not program(session).in_python


def test_a_loop_of_numbers_is_compiled() -> None:
    n = tf.placeholder(tf.int32, [])
    _, total = tf.while_loop(
        lambda i, total: i < n, lambda i, total: (i + 1, total * 2.0), [0, tf.constant(1.0)]
    )
    with tf.Session() as session:
        assert session.run(total, {n: 10}) == 1024.0
        assert session.run(total, {n: 3}) == 8.0
        assert not program(session).in_python


def test_a_loop_whose_shapes_change_runs_in_python() -> None:
    _, grown = tf.while_loop(
        lambda i, x: i < 3,
        lambda i, x: (i + 1, tf.concat([x, x], 0)),
        [0, tf.placeholder_with_default([1.0], [None])],
        shape_invariants=[tf.TensorShape([]), tf.TensorShape([None])],
    )
    with tf.Session() as session:
        assert session.run(grown).tolist() == [1.0] * 8
        assert [node.type for node in program(session).in_python] == ["While"]


def test_a_fed_size_is_compiled_in() -> None:
    size = tf.placeholder(tf.int32, [])
    y = tf.zeros([size, 2]) + 1.0
    with tf.Session() as session:
        assert session.run(y, {size: 3}).shape == (3, 2)
        assert session.run(y, {size: 4}).shape == (4, 2)
        assert not program(session).in_python


def test_a_shape_that_depends_on_data_is_computed_in_python() -> None:
    x = tf.placeholder(tf.float64, [None])
    y = tf.reduce_sum(tf.boolean_mask(x, x > 0.0) * 2.0)
    with tf.Session() as session:
        assert session.run(y, {x: [1.0, -5.0, 2.0]}) == 6.0
        assert session.run(y, {x: [1.0, 5.0, 2.0]}) == 16.0


def test_jax_keeps_its_settings() -> None:
    code = """
import os
os.environ["TIDEFALL_TIER"] = "xla"
import tidefall as tf
import sys
assert "jax" not in sys.modules
x = tf.placeholder(tf.float64, [2])
assert tf.Session().run(x * 2.0, {x: [1.0, 2.0]}).dtype == "float64"
import jax.numpy as jnp
assert jnp.ones(2).dtype == "float32"
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_a_device_asks_for_xla(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEFALL_TIER", "auto")
    with tf.device("/device:XLA_CPU:0"):
        x = tf.placeholder(tf.float32, [2])
        y = x * 2.0
    with tf.Session() as session:
        assert session.run(y, {x: [1.0, 2.0]}).tolist() == [2.0, 4.0]
        assert isinstance(program(session), xla.XlaProgram)


def test_devices_are_listed() -> None:
    names = [device.name for device in tf.Session().list_devices()]
    assert names[:2] == [
        "/job:localhost/replica:0/task:0/device:CPU:0",
        "/job:localhost/replica:0/task:0/device:XLA_CPU:0",
    ]
    assert [device.name for device in list_local_devices()] == names
    assert tf.test.is_gpu_available() is bool(tf.test.gpu_device_name())


def test_a_gpu_that_is_not_there_is_replaced_by_the_cpu(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TIDEFALL_TIER", "auto")
    monkeypatch.setattr(devices, "_jax_devices", lambda kind: [])
    devices._say_once.cache_clear()
    with tf.device("/gpu:0"):
        x = tf.placeholder(tf.float32, [2])
        y, z = x * 2.0, x * 3.0
    with tf.Session() as session:
        assert session.run(y, {x: [1.0, 2.0]}).tolist() == [2.0, 4.0]
        session.run(z, {x: [1.0, 2.0]})
    assert [record.getMessage() for record in caplog.records] == [
        "no GPU was found; the CPU is used."
    ]
