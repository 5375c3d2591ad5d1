"""Staging areas: in order and with keys, bounds, waiting."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest

import tidefall as tf

StagingArea = tf.contrib.staging.StagingArea
MapStagingArea = tf.contrib.staging.MapStagingArea


def test_entries_leave_in_order() -> None:
    area = StagingArea([tf.float32, tf.string], shapes=[[2], []])
    x = tf.placeholder(tf.float32, [2])
    put = area.put([x, tf.constant("a")])
    value, text = area.get()
    assert value.shape.as_list() == [2]
    with tf.Session() as sess:
        for number in (1, 2, 3):
            sess.run(put, {x: [number, number]})
        assert sess.run(area.size()) == 3
        assert sess.run(area.peek(1)[0]).tolist() == [2, 2]
        assert sess.run([value, text])[1] == b"a"
        assert sess.run(value).tolist() == [2, 2]
        sess.run(area.clear())
        assert sess.run(area.size()) == 0


def test_a_step_takes_what_the_one_before_has_put() -> None:
    area = StagingArea([tf.int32], shapes=[[]], capacity=1)
    number = tf.placeholder(tf.int32, [])
    put = area.put([number])
    (taken,) = area.get()
    with tf.Session() as sess:
        sess.run(put, {number: 0})
        assert [sess.run([taken, put], {number: n})[0] for n in (1, 2, 3)] == [0, 1, 2]


def test_names() -> None:
    area = StagingArea([tf.float32, tf.int32], names=["x", "n"])
    with tf.Session() as sess:
        sess.run(area.put({"n": tf.constant(1), "x": tf.constant(2.0)}))
        assert sess.run(area.get()) == {"x": 2.0, "n": 1}
    with pytest.raises(ValueError, match="not \\['y'\\]"):
        area.put({"y": 1.0})
    with pytest.raises(ValueError, match="a dictionary must be put in"):
        area.put([1.0, 2])


def test_bounds() -> None:
    area = StagingArea([tf.float32], memory_limit=16)
    x = tf.placeholder(tf.float32, [None])
    put = area.put([x])
    waits = tf.RunOptions(timeout_in_ms=30)
    with tf.Session() as sess:
        sess.run(put, {x: np.ones(3)})
        with pytest.raises(tf.errors.DeadlineExceededError):
            sess.run(put, {x: np.ones(2)}, options=waits)
        with pytest.raises(tf.errors.ResourceExhaustedError, match="more than the memory limit"):
            sess.run(put, {x: np.ones(5)})
        sess.run(area.get())
        sess.run(put, {x: np.ones(4)})


def test_waiting_for_an_entry() -> None:
    area = StagingArea([tf.float32])
    (taken,) = area.get()
    put = area.put([tf.constant(4.0)])
    found: list[Any] = []
    with tf.Session() as sess:
        thread = threading.Thread(target=lambda: found.append(sess.run(taken)))
        thread.start()
        time.sleep(0.03)
        assert not found
        sess.run(put)
        thread.join(2)
        assert found == [4.0]


@pytest.mark.parametrize("ordered", [False, True])
def test_entries_with_keys(ordered: bool) -> None:
    area = MapStagingArea([tf.float32, tf.int32], names=["x", "n"], ordered=ordered)
    key = tf.placeholder(tf.int64, [])
    put_x = area.put(key, {"x": tf.constant(1.5)})
    put_n = area.put(key, {"n": tf.cast(key, tf.int32)})
    any_key, entry = area.get()
    _, one = area.get(key)
    seen = area.peek(key, ["n"])
    with tf.Session() as sess:
        for number in (5, 3, 4):
            sess.run(put_x, {key: number})
        assert sess.run([area.size(), area.incomplete_size()]) == [0, 3]
        for number in (5, 3, 4):
            sess.run(put_n, {key: number})
        assert sess.run([area.size(), area.incomplete_size()]) == [3, 0]
        assert sess.run(seen, {key: 4}) == {"n": 4}
        assert sess.run(one, {key: 4}) == {"x": 1.5, "n": 4}
        assert sess.run([any_key, entry]) == [
            3 if ordered else 5,
            {"x": 1.5, "n": 3 if ordered else 5},
        ]
        sess.run(put_x, {key: 9})
        with pytest.raises(tf.errors.InvalidArgumentError, match="already"):
            sess.run(put_x, {key: 9})
        sess.run(area.clear())
        assert sess.run(area.size()) == 0


def test_parts_of_an_entry() -> None:
    area = MapStagingArea([tf.float32, tf.int32])
    put = area.put(tf.constant(1, tf.int64), [tf.constant(1.5), tf.constant(2)], [0, 1])
    _, (number,) = area.get(tf.constant(1, tf.int64), [1])
    _, (value,) = area.get(tf.constant(1, tf.int64), [0])
    with tf.Session() as sess:
        sess.run(put)
        assert sess.run(number) == 2
        with pytest.raises(tf.errors.InvalidArgumentError, match="no component 1 any more"):
            sess.run(number)
        assert sess.run(area.size()) == 1
        assert sess.run(value) == 1.5
        assert sess.run(area.size()) == 0
    for wrong, error in (
        ("x", TypeError),
        ([], ValueError),
        (["x"], ValueError),
        ([1.5], TypeError),
    ):
        with pytest.raises(error):
            area.get(indices=wrong)
