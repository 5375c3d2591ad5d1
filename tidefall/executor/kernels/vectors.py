"""Vectors of LLVM: types, constants, memory, casts and sums for a fixed number of lanes.

A `Vectors` wraps the builder of a function. Every value it hands out has the same number of
lanes, whatever its dtype; where that is wider or narrower than a register, LLVM splits or pads.
The number of lanes is a power of two, and may be 1, so that the same code serves what remains
after the last full vector.

A truth value is one bit in a register and a byte in memory. A bfloat16 is its 16 bits, and is
computed with as a float32; see `tidefall.executor.kernels.elementwise`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import ml_dtypes
import numpy as np

from tidefall.executor.kernels.llvm import ir

DType: TypeAlias = "np.dtype[Any]"
#: A value of LLVM's IR: a vector, a scalar or a pointer. (llvmlite has no annotations.)
Value: TypeAlias = Any

BOOL: DType = np.dtype(np.bool_)
INT32: DType = np.dtype(np.int32)
INT64: DType = np.dtype(np.int64)
FLOAT16: DType = np.dtype(np.float16)
FLOAT32: DType = np.dtype(np.float32)
FLOAT64: DType = np.dtype(np.float64)
BFLOAT16: DType = np.dtype(ml_dtypes.bfloat16)

_FLOATS = {FLOAT16: ir.HalfType(), FLOAT32: ir.FloatType(), FLOAT64: ir.DoubleType()}
_INDEX = ir.IntType(32)
#: So many constants are kept.
_MOST_CONSTANTS = 4096


def is_float(dtype: DType) -> bool:
    """Whether ``dtype`` holds floating-point numbers."""
    return dtype in _FLOATS or dtype == BFLOAT16


def is_narrow_float(dtype: DType) -> bool:
    """Whether numbers of ``dtype`` are computed with as float32, and rounded after each step."""
    return dtype in (FLOAT16, BFLOAT16)


def is_signed(dtype: DType) -> bool:
    """Whether ``dtype`` holds signed integers."""
    return dtype.kind == "i"


def supported(dtype: DType) -> bool:
    """Whether there are vectors of ``dtype``."""
    return dtype.kind in "biu" or is_float(dtype)


class Vectors:
    """Builds operations on vectors of a fixed number of lanes.

    Attributes:
      builder: Where instructions go.
      module: Where intrinsics and shared functions are declared.
      lanes: The number of elements in every vector.
    """

    def __init__(self, builder: Any, module: Any, lanes: int) -> None:
        if lanes < 1 or lanes & (lanes - 1):
            raise ValueError(f"the number of lanes is {lanes}; it must be a power of two.")
        self.builder = builder
        self.module = module
        self.lanes = lanes

    def with_lanes(self, lanes: int) -> Vectors:
        """The same place to build, with vectors of another length."""
        return Vectors(self.builder, self.module, lanes)

    # Types and constants

    def element(self, dtype: DType) -> Any:
        """The type of one element in a register."""
        return _element(dtype)

    def stored(self, dtype: DType) -> Any:
        """The type of one element in memory."""
        return _stored(dtype)

    def type(self, dtype: DType) -> Any:
        """The type of a vector in registers."""
        return _vector(dtype, self.lanes)

    def constant(self, dtype: DType, number: Any) -> Value:
        """A vector with the same number, rounded to ``dtype``, in every lane."""
        return _constant(dtype, self.lanes, repr(number), number)

    def scalar(self, dtype: DType, number: Any) -> Value:
        """One number as a constant."""
        return _scalar(dtype, number)

    def broadcast(self, dtype: DType, scalar: Value) -> Value:
        """A vector with ``scalar`` in every lane."""
        undefined = ir.Constant(self.type(dtype), ir.Undefined)
        first = self.builder.insert_element(undefined, scalar, _INDEX(0))
        if self.lanes == 1:
            return first
        return self.builder.shuffle_vector(first, undefined, self._places([0] * self.lanes))

    # Memory

    def at(self, dtype: DType, pointer: Value, index: Value | int) -> Value:
        """The address of an element of the array that starts at ``pointer``."""
        place = ir.IntType(64)(index) if isinstance(index, int) else index
        return self.builder.gep(pointer, [place], source_etype=self.stored(dtype))

    def load(self, dtype: DType, pointer: Value) -> Value:
        """The neighbouring elements at ``pointer``, which need be aligned as an element only."""
        stored = ir.VectorType(self.stored(dtype), self.lanes)
        value = self.builder.load(pointer, align=dtype.itemsize, typ=stored)
        return self._from_memory(dtype, value)

    def store(self, dtype: DType, value: Value, pointer: Value) -> None:
        """Writes a vector to neighbouring elements."""
        self.builder.store(self._to_memory(dtype, value), pointer, align=dtype.itemsize)

    def load_scalar(self, dtype: DType, pointer: Value) -> Value:
        """The element at ``pointer``."""
        value = self.builder.load(pointer, align=dtype.itemsize, typ=self.stored(dtype))
        return self._from_memory(dtype, value)

    def store_scalar(self, dtype: DType, value: Value, pointer: Value) -> None:
        """Writes one element."""
        self.store(dtype, value, pointer)

    def _from_memory(self, dtype: DType, value: Value) -> Value:
        if dtype != BOOL:
            return value
        return self.builder.icmp_unsigned("!=", value, ir.Constant(value.type, None))

    def _to_memory(self, dtype: DType, value: Value) -> Value:
        if dtype != BOOL:
            return value
        return self.builder.zext(value, _like(value.type, ir.IntType(8)))

    # Lanes

    def lane(self, value: Value, index: int) -> Value:
        """One element of a vector."""
        return self.builder.extract_element(value, _INDEX(index))

    def shuffle(self, value: Value, places: Sequence[int]) -> Value:
        """The elements of a vector at ``places``."""
        undefined = ir.Constant(value.type, ir.Undefined)
        return self.builder.shuffle_vector(value, undefined, self._places(places))

    def reduce(
        self, dtype: DType, value: Value, combine: Callable[[Vectors, DType, Value, Value], Value]
    ) -> Value:
        """All lanes combined to a scalar: upper half with lower half, until one lane is left.

        Args:
          dtype: The dtype of ``value``.
          value: A vector.
          combine: What combines two vectors; an entry of the table of elementwise primitives.
        """
        lanes = self.lanes
        while lanes > 1:
            lanes //= 2
            low = self.shuffle(value, range(lanes))
            high = self.shuffle(value, range(lanes, 2 * lanes))
            value = combine(self.with_lanes(lanes), dtype, low, high)
        return self.lane(value, 0)

    def sum(self, dtype: DType, value: Value) -> Value:
        """The sum of the lanes, always added in the same order."""
        return self.reduce(dtype, value, lambda v, dtype, a, b: v.add(dtype, a, b))

    def _places(self, places: Sequence[int]) -> Value:
        kind = ir.VectorType(_INDEX, len(places))
        return ir.Constant(kind, [_INDEX(place) for place in places])

    # Arithmetic that everything needs

    def add(self, dtype: DType, a: Value, b: Value) -> Value:
        """``a + b``."""
        if is_narrow_float(dtype):
            return self.as_float32(dtype, self.add, a, b)
        return self.builder.fadd(a, b) if is_float(dtype) else self.builder.add(a, b)

    def fma(self, dtype: DType, a: Value, b: Value, c: Value) -> Value:
        """``a * b + c``; of float32 and float64 rounded once."""
        if is_narrow_float(dtype):
            return self.as_float32(dtype, self.fma, a, b, c)
        if is_float(dtype):
            return self.intrinsic("fma", dtype, a, b, c)
        return self.builder.add(self.builder.mul(a, b), c)

    def select(self, mask: Value, a: Value, b: Value) -> Value:
        """``a`` where ``mask`` is true, else ``b``."""
        return self.builder.select(mask, a, b)

    def intrinsic(self, name: str, dtype: DType, *operands: Value) -> Value:
        """Calls an intrinsic of LLVM whose operands and result are vectors of ``dtype``."""
        kind = self.type(dtype)
        full = f"llvm.{name}.v{self.lanes}{self.element(dtype).intrinsic_name}"
        function = self.module.globals.get(full)
        if function is None:
            signature = ir.FunctionType(kind, [kind] * len(operands))
            function = ir.Function(self.module, signature, full)
        return self.builder.call(function, operands)

    def shared(self, name: str, kind: Any, build: Callable[..., Value], *operands: Value) -> Value:
        """Calls a function that the module holds once, however often it is called.

        Args:
          name: The name of the function, which must tell it apart from all others of the module.
          kind: The type of its result.
          build: Called as ``build(v, *arguments)`` to build its body where it is not yet there; it
            gives the result.
          *operands: What it is called with.
        """
        function = self.module.globals.get(name)
        if function is None:
            signature = ir.FunctionType(kind, [each.type for each in operands])
            function = ir.Function(self.module, signature, name)
            function.linkage = "internal"
            function.attributes.add("nounwind")
            body = Vectors(ir.IRBuilder(function.append_basic_block()), self.module, self.lanes)
            body.builder.ret(build(body, *function.args))
        return self.builder.call(function, operands)

    def any(self, mask: Value) -> Value:
        """Whether a vector of truth values has a true one, as a scalar."""
        whole = ir.IntType(self.lanes)
        return self.builder.icmp_unsigned("!=", self.builder.bitcast(mask, whole), whole(0))

    def as_float32(self, dtype: DType, function: Callable[..., Value], *operands: Value) -> Value:
        """What ``function(float32, ...)`` gives for narrow floats, rounded back to ``dtype``."""
        wide = [self.cast(each, dtype, FLOAT32) for each in operands]
        return self.cast(function(FLOAT32, *wide), FLOAT32, dtype)

    # Bits

    def bits(self, dtype: DType, value: Value) -> Value:
        """The bits of floats, as integers of the same size."""
        if dtype == BFLOAT16:
            return value
        return self.builder.bitcast(value, self.type(bits_dtype(dtype)))

    def from_bits(self, dtype: DType, value: Value) -> Value:
        """The floats that these integers are the bits of."""
        return value if dtype == BFLOAT16 else self.builder.bitcast(value, self.type(dtype))

    # Casts

    def cast(self, value: Value, from_dtype: DType, to_dtype: DType) -> Value:
        """Converts as NumPy's ``astype`` does.

        A float that an integer dtype cannot hold becomes an unspecified number, as in NumPy.
        """
        if from_dtype == to_dtype:
            return value
        if from_dtype == BFLOAT16:
            return self.cast(self._from_bfloat16(value), FLOAT32, to_dtype)
        if to_dtype == BOOL:
            return self._non_zero(value, from_dtype)
        if to_dtype == BFLOAT16:
            return self._to_bfloat16(value, from_dtype)
        if is_float(from_dtype):
            to_float = is_float(to_dtype)
            return (self._resize if to_float else self._to_integer)(value, from_dtype, to_dtype)
        if is_float(to_dtype):
            return self._from_integer(value, from_dtype, to_dtype)
        return self._integer(value, from_dtype, to_dtype)

    def _non_zero(self, value: Value, dtype: DType) -> Value:
        zero = self.constant(dtype, 0)
        if is_float(dtype):
            return self.builder.fcmp_unordered("!=", value, zero)
        return self.builder.icmp_unsigned("!=", value, zero)

    def _integer(self, value: Value, from_dtype: DType, to_dtype: DType) -> Value:
        kind = self.type(to_dtype)
        if to_dtype.itemsize < from_dtype.itemsize:
            return self.builder.trunc(value, kind)
        if from_dtype != BOOL and to_dtype.itemsize == from_dtype.itemsize:
            return value
        return (self.builder.sext if is_signed(from_dtype) else self.builder.zext)(value, kind)

    def _from_integer(self, value: Value, from_dtype: DType, to_dtype: DType) -> Value:
        if from_dtype == BOOL:
            return self.select(value, self.constant(to_dtype, 1), self.constant(to_dtype, 0))
        if to_dtype == FLOAT16:  # float32 holds all that float16 does not round to infinity
            return self._resize(self._from_integer(value, from_dtype, FLOAT64), FLOAT64, to_dtype)
        convert = self.builder.sitofp if is_signed(from_dtype) else self.builder.uitofp
        return convert(value, self.type(to_dtype))

    def _to_integer(self, value: Value, from_dtype: DType, to_dtype: DType) -> Value:
        """Through a wider signed integer, as C does, so that what fits the wider one wraps."""
        wide = INT32 if to_dtype.itemsize < 4 or to_dtype == INT32 else INT64
        if to_dtype == np.uint64:
            return self._to_uint64(value, from_dtype)
        whole = self.builder.fptosi(value, self.type(wide))
        return self._integer(whole, wide, to_dtype)

    def _to_uint64(self, value: Value, from_dtype: DType) -> Value:
        """From 2**63 on without its highest bit, which is put back; negative ones wrap."""
        kind = self.type(INT64)
        if from_dtype == FLOAT16:
            return self.builder.fptosi(value, kind)
        limit = self.constant(from_dtype, 2.0**63)
        large = self.builder.fcmp_ordered(">=", value, limit)
        rest = self.builder.fsub(value, limit)
        whole = self.builder.fptosi(self.select(large, rest, value), kind)
        top = self.constant(INT64, -(2**63))
        return self.builder.xor(whole, self.select(large, top, self.constant(INT64, 0)))

    def _resize(self, value: Value, from_dtype: DType, to_dtype: DType) -> Value:
        """Between floats of different sizes."""
        kind = self.type(to_dtype)
        if from_dtype.itemsize < to_dtype.itemsize:
            return self.builder.fpext(value, kind)
        if from_dtype == FLOAT64 and to_dtype == FLOAT16:
            value = self._to_odd(value)
        return self.builder.fptrunc(value, kind)

    def _to_odd(self, value: Value) -> Value:
        """float64 as float32, cut off so that rounding it again does not round twice.

        The last bit of what is left is set where anything was lost (rounding to odd).
        """
        near = self.builder.fptrunc(value, self.type(FLOAT32))
        back = self.builder.fpext(near, self.type(FLOAT64))
        bits = self.bits(FLOAT32, near)
        inexact = self.builder.fcmp_ordered("!=", back, value)
        magnitude = self.intrinsic("fabs", FLOAT64, value)
        beyond = self.builder.fcmp_ordered(">", self.intrinsic("fabs", FLOAT64, back), magnitude)
        one = self.constant(bits_dtype(FLOAT32), 1)
        cut = self.select(beyond, self.builder.sub(bits, one), bits)
        odd = self.select(inexact, self.builder.or_(cut, one), cut)
        return self.from_bits(FLOAT32, odd)

    def _from_bfloat16(self, value: Value) -> Value:
        wide = self.builder.zext(value, self.type(INT32))
        return self.from_bits(FLOAT32, self.builder.shl(wide, self.constant(INT32, 16)))

    def _to_bfloat16(self, value: Value, from_dtype: DType) -> Value:
        """The upper half of a float32, rounded to nearest, to even between two."""
        if from_dtype == FLOAT64:
            single = self._to_odd(value)
        else:
            single = self.cast(value, from_dtype, FLOAT32)
        b = self.builder
        bits = self.bits(FLOAT32, single)
        sixteen = self.constant(INT32, 16)
        even = b.and_(b.lshr(bits, sixteen), self.constant(INT32, 1))
        rounded = b.add(bits, b.add(even, self.constant(INT32, 0x7FFF)))
        sign = b.and_(bits, self.constant(INT32, -0x80000000))
        quiet = b.or_(sign, self.constant(INT32, 0x7FC00000))
        number = b.fcmp_ordered("ord", single, single)
        return b.trunc(b.lshr(self.select(number, rounded, quiet), sixteen), self.type(BFLOAT16))


def bits_dtype(dtype: DType) -> DType:
    """The signed integers of the size of ``dtype``."""
    return np.dtype(f"i{dtype.itemsize}")


@functools.cache
def _stored(dtype: DType) -> Any:
    if not supported(dtype):
        raise TypeError(f"there are no vectors of {dtype}.")
    return _FLOATS.get(dtype) or ir.IntType(8 * dtype.itemsize)


@functools.cache
def _element(dtype: DType) -> Any:
    return ir.IntType(1) if dtype == BOOL else _stored(dtype)


@functools.cache
def _vector(dtype: DType, lanes: int) -> Any:
    return ir.VectorType(_element(dtype), lanes)


def _scalar(dtype: DType, number: Any) -> Value:
    element = _element(dtype)
    if dtype == BFLOAT16:
        return ir.Constant(element, int(dtype.type(number).view(np.uint16)))
    if is_float(dtype):
        return ir.Constant(element, float(dtype.type(number)))
    return ir.Constant(element, int(number))


_constants: dict[tuple[DType, int, str], Value] = {}


def _constant(dtype: DType, lanes: int, name: str, number: Any) -> Value:
    """A vector constant, whose text llvmlite then makes once; ``name`` tells 0.0 from -0.0."""
    key = (dtype, lanes, name)
    found = _constants.get(key)
    if found is None:
        if len(_constants) >= _MOST_CONSTANTS:
            _constants.clear()
        found = ir.Constant(_vector(dtype, lanes), [_scalar(dtype, number)] * lanes)
        _constants[key] = found
    return found


def _like(kind: Any, element: Any) -> Any:
    """``element``, in a vector of as many lanes as ``kind`` has, if that is one."""
    return ir.VectorType(element, kind.count) if isinstance(kind, ir.VectorType) else element
