"""The TensorFlow 1.x graph programming model, for today's Python.

A program builds a static graph of operations, feeds placeholders, keeps its parameters in
variables, and runs any part of the graph in a session.

Importing the package imports next to nothing: what ``tf.<name>`` is, is looked up, and its module
imported, when a program first uses it.
"""

from __future__ import annotations

import sys as _sys
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from tidefall import namespace as _namespace

__version__ = "0.1.0"

if _TYPE_CHECKING:  # public namespaces whose names are also those of folders
    contrib: _Any
    data: _Any
    gradients: _Any
    io: _Any
    losses: _Any
    summary: _Any
    train: _Any

_namespace.build(_sys.modules[__name__])

__all__ = _namespace.names("")


def __getattr__(name: str) -> _Any:
    return _namespace.find(_sys.modules[__name__], "", name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
