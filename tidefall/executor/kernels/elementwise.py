"""The table of elementwise primitives: what each builds for vectors, with NumPy's meaning.

To add a primitive, write one function of `Number`s and decorate it with its name. It is then an
entry of `TEMPLATES`, called as ``TEMPLATES[name](v, dtype, *operands)``, where ``dtype`` is the
common dtype of the operands (of ``where``, of all but the condition). The result has that dtype
too, or is a truth value if the name is in `PREDICATES`. Casts are `Vectors.cast`. float16 and
bfloat16 are computed as float32 and rounded after each primitive, as NumPy does.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np

from tidefall.executor.kernels import error_functions, math_functions, trigonometry
from tidefall.executor.kernels.arithmetic import Number, choose, out_of_line
from tidefall.executor.kernels.division import floor_divide, fmod, remainder, truncate_divide
from tidefall.executor.kernels.powers import power
from tidefall.executor.kernels.vectors import (
    BOOL,
    FLOAT32,
    DType,
    Value,
    Vectors,
    is_narrow_float,
    is_signed,
)

Template: TypeAlias = Callable[..., Value]
Definition: TypeAlias = Callable[..., Number]

#: Name of a primitive -> what builds it: ``(v, dtype, *operands) -> value``.
TEMPLATES: Final[dict[str, Template]] = {}

#: The primitives whose result is a truth value.
PREDICATES: Final[set[str]] = set()


def result_dtype(name: str, dtype: DType) -> DType:
    """The dtype of what a primitive gives for operands of ``dtype``."""
    return BOOL if name in PREDICATES else dtype


def template(*names: str, predicate: bool = False) -> Callable[[Definition], Definition]:
    """Enters a function of `Number`s into the table under these names."""

    def enter(function: Definition) -> Definition:
        def build(v: Vectors, dtype: DType, *operands: Value) -> Value:
            numbers = [Number(v, dtype, each) for each in operands]
            return _in_full_precision(function, dtype, *numbers).value

        for name in names:
            TEMPLATES[name] = build
            if predicate:
                PREDICATES.add(name)
        return function

    return enter


def _in_full_precision(function: Definition, dtype: DType, *numbers: Number) -> Number:
    """``function`` of float32 where ``dtype`` is narrower, rounded back."""
    if not is_narrow_float(dtype):
        return function(*numbers)
    result = function(*(each.cast(FLOAT32) for each in numbers))
    return result if result.dtype == BOOL else result.cast(dtype)


def _enter_all(functions: dict[str, Definition], predicate: bool = False) -> None:
    for name, function in functions.items():
        template(name, predicate=predicate)(function)


# Arithmetic


@template("add")
def add(x: Number, y: Number) -> Number:
    return x | y if x.dtype == BOOL else x + y


@template("subtract")
def subtract(x: Number, y: Number) -> Number:
    return x - y


@template("multiply")
def multiply(x: Number, y: Number) -> Number:
    return x & y if x.dtype == BOOL else x * y


@template("divide")
def divide(x: Number, y: Number) -> Number:
    """Of floats; integers, which NumPy would cast before, are rounded towards zero."""
    return x / y if x.is_float else truncate_divide(x, y)


@template("negative")
def negative(x: Number) -> Number:
    return -x


@template("positive")
def positive(x: Number) -> Number:
    return x


@template("abs", "absolute", "fabs")
def absolute(x: Number) -> Number:
    if x.is_float:
        return x.abs()
    return choose(x < 0, -x, x) if is_signed(x.dtype) else x


@template("sign")
def sign(x: Number) -> Number:
    """-1, 0 or 1; a zero keeps no sign, NaN stays."""
    if not x.is_float:
        above = choose(x > 0, 1, x.constant(0))
        return choose(x < 0, -1, above) if is_signed(x.dtype) else above
    zero_or_nan = choose(x.equals(0.0), 0.0, x)
    return choose(x < 0.0, -1.0, choose(x > 0.0, 1.0, zero_or_nan))


@template("square")
def square(x: Number) -> Number:
    return multiply(x, x)


@template("reciprocal")
def reciprocal(x: Number) -> Number:
    return 1.0 / x


@template("sqrt")
def sqrt(x: Number) -> Number:
    return x.intrinsic("sqrt")


@template("rsqrt")
def rsqrt(x: Number) -> Number:
    """``1 / sqrt(x)``, both rounded."""
    return 1.0 / sqrt(x)


# The larger and the smaller


@template("maximum")
def maximum(x: Number, y: Number) -> Number:
    """The larger; NaN where one is NaN."""
    if not x.is_float:
        return x | y if x.dtype == BOOL else choose(x > y, x, y)
    if y.is_known:  # one instruction of most CPUs
        x, y = y, x
    larger = choose(x > y, x, y)
    return larger if x.is_known else choose(x.is_nan(), x, larger)


@template("minimum")
def minimum(x: Number, y: Number) -> Number:
    """The smaller; NaN where one is NaN."""
    if not x.is_float:
        return x & y if x.dtype == BOOL else choose(x < y, x, y)
    if y.is_known:
        x, y = y, x
    smaller = choose(x < y, x, y)
    return smaller if x.is_known else choose(x.is_nan(), x, smaller)


@template("fmax")
def fmax(x: Number, y: Number) -> Number:
    """The larger; where one is NaN the other."""
    return choose(y.is_nan(), x, choose(x > y, x, y)) if x.is_float else maximum(x, y)


@template("fmin")
def fmin(x: Number, y: Number) -> Number:
    """The smaller; where one is NaN the other."""
    return choose(y.is_nan(), x, choose(x < y, x, y)) if x.is_float else minimum(x, y)


@template("clip")
def clip(x: Number, low: Number, high: Number) -> Number:
    return minimum(maximum(x, low), high)


# Rounding


def _rounding(intrinsic: str) -> Callable[[Number], Number]:
    return lambda x: x.intrinsic(intrinsic) if x.is_float else x


_enter_all(
    {
        "floor": _rounding("floor"),
        "ceil": _rounding("ceil"),
        "trunc": _rounding("trunc"),
        "rint": _rounding("rint"),
    }
)

# Truth


_enter_all(
    {
        "equal": lambda x, y: x.equals(y),
        "not_equal": lambda x, y: x.differs(y),
        "less": lambda x, y: x < y,
        "less_equal": lambda x, y: x <= y,
        "greater": lambda x, y: x > y,
        "greater_equal": lambda x, y: x >= y,
        "logical_and": lambda x, y: x.cast(BOOL) & y.cast(BOOL),
        "logical_or": lambda x, y: x.cast(BOOL) | y.cast(BOOL),
        "logical_xor": lambda x, y: x.cast(BOOL) ^ y.cast(BOOL),
        "logical_not": lambda x: ~x.cast(BOOL),
    },
    predicate=True,
)


@template("isnan", predicate=True)
def isnan(x: Number) -> Number:
    return x.is_nan() if x.is_float else x.differs(x)


@template("isinf", predicate=True)
def isinf(x: Number) -> Number:
    return x.abs().equals(math.inf) if x.is_float else x.differs(x)


@template("isfinite", predicate=True)
def isfinite(x: Number) -> Number:
    return x.abs() < math.inf if x.is_float else x.equals(x)


def _where(v: Vectors, dtype: DType, condition: Value, x: Value, y: Value) -> Value:
    """``x`` where ``condition``, a vector of truth values, holds, else ``y``."""
    return v.select(condition, x, y)


TEMPLATES["where"] = _where

# Bits


def _shifted_left(x: Number, places: Number) -> Number:
    """Moved out entirely by as many places as there are bits."""
    return choose(_in_range(x, places), x << places, 0)


def _shifted_right(x: Number, places: Number) -> Number:
    """All zeros, or all copies of the sign, by as many places as there are bits."""
    last = places.constant(8 * x.dtype.itemsize - 1)
    rest = x >> last if is_signed(x.dtype) else x.constant(0)
    return choose(_in_range(x, places), x >> places, rest)


def _in_range(x: Number, places: Number) -> Number:
    """Whether ``places``, read as a positive number, is less than the number of bits."""
    unsigned = Number(places.v, np.dtype(f"u{places.dtype.itemsize}"), places.value)
    return unsigned < 8 * x.dtype.itemsize


_enter_all(
    {
        "bitwise_and": lambda x, y: x & y,
        "bitwise_or": lambda x, y: x | y,
        "bitwise_xor": lambda x, y: x ^ y,
        "bitwise_invert": lambda x: ~x,
        "left_shift": _shifted_left,
        "right_shift": _shifted_right,
    }
)

# Functions, the long ones once a module

_INLINE = {
    name: getattr(math_functions, name)
    for name in "exp exp2 expm1 log log2 log10 log1p log1p_fraction tanh logaddexp".split()
}
_OUT_OF_LINE = {
    **{name: getattr(math_functions, name) for name in "sinh cosh asinh acosh atanh".split()},
    **{name: getattr(trigonometry, name) for name in "sin cos tan asin acos atan atan2".split()},
    "erf": error_functions.erf,
    "erfc": error_functions.erfc,
    "power": power,
    "floor_divide": floor_divide,
    "remainder": remainder,
    "fmod": fmod,
}

_enter_all(_INLINE)
_enter_all({name: out_of_line(name, function) for name, function in _OUT_OF_LINE.items()})
