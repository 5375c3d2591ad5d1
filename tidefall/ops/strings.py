"""Strings: cases, parts, lengths, numbers written and read, base 64."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.dtypes import DType
from tidefall.core.exports import export
from tidefall.core.shapes import UNKNOWN, Shape
from tidefall.ir.opdef import HOST
from tidefall.ops import shapes
from tidefall.ops.number_text import numbers
from tidefall.ops.registry import (
    INDICES,
    Int32,
    Namespace,
    String,
    T,
    TypeAttr,
    op,
    out_type,
)
from tidefall.ops.texts import as_texts, each, texts

_UNITS = ("BYTE", "UTF8_CHAR")
#: The bytes that begin a character of UTF-8.
_CHARACTER = re.compile(rb"[^\x80-\xbf][\x80-\xbf]*|[\x80-\xbf]+", re.DOTALL)


def _characters(text: bytes) -> list[bytes]:
    """The characters of a text in UTF-8, whether it is valid or not."""
    return _CHARACTER.findall(text)


@op("StringLength", runs_on=HOST, shape=shapes.unchanged, allowed={"unit": _UNITS})
def string_length_op(xp: Namespace, input: String, *, unit: str = "BYTE") -> Int32:
    """The length of each string."""
    array = as_texts(input)
    items = array.reshape(-1).tolist()
    sizes = [len(t) if unit == "BYTE" else len(re.findall(rb"[^\x80-\xbf]", t)) for t in items]
    return np.array(sizes, np.int32).reshape(array.shape)


@export("strings.length")
def string_length(input: Any, name: str | None = None, unit: str = "BYTE") -> Any:
    """The length of each string.

    Args:
      input: Strings.
      name: The name of the node.
      unit: What is counted: ``"BYTE"`` or ``"UTF8_CHAR"``.

    >>> tf.Session().run(tf.strings.length(["word", "Wörter"], unit="UTF8_CHAR"))
    array([4, 6], dtype=int32)
    """
    return string_length_op(input, unit=unit, name=name)


def _in_case(value: Any, encoding: str, ascii_only: Callable[[bytes], bytes], name: str) -> Any:
    if encoding == "":
        return each(ascii_only, value)
    if encoding != "utf-8":
        raise ValueError(f"encoding must be '' or 'utf-8', not {encoding!r}.")
    return each(lambda text: getattr(text.decode(errors="replace"), name)().encode(), value)


@op("StringLower", runs_on=HOST, shape=shapes.unchanged, export="strings.lower")
def string_lower(xp: Namespace, input: String, *, encoding: str = "") -> String:
    """Strings in lower case.

    Args:
      input: Strings.
      encoding: ``"utf-8"`` for all letters there are, ``""`` for those of ASCII.
      name: The name of the node.
    """
    return _in_case(input, encoding, bytes.lower, "lower")


@op("StringUpper", runs_on=HOST, shape=shapes.unchanged, export="strings.upper")
def string_upper(xp: Namespace, input: String, *, encoding: str = "") -> String:
    """Strings in upper case.

    Args:
      input: Strings.
      encoding: ``"utf-8"`` for all letters there are, ``""`` for those of ASCII.
      name: The name of the node.
    """
    return _in_case(input, encoding, bytes.upper, "upper")


@op("StringStrip", runs_on=HOST, shape=shapes.unchanged,
    export=("string_strip", "strings.strip"))  # fmt: skip
def string_strip(xp: Namespace, input: String) -> String:
    """Strings without the blanks at both ends.

    Args:
      input: Strings.
      name: The name of the node.
    """
    return each(lambda text: text.strip(b" \t\n\v\f\r"), input)


# -- parts ----------------------------------------------------------------------------------------


@op("Substr", T=INDICES, runs_on=HOST, allowed={"unit": _UNITS}, differentiable=False)
def substr_op(xp: Namespace, input: String, pos: T, len: T, *, unit: str = "BYTE") -> String:
    """A part of each string."""
    array, starts, sizes = np.broadcast_arrays(as_texts(input), pos, len)
    found = []
    parts = zip(array.reshape(-1).tolist(), starts.flat, sizes.flat, strict=True)
    for index, (text, start, size) in enumerate(parts):
        items = text if unit == "BYTE" else _characters(text)
        found.append(_part(items, int(start), int(size), index))
    return texts(found, array.shape)


def _part(items: Any, start: int, size: int, index: int) -> bytes:
    whole = items if isinstance(items, bytes) else b"".join(items)
    if not -len(items) <= start <= len(items):
        raise ValueError(
            f"pos {start} is out of range for string {whole!r} of length {len(items)} (element "
            f"{index})."
        )
    first = start + len(items) if start < 0 else start
    part = items[first : first + max(size, 0)]
    return part if isinstance(part, bytes) else b"".join(part)


@substr_op.shape
def _substr_shape(input: Shape, pos: Shape, size: Shape) -> Shape:
    if pos.rank is not None and size.rank is not None and pos.rank != size.rank:
        raise ValueError(f"pos and len must be of one shape, but are {pos} and {size}.")
    pos.merge_with(size)
    if input.rank is None or pos.rank is None:
        return UNKNOWN
    return shapes.broadcast(input, pos)


@export("strings.substr")
def substr(input: Any, pos: Any, len: Any, name: str | None = None, unit: str = "BYTE") -> Any:
    """A part of each string.

    Args:
      input: Strings.
      pos: Where the part begins; counted from the end if negative.
      len: How long it is; of a shape with ``pos``, and broadcast with the strings.
      name: The name of the node.
      unit: What is counted: ``"BYTE"`` or ``"UTF8_CHAR"``.

    >>> tf.Session().run(tf.strings.substr(["Hello", "World"], 1, 3))
    array([b'ell', b'orl'], dtype=object)
    """
    return substr_op(input, pos, len, unit=unit, name=name)


export("substr")(substr)


# -- numbers --------------------------------------------------------------------------------------

_NUMBERS = TypeAttr((dtypes.float32, dtypes.float64, dtypes.int32, dtypes.int64), dtypes.float32)


@op("StringToNumber", out_type=_NUMBERS, runs_on=HOST, shape=shapes.unchanged)
def string_to_number_op(xp: Namespace, string_tensor: String, *, out_type: DType) -> out_type:
    """The number that each string writes."""
    array = as_texts(string_tensor)
    return numbers(array.reshape(-1).tolist(), out_type).reshape(array.shape)


@export("string_to_number", "strings.to_number")
def string_to_number(
    string_tensor: Any = None,
    out_type: Any = dtypes.float32,
    name: str | None = None,
    input: Any = None,
) -> Any:
    """The number that each string writes.

    Args:
      string_tensor: Strings.
      out_type: float32, float64, int32 or int64.
      name: The name of the node.
      input: A newer name of ``string_tensor``.

    >>> tf.Session().run(tf.string_to_number(["1.5", "-2e3"]))
    array([ 1.5e+00, -2.0e+03], dtype=float32)
    """
    if string_tensor is not None and input is not None:
        raise ValueError("'string_tensor' and 'input' are one argument; give one of them.")
    given = input if string_tensor is None else string_tensor
    return string_to_number_op(given, out_type=out_type, name=name)


_WRITTEN = (
    dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64, dtypes.complex64, dtypes.complex128,
    dtypes.float32, dtypes.float64, dtypes.bool_,
)  # fmt: skip


@op("AsString", T=_WRITTEN, runs_on=HOST, shape=shapes.unchanged, differentiable=False,
    export=("as_string", "strings.as_string"))  # fmt: skip
def as_string(
    xp: Namespace, input: T, *, precision: int = -1, scientific: bool = False,
    shortest: bool = False, width: int = -1, fill: str = "",
) -> String:  # fmt: skip
    """Numbers and truth values as strings.

    Args:
      input: The numbers.
      precision: How many digits after the point; 6 if negative.
      scientific: Whether floats are written with an exponent.
      shortest: Whether floats are written in the shorter of the two ways.
      width: The least length of a string; it is filled up on the left.
      fill: What with: a blank, ``"0"``; ``"-"`` fills on the right; ``"+"`` writes the sign.
      name: The name of the node.

    >>> tf.Session().run(tf.as_string([3.14159, 2.0], precision=2))
    array([b'3.14', b'2.00'], dtype=object)
    """
    array = np.asarray(input)
    layout = _layout(array.dtype, precision, scientific, shortest, width, fill)
    items = array.reshape(-1).tolist()
    if array.dtype.kind == "c":
        written = [f"({layout % z.real},{layout % z.imag})" for z in items]
    elif array.dtype.kind == "b":
        written = ["true" if item else "false" for item in items]
    else:
        written = [layout % item for item in items]
    return texts([text.encode() for text in written], array.shape)


def _layout(
    dtype: np.dtype[Any], precision: int, scientific: bool, shortest: bool, width: int, fill: str
) -> str:
    if len(fill) > 1:
        raise ValueError(f"fill must be one character, not {fill!r}.")
    if scientific and shortest:
        raise ValueError("scientific and shortest cannot both be true.")
    is_float = dtype.kind in "fc"
    if not is_float and (scientific or shortest):
        raise ValueError(f"scientific and shortest are for floats, not for {dtype.name}.")
    if not is_float and precision >= 0:
        raise ValueError(f"precision is for floats, not for {dtype.name}.")
    kind = "d" if dtype.kind == "i" else "s"
    if is_float:
        kind = "e" if scientific else "g" if shortest else "f"
    size = str(width) if width > -1 else ""
    digits = f".{precision}" if precision > -1 else ""
    return f"%{fill}{size}{digits}{kind}"


# -- base 64 --------------------------------------------------------------------------------------


@op("EncodeBase64", runs_on=HOST, shape=shapes.unchanged,
    export=("encode_base64", "io.encode_base64"))  # fmt: skip
def encode_base64(xp: Namespace, input: String, *, pad: bool = False) -> String:
    """Strings in base 64, with the alphabet that is safe in addresses of the web.

    Args:
      input: Strings.
      pad: Whether to fill up with ``=``.
      name: The name of the node.
    """
    if pad:
        return each(base64.urlsafe_b64encode, input)
    return each(lambda text: base64.urlsafe_b64encode(text).rstrip(b"="), input)


@op("DecodeBase64", runs_on=HOST, shape=shapes.unchanged,
    export=("decode_base64", "io.decode_base64"))  # fmt: skip
def decode_base64(xp: Namespace, input: String) -> String:
    """Strings decoded from base 64, with the alphabet that is safe in addresses of the web.

    Args:
      input: Strings.
      name: The name of the node.
    """
    return each(_from_base64, input)


_BASE64 = re.compile(rb"[A-Za-z0-9_-]*={0,2}")


def _from_base64(text: bytes) -> bytes:
    digits = text.rstrip(b"=")
    is_padded = len(digits) < len(text)
    if not _BASE64.fullmatch(text) or len(digits) % 4 == 1 or (is_padded and len(text) % 4):
        raise ValueError(f"{text!r} is not in the base 64 of web addresses.")
    try:
        return base64.urlsafe_b64decode(digits + b"=" * (-len(digits) % 4))
    except binascii.Error as error:
        raise ValueError(f"{text!r} is not in base 64: {error}.") from error
