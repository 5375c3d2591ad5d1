"""Powers of floats and of integers."""

from __future__ import annotations

import math

from tidefall.executor.kernels import polynomials
from tidefall.executor.kernels.arithmetic import Number, at_least, at_most, choose, horner
from tidefall.executor.kernels.math_functions import normal_parts, times_power_of_two
from tidefall.executor.kernels.vectors import FLOAT32, FLOAT64

#: ``2 / log(2)`` and 1/3, in two parts each.
_FACTOR = (float.fromhex("0x1.71547652b82fep+1"), float.fromhex("0x1.777d0ffda0d24p-55"))
_THIRD = (1.0 / 3.0, float.fromhex("0x1.5555555555555p-56"))

#: Twice the bias of float64, and what rounds to whole numbers, whose lowest bits then hold them.
_MAGIC = 1.5 * 2.0**52 + 2 * 1023


def power(x: Number, y: Number) -> Number:
    """``x**y``, within 1.1 ulp; the special cases are those of C."""
    if not x.is_float:
        return _integer_power(x, y)
    wide_x, wide_y = x.cast(FLOAT64), y.cast(FLOAT64)
    size = wide_x.abs()
    precise = x.dtype == FLOAT64
    result = (_power if precise else _short_power)(size, wide_y)
    return _at_the_ends(wide_x, wide_y, result).cast(x.dtype)


def _at_the_ends(x: Number, y: Number, result: Number) -> Number:
    """``result``, the power of ``|x|``, made right for signs, zeros, infinities and NaN."""
    size = x.abs()
    extreme = size.equals(0.0) | size.equals(math.inf) | y.abs().equals(math.inf)
    shrinks = (size > 1.0) ^ (y > 0.0)
    limit = choose(size.equals(1.0), 1.0, choose(shrinks, 0.0, x.constant(math.inf)))
    result = choose(extreme, limit, result)
    whole = y.equals(y.intrinsic("trunc"))
    half = y * 0.5
    odd = whole & half.differs(half.intrinsic("trunc"))
    result = choose(x.sign_bit().differs(0) & odd, -result, result)
    result = choose((x < 0.0) & (size < math.inf) & ~whole, math.nan, result)
    result = choose(x.is_nan() | y.is_nan(), math.nan, result)
    return choose(y.equals(0.0) | x.equals(1.0), 1.0, result)


def _short_power(x: Number, y: Number) -> Number:
    """``x**y`` for positive numbers, in float64 and right to float32."""
    exponent, mantissa = normal_parts(x)
    f = mantissa - 1.0
    s = f / (mantissa + 1.0)
    z = s * s
    log = (s * z).times_plus(horner(z, polynomials.ATANH_SHORT), s)
    e = at_least(at_most(y * log.times_plus(_FACTOR[0], exponent), 1100.0), -1100.0)
    shifted = e + _MAGIC
    rest = horner(e - (shifted - _MAGIC), (1.0, *polynomials.EXP2[FLOAT32]))
    return times_power_of_two(rest, shifted.bits())


def _power(x: Number, y: Number) -> Number:
    """``x**y`` for positive numbers, through a logarithm in two parts."""
    high, low = _log2(x)
    e = y * high
    rest = y.times_plus(low, y.times_plus(high, -e))
    rest = choose(e.abs() < 1100.0, rest, 0.0)
    e = at_least(at_most(e, 1100.0), -1100.0)
    shifted = e + _MAGIC
    r = (e - (shifted - _MAGIC)) + rest
    return times_power_of_two(horner(r, (1.0, *polynomials.EXP2[FLOAT64])), shifted.bits())


def _log2(x: Number) -> tuple[Number, Number]:
    """The logarithm to base 2 of positive numbers as a sum, right to some 66 bits.

    It is ``exponent + 2 / log(2) * atanh(s)`` with ``s = (m - 1) / (m + 1)``; the series is
    ``s + s**3 * (1/3 + s**2 * tail)``. Every step but the tail keeps what rounding loses.
    """
    exponent, mantissa = normal_parts(x)
    below, above = mantissa - 1.0, mantissa + 1.0
    inverse = 1.0 / above
    s = below * inverse
    left = (-s).times_plus(mantissa - (above - 1.0), (-s).times_plus(above, below))
    s_low = left * inverse
    z = _product((s, s_low), (s, s_low))
    tail = z[0] * horner(z[0], polynomials.ATANH_TAIL)
    third = tail + _THIRD[0]
    factor = (third, ((_THIRD[0] - third) + tail) + _THIRD[1])
    bent = _product(z, factor)
    one = bent[0] + 1.0
    stretched = (one, ((1.0 - one) + bent[0]) + bent[1])
    to_base_two = (x.constant(_FACTOR[0]), x.constant(_FACTOR[1]))
    log = _product(_product((s, s_low), stretched), to_base_two)
    total = exponent + log[0]
    return total, ((exponent - total) + log[0]) + log[1]


def _product(a: tuple[Number, Number], b: tuple[Number, Number]) -> tuple[Number, Number]:
    """The product of two sums, as a sum."""
    high = a[0] * b[0]
    low = a[0].times_plus(b[0], -high)
    return high, a[0].times_plus(b[1], a[1].times_plus(b[0], low))


def _integer_power(x: Number, y: Number) -> Number:
    """By squaring, with wrap-around; there is no result for negative ``y``."""
    v = x.v
    builder = v.builder
    start = builder.block
    loop, done = builder.append_basic_block("square"), builder.append_basic_block("squared")
    builder.branch(loop)
    builder.position_at_end(loop)
    phis = [x.like(builder.phi(x.value.type)) for _ in range(3)]
    result, base, left = phis
    following = (
        choose((left & 1).differs(0), result * base, result),
        base * base,
        left.shift_in_zeros(1),
    )
    for phi, first, new in zip(phis, (x.constant(1), x, y), following, strict=True):
        phi.value.add_incoming(first.value, start)
        phi.value.add_incoming(new.value, builder.block)
    builder.cbranch(v.any(following[2].differs(0).value), loop, done)
    builder.position_at_end(done)
    return following[0]
