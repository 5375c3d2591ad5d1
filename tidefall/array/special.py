"""Special functions whose evaluation stops when it is accurate enough, for NumPy.

JAX has these functions of its own. All arguments are float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

_EPSILON = 2.0**-53
_TINY = 1e-300
#: Terms of series and continued fractions before giving up; sqrt(a) of them are needed.
_MOST = 20_000

#: Bernoulli numbers B(2j) over (2j)!, for j from 1.
_BERNOULLI = (
    1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160, -691 / 1307674368000,
    1 / 74724249600, -3617 / 10670622842880000,
)  # fmt: skip
_DIRECT = 40


def zeta(s: Any, q: Any) -> Any:
    """Hurwitz' zeta function by Euler and Maclaurin: 40 terms, and the rest as an integral.

    Negative ``q`` is followed down to -30, for whole ``s``; NaN beyond.
    """
    s, q = np.broadcast_arrays(s, q)
    n = np.arange(_DIRECT, dtype=np.float64).reshape((-1,) + (1,) * s.ndim)
    total = ((q + n) ** -s).sum(0)
    end = q + _DIRECT
    power = end**-s
    total = total + power * (end / np.where(s == 1.0, np.nan, s - 1.0) + 0.5)
    factor, power = s, power / end
    for j, each in enumerate(_BERNOULLI):
        total = total + each * factor * power
        factor = factor * (s + 2 * j + 1) * (s + 2 * j + 2)
        power = power / (end * end)
    total = np.where((s < 1.0) | (q < -30.0) | ((q < 0.0) & (s != np.floor(s))), np.nan, total)
    pole = (s == 1.0) | ((q <= 0.0) & (q == np.floor(q)) & (s > 1.0))
    return np.where(pole, np.inf, total)


def igamma(a: Any, x: Any) -> Any:
    """``P(a, x)``."""
    return _incomplete(a, x, _series, lambda a, x: 1.0 - _fraction(a, x), 0.0, 1.0)


def igammac(a: Any, x: Any) -> Any:
    """``Q(a, x)``."""
    return _incomplete(a, x, lambda a, x: 1.0 - _series(a, x), _fraction, 1.0, 0.0)


def igamma_grad_a(a: Any, x: Any) -> Any:
    """The derivative of ``P(a, x)`` with respect to a."""
    return _incomplete(a, x, _series_slope, lambda a, x: -_fraction_slope(a, x), 0.0, 0.0)


def _incomplete(
    a: Any, x: Any, low: Callable[..., Any], high: Callable[..., Any], at_0: float, at_inf: float
) -> Any:
    """The series where x is small, the continued fraction where it is large."""
    a, x = np.broadcast_arrays(a, x)
    result = np.full(a.shape, np.nan)
    valid = (a > 0.0) & (x > 0.0) & np.isfinite(a) & np.isfinite(x)
    small = valid & ((x <= 1.0) | (x <= a))
    large = valid & ~small
    with np.errstate(all="ignore"):
        if small.any():
            result[small] = low(a[small], x[small])
        if large.any():
            result[large] = high(a[large], x[large])
    result[(x == 0.0) & (a > 0.0)] = at_0
    result[np.isposinf(x) & (a > 0.0) & np.isfinite(a)] = at_inf
    return result


def log_gamma(x: Any) -> Any:
    """The logarithm of Γ(x), x > 0, element by element."""
    return np.array([math.lgamma(each) for each in np.ravel(x)]).reshape(np.shape(x))


def _front(a: Any, x: Any) -> Any:
    """``x ** a * exp(-x) / Γ(a)``; near a large a, from the logarithm of x / a, which is small."""
    near = (a > 30.0) & (np.abs(x - a) < 0.4 * a)
    result = np.exp(a * np.log(x) - x - log_gamma(a))
    if near.any():
        b, y = a[near], x[near]
        t = (y - b) / b
        inverse = 1.0 / b
        square = inverse * inverse
        series = 1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680))
        body = np.exp(b * (np.log1p(t) - t) - inverse * series)
        result[near] = body * np.sqrt(b / (2.0 * math.pi))
    return result


def _series(a: Any, x: Any) -> Any:
    term = 1.0 / a
    total = term.copy()
    shifted = a.copy()
    for _ in range(_MOST):
        shifted += 1.0
        term = term * x / shifted
        total += term
        if (term <= total * _EPSILON).all():
            break
    return total * _front(a, x)


def _series_slope(a: Any, x: Any) -> Any:
    """The series and its derivative, term by term."""
    term, slope = 1.0 / a, -1.0 / (a * a)
    total, total_slope = term.copy(), slope.copy()
    shifted = a.copy()
    for _ in range(_MOST):
        shifted += 1.0
        slope = (slope - term / shifted) * x / shifted
        term = term * x / shifted
        total += term
        total_slope += slope
        if (np.abs(slope) <= np.abs(total_slope) * _EPSILON).all():
            break
    return _front(a, x) * (total_slope + total * (np.log(x) - _digamma(a)))


def _fraction(a: Any, x: Any) -> Any:
    """Q by the modified Lentz method (Thompson and Barnett, 1986)."""
    b = x + 1.0 - a
    c = np.full_like(x, 1.0 / _TINY)
    d = 1.0 / _away(b)
    h = d.copy()
    for i in range(1, _MOST):
        an = -i * (i - a)
        b = b + 2.0
        d = 1.0 / _away(an * d + b)
        c = _away(b + an / c)
        change = d * c
        h *= change
        if (np.abs(change - 1.0) <= 2.0 * _EPSILON).all():
            break
    return h * _front(a, x)


def _fraction_slope(a: Any, x: Any) -> Any:
    """The derivative of Q: every step of the fraction, differentiated."""
    b, c = x + 1.0 - a, np.full_like(x, 1.0 / _TINY)
    d = 1.0 / _away(b)
    dc, dd = np.zeros_like(x), d * d
    h, dh = d.copy(), dd.copy()
    for i in range(1, _MOST):
        an, dan = -i * (i - a), float(i)
        b = b + 2.0
        denominator = _away(an * d + b)
        dd = -(dan * d + an * dd - 1.0) / (denominator * denominator)
        d = 1.0 / denominator
        dc = -1.0 + (dan - an * dc / c) / c
        c = _away(b + an / c)
        change, dchange = d * c, dd * c + d * dc
        dh = dh * change + h * dchange
        h *= change
        settled = np.abs(change - 1.0) <= 2.0 * _EPSILON
        if (settled & (np.abs(h * dchange) <= 4.0 * _EPSILON * np.abs(dh))).all():
            break
    return _front(a, x) * (dh + h * (np.log(x) - _digamma(a)))


def _away(x: Any) -> Any:
    """``x``, moved away from 0."""
    return np.where(np.abs(x) < _TINY, _TINY, x)


def _digamma(a: Any) -> Any:
    """ψ(a), a > 0, from a difference of the recurrence and the asymptotic series."""
    added, a = np.zeros_like(a), a.copy()
    for _ in range(10):
        low = a < 10.0
        added[low] += 1.0 / a[low]
        a[low] += 1.0
    square = 1.0 / (a * a)
    series = square * (
        1 / 12 - square * (1 / 120 - square * (1 / 252 - square * (1 / 240 - square / 132)))
    )
    return np.log(a) - 0.5 / a - series - added


def betainc(a: Any, b: Any, x: Any) -> Any:
    """``I_x(a, b)``: a continued fraction on the side of the mean where it converges fast."""
    a, b, x = np.broadcast_arrays(a, b, x)
    result = np.full(a.shape, np.nan)
    valid = (a > 0.0) & (b > 0.0) & (x > 0.0) & (x < 1.0)
    direct = valid & (x < (a + 1.0) / (a + b + 2.0))
    mirrored = valid & ~direct
    with np.errstate(all="ignore"):
        if direct.any():
            result[direct] = _beta_fraction(a[direct], b[direct], x[direct], 1.0 - x[direct])
        if mirrored.any():
            p, q, y = b[mirrored], a[mirrored], 1.0 - x[mirrored]
            result[mirrored] = 1.0 - _beta_fraction(p, q, y, x[mirrored])
    inside = (a > 0.0) & (b > 0.0)
    result[inside & (x == 0.0)] = 0.0
    result[inside & (x == 1.0)] = 1.0
    return result


def _beta_fraction(a: Any, b: Any, x: Any, y: Any) -> Any:
    """``I_x(a, b)`` with ``y = 1 - x``, by the modified Lentz method."""
    norm = log_gamma(a + b) - log_gamma(a) - log_gamma(b)
    front = np.exp(norm + a * np.log(x) + b * np.log(y)) / a
    c = np.ones_like(x)
    d = 1.0 / _away(1.0 - (a + b) * x / (a + 1.0))
    h = d.copy()
    for m in range(1, _MOST):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        d = 1.0 / _away(1.0 + even * d)
        c = _away(1.0 + even / c)
        h *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        d = 1.0 / _away(1.0 + odd * d)
        c = _away(1.0 + odd / c)
        change = d * c
        h *= change
        if (np.abs(change - 1.0) <= 2.0 * _EPSILON).all():
            break
    return front * h
