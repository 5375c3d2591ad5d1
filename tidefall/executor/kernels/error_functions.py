"""The error function and its complement on vectors of float32 and float64."""

from __future__ import annotations

from tidefall.executor.kernels import polynomials
from tidefall.executor.kernels.arithmetic import Number, at_most, choose, horner
from tidefall.executor.kernels.math_functions import exp
from tidefall.executor.kernels.vectors import FLOAT32, FLOAT64

#: From here on ``erf(x)`` rounds to 1, and ``erfc(x)`` to 0.
_ONE_FROM = {FLOAT64: 5.95, FLOAT32: 3.95}
_ZERO_FROM = {FLOAT64: 27.3, FLOAT32: 10.1}


def erf(x: Number) -> Number:
    """The error function, within 1.2 ulp."""
    size = x.abs()
    limited = at_most(size, _ONE_FROM[x.dtype])
    large = 1.0 - exp(-horner(limited, polynomials.LOG_ERFC[x.dtype]))
    return choose(size < 1.0, _near_zero(size), large).with_sign_of(x)


def _near_zero(x: Number) -> Number:
    """``erf(x)`` for ``|x|`` up to 1."""
    return x.times_plus(horner(x * x, polynomials.ERF[x.dtype]), x)


def erfc(x: Number) -> Number:
    """``1 - erf(x)``, also where that is small; within 5 ulp."""
    size = at_most(x.abs(), _ZERO_FROM[x.dtype])
    t = (size - 3.0) / (size + 3.0)
    scaled = horner(t, polynomials.ERFC[x.dtype]) / (size * 2.0 + 1.0)
    # What the square loses matters where it is large.
    square = size * size
    lost = size.times_plus(size, -square)
    tail = exp(-square)
    result = scaled * tail.times_plus(-lost, tail)
    far = choose(x < 0.0, 2.0 - result, result)
    return choose(size < 0.5, 1.0 - _near_zero(x), far)
