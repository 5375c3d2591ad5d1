"""Same seed, same numbers: random streams and initial values against TensorFlow 1.15.5."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.oracle import golden_files
from tests.oracle.differences import RANDOM_GAPS
from tests.oracle.programs import streams

Arrays = dict[str, np.ndarray[Any, Any]]

STREAMS = [(stream, dtype) for stream, dtypes in streams.STREAMS.items() for dtype in dtypes]

# What another library's logarithm or cosine may cost against TensorFlow's own.
ULPS = {stream: 0 if stream in streams.EXACT else 1 for stream in streams.STREAMS}


@functools.cache
def golden(name: str) -> Arrays:
    arrays: Arrays = golden_files.read_arrays(golden_files.path_of("random", f"{name}.npz"))
    return arrays


@functools.cache
def hashes() -> dict[str, list[str]]:
    record: dict[str, list[str]] = golden_files.read_json(
        golden_files.path_of("random", "hashes.json")
    )
    return record


def distance(ours: np.ndarray[Any, Any], theirs: np.ndarray[Any, Any]) -> int:
    """The largest number of representable values between two arrays of floats, or of bits."""
    if ours.dtype.kind not in "fu" or ours.size == 0:
        return 0 if np.array_equal(ours, theirs) else 2**62
    if np.array_equal(ours, theirs):
        return 0
    unsigned = {2: np.uint16, 4: np.uint32, 8: np.uint64}[ours.dtype.itemsize]
    bits = [a.astype(a.dtype, copy=False).view(unsigned) for a in (ours, theirs)]
    top = 2 ** (8 * ours.dtype.itemsize - 1)
    ordered = [[int(b) if b < top else top - int(b) for b in a.ravel().tolist()] for a in bits]
    first, second = ordered
    apart: list[int] = [abs(a - b) for a, b in zip(first, second, strict=True)]
    return max(apart)


def assert_close(ours: Any, theirs: np.ndarray[Any, Any], ulps: int, what: str) -> None:
    ours = np.asarray(ours)
    assert ours.dtype == theirs.dtype, what
    assert ours.shape == theirs.shape, what
    apart = distance(ours, theirs)
    assert apart <= ulps, f"{what}: {apart} ulp apart\nhere       {ours}\nTensorFlow {theirs}"


def cases(gaps: dict[str, str]) -> list[Any]:
    params = []
    for stream, dtype in STREAMS:
        name = f"{stream.__name__}/{dtype}"
        gap = gaps.get(name) or gaps.get(stream.__name__)
        marks = [pytest.mark.xfail(reason=gap)] if gap else []
        params.append(pytest.param(stream, dtype, id=name, marks=marks))
    return params


@pytest.mark.parametrize(("stream", "dtype"), cases(RANDOM_GAPS))
def test_fifty_seeds_three_runs(stream: Any, dtype: str) -> None:
    theirs = golden("seeds")[f"{stream.__name__}/{dtype}"]
    for seeds, expected in zip(streams.SEEDS, theirs, strict=True):
        runs = streams.runs_of(tf, stream, dtype, [5], seeds)
        for number, (ours, values) in enumerate(zip(runs, expected, strict=True)):
            what = f"graph seed {seeds[0]}, op seed {seeds[1]}, run {number}"
            assert_close(ours, values, ULPS[stream], what)


@pytest.mark.slow
@pytest.mark.parametrize(("stream", "dtype"), cases(RANDOM_GAPS))
def test_every_size(stream: Any, dtype: str) -> None:
    for seeds in streams.SEEDS_FOR_SHAPES:
        for shape in streams.SHAPES:
            key = f"{stream.__name__}/{dtype}/{seeds}/{shape}"
            runs = streams.runs_of(tf, stream, dtype, shape, seeds, 2)
            kept = streams.sampled(runs[0].size)
            for ours, expected, digest in zip(
                runs, golden("shapes")[key], hashes()[key], strict=True
            ):
                assert_close(ours.ravel()[kept], expected, ULPS[stream], key)
                if stream in streams.EXACT:
                    assert golden_files.digest(ours) == digest, key


def test_a_stream_advances_only_when_its_node_runs() -> None:
    ours, theirs = streams.fetch_sets(tf), golden("fetch_sets")
    assert list(ours) == list(theirs)
    for key, expected in theirs.items():
        reduced = key.endswith("sum")
        assert_close(ours[key], expected, 4 if reduced else 1, key)


def test_a_stream_in_a_loop_advances_each_iteration() -> None:
    ours, theirs = streams.loop_of_random(tf), golden("loop")
    for key, expected in theirs.items():
        assert_close(ours[key], expected, 0, key)


@pytest.mark.parametrize("use_resource", [False, True], ids=["reference", "resource"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_initial_values(dtype: str, use_resource: bool) -> None:
    kind = "resource" if use_resource else "reference"
    for seeds in streams.INITIALIZER_SEEDS:
        for name, ours in streams.initialised(tf, seeds, dtype, use_resource).items():
            theirs = golden("initializers")[f"{dtype}/{seeds}/{kind}/{name}"]
            assert ours.dtype == theirs.dtype
            # A QR decomposition sums in an order of its own.
            tolerance = 1e-5 if name.startswith("orthogonal") else 1e-6
            tolerance = tolerance if theirs.dtype == np.float32 else tolerance * 1e-8
            np.testing.assert_allclose(
                ours, theirs, rtol=tolerance, atol=tolerance, err_msg=f"{name} {seeds}"
            )
