"""Vectors: memory, constants, casts, sums in a fixed order, shared functions."""

from __future__ import annotations

import re
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from tests.executor.kernels import native
from tidefall.executor.kernels.arithmetic import Number, out_of_line
from tidefall.executor.kernels.elementwise import TEMPLATES
from tidefall.executor.kernels.llvm import ir
from tidefall.executor.kernels.vectors import FLOAT32, FLOAT64, Vectors, supported

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
FLOATS = [np.dtype(kind) for kind in ("float16", "float32", "float64")] + [BFLOAT16]
INTEGERS = [np.dtype(f"{sign}int{bits}") for sign in ("", "u") for bits in (8, 16, 32, 64)]
ALL = [*FLOATS, *INTEGERS, np.dtype(bool)]


def numbers(dtype: np.dtype[Any]) -> np.ndarray:
    """Numbers that most dtypes can hold, and some that they cannot."""
    rng = np.random.default_rng(1)
    if dtype.kind == "b":
        return rng.integers(0, 2, 999).astype(bool)
    bits = rng.integers(0, 2**64, 999, np.uint64).astype(f"u{dtype.itemsize}").view(dtype)
    if dtype.kind in "iu":
        return bits
    special = np.array([0, -0.0, np.inf, -np.inf, np.nan, 65504, 65519.99, 65520, 1e-8, 3.4e38])
    with np.errstate(all="ignore"):
        narrow = rng.standard_normal(5000) * np.exp(rng.uniform(-20, 12, 5000))
        return np.concatenate([bits, special.astype(dtype), narrow.astype(dtype)])


def cast(x: np.ndarray, to: np.dtype[Any], lanes: int = 8) -> np.ndarray:
    source = x.dtype
    return native.run(lambda v, value: v.cast(value, source, to), x, out=to, lanes=lanes)


@pytest.mark.parametrize("dtype", ALL, ids=str)
@pytest.mark.parametrize("lanes", [1, 2, 4, 8, 16])
def test_what_is_stored_is_what_was_loaded(dtype: np.dtype[Any], lanes: int) -> None:
    x = numbers(dtype)
    got = native.run(lambda v, value: value, x, lanes=lanes)
    np.testing.assert_array_equal(got.view(f"u{dtype.itemsize}"), x.view(f"u{dtype.itemsize}"))


@pytest.mark.parametrize("to", ALL, ids=str)
@pytest.mark.parametrize("source", ALL, ids=str)
def test_cast_is_that_of_numpy(source: np.dtype[Any], to: np.dtype[Any]) -> None:
    x = numbers(source)
    if source in FLOATS and to.kind in "iu":  # of others NumPy's result is undefined
        limits = np.iinfo(to)
        with np.errstate(invalid="ignore"):  # random bits are signalling NaN too
            wide = x.astype("float64")
        x = x[(wide > max(float(limits.min) - 1, -(2.0**63))) & (wide < float(limits.max))]
    with np.errstate(all="ignore"):
        expected = x.astype(to)
    got = cast(x, to)
    if to in FLOATS:
        with np.errstate(invalid="ignore"):
            got, expected = got.astype("float64"), expected.astype("float64")
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("to", [np.dtype("float16"), BFLOAT16], ids=str)
def test_narrowing_rounds_once(to: np.dtype[Any]) -> None:
    """Near the middle between two narrow numbers, rounding to float32 first would go wrong."""
    rng = np.random.default_rng(2)
    base = rng.uniform(1, 1.9, 5000).astype(to).astype("float64")
    half = float(native.facts(to).eps) / 2
    middle = base + half
    x = np.concatenate([middle, np.nextafter(middle, 0), np.nextafter(middle, 4), -middle])
    below = np.floor(np.abs(x) / (2 * half)) * (2 * half)
    rest = np.abs(x) - below
    odd = np.round(below / (2 * half)) % 2 == 1
    up = (rest > half) | ((rest == half) & odd)
    exact = np.copysign(np.where(up, below + 2 * half, below), x)
    np.testing.assert_array_equal(cast(x, to).astype("float64"), exact)


@pytest.mark.parametrize("dtype", ALL, ids=str)
def test_constants_and_broadcasts(dtype: np.dtype[Any]) -> None:
    x = numbers(dtype)[:8]
    for number in x[:4]:
        got = native.run(lambda v, value, number=number: v.constant(dtype, number), x, out=dtype)
        np.testing.assert_array_equal(got.astype("float64"), np.full(8, number).astype("float64"))
    for lanes in (1, 4):
        got = native.run(lambda v, a: v.broadcast(dtype, v.lane(a, 0)), x, lanes=lanes)
        np.testing.assert_array_equal(got, np.repeat(x[::lanes], lanes))


def test_constants_of_extremes_keep_their_bits() -> None:
    x = np.zeros(4)
    for number in (np.inf, -np.inf, np.nan, -0.0, 5e-324, 0.1):
        got = native.run(lambda v, _, number=number: v.constant(FLOAT64, number), x)
        np.testing.assert_array_equal(got.view(np.int64), np.full(4, number).view(np.int64))


@pytest.mark.parametrize("lanes", [1, 2, 4, 8, 16])
def test_sum_adds_the_upper_half_to_the_lower(lanes: int) -> None:
    x = np.random.default_rng(3).standard_normal(lanes * 50)
    got = native.run(lambda v, a: v.broadcast(FLOAT64, v.sum(FLOAT64, a)), x, lanes=lanes)
    halves = x.reshape(-1, lanes)
    while halves.shape[1] > 1:
        middle = halves.shape[1] // 2
        halves = halves[:, :middle] + halves[:, middle:]
    np.testing.assert_array_equal(got[::lanes], halves[:, 0])


@pytest.mark.parametrize("dtype", [np.dtype("int32"), FLOAT32], ids=str)
def test_reduce_takes_any_primitive(dtype: np.dtype[Any]) -> None:
    x = (np.random.default_rng(4).standard_normal(400) * 100).astype(dtype)

    def largest(v: Vectors, value: Any) -> Any:
        return v.broadcast(dtype, v.reduce(dtype, value, TEMPLATES["maximum"]))

    got = native.run(largest, x)
    np.testing.assert_array_equal(got[::8], x.reshape(-1, 8).max(1))


def test_fma_rounds_once() -> None:
    a = np.array([1 + 2.0**-30, 1 - 2.0**-30, 3.0, 0.1] * 2)
    got = native.run(lambda v, x: v.fma(FLOAT64, x, x, v.constant(FLOAT64, -1.0)), a)
    assert got[0] == 2.0**-29 + 2.0**-60
    assert got[1] == -(2.0**-29) + 2.0**-60


def test_fma_of_integers_and_narrow_floats() -> None:
    whole = np.arange(8, dtype=np.int16)
    kind = whole.dtype
    np.testing.assert_array_equal(
        native.run(lambda v, x: v.fma(kind, x, x, x), whole), whole * whole + whole
    )
    half = np.linspace(0, 3, 8).astype(np.float16)
    wide = half.astype("float32")
    np.testing.assert_array_equal(
        native.run(lambda v, x: v.fma(half.dtype, x, x, x), half), (wide * wide + wide).astype("e")
    )


def test_scalars_go_through_memory_like_vectors() -> None:
    """A truth value is a byte in memory."""
    module = ir.Module("scalars")
    pointer = ir.PointerType()
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [pointer]), "kernel")
    v = Vectors(ir.IRBuilder(function.append_basic_block()), module, 4)
    kind = np.dtype(bool)
    value = v.load_scalar(kind, v.at(kind, function.args[0], 2))
    assert value.type == ir.IntType(1)
    v.store_scalar(kind, value, v.at(kind, function.args[0], 3))
    v.builder.ret_void()
    assert "store i8" in str(module)
    assert "load i8" in str(module)


def test_a_shared_function_stands_in_the_module_once() -> None:
    cube = out_of_line("cube", lambda x: x * x * x)

    def twice(v: Vectors, value: Any) -> Any:
        return cube(cube(Number(v, FLOAT64, value))).value

    text = native.source(twice, (FLOAT64,), FLOAT64, 4)
    assert len(re.findall(r"define internal .*cube", text)) == 1
    assert len(re.findall(r"call .*cube", text)) == 2
    x = np.linspace(-1, 1, 9)
    np.testing.assert_array_equal(
        native.run(twice, x, lanes=4), (x * x * x) ** 1 * (x * x * x) * (x * x * x)
    )


def test_what_is_no_vector_is_refused() -> None:
    assert not supported(np.dtype(complex))
    assert not supported(np.dtype(object))
    v = Vectors(None, ir.Module("none"), 4)
    with pytest.raises(TypeError, match="complex128"):
        v.type(np.dtype(complex))
    with pytest.raises(ValueError, match="power of two"):
        Vectors(None, ir.Module("none"), 3)
