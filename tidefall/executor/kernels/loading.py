"""From the text of LLVM IR to a function that Python can call.

Three steps, each usable alone: :func:`compile_object` makes object code, :func:`load_object` puts
object code into this process, :func:`builtin` makes a Python function of what was loaded. Object
code that stands on disk skips the first.
"""

from __future__ import annotations

import ctypes
import functools
import itertools
import os
import threading
import weakref
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import numpy as np

from tidefall.executor.kernels.llvm import binding
from tidefall.executor.kernels.target import Target

#: What a kernel may call besides the C library: Python's own functions of these names.
PYTHON_SYMBOLS: Final = (
    "PyEval_SaveThread",
    "PyEval_RestoreThread",
    "Py_IncRef",
    "Py_DecRef",
)

Code = TypeVar("Code", bytes, str)

_METH_FASTCALL: Final = 0x0080

# LLVM is used by one thread at a time. A fork waits for it, so that the child finds it at rest.
_llvm_at_rest = threading.RLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_llvm_at_rest.acquire,
        after_in_parent=_llvm_at_rest.release,
        after_in_child=_llvm_at_rest.release,
    )

_serial = itertools.count()

# Code that nothing refers to any more. It is unloaded when other code is loaded, and not by
# whoever drops it, who would have to wait for a compilation that is under way.
_unused: list[Any] = []

_immortal: list[Loaded] = []


class KernelError(Exception):
    """LLVM refused a kernel: its text, or its object code. The message holds LLVM's words."""


class Loaded:
    """Object code in this process; it goes when nothing refers to it any more.

    Attributes:
      address: Where its entry is.
    """

    def __init__(self, address: int, tracker: Any) -> None:
        self.address = address
        self._tracker = tracker

    def __del__(self, unused: list[Any] = _unused) -> None:
        unused.append(self._tracker)

    def kept_forever(self) -> Loaded:
        """The same code, which now stays as long as the process: threads of our own run it."""
        _immortal.append(self)
        self._tracker._owned = True  # in llvmlite's words: not to be closed at the end either
        return self


class _MethodDef(ctypes.Structure):
    """Python's description of a function written in C."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


_new_builtin = ctypes.pythonapi.PyCFunction_NewEx
_new_builtin.argtypes = (ctypes.POINTER(_MethodDef), ctypes.py_object, ctypes.c_void_p)
_new_builtin.restype = ctypes.py_object


def compile_object(text: str, target: Target) -> bytes:
    """Compiles LLVM IR to object code.

    Raises:
      KernelError: LLVM refused the text.
    """
    with _llvm_at_rest:
        return _compiled(text, target, lambda machine, module: bytes(machine.emit_object(module)))


def assembly(text: str, target: Target) -> str:
    """What LLVM IR compiles to, as text to read.

    Raises:
      KernelError: LLVM refused the text.
    """
    with _llvm_at_rest:
        return _compiled(text, target, lambda machine, module: str(machine.emit_assembly(module)))


def load_object(data: bytes, entry: str, symbols: Mapping[str, int] | None = None) -> Loaded:
    """Puts object code into this process.

    Args:
      data: The object code, made here or by another process for the same target.
      entry: The function whose address is wanted.
      symbols: Addresses of functions that the code calls by name, besides the C library's and
        ``PYTHON_SYMBOLS``.

    Raises:
      KernelError: It is no object code, lacks the entry, or calls what is not there.
    """
    with _llvm_at_rest:
        _unused.clear()
        library = binding.JITLibraryBuilder().add_object_img(data).add_current_process()
        for name, address in (_python_symbols() | dict(symbols or {})).items():
            library.import_symbol(name, address)
        try:
            tracker = library.export_symbol(entry).link(_linker(), f"kernel{next(_serial)}")
        except RuntimeError as error:
            raise KernelError(
                f"LLVM could not load the code of {entry!r}, which may call a function that is "
                f"not there: {error}"
            ) from error
        return Loaded(tracker[entry], tracker)


def builtin(loaded: Loaded, table: np.ndarray, name: str = "kernel") -> Callable[..., Any]:
    """A Python function whose body is loaded code.

    It is called with positional arguments only, like any function that is written in C.

    Args:
      loaded: Code whose entry is ``ptr entry(ptr self, ptr args, i64 count)``: ``args`` points to
        ``count`` borrowed references; the result is a new reference, or null after setting a
        Python error. It is entered with the GIL held.
      table: What the entry gets as ``self``: an array of 64-bit integers in which the kernel finds
        its pointers. It lives as long as the function, and the code as long as the table.
      name: The function's name.
    """
    if table.dtype != np.int64 or not table.flags.c_contiguous:
        raise TypeError(f"the table of {name!r} must be a contiguous array of int64.")
    definition = _MethodDef(name.encode(), loaded.address, _METH_FASTCALL, None)
    function: Callable[..., Any] = _new_builtin(ctypes.byref(definition), table, None)
    # Python lets go of a function's self last, so what dies with the table dies late enough.
    weakref.finalize(table, _release, loaded, definition).atexit = False
    return function


def _release(*_kept: object) -> None:
    """Called when the table dies; until then the arguments are held."""


def _compiled(text: str, target: Target, emit: Callable[[Any, Any], Code]) -> Code:
    try:
        module = binding.parse_assembly(text)
        module.triple, module.data_layout = target.triple, target.data_layout
        module.verify()
        return emit(target.machine(), module)
    except RuntimeError as error:
        raise KernelError(f"LLVM refused a kernel: {error}") from error


@functools.cache
def _linker() -> Any:
    """The one linker of the process. It is never closed: code may run until the very end."""
    linker = binding.create_lljit_compiler(use_jit_link=True, suppress_errors=True)
    linker._owned = True  # in llvmlite's words: somebody else closes it
    return linker


@functools.cache
def _python_symbols() -> dict[str, int]:
    """Addresses of ``PYTHON_SYMBOLS``, which a search by name misses in some builds of Python."""
    found = {}
    for name in PYTHON_SYMBOLS:
        address = ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value
        assert address is not None
        found[name] = address
    return found
