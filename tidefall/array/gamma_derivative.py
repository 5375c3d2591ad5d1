"""How a gamma-distributed sample moves when its shape parameter does.

A sample ``x`` keeps its quantile when ``alpha`` changes, so ``dx/dalpha = -(dP/dalpha) / p``,
with the distribution function P(alpha, x) and its density p. P is a power series where x is
small, and 1 - P a continued fraction where it is large; both are differentiated term by term,
and the factor they share with p cancels.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any

_PRECISION = 1e-13
_MOST_STEPS = 10_000
_TOO_LARGE = 2.0**52


def sample_derivative(alpha: Array, sample: Array) -> Array:
    """The derivative of gamma samples with respect to their shape parameter.

    Args:
      alpha: Shape parameters, greater than 0.
      sample: Samples, of a shape to which that of ``alpha`` is broadcast.

    Returns:
      An array of float64; NaN where ``alpha`` or a sample is not positive.
    """
    a, x = np.broadcast_arrays(alpha.astype(np.float64), sample.astype(np.float64))
    result = np.full(a.shape, np.nan)
    valid = (a > 0) & (x > 0) & np.isfinite(x)
    large = valid & (x > 1) & (x > a)
    small = valid & ~large
    with np.errstate(all="ignore"):
        result[small] = _by_series(a[small], x[small])
        result[large] = _by_fraction(a[large], x[large])
    return result


def _by_series(a: Array, x: Array) -> Array:
    """From P = x**a exp(-x) / Gamma(a+1) * (1 + x/(a+1) + x**2/((a+1)(a+2)) + …)."""
    term, total = np.ones_like(x), np.ones_like(x)
    term_slope, total_slope = np.zeros_like(x), np.zeros_like(x)
    for n in range(1, _MOST_STEPS):
        ratio = x / (a + n)
        term_slope = term_slope * ratio - term * ratio / (a + n)
        term = term * ratio
        total += term
        total_slope += term_slope
        if np.all(np.abs(term_slope) <= _PRECISION * np.abs(total_slope)) and np.all(
            term <= _PRECISION * total
        ):
            break
    return -(total_slope + (np.log(x) - digamma(a + 1)) * total) * x / a


def _by_fraction(a: Array, x: Array) -> Array:
    """From 1 - P = x**a exp(-x) / Gamma(a) * 1/(x + 1 - a - (1 - a)/(x + 3 - a - …))."""
    y, z = 1 - a, x + 2 - a
    # Numerators and denominators of the last two convergents, and their derivatives.
    p = [np.ones_like(x), x + 1]
    q = [x.copy(), z * x]
    dp = [np.zeros_like(x), np.zeros_like(x)]
    dq = [np.zeros_like(x), -x]
    value = p[1] / q[1]
    slope = -value * dq[1] / q[1]
    for n in range(1, _MOST_STEPS):
        y, z = y + 1, z + 2
        yn = y * n
        dp = [dp[1], dp[1] * z - p[1] - dp[0] * yn + p[0] * n]
        dq = [dq[1], dq[1] * z - q[1] - dq[0] * yn + q[0] * n]
        p = [p[1], p[1] * z - p[0] * yn]
        q = [q[1], q[1] * z - q[0] * yn]
        new_value = p[1] / q[1]
        new_slope = (dp[1] - new_value * dq[1]) / q[1]
        settled = np.abs(new_slope - slope) <= _PRECISION * np.abs(new_slope)
        settled &= np.abs(new_value - value) <= _PRECISION * new_value
        value, slope = new_value, new_slope
        if settled.all():
            break
        scale = np.where(np.abs(p[1]) > _TOO_LARGE, 1 / _TOO_LARGE, 1.0)
        p, q, dp, dq = ([each * scale for each in pair] for pair in (p, q, dp, dq))
    return (slope + (np.log(x) - digamma(a)) * value) * x


def digamma(x: Array) -> Array:
    """The logarithmic derivative of the gamma function, for positive numbers."""
    x = np.array(x, np.float64)
    below = np.zeros_like(x)
    for _ in range(10):  # psi(x) = psi(x + 1) - 1 / x
        small = x < 10
        below[small] -= 1 / x[small]
        x[small] += 1
    r = 1 / (x * x)
    tail = 1 / 252 - r * (1 / 240 - r * (1 / 132 - r * (691 / 32760 - r / 12)))
    tail = r * (1 / 12 - r * (1 / 120 - r * tail))
    return below + np.log(x) - 0.5 / x - tail
