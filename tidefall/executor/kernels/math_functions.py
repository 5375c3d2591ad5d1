"""Exponentials, logarithms and their kin on vectors of float32 and float64, without a C library.

Every function takes the whole range of its dtype: infinities, NaN, denormal numbers and signed
zeros come out as in C. The stated errors are in units of the last place (ulp) of the result; the
tests hold them.
"""

from __future__ import annotations

import math

from tidefall.executor.kernels import polynomials
from tidefall.executor.kernels.arithmetic import Number, at_least, at_most, choose, horner
from tidefall.executor.kernels.formats import FORMATS
from tidefall.executor.kernels.vectors import FLOAT32, FLOAT64, DType

#: For each base ``1 / log(base)`` and ``log(2) / log(base)``, in two parts each.
_BASES: dict[DType, dict[int, tuple[tuple[float, float], tuple[float, float]]]] = {
    FLOAT64: {
        2: ((1.4426950408889634, 2.0355273740931033e-17), (1.0, 0.0)),
        10: (
            (0.4342944819032518, 1.098319650216765e-17),
            (0.3010299956639812, -2.8037281277851704e-18),
        ),
    },
    FLOAT32: {
        2: ((1.4426950216293335, 1.925963033500011e-08), (1.0, 0.0)),
        10: (
            (0.4342944920063019, -1.0103049952192578e-08),
            (0.3010300099849701, -1.432098883924482e-08),
        ),
    },
}

#: Added to a quotient by ``log(2)`` before it is cut off, so that the remainder is at most 1/2.
_NUDGE = 1.0 - 0.5 / math.log(2.0)

#: From here on ``x`` and ``sqrt(x**2 + 1)`` are the same, and ``x**2`` is still a number.
_FAR = 2.0**60


def exp(x: Number) -> Number:
    """``e**x``, within 1 ulp."""
    return _exp_times(x, 0)


def _exp_times(x: Number, doublings: int) -> Number:
    """``e**x * 2**doublings``, which may be a number where ``e**x`` is not."""
    facts = FORMATS[x.dtype]
    x = at_least(at_most(x, facts.exp_range[1]), facts.exp_range[0])
    power, exponent = _exp_parts(x, 2 * facts.bias)
    return times_power_of_two(power, exponent + doublings if doublings else exponent)


def _exp_parts(x: Number, added: int) -> tuple[Number, Number]:
    """``e**x / 2**n``, about 1, and integers whose lowest bits are ``n + added``."""
    facts = FORMATS[x.dtype]
    magic = facts.round_to_whole + added
    shifted = x.times_plus(1.0 / math.log(2.0), magic)
    n = shifted - magic
    r = n.times_plus(-facts.ln2[1], n.times_plus(-facts.ln2[0], x))
    return horner(r, (1.0, 1.0, *polynomials.EXP[x.dtype])), shifted.bits()


def exp2(x: Number) -> Number:
    """``2**x``, within 1 ulp."""
    facts = FORMATS[x.dtype]
    x = at_least(at_most(x, facts.bias + 2.0), -(facts.bias + facts.fraction + 1.0))
    magic = facts.round_to_whole + 2 * facts.bias
    shifted = x + magic
    power = horner(x - (shifted - magic), (1.0, *polynomials.EXP2[x.dtype]))
    return times_power_of_two(power, shifted.bits())


def times_power_of_two(x: Number, exponent: Number) -> Number:
    """``x * 2**n``, where the lowest bits of ``exponent`` are ``n`` and twice the bias.

    At the ends of the range that power is no number, so it is taken in two halves.
    """
    fraction = FORMATS[x.dtype].fraction
    half = exponent.shift_in_zeros(1)
    first = (half << fraction).as_floats(x.dtype)
    second = ((exponent - half) << fraction).as_floats(x.dtype)
    return x * first * second


def expm1(x: Number) -> Number:
    """``e**x - 1``, within 1.5 ulp also where ``x`` is small."""
    facts = FORMATS[x.dtype]
    least = -(facts.fraction + 8.0) * math.log(2.0)
    limited = at_least(at_most(x, (facts.bias + 1.2) * math.log(2.0)), least)
    n, rest = _expm1_parts(limited, x.constant(_NUDGE).with_sign_of(x))
    # The highest power of two is no number, half of it is.
    result = _expm1_sum(at_most(n, float(facts.bias)), rest)
    return _with_sign(result * choose(n > float(facts.bias), 2.0, n.constant(1.0)), x)


def _expm1_parts(x: Number, nudge: Number | float) -> tuple[Number, Number]:
    """A whole number ``n``, and ``e**r - 1`` for ``r = x - n * log(2)``.

    It is cut off after a nudge away from 0: ``r`` is at most 1/2, and seldom of the other sign than
    ``x``, so that there is little to cancel in the last sum.

    Args:
      x: The exponents.
      nudge: `_NUDGE` with the sign of ``x``.
    """
    ln2 = FORMATS[x.dtype].ln2
    n = x.times_plus(1.0 / math.log(2.0), nudge).intrinsic("trunc")
    r = n.times_plus(-ln2[1], n.times_plus(-ln2[0], x))
    return n, (r * r).times_plus(horner(r, polynomials.EXPM1[x.dtype]), r)


def _expm1_sum(n: Number, rest: Number) -> Number:
    """``2**n * (1 + rest) - 1``."""
    facts = FORMATS[n.dtype]
    exponent = (n + (facts.round_to_whole + facts.bias)).bits() << facts.fraction
    power = exponent.as_floats(n.dtype)
    return power.times_plus(rest, power - 1.0)


def tanh(x: Number) -> Number:
    """The hyperbolic tangent, within 1.5 ulp."""
    facts = FORMATS[x.dtype]
    z = x * x
    near = (x * z).times_plus(horner(z, polynomials.TANH[x.dtype]), x)
    size = x.abs()
    limited = at_most(size, _rounds_to_one(x.dtype))
    power, exponent = _exp_parts(limited + limited, facts.bias)
    scale = (exponent << facts.fraction).as_floats(x.dtype)
    far = 1.0 - 2.0 / power.times_plus(scale, 1.0)
    return choose(size < 0.625, near, far).with_sign_of(x)


def sinh(x: Number) -> Number:
    """The hyperbolic sine, within 2.5 ulp."""
    size = x.abs()
    most = _rounds_to_one(x.dtype)  # from there on it is half of e**x
    grown = _expm1_sum(*_expm1_parts(at_most(size, most), _NUDGE))
    near = (grown + grown / (grown + 1.0)) * 0.5
    return choose(size < most, near, _exp_times(size, -1)).with_sign_of(x)


def _rounds_to_one(dtype: DType) -> float:
    """From here on ``tanh`` is 1."""
    return 0.5 * (FORMATS[dtype].fraction + 5) * math.log(2.0)


def cosh(x: Number) -> Number:
    """The hyperbolic cosine, within 1.5 ulp."""
    half = _exp_times(x.abs(), -1)
    return half + 0.25 / half


def log(x: Number) -> Number:
    """The natural logarithm, within 1 ulp."""
    exponent, mantissa = normal_parts(x)
    return _at_the_ends(x, x, _log_of_parts(exponent, mantissa - 1.0))


def log2(x: Number) -> Number:
    """The logarithm to base 2, within 1.1 ulp, and exact for powers of two."""
    return _at_the_ends(x, x, _log_to_base(2, x))


def log10(x: Number) -> Number:
    """The logarithm to base 10, within 1.1 ulp, and exact for powers of ten."""
    return _at_the_ends(x, x, _log_to_base(10, x))


def _log_to_base(base: int, x: Number) -> Number:
    factor, two = _BASES[x.dtype][base]
    exponent, mantissa = normal_parts(x)
    f = mantissa - 1.0
    s = f / (f + 2.0)
    z = s * s
    bent = s * (f - z * horner(z, polynomials.LOG[x.dtype]))
    # The logarithm of the mantissa, and its product with `factor`, in two parts each.
    high = f - bent
    low = (f - high) - bent
    product = high * factor[0]
    rest = high.times_plus(factor[0], -product)
    rest = low.times_plus(factor[0], high.times_plus(factor[1], rest))
    whole = exponent * two[0]
    rest = rest + exponent.times_plus(two[1], exponent.times_plus(two[0], -whole))
    total = whole + product
    return total + (((whole - total) + product) + rest)


def log1p(x: Number) -> Number:
    """``log(1 + x)``, within 1 ulp."""
    u = x + 1.0
    grown = u - 1.0
    lost = (1.0 - (u - grown)) + (x - grown)  # what the sum rounded off, exactly (Knuth)
    exponent, mantissa, scale = _split(u)
    scale = at_least(scale, 0.0)  # the very largest numbers have none
    above_one = mantissa - 1.0
    f = lost.times_plus(scale, above_one)
    result = _log_of_parts(exponent, f, lost.times_plus(scale, above_one - f))
    return _at_the_ends(x, u, _with_sign(result, x))


def logaddexp(x: Number, y: Number) -> Number:
    """``log(e**x + e**y)``, within 2.5 ulp of the larger argument.

    It is the larger, and the logarithm of 1 and a number between 0 and 1.
    """
    larger = choose(x > y, x, y)
    apart = choose(x.equals(y), 0.0, x - y)  # infinities, too, may be equal
    return larger + log1p_fraction(exp(-apart.abs()))


def log1p_fraction(x: Number) -> Number:
    """``log(1 + x)`` for ``x`` from 0 to 1, within 2 ulp, at half the cost of `log1p`."""
    # log((2 + t) / (2 - t)) in powers of t, where t is this quotient.
    t = x / x.times_plus(0.5, 1.0)
    z = t * t
    return (t * z).times_plus(horner(z, polynomials.LOG_OF_ONE_AND[x.dtype]), t)


def asinh(x: Number) -> Number:
    """The inverse of the hyperbolic sine, within 2.5 ulp."""
    size = x.abs()
    large = size > _FAR
    square = size * size
    near = size + square / ((square + 1.0).intrinsic("sqrt") + 1.0)
    result = log1p(choose(large, size, near)) + choose(large, math.log(2.0), size.constant(0.0))
    return result.with_sign_of(x)


def acosh(x: Number) -> Number:
    """The inverse of the hyperbolic cosine, within 2.5 ulp."""
    large = x > _FAR
    above = x - 1.0
    near = above + (above * (above + 2.0)).intrinsic("sqrt")
    result = log1p(choose(large, x, near)) + choose(large, math.log(2.0), x.constant(0.0))
    return choose(x < 1.0, math.nan, result)


def atanh(x: Number) -> Number:
    """The inverse of the hyperbolic tangent, within 2.5 ulp."""
    size = x.abs()
    return (log1p((size + size) / (1.0 - size)) * 0.5).with_sign_of(x)


def _with_sign(result: Number, x: Number) -> Number:
    """``result``, which has the sign of ``x`` already unless it is 0."""
    return (result.bits() | x.sign_bit()).as_floats(x.dtype)


def normal_parts(x: Number) -> tuple[Number, Number]:
    """The exponent as a float, and ``x / 2**exponent`` between the roots of 1/2 and 2."""
    facts = FORMATS[x.dtype]
    raised = facts.fraction + 2
    small = x < facts.least_normal
    exponent, mantissa, _ = _split(choose(small, x * 2.0**raised, x))
    return choose(small, exponent - float(raised), exponent), mantissa


def _split(x: Number) -> tuple[Number, Number, Number]:
    """The exponent as a float, ``x / 2**exponent`` between the roots of 1/2 and 2, 2**-exponent.

    The last is right for exponents within the range of normal numbers only.
    """
    facts = FORMATS[x.dtype]
    bits = x.bits()
    above = bits - facts.sqrt_half
    exponent = above & facts.exponent_bits
    mantissa = (bits - exponent).as_floats(x.dtype)
    one = facts.bias << facts.fraction
    scale = (exponent.constant(one) - exponent).as_floats(x.dtype)
    return _exponent_as_float(above, x.dtype), mantissa, scale


def _exponent_as_float(above: Number, dtype: DType) -> Number:
    """The exponent that stands in the highest bits of these integers, which is signed."""
    facts = FORMATS[dtype]
    if dtype == FLOAT32:
        return (above >> facts.fraction).cast(dtype)
    # Few CPUs convert 64-bit integers: it is put, made positive, into the bits of a large float.
    offset = 2 * facts.bias
    positive = (above + (offset << facts.fraction)).shift_in_zeros(facts.fraction)
    large = positive.constant(0x4330_0000_0000_0000)  # the bits of 2.0**52
    return (positive | large).as_floats(dtype) - (2.0**52 + offset)


def _log_of_parts(exponent: Number, f: Number, rest: Number | float = 0.0) -> Number:
    """``exponent * log(2) + log(1 + f) + rest``, with ``1 + f`` between the roots of 1/2 and 2."""
    facts = FORMATS[f.dtype]
    s = f / (f + 2.0)
    z = s * s
    series = horner(z, polynomials.LOG[f.dtype])
    low = s.times_plus(z.times_plus(series, -f), exponent.times_plus(facts.ln2[1], rest))
    return exponent.times_plus(facts.ln2[0], f + low)


def _at_the_ends(x: Number, argument: Number, result: Number) -> Number:
    """``result``, but what a logarithm is of 0, of less, of infinity and of NaN."""
    result = choose(argument < math.inf, result, x)
    wrong = choose(argument < 0.0, math.nan, x.constant(-math.inf))
    return choose(argument <= 0.0, wrong, result)
