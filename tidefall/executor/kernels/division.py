"""Quotients that are rounded down, and remainders, with NumPy's meaning and without a C library."""

from __future__ import annotations

import math

from tidefall.executor.kernels.arithmetic import Number, choose
from tidefall.executor.kernels.vectors import FLOAT64, is_signed


def fmod(x: Number, y: Number) -> Number:
    """What is left of ``x`` without multiples of ``y``, exactly, with the sign of ``x``."""
    if not x.is_float:
        return _integer_quotient(x, y)[1]
    wide_x, wide_y = x.cast(FLOAT64), y.cast(FLOAT64)
    size, step = wide_x.abs(), wide_y.abs()
    valid = (size < math.inf) & (step > 0.0)
    left = _left(choose(valid, size, 0.0), step).with_sign_of(wide_x)
    return choose(valid, left, math.nan).cast(x.dtype)


def _left(x: Number, step: Number) -> Number:
    """``x`` modulo ``step``, both positive.

    One fused multiply-add takes off some 52 bits of the quotient, without error. The quotient is
    rounded, so what is left may be negative; the loop goes on with its size.
    """
    v = x.v
    builder = v.builder
    start = builder.block
    loop, done = builder.append_basic_block("reduce"), builder.append_basic_block("reduced")
    builder.branch(loop)
    builder.position_at_end(loop)
    left, sign = (x.like(builder.phi(x.value.type)) for _ in range(2))
    # Multiples of `step` keep the largest quotients finite.
    multiple = choose((left / step).equals(math.inf), step * 2.0**1000, step)
    multiple = choose((left / multiple).equals(math.inf), multiple * 2.0**75, multiple)
    quotient = (left / multiple).intrinsic("trunc")
    rest = choose(left < step, left, (-quotient).times_plus(multiple, left))
    turned = choose(rest < 0.0, -sign, sign)
    size = rest.abs()
    for phi, first, new in ((left, x, size), (sign, x.constant(1.0), turned)):
        phi.value.add_incoming(first.value, start)
        phi.value.add_incoming(new.value, builder.block)
    builder.cbranch(v.any((size >= step).value), loop, done)
    builder.position_at_end(done)
    return choose((turned < 0.0) & (size > 0.0), step - size, size)


def remainder(x: Number, y: Number) -> Number:
    """What is left of ``x`` without multiples of ``y``, with the sign of ``y``."""
    left = fmod(x, y)
    if x.is_float:
        moved = choose((left < 0.0) ^ (y < 0.0), left + y, left)
        return choose(left.equals(0.0), x.constant(0.0).with_sign_of(y), moved)
    return _moved(left, y) if is_signed(x.dtype) else left


def floor_divide(x: Number, y: Number) -> Number:
    """The quotient rounded down, from the remainder, so that both fit together."""
    if not x.is_float:
        return _integer_floor(x, y)
    left = fmod(x, y)
    quotient = (x - left) / y
    quotient = choose(left.differs(0.0) & ((left < 0.0) ^ (y < 0.0)), quotient - 1.0, quotient)
    down = quotient.intrinsic("floor")
    nearest = choose(quotient - down > 0.5, down + 1.0, down)
    plain = x / y
    nearest = choose(quotient.equals(0.0), x.constant(0.0).with_sign_of(plain), nearest)
    return choose(y.equals(0.0), plain, nearest)


def truncate_divide(x: Number, y: Number) -> Number:
    """The quotient of integers rounded towards zero; 0 for a divisor of 0."""
    return _integer_quotient(x, y)[0]


def _integer_floor(x: Number, y: Number) -> Number:
    quotient, left = _integer_quotient(x, y)
    if not is_signed(x.dtype):
        return quotient
    return choose(_across(left, y), quotient - 1, quotient)


def _moved(left: Number, y: Number) -> Number:
    return choose(_across(left, y), left + y, left)


def _across(left: Number, y: Number) -> Number:
    """Where something is left whose sign is not that of ``y``."""
    return left.differs(0) & ((left ^ y) < 0) & y.differs(0)


def _integer_quotient(x: Number, y: Number) -> tuple[Number, Number]:
    """Quotient, rounded towards zero, and remainder; both 0 for a divisor of 0, as in NumPy.

    CPUs trap on a division by zero, and on that of the least number by -1, whose result wraps.
    """
    zero = y.equals(0)
    divisor = choose(zero, 1, y)
    dividend = x
    if is_signed(x.dtype):
        minus_one = y.equals(-1)
        divisor = choose(minus_one, 1, divisor)
        dividend = choose(minus_one, -x, x)
    quotient = choose(zero, 0, dividend / divisor)
    return quotient, choose(zero, 0, x - quotient * y)
