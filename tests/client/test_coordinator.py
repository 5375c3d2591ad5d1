"""Threads that end together, and the error of one that reaches the main thread."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from typing import Any

import pytest

import tidefall as tf


def started(target: Any, *args: Any) -> threading.Thread:
    thread = threading.Thread(target=target, args=args, daemon=True)
    thread.start()
    return thread


def test_one_stops_all() -> None:
    coord = tf.train.Coordinator()
    counts = [0] * 3

    def work(index: int) -> None:
        while not coord.should_stop():
            counts[index] += 1
            if counts[index] == 10:
                coord.request_stop()
            time.sleep(0.001)

    threads = [started(work, index) for index in range(3)]
    coord.join(threads)
    assert coord.joined
    assert not any(thread.is_alive() for thread in threads)
    assert max(counts) >= 10


def test_join_returns_when_all_threads_have_ended_by_themselves() -> None:
    coord = tf.train.Coordinator()
    start = time.monotonic()
    coord.join([started(time.sleep, 0.01)])
    assert time.monotonic() - start < 1
    assert not coord.should_stop()


def fails() -> None:
    raise KeyError("what went wrong")


def test_the_error_of_a_thread_is_raised_with_its_own_place() -> None:
    coord = tf.train.Coordinator()

    def work() -> None:
        with coord.stop_on_exception():
            fails()

    started(work).join()
    with pytest.raises(KeyError, match="what went wrong") as info:
        coord.join()
    assert "fails" in [frame.name for frame in traceback.extract_tb(info.value.__traceback__)]


@pytest.mark.parametrize("as_tuple", [False, True])
def test_reported_errors_are_raised_as_they_are(as_tuple: bool) -> None:
    coord = tf.train.Coordinator()
    error = ValueError("first")
    try:
        raise error
    except ValueError:
        coord.request_stop(sys.exc_info() if as_tuple else error)
    coord.request_stop(RuntimeError("second"))
    with pytest.raises(ValueError, match="first") as raised:
        coord.raise_requested_exception()
    assert raised.value is error
    with pytest.raises(ValueError, match="first"):
        coord.join()
    with pytest.raises(RuntimeError, match="after the end"):
        coord.request_stop(RuntimeError("after the end"))


def test_the_end_of_the_input_is_no_error() -> None:
    coord = tf.train.Coordinator()
    coord.request_stop(tf.errors.OutOfRangeError(None, None, "over"))
    coord.join()
    coord = tf.train.Coordinator(clean_stop_exception_types=(KeyError,))
    coord.request_stop(KeyError())
    coord.join()


def test_what_is_no_exception_is_said() -> None:
    coord = tf.train.Coordinator()
    coord.request_stop("a text")
    with pytest.raises(ValueError, match="must be an exception"):
        coord.join()
    coord = tf.train.Coordinator()
    coord.request_stop((None, None, None))
    with pytest.raises(ValueError, match="must be an exception"):
        coord.join()


def test_threads_that_do_not_end() -> None:
    coord = tf.train.Coordinator()
    release = threading.Event()
    thread = started(release.wait)
    coord.register_thread(thread)
    coord.request_stop()
    with pytest.raises(RuntimeError, match="still running: Thread"):
        coord.join(stop_grace_period_secs=0.02)
    coord.join([thread], stop_grace_period_secs=0.02, ignore_live_threads=True)
    release.set()


def test_clearing() -> None:
    coord = tf.train.Coordinator()
    coord.request_stop(ValueError())
    coord.clear_stop()
    assert not coord.should_stop()
    assert not coord.wait_for_stop(0.001)
    coord.join()


def test_loopers_call_until_they_are_stopped() -> None:
    coord = tf.train.Coordinator()
    seen: list[Any] = []

    def note(value: int, other: int = 0) -> None:
        seen.append((value, other))
        if len(seen) == 5:
            coord.request_stop()

    looper = tf.train.LooperThread.loop(coord, 0.001, note, args=(1,), kwargs={"other": 2})
    coord.join()
    assert not looper.is_alive()
    assert seen == [(1, 2)] * 5


def test_a_looper_reports_errors() -> None:
    coord = tf.train.Coordinator()
    tf.train.LooperThread.loop(coord, None, fails)
    with pytest.raises(KeyError):
        coord.join()
    with pytest.raises(ValueError, match=r"must be a tf\.train\.Coordinator"):
        tf.train.LooperThread(None, 1)
    with pytest.raises(ValueError, match="there is no target"):
        tf.train.LooperThread(coord, 1, args=(1,))


def test_a_derived_looper() -> None:
    calls: list[str] = []

    class Looper(tf.train.LooperThread):  # type: ignore[misc]
        def start_loop(self) -> None:
            calls.append("start")

        def run_loop(self) -> None:
            calls.append("run")
            self._coord.request_stop()

        def stop_loop(self) -> None:
            calls.append("stop")

    coord = tf.train.Coordinator()
    Looper(coord, None).start()
    coord.join()
    assert calls == ["start", "run", "stop"]
