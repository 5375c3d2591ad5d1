"""Values at the edges (negative remainders, ties, empty sums, casts of NaN) as in TF 1.15.5."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.oracle import canonical, golden_files
from tests.oracle.differences import VALUE_DIFFERENCES, VALUE_GAPS
from tests.oracle.programs import values

GOLDEN: dict[str, Any] = golden_files.read_json(golden_files.path_of("values.json"))

# What a few roundings may cost against TensorFlow's own kernels.
TOLERANCE = {
    "float16": 1e-3, "bfloat16": 8e-3, "float32": 5e-7, "float64": 2e-15,
    "complex64": 5e-7, "complex128": 2e-15,
}  # fmt: skip


def numbers(elements: list[Any]) -> Any:
    """The elements of a record as an array of floats."""
    pairs = [e if isinstance(e, list) else [e] for e in elements]
    return np.array([[float(part) for part in pair] for pair in pairs])


def assert_same(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert ours["dtype"] == theirs["dtype"]
    assert ours["shape"] == theirs["shape"]
    tolerance = TOLERANCE.get(theirs["dtype"])
    if tolerance is None:
        assert ours["values"] == theirs["values"]
        return
    got, expected = numbers(ours["values"]), numbers(theirs["values"])
    size = np.abs(expected[np.isfinite(expected)]).max(initial=0.0)
    small = tolerance * min(size, 1.0)
    np.testing.assert_allclose(got, expected, rtol=tolerance, atol=small)


def wanted(expression: str) -> Any:
    """What TensorFlow gave; or what is given here, where that is meant to differ."""
    theirs = GOLDEN[expression]
    if expression not in VALUE_DIFFERENCES:
        return theirs
    here, _ = VALUE_DIFFERENCES[expression]
    return {"error": here} if isinstance(here, str) else [{**theirs[0], "values": here}]


def cases() -> list[Any]:
    params = []
    for expression in values.expressions():
        gap = VALUE_GAPS.get(expression)
        marks = [pytest.mark.xfail(reason=gap)] if gap else []
        params.append(pytest.param(expression, id=expression, marks=marks))
    return params


@pytest.mark.parametrize("expression", cases())
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_value(expression: str) -> None:
    theirs = wanted(expression)
    if isinstance(theirs, dict):
        error = getattr(tf.errors, theirs["error"], None) or getattr(builtins, theirs["error"])
        with pytest.raises(error):
            values.run(tf, expression)
        return
    ours = [canonical.array_of(value) for value in values.run(tf, expression)]
    assert len(ours) == len(theirs)
    for part, expected in zip(ours, theirs, strict=True):
        assert_same(part, expected)
