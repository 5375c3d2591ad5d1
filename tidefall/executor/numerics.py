"""NumPy's settings while a plan runs: no warnings, and no more BLAS threads than pay.

Both are set around a run and put back after it, since they belong to the user's process.

* Warnings about overflow and division are off, as TensorFlow has none. NumPy keeps that setting
  in a context variable; setting it directly costs a tenth of ``numpy.errstate``, which is used
  where NumPy keeps it elsewhere.
* OpenBLAS wakes a thread for every core, and waits for it in a loop, also for products that take
  less time than that. On a machine that does anything else a product of 1024 x 19 and 19 x 50
  then takes 8 to 20 ms instead of 0.07 (measured on two cores). So it is told to use one thread,
  and large products are shared by `tidefall.executor.large_products`.
"""

from __future__ import annotations

import ctypes
import functools
import os
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from tidefall.compiler.sizes import Sizes
from tidefall.ir.plan import Node, Value

#: Multiply-adds from which a product is worth more than one thread.
LARGE_PRODUCT = 32_000_000
#: Multiply-adds below which OpenBLAS never uses a second thread, for matrices and for vectors.
TINY_PRODUCT = 9_216


def _quiet_functions() -> tuple[Callable[[], Any], Callable[[Any], None]]:
    """A function that turns warnings off, and one that is given what it returned, to undo it."""
    umath = getattr(getattr(np, "_core", None), "umath", None)
    variable = getattr(umath, "_extobj_contextvar", None)
    make = getattr(umath, "_make_extobj", None)
    if variable is None or make is None:
        return _enter_errstate, _leave_errstate
    return functools.partial(variable.set, make(all="ignore")), variable.reset


def _enter_errstate() -> Any:
    state = np.errstate(all="ignore")
    state.__enter__()
    return state


def _leave_errstate(state: Any) -> None:
    state.__exit__(None, None, None)


quiet, undo = _quiet_functions()


class OneThread:
    """Products by one thread, from the first `enter` to the last `leave`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._depth = 0
        self._before = 0
        self._found = False
        self._set: Any = None
        self._get: Any = None

    @property
    def before(self) -> int:
        """How many threads products have outside; 1 where that cannot be told."""
        return max(self._before, 1)

    def enter(self) -> None:
        """Asks for one thread."""
        with self._lock:
            self._depth += 1
            if self._depth == 1 and self._functions():
                self._before = self._get()
                if self._before > 1:
                    self._set(1)

    def leave(self) -> None:
        """Takes one request back."""
        with self._lock:
            self._depth -= 1
            if self._depth == 0 and self._before > 1:
                self._set(self._before)
                self._before = 0

    def _functions(self) -> bool:
        """Finds OpenBLAS's functions, when first asked; other libraries of BLAS are left alone."""
        if not self._found:
            self._found = True
            self._set, self._get = _openblas() or (None, None)
        return self._set is not None


def _openblas() -> tuple[Any, Any] | None:
    """``set_num_threads`` and ``get_num_threads`` of the OpenBLAS that NumPy brought along."""
    package = os.path.dirname(np.__file__)
    for folder in (package + ".libs", os.path.join(package, ".dylibs")):
        for file in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
            if "openblas" not in file:
                continue
            library = ctypes.CDLL(os.path.join(folder, file))
            for prefix, suffix in (("scipy_", "64_"), ("", "64_"), ("", "")):
                name = f"{prefix}openblas_%s_num_threads{suffix}"
                if hasattr(library, name % "set"):
                    setter, getter = getattr(library, name % "set"), getattr(library, name % "get")
                    setter.argtypes, setter.restype = (ctypes.c_int,), None
                    getter.argtypes, getter.restype = (), ctypes.c_int
                    return setter, getter
    return None


one_thread = OneThread()

#: Products of many matrices at a time, which BLAS itself shares among threads.
BATCHED = frozenset({"BatchMatMul", "BatchMatMulV2"})
_PRODUCTS = BATCHED | {"MatMul"}


def product_size(nodes: list[Node], sizes: Sizes | None) -> tuple[int, int, int | None] | None:
    """The multiply-adds of the largest product of a plan, or None if there is none.

    It is a fixed number, plus one for each row of the feed at the third place. Products whose
    size is not known count as small.
    """
    found, fixed, each = False, 0, 0
    for node in nodes:
        if node.type not in _PRODUCTS:
            continue
        found = True
        known = [_dims(value, sizes) for value in (*node.inputs, *node.outputs)]
        if None in known:
            continue
        dims = [size for shape in known for size in shape or ()]
        total = 1.0
        for shape in known:
            for size in shape or ():
                total *= max(size, 1)
        total = int(total**0.5)  # every size of a product of matrices stands in two of the three
        if any(size < 0 for size in dims):
            each = max(each, total)
        else:
            fixed = max(fixed, total)
    if not found:
        return None
    rows = sizes.rows[0] if sizes is not None and sizes.rows and each else None
    return fixed, each if rows is not None else 0, rows


def _dims(value: Value, sizes: Sizes | None) -> tuple[int, ...] | None:
    if value.constant is not None:
        return value.constant.shape  # type: ignore[no-any-return]
    return sizes.known(value) if sizes is not None else None
