"""Normally distributed numbers from uniform ones: Box and Muller's transform.

In single precision the logarithm, the sine and the cosine are those of `tidefall.array.single`,
step by step, so a kernel draws the very numbers that NumPy draws. In double precision they are
the engine's own.
"""

from __future__ import annotations

import math

import numpy as np

from tidefall.array import single
from tidefall.array.philox import SMALLEST
from tidefall.executor.kernels import math_functions, trigonometry
from tidefall.executor.kernels.arithmetic import Number, at_least, choose
from tidefall.executor.kernels.llvm import ir
from tidefall.executor.kernels.loops import INT64
from tidefall.executor.kernels.vectors import FLOAT32, FLOAT64, INT32, Value, Vectors

_DOUBLE = ir.DoubleType()


def normals(uniform: list[Number]) -> list[Number]:
    """As many normal numbers as there are uniform ones in [0, 1), of which each two make two."""
    found = []
    for first, second in zip(uniform[::2], uniform[1::2], strict=True):
        found += _pair(at_least(first, SMALLEST), second)
    return found


def _pair(first: Number, second: Number) -> list[Number]:
    if first.dtype == FLOAT64:
        sine, cosine = trigonometry.sin_cos(second * (2 * math.pi))
        radius = (math_functions.log(first) * -2.0).intrinsic("sqrt")
    else:
        sine, cosine = _single_sin_cos((second.cast(FLOAT64) * (2 * math.pi)).cast(FLOAT32))
        radius = (_single_log(first) * -2.0).intrinsic("sqrt")
    return [sine * radius, cosine * radius]


def _single_log(x: Number) -> Number:
    """`tidefall.array.single.log`."""
    bits = x.bits()
    exponent = bits - int(single.LOG_OFFSET)
    entry = (exponent >> 19) & 15
    exponent = exponent >> 23
    mantissa = (bits - (exponent << 23)).as_floats(FLOAT32).cast(FLOAT64)
    r = mantissa * _looked_up("log_inverses", single.INVERSES, entry) - 1.0
    whole = exponent.cast(FLOAT64) * single.LOG_2
    result = whole + _looked_up("log_logarithms", single.LOGARITHMS, entry) + r
    square = r * r
    tail = r * single.LOG1P[1] + single.LOG1P[2] + square * single.LOG1P[0]
    return (tail * square + result).cast(FLOAT32)


def _looked_up(name: str, values: np.ndarray, places: Number) -> Number:
    """The elements of a table of float64 that the lanes name."""
    v = places.v
    b = v.builder
    found: Value = ir.Constant(v.type(FLOAT64), ir.Undefined)
    table = _table(v, name, values)
    for lane in range(v.lanes):
        place = b.zext(v.lane(places.value, lane), INT64)
        value = b.load(b.gep(table, [place], source_etype=_DOUBLE), align=8, typ=_DOUBLE)
        found = b.insert_element(found, value, ir.IntType(32)(lane))
    return Number(v, FLOAT64, found)


def _table(v: Vectors, name: str, values: np.ndarray) -> Value:
    """The address of a table that the module holds once."""
    if name not in v.module.globals:
        kind = ir.ArrayType(_DOUBLE, len(values))
        table = ir.GlobalVariable(v.module, kind, name)
        table.initializer = ir.Constant(kind, [_DOUBLE(each) for each in values.tolist()])
        table.global_constant = True
        table.linkage = "internal"
    return v.module.globals[name].bitcast(ir.PointerType())


def _single_sin_cos(x: Number) -> tuple[Number, Number]:
    """`tidefall.array.single.sin_cos`."""
    r = x.cast(FLOAT64)
    quadrant = (r * single.TWO_OVER_PI + 0.5).intrinsic("floor")
    turn = quadrant.cast(INT32)
    r = r - quadrant * single.HALF_PI
    square = r * r
    sine, cosine = _sine(r, square).cast(FLOAT32), _cosine(square).cast(FLOAT32)
    odd = (turn & 1).differs(0)
    first, second = choose(odd, cosine, sine), choose(odd, sine, cosine)
    return _flipped(first, turn & 2), _flipped(second, (turn + 1) & 2)


def _sine(r: Number, square: Number) -> Number:
    cube = r * square
    tail = square * single.SIN[2] + single.SIN[1]
    result = cube * single.SIN[0] + r
    return result + tail * (cube * square)


def _cosine(square: Number) -> Number:
    tail = square * single.COS[4] + single.COS[3]
    result = square * single.COS[1] + single.COS[0]
    power = square * square
    return result + power * single.COS[2] + tail * (power * square)


def _flipped(x: Number, when: Number) -> Number:
    """The sign changed where ``when`` is 2 rather than 0."""
    return (x.bits() ^ (when << 30)).as_floats(FLOAT32)
