"""200 steps of every optimizer, schedules and averages against TensorFlow 1.15.5."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.oracle import golden_files
from tests.oracle.differences import TRAINING_GAPS
from tests.oracle.programs import training_runs

Arrays = dict[str, np.ndarray[Any, Any]]

TOLERANCE = {np.dtype(np.float32): 1e-6, np.dtype(np.float64): 1e-12}


# Each optimizer once with dense and once with sparse gradients; the rest takes a minute.
QUICK = {"dense/float32/reference", "sparse/float64/resource"}


@functools.cache
def golden(name: str) -> Arrays:
    arrays: Arrays = golden_files.read_arrays(golden_files.path_of("training", f"{name}.npz"))
    return arrays


def assert_close(ours: Any, theirs: np.ndarray[Any, Any], what: str, times: float = 1.0) -> None:
    """Equal to the tolerance of the dtype, relative to the largest element."""
    ours = np.asarray(ours)
    assert ours.dtype == theirs.dtype, what
    assert ours.shape == theirs.shape, what
    if theirs.dtype.kind != "f":
        np.testing.assert_array_equal(ours, theirs, err_msg=what)
        return
    tolerance = TOLERANCE[theirs.dtype] * times * np.abs(theirs).max(initial=0.0)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance, err_msg=what)


def assert_same_run(ours: Arrays, theirs: Arrays, what: str) -> None:
    assert set(ours) == set(theirs), f"{what}: variables are called differently"
    for name, expected in theirs.items():
        # A slot averages gradients that cancel, so that more of their rounding is left in it.
        times = 5.0 if "/" in name else 1.0
        assert_close(ours[name], expected, f"{what}: {name}", times)


def run_of(arrays: Arrays, key: str) -> Arrays:
    """The arrays of one run, of a file that holds many."""
    return {k.split(":", 1)[1]: v for k, v in arrays.items() if k.startswith(key + ":")}


def cases() -> list[Any]:
    params = []
    for problem in training_runs.PROBLEMS:
        for optimizer, dtype, resource in training_runs.cases_of(problem):
            kind = "resource" if resource else "reference"
            key = f"{problem}/{optimizer}/{dtype}/{kind}"
            gap = next((why for part, why in TRAINING_GAPS.items() if part in key), None)
            marks = [pytest.mark.xfail(reason=gap)] if gap else []
            marks += [] if f"{problem}/{dtype}/{kind}" in QUICK else [pytest.mark.slow]
            params.append(pytest.param(problem, optimizer, dtype, resource, id=key, marks=marks))
    return params


@pytest.mark.parametrize(("problem", "optimizer", "dtype", "resource"), cases())
def test_two_hundred_steps(problem: str, optimizer: str, dtype: str, resource: bool) -> None:
    kind = "resource" if resource else "reference"
    theirs = run_of(golden(problem), f"{optimizer}/{dtype}/{kind}")
    ours = training_runs.train(tf, optimizer, problem, dtype, resource)
    assert_same_run(ours, theirs, f"{optimizer} on {problem}")


def test_gradients_clipped_by_their_global_norm() -> None:
    assert_same_run(training_runs.train_clipped(tf), golden("clipped"), "clipped")


def test_two_networks_against_each_other() -> None:
    assert_same_run(training_runs.train_adversaries(tf), golden("adversaries"), "adversaries")


@pytest.mark.parametrize("name", training_runs.SCHEDULES)
def test_schedule(name: str) -> None:
    assert_close(training_runs.schedules(tf)[name], golden("schedules")[name], name)


@pytest.mark.parametrize("resource", [False, True], ids=["reference", "resource"])
def test_moving_averages(resource: bool) -> None:
    kind = "resource" if resource else "reference"
    assert_same_run(training_runs.averages(tf, resource), golden(f"averages_{kind}"), "averages")
