"""Handles of resources, and what closing a session does to them."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tidefall.core.runtime import time_limit, wait_until
from tidefall.core.shapes import Shape
from tidefall.executor.context import NodeContext
from tidefall.state import handles
from tidefall.state.cells import Store


class Pipe:
    """A resource that notes what is done to it."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.changed = threading.Condition()

    def cancel(self) -> None:
        self.calls.append("cancel")
        with self.changed:
            self.changed.notify_all()

    def close(self) -> None:
        self.calls.append("close")


def context(store: Store, name: str = "node") -> NodeContext:
    return NodeContext(store, tf.no_op(name=name))


def test_nodes_with_one_shared_name_have_one_resource() -> None:
    store = Store()
    one = handles.make(context(store, "a"), Pipe, "", "pipe", Pipe)
    other = handles.make(context(store, "b"), Pipe, "", "pipe", Pipe)
    assert handles.get(one, Pipe) is handles.get(other, Pipe)


def test_without_a_shared_name_each_node_has_its_own() -> None:
    store = Store()
    run = context(store, "a")
    one = handles.make(run, Pipe, "", "", Pipe)
    other = handles.make(context(store, "b"), Pipe, "", "", Pipe)
    assert handles.get(one, Pipe) is not handles.get(other, Pipe)
    again = handles.make(run, Pipe, "", "", Pipe)
    assert handles.get(one, Pipe) is handles.get(again, Pipe)


def test_containers_are_apart() -> None:
    store = Store()
    one = handles.make(context(store), Pipe, "x", "pipe", Pipe)
    other = handles.make(context(store), Pipe, "y", "pipe", Pipe)
    assert handles.get(one, Pipe) is not handles.get(other, Pipe)


def test_a_handle_of_another_kind_is_refused() -> None:
    handle = handles.make(context(Store()), Pipe, "", "pipe", Pipe)
    with pytest.raises(tf.errors.InvalidArgumentError, match="a handle of a Store is needed"):
        handles.get(handle, Store)
    with pytest.raises(tf.errors.InvalidArgumentError, match="but float was given"):
        handles.get(np.array(1.0), Pipe)


def test_closing_a_session_cancels_and_closes_its_resources() -> None:
    with tf.Session() as sess:
        run = context(sess._store)
        pipe = handles.get(handles.make(run, Pipe, "", "pipe", Pipe), Pipe)
        plain = sess._store.resource("plain", list)
    assert pipe.calls == ["cancel", "close"]
    assert plain == []
    with pytest.raises(tf.errors.CancelledError, match="the session was closed"):
        handles.make(run, Pipe, "", "another", Pipe)


def test_forgetting_a_session_closes_its_resources() -> None:
    sess = tf.Session()
    pipe: Any = sess._store.resource("pipe", Pipe)
    del sess
    assert pipe.calls == ["cancel", "close"]


def test_closing_wakes_who_waits() -> None:
    sess = tf.Session()
    run = context(sess._store)
    pipe = handles.get(handles.make(run, Pipe, "", "pipe", Pipe), Pipe)
    raised: list[BaseException] = []

    def body() -> None:
        with pipe.changed, pytest.raises(tf.errors.CancelledError) as info:
            run.wait(pipe.changed, lambda: False)
        raised.append(info.value)

    thread = threading.Thread(target=body)
    thread.start()
    time.sleep(0.02)
    sess.close()
    thread.join(2)
    assert len(raised) == 1


def test_a_run_waits_no_longer_than_its_limit() -> None:
    condition = threading.Condition()
    start = time.monotonic()
    with condition, pytest.raises(tf.errors.DeadlineExceededError), time_limit(0.05):
        wait_until(condition, lambda: False, lambda: False)
    assert 0.05 <= time.monotonic() - start < 2
    with condition:
        wait_until(condition, lambda: True, lambda: False)  # nothing to wait for


def test_resources_need_no_lock_that_a_step_holds() -> None:
    store = Store()
    made: list[Any] = []
    with store.lock:
        thread = threading.Thread(target=lambda: made.append(store.resource("pipe", Pipe)))
        thread.start()
        thread.join(2)
    assert made == [store.resources["pipe"]]
    assert not store.cell("v", np.dtype(np.float32), Shape(())).is_initialized
