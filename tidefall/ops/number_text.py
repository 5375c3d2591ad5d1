"""Numbers written as text, many at once.

What counts as a number is what TensorFlow takes for one. Python's own functions take a little
more (``1_000``, ``infinity``) and a little less (``0x1f``), so they are used for plain numbers
only, and one by one for the rest.
"""

from __future__ import annotations

import re
import struct
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidefall.core.dtypes import DType

_PLAIN_FLOAT = b"0123456789.+-eE \t"
_PLAIN_INT = b"0123456789- \t"
_SPACE = b" \t\n\r\v\f"
_HEX = re.compile(rb"([+-]?)0[xX]([0-9a-fA-F]+)")
_DECIMAL = re.compile(rb"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_NAMED = {b"inf": float("inf"), b"nan": float("nan")}
_INTEGER = re.compile(rb"-?[0-9]+")
_FLOAT, _BITS = struct.Struct("<d"), struct.Struct("<Q")
#: The bits of a float64 that a float32 has no room for, and their value half way between two.
_REST, _HALF = np.uint64(0x1FFFFFFF), np.uint64(0x10000000)


class NotANumberError(ValueError):
    """A text that does not write a number of the wanted dtype.

    Attributes:
      index: Which of the texts.
      text: The text.
    """

    def __init__(self, index: int, text: bytes, dtype: DType) -> None:
        super().__init__(f"{text!r} is not a valid {dtype.name}.")
        self.index = index
        self.text = text


def numbers(texts: list[bytes], dtype: DType) -> NDArray[Any]:
    """The numbers that ``texts`` write, as a vector.

    Args:
      texts: The texts.
      dtype: float32, float64, int32 or int64.

    Raises:
      NotANumberError: For the first text that is none.
    """
    if len(texts) == 1:
        found = _one(texts[0], dtype)
        if found is not None:
            return found
    if not dtype.is_floating:
        return _integers(texts, dtype)
    values = _floats(texts, dtype)
    return values if dtype.size == 8 else _singles(values, texts)


def _one(text: bytes, dtype: DType) -> NDArray[Any] | None:
    """The number of a single plain text; None where it takes a closer look."""
    try:
        if not dtype.is_floating:
            if text.translate(None, _PLAIN_INT):
                return None
            whole = int(text)
            fits = -(1 << 31) <= whole < 1 << 31 or dtype.size == 8
            return np.array([whole], dtype.np_dtype) if fits else None
        if text.translate(None, _PLAIN_FLOAT):
            return None
        value = float(text)
    except (ValueError, OverflowError):
        return None
    if dtype.size == 4:
        (bits,) = _BITS.unpack(_FLOAT.pack(value))
        if bits & 0x1FFFFFFF == 0x10000000 or not abs(value) < 3e38:
            return None
    return np.array([value], dtype.np_dtype)


def _floats(texts: list[bytes], dtype: DType) -> NDArray[np.float64]:
    if not b"".join(texts).translate(None, _PLAIN_FLOAT):
        try:
            return np.array(list(map(float, texts)), np.float64)
        except ValueError:
            pass  # found below
    return np.array([_float(i, text, dtype) for i, text in enumerate(texts)], np.float64)


def _float(index: int, text: bytes, dtype: DType) -> float:
    stripped = text.strip(_SPACE)
    if _DECIMAL.fullmatch(stripped):
        return float(stripped)
    named = _NAMED.get(stripped.lstrip(b"+-").lower() if stripped[1:2] not in b"+-" else b"")
    if named is not None:
        return -named if stripped.startswith(b"-") else named
    found = _HEX.fullmatch(stripped)
    if found:
        return float(int(found[2], 16)) * (-1 if found[1] == b"-" else 1)
    if text and not stripped:
        return 0.0  # as TensorFlow reads blanks
    raise NotANumberError(index, text, dtype)


def _singles(values: NDArray[np.float64], texts: list[bytes]) -> NDArray[np.float32]:
    """The float32 nearest to each text, of which ``values`` are the nearest float64."""
    with np.errstate(over="ignore", under="ignore"):
        result = values.astype(np.float32)
    # Rounding twice is wrong only where the first rounding hit the middle of two float32.
    ties = np.flatnonzero((values.view(np.uint64) & _REST) == _HALF)
    for index in ties.tolist():
        result[index] = _nearest_single(texts[index], values[index], result[index])
    return result


def _nearest_single(text: bytes, value: np.float64, rounded: np.float32) -> Any:
    try:
        exact, tie = Decimal(text.strip(_SPACE).decode()), Decimal(float(value))
    except (InvalidOperation, UnicodeDecodeError):
        return rounded
    if exact == tie:
        return rounded
    direction = np.float32(np.inf if exact > tie else -np.inf)
    is_beyond = (float(rounded) > value) == bool(exact > tie)
    return rounded if is_beyond else np.nextafter(rounded, direction)


def _integers(texts: list[bytes], dtype: DType) -> NDArray[Any]:
    if not b"".join(texts).translate(None, _PLAIN_INT):
        try:
            values = np.array(list(map(int, texts)), np.int64)
            if dtype.size == 8:
                return values
            narrow = values.astype(np.int32)
            if np.array_equal(narrow, values):
                return narrow
        except (ValueError, OverflowError):
            pass  # found below
    limits = np.iinfo(dtype.np_dtype)
    result = np.empty(len(texts), dtype.np_dtype)
    for index, text in enumerate(texts):
        stripped = text.strip(_SPACE)
        value = int(stripped) if _INTEGER.fullmatch(stripped) else None
        if value is None or not limits.min <= value <= limits.max:
            raise NotANumberError(index, text, dtype)
        result[index] = value
    return result
