"""``tf.compat``: text and bytes, and the kinds of numbers."""

from __future__ import annotations

import datetime
import numbers
import os
from typing import Any

import numpy as np

from tidefall.core.exports import export, export_value

export_value("compat.integral_types", (numbers.Integral, np.integer))
export_value("compat.real_types", (numbers.Real, np.integer, np.floating))
export_value("compat.complex_types", (numbers.Complex, np.number))
export_value("compat.bytes_or_text_types", (bytes, str))

#: What was in TensorFlow on this day, graphs made by 1.15 may use.
_HORIZON = datetime.date(2019, 8, 21)


@export("compat.as_bytes")
def as_bytes(bytes_or_text: Any, encoding: str = "utf-8") -> bytes:
    """Text as bytes; bytes as they are.

    Raises:
      TypeError: If it is neither.
    """
    if isinstance(bytes_or_text, str):
        return bytes_or_text.encode(encoding)
    if isinstance(bytes_or_text, bytes):
        return bytes_or_text
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


@export("compat.as_text", "compat.as_str")
def as_text(bytes_or_text: Any, encoding: str = "utf-8") -> str:
    """Bytes as text; text as it is.

    Raises:
      TypeError: If it is neither.
    """
    if isinstance(bytes_or_text, str):
        return bytes_or_text
    if isinstance(bytes_or_text, bytes):
        return bytes_or_text.decode(encoding)
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


@export("compat.as_str_any")
def as_str_any(value: Any) -> str:
    """Anything as text: bytes decoded, other objects by ``str``."""
    return as_text(value) if isinstance(value, bytes) else str(value)


@export("compat.path_to_str")
def path_to_str(path: Any) -> Any:
    """A path object as text; anything else as it is."""
    return as_str_any(os.fspath(path)) if hasattr(path, "__fspath__") else path


@export("compat.forward_compatible")
def forward_compatible(year: int, month: int, day: int) -> bool:
    """Whether graphs may use what TensorFlow could read from that day on."""
    return datetime.date(year, month, day) < _HORIZON
