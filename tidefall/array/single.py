"""Logarithm, sine and cosine in single precision, bit for bit those of the GNU C library.

TensorFlow's random numbers pass through ``logf`` and ``sincosf``. These are the methods that
glibc uses since version 2.28: a table and short polynomials in double precision, rounded to
single precision once at the end. NumPy's own single-precision functions are less accurate, and
a result of double precision, rounded, differs in the last bit once in a hundred times. The
same text runs under every namespace, so NumPy and JAX agree too; kernels compute with the same
coefficients in the same order (`tidefall.executor.kernels.normals`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

Namespace = Any
Array = Any


def _hex(*numbers: str) -> list[float]:
    return [float.fromhex(number) for number in numbers]


# log(x) = log(c) + log1p(x/c - 1) + k log(2), with 1/c and log(c) tabulated for 16 values of c.
INVERSES = np.array(
    _hex(
        "0x1.661ec79f8f3bep+0", "0x1.571ed4aaf883dp+0", "0x1.49539f0f010bp+0",
        "0x1.3c995b0b80385p+0", "0x1.30d190c8864a5p+0", "0x1.25e227b0b8eap+0",
        "0x1.1bb4a4a1a343fp+0", "0x1.12358f08ae5bap+0", "0x1.0953f419900a7p+0",
        "0x1p+0", "0x1.e608cfd9a47acp-1", "0x1.ca4b31f026aap-1",
        "0x1.b2036576afce6p-1", "0x1.9c2d163a1aa2dp-1", "0x1.886e6037841edp-1",
        "0x1.767dcf5534862p-1",
    )
)  # fmt: skip
LOGARITHMS = np.array(
    _hex(
        "-0x1.57bf7808caadep-2", "-0x1.2bef0a7c06ddbp-2", "-0x1.01eae7f513a67p-2",
        "-0x1.b31d8a68224e9p-3", "-0x1.6574f0ac07758p-3", "-0x1.1aa2bc79c81p-3",
        "-0x1.a4e76ce8c0e5ep-4", "-0x1.1973c5a611cccp-4", "-0x1.252f438e10c1ep-5",
        "0x0p+0", "0x1.aa5aa5df25984p-5", "0x1.c5e53aa362eb4p-4",
        "0x1.526e57720db08p-3", "0x1.bc2860d22477p-3", "0x1.1058bc8a07ee1p-2",
        "0x1.4043057b6ee09p-2",
    )
)  # fmt: skip
LOG_2 = float.fromhex("0x1.62e42fefa39efp-1")
# log1p(r) = r + r**2 * (the polynomial with these coefficients, of falling powers).
LOG1P = _hex("-0x1.00ea348b88334p-2", "0x1.5575b0be00b6ap-2", "-0x1.ffffef20a4123p-2")
LOG_OFFSET = np.int32(0x3F330000)  # the bits of about 0.7, where the tabulated range begins

HALF_PI = float.fromhex("0x1.921fb54442d18p0")
TWO_OVER_PI = float.fromhex("0x1.45f306dc9c883p-1")
COS = _hex(
    "0x1p0", "-0x1.ffffffd0c621cp-2", "0x1.55553e1068f19p-5",
    "-0x1.6c087e89a359dp-10", "0x1.99343027bf8c3p-16",
)  # fmt: skip
SIN = _hex("-0x1.555545995a603p-3", "0x1.1107605230bc4p-7", "-0x1.994eb3774cf24p-13")


def log(xp: Namespace, x: Array) -> Array:
    """The natural logarithm of positive, normal float32."""
    bits = xp.bitcast(x, np.int32)
    exponent = bits - LOG_OFFSET
    entry = exponent >> 19
    entry &= 15
    exponent >>= 23
    mantissa = bits - (exponent << 23)
    r = xp.bitcast(mantissa, np.float32).astype(np.float64)
    r *= xp.take(INVERSES, entry)
    r -= 1.0
    result = exponent.astype(np.float64)
    result *= LOG_2
    result += xp.take(LOGARITHMS, entry)
    result += r
    # The sum so far, plus the powers of r.
    tail = LOG1P[1] * r
    tail += LOG1P[2]
    r *= r
    tail += LOG1P[0] * r
    tail *= r
    tail += result
    return tail.astype(np.float32)


def sin_cos(xp: Namespace, x: Array) -> tuple[Array, Array]:
    """The sine and the cosine of float32 between 0 and 120."""
    r = x.astype(np.float64)
    quadrant = r * TWO_OVER_PI
    quadrant += 0.5
    quadrant = xp.floor(quadrant)
    turn = quadrant.astype(np.int32)
    quadrant *= HALF_PI
    r -= quadrant
    square = r * r
    sine, cosine = _sine(r, square).astype(np.float32), _cosine(square).astype(np.float32)
    odd = (turn & 1) == 1
    first, second = xp.where(odd, cosine, sine), xp.where(odd, sine, cosine)
    # The sine is negative in quadrants 2 and 3, the cosine in 1 and 2.
    return _flip(xp, first, turn & 2), _flip(xp, second, (turn + 1) & 2)


def _sine(r: Array, square: Array) -> Array:
    """r + s1 r**3 + (s2 + s3 r**2) r**5, added up in this order."""
    cube = r * square
    tail = square * SIN[2]
    tail += SIN[1]
    result = cube * SIN[0]
    result += r
    cube *= square
    tail *= cube
    result += tail
    return result


def _cosine(square: Array) -> Array:
    """c0 + c1 r**2 + c2 r**4 + (c3 + c4 r**2) r**6, added up in this order."""
    tail = square * COS[4]
    tail += COS[3]
    result = square * COS[1]
    result += COS[0]
    power = square * square
    result += power * COS[2]
    power *= square
    tail *= power
    result += tail
    return result


def _flip(xp: Namespace, values: Array, when: Array) -> Array:
    """Changes the sign of the values where ``when`` is 2 rather than 0."""
    return xp.bitcast(xp.bitcast(values, np.int32) ^ (when << 30), np.float32)
