"""Vectors that can be calculated with, so that a template reads like its formula.

A `Number` is a value of LLVM's IR together with its dtype: ``x * y + 1.0`` builds the instructions.
Python's numbers become constants of the same dtype. Comparisons give a `Number` of truth values.
Floats are float32 or float64 here; narrower ones are cast before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, Union

from tidefall.executor.kernels.llvm import ir
from tidefall.executor.kernels.vectors import (
    BOOL,
    DType,
    Value,
    Vectors,
    bits_dtype,
    is_float,
    is_signed,
)

Operand: TypeAlias = Union["Number", float, int]


class Number:
    """A vector under construction: an IR value, its dtype, and where to build on.

    Attributes:
      v: Builds the instructions.
      dtype: What the lanes hold.
      value: The vector.
    """

    __slots__ = ("dtype", "v", "value")

    def __init__(self, v: Vectors, dtype: DType, value: Value) -> None:
        self.v = v
        self.dtype = dtype
        self.value = value

    @property
    def is_float(self) -> bool:
        return is_float(self.dtype)

    @property
    def is_known(self) -> bool:
        """Whether the lanes are known while building, and none is NaN."""
        if not isinstance(self.value, ir.Constant):
            return False
        text = str(self.value)
        return not any(nan in text for nan in ("0x7ff8", "0xfff8", "0x7FF8", "0xFFF8"))

    def like(self, value: Value) -> Number:
        """Another value of the same dtype."""
        return Number(self.v, self.dtype, value)

    def constant(self, number: float | int) -> Number:
        """A constant of the same dtype."""
        return self.like(self.v.constant(self.dtype, number))

    # Arithmetic. Integers wrap around.

    def __add__(self, other: Operand) -> Number:
        return self._apply("fadd", "add", other)

    def __radd__(self, other: Operand) -> Number:
        return self + other

    def __sub__(self, other: Operand) -> Number:
        return self._apply("fsub", "sub", other)

    def __rsub__(self, other: float | int) -> Number:
        return self.constant(other) - self

    def __mul__(self, other: Operand) -> Number:
        return self._apply("fmul", "mul", other)

    def __rmul__(self, other: Operand) -> Number:
        return self * other

    def __truediv__(self, other: Operand) -> Number:
        return self._apply("fdiv", "sdiv" if is_signed(self.dtype) else "udiv", other)

    def __rtruediv__(self, other: float | int) -> Number:
        return self.constant(other) / self

    def __neg__(self) -> Number:
        builder = self.v.builder
        return self.like((builder.fneg if self.is_float else builder.neg)(self.value))

    def times_plus(self, factor: Operand, term: Operand) -> Number:
        """``self * factor + term``; of floats, rounded once."""
        return self.like(self.v.fma(self.dtype, self.value, self._of(factor), self._of(term)))

    # Comparisons. Of floats they are false where one is NaN, but for ``differs``.

    def __lt__(self, other: Operand) -> Number:
        return self._compare("<", other)

    def __le__(self, other: Operand) -> Number:
        return self._compare("<=", other)

    def __gt__(self, other: Operand) -> Number:
        return self._compare(">", other)

    def __ge__(self, other: Operand) -> Number:
        return self._compare(">=", other)

    def equals(self, other: Operand) -> Number:
        """Where both are the same number."""
        return self._compare("==", other)

    def differs(self, other: Operand) -> Number:
        """Where they are not the same number, or one is NaN."""
        if self.is_float:
            return self._truth(self.v.builder.fcmp_unordered("!=", self.value, self._of(other)))
        return self._compare("!=", other)

    def is_nan(self) -> Number:
        """Where this is not a number."""
        return self._truth(self.v.builder.fcmp_unordered("uno", self.value, self.value))

    # Bits: of integers and truth values

    def __and__(self, other: Operand) -> Number:
        return self.like(self.v.builder.and_(self.value, self._of(other)))

    def __or__(self, other: Operand) -> Number:
        return self.like(self.v.builder.or_(self.value, self._of(other)))

    def __xor__(self, other: Operand) -> Number:
        return self.like(self.v.builder.xor(self.value, self._of(other)))

    def __invert__(self) -> Number:
        return self.like(self.v.builder.not_(self.value))

    def __lshift__(self, other: Operand) -> Number:
        return self.like(self.v.builder.shl(self.value, self._of(other)))

    def __rshift__(self, other: Operand) -> Number:
        """With the sign moved in from above, if the dtype has one."""
        builder = self.v.builder
        shift = builder.ashr if is_signed(self.dtype) else builder.lshr
        return self.like(shift(self.value, self._of(other)))

    def shift_in_zeros(self, places: Operand) -> Number:
        """To the right, with zeros moved in from above."""
        return self.like(self.v.builder.lshr(self.value, self._of(places)))

    # Between dtypes

    def bits(self) -> Number:
        """The bits of floats, as signed integers."""
        return Number(self.v, bits_dtype(self.dtype), self.v.bits(self.dtype, self.value))

    def as_floats(self, dtype: DType) -> Number:
        """The floats that these integers are the bits of."""
        return Number(self.v, dtype, self.v.from_bits(dtype, self.value))

    def cast(self, dtype: DType) -> Number:
        """The same numbers in another dtype, as NumPy converts them."""
        return Number(self.v, dtype, self.v.cast(self.value, self.dtype, dtype))

    def intrinsic(self, name: str, *others: Number) -> Number:
        """An intrinsic function of LLVM."""
        values = [each.value for each in others]
        return self.like(self.v.intrinsic(name, self.dtype, self.value, *values))

    def abs(self) -> Number:
        """``|self|`` of floats."""
        return self.intrinsic("fabs")

    def sign_bit(self) -> Number:
        """The highest bit of each lane, alone, as integers."""
        bits = self.bits()
        return bits & (-1 << (8 * bits.dtype.itemsize - 1))

    def with_sign_of(self, other: Number) -> Number:
        """``|self|`` with the sign of ``other``, zeros' and NaN's too."""
        return self.intrinsic("copysign", other)

    def _of(self, other: Operand) -> Value:
        if isinstance(other, Number):
            return other.value
        return self.v.constant(self.dtype, other)

    def _apply(self, of_floats: str, of_integers: str, other: Operand) -> Number:
        build = getattr(self.v.builder, of_floats if self.is_float else of_integers)
        return self.like(build(self.value, self._of(other)))

    def _compare(self, how: str, other: Operand) -> Number:
        builder = self.v.builder
        if self.is_float:
            compare = builder.fcmp_ordered
        else:
            compare = builder.icmp_signed if is_signed(self.dtype) else builder.icmp_unsigned
        return self._truth(compare(how, self.value, self._of(other)))

    def _truth(self, value: Value) -> Number:
        return Number(self.v, BOOL, value)


def choose(mask: Number, a: Operand, b: Operand) -> Number:
    """``a`` where ``mask`` is true, else ``b``; one of them must be a `Number`."""
    model = a if isinstance(a, Number) else b
    assert isinstance(model, Number)
    first = a if isinstance(a, Number) else model.constant(a)
    second = b if isinstance(b, Number) else model.constant(b)
    return model.like(mask.v.select(mask.value, first.value, second.value))


def at_most(x: Number, limit: Operand) -> Number:
    """``min(x, limit)``, and ``x`` where it is NaN, for a ``limit`` that is not."""
    bound = limit if isinstance(limit, Number) else x.constant(limit)
    return choose(bound < x, bound, x)


def at_least(x: Number, limit: Operand) -> Number:
    """``max(x, limit)``, and ``x`` where it is NaN, for a ``limit`` that is not."""
    bound = limit if isinstance(limit, Number) else x.constant(limit)
    return choose(bound > x, bound, x)


def out_of_line(name: str, function: Callable[..., Number]) -> Callable[..., Number]:
    """``function`` as a function of the module: for what is long and seldom needed.

    Args:
      name: What to call it; dtype and lanes are added.
      function: Of one or more `Number`s of one dtype, which the result has too.
    """

    def call(*numbers: Number) -> Number:
        first = numbers[0]

        def build(v: Vectors, *arguments: Value) -> Value:
            return function(*(Number(v, first.dtype, each) for each in arguments)).value

        full = f"{name}.{first.dtype}x{first.v.lanes}"
        values = [each.value for each in numbers]
        return first.like(first.v.shared(full, first.v.type(first.dtype), build, *values))

    return call


def horner(x: Number, coefficients: tuple[float, ...]) -> Number:
    """The polynomial with these coefficients, the constant one first."""
    result = x.constant(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        result = result.times_plus(x, coefficient)
    return result
