"""The door to llvmlite: other modules take ``ir`` and ``binding`` from here.

llvmlite decides while it is imported how it prints pointers. Its default spells out what they
point to, which costs text and time; we ask for plain ``ptr``, and put the environment back as it
was. Where a program imported llvmlite before us the text is longer and means the same.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_SWITCH = "LLVMLITE_ENABLE_IR_LAYER_TYPED_POINTERS"


@contextmanager
def _plain_pointers() -> Iterator[None]:
    before = os.environ.get(_SWITCH)
    os.environ[_SWITCH] = "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_SWITCH]
        else:
            os.environ[_SWITCH] = before


if "llvmlite" in sys.modules:
    import llvmlite
    from llvmlite import binding, ir
else:
    with _plain_pointers():
        import llvmlite
        from llvmlite import binding, ir

VERSION: str = llvmlite.__version__

binding.initialize_native_target()
binding.initialize_native_asmprinter()

__all__ = ["VERSION", "binding", "ir"]
