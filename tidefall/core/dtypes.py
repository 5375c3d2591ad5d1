"""The element types of tensors.

A `DType` is a singleton: ``DType(1) is float32``, so types compare by identity, and what
the graph builder asks of them is a plain attribute, worked out once. Every type ``t`` has
a reference twin ``t._as_ref``, the type of the output of a TF 1.x variable.
"""

import importlib
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tidefall.core.exports import export, export_value

_REF_OFFSET = 100


@export("DType", "dtypes.DType")
class DType:
    """The type of the elements of a tensor.

    Attributes:
      name: Its name, such as ``"float32"`` or ``"float32_ref"``.
      enum: Its number in TensorFlow's ``DataType`` enumeration.
      np_dtype: The `numpy.dtype` that arrays of this type have.
      as_numpy_dtype: The NumPy scalar type (``np.float32``); ``object`` for strings,
        resources and variants.
      base_dtype: The type itself, or for a reference type what it refers to.
    """

    __slots__ = (
        "_as_ref",
        "_is_ref",
        "as_numpy_dtype",
        "base_dtype",
        "enum",
        "is_bool",
        "is_complex",
        "is_floating",
        "is_integer",
        "is_numpy_compatible",
        "is_quantized",
        "is_unsigned",
        "name",
        "np_dtype",
        "real_dtype",
        "size",
    )

    name: str
    enum: int
    np_dtype: "np.dtype[Any]"
    as_numpy_dtype: Any
    base_dtype: "DType"
    real_dtype: "DType"
    size: int
    is_bool: bool
    is_complex: bool
    is_floating: bool
    is_integer: bool
    is_numpy_compatible: bool
    is_quantized: bool
    is_unsigned: bool
    _is_ref: bool
    _as_ref: "DType"

    def __new__(cls, type_enum: int) -> "DType":
        """Returns the one type that has the number ``type_enum``."""
        known = _BY_ENUM.get(int(type_enum))
        if known is None:
            raise TypeError(f"type_enum is not a number of a data type: {type_enum!r}")
        return known

    @classmethod
    def _define(cls, enum: int, name: str, kind: str, numpy_type: Any) -> "DType":
        """Makes the type and its reference twin."""
        base = cls._blank(enum, name, kind, numpy_type)
        reference = cls._blank(enum + _REF_OFFSET, name + "_ref", kind, numpy_type)
        base.base_dtype = reference.base_dtype = base
        base._as_ref = reference._as_ref = reference
        base.real_dtype, reference.real_dtype = base, reference
        return base

    @classmethod
    def _blank(cls, enum: int, name: str, kind: str, numpy_type: Any) -> "DType":
        self = object.__new__(cls)
        self.enum, self.name = enum, name
        self._is_ref = enum > _REF_OFFSET
        if numpy_type is not None:  # else __getattr__ finds it when first asked
            self.np_dtype = np.dtype(numpy_type)
            self.as_numpy_dtype = numpy_type
        self.size = 2 if numpy_type is None else self.np_dtype.itemsize
        if kind == "handle":
            self.size = 1
        self.is_bool = kind == "bool"
        self.is_complex = kind == "complex"
        self.is_floating = kind == "float"
        self.is_unsigned = kind == "unsigned"
        self.is_integer = kind in ("signed", "unsigned")
        self.is_quantized = kind == "quantized"
        self.is_numpy_compatible = kind != "handle"
        _BY_ENUM[enum] = self
        return self

    if not TYPE_CHECKING:  # a type checker should still report misspelt attributes

        def __getattr__(self, name: str) -> Any:
            """Imports bfloat16's NumPy type when it is first wanted."""
            if name in ("np_dtype", "as_numpy_dtype") and self.enum % _REF_OFFSET == 14:
                scalar = importlib.import_module("ml_dtypes").bfloat16
                for each in (self.base_dtype, self._as_ref):
                    each.np_dtype, each.as_numpy_dtype = np.dtype(scalar), scalar
                return object.__getattribute__(self, name)
            raise AttributeError(f"'DType' object has no attribute {name!r}")

    @property
    def as_datatype_enum(self) -> int:
        """The number of the type in TensorFlow's ``DataType`` enumeration."""
        return self.enum

    @property
    def _type_enum(self) -> int:
        return self.enum

    @property
    def _is_ref_dtype(self) -> bool:
        return self._is_ref

    @property
    def min(self) -> Any:
        """The least finite value of the type, as a NumPy scalar or an `int`."""
        return self._bound("min")

    @property
    def max(self) -> Any:
        """The greatest finite value of the type, as a NumPy scalar or an `int`."""
        return self._bound("max")

    def _bound(self, which: str) -> Any:
        if self.is_integer:
            return int(getattr(np.iinfo(self.np_dtype), which))
        if self.base_dtype is bfloat16:
            return self.as_numpy_dtype(float.fromhex("0x1.FEp127") * (1 if which == "max" else -1))
        if self.is_floating:
            return getattr(np.finfo(self.np_dtype), which)
        raise TypeError(f"{self} has no {which}imum value: it is not a real number type.")

    @property
    def limits(self) -> tuple[Any, Any]:
        """The range of intensities that images of this type use: ``(0, greatest)``."""
        if self.is_bool:
            return 0, True
        if self.is_integer:
            return 0, self.max
        if self.base_dtype in (float32, float64):
            return 0, 1
        raise KeyError(f"{self} has no range of intensities.")

    def is_compatible_with(self, other: Any) -> bool:
        """Whether a tensor of type ``other`` may go where this type is wanted.

        A reference can stand for its value, not the other way round.
        """
        other = as_dtype(other)
        return self is other or self is other.base_dtype

    def __eq__(self, other: object) -> bool:
        """Whether ``other`` is this type, or anything `as_dtype` turns into it."""
        if self is other:
            return True
        if other is None or isinstance(other, DType):
            return False
        try:
            return self is as_dtype(other)
        except TypeError:
            return False

    def __hash__(self) -> int:
        return self.enum

    def __int__(self) -> int:
        return self.enum

    def __str__(self) -> str:
        return f"<dtype: {self.name!r}>"

    def __repr__(self) -> str:
        return f"tf.{self.name}"

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return as_dtype, (self.name,)


_BY_ENUM: Final[dict[int, DType]] = {}


def _quantized(name: str, storage: Any) -> "np.dtype[Any]":
    return np.dtype([(name, storage)])


_qint8 = _quantized("qint8", np.int8)
_quint8 = _quantized("quint8", np.uint8)
_qint16 = _quantized("qint16", np.int16)
_quint16 = _quantized("quint16", np.uint16)
_qint32 = _quantized("qint32", np.int32)

float32: Final = DType._define(1, "float32", "float", np.float32)
float64: Final = DType._define(2, "float64", "float", np.float64)
int32: Final = DType._define(3, "int32", "signed", np.int32)
uint8: Final = DType._define(4, "uint8", "unsigned", np.uint8)
int16: Final = DType._define(5, "int16", "signed", np.int16)
int8: Final = DType._define(6, "int8", "signed", np.int8)
string: Final = DType._define(7, "string", "string", np.object_)
complex64: Final = DType._define(8, "complex64", "complex", np.complex64)
int64: Final = DType._define(9, "int64", "signed", np.int64)
bool_: Final = DType._define(10, "bool", "bool", np.bool_)
qint8: Final = DType._define(11, "qint8", "quantized", _qint8)
quint8: Final = DType._define(12, "quint8", "quantized", _quint8)
qint32: Final = DType._define(13, "qint32", "quantized", _qint32)
bfloat16: Final = DType._define(14, "bfloat16", "float", None)
qint16: Final = DType._define(15, "qint16", "quantized", _qint16)
quint16: Final = DType._define(16, "quint16", "quantized", _quint16)
uint16: Final = DType._define(17, "uint16", "unsigned", np.uint16)
complex128: Final = DType._define(18, "complex128", "complex", np.complex128)
float16: Final = DType._define(19, "float16", "float", np.float16)
resource: Final = DType._define(20, "resource", "handle", np.object_)
variant: Final = DType._define(21, "variant", "handle", np.object_)
uint32: Final = DType._define(22, "uint32", "unsigned", np.uint32)
uint64: Final = DType._define(23, "uint64", "unsigned", np.uint64)

half: Final = float16
double: Final = float64

for _complex, _real in ((complex64, float32), (complex128, float64)):
    _complex.real_dtype = _complex._as_ref.real_dtype = _real

ALL: Final = tuple(_BY_ENUM[number] for number in sorted(_BY_ENUM) if number < _REF_OFFSET)
"""Every type that is not a reference, by number."""

QUANTIZED_DTYPES: Final = frozenset(
    each for base in (qint8, quint8, qint16, quint16, qint32) for each in (base, base._as_ref)
)

for _dtype in ALL:
    export_value(_dtype.name, _dtype)
    export_value(f"dtypes.{_dtype.name}", _dtype)
for _name, _value in (("half", half), ("double", double), ("QUANTIZED_DTYPES", QUANTIZED_DTYPES)):
    export_value(_name, _value)
    export_value(f"dtypes.{_name}", _value)

# What `as_dtype` knows without thinking. Keys are kept apart from equal keys of another
# kind (``1 == True == np.bool_(1)``) by only ever asking with types, names and dtypes.
_KNOWN: Final[dict[Any, DType]] = {
    "half": float16,
    "half_ref": float16._as_ref,
    "float": float32,
    "float_ref": float32._as_ref,
    "double": float64,
    "double_ref": float64._as_ref,
    float: float32,
    int: int32,
    bool: bool_,
    complex: complex128,
    str: string,
    bytes: string,
    object: string,
    np.str_: string,
    np.bytes_: string,
    np.object_: string,
    np.dtype(object): string,
}
for _dtype in _BY_ENUM.values():
    _KNOWN[_dtype.name] = _dtype
for _dtype in ALL:
    if _dtype.is_numpy_compatible and _dtype not in (string, bfloat16):
        _KNOWN.setdefault(_dtype.np_dtype, _dtype)
        _KNOWN.setdefault(_dtype.as_numpy_dtype, _dtype)


@export("as_dtype", "dtypes.as_dtype")
def as_dtype(type_value: Any) -> DType:
    """Converts anything that names an element type to the `DType`.

    Args:
      type_value: A `DType`, a number of TensorFlow's ``DataType`` enumeration, a name
        (``"float32"``), a NumPy type or dtype, or one of Python's types ``float`` (float32),
        ``int`` (int32), ``bool``, ``complex`` (complex128), ``str`` and ``bytes``.

    Returns:
      The type.

    Raises:
      TypeError: If ``type_value`` names none.

    >>> as_dtype("half")
    tf.float16
    """
    if type_value.__class__ is DType:
        return type_value
    try:
        if isinstance(type_value, int):
            return _BY_ENUM[type_value]
        return _KNOWN[type_value]
    except (KeyError, TypeError):
        return _as_rare_dtype(type_value)


def _as_rare_dtype(type_value: Any) -> DType:
    if isinstance(type_value, type | np.dtype):
        scalar = type_value.type if isinstance(type_value, np.dtype) else type_value
        if scalar.__name__ == "bfloat16":  # ml_dtypes', or another library's
            return _KNOWN.setdefault(type_value, bfloat16)
        if issubclass(scalar, np.str_ | np.bytes_):
            return string
        if isinstance(type_value, np.dtype) and not type_value.isnative:
            return as_dtype(type_value.newbyteorder("="))
        if scalar in _KNOWN and scalar is not np.void:  # aliases such as np.longlong
            return _KNOWN[scalar]
        if issubclass(scalar, np.generic) and np.dtype(scalar) in _KNOWN:
            return _KNOWN[np.dtype(scalar)]
    raise TypeError(
        f"Cannot convert {type_value!r} to a DType. Give a tf.DType such as tf.float32, its "
        "name, or a NumPy or Python type."
    )
