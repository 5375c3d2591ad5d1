"""Programs that run unchanged under TensorFlow 1.15 and under tidefall.

Every program takes the module it is to run with, ``tf``. The files stay within Python 3.7,
since that is what TensorFlow 1.15 runs on.
"""

from __future__ import annotations

import inspect
from typing import Any, Callable, Dict


def functions_of(module: Any) -> Dict[str, Callable[..., Any]]:
    """The public functions that a module defines, by name, in the order of its text."""
    found = inspect.getmembers(module, inspect.isfunction)
    own = [f for name, f in found if f.__module__ == module.__name__ and name[0] != "_"]
    return {f.__name__: f for f in sorted(own, key=lambda f: f.__code__.co_firstlineno)}
