"""Types and constants of LLVM IR, as `tidefall.executor.kernels.writer` writes them."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, Final


class Type:
    """A type; those that are equal are the same object, but for pointers.

    Attributes:
      text: As it is written.
    """

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text

    def __call__(self, value: Any) -> Constant:
        """A constant of this type."""
        return Constant(self, value)

    def spelled(self, value: Any) -> str:
        """A number of this type as it is written."""
        raise TypeError(f"there are no constants of type {self.text}.")

    @property
    def intrinsic_name(self) -> str:
        """How names of intrinsic functions call it."""
        raise TypeError(f"there are no intrinsic functions of type {self.text}.")


_types: dict[Any, Any] = {}


def _one(cls: Any, *arguments: Any) -> Any:
    """The only object of a type that is made of these arguments."""
    key = (cls, *arguments)
    found = _types.get(key)
    return _types.setdefault(key, object.__new__(cls)) if found is None else found


class VoidType(Type):
    """The type of no result."""

    __slots__ = ()

    def __new__(cls) -> VoidType:
        return _one(cls)  # type: ignore[no-any-return]

    def __init__(self) -> None:
        super().__init__("void")


class IntType(Type):
    """Integers of so many bits."""

    __slots__ = ("_constants", "width")

    def __new__(cls, width: int) -> IntType:
        return _one(cls, width)  # type: ignore[no-any-return]

    def __init__(self, width: int) -> None:
        if not hasattr(self, "width"):
            super().__init__(f"i{width}")
            self.width = width
            self._constants: dict[int, Constant] = {}

    def __call__(self, value: Any) -> Constant:
        known = self._constants.get(value)
        if known is None:
            known = Constant(self, value)
            if len(self._constants) < 1024:
                self._constants[value] = known
        return known

    def spelled(self, value: Any) -> str:
        return str(int(value))

    @property
    def intrinsic_name(self) -> str:
        return self.text


class _FloatingPoint(Type):
    """Floating-point numbers, written as their bits."""

    __slots__ = ()
    _NAME = ""
    _INTRINSIC = ""

    def __new__(cls) -> _FloatingPoint:
        return _one(cls)  # type: ignore[no-any-return]

    def __init__(self) -> None:
        super().__init__(self._NAME)

    def spelled(self, value: Any) -> str:
        return f"0x{struct.unpack('>Q', struct.pack('>d', float(value)))[0]:016X}"

    @property
    def intrinsic_name(self) -> str:
        return self._INTRINSIC


class DoubleType(_FloatingPoint):
    """float64."""

    __slots__ = ()
    _NAME, _INTRINSIC = "double", "f64"


class FloatType(_FloatingPoint):
    """float32; a constant is written as the float64 of the same value."""

    __slots__ = ()
    _NAME, _INTRINSIC = "float", "f32"

    def spelled(self, value: Any) -> str:
        try:
            rounded = struct.unpack("f", struct.pack("f", float(value)))[0]
        except OverflowError:
            rounded = float("inf") if value > 0 else float("-inf")
        return super().spelled(rounded)


class HalfType(_FloatingPoint):
    """float16."""

    __slots__ = ()
    _NAME, _INTRINSIC = "half", "f16"

    def spelled(self, value: Any) -> str:
        return f"0xH{struct.unpack('>H', struct.pack('>e', float(value)))[0]:04X}"


class PointerType(Type):
    """A pointer.

    Attributes:
      pointee: What it points to, if that is a function.
    """

    __slots__ = ("pointee",)

    def __init__(self, pointee: Any = None) -> None:
        super().__init__("ptr")
        self.pointee = pointee


class VectorType(Type):
    """Some numbers of one type, computed with at once."""

    __slots__ = ("count", "element")

    def __new__(cls, element: Type, count: int) -> VectorType:
        return _one(cls, element, count)  # type: ignore[no-any-return]

    def __init__(self, element: Type, count: int) -> None:
        super().__init__(f"<{count} x {element.text}>")
        self.element = element
        self.count = count

    @property
    def intrinsic_name(self) -> str:
        return f"v{self.count}{self.element.intrinsic_name}"


class ArrayType(Type):
    """Numbers one after another in memory."""

    __slots__ = ("count", "element")

    def __init__(self, element: Type, count: int) -> None:
        super().__init__(f"[{count} x {element.text}]")
        self.element = element
        self.count = count


class LiteralStructType(Type):
    """Values of several types."""

    __slots__ = ("elements",)

    def __init__(self, elements: Sequence[Type]) -> None:
        super().__init__(f"{{{', '.join([each.text for each in elements])}}}")
        self.elements = tuple(elements)


class FunctionType(Type):
    """What a function takes and gives."""

    __slots__ = ("args", "return_type", "var_arg")

    def __init__(self, return_type: Type, args: Sequence[Type], var_arg: bool = False) -> None:
        words = [each.text for each in args] + ["..."] * var_arg
        super().__init__(f"{return_type.text} ({', '.join(words)})")
        self.return_type = return_type
        self.args = tuple(args)
        self.var_arg = var_arg

    def as_pointer(self) -> PointerType:
        """A pointer to such a function."""
        return PointerType(self)


class Value:
    """Something to compute with.

    Attributes:
      type: Its type.
      ref: How instructions call it.
      typed: The type and that.
    """

    __slots__ = ("ref", "type", "typed")

    def __init__(self, type: Any, ref: str) -> None:
        self.type = type
        self.ref = ref
        self.typed = f"{type.text} {ref}"

    def __str__(self) -> str:
        return self.typed


class _Undefined:
    """The value that `Constant` makes an undefined one of."""


Undefined: Final = _Undefined()


class Constant(Value):
    """A number, numbers, or `Undefined`; None is zero."""

    __slots__ = ()

    def __init__(self, type: Any, value: Any) -> None:
        super().__init__(type, _constant(type, value))


def zero_of(kind: Any) -> str:
    """The zero of a type as it is written."""
    return _constant(kind, None)


def _constant(kind: Any, value: Any) -> str:
    if value is Undefined:
        return "undef"
    if value is None:
        return "zeroinitializer" if isinstance(kind, (VectorType, ArrayType)) else kind.spelled(0)
    if isinstance(kind, (VectorType, ArrayType)):
        words = [(x if isinstance(x, Value) else kind.element(x)).typed for x in value]
        if isinstance(kind, ArrayType):
            return f"[{', '.join(words)}]"
        alike = len(words) > 1 and words.count(words[0]) == len(words)
        return f"splat ({words[0]})" if alike else f"<{', '.join(words)}>"
    return str(kind.spelled(value))
