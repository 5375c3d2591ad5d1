"""Programs that run for days: graphs that grow by mistake, and memory that must not."""

from __future__ import annotations

import gc
import subprocess
import sys
import warnings
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tidefall.client.growth import PATIENCE


def resident() -> int:
    """The memory this process holds, in bytes."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/statm")


def train(sess: tf.Session, steps: int) -> list[warnings.WarningMessage]:
    """A loop that makes the graph grow before every run."""
    weight = tf.Variable(1.0)
    sess.run(weight.initializer)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for step in range(steps):
            sess.run(weight * float(step))
    return caught


def test_a_graph_that_grows_in_a_loop_is_said_once_with_the_line() -> None:
    with tf.Session() as sess:
        caught = train(sess, 3 * PATIENCE)
    (warning,) = caught
    text = str(warning.message)
    assert warning.category is RuntimeWarning
    assert "'mul_" in text
    assert "test_growth_and_memory.py:" in text
    assert "sess.run(weight * float(step))" in text
    assert "placeholder" in text
    assert warning.filename == __file__


def test_few_runs_of_a_growing_graph_are_no_matter() -> None:
    with tf.Session() as sess:
        assert train(sess, PATIENCE // 2) == []


def test_a_graph_that_does_not_grow_is_no_matter() -> None:
    x = tf.placeholder(tf.float32)
    y = x + 1.0
    with tf.Session() as sess, warnings.catch_warnings():
        warnings.simplefilter("error")
        for step in range(3 * PATIENCE):
            sess.run(y, {x: float(step)})


def small_training(graph: tf.Graph) -> tuple[Any, Any, Any]:
    with graph.as_default():
        x = tf.placeholder(tf.float32, [None, 3])
        weight = tf.get_variable("w", [3, 1])
        bias = tf.get_variable("b", [1])
        loss = tf.reduce_mean(tf.square(tf.matmul(x, weight) + bias))
        step = tf.train.AdamOptimizer(0.01).minimize(loss)
        return x, loss, (step, tf.global_variables_initializer())


@pytest.mark.parametrize("end", ["closed", "forgotten"])
def test_graphs_and_sessions_are_freed(end: str) -> None:
    def use() -> list[weakref.ref[Any]]:
        graph = tf.Graph()
        x, loss, (step, start) = small_training(graph)
        sess = tf.Session(graph=graph)
        sess.run(start)
        sess.run([loss, step], {x: np.ones((4, 3))})
        function = sess.make_callable(loss, [x])
        function(np.ones((2, 3)))
        with pytest.raises(tf.errors.InvalidArgumentError):
            sess.run(loss)
        if end == "closed":
            sess.close()
        return [weakref.ref(graph), weakref.ref(sess), weakref.ref(sess._store)]

    references = use()
    gc.collect()
    assert [reference() for reference in references] == [None, None, None]


def test_what_a_run_returns_does_not_keep_the_session() -> None:
    sess = tf.Session()
    kept = sess.run(tf.constant([1.0, 2.0]) * 2.0)
    reference = weakref.ref(sess)
    del sess
    gc.collect()
    assert reference() is None
    assert kept.tolist() == [2.0, 4.0]


def in_a_fresh_process(name: str, *arguments: object) -> list[int]:
    """What a function of this file returns in a process whose memory holds nothing else."""
    program = f"import {__name__} as here; print(*here.{name}{arguments!r})"
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", program]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return [int(word) for word in run.stdout.split()]


#: For each tier, runs after which memory is first looked at, and MB they may have taken till then:
#: where kernels take over, LLVM is loaded and compiles, once: some 80 MB.
WARMING = {"numpy": (100, 5), "auto": (10_000, 100)}


def growth_of_runs(tier: str, *counts: int) -> list[int]:
    """How many bytes the process grows by in so many runs, and in so many more."""
    graph = tf.Graph()
    x, loss, (step, start) = small_training(graph)
    batches = [np.ones((size, 3), np.float32) for size in range(1, 33)]
    config = tf.ConfigProto()
    config.experimental.executor_type = tier
    grown = []
    with tf.Session(graph=graph, config=config) as sess:
        sess.run(start)
        for count in counts:
            before = resident()
            for number in range(count):
                sess.run([loss, step], {x: batches[number % len(batches)]})
            gc.collect()
            grown.append(resident() - before)
    return grown


@on_linux
@pytest.mark.slow
@pytest.mark.parametrize("tier", WARMING)
def test_a_hundred_thousand_runs_take_no_memory(tier: str) -> None:
    first, megabytes = WARMING[tier]
    warming, rest = in_a_fresh_process("growth_of_runs", tier, first, 100_000)
    assert warming <= megabytes << 20
    assert rest <= 5 << 20


def growth_of_graphs(end: str, *counts: int) -> list[int]:
    """How many bytes the process grows by while so many graphs are made, run and dropped."""
    grown = []
    for count in counts:
        before = resident()
        for _ in range(count):
            graph = tf.Graph()
            x, loss, (step, start) = small_training(graph)
            sess = tf.Session(graph=graph)
            sess.run(start)
            sess.run([loss, step], {x: np.ones((4, 3))})
            if end == "closed":
                sess.close()
            del sess, graph, x, loss, step, start
        gc.collect()
        grown.append(resident() - before)
    return grown


@on_linux
@pytest.mark.slow
@pytest.mark.parametrize("end", ["closed", "forgotten"])
def test_a_thousand_graphs_with_sessions_take_no_memory(end: str) -> None:
    _, thousand = in_a_fresh_process("growth_of_graphs", end, 20, 1_000)
    assert thousand <= 10 << 20
