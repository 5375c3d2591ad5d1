"""``tidefall explain`` tells what became of each kind of run."""

from __future__ import annotations

import io
import re
import subprocess
from collections.abc import Callable

import numpy as np

import tidefall as tf
from tidefall.cli import explain

Launch = Callable[..., "subprocess.CompletedProcess[str]"]

PROGRAM = """
import numpy as np
import tensorflow as tf
x = tf.placeholder(tf.float32, [None, 2], name="x")
w = tf.Variable(np.ones([2, 1], np.float32), name="w")
product = tf.matmul(x, w)
shown = tf.summary.scalar("s", tf.constant(1.0))
with tf.Session() as session:
    session.run(w.initializer)
    for _ in range(3):
        print(session.run(product, {x: [[1, 2]]}))
    session.run([product, shown], {x: [[1, 2]]})
"""


def told(act: Callable[[tf.Session], object], **options: bool) -> str:
    out = io.StringIO()
    with explain.Watch() as watch:
        act(tf.Session())
    explain.report(watch.records, out, **options)
    return out.getvalue()


def test_a_program_runs_as_usual_and_is_reported(launch: Launch) -> None:
    done = launch("explain", "--nodes", "--source", "p.py", p_dot_py=PROGRAM)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("[[3.]]\n[[3.]]\n[[3.]]\n")
    assert "the program made 3 kinds of runs" in done.stdout
    assert re.search(r"run\(MatMul:0\)   3 runs, the first [\d.]+ [µm]?s, then", done.stdout)
    assert "given        x:0 float32(?, 2)" in done.stdout
    assert re.search(r"pruned +\d+ operations to \d+", done.stdout)
    assert "ScalarSummary in Python" in done.stdout
    assert "reads w" in done.stdout
    assert "writes w" in done.stdout
    assert re.search(r"p\.py:6 +MatMul:0 = MatMul\(x:0, w/read:0\)", done.stdout)
    assert "    │ def run(v0):" in done.stdout


def test_a_program_that_fails_or_exits_is_reported_too(launch: Launch) -> None:
    done = launch("explain", "p.py", p_dot_py=PROGRAM + "raise SystemExit(4)")
    assert done.returncode == 4
    assert "3 kinds of runs" in done.stdout
    done = launch("explain", "p.py", p_dot_py="import tensorflow as tf\n1 / 0")
    assert done.returncode == 1
    assert "the program made no runs" in done.stdout
    assert "ZeroDivisionError" in done.stderr


def test_what_was_folded_and_merged_is_counted() -> None:
    x = tf.placeholder(tf.float32, [3], name="x")
    y = tf.exp(x) * tf.exp(x) + (tf.constant(1.0) + tf.constant(2.0))
    text = told(lambda session: session.run(y, {x: np.zeros(3)}))
    assert re.search(r"folded +1 nodes with constant inputs", text)
    assert re.search(r"merged +1 nodes equal to earlier ones", text)
    assert re.search(r"left +3 nodes: ", text)


def test_a_run_of_which_all_is_known_is_said() -> None:
    value = tf.constant(1.0) + tf.constant(2.0)
    assert "nothing: every value is known" in told(lambda session: session.run(value))


def test_nothing_is_watched_afterwards() -> None:
    with explain.Watch() as watch:
        pass
    tf.Session().run(tf.constant(1.0))
    assert watch.records == []
