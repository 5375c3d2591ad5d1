"""Sines, tangents and their inverses on vectors of float32 and float64, without a C library.

Arguments of any size are reduced by multiples of π/2, exactly enough that the result is right to
its last places. float32 is reduced as float64, and computed with shorter polynomials.
"""

from __future__ import annotations

import functools
import math
from typing import Any

from tidefall.executor.kernels import polynomials
from tidefall.executor.kernels.arithmetic import Number, choose, horner
from tidefall.executor.kernels.llvm import ir
from tidefall.executor.kernels.vectors import FLOAT32, FLOAT64, INT64, DType, Value, Vectors

#: π/2 in three parts, and 2/π.
_HALF_PI = (
    float.fromhex("0x1.921fb54442d18p+0"),
    float.fromhex("0x1.1a62633145c07p-54"),
    float.fromhex("-0x1.f1976b7ed8fbcp-110"),
)
_PER_HALF_PI = 2.0 / math.pi

#: π/2 and what it lacks, in each dtype.
_RIGHT_ANGLE: dict[DType, tuple[float, float]] = {
    FLOAT64: _HALF_PI[:2],
    FLOAT32: (float.fromhex("0x1.921fb6p+0"), float.fromhex("-0x1.777a5cp-25")),
}

#: Up to here multiples of π/2 are subtracted directly.
_NEAR = 2.0**30

_I64 = ir.IntType(64)
_I128 = ir.IntType(128)
_DOUBLE = ir.DoubleType()
#: Zeros in front of the bits of 2/π, so that a window may start before them.
_LEADING = 64
_WORDS = 21


def sin(x: Number) -> Number:
    """The sine, within 1 ulp."""
    return _sin(x, _turned(x))


def cos(x: Number) -> Number:
    """The cosine, within 1 ulp."""
    return _cos(_turned(x))


def sin_cos(x: Number) -> tuple[Number, Number]:
    """The sine and the cosine, each within 1 ulp."""
    turned = _turned(x)
    return _sin(x, turned), _cos(turned)


def _sin(x: Number, turned: tuple[Number, Number, Number]) -> Number:
    quadrant, sine, cosine = turned
    size = choose((quadrant & 1).differs(0), cosine, sine)
    return choose(x.equals(0.0), x, _negated(size, (quadrant & 2).differs(0)))


def _cos(turned: tuple[Number, Number, Number]) -> Number:
    quadrant, sine, cosine = turned
    size = choose((quadrant & 1).differs(0), sine, cosine)
    return _negated(size, ((quadrant + 1) & 2).differs(0))


def tan(x: Number) -> Number:
    """The tangent, within 2.5 ulp."""
    quadrant, sine, cosine = _turned(x)
    odd = (quadrant & 1).differs(0)
    result = choose(odd, cosine, sine) / choose(odd, sine, cosine)
    return choose(x.equals(0.0), x, _negated(result, odd))


def _negated(x: Number, where: Number) -> Number:
    return choose(where, -x, x)


def _turned(x: Number) -> tuple[Number, Number, Number]:
    """How many right angles were taken off (modulo 4), sine and cosine of what is left."""
    if x.dtype == FLOAT64:
        quadrant, r, rest = _reduced(x)
        return quadrant, *_sine_and_cosine(r, rest)
    quadrant, r, rest = _reduced(x.cast(FLOAT64))
    z = r * r
    sine = (r * z).times_plus(horner(z, polynomials.SIN[FLOAT32]), r)
    cosine = (z * z).times_plus(horner(z, polynomials.COS[FLOAT32]), z.times_plus(-0.5, 1.0))
    return quadrant, sine.cast(FLOAT32), cosine.cast(FLOAT32)


def _sine_and_cosine(r: Number, rest: Number) -> tuple[Number, Number]:
    """Of ``r + rest``, at most π/4, where ``rest`` is what rounding left."""
    z = r * r
    half = z * 0.5
    near_one = 1.0 - half
    sine = r + (r * z).times_plus(horner(z, polynomials.SIN[FLOAT64]), rest * near_one)
    bent = (z * z).times_plus(horner(z, polynomials.COS[FLOAT64]), -(r * rest))
    return sine, near_one + (((1.0 - near_one) - half) + bent)


def _reduced(x: Number) -> tuple[Number, Number, Number]:
    """Multiples of π/2 in ``x`` (the lowest bits count), and what is left, in two parts."""
    magic = 1.5 * 2.0**52
    shifted = x.times_plus(_PER_HALF_PI, magic)
    n = shifted - magic
    left = n.times_plus(-_HALF_PI[0], x)  # exact
    taken = n * _HALF_PI[1]
    r = left - taken
    lost = n.times_plus(_HALF_PI[1], -taken)
    rest = n.times_plus(-_HALF_PI[2], ((left - r) - taken) - lost)
    size = x.abs()
    far = (size > _NEAR) & (size < math.inf)
    return _where_far(far, x, (shifted.bits(), r, rest))


def _where_far(
    far: Number, x: Number, near: tuple[Number, Number, Number]
) -> tuple[Number, Number, Number]:
    """``near``, but where ``far`` holds the reduction of large arguments, lane by lane."""
    v = x.v
    before = v.builder.block
    with v.builder.if_then(v.any(far.value), likely=False):
        found = _reduce_lanes(v, choose(far, x, 2.0 * _NEAR).value)
        chosen = [choose(far, each, old) for each, old in zip(found, near, strict=True)]
        inside = v.builder.block
    joined = []
    for new, old in zip(chosen, near, strict=True):
        phi = v.builder.phi(old.value.type)
        phi.add_incoming(new.value, inside)
        phi.add_incoming(old.value, before)
        joined.append(old.like(phi))
    return joined[0], joined[1], joined[2]


def _reduce_lanes(v: Vectors, x: Value) -> list[Number]:
    kinds = (INT64, FLOAT64, FLOAT64)
    vectors = [ir.Constant(v.type(kind), ir.Undefined) for kind in kinds]
    result = ir.LiteralStructType([_I64, _DOUBLE, _DOUBLE])
    for lane in range(v.lanes):
        number = v.lane(x, lane)
        parts = v.shared("reduce_large_angle", result, _reduce_large, number)
        for i in range(3):
            part = v.builder.extract_value(parts, i)
            vectors[i] = v.builder.insert_element(vectors[i], part, ir.IntType(32)(lane))
    return [Number(v, kind, each) for kind, each in zip(kinds, vectors, strict=True)]


def _reduce_large(v: Vectors, x: Value) -> Value:
    """The reduction of one large float64, after Payne and Hanek.

    With ``x = m * 2**e``, bits of 2/π that stand for multiples of 4 after the multiplication are
    left out. 192 bits of the product with the rest hold two bits of the quadrant and the fraction.
    """
    b = v.builder
    bits = b.bitcast(x, _I64)
    exponent = b.and_(b.lshr(bits, _I64(52)), _I64(0x7FF))
    mantissa = b.or_(b.and_(bits, _I64(2**52 - 1)), _I64(2**52))
    words = _times_two_over_pi(v, mantissa, b.sub(exponent, _I64(1075)))
    quadrant = b.lshr(b.add(words[0], _I64(2**61)), _I64(62))
    fraction = [_funnel(v, words[0], words[1], _I64(2)), _funnel(v, words[1], words[2], _I64(2))]
    fraction.append(b.shl(words[2], _I64(2)))
    below = b.ashr(fraction[0], _I64(63))  # all ones where the fraction is 1/2 or more
    high, low = _as_doubles(v, [b.xor(each, below) for each in fraction])
    r, rest = _times_half_pi(v, high, low)
    negative = b.xor(b.icmp_signed("<", below, _I64(0)), b.icmp_signed("<", bits, _I64(0)))
    turned = b.select(b.icmp_signed("<", bits, _I64(0)), b.neg(quadrant), quadrant)
    result = ir.Constant(ir.LiteralStructType([_I64, _DOUBLE, _DOUBLE]), ir.Undefined)
    for i, each in enumerate((r, rest)):
        signed = b.select(negative, b.fneg(each), each)
        result = b.insert_value(result, signed, i + 1)
    return b.insert_value(result, turned, 0)


def _times_two_over_pi(v: Vectors, mantissa: Value, exponent: Value) -> list[Value]:
    """The 192 bits of ``mantissa * 2**exponent * 2 / π`` whose highest stands for 2."""
    b = v.builder
    start = b.add(exponent, _I64(_LEADING - 2))
    first, shift = b.lshr(start, _I64(6)), b.and_(start, _I64(63))
    table = _table(v.module)
    read = []
    for i in range(4):
        place = b.gep(table, [b.add(first, _I64(i))], source_etype=_I64)
        read.append(b.load(place, align=8, typ=_I64))
    window = [_funnel(v, read[i], read[i + 1], shift) for i in range(3)]
    wide = b.zext(mantissa, _I128)
    carried: Value = _I128(0)
    words = []
    for word in reversed(window):
        product = b.add(b.mul(wide, b.zext(word, _I128)), carried)
        words.append(b.trunc(product, _I64))
        carried = b.lshr(product, _I128(64))
    return words[::-1]


def _as_doubles(v: Vectors, fraction: list[Value]) -> tuple[Value, Value]:
    """A positive fraction of 192 bits as the sum of two float64."""
    b = v.builder
    zeros = _call(v, "llvm.ctlz.i64", _I64, fraction[0], ir.IntType(1)(0))
    high = _funnel(v, fraction[0], fraction[1], zeros)
    low = _funnel(v, fraction[1], fraction[2], zeros)
    first = b.uitofp(b.lshr(high, _I64(11)), _DOUBLE)
    tail = b.or_(b.shl(b.and_(high, _I64(2047)), _I64(42)), b.lshr(low, _I64(22)))
    second = b.uitofp(tail, _DOUBLE)
    scale = b.bitcast(b.shl(b.sub(_I64(1023 - 53), zeros), _I64(52)), _DOUBLE)
    return b.fmul(first, scale), b.fmul(b.fmul(second, _DOUBLE(2.0**-53)), scale)


def _times_half_pi(v: Vectors, high: Value, low: Value) -> tuple[Value, Value]:
    b = v.builder
    first, second = _DOUBLE(_HALF_PI[0]), _DOUBLE(_HALF_PI[1])
    product = b.fmul(high, first)
    rest = _fma(v, high, first, b.fneg(product))
    rest = _fma(v, high, second, _fma(v, low, first, rest))
    total = b.fadd(product, rest)
    return total, b.fadd(b.fsub(product, total), rest)


def _fma(v: Vectors, a: Value, b: Value, c: Value) -> Value:
    return _call(v, "llvm.fma.f64", _DOUBLE, a, b, c)


def _funnel(v: Vectors, high: Value, low: Value, places: Value) -> Value:
    """The upper word of two, moved to the left together."""
    return _call(v, "llvm.fshl.i64", _I64, high, low, places)


def _call(v: Vectors, name: str, kind: Any, *operands: Value) -> Value:
    """Calls an intrinsic of scalars."""
    function = v.module.globals.get(name)
    if function is None:
        signature = ir.FunctionType(kind, [each.type for each in operands])
        function = ir.Function(v.module, signature, name)
    return v.builder.call(function, operands)


def _table(module: Any) -> Value:
    """The bits of 2/π as a constant of the module."""
    name = "two_over_pi"
    if name not in module.globals:
        kind = ir.ArrayType(_I64, _WORDS)
        table = ir.GlobalVariable(module, kind, name)
        table.initializer = ir.Constant(kind, [_I64(word) for word in _two_over_pi()])
        table.global_constant = True
        table.linkage = "internal"
    return module.globals[name].bitcast(ir.PointerType())


@functools.cache
def _two_over_pi() -> tuple[int, ...]:
    """Zeros and the bits of 2/π behind the point, in words; π is Machin's."""
    count = 64 * _WORDS - _LEADING
    guard = count + 64

    def arcus_cotangent(n: int) -> int:
        term = total = (1 << guard) // n
        k, square = 3, n * n
        while term:
            term //= -square
            total += term // k
            k += 2
        return total

    half_pi = 2 * (4 * arcus_cotangent(5) - arcus_cotangent(239))
    bits = (1 << (guard + count)) // half_pi
    return tuple(bits >> (64 * i) & (2**64 - 1) for i in reversed(range(_WORDS)))


# Inverse functions


def asin(x: Number) -> Number:
    """The arcus sine, within 2.5 ulp."""
    right, lacking = _RIGHT_ANGLE[x.dtype]
    steep, angle = _half_angle(x)
    far = right - ((angle + angle) - lacking)
    return choose(steep, far, angle).with_sign_of(x)


def acos(x: Number) -> Number:
    """The arcus cosine, within 1.5 ulp."""
    right, lacking = _RIGHT_ANGLE[x.dtype]
    steep, angle = _half_angle(x)
    double = angle + angle
    behind = 2.0 * right - (double - 2.0 * lacking)
    signed = angle.with_sign_of(x)
    return choose(steep, choose(x < 0.0, behind, double), right - (signed - lacking))


def _half_angle(x: Number) -> tuple[Number, Number]:
    """Where ``|x|`` is over 1/2, and there half the angle to 1, else the arcus sine of ``|x|``."""
    size = x.abs()
    steep = size > 0.5
    z = choose(steep, size.times_plus(-0.5, 0.5), size * size)
    s = choose(steep, z.intrinsic("sqrt"), size)
    return steep, (s * z).times_plus(horner(z, polynomials.ASIN[x.dtype]), s)


def atan(x: Number) -> Number:
    """The arcus tangent, within 2 ulp."""
    return _angle(x.abs(), x.constant(1.0)).with_sign_of(x)


def atan2(y: Number, x: Number) -> Number:
    """The angle of the point ``(x, y)``, from -π to π, within 2 ulp."""
    right, lacking = _RIGHT_ANGLE[x.dtype]
    angle = _angle(y.abs(), x.abs())
    behind = x.sign_bit().differs(0)
    angle = choose(behind, 2.0 * right - (angle - 2.0 * lacking), angle)
    return angle.with_sign_of(y)


def _angle(y: Number, x: Number) -> Number:
    """The angle of a point both of whose coordinates are positive, infinite, 0 or NaN."""
    right, lacking = _RIGHT_ANGLE[x.dtype]
    swap = y > x
    small, large = choose(swap, x, y), choose(swap, y, x)
    # Sums of the largest numbers would be infinite.
    scale = choose(large > 2.0**125, 0.25, large.constant(1.0))
    small, large = small * scale, large * scale
    middle = small > large * math.tan(math.pi / 8)
    t = choose(middle, small - large, small) / choose(middle, small + large, large)
    equal = small.equals(large)
    t = choose(equal, 0.0, t)
    z = t * t
    middle = middle | (equal & (small > 0.0))
    base = choose(middle, 0.5 * right, t.constant(0.0))
    rest = choose(middle, 0.5 * lacking, t.constant(0.0))
    bent = (t * z).times_plus(horner(z, polynomials.ATAN[x.dtype]), rest)
    # From the other axis the angle runs the other way.
    base, bent = choose(swap, right - base, base), choose(swap, lacking - bent, bent)
    return base + (choose(swap, -t, t) + bent)
