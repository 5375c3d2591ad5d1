"""Gradients where there is a choice (kinks, ties, empty branches) are those of TF 1.15.5."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.oracle import canonical, golden_files
from tests.oracle.differences import GRADIENT_GAPS
from tests.oracle.programs import gradient_values

GOLDEN: dict[str, Any] = golden_files.read_json(golden_files.path_of("gradients.json"))

TOLERANCE = 1e-6


def cases() -> list[Any]:
    return [
        pytest.param(
            line,
            id=line,
            marks=[pytest.mark.xfail(reason=GRADIENT_GAPS[line])] if line in GRADIENT_GAPS else [],
        )
        for line in gradient_values.expressions()
        if "error" not in GOLDEN[line]
    ]


@pytest.mark.parametrize("line", cases())
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_gradient(line: str) -> None:
    theirs = GOLDEN[line]
    ours = canonical.array_of(gradient_values.gradient(tf, line, "float32"))
    assert (ours["dtype"], ours["shape"]) == (theirs["dtype"], theirs["shape"])
    got = np.array([float(v) for v in ours["values"]])
    expected = np.array([float(v) for v in theirs["values"]])
    size = np.abs(expected[np.isfinite(expected)]).max(initial=1.0)
    np.testing.assert_allclose(got, expected, rtol=TOLERANCE, atol=TOLERANCE * size)
