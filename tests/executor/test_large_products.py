"""Large products: shared among threads, with NumPy's results, in every process."""

from __future__ import annotations

import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tidefall.executor import large_products, numerics


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The rows that helpers have computed, with three threads and every product a large one."""
    found: list[Any] = []
    rows = large_products._rows

    def watched(a: Any, b: Any, result: Any) -> None:
        found.append(result.shape)
        rows(a, b, result)

    monkeypatch.setattr(large_products, "_rows", watched)
    monkeypatch.setattr(large_products, "_threads", lambda limit: limit or 3)
    monkeypatch.setattr(large_products, "LARGE_PRODUCT", 1)
    return found


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64"])
@pytest.mark.parametrize("turned", [(False, False), (True, False), (False, True)])
def test_parts_make_the_whole(parts: list[Any], dtype: str, turned: tuple[bool, bool]) -> None:
    draw = np.random.RandomState(1)
    a, b = draw.randn(31, 17).astype(dtype), draw.randn(17, 13).astype(dtype)
    a = np.ascontiguousarray(a.T).T if turned[0] else a
    b = np.ascontiguousarray(b.T).T if turned[1] else b
    result = large_products.product()(a, b)
    assert result.dtype == a.dtype
    np.testing.assert_allclose(result, a @ b, rtol=1e-4, atol=1e-5)
    assert sorted(parts) == [(10, 13), (11, 13)]


def test_no_warning_from_helpers(parts: list[Any]) -> None:
    a = np.full((9, 2), np.inf)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("error")
        result = large_products.product()(a, np.array([[1.0], [-1.0]]))
    assert np.isnan(result).all()
    assert len(parts) == 2


def test_small_products_are_numpy_s() -> None:
    a = np.ones((3, 3))
    assert (large_products.product()(a, a) == 3).all()


def test_fewer_rows_than_threads(parts: list[Any]) -> None:
    assert large_products.product(4)(np.ones((2, 3)), np.ones((3, 5))).tolist() == [[3.0] * 5] * 2
    assert large_products.product(4)(np.ones((0, 3)), np.ones((3, 5))).shape == (0, 5)


def test_sessions_share_large_products(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[int] = []

    def threads(limit: int) -> int:
        used.append(limit)
        return 2

    monkeypatch.setattr(large_products, "_threads", threads)
    x = tf.placeholder(tf.float32, [None, 400])
    w = tf.constant(np.random.RandomState(0).randn(400, 300).astype(np.float32))
    y = tf.matmul(x, w)
    config = tf.ConfigProto(intra_op_parallelism_threads=7)
    config.experimental.executor_type = "numpy"
    with tf.Session(config=config) as session:
        large, small = np.ones((400, 400), np.float32), np.ones((2, 400), np.float32)
        expected = large @ session.run(w)
        np.testing.assert_allclose(session.run(y, {x: large}), expected, rtol=1e-4, atol=1e-4)
        assert used == [7]
        session.run(y, {x: small})
        assert used == [7]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_child_has_helpers_of_its_own(parts: list[Any]) -> None:
    a = np.ones((8, 4))
    large_products.product()(a, a.T)
    child = os.fork()
    if child == 0:
        good = (large_products.product()(a, a.T) == 4).all()
        os._exit(0 if good else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_many_callers_at_a_time(parts: list[Any]) -> None:
    a = np.random.RandomState(0).randn(40, 30)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda k: large_products.product()(a * k, a.T), range(50)))
    for k, result in enumerate(results):
        np.testing.assert_allclose(result, a @ a.T * k, atol=1e-9)


def test_threads_follow_what_blas_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_products, "_cpus", lambda: 16)
    monkeypatch.setattr(numerics.one_thread, "_before", 4)
    assert large_products._threads(0) == 4
    assert large_products._threads(3) == 3
    monkeypatch.setattr(numerics.one_thread, "_before", 0)
    assert large_products._threads(0) == 1


def test_a_program_that_ends_needs_no_helpers(
    parts: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = ThreadPoolExecutor(1)
    ended.shutdown()
    monkeypatch.setattr(large_products, "_helpers", lambda: ended)
    a = np.ones((8, 4))
    assert (large_products.product()(a, a.T) == 4).all()
    assert parts == []
