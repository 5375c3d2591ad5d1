"""The functions of the engine against long double, at random and special points."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest

from tests.executor.kernels import native
from tidefall.executor.kernels import loading, target
from tidefall.executor.kernels.elementwise import TEMPLATES

WIDER = np.finfo(np.longdouble).nmant >= 63
pytestmark = pytest.mark.skipif(not WIDER, reason="long double is no wider than double here")

FEW, MANY = 50_000, 2_000_000
SPECIAL = (
    "0 -0 1 -1 0.5 -0.5 2 -2 10 1000 0.1 inf -inf nan 5e-324 -5e-324 1e-310 1e-40 -1e-40 1e-45 "
    "1e308 -1e308 1.7e308 3e38 -3e38 3.4e38 709.78 709.79 710.4 -708.4 -745.1 -745.2 -746 88.7 "
    "88.73 89.4 -103 -104 -87.4 1e5 1e9 1e10 1e22"
)
Reference = Callable[..., Any]


class Function(NamedTuple):
    """A function of one argument, and how far it may be off.

    Attributes:
      name: Of the primitive.
      ranges: Intervals that are searched evenly.
      bounds: The largest error in ulp for float64 and float32.
      reference: The function of long double; NumPy's of the same name unless given.
    """

    name: str
    ranges: Sequence[tuple[float, float]]
    bounds: tuple[float, float]
    reference: Reference | None = None

    def expected(self, x: np.ndarray) -> np.ndarray:
        function = self.reference or getattr(np, self.name)
        with np.errstate(all="ignore"):
            return np.asarray(function(x.astype(np.longdouble)))


def _elementwise(function: Callable[[float], float]) -> Reference:
    """A function of Python's, right to about 1 ulp of float64."""
    return lambda x: np.array([function(float(each)) for each in x], np.longdouble)


FUNCTIONS = [
    Function("exp", [(-1, 1), (-80, 80), (-750, 711)], (1.0, 1.0)),
    Function("exp2", [(-1, 1), (-150, 130), (-1076, 1025)], (1.0, 1.0)),
    Function("expm1", [(-2, 2), (-40, 90), (-1e-3, 1e-3)], (1.5, 1.5)),
    Function("log", [(0.5, 2), (0, 1000)], (1.0, 1.0)),
    Function("log2", [(0.5, 2), (0, 1000)], (1.1, 1.1)),
    Function("log10", [(0.5, 2), (0, 1000)], (1.1, 1.1)),
    Function("log1p", [(-0.5, 1), (-1, 3), (-1e-3, 1e-3)], (1.0, 1.0)),
    Function("tanh", [(-1, 1), (-20, 20), (-1e-3, 1e-3)], (1.5, 1.5)),
    Function("sinh", [(-1, 1), (-20, 20), (-711, 711)], (2.5, 2.5)),
    Function("cosh", [(-1, 1), (-20, 20), (-711, 711)], (1.5, 1.5)),
    Function("asinh", [(-1, 1), (-1000, 1000)], (2.0, 2.5)),
    Function("acosh", [(1, 1.1), (1, 1000)], (2.5, 2.5)),
    Function("atanh", [(-1, 1), (-0.1, 0.1)], (2.5, 2.5)),
    Function("sin", [(-4, 4), (-1e3, 1e3), (-1e12, 1e12)], (1.0, 0.6)),
    Function("cos", [(-4, 4), (-1e3, 1e3), (-1e12, 1e12)], (1.0, 0.6)),
    Function("tan", [(-4, 4), (-1e3, 1e3), (-1e12, 1e12)], (2.5, 2.0)),
    Function("asin", [(-1, 1), (0.45, 0.6)], (2.5, 2.5), np.arcsin),
    Function("acos", [(-1, 1), (0.45, 0.6)], (1.5, 1.5), np.arccos),
    Function("atan", [(-3, 3), (-1000, 1000)], (2.0, 2.0), np.arctan),
    Function("erf", [(-2, 2), (-7, 7)], (2.0, 1.2), _elementwise(math.erf)),
    Function("erfc", [(-2, 2), (-7, 28)], (5.5, 5.0), _elementwise(math.erfc)),
]


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


def anything(kind: str, count: int, seed: int) -> np.ndarray:
    """Numbers of all signs and exponents, NaN among them."""
    dtype = np.dtype(kind)
    bits = np.random.default_rng(seed).integers(0, 2 ** (8 * dtype.itemsize), count, np.uint64)
    return bits.astype(f"u{dtype.itemsize}").view(dtype)


def special(kind: str) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.array([float(each) for each in SPECIAL.split()]).astype(kind)


def points(kind: str, ranges: Sequence[tuple[float, float]], count: int) -> np.ndarray:
    """Evenly spread numbers of each range, numbers of all exponents, and special ones."""
    rng = np.random.default_rng(7)
    even = [rng.uniform(low, high, count).astype(kind) for low, high in ranges]
    return np.concatenate([*even, anything(kind, count // 2, 8), special(kind)])


def check(function: Function, kind: str, count: int) -> None:
    x = points(kind, function.ranges, count)
    got, expected = native.evaluate(function.name, x), function.expected(x)
    worst = errors(got, expected)
    bound = function.bounds[kind == "float32"]
    assert worst.max() <= bound, f"{worst.max()} ulp at {x[worst.argmax()]!r}"
    zero = (got == 0) & (x == 0)
    np.testing.assert_array_equal(np.signbit(got[zero]), np.signbit(expected[zero]))


@pytest.mark.parametrize("kind", ["float64", "float32"])
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.name)
def test_stated_error(function: Function, kind: str) -> None:
    check(function, kind, 10_000 if function.name.startswith("erf") else FEW)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["float64", "float32"])
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.name)
def test_stated_error_at_millions_of_points(function: Function, kind: str) -> None:
    check(function, kind, MANY // 4 if function.name.startswith("erf") else MANY)


@pytest.mark.parametrize("name", ["exp", "log", "expm1", "log1p", "tanh", "sin", "erf", "atan"])
@pytest.mark.parametrize("kind", ["float64", "float32"])
def test_every_number_of_lanes_gives_the_same_bits(name: str, kind: str) -> None:
    x = points(kind, [(-4, 4)], 2000)
    results = [native.evaluate(name, x, lanes=lanes) for lanes in (1, 2, 4, 8, 16)]
    for other in results[1:]:
        np.testing.assert_array_equal(other, results[0])


def test_logarithms_are_exact_where_they_can_be() -> None:
    for kind, largest in (("float64", 22), ("float32", 10)):
        powers = np.array([10.0**n for n in range(largest + 1)], kind)
        np.testing.assert_array_equal(native.evaluate("log10", powers), np.arange(largest + 1))
    exponents = np.arange(-1074, 1024)
    twos = np.ldexp(1.0, exponents)
    np.testing.assert_array_equal(native.evaluate("log2", twos), exponents)
    np.testing.assert_array_equal(native.evaluate("exp2", exponents.astype(float)), twos)


def test_tanh_stays_within_one() -> None:
    x = np.linspace(15.0, 25.0, 100_001)
    result = native.evaluate("tanh", x)
    assert (np.diff(result) >= 0).all()
    assert result.max() == 1.0


def test_sine_near_the_worst_multiple_of_a_right_angle() -> None:
    """The float64 nearest to a multiple of π/2; what is left is found with integers."""
    x = 6381956970095103 * 2.0**797
    assert native.evaluate("cos", np.array([x]))[0] == pytest.approx(
        -4.68716592425462761112e-19, rel=1e-15, abs=0
    )


def _pairs(kind: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """Special pairs, and random ones whose power is neither 0 nor infinite."""
    few = "0 -0 1 -1 0.5 -0.5 2 -2 3 -3 inf -inf nan 1e300 -1e300 1e-300 1e16 2.5 1e-40 -7 16777217"
    with np.errstate(all="ignore"):
        grid = np.array([float(each) for each in few.split()]).astype(kind)
    first, second = (each.ravel() for each in np.meshgrid(grid, grid))
    rng = np.random.default_rng(3)
    largest = 700.0 if kind == "float64" else 85.0
    logs = rng.uniform(-largest, largest, FEW)
    base = np.exp(rng.uniform(-5, 5, FEW))
    exponent = logs / np.log(base)
    near = rng.uniform(0.9, 1.1, FEW)
    steep = rng.uniform(-3000, 3000, FEW)
    random = [(base, exponent), (np.exp(logs), rng.uniform(-2, 2, FEW)), (near, steep)]
    whole = rng.integers(-4, 5, FEW)
    return [
        (first, second),
        *((x.astype(kind), y.astype(kind)) for x, y in random),
        (anything(kind, FEW, 4), anything(kind, FEW, 5)),
        (anything(kind, FEW, 6), whole.astype(kind)),
    ]


@pytest.mark.parametrize(
    ("name", "kind", "bound"),
    [
        ("power", "float64", 1.1),
        ("power", "float32", 0.6),
        ("atan2", "float64", 2.0),
        ("atan2", "float32", 2.0),
    ],
)
def test_stated_error_of_two_arguments(name: str, kind: str, bound: float) -> None:
    for x, y in _pairs(kind):
        got = native.evaluate(name, x, y)
        with np.errstate(all="ignore"):
            expected = getattr(np, name)(x.astype(np.longdouble), y.astype(np.longdouble))
        worst = errors(got, expected)
        place = worst.argmax()
        assert worst.max() <= bound, f"{worst.max()} ulp at {x[place]!r}, {y[place]!r}"
        zero = (got == 0) & (expected == 0)
        np.testing.assert_array_equal(np.signbit(got[zero]), np.signbit(expected[zero]))


@pytest.mark.parametrize("kind", ["float64", "float32"])
def test_log1p_of_fractions(kind: str) -> None:
    tiny = np.exp(-np.linspace(0, 760, FEW)).astype(kind)
    x = np.concatenate([points(kind, [(0, 1), (0, 1e-3)], FEW)[: 2 * FEW], tiny])
    got = native.evaluate("log1p_fraction", x)
    assert errors(got, np.log1p(x.astype(np.longdouble))).max() <= 2.0
    assert np.isnan(native.evaluate("log1p_fraction", np.array([np.nan], kind)))


@pytest.mark.parametrize("kind", ["float64", "float32"])
def test_softplus(kind: str) -> None:
    """Nothing cancels where one argument is 0."""
    x = points(kind, [(-40, 40), (-1, 1), (-750, 720)], FEW)
    got = native.evaluate("logaddexp", x, np.zeros_like(x))
    with np.errstate(all="ignore"):
        expected = np.logaddexp(x.astype(np.longdouble), 0)
    assert errors(got, expected).max() <= 2.5


@pytest.mark.parametrize("kind", ["float64", "float32"])
def test_logaddexp_of_two(kind: str) -> None:
    """To a few roundings of the larger argument, from which the rest may be subtracted."""
    for x, y in _pairs(kind):
        with np.errstate(all="ignore"):
            got = native.evaluate("logaddexp", x, y)
            expected = np.logaddexp(x.astype(np.longdouble), y.astype(np.longdouble))
            fits = np.isfinite(expected.astype(kind))
            size = np.maximum(np.maximum(np.abs(x), np.abs(y)), 1.0)
            unit = 2 * np.finfo(kind).eps * size
            near = np.abs(got - expected) <= unit
            exact = (got == expected.astype(kind)) | (np.isnan(got) & np.isnan(expected))
        assert np.where(fits, near, exact).all()


@pytest.mark.parametrize("kind", ["float64", "float32"])
@pytest.mark.parametrize("name", ["fmod", "remainder", "floor_divide"])
def test_quotients_and_remainders_are_those_of_numpy(name: str, kind: str) -> None:
    for x, y in _pairs(kind):
        with np.errstate(all="ignore"):
            expected = getattr(np, name)(x, y)
        got = native.evaluate(name, x, y)
        np.testing.assert_array_equal(got, expected)
        number = ~np.isnan(expected)
        np.testing.assert_array_equal(np.signbit(got)[number], np.signbit(expected)[number])


TARGETS = [
    ("aarch64-linux-gnu", "neoverse-n1", "", 128),
    ("x86_64-linux-gnu", "haswell", "", 256),
    ("x86_64-linux-gnu", "skylake-avx512", "-prefer-256-bit", 512),
]


@pytest.mark.parametrize("machine", TARGETS, ids=lambda each: f"{each[1]}")
@pytest.mark.parametrize("kind", ["float64", "float32", "float16"])
def test_no_function_of_a_library_is_called(machine: Any, kind: str) -> None:
    """What is long stands once in the module; nothing comes from outside."""
    chosen = target.cross(*machine)
    dtype = np.dtype(kind)
    names = [each.name for each in FUNCTIONS]
    for name, count in [*((name, 1) for name in names), ("power", 2), ("fmod", 2), ("atan2", 2)]:
        text = native.source(native.primitive(name, dtype), (dtype,) * count, dtype, 8)
        assembly = loading.assembly(text, chosen)
        assert _called(assembly) <= _defined(assembly), name


def _called(assembly: str) -> set[str]:
    """The functions that assembly calls by name."""
    words = [line.split() for line in assembly.splitlines()]
    calls = [line for line in words if line[:1] and line[0] in ("bl", "call", "callq")]
    return {line[1].strip('"').split("@")[0] for line in calls}


def _defined(assembly: str) -> set[str]:
    lines = [line.split(":")[0] for line in assembly.splitlines() if ":" in line]
    return {line.strip('"') for line in lines}


def test_the_table_has_all_functions() -> None:
    names = "power atan2 logaddexp fmod remainder floor_divide".split()
    assert set(itertools.chain((each.name for each in FUNCTIONS), names)) <= set(TEMPLATES)
