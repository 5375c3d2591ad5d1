"""``tidefall explain`` tells of kernels: what they do, when they take over, what stays NumPy's."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest

import tidefall as tf
from tidefall.cli import explain
from tidefall.executor import promotion


def network() -> tuple[tf.Tensor, tf.Tensor, tf.Operation]:
    x = tf.placeholder(tf.float64, [None, 3], name="x")
    w = tf.get_variable("w", [3, 5], tf.float64)
    v = tf.get_variable("v", [5, 1], tf.float64)
    loss = tf.reduce_mean(tf.square(tf.matmul(tf.nn.relu(tf.matmul(x, w)), v)))
    return x, loss, tf.train.AdamOptimizer().minimize(loss)


def told(runs: int, rows: int = 10) -> str:
    out = io.StringIO()
    x, _, train = network()
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    with explain.Watch() as watch:
        for _ in range(runs):
            session.run(train, {x: np.ones((rows, 3))})
    explain.report(watch.records, out)
    return re.sub(r"\s+", " ", out.getvalue())


def test_the_steps_of_a_kernel_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEFALL_TIER", "kernels")
    text = told(2)
    assert re.search(r"kernel 1 \d+ nodes: MatMul ×\d", text)
    assert re.search(r"tiles \d+ rows, \d+ lanes of vectors of \d+ bits, at most \d+ chunks", text)
    assert re.search(r"memory [\d.]+ k?B\w* for a worker's tile, .* for a chunk's sums", text)
    assert "each tile product 3→5 with maximum; product 5→1" in text
    assert "greater, astype, multiply and product over rows 3×5 (by lanes)" in text
    assert re.search(r"update 2 variables of 20 numbers by .*sqrt", text)
    assert "promotion" not in text


def test_products_of_matrices_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEFALL_TIER", "kernels")
    x = tf.placeholder(tf.float64, [None, 2, 3])
    w, v = tf.get_variable("w", [3, 4], tf.float64), tf.get_variable("v", [4, 5], tf.float64)
    loss = tf.reduce_mean(tf.square(tf.tanh(tf.matmul(x, tf.matmul(w, v)))))
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    out, session = io.StringIO(), tf.Session()
    session.run(tf.global_variables_initializer())
    with explain.Watch() as watch:
        session.run(train, {x: np.ones((7, 2, 3))})
    explain.report(watch.records, out)
    text = re.sub(r"\s+", " ", out.getvalue())
    assert "before product of matrices [3×4] by [4×5]" in text
    assert "each tile product of matrices [2×3] by [3×5]" in text
    assert "product of matrices over rows [3×2] by [2×5]" in text


def test_the_run_at_which_kernels_take_over_is_foretold(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said after a few runs is what happens."""
    monkeypatch.setenv("TIDEFALL_TIER", "auto")
    text = told(3)
    found = re.search(r"a run of 10 rows: kernels would take over at run (\d+)", text)
    assert found is not None, text
    assert "each tile product 3→5 with maximum" in text  # though nothing was compiled
    at = int(found[1])
    monkeypatch.setattr(promotion, "SAVED_BY_NODE", promotion.SAVED_BY_NODE * at / 40)
    monkeypatch.setattr(promotion, "SAVED_BY_RESULT", promotion.SAVED_BY_RESULT * at / 40)
    tf.reset_default_graph()
    sooner = re.search(r"would take over at run (\d+)", told(3))
    assert sooner is not None
    at = int(sooner[1])
    tf.reset_default_graph()
    text = told(at + 5)
    assert f"a run of 10 rows: kernels took over at run {at}" in text
    assert re.search(rf"{at - 1} runs, the first .* each; with kernels 6 runs, the first", text)


def test_what_stays_numpys_is_told_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEFALL_TIER", "kernels")
    x, loss, train = network()
    summary = tf.summary.scalar("loss", loss)
    out = io.StringIO()
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    with explain.Watch() as watch:
        session.run([train, summary], {x: np.ones((4, 3))})
    explain.report(watch.records, out)
    assert re.search(r"interpreted +ScalarSummary: it runs in Python", out.getvalue())


def test_a_run_without_anything_for_kernels_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEFALL_TIER", "auto")
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    y = x
    for _ in range(10):
        y = tf.lgamma(y)
    out = io.StringIO()
    with explain.Watch() as watch:
        tf.Session().run(y, {x: np.ones((2, 3))})
    explain.report(watch.records, out)
    text = re.sub(r"\s+", " ", out.getvalue())
    assert "promotion never: there is too little for a kernel" in text
    assert "interpreted Lgamma ×10: the function 'round'" in text
