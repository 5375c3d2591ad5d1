"""Logarithm, sine and cosine in single precision, bit for bit those of the GNU C library.

TensorFlow's random numbers pass through ``logf`` and ``sincosf``. These are the methods that
glibc uses since version 2.28: a table and short polynomials in double precision, rounded to
single precision once at the end. NumPy's own single-precision functions are less accurate, and
a result of double precision, rounded, differs in the last bit once in a hundred times. The
same text runs under every namespace, so NumPy and JAX agree too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Namespace = Any
Array = Any


def _hex(*numbers: str) -> list[float]:
    return [float.fromhex(number) for number in numbers]


# log(x) = log(c) + log1p(x/c - 1) + k log(2), with 1/c and log(c) tabulated for 16 values of c.
_INVERSES = np.array(
    _hex(
        "0x1.661ec79f8f3bep+0", "0x1.571ed4aaf883dp+0", "0x1.49539f0f010bp+0",
        "0x1.3c995b0b80385p+0", "0x1.30d190c8864a5p+0", "0x1.25e227b0b8eap+0",
        "0x1.1bb4a4a1a343fp+0", "0x1.12358f08ae5bap+0", "0x1.0953f419900a7p+0",
        "0x1p+0", "0x1.e608cfd9a47acp-1", "0x1.ca4b31f026aap-1",
        "0x1.b2036576afce6p-1", "0x1.9c2d163a1aa2dp-1", "0x1.886e6037841edp-1",
        "0x1.767dcf5534862p-1",
    )
)  # fmt: skip
_LOGARITHMS = np.array(
    _hex(
        "-0x1.57bf7808caadep-2", "-0x1.2bef0a7c06ddbp-2", "-0x1.01eae7f513a67p-2",
        "-0x1.b31d8a68224e9p-3", "-0x1.6574f0ac07758p-3", "-0x1.1aa2bc79c81p-3",
        "-0x1.a4e76ce8c0e5ep-4", "-0x1.1973c5a611cccp-4", "-0x1.252f438e10c1ep-5",
        "0x0p+0", "0x1.aa5aa5df25984p-5", "0x1.c5e53aa362eb4p-4",
        "0x1.526e57720db08p-3", "0x1.bc2860d22477p-3", "0x1.1058bc8a07ee1p-2",
        "0x1.4043057b6ee09p-2",
    )
)  # fmt: skip
_LOG_2 = float.fromhex("0x1.62e42fefa39efp-1")
# log1p(r) = r + r**2 * (the polynomial with these coefficients, of falling powers).
_LOG1P = _hex("-0x1.00ea348b88334p-2", "0x1.5575b0be00b6ap-2", "-0x1.ffffef20a4123p-2")
_LOG_OFFSET = np.int32(0x3F330000)  # the bits of about 0.7, where the tabulated range begins

_HALF_PI = float.fromhex("0x1.921fb54442d18p0")
_TWO_OVER_PI = float.fromhex("0x1.45f306dc9c883p-1")
_COS = _hex(
    "0x1p0", "-0x1.ffffffd0c621cp-2", "0x1.55553e1068f19p-5",
    "-0x1.6c087e89a359dp-10", "0x1.99343027bf8c3p-16",
)  # fmt: skip
_SIN = _hex("-0x1.555545995a603p-3", "0x1.1107605230bc4p-7", "-0x1.994eb3774cf24p-13")


def log(xp: Namespace, x: Array) -> Array:
    """The natural logarithm of positive, normal float32."""
    bits = xp.bitcast(x, np.int32)
    shifted = bits - _LOG_OFFSET
    entry = (shifted >> 19) & 15
    exponent = shifted >> 23
    mantissa = xp.bitcast(bits - (exponent << 23), np.float32).astype(np.float64)
    r = mantissa * xp.take(_INVERSES, entry) - 1.0
    start = xp.take(_LOGARITHMS, entry) + exponent.astype(np.float64) * _LOG_2
    square = r * r
    tail = _LOG1P[0] * square + (_LOG1P[1] * r + _LOG1P[2])
    return (tail * square + (start + r)).astype(np.float32)


def sin_cos(xp: Namespace, x: Array) -> tuple[Array, Array]:
    """The sine and the cosine of float32 between 0 and 120."""
    wide = x.astype(np.float64)
    quadrant = xp.floor(wide * _TWO_OVER_PI + 0.5)
    r = wide - quadrant * _HALF_PI
    square = r * r
    fourth = square * square
    cube = r * square
    sine = (r + cube * _SIN[0]) + cube * square * (_SIN[1] + square * _SIN[2])
    cosine = (_COS[0] + square * _COS[1]) + fourth * _COS[2]
    cosine = cosine + fourth * square * (_COS[3] + square * _COS[4])
    turn = quadrant.astype(np.int32)
    odd = (turn & 1) == 1
    sine, cosine = sine.astype(np.float32), cosine.astype(np.float32)
    first, second = xp.where(odd, cosine, sine), xp.where(odd, sine, cosine)
    # The sine is negative in quadrants 2 and 3, the cosine in 1 and 2.
    return _flip(xp, first, turn & 2), _flip(xp, second, (turn + 1) & 2)


def _flip(xp: Namespace, values: Array, when: Array) -> Array:
    """Changes the sign of the values where ``when`` is 2 rather than 0."""
    return xp.bitcast(xp.bitcast(values, np.int32) ^ (when << 30), np.float32)
