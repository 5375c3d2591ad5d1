"""Sessions used by several threads at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tidefall as tf

THREADS = 8
RUNS = [
    pytest.param(500, "reference", id="500 runs node by node"),
    pytest.param(500, "numpy", id="500 runs"),
    pytest.param(10_000, "numpy", id="10000 runs", marks=pytest.mark.slow),
]


def in_threads(work: Callable[[int], None], count: int = THREADS) -> list[BaseException]:
    """Calls ``work(i)`` in ``count`` threads that start together; returns what they raised."""
    raised: list[BaseException] = []
    start = threading.Barrier(count)

    def body(index: int) -> None:
        start.wait()
        try:
            work(index)
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=body, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads), "a thread hangs"
    return raised


@pytest.mark.parametrize(("runs", "tier"), RUNS)
@pytest.mark.parametrize("use_resource", [False, True], ids=["reference", "resource"])
def test_threads_add_up_to_what_one_would(
    runs: int, use_resource: bool, tier: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDEFALL_TIER", tier)
    step = tf.placeholder(tf.int64, [])
    total = tf.Variable(np.int64(0), use_resource=use_resource)
    sums = tf.Variable(np.zeros(3, np.int64), use_resource=use_resource)
    add = total.assign_add(step)
    with tf.control_dependencies([sums.assign_add(tf.stack([step, step * 2, step * 3]))]):
        read = tf.identity(sums.read_value())
    doubled = step * 2
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())

        def work(index: int) -> None:
            for number in range(runs):
                sess.run(add, {step: index + 1})
                a, b, c = sess.run(read, {step: 1})
                assert (b, c) == (2 * a, 3 * a), "a read saw half an update"
                assert sess.run(doubled, {step: number}) == 2 * number

        assert in_threads(work) == []
        assert sess.run(total) == runs * sum(range(1, THREADS + 1))
        count = runs * THREADS
        assert sess.run(sums).tolist() == [count, 2 * count, 3 * count]


def test_steps_of_an_optimizer_in_threads_all_count() -> None:
    """Packed updates of several variables are one piece: nobody sees half of one."""
    weights = [tf.Variable(np.zeros((4, 4))) for _ in range(3)]
    loss = tf.add_n([tf.reduce_sum(weight) for weight in weights])
    train = tf.train.GradientDescentOptimizer(1.0).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())

        def work(index: int) -> None:
            for _ in range(200):
                sess.run(train)
                values = sess.run(weights)
                assert len({float(value[0, 0]) for value in values}) == 1

        assert in_threads(work) == []
        assert all(np.all(value == -200 * THREADS) for value in sess.run(weights))


def test_first_runs_at_the_same_moment() -> None:
    """Each thread compiles, or finds what another has compiled; all get the same result."""
    x = tf.placeholder(tf.float32, [None])
    results: list[float] = []
    for round_number in range(20):
        y = tf.reduce_sum(tf.square(x + float(round_number)))
        with tf.Session() as sess:

            def work(index: int, y: Any = y, sess: Any = sess) -> None:
                results.append(float(sess.run(y, {x: [1.0, 2.0]})))

            assert in_threads(work) == []
        expected = (1.0 + round_number) ** 2 + (2.0 + round_number) ** 2
        assert results == [expected] * THREADS
        results.clear()


def test_first_updates_at_the_same_moment() -> None:
    for _ in range(10):
        tf.reset_default_graph()
        total = tf.Variable(0)
        add = total.assign_add(1)
        with tf.Session() as sess:
            sess.run(total.initializer)

            def work(index: int, sess: Any = sess, add: Any = add) -> None:
                sess.run(add)

            assert in_threads(work) == []
            assert sess.run(total) == THREADS


def test_closing_while_others_run() -> None:
    """The others end with an error that says so, and nothing hangs."""
    x = tf.placeholder(tf.float32, [])
    total = tf.Variable(0.0)
    add = total.assign_add(x)
    sess = tf.Session()
    sess.run(total.initializer)
    running = threading.Semaphore(0)

    def work(index: int) -> None:
        if index == 0:
            for _ in range(THREADS - 1):
                running.acquire()
            sess.close()
            return
        running.release()
        while True:
            sess.run(add, {x: 1.0})

    raised = in_threads(work)
    assert len(raised) == THREADS - 1
    for error in raised:
        assert isinstance(error, (RuntimeError, tf.errors.CancelledError)), error
        assert "closed" in str(error)


def test_a_python_function_may_run_the_session() -> None:
    x = tf.placeholder(tf.float32, [])
    total = tf.Variable(1.0)
    add = total.assign_add(x)
    with tf.Session() as sess:

        def inner(value: Any) -> Any:
            return np.float32(sess.run(add, {x: value}) * 10.0)

        outer = tf.py_func(inner, [x], tf.float32) + total
        sess.run(total.initializer)
        assert sess.run(outer, {x: 2.0}) == 33.0
        assert sess.run(total) == 3.0


def test_a_python_function_that_waits_does_not_stop_the_others() -> None:
    let_go = threading.Event()
    total = tf.Variable(0)
    add = total.assign_add(1)

    def wait() -> Any:
        assert let_go.wait(60), "nobody else could run"
        return np.int32(1)

    with tf.control_dependencies([total.assign_add(100)]):
        waiting = tf.py_func(wait, [], tf.int32)
    with tf.Session() as sess:
        sess.run(total.initializer)

        def work(index: int) -> None:
            if index == 0:
                sess.run(waiting)
            else:
                sess.run(add)
                let_go.set()

        assert in_threads(work, 2) == []
        assert sess.run(total) == 101


def test_building_while_another_thread_runs() -> None:
    x = tf.placeholder(tf.float32, [])
    y = x * 2.0
    graph = tf.get_default_graph()
    with tf.Session() as sess:

        def work(index: int) -> None:
            if index:
                for number in range(300):
                    assert sess.run(y, {x: float(number)}) == 2.0 * number
                return
            with graph.as_default():
                for number in range(300):
                    tf.constant(float(number))

        assert in_threads(work, 3) == []


def test_threads_have_their_own_default_session() -> None:
    tensor = tf.constant(5.0)
    with tf.Session() as sess:

        def work(index: int) -> None:
            assert tf.get_default_session() is None
            with pytest.raises(ValueError, match="no default session"):
                tensor.eval()
            with sess.as_default():
                assert tensor.eval() == 5.0

        assert in_threads(work) == []
