"""Gamma, Poisson and permutations; the oracle's streams are compared in tests/ops."""

from math import gamma
from typing import Any

import numpy as np
import pytest

from tidefall.array import numpy as xp
from tidefall.array import philox, samplers
from tidefall.array.gamma_derivative import digamma
from tidefall.array.philox import Stream

ALPHA = np.array([0.1, 0.5, 1.0, 3.7, 100.0])
RATES = np.array([0.0, 0.3, 4.0, 9.9, 10.0, 25.0, 1000.0])


def test_gamma_has_the_moments_of_the_gamma_distribution() -> None:
    drawn = samplers.gamma(xp, Stream.of(1, 2), ALPHA, 40_000, np.float64)
    assert drawn.shape == (40_000, 5)
    np.testing.assert_allclose(drawn.mean(0), ALPHA, rtol=0.05)
    np.testing.assert_allclose(drawn.var(0), ALPHA, rtol=0.08)


def test_poisson_has_the_moments_of_the_poisson_distribution() -> None:
    drawn = samplers.poisson(xp, Stream.of(1, 2), RATES, 40_000, np.float64)
    assert (drawn == np.floor(drawn)).all()
    np.testing.assert_allclose(drawn.mean(0), RATES, rtol=0.03)
    np.testing.assert_allclose(drawn.var(0), RATES, rtol=0.05)


def test_each_value_has_a_range_of_the_stream_of_its_own() -> None:
    both = samplers.gamma(xp, Stream.of(3, 4), ALPHA, 7, np.float64)
    for i, alpha in enumerate(ALPHA):
        own = Stream.of(3, 4, i * 7 * philox.BLOCKS_PER_OUTPUT)
        alone = samplers.gamma(xp, own, np.array([alpha]), 7, np.float64)
        np.testing.assert_array_equal(both[:, i], alone[:, 0])


def test_stretches_join_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = samplers.poisson(xp, Stream.of(3, 4), RATES, 50, np.int64)
    monkeypatch.setattr(samplers, "_CHUNK", 11)
    np.testing.assert_array_equal(samplers.poisson(xp, Stream.of(3, 4), RATES, 50, np.int64), whole)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int32, np.int64])
def test_poisson_dtypes(dtype: type) -> None:
    drawn = samplers.poisson(xp, Stream.of(1, 2), RATES.astype(np.float32), 3, dtype)
    assert (drawn.dtype, drawn.shape) == (dtype, (3, 7))


def test_values_that_no_distribution_has_end_at_once() -> None:
    odd = np.array([np.nan, -1.0, 0.0])
    assert np.isnan(samplers.gamma(xp, Stream.of(1, 2), odd, 2, np.float32)).all()
    rates = np.array([np.nan, np.inf, -1.0])
    drawn = samplers.poisson(xp, Stream.of(1, 2), rates, 2, np.float64)
    np.testing.assert_array_equal(drawn, [[np.nan, np.inf, 0]] * 2)


@pytest.mark.parametrize("count", [2, 3, 5, 1000])
def test_a_permutation_is_one(count: int) -> None:
    order = samplers.permutation(xp, Stream.of(1, 2), count)
    assert sorted(order.tolist()) == list(range(count))


def test_permutations_are_equally_likely() -> None:
    seen = [tuple(samplers.permutation(xp, Stream.of(1, i), 3).tolist()) for i in range(3000)]
    counts = [seen.count(order) for order in set(seen)]
    assert len(counts) == 6
    assert min(counts) > 400


# Values of scipy.special.psi.
@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (0.1, -10.423754940411076),
        (1.0, -0.5772156649015329),
        (2.5, 0.7031566406452432),
        (10.0, 2.251752589066721),
        (100.0, 4.600161852738087),
    ],
)
def test_digamma(x: float, expected: float) -> None:
    np.testing.assert_allclose(digamma(np.array([x])), [expected], rtol=2e-15)


@pytest.mark.parametrize(
    ("alpha", "x", "expected"),
    # RandomGammaGrad of TensorFlow 1.15.5.
    [
        (0.5, 0.2, 0.7940505663308433),
        (10.0, 12.0, 1.112329443018088),
        (100.0, 80.0, 0.8940606683561856),
    ],
)
def test_the_derivative_is_tensorflows(alpha: float, x: float, expected: float) -> None:
    found = samplers.gamma_derivative(np.array([alpha]), np.array([x]))
    np.testing.assert_allclose(found, [expected], rtol=1e-10)


def test_the_derivative_follows_the_quantile() -> None:
    # Erlang's distributions have 1 - P = exp(-x) (1 + x + x**2/2) for alpha = 3, and so on; the
    # sample at a fixed quantile grows by about 1 when alpha does.
    x = np.array([0.5, 1.0, 3.0, 8.0])
    steps = [samplers.gamma_derivative(np.full(4, a), _quantile(x, a)) for a in (3, 3.5, 4)]
    moved = _quantile(x, 4) - x
    simpson = (steps[0] + 4 * steps[1] + steps[2]) / 6
    np.testing.assert_allclose(moved, simpson, rtol=1e-3)


def _quantile(x: Any, alpha: float) -> Any:
    """Where the gamma distribution of ``alpha`` has the quantile that x has for alpha = 3."""
    target = _distribution(3.0, x)
    low, high = np.zeros(len(x)), np.full(len(x), 60.0)
    for _ in range(80):
        middle = (low + high) / 2
        below = _distribution(alpha, middle) < target
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return low


def _distribution(alpha: float, x: Any) -> Any:
    terms = np.cumprod(x[:, None] / (alpha + np.arange(1, 300)), axis=1)
    return x**alpha * np.exp(-x) / gamma(alpha + 1) * (1 + terms.sum(1))


def test_the_derivative_is_nan_where_there_is_no_sample() -> None:
    odd = samplers.gamma_derivative(np.array([-1.0, 1.0, np.nan]), np.array([1.0, -1.0, 1.0]))
    assert np.isnan(odd).all()


def test_the_derivative_broadcasts_the_parameters() -> None:
    found = samplers.gamma_derivative(np.array([0.5, 2.0]), np.ones((3, 2), np.float32))
    assert found.shape == (3, 2)
    assert len(np.unique(found)) == 2
