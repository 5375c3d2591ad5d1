"""The door to llvmlite: other modules take ``ir`` and ``binding`` from here.

``binding`` is llvmlite's, and compiles; ``ir`` is our own (`tidefall.executor.kernels.writer`).
"""

from __future__ import annotations

import llvmlite
from llvmlite import binding

from tidefall.executor.kernels import writer as ir

VERSION: str = llvmlite.__version__

binding.initialize_native_target()
binding.initialize_native_asmprinter()

__all__ = ["VERSION", "binding", "ir"]
