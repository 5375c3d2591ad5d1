"""Operations on the bits of integers."""

from __future__ import annotations

from tidefall.ops import shapes
from tidefall.ops.registry import INTS, Namespace, T, UInt8, op


@op("BitwiseAnd", T=INTS, shape=shapes.broadcast, export="bitwise.bitwise_and")
def bitwise_and(xp: Namespace, x: T, y: T) -> T:
    """The bits set in both ``x`` and ``y``."""
    return xp.bitwise_and(x, y)


@op("BitwiseOr", T=INTS, shape=shapes.broadcast, export="bitwise.bitwise_or")
def bitwise_or(xp: Namespace, x: T, y: T) -> T:
    """The bits set in ``x`` or ``y``."""
    return xp.bitwise_or(x, y)


@op("BitwiseXor", T=INTS, shape=shapes.broadcast, export="bitwise.bitwise_xor")
def bitwise_xor(xp: Namespace, x: T, y: T) -> T:
    """The bits set in exactly one of ``x`` and ``y``."""
    return xp.bitwise_xor(x, y)


@op("Invert", T=INTS, shape=shapes.unchanged, export="bitwise.invert")
def invert(xp: Namespace, x: T) -> T:
    """``x`` with every bit flipped."""
    return xp.bitwise_invert(x)


@op("LeftShift", T=INTS, shape=shapes.broadcast, export="bitwise.left_shift")
def left_shift(xp: Namespace, x: T, y: T) -> T:
    """``x`` with its bits moved ``y`` places up; shifts are kept within the width of the type."""
    return xp.left_shift(x, _within_width(xp, x, y))


@op("RightShift", T=INTS, shape=shapes.broadcast, export="bitwise.right_shift")
def right_shift(xp: Namespace, x: T, y: T) -> T:
    """``x`` with its bits moved ``y`` places down; the sign of signed integers is kept."""
    return xp.right_shift(x, _within_width(xp, x, y))


def _within_width(xp: Namespace, x: T, y: T) -> T:
    width = 8 * x.dtype.itemsize
    return xp.clip(y, 0, width - 1)


@op("PopulationCount", T=INTS, shape=shapes.unchanged)
def population_count(xp: Namespace, x: T) -> UInt8:
    """How many bits of ``x`` are set."""
    return xp.bitwise_count(x).astype("uint8")
