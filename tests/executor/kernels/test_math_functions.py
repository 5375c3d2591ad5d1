"""The functions of the engine against long double, at random and special points."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.executor.kernels.native import run
from tidefall.executor.kernels.elementwise import TEMPLATES

POINTS = 100_000
SPECIAL = (
    "0 -0 1 -1 0.5 -0.5 2 -2 10 1000 0.1 inf -inf nan 5e-324 -5e-324 1e-310 1e-40 -1e-40 1e-45 "
    "1e308 -1e308 1.7e308 3e38 -3e38 3.4e38 709.78 709.79 -708.4 -745.1 -745.2 -746 88.7 88.8 "
    "-103 -104 -87.4"
)


@functools.cache
def build(name: str, dtype: Any) -> Callable[..., Any]:
    return lambda v, *operands: TEMPLATES[name](v, dtype, *operands)


def errors(got: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """How far ``got`` is from long double, in ulp; infinite where NaN or infinity is misplaced."""
    kind = got.dtype
    with np.errstate(all="ignore"):
        rounded = expected.astype(kind)
        size = np.maximum(np.abs(rounded), np.finfo(kind).smallest_normal)
        unit = np.spacing(np.where(np.isfinite(size), size, 1.0).astype(kind))
        error = np.abs(got.astype(np.longdouble) - expected) / unit
        exact = (got == rounded) | (np.isnan(got) & np.isnan(expected))
        return np.where(np.isfinite(got) & np.isfinite(rounded), error, np.where(exact, 0, np.inf))


def points(kind: Any, low: float, high: float) -> np.ndarray:
    """Evenly spread numbers, numbers of all exponents, and special ones."""
    rng = np.random.default_rng(7)
    dtype = np.dtype(kind)
    anything = rng.integers(0, 2 ** (8 * dtype.itemsize), POINTS, f"u{dtype.itemsize}").view(dtype)
    with np.errstate(all="ignore"):
        special = np.array([float(each) for each in SPECIAL.split()]).astype(dtype)
    return np.concatenate([rng.uniform(low, high, POINTS).astype(dtype), anything, special])


@pytest.mark.parametrize("kind", ["float64", "float32"])
@pytest.mark.parametrize(
    ("name", "low", "high", "bound"),
    [("exp", -1.0, 1.0, 1.0), ("log", 0.5, 2.0, 0.9), ("log1p", -0.5, 1.0, 0.9)],
)
def test_stated_error(name: str, low: float, high: float, bound: float, kind: str) -> None:
    x = points(kind, low, high)
    got = run(build(name, x.dtype), x, lanes=8)
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(x.astype(np.longdouble))
    worst = errors(got, expected)
    assert worst.max() <= bound, f"{worst.max()} ulp at {x[worst.argmax()]!r}"
    zero = (got == 0) & (x == 0)
    np.testing.assert_array_equal(np.signbit(got[zero]), np.signbit(expected[zero]))
