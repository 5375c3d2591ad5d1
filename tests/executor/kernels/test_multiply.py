"""Products of large matrices by our own code, beside exact ones."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tidefall.executor import large_products
from tidefall.executor.kernels import matrix_product, multiply, target
from tidefall.executor.kernels.loading import assembly

#: Rows, terms and columns: at, below and above whole tiles, panels, squares and depths.
SHAPES = [(48, 48, 48), (49, 257, 50), (95, 300, 129), (102, 512, 256), (210, 83, 71)]
LAYOUTS = ["rows", "columns", "backwards", "every second"]


@pytest.fixture(params=[128, 256, 512], scope="module")
def bits(request: pytest.FixtureRequest) -> Iterator[int]:
    """Vectors of each width; LLVM splits those that the CPU lacks."""
    machine = target.host().with_vector_bits(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(multiply, "host", lambda: machine)
        multiply.code.cache_clear()
        yield request.param
    multiply.code.cache_clear()


@functools.cache
def _matrix(rows: int, columns: int, dtype: str, layout: str) -> Any:
    draw = np.random.default_rng(rows * columns).standard_normal((2 * rows, 2 * columns))
    whole = draw.astype(dtype)
    match layout:
        case "columns":
            return np.asfortranarray(whole[:rows, :columns])
        case "backwards":
            return whole[rows:0:-1, columns:0:-1]
        case "every second":
            return whole[::2, ::2]
        case _:
            return whole[:rows, :columns]


def _check(a: Any, b: Any, found: Any) -> None:
    exact = a.astype(np.float64) @ b.astype(np.float64)
    scale = np.abs(a).astype(np.float64) @ np.abs(b).astype(np.float64)
    assert found.dtype == a.dtype
    assert (np.abs(found - exact) <= 8 * np.finfo(a.dtype).eps * scale).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
def test_product(bits: int, shape: tuple[int, int, int], dtype: str) -> None:
    m, k, n = shape
    for left in LAYOUTS:
        for right in LAYOUTS:
            a, b = _matrix(m, k, dtype, left), _matrix(k, n, dtype, right)
            assert multiply.suits(a, b)
            _check(a, b, multiply.multiply(a, b))


def test_the_result_goes_where_it_is_wanted() -> None:
    a, b = _matrix(60, 70, "float32", "rows"), _matrix(70, 80, "float32", "columns")
    out = np.full((60, 80), np.nan, np.float32)
    assert multiply.multiply(a, b, out=out) is out
    _check(a, b, out)


def test_nothing_is_written_beside_the_result() -> None:
    around = np.full((65, 83), 7, np.float64)
    out = around.reshape(-1)[83 : 83 + 61 * 83].reshape(61, 83)
    a, b = _matrix(61, 50, "float64", "rows"), _matrix(50, 83, "float64", "rows")
    multiply.multiply(a, b, out=out)
    assert (around[0] == 7).all()
    assert (around[62:] == 7).all()


def test_same_bits_with_any_number_of_threads() -> None:
    a, b = _matrix(300, 700, "float32", "rows"), _matrix(700, 520, "float32", "columns")
    one = multiply.multiply(a, b, 1)
    for threads in (2, 3, 0):
        assert np.array_equal(one, multiply.multiply(a, b, threads))


def test_infinities_and_nans_stay_in_their_rows() -> None:
    a, b = np.ones((50, 50), np.float32), np.ones((50, 50), np.float32)
    a[49, 3], a[7, 0], b[0, 49] = np.inf, np.nan, -np.inf
    with np.errstate(invalid="ignore"):
        expected = a @ b
    assert np.array_equal(multiply.multiply(a, b), expected, equal_nan=True)


def test_what_does_not_suit_is_left_to_blas() -> None:
    a = np.ones((64, 64), np.float32)
    wide = np.ones((64, 1 << 18), np.float32)
    assert multiply.suits(a, a)
    assert not multiply.suits(a, a.astype(np.float64))
    assert not multiply.suits(a.astype(np.complex64), a.astype(np.complex64))
    assert not multiply.suits(a[:10], a)
    assert not multiply.suits(a, wide)  # panels of 64 MB and more
    apart = np.zeros((64, 64), [("x", np.int16), ("y", np.float32)])["y"]
    assert not multiply.suits(apart, a)


def test_memory_of_panels_is_used_again() -> None:
    multiply._panels.clear()
    small, large = _matrix(64, 64, "float64", "rows"), _matrix(200, 200, "float64", "rows")
    for each in (small, large, small, large):
        multiply.multiply(each, each)
    assert len(multiply._panels) == 1


def test_large_products_come_here_where_there_are_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    own = multiply.multiply

    def watched(a: Any, b: Any, *rest: Any) -> Any:
        seen.append(a.shape)
        return own(a, b, *rest)

    monkeypatch.setattr(multiply, "multiply", watched)
    monkeypatch.setattr(multiply, "pays", lambda: True)
    monkeypatch.setattr(large_products, "LARGE_PRODUCT", 1)
    a = _matrix(70, 60, "float32", "rows")
    _check(a, a.T, large_products.product(native=True)(a, a.T))
    large_products.product(native=False)(a, a.T)
    assert seen == [(70, 60)]


def test_code_for_other_machines() -> None:
    arm = target.cross("aarch64-unknown-linux-gnu", "neoverse-n1", vector_bits=128)
    text = assembly(matrix_product.text(arm, np.dtype(np.float32)), arm)
    assert text.count("fmla") >= 4 * matrix_product.shape_for(arm, np.dtype(np.float32)).high
