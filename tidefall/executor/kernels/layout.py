"""Where NumPy keeps the parts of an array, so that kernels can read them without a call.

The offsets belong to NumPy's published binary interface. They are compared with real arrays once
in a process; where they do not hold, kernels are not used.
"""

from __future__ import annotations

import ctypes
import functools
from dataclasses import dataclass
from typing import Final

import numpy as np

from tidefall.core import logging

#: Bits of an array's flags.
C_CONTIGUOUS: Final = 0x0001
ALIGNED: Final = 0x0100
WRITEABLE: Final = 0x0400

_POINTER: Final = ctypes.sizeof(ctypes.c_void_p)


@dataclass(frozen=True)
class ArrayLayout:
    """Offsets in bytes from the address of an array object.

    Attributes:
      type: Pointer to the object's type; ``id(numpy.ndarray)`` for a plain array.
      data: Pointer to the first item.
      rank: Number of dimensions, a C int.
      shape: Pointer to the dimensions, 64-bit integers.
      strides: Pointer to the strides in bytes, 64-bit integers.
      dtype: Pointer to the dtype object; ``id(numpy.dtype(...))`` for a built-in one.
      flags: The flags, a C int.
    """

    type: int
    data: int
    rank: int
    shape: int
    strides: int
    dtype: int
    flags: int


@functools.cache
def array_layout() -> ArrayLayout | None:
    """The layout of arrays in this process, or None where it is not the expected one."""
    layout = _expected(object.__basicsize__)
    if all(_holds(layout, array) for array in _samples()):
        return layout
    logging.warning("Arrays of NumPy %s have an unknown layout: no kernels.", np.__version__)
    return None


def _expected(head: int) -> ArrayLayout:
    """The layout after an object's head of so many bytes."""
    shape = head + 2 * _POINTER
    dtype = shape + 3 * _POINTER
    return ArrayLayout(
        type=head - _POINTER,
        data=head,
        rank=head + _POINTER,
        shape=shape,
        strides=shape + _POINTER,
        dtype=dtype,
        flags=dtype + _POINTER,
    )


def _samples() -> list[np.ndarray]:
    """Arrays that differ in all that is read."""
    sliced = np.arange(42, dtype=np.int64).reshape(6, 7)[1::2, ::3]
    frozen = np.ones((3, 4, 5), np.float32)
    frozen.flags.writeable = False
    return [sliced, frozen, np.zeros((), np.float64), np.zeros((0, 2), np.int32)]


def _holds(layout: ArrayLayout, array: np.ndarray) -> bool:
    """Whether what lies at the offsets is what NumPy says of the array."""
    if np.ndarray.__basicsize__ < layout.flags + ctypes.sizeof(ctypes.c_int):
        return False
    here = id(array)
    return (
        _pointer(here + layout.type) == id(type(array))
        and _pointer(here + layout.data) == array.ctypes.data
        and _int(here + layout.rank) == array.ndim
        and _sizes(here + layout.shape, array.ndim) == array.shape
        and _sizes(here + layout.strides, array.ndim) == array.strides
        and _pointer(here + layout.dtype) == id(array.dtype)
        and _int(here + layout.flags) & (C_CONTIGUOUS | ALIGNED | WRITEABLE) == _flags(array)
    )


def _flags(array: np.ndarray) -> int:
    flags = array.flags
    return C_CONTIGUOUS * flags.c_contiguous + ALIGNED * flags.aligned + WRITEABLE * flags.writeable


def _pointer(address: int) -> int | None:
    return ctypes.c_void_p.from_address(address).value


def _int(address: int) -> int:
    return ctypes.c_int.from_address(address).value


def _sizes(address: int, count: int) -> tuple[int, ...] | None:
    """The integers that the pointer at an address leads to; None where they cannot be read."""
    if count == 0:
        return ()
    first = _pointer(address)
    return tuple((ctypes.c_ssize_t * count).from_address(first)) if first else None
