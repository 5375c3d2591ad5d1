"""Exponentials, logarithms and their kin on vectors of float32 and float64, without a C library.

Every function takes the whole range of its dtype: infinities, NaN, denormal numbers and signed
zeros come out as in C. The stated errors are in units of the last place (ulp) of the result; the
tests hold them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from tidefall.executor.kernels import polynomials
from tidefall.executor.kernels.arithmetic import Number, at_least, at_most, choose, horner
from tidefall.executor.kernels.vectors import FLOAT32, FLOAT64, DType


@dataclass(frozen=True)
class _Format:
    """Facts about a floating-point format.

    Attributes:
      fraction: Bits after the leading one.
      bias: What is added to an exponent before it is stored.
      round_to_whole: A number so large that sums with it are rounded to whole numbers, which then
        stand in its lowest bits.
      ln2: The logarithm of 2 in two parts, the first so short that its product with an exponent
        is exact or that a fused multiply-add makes it so.
      exp_range: ``exp`` is 0 below the first, infinite above the second.
      sqrt_half: The bits of the square root of 1/2.
      least_normal: The smallest number with all its bits.
    """

    fraction: int
    bias: int
    round_to_whole: float
    ln2: tuple[float, float]
    exp_range: tuple[float, float]
    sqrt_half: int
    least_normal: float

    @property
    def exponent_bits(self) -> int:
        """The bits of the sign and the exponent, set, as a signed integer."""
        return -(1 << self.fraction)


_FORMATS: dict[DType, _Format] = {
    FLOAT64: _Format(
        fraction=52,
        bias=1023,
        round_to_whole=1.5 * 2.0**52,
        ln2=(float.fromhex("0x1.62e42fefa39efp-1"), float.fromhex("0x1.abc9e3b39803fp-56")),
        exp_range=(-746.0, 710.0),
        sqrt_half=0x3FE6A09E667F3BCD,
        least_normal=2.0**-1022,
    ),
    FLOAT32: _Format(
        fraction=23,
        bias=127,
        round_to_whole=1.5 * 2.0**23,
        ln2=(float.fromhex("0x1.62e430p-1"), float.fromhex("-0x1.05c61p-29")),
        exp_range=(-104.0, 89.0),
        sqrt_half=0x3F3504F3,
        least_normal=2.0**-126,
    ),
}


def exp(x: Number) -> Number:
    """``e**x``, within 1 ulp."""
    facts = _FORMATS[x.dtype]
    x = at_least(at_most(x, facts.exp_range[1]), facts.exp_range[0])
    # The exponent stands in the low bits of `shifted`, with twice the bias added.
    magic = facts.round_to_whole + 2 * facts.bias
    shifted = x.times_plus(1.0 / math.log(2.0), magic)
    n = shifted - magic
    r = n.times_plus(-facts.ln2[1], n.times_plus(-facts.ln2[0], x))
    tail = r * horner(r, polynomials.EXP[x.dtype])
    power = r.times_plus(tail + 1.0, 1.0)
    # A power of two at the ends of the range takes two factors that are numbers.
    bits = shifted.bits()
    half = bits.shift_in_zeros(1)
    first = (half << facts.fraction).as_floats(x.dtype)
    second = ((bits - half) << facts.fraction).as_floats(x.dtype)
    return power * first * second


def log(x: Number) -> Number:
    """The natural logarithm, within 1 ulp."""
    facts = _FORMATS[x.dtype]
    scale = float(2 ** (facts.fraction + 2))
    small = x < facts.least_normal
    exponent, mantissa, _ = _split(choose(small, x * scale, x))
    exponent = choose(small, exponent - (facts.fraction + 2), exponent)
    return _at_the_ends(x, x, _log_of_parts(exponent, mantissa - 1.0))


def log1p(x: Number) -> Number:
    """``log(1 + x)``, within 1 ulp also where ``x`` is small."""
    u = x + 1.0
    grown = u - 1.0
    lost = (1.0 - (u - grown)) + (x - grown)  # what the sum rounded off, exactly (Knuth)
    exponent, mantissa, scale = _split(u)
    scale = at_least(scale, 0.0)  # the very largest numbers have none
    above_one = mantissa - 1.0
    f = lost.times_plus(scale, above_one)
    result = _log_of_parts(exponent, f, lost.times_plus(scale, above_one - f))
    result = (result.bits() | x.sign_bit()).as_floats(x.dtype)
    return _at_the_ends(x, u, result)


def _split(x: Number) -> tuple[Number, Number, Number]:
    """The exponent as a float, ``x / 2**exponent`` between the roots of 1/2 and 2, 2**-exponent.

    The last is right for exponents within the range of normal numbers only.
    """
    facts = _FORMATS[x.dtype]
    bits = x.bits()
    above = bits - facts.sqrt_half
    exponent = above & facts.exponent_bits
    mantissa = (bits - exponent).as_floats(x.dtype)
    one = facts.bias << facts.fraction
    scale = (exponent.constant(one) - exponent).as_floats(x.dtype)
    return _exponent_as_float(above, x.dtype), mantissa, scale


def _exponent_as_float(above: Number, dtype: DType) -> Number:
    """The exponent that stands in the highest bits of these integers, which is signed."""
    facts = _FORMATS[dtype]
    if dtype == FLOAT32:
        return (above >> facts.fraction).cast(dtype)
    # Few CPUs convert 64-bit integers: it is put, made positive, into the bits of a large float.
    offset = 2 * facts.bias
    positive = (above + (offset << facts.fraction)).shift_in_zeros(facts.fraction)
    large = positive.constant(0x4330_0000_0000_0000)  # the bits of 2.0**52
    return (positive | large).as_floats(dtype) - (2.0**52 + offset)


def _log_of_parts(exponent: Number, f: Number, rest: Number | float = 0.0) -> Number:
    """``exponent * log(2) + log(1 + f) + rest``, with ``1 + f`` between the roots of 1/2 and 2."""
    facts = _FORMATS[f.dtype]
    s = f / (f + 2.0)
    z = s * s
    half_square = f * f * 0.5
    series = z * horner(z, polynomials.LOG[f.dtype])
    low = s.times_plus(half_square + series, exponent.times_plus(facts.ln2[1], rest))
    return exponent.times_plus(facts.ln2[0], f - (half_square - low))


def _at_the_ends(x: Number, argument: Number, result: Number) -> Number:
    """``result``, but what a logarithm is of 0, of less, of infinity and of NaN."""
    wrong = choose(argument < 0.0, math.nan, x)
    wrong = choose(argument.equals(0.0), -math.inf, wrong)
    inside = (argument > 0.0) & (argument < math.inf)
    return choose(inside, result, wrong)
