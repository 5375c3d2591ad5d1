"""What the writer of LLVM IR writes is what LLVM reads."""

from __future__ import annotations

import ctypes
import math
import struct
from typing import Any

import pytest

from tidefall.executor.kernels import loading
from tidefall.executor.kernels import writer as ir
from tidefall.executor.kernels.target import host

INT64, DOUBLE = ir.IntType(64), ir.DoubleType()


def function(module: ir.Module, kind: ir.Type = INT64) -> tuple[ir.Function, ir.IRBuilder]:
    made = ir.Function(module, ir.FunctionType(kind, [kind]), "f")
    return made, ir.IRBuilder(made.append_basic_block("entry"))


def called(module: ir.Module, kind: Any, argument: Any) -> Any:
    loaded = loading.load_object(loading.compile_object(str(module), host()), "f")
    result = ctypes.CFUNCTYPE(kind, kind)(loaded.address)(argument)
    del loaded
    return result


def test_types_that_are_equal_are_one_object() -> None:
    assert ir.VectorType(ir.IntType(8), 4) is ir.VectorType(ir.IntType(8), 4)
    assert ir.VectorType(ir.IntType(8), 4) is not ir.VectorType(ir.IntType(8), 8)
    assert ir.DoubleType() is DOUBLE
    assert str(ir.VectorType(DOUBLE, 4)) == "<4 x double>"
    assert ir.VectorType(DOUBLE, 4).intrinsic_name == "v4f64"


@pytest.mark.parametrize(
    ("constant", "text"),
    [
        (INT64(-3), "i64 -3"),
        (DOUBLE(-0.0), "double 0x8000000000000000"),
        (DOUBLE(math.inf), "double 0x7FF0000000000000"),
        (ir.FloatType()(0.1), "float 0x3FB99999A0000000"),
        (ir.FloatType()(1e60), "float 0x7FF0000000000000"),
        (ir.HalfType()(1.5), "half 0xH3E00"),
        (ir.Constant(ir.VectorType(INT64, 2), [1, 1]), "<2 x i64> splat (i64 1)"),
        (ir.Constant(ir.VectorType(INT64, 2), [1, 2]), "<2 x i64> <i64 1, i64 2>"),
        (ir.Constant(ir.VectorType(INT64, 2), None), "<2 x i64> zeroinitializer"),
        (ir.Constant(INT64, ir.Undefined), "i64 undef"),
        (ir.Constant(ir.ArrayType(INT64, 2), [INT64(3), INT64(4)]), "[2 x i64] [i64 3, i64 4]"),
    ],
    ids=str,
)
def test_constants(constant: ir.Constant, text: str) -> None:
    assert str(constant) == text


def test_a_loop_with_a_branch_in_it() -> None:
    """The sum of the odd numbers below the argument."""
    module = ir.Module("test")
    made, b = function(module)
    loop, after = b.append_basic_block("loop"), b.append_basic_block("after")
    b.branch(loop)
    entry = b.block
    b.position_at_end(loop)
    index, total = b.phi(INT64), b.phi(INT64)
    index.add_incoming(INT64(0), entry)
    total.add_incoming(INT64(0), entry)
    place = b.alloca(INT64)
    b.store(total, place, align=8)
    with b.if_then(b.icmp_signed("==", b.and_(index, INT64(1)), INT64(1)), likely=True):
        b.store(b.add(total, index), place, align=8)
    following = b.add(index, INT64(1))
    index.add_incoming(following, b.block)
    total.add_incoming(b.load(place, align=8, typ=INT64), b.block)
    b.cbranch(b.icmp_signed("<", following, made.args[0]), loop, after)
    b.position_at_end(after)
    b.ret(b.load(place, align=8, typ=INT64))
    assert called(module, ctypes.c_int64, 10) == 25
    assert not made.out_of_order


def test_a_block_that_building_comes_back_to() -> None:
    module = ir.Module("test")
    made, b = function(module)
    first, second = b.block, b.append_basic_block("second")
    b.position_at_end(second)
    b.ret(b.sub(made.args[0], INT64(1)))
    b.position_at_end(first)
    b.mul(made.args[0], INT64(7))
    b.branch(second)
    assert made.out_of_order
    assert called(module, ctypes.c_int64, 10) == 9


@pytest.mark.parametrize("number", [0.1, -0.0, 5e-324, math.inf, 1.7976931348623157e308])
def test_a_float_arrives_bit_for_bit(number: float) -> None:
    module = ir.Module("test")
    made, b = function(module, DOUBLE)
    b.ret(b.select(b.fcmp_ordered("==", made.args[0], DOUBLE(0.0)), DOUBLE(number), made.args[0]))
    assert struct.pack("d", called(module, ctypes.c_double, 0.0)) == struct.pack("d", number)


def test_a_constant_of_a_type_without_constants_is_refused() -> None:
    with pytest.raises(TypeError, match="no constants of type void"):
        ir.VoidType()(1)


def test_what_was_computed_before_is_not_computed_again() -> None:
    made, b = function(ir.Module("test"))
    first = b.add(made.args[0], INT64(1))
    inside, aside = b.append_basic_block("inside"), made.append_basic_block("aside")
    b.position_at_end(inside)
    assert b.add(made.args[0], INT64(1)) is first
    product = b.mul(first, first)
    assert b.mul(first, first) is product
    b.position_at_end(aside)  # from where it comes is not known
    assert b.add(made.args[0], INT64(1)) is not first


def test_memory_is_read_again() -> None:
    made, b = function(ir.Module("test"))
    place = b.alloca(INT64)
    assert b.alloca(INT64) is not place
    before = b.load(place, typ=INT64)
    b.store(made.args[0], place)
    assert b.load(place, typ=INT64) is not before
