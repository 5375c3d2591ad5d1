"""Facts about float32 and float64 that the engine's functions are built with."""

from __future__ import annotations

from dataclasses import dataclass

from tidefall.executor.kernels.vectors import FLOAT32, FLOAT64, DType


@dataclass(frozen=True)
class Format:
    """Facts about a floating-point format.

    Attributes:
      fraction: Bits after the leading one.
      bias: What is added to an exponent before it is stored.
      round_to_whole: A number so large that sums with it are rounded to whole numbers, which then
        stand in its lowest bits.
      ln2: The logarithm of 2 in two parts, the first so short that its product with an exponent
        is exact or that a fused multiply-add makes it so.
      exp_range: ``exp`` is 0 below the first, and even half of it infinite above the second.
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


FORMATS: dict[DType, Format] = {
    FLOAT64: Format(
        fraction=52,
        bias=1023,
        round_to_whole=1.5 * 2.0**52,
        ln2=(float.fromhex("0x1.62e42fefa39efp-1"), float.fromhex("0x1.abc9e3b39803fp-56")),
        exp_range=(-746.0, 712.0),
        sqrt_half=0x3FE6A09E667F3BCD,
        least_normal=2.0**-1022,
    ),
    FLOAT32: Format(
        fraction=23,
        bias=127,
        round_to_whole=1.5 * 2.0**23,
        ln2=(float.fromhex("0x1.62e430p-1"), float.fromhex("-0x1.05c61p-29")),
        exp_range=(-104.0, 91.0),
        sqrt_half=0x3F3504F3,
        least_normal=2.0**-126,
    ),
}
