"""Threads that fill queues: epochs, errors, stopping, the end of sessions and of programs."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tidefall.io import meta_graph

ROOT = Path(__file__).resolve().parent.parent.parent


def numbers(count: int, threads: int = 1, epochs: int | None = 1, capacity: int = 8) -> Any:
    """One of the integers below ``count`` at a time, through two queues with runners."""
    source = tf.train.range_input_producer(count, epochs, shuffle=False).dequeue()
    return tf.train.batch([source], 1, threads, capacity)


def drained(sess: tf.Session, value: Any) -> list[int]:
    """All there is until the input is at its end."""
    seen: list[int] = []
    try:
        while True:
            seen += sess.run(value).tolist()
    except tf.errors.OutOfRangeError:
        return seen


def begun(sess: tf.Session) -> Any:
    sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
    coord = tf.train.Coordinator()
    return coord, tf.train.start_queue_runners(sess, coord)


@pytest.mark.parametrize("threads", [1, 4])
def test_every_row_of_every_epoch_comes_once(threads: int) -> None:
    value = numbers(40, threads, epochs=3)
    with tf.Session() as sess:
        coord, started = begun(sess)
        seen = drained(sess, value)
        coord.request_stop()
        coord.join(started)
    assert sorted(seen) == sorted([*range(40)] * 3)
    if threads == 1:
        assert seen == [*range(40)] * 3


def test_each_consumer_is_told_the_end_once() -> None:
    value = numbers(50, 2)
    seen: list[int] = []
    ends: list[int] = []
    with tf.Session() as sess:
        coord, _ = begun(sess)

        def consume(index: int) -> None:
            seen.extend(drained(sess, value))
            ends.append(index)

        consumers = [threading.Thread(target=consume, args=(index,)) for index in range(3)]
        for thread in consumers:
            thread.start()
        for thread in consumers:
            thread.join(10)
        coord.request_stop()
        coord.join()
    assert sorted(ends) == [0, 1, 2]
    assert sorted(seen) == [*range(50)]


def test_an_error_in_a_thread_reaches_the_main_thread() -> None:
    row = tf.train.range_input_producer(10, shuffle=False).dequeue()
    broken = tf.gather([1.0, 2.0], row)
    value = tf.train.batch([broken], 1)
    with tf.Session() as sess:
        coord, started = begun(sess)
        assert drained(sess, value) == [1, 2]
        assert coord.should_stop()
        with pytest.raises(tf.errors.InvalidArgumentError) as info:
            coord.join(started)
    assert info.value.op is broken.op
    assert "test_queue_runner.py" in str(info.value)
    assert "tf.gather([1.0, 2.0], row)" in str(info.value)


def test_an_error_in_a_python_function_keeps_its_own_traceback() -> None:
    def load() -> Any:
        raise FileNotFoundError("no such run: 4711")

    value = tf.train.batch([tf.py_func(load, [], tf.float32)], 1, shapes=[()])
    with tf.Session() as sess:
        coord, started = begun(sess)
        with pytest.raises(tf.errors.OutOfRangeError):
            sess.run(value)
        with pytest.raises(tf.errors.OpError, match="no such run: 4711") as info:
            coord.join(started)
    assert "in load" in str(info.value)


def test_without_a_coordinator_errors_are_kept(caplog: pytest.LogCaptureFixture) -> None:
    queue = tf.FIFOQueue(3, tf.float32, shapes=[()])
    enqueue = queue.enqueue(tf.gather([1.0], tf.constant(5)))
    runner = tf.train.QueueRunner(queue, [enqueue])
    hook, threading.excepthook = threading.excepthook, lambda args: None
    try:
        with tf.Session() as sess, caplog.at_level(logging.ERROR):
            for thread in runner.create_threads(sess, start=True):
                thread.join(2)
    finally:
        threading.excepthook = hook
    assert [type(each) for each in runner.exceptions_raised] == [tf.errors.InvalidArgumentError]


def test_stopping_ends_threads_that_wait_to_put_something() -> None:
    queue = tf.FIFOQueue(2, tf.float32, shapes=[()])
    runner = tf.train.QueueRunner(queue, [queue.enqueue(1.0)] * 3)
    with tf.Session() as sess:
        coord = tf.train.Coordinator()
        threads = runner.create_threads(sess, coord, start=True)
        assert len(threads) == 4
        time.sleep(0.05)
        start = time.monotonic()
        coord.request_stop()
        coord.join(threads)
        assert time.monotonic() - start < 1
        assert sess.run(queue.is_closed())


def test_threads_are_started_once() -> None:
    queue = tf.FIFOQueue(2, tf.float32, shapes=[()])
    runner = tf.train.QueueRunner(queue, [queue.enqueue(1.0)])
    with tf.Session() as sess:
        first = runner.create_threads(sess, start=True)
        assert runner.create_threads(sess, start=True) == []
        sess.run(queue.close(cancel_pending_enqueues=True))
        hook, threading.excepthook = threading.excepthook, lambda args: None
        first[0].join(2)
        threading.excepthook = hook


def test_closing_the_session_ends_the_threads_without_a_word(
    capfd: pytest.CaptureFixture[str],
) -> None:
    numbers(10, threads=3, epochs=None)
    sess = tf.Session()
    sess.run(tf.global_variables_initializer())
    threads = tf.train.start_queue_runners(sess)
    coord = tf.train.Coordinator()
    time.sleep(0.05)
    start = time.monotonic()
    sess.close()
    for thread in threads:
        thread.join(2)
    coord.join(threads)
    assert time.monotonic() - start < 2
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("daemon", [True, False])
@pytest.mark.parametrize("coordinated", [True, False])
def test_a_program_may_end_with_live_runners(daemon: bool, coordinated: bool) -> None:
    text = (
        "import tidefall as tf, time\n"
        "row = tf.train.range_input_producer(10).dequeue()\n"
        "batch = tf.train.batch([tf.cast(row, tf.float32)], 4, num_threads=4)\n"
        "sess = tf.Session()\n"
        f"coord = tf.train.Coordinator() if {coordinated} else None\n"
        f"tf.train.start_queue_runners(sess, coord, daemon={daemon})\n"
        "print(sess.run(batch).shape, flush=True)\n"
        "print(time.time())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, cwd=ROOT, timeout=20
    )
    end = time.time()
    assert done.returncode == 0
    assert done.stderr == ""
    shape, ended = done.stdout.splitlines()
    assert shape == "(4,)"
    assert end - float(ended) < 2


def test_arguments() -> None:
    queue = tf.FIFOQueue(2, tf.float32, shapes=[()])
    with pytest.raises(ValueError, match="needs a queue and a list"):
        tf.train.QueueRunner(queue)
    with pytest.raises(TypeError, match="must be a tuple of classes"):
        tf.train.QueueRunner(queue, [tf.no_op()], queue_closed_exception_types=(ValueError,))
    with pytest.raises(ValueError, match="needs a session"):
        tf.train.start_queue_runners()
    with pytest.raises(TypeError, match=r"must be a tf\.Session"):
        tf.train.start_queue_runners(5)


def test_nothing_to_start_is_said(caplog: pytest.LogCaptureFixture) -> None:
    with tf.Session(), caplog.at_level(logging.WARNING, "tensorflow"):
        tf.no_op()
        assert tf.train.start_queue_runners() == []
    assert "found no queue runners" in caplog.text


def test_runners_are_stored_and_read_again() -> None:
    queue = tf.FIFOQueue(2, tf.float32, shapes=[()], name="q")
    runner = tf.train.QueueRunner(
        queue, [queue.enqueue(1.0)], queue_closed_exception_types=(tf.errors.CancelledError,)
    )
    tf.train.add_queue_runner(runner)
    message = runner.to_proto()
    assert message.queue_name == "q"
    assert message.enqueue_op_name == ["q_enqueue"]
    meta = tf.train.export_meta_graph()
    with tf.Graph().as_default():
        meta_graph.import_meta_graph_def(meta)
        (again,) = tf.get_collection(tf.GraphKeys.QUEUE_RUNNERS)
        assert again.name == "q"
        assert [op.name for op in again.enqueue_ops] == ["q_enqueue"]
        assert again.queue_closed_exception_types == (tf.errors.CancelledError,)
        with tf.Session() as sess:
            coord = tf.train.Coordinator()
            threads = tf.train.start_queue_runners(sess, coord)
            size = tf.get_default_graph().get_operation_by_name("q_enqueue")
            assert size is again.enqueue_ops[0]
            time.sleep(0.02)
            coord.request_stop()
            coord.join(threads)
    outside = runner.to_proto(export_scope="elsewhere")
    assert outside is None


def test_a_scope_is_taken_off_and_put_on() -> None:
    with tf.name_scope("a"):
        queue = tf.FIFOQueue(2, tf.float32, shapes=[()], name="q")
        runner = tf.train.QueueRunner(queue, [queue.enqueue(1.0)])
    message = runner.to_proto(export_scope="a")
    assert message.queue_name == "q"
    again = tf.train.QueueRunner.from_proto(message, import_scope="a")
    assert again.queue is queue.queue_ref.op
    with pytest.raises(ValueError, match="one or the other"):
        tf.train.QueueRunner(queue, [tf.no_op()], queue_runner_def=message)


def test_several_queues_in_a_row_keep_the_order_of_one_thread() -> None:
    rows = np.arange(24, dtype=np.float32).reshape(12, 2)
    (row,) = tf.train.slice_input_producer([rows], num_epochs=1, shuffle=False)
    first = tf.train.batch([row], 2, capacity=3)
    second = tf.train.batch([first], 3, enqueue_many=True, capacity=5)
    with tf.Session() as sess:
        coord, started = begun(sess)
        batches = [sess.run(second) for _ in range(4)]
        with pytest.raises(tf.errors.OutOfRangeError):
            sess.run(second)
        coord.request_stop()
        coord.join(started)
    assert np.concatenate(batches).tolist() == rows.tolist()
