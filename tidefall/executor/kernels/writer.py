"""LLVM IR written as text: the builder that kernels are made with.

It has the names and the arguments of the parts of ``llvmlite.ir`` that the engine uses, and is five
times faster, for it keeps no instructions: each is a line of text when it is built, and what is
handed on is a number and a type. So nothing can be changed or inspected afterwards, but for phis,
which get their incoming values later. Types and operands are checked by LLVM when it parses.

What has been computed before is not computed again. For this, a block that a builder appends counts
as reached only through the block that it was building; one that a function appends counts as
reached from anywhere.

Blocks are written in the order in which building in them began. That makes the numbers of values
rise from line to line, as LLVM wants; where a builder returned to an earlier block and went on,
the values of the function are called by names instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tidefall.executor.kernels.writer_types import (
    ArrayType,
    Constant,
    DoubleType,
    FloatType,
    FunctionType,
    HalfType,
    IntType,
    LiteralStructType,
    PointerType,
    Type,
    Undefined,
    Value,
    VectorType,
    VoidType,
    zero_of,
)

__all__ = [
    "ArrayType", "Block", "Constant", "DoubleType", "FloatType", "Function", "FunctionType",
    "GlobalVariable", "HalfType", "IRBuilder", "IntType", "LiteralStructType", "Module", "Phi",
    "PointerType", "Type", "Undefined", "Value", "VectorType", "VoidType",
]  # fmt: skip


# -- values ----------------------------------------------------------------------------------------


class Phi(Value):
    """A value that depends on the block one comes from."""

    __slots__ = ("_incoming",)

    def __init__(self, type: Any, ref: str) -> None:
        super().__init__(type, ref)
        self._incoming: list[str] = []

    def add_incoming(self, value: Value, block: Block) -> None:
        """The value, if one comes from a block."""
        self._incoming.append(f"[{value.ref}, %{block.name}]")

    def __str__(self) -> str:
        return f"{self.ref} = phi {self.type.text} {', '.join(self._incoming)}"


class Block:
    """Instructions one after another; the last one says where to go on.

    Attributes:
      function: Where it is.
      name: Its name.
      before: A block that every way to this one leads through, or None.
      lines: The instructions.
      known: The values computed in it, by what computes them.
    """

    __slots__ = ("before", "function", "known", "lines", "name")

    def __init__(self, function: Function, name: str, before: Block | None) -> None:
        self.function = function
        self.name = name
        self.before = before
        self.lines: list[Any] = []
        self.known: dict[str, Value] = {}

    def find(self, text: str) -> Value | None:
        """The value of an instruction, if it has been computed on every way to here."""
        block: Block | None = self
        while block is not None:
            found = block.known.get(text)
            if found is not None:
                return found
            block = block.before
        return None


class GlobalVariable(Value):
    """A constant or a variable of a module; as a value, its address.

    Attributes:
      initializer: Its first value.
      global_constant: Whether it never changes.
      linkage: How others see it.
    """

    __slots__ = ("_kind", "global_constant", "initializer", "linkage")

    def __init__(self, module: Module, typ: Type, name: str) -> None:
        super().__init__(PointerType(), f"@{name}")
        self._kind = typ
        self.initializer: Any = None
        self.global_constant = False
        self.linkage = ""
        module.globals[name] = self

    def bitcast(self, kind: Type) -> Value:
        """The same address."""
        return self

    def __str__(self) -> str:
        what = "constant" if self.global_constant else "global"
        value = "" if self.initializer is None else f" {self.initializer.ref}"
        linkage = self.linkage or ("external" if self.initializer is None else "")
        return f"{self.ref} = {linkage} {what} {self._kind.text}{value}"


class Function(Value):
    """A function of a module: declared, or with a body of blocks; as a value, its address.

    Attributes:
      function_type: What it takes and gives.
      args: What it is called with.
      linkage: How others see it.
      attributes: What LLVM may rely on.
    """

    __slots__ = ("_blocks", "_count", "_started", "args", "attributes", "function_type", "linkage",
                 "name", "out_of_order")  # fmt: skip

    def __init__(self, module: Module, ftype: FunctionType, name: str) -> None:
        super().__init__(PointerType(ftype), f"@{name}")
        self.name = name
        self.function_type = ftype
        self.args = tuple([Value(kind, f"%{i}") for i, kind in enumerate(ftype.args)])
        self.linkage = ""
        self.attributes: set[str] = set()
        self.out_of_order = False
        self._count = len(self.args)
        self._blocks = 0
        self._started: list[Block] = []
        module.globals[name] = self

    def append_basic_block(self, name: str = "", before: Block | None = None) -> Block:
        """A new block; see `Block` for what is before it."""
        self._blocks += 1
        return Block(self, f"{name or 'b'}{self._blocks}", before)

    def start(self, block: Block) -> None:
        """Notes that building goes on in a block."""
        started = self._started
        if started and started[-1] is block:
            return
        if block in started:
            self.out_of_order = True
        else:
            started.append(block)

    def number(self) -> str:
        """The next value's."""
        number = self._count
        self._count = number + 1
        return f"%{number}"

    def __str__(self) -> str:
        kind = self.function_type
        more = "".join([f" {each}" for each in sorted(self.attributes)])
        if not self._started:
            words = ", ".join([each.text for each in kind.args] + ["..."] * kind.var_arg)
            return f"declare {kind.return_type.text} {self.ref}({words}){more}"
        words = ", ".join([each.typed for each in self.args])
        head = f"define {self.linkage} {kind.return_type.text} {self.ref}({words}){more} {{"
        lines = [head]
        for block in self._started:
            lines.append(f"{block.name}:")
            lines.extend(map(str, block.lines))
        lines.append("}")
        text = "\n".join(lines)
        return re.sub(r"%(\d+)", r"%v\1", text) if self.out_of_order else text


class Module:
    """Functions and constants that are compiled together.

    Attributes:
      name: Its name.
      triple: The machine.
      data_layout: How that lays out memory.
      globals: Functions and constants, by name.
    """

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.triple = ""
        self.data_layout = ""
        self.globals: dict[str, Any] = {}

    def __str__(self) -> str:
        lines = [f"; {self.name}"]
        if self.triple:
            lines.append(f'target triple = "{self.triple}"')
        if self.data_layout:
            lines.append(f'target datalayout = "{self.data_layout}"')
        return "\n".join([*lines, *map(str, self.globals.values()), ""])


# -- instructions ----------------------------------------------------------------------------------

_SIGNED = {"==": "eq", "!=": "ne", "<": "slt", "<=": "sle", ">": "sgt", ">=": "sge"}
_UNSIGNED = {"==": "eq", "!=": "ne", "<": "ult", "<=": "ule", ">": "ugt", ">=": "uge"}
_ORDERED = {
    "==": "oeq", "!=": "one", "<": "olt", "<=": "ole", ">": "ogt", ">=": "oge", "ord": "ord",
}  # fmt: skip
_NOT_ORDERED = {
    "==": "ueq", "!=": "une", "<": "ult", "<=": "ule", ">": "ugt", ">=": "uge", "uno": "uno",
}  # fmt: skip
_BIT = IntType(1)


def _binary(name: str) -> Any:
    def build(self: IRBuilder, lhs: Value, rhs: Value) -> Value:
        return self._add(lhs.type, f"{name} {lhs.typed}, {rhs.ref}")

    return build


def _conversion(name: str) -> Any:
    def build(self: IRBuilder, value: Value, typ: Any) -> Value:
        if value.type is typ:
            return value
        return self._add(typ, f"{name} {value.typed} to {typ.text}")

    return build


def _comparison(kind: str, names: dict[str, str]) -> Any:
    def build(self: IRBuilder, op: str, lhs: Value, rhs: Value) -> Value:
        compared = lhs.type
        vector = isinstance(compared, VectorType)
        result = VectorType(_BIT, compared.count) if vector else _BIT
        return self._add(result, f"{kind} {names[op]} {lhs.typed}, {rhs.ref}")

    return build


class IRBuilder:
    """Writes instructions at the end of a block.

    Attributes:
      block: The block.
    """

    def __init__(self, block: Block | None = None) -> None:
        if block is not None:
            self.position_at_end(block)

    @property
    def function(self) -> Function:
        """The function that is being built."""
        return self.block.function

    @property
    def basic_block(self) -> Block:
        """The block."""
        return self.block

    def position_at_end(self, block: Block) -> None:
        """Goes on in another block."""
        self.block = block
        self._number = block.function.number
        self._line = block.lines.append
        block.function.start(block)

    def append_basic_block(self, name: str = "") -> Block:
        """A new block of the same function, reached only through the one that is being built."""
        return self.block.function.append_basic_block(name, self.block)

    def _add(self, kind: Any, text: str) -> Value:
        """The value of an instruction that depends on nothing but its operands."""
        found = self.block.find(text)
        if found is None:
            found = self.block.known[text] = self._new(kind, text)
        return found

    def _new(self, kind: Any, text: str) -> Value:
        value = Value(kind, self._number())
        self._line(f"{value.ref} = {text}")
        return value

    # Arithmetic

    add, sub, mul = _binary("add"), _binary("sub"), _binary("mul")
    sdiv, udiv, srem, urem = _binary("sdiv"), _binary("udiv"), _binary("srem"), _binary("urem")
    shl, lshr, ashr = _binary("shl"), _binary("lshr"), _binary("ashr")
    and_, or_, xor = _binary("and"), _binary("or"), _binary("xor")
    fadd, fsub, fmul = _binary("fadd"), _binary("fsub"), _binary("fmul")
    fdiv, frem = _binary("fdiv"), _binary("frem")
    icmp_signed = _comparison("icmp", _SIGNED)
    icmp_unsigned = _comparison("icmp", _UNSIGNED)
    fcmp_ordered = _comparison("fcmp", _ORDERED)
    fcmp_unordered = _comparison("fcmp", _NOT_ORDERED)
    trunc, zext, sext = _conversion("trunc"), _conversion("zext"), _conversion("sext")
    fptrunc, fpext, bitcast = _conversion("fptrunc"), _conversion("fpext"), _conversion("bitcast")
    fptosi, fptoui = _conversion("fptosi"), _conversion("fptoui")
    sitofp, uitofp = _conversion("sitofp"), _conversion("uitofp")
    inttoptr, ptrtoint = _conversion("inttoptr"), _conversion("ptrtoint")

    def fneg(self, value: Value) -> Value:
        """``-value`` of floats."""
        return self._add(value.type, f"fneg {value.typed}")

    def neg(self, value: Value) -> Value:
        """``-value`` of integers."""
        return self._add(value.type, f"sub {value.type.text} {zero_of(value.type)}, "
                         f"{value.ref}")  # fmt: skip

    def not_(self, value: Value) -> Value:
        """All bits the other way."""
        kind = value.type
        ones = f"splat ({kind.element.text} -1)" if isinstance(kind, VectorType) else "-1"
        return self._add(kind, f"xor {value.typed}, {ones}")

    def select(self, cond: Value, lhs: Value, rhs: Value) -> Value:
        """``lhs`` where ``cond`` holds, else ``rhs``."""
        return self._add(lhs.type, f"select {cond.typed}, {lhs.typed}, {rhs.typed}")

    # Parts

    def extract_element(self, vector: Value, idx: Value) -> Value:
        """An element of a vector."""
        return self._add(vector.type.element, f"extractelement {vector.typed}, {idx.typed}")

    def insert_element(self, vector: Value, value: Value, idx: Value) -> Value:
        """A vector with another element."""
        return self._add(
            vector.type, f"insertelement {vector.typed}, {value.typed}, {idx.typed}"
        )  # fmt: skip

    def shuffle_vector(self, vector1: Value, vector2: Value, mask: Value) -> Value:
        """Elements of two vectors in any order."""
        kind = VectorType(vector1.type.element, mask.type.count)
        return self._add(kind, f"shufflevector {vector1.typed}, {vector2.typed}, {mask.typed}")

    def extract_value(self, agg: Value, idx: int) -> Value:
        """A part of a struct."""
        return self._add(agg.type.elements[idx], f"extractvalue {agg.typed}, {idx}")

    def insert_value(self, agg: Value, value: Value, idx: int) -> Value:
        """A struct with another part."""
        return self._add(agg.type, f"insertvalue {agg.typed}, {value.typed}, {idx}")

    # Memory

    def alloca(self, typ: Type, size: Value | None = None) -> Value:
        """Memory of the function's own."""
        more = "" if size is None else f", {size.typed}"
        return self._new(PointerType(), f"alloca {typ.text}{more}")

    def load(self, ptr: Value, align: int | None = None, typ: Any = None) -> Value:
        """What lies at an address."""
        more = f", align {align}" if align else ""
        return self._new(typ, f"load {typ.text}, ptr {ptr.ref}{more}")

    def store(self, value: Value, ptr: Value, align: int | None = None) -> None:
        """Writes to an address."""
        more = f", align {align}" if align else ""
        self._line(f"store {value.typed}, ptr {ptr.ref}{more}")

    def gep(self, ptr: Value, indices: Sequence[Value], source_etype: Any = None) -> Value:
        """An address some elements further."""
        places = ", ".join([each.typed for each in indices])
        return self._add(_POINTER, f"getelementptr {source_etype.text}, ptr {ptr.ref}, {places}")

    # Control

    def phi(self, typ: Any) -> Phi:
        """A value that depends on the block one comes from; at the start of a block."""
        value = Phi(typ, self._number())
        self._line(value)
        return value

    def call(self, fn: Value, args: Sequence[Value]) -> Value:
        """Calls a function, or what a pointer to a function points to."""
        result = fn.type.pointee.return_type
        text = f"call {result.text} {fn.ref}({', '.join([each.typed for each in args])})"
        if isinstance(result, VoidType):
            self._line(text)
            return Value(result, "")
        return self._new(result, text)

    def branch(self, target: Block) -> None:
        """Goes on elsewhere."""
        self._line(f"br label %{target.name}")

    def cbranch(self, cond: Value, truebr: Block, falsebr: Block) -> None:
        """Goes on at one of two places."""
        self._line(f"br {cond.typed}, label %{truebr.name}, label %{falsebr.name}")

    @contextmanager
    def if_then(self, pred: Value, likely: bool | None = None) -> Iterator[Block]:
        """What is built inside happens only if ``pred`` holds; it may end the function."""
        inside, after = self.append_basic_block("if"), self.append_basic_block("endif")
        self.cbranch(pred, inside, after)
        self.position_at_end(inside)
        yield after
        if not "".join(map(str, self.block.lines[-1:])).startswith("ret"):
            self.branch(after)
        self.position_at_end(after)

    def ret(self, value: Value) -> None:
        """Ends the function with a result."""
        self._line(f"ret {value.typed}")

    def ret_void(self) -> None:
        """Ends the function."""
        self._line("ret void")

    def unreachable(self) -> None:
        """Says that nothing comes here."""
        self._line("unreachable")


_POINTER = PointerType()
