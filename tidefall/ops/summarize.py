"""Short texts of arrays, as `tf.Print`, `tf.print` and failed assertions show them."""

from __future__ import annotations

from typing import Any

import numpy as np


def element_text(value: Any, quoted: bool = False) -> str:
    """One element: floats with as many digits as they need, truth as 1 and 0, bytes as text."""
    if isinstance(value, (bytes, str)):
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        return f'"{text}"' if quoted else text
    array = np.asarray(value)
    if array.dtype.kind in "biu":
        return str(int(array))
    if array.dtype.kind == "f" or array.dtype.name == "bfloat16":
        return _float_text(array)
    return "?"


def _float_text(array: Any) -> str:
    if np.isnan(array):
        return "nan"
    if array.dtype == np.float64:
        short = f"{float(array):.15g}"
        return short if float(short) == float(array) else f"{float(array):.17g}"
    single = np.float32(array)
    short = f"{float(single):.6g}"
    return short if np.float32(float(short)) == single else f"{float(single):.9g}"


def summary(value: Any, most: int) -> str:
    """The first ``most`` elements of an array in brackets by dimension, and dots for the rest.

    Args:
      value: An array.
      most: How many elements; all if negative.
    """
    array = np.asarray(value, object if isinstance(value, (bytes, str)) else None)
    limit = array.size if most < 0 else min(most, array.size)
    rest = "..." if array.size > limit else ""
    if array.ndim == 0:
        return (element_text(array[()]) if limit else "") + rest
    return _Summary(array, limit).text + rest


class _Summary:
    """Writes brackets and elements until the limit is reached."""

    def __init__(self, array: Any, limit: int) -> None:
        self.shape = array.shape
        self.elements = array.reshape(-1)
        self.limit = limit
        self.done = 0
        self.text = ""
        self._dimension(0)

    def _dimension(self, axis: int) -> None:
        if self.done >= self.limit:
            return
        if axis == len(self.shape) - 1:
            self._row(axis)
            return
        for _ in range(self.shape[axis]):
            begun = self.done < self.limit
            self.text += "[" if begun else ""
            self._dimension(axis + 1)
            self.text += "]" if begun else ""

    def _row(self, axis: int) -> None:
        for i in range(self.shape[axis]):
            if self.done >= self.limit:
                self.text += "..." if axis else ""
                return
            self.text += (" " if i else "") + element_text(self.elements[self.done])
            self.done += 1


def layout(value: Any, at_ends: int) -> str:
    """An array in lines and brackets, with ``at_ends`` elements at both ends of each dimension.

    Args:
      value: An array.
      at_ends: How many elements at each end; all if negative.
    """
    array = np.asarray(value, object if isinstance(value, (bytes, str)) else None)
    return _layout(array, 0, array.ndim, array.size if at_ends < 0 else at_ends)


def _layout(array: Any, axis: int, rank: int, at_ends: int) -> str:
    if axis == rank:
        return element_text(array[()] if isinstance(array, np.ndarray) else array, quoted=True)
    last = axis == rank - 1
    space = " " if last else "\n" * (rank - axis - 1) + " " * (axis + 1)
    count = array.shape[0]
    parts = [_layout(array[i], axis + 1, rank, at_ends) for i in range(min(at_ends, count))]
    if count > 2 * at_ends:
        parts.append("...")
    ends = range(max(at_ends, count - at_ends), count)
    parts += [_layout(array[i], axis + 1, rank, at_ends) for i in ends]
    return f"[{space.join(parts)}]"
