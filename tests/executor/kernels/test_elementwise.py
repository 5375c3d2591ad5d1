"""Every primitive against NumPy, for every dtype, at ordinary and extreme values."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from tests.executor.kernels import native
from tidefall.executor.kernels.elementwise import PREDICATES, TEMPLATES, result_dtype

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
WIDE = [np.dtype(kind) for kind in ("float32", "float64")]
FLOATS = [*WIDE, np.dtype("float16"), BFLOAT16]
SIGNED = [np.dtype(f"int{bits}") for bits in (8, 16, 32, 64)]
UNSIGNED = [np.dtype(f"uint{bits}") for bits in (8, 16, 32, 64)]
INTEGERS = SIGNED + UNSIGNED
BOOL = np.dtype(bool)

#: Primitives whose results NumPy gives exactly, how many operands they have, and for which dtypes.
#: Those that NumPy has under another name, or not at all, come with what they are.
EXACT: dict[str, tuple[int, list[np.dtype[Any]]]] = {
    **dict.fromkeys("add multiply".split(), (2, FLOATS + INTEGERS + [BOOL])),
    "subtract": (2, FLOATS + INTEGERS),
    "divide": (2, FLOATS),
    "negative": (1, FLOATS + INTEGERS),
    **dict.fromkeys("positive abs sign square".split(), (1, FLOATS + INTEGERS)),
    "absolute": (1, FLOATS + INTEGERS),
    **dict.fromkeys("fabs sqrt rsqrt reciprocal".split(), (1, FLOATS)),
    **dict.fromkeys("maximum minimum fmax fmin".split(), (2, FLOATS + INTEGERS + [BOOL])),
    **dict.fromkeys("floor ceil trunc rint".split(), (1, FLOATS)),
    **dict.fromkeys(
        "equal not_equal less less_equal greater greater_equal".split(),
        (2, FLOATS + INTEGERS + [BOOL]),
    ),
    **dict.fromkeys("logical_and logical_or logical_xor".split(), (2, FLOATS + INTEGERS + [BOOL])),
    "logical_not": (1, FLOATS + INTEGERS + [BOOL]),
    **dict.fromkeys("isnan isinf isfinite".split(), (1, FLOATS + INTEGERS)),
    **dict.fromkeys("bitwise_and bitwise_or bitwise_xor".split(), (2, [*INTEGERS, BOOL])),
    "bitwise_invert": (1, [*INTEGERS, BOOL]),
    **dict.fromkeys("left_shift right_shift".split(), (2, INTEGERS)),
    "floor_divide": (2, FLOATS + INTEGERS),
    "remainder": (2, FLOATS + INTEGERS),
    "fmod": (2, FLOATS + INTEGERS),
}


def _computed(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """What numbers of ``dtype`` are computed with inside a primitive."""
    return np.dtype("float32") if dtype.itemsize == 2 else dtype


ELSEWHERE: dict[str, Callable[..., Any]] = {
    "rsqrt": lambda x: 1 / np.sqrt(x.astype(_computed(x.dtype))),
    "reciprocal": lambda x: x.dtype.type(1) / x,
    "sign": lambda x: np.sign(x.astype(_computed(x.dtype))) if x.dtype in FLOATS else np.sign(x),
}

#: Of these a zero may have either sign, also in NumPy.
ANY_ZERO = {"maximum", "minimum", "fmax", "fmin"}


def ordinary(dtype: np.dtype[Any], count: int, seed: int) -> np.ndarray:
    """Random numbers, among them all bit patterns, and extremes."""
    rng = np.random.default_rng(seed)
    if dtype == BOOL:
        return rng.integers(0, 2, count).astype(bool)
    bits = rng.integers(0, 2**64, count, np.uint64).astype(f"u{dtype.itemsize}").view(dtype)
    if dtype.kind in "iu":
        small = rng.integers(0 if dtype.kind == "u" else -20, 20, count).astype(dtype)
        return np.where(rng.random(count) < 0.5, bits, small)
    normal = (rng.standard_normal(count) * 10).astype(dtype)
    return np.where(rng.random(count) < 0.3, bits, normal)


def extremes(dtype: np.dtype[Any]) -> np.ndarray:
    if dtype == BOOL:
        return np.array([False, True])
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        bits = 8 * dtype.itemsize
        whole = [limits.min, limits.min + 1, -1, 0, 1, 2, bits - 1, bits, limits.max]
        return np.array([each for each in whole if each >= limits.min], dtype)
    facts = native.facts(dtype)
    numbers = [0.0, -0.0, 0.5, 1.0, 1.5, 2.5, -1.0, -2.5, np.inf, -np.inf, np.nan]
    numbers += map(float, (facts.max, facts.min, facts.smallest_normal, facts.smallest_subnormal))
    return np.array(numbers).astype(dtype)


def operands(dtype: np.dtype[Any], count: int) -> list[np.ndarray]:
    """All combinations of extremes, and random numbers."""
    grid = list(itertools.product(extremes(dtype), repeat=count))
    columns = [np.array(column, dtype) for column in zip(*grid, strict=True)]
    return [
        np.concatenate([column, ordinary(dtype, 3000, seed)]) for seed, column in enumerate(columns)
    ]


def assert_same(got: np.ndarray, expected: np.ndarray, signs: bool = True) -> None:
    """Equal, NaN to NaN, and zeros with the same sign."""
    assert got.dtype == expected.dtype
    if got.dtype.kind in "biu":
        np.testing.assert_array_equal(got, expected)
        return
    with np.errstate(invalid="ignore"):  # random bits are signalling NaN too
        got, expected = got.astype("float64"), expected.astype("float64")
    np.testing.assert_array_equal(got, expected)
    number = ~np.isnan(expected)
    if signs:
        np.testing.assert_array_equal(np.signbit(got)[number], np.signbit(expected)[number])


CASES = [(name, dtype) for name, (_, dtypes) in EXACT.items() for dtype in dtypes]


@pytest.mark.parametrize(("name", "dtype"), CASES, ids=str)
def test_exact_primitive(name: str, dtype: np.dtype[Any]) -> None:
    count, _ = EXACT[name]
    given = operands(dtype, count)
    with np.errstate(all="ignore"):
        expected = ELSEWHERE.get(name) or getattr(np, name)
        wanted = np.asarray(expected(*given)).astype(result_dtype(name, dtype))
    assert_same(native.evaluate(name, *given), wanted, name not in ANY_ZERO)


@pytest.mark.parametrize("dtype", [*WIDE, np.dtype("int32"), BOOL], ids=str)
@pytest.mark.parametrize("lanes", [1, 2, 4, 16])
def test_other_numbers_of_lanes(dtype: np.dtype[Any], lanes: int) -> None:
    given = operands(dtype, 2)
    for name in ("add", "multiply", "maximum", "less", "logical_and"):
        with np.errstate(all="ignore"):
            expected = getattr(np, name)(*given)
        assert_same(native.evaluate(name, *given, lanes=lanes), expected, name not in ANY_ZERO)


@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS, BOOL], ids=str)
def test_where(dtype: np.dtype[Any]) -> None:
    x, y = operands(dtype, 2)
    mask = ordinary(BOOL, x.size, 9)
    got = native.run(native.primitive("where", dtype), mask, x, y, out=dtype)
    assert_same(got, np.where(mask, x, y))


@pytest.mark.parametrize("dtype", [*WIDE, *INTEGERS], ids=str)
def test_clip(dtype: np.dtype[Any]) -> None:
    x, low = operands(dtype, 2)
    high = ordinary(dtype, x.size, 9)
    got = native.evaluate("clip", x, low, high)
    assert_same(got, np.minimum(np.maximum(x, low), high), signs=False)


@pytest.mark.parametrize("dtype", WIDE, ids=str)
@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_maximum_with_a_constant_keeps_nan(name: str, dtype: np.dtype[Any]) -> None:
    """Where one operand is a constant a shorter form is built."""
    x = extremes(dtype)
    template = TEMPLATES[name]
    for number in (0.0, np.inf, np.nan):
        before = native.run(
            lambda v, x, number=number: template(v, dtype, v.constant(dtype, number), x), x
        )
        after = native.run(
            lambda v, x, number=number: template(v, dtype, x, v.constant(dtype, number)), x
        )
        expected = getattr(np, name)(x, dtype.type(number))
        assert_same(before, expected, signs=False)
        assert_same(after, expected, signs=False)


@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
def test_integer_power(dtype: np.dtype[Any]) -> None:
    x = ordinary(dtype, 2000, 1)
    y = np.random.default_rng(2).integers(0, 70, 2000).astype(dtype)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(native.evaluate("power", x, y), np.power(x, y))


@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
def test_divide_of_integers_rounds_towards_zero(dtype: np.dtype[Any]) -> None:
    x, y = operands(dtype, 2)
    quotient = [0 if b == 0 else abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
                for a, b in zip(x.tolist(), y.tolist(), strict=True)]  # fmt: skip
    wrapped = np.array([each & (2**64 - 1) for each in quotient], np.uint64)
    expected = wrapped.astype(f"u{dtype.itemsize}").view(dtype)
    np.testing.assert_array_equal(native.evaluate("divide", x, y), expected)


NARROW = "exp exp2 expm1 log log2 log10 log1p tanh sinh cosh sin cos tan sqrt".split()


@pytest.mark.parametrize("dtype", [np.dtype("float16"), BFLOAT16], ids=str)
@pytest.mark.parametrize("name", NARROW)
def test_functions_of_narrow_floats_are_those_of_float32_rounded(
    name: str, dtype: np.dtype[Any]
) -> None:
    x = np.arange(2**16, dtype=np.uint16).view(dtype)  # all there are
    with np.errstate(all="ignore"):
        exact = getattr(np, name)(x.astype("float64"))
        got = native.evaluate(name, x).astype("float64")
        unit = np.abs(exact) * float(native.facts(dtype).eps)
        least = float(native.facts(dtype).smallest_subnormal)
        near = np.abs(got - exact) <= 0.51 * np.maximum(unit, least)
        same = (got == exact.astype(dtype).astype("float64")) | (np.isnan(got) & np.isnan(exact))
    assert (near | same).all()


def test_every_primitive_is_tested() -> None:
    functions = (
        "exp exp2 expm1 log log2 log10 log1p log1p_fraction tanh logaddexp sinh cosh asinh acosh "
        "atanh sin cos tan asin acos atan atan2 erf erfc power where clip"
    )
    assert set(TEMPLATES) == set(EXACT) | set(functions.split())
    assert set(TEMPLATES) >= PREDICATES
