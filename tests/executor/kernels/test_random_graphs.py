"""Kernels against NumPy on random models: three steps of training with other batch sizes."""

from __future__ import annotations

import os
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

import tidefall as tf
from tests.executor.kernels import random_graphs
from tests.executor.kernels.noise import check_close, disturbed_operands
from tests.executor.kernels.random_graphs import FIXED, ROWS, Model
from tests.executor.kernels.watching import watching

#: Runs with disturbed operands, by which differences are measured.
DISTURBED = 4
Results = list[dict[str, Any]]


def train(model: Model, tier: str, batches: list[int], seed: int) -> Results:
    """What each step fetches, and then all variables."""
    config = tf.ConfigProto()
    config.experimental.executor_type = tier
    results = []
    with tf.Session(config=config) as session:
        session.run(tf.global_variables_initializer())
        for number, rows in enumerate(batches):
            feeds = model.feeds(rows, seed + number)
            wanted = {**model.fetches, **({"train": model.train} if model.train else {})}
            found = session.run(wanted, feeds)
            found.pop("train", None)
            results.append(found)
        results.append(session.run({v.op.name: v for v in tf.global_variables()}))
    return results


def check(data: st.DataObject, fixed: bool = False) -> None:
    tf.reset_default_graph()
    tf.set_random_seed(1)
    if fixed:
        rows = data.draw(st.sampled_from(FIXED))
        model, batches = random_graphs.build(data.draw, rows), [rows] * 3
    else:
        model = random_graphs.build(data.draw)
        batches = data.draw(st.lists(st.sampled_from(ROWS), min_size=3, max_size=3))
    seed = data.draw(st.integers(0, 10_000))
    hypothesis.note(f"{' '.join(model.notes)}, rows {batches}, seed {seed}")
    plain = train(model, "numpy", batches, seed)
    with watching() as watch:
        fused = train(model, "kernels", batches, seed)
    assert watch.kernels >= 1
    assert watch.interpreted == 0
    assert watch.outside == set()
    disturbed = []
    for number in range(DISTURBED):
        with disturbed_operands(number):
            disturbed.append(train(model, "reference", batches, seed))
    for number, (a, b) in enumerate(zip(plain, fused, strict=True)):
        for name in a:
            others = [each[number][name] for each in disturbed]
            check_close(a[name], b[name], others, f"{name} of step {number}")


SETTINGS = hypothesis.settings(
    deadline=None,
    derandomize=True,
    database=None,
    print_blob=False,
    report_multiple_bugs=False,
    phases=[hypothesis.Phase.generate],  # shrinking would take minutes; the notes tell the model
    suppress_health_check=list(hypothesis.HealthCheck),
)


@hypothesis.settings(SETTINGS, max_examples=int(os.environ.get("TIDEFALL_TEST_GRAPHS", 30)))
@hypothesis.given(st.data())
def test_random_graphs(data: st.DataObject) -> None:
    check(data)


@hypothesis.settings(SETTINGS, max_examples=int(os.environ.get("TIDEFALL_TEST_GRAPHS", 30)))
@hypothesis.given(st.data())
def test_random_graphs_with_a_fixed_batch(data: st.DataObject) -> None:
    check(data, fixed=True)


@pytest.mark.slow
@hypothesis.settings(SETTINGS, max_examples=300)
@hypothesis.given(st.data())
def test_300_random_graphs_with_a_fixed_batch(data: st.DataObject) -> None:
    check(data, fixed=True)


@pytest.mark.slow
@hypothesis.settings(SETTINGS, max_examples=300)
@hypothesis.given(st.data())
def test_300_random_graphs(data: st.DataObject) -> None:
    check(data)
