"""Prints the tables of ``tidefall/executor/kernels/polynomials.py``: how they were made.

It is run by hand where a table should change, and needs mpmath::

    python tests/executor/kernels/make_polynomials.py [NAME ...]

Each polynomial is the one of least largest error, by the exchange of Remez: the error is made equal
and alternating at one more point than there are coefficients, the points move to where the error is
largest, and so on until it is level.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from mpmath import mp, mpf

mp.dps = 60
GRID = 1500
Function = Callable[[Any], Any]


class Fit(NamedTuple):
    """One polynomial to find.

    Attributes:
      size: How many coefficients it has.
      low: The start of the interval.
      high: Its end.
      goal: The function that ``x**first * polynomial(x)`` comes near to.
      weight: What the error is multiplied by; most often it makes the final error relative.
      first: The power of the first coefficient.
    """

    size: int
    low: Any
    high: Any
    goal: Function
    weight: Function
    first: int = 0


def remez(fit: Fit) -> tuple[Any, list[Any]]:
    """The largest error and the coefficients."""
    many = fit.size + 1
    places = [_node(fit, mpf(2 * i + 1) / (2 * many) + mpf("0.0001")) for i in range(many)]
    grid = [_node(fit, mpf(2 * i + 1) / (2 * GRID)) for i in range(GRID)]
    goals, weights = [fit.goal(x) for x in grid], [fit.weight(x) for x in grid]
    best: tuple[Any, list[Any]] | None = None
    for _ in range(40):
        level, coefficients = _levelled(fit, places)
        errors = [
            (_value(fit, coefficients, x) - goal) * weight
            for x, goal, weight in zip(grid, goals, weights, strict=True)
        ]
        largest = max(map(abs, errors))
        if best is None or largest < best[0]:
            best = largest, coefficients
        peaks = _peaks(errors)
        if len(peaks) < many or largest < level * mpf("1.002"):
            break
        while len(peaks) > many:
            peaks.pop(0 if abs(errors[peaks[0]]) < abs(errors[peaks[-1]]) else -1)
        places = [grid[peak] for peak in peaks]
    assert best is not None
    return best


def _node(fit: Fit, t: Any) -> Any:
    """A point of the interval, more of them near its ends."""
    return (fit.low + fit.high) / 2 - (fit.high - fit.low) / 2 * mp.cos(mp.pi * t)


def _levelled(fit: Fit, places: list[Any]) -> tuple[Any, list[Any]]:
    """The polynomial whose weighted errors at ``places`` are equal and alternate."""
    many = fit.size + 1
    left, right = mp.matrix(many, many), mp.matrix(many, 1)
    for i, x in enumerate(places):
        weight = fit.weight(x)
        for j in range(fit.size):
            left[i, j] = x ** (j + fit.first) * weight
        left[i, fit.size] = (-1) ** i
        right[i] = fit.goal(x) * weight
    solution = mp.lu_solve(left, right)
    return abs(solution[fit.size]), [solution[j] for j in range(fit.size)]


def _value(fit: Fit, coefficients: list[Any], x: Any) -> Any:
    return mp.polyval(coefficients[::-1], x) * x**fit.first


def _peaks(errors: list[Any]) -> list[int]:
    """Where the error is largest between two changes of its sign."""
    peaks, current = [], 0
    for i, error in enumerate(errors):
        if (error > 0) != (errors[current] > 0):
            peaks.append(current)
            current = i
        elif abs(error) > abs(errors[current]):
            current = i
    return [*peaks, current]


def odd(function: Function) -> Function:
    """``(f(x) - x) / x**3`` as a function of ``x**2``."""
    return lambda z: (function(mp.sqrt(z)) - mp.sqrt(z)) / (mp.sqrt(z) * z)


def share_of(function: Function, power: int) -> Function:
    """What makes an error of the coefficient of ``x**power`` relative to ``f(x)``, of ``x**2``."""
    return lambda z: mp.sqrt(z) ** power / function(mp.sqrt(z))


def odd_fit(count: int, high: Any, function: Function) -> Fit:
    return Fit(count, mpf("1e-20"), high, odd(function), share_of(function, 3))


def _log_of_ratio(s: Any) -> Any:
    return mp.log((1 + s) / (1 - s)) / 2


def _erf_share(z: Any) -> Any:
    return mp.erf(mp.sqrt(z)) / mp.sqrt(z)


def _erfc_scaled(t: Any) -> Any:
    x = 3 * (1 + t) / (1 - t)
    return mp.exp(x**2) * mp.erfc(x) * (1 + 2 * x)


def _end(x: float) -> Any:
    return (mpf(x) - 3) / (mpf(x) + 3)


SLACK = mpf("1.0001")
HALF_LN2 = mp.log(2) / 2 * SLACK
ROOT = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1) * SLACK) ** 2
QUARTER = (mp.pi / 4 * SLACK) ** 2
EIGHTH = (mp.tan(mp.pi / 8) * SLACK) ** 2


def _exp(count: int) -> Fit:
    return Fit(count, -HALF_LN2, HALF_LN2, lambda r: mp.exp(r) - 1 - r, lambda r: mp.exp(-r), 2)


def _exp2(count: int) -> Fit:
    half = mpf("0.5001")
    return Fit(count, -half, half, lambda r: mpf(2) ** r - 1, lambda r: mpf(2) ** -r, 1)


def _expm1(count: int) -> Fit:
    half = mpf("0.5005")
    return Fit(count, -half, half, lambda r: mp.exp(r) - 1 - r, lambda r: 1 / abs(mp.expm1(r)), 2)


def _log(count: int) -> Fit:
    goal = odd(_log_of_ratio)
    return Fit(count, mpf(0) + mpf("1e-30"), ROOT, lambda z: 2 * goal(z), lambda z: z / 2)


def _log_of_one_and(count: int) -> Fit:
    return odd_fit(count, mpf(4) / 9, lambda t: mp.log((2 + t) / (2 - t)))


def _cos(count: int) -> Fit:
    def goal(z: Any) -> Any:
        return (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2

    return Fit(count, mpf("1e-12"), QUARTER, goal, lambda z: z**2 / mp.cos(mp.sqrt(z)))


def _erf(count: int) -> Fit:
    return Fit(
        count, mpf("1e-30"), mpf(1), lambda z: _erf_share(z) - 1, lambda z: 1 / _erf_share(z)
    )


def _log_erfc(count: int, high: float) -> Fit:
    return Fit(count, mpf(1), mpf(high), lambda x: -mp.log(mp.erfc(x)), mp.erfc)


def _erfc(count: int, high: float) -> Fit:
    return Fit(count, mpf(-1), _end(high), _erfc_scaled, lambda t: 1 / _erfc_scaled(t))


def _atanh_tail(count: int) -> Fit:
    short = odd(_log_of_ratio)
    return Fit(count, mpf("1e-12"), ROOT, lambda z: (short(z) - mpf(1) / 3) / z, lambda z: z**2)


def _atanh_short(count: int) -> Fit:
    return Fit(count, mpf("1e-12"), ROOT, odd(_log_of_ratio), lambda z: z)


#: For each table the polynomials for float64 and float32, or the one that both share.
FITS: dict[str, tuple[Fit, ...]] = {
    "EXP": (_exp(10), _exp(5)),
    "LOG": (_log(7), _log(3)),
    "EXP2": (_exp2(12), _exp2(6)),
    "EXPM1": (_expm1(11), _expm1(6)),
    "TANH": tuple(odd_fit(count, mpf("0.6251") ** 2, mp.tanh) for count in (11, 5)),
    "LOG_OF_ONE_AND": (_log_of_one_and(11), _log_of_one_and(4)),
    "SIN": (odd_fit(6, QUARTER, mp.sin), odd_fit(3, QUARTER, mp.sin)),
    "COS": (_cos(6), _cos(3)),
    "ATAN": (odd_fit(11, EIGHTH, mp.atan), odd_fit(5, EIGHTH, mp.atan)),
    "ASIN": tuple(odd_fit(count, mpf("0.25001"), mp.asin) for count in (13, 5)),
    "ERF": (_erf(12), _erf(7)),
    "LOG_ERFC": (_log_erfc(18, 5.95), _log_erfc(7, 3.95)),
    "ERFC": (_erfc(24, 27.3), _erfc(11, 10.1)),
    "ATANH_TAIL": (_atanh_tail(7),),
    "ATANH_SHORT": (_atanh_short(5),),
}


def main(names: list[str]) -> None:
    for name in names or FITS:
        for fit in FITS[name]:
            error, coefficients = remez(fit)
            print(f"{name}: largest error {mp.nstr(error, 2)}")
            print("    " + ", ".join(mp.nstr(each, 20) for each in coefficients))


if __name__ == "__main__":
    main(sys.argv[1:])
