"""Products of large matrices by our own code: `matrix_product` on NumPy's arrays."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from tidefall.executor.kernels.cache import code_of
from tidefall.executor.kernels.identity import sources
from tidefall.executor.kernels.loading import load_object
from tidefall.executor.kernels.matrix_product import ENTRY, Shape, shape_for, text
from tidefall.executor.kernels.target import host
from tidefall.executor.kernels.threads import available, pool

#: Kinds of CPU, architecture and bits of a vector, where this was measured and pays. Others have
#: NumPy's BLAS, which is as fast by itself and shares worse.
MEASURED: Final = {("x86_64", 256)}
#: Rows and columns of a block of the result, the unit that threads share.
BLOCK: Final = (96, 256)
#: The panels of both operands take at most so many bytes.
LARGEST: Final = 1 << 26
#: With fewer rows, columns or terms than this, packing costs more than it gives.
FEWEST: Final = 48

_PAGE: Final = 4096

# Memory for panels that no product uses now; fresh memory would cost a fault for every page.
_panels: list[np.ndarray] = []


@functools.cache
def pays() -> bool:
    """Whether this machine is of a kind where products by our own code pay."""
    target = host()
    return (target.architecture, target.vector_bits) in MEASURED


def suits(a: Any, b: Any) -> bool:
    """Whether the product of two matrices is better done here than by BLAS."""
    if a.dtype is not b.dtype or a.dtype.char not in "fd":
        return False
    (m, k), n, size = a.shape, b.shape[1], a.itemsize
    if min(m, k, n) < FEWEST or 2 * (m + n) * k * size > LARGEST:
        return False
    return bool(a.flags.aligned and b.flags.aligned) and not any(
        stride % size for stride in (*a.strides, *b.strides)
    )


def multiply(a: Any, b: Any, limit: int = 0, out: Any = None) -> Any:
    """The product of two matrices that suit.

    Args:
      a: Rows x terms, in any layout.
      b: Terms x columns, likewise.
      limit: The most threads it may use; 0 for one for each CPU.
      out: The array for the result, contiguous, of its shape and dtype.
    """
    run, shape = code(a.dtype)
    (m, k), n = a.shape, b.shape[1]
    result = np.empty((m, n), a.dtype) if out is None else out
    left = _whole(-(-m // shape.high) * shape.left * k * a.itemsize)
    right = -(-n // shape.wide) * shape.wide * k * a.itemsize
    buffer = _memory(left + right + _PAGE)
    start = _whole(buffer.ctypes.data)
    fields = np.array(
        [
            a.ctypes.data, a.strides[0] // a.itemsize, a.strides[1] // a.itemsize,
            b.ctypes.data, b.strides[0] // b.itemsize, b.strides[1] // b.itemsize,
            result.ctypes.data, n, m, k, n, start, start + left,
            max(1, round(m / BLOCK[0])), max(1, round(n / BLOCK[1])),
            pool().parallel, pool().control, available(limit),
        ],
        np.int64,
    )  # fmt: skip
    try:
        run(fields.ctypes.data)
    finally:
        _panels.append(buffer)
    return result


@functools.cache
def code(dtype: Any) -> tuple[Callable[[int], None], Shape]:
    """The code for a dtype, called with the address of its fields, and how it cuts matrices.

    Raises:
      KernelError: LLVM refused it.
      UnsupportedTarget: There are no kernels for this machine.
    """
    target = host()
    name = f"{ENTRY} {dtype} {sources()}"
    loaded = load_object(code_of(name, target, lambda: text(target, dtype)), ENTRY)
    function = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(loaded.address)

    def run(fields: int, _kept: Any = loaded) -> None:
        function(fields)

    return run, shape_for(target, dtype)


def _whole(place: int) -> int:
    """The first place at or after one where a page of memory begins."""
    return -(-place // _PAGE) * _PAGE


def _memory(size: int) -> np.ndarray:
    """At least so many bytes that nobody else has."""
    while _panels:
        found = _panels.pop()
        if found.size >= size:
            return found
    return np.empty(size, np.uint8)
