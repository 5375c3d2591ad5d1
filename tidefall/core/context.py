"""Who answers when an op is called: the current builder.

Calling an op hands the op and its arguments to the current builder. A graph answers by adding
a node; eager mode answers by running the kernel. Builders are kept on a stack per thread; at
the bottom lies the process-wide default graph.
"""

from __future__ import annotations

import threading
from typing import Any, Protocol

from tidefall.core import hooks


class Builder(Protocol):
    """Turns a call of an op into a result."""

    def apply(self, op: Any, args: tuple[Any, ...], attrs: dict[str, Any], name: str | None) -> Any:
        """Returns the op's outputs (a tensor, a list or a named tuple), or its node."""


class _Stack(threading.local):
    def __init__(self) -> None:
        self.builders: list[Any] = []


stack = _Stack()
_default: Any = None
_lock = threading.Lock()


def current() -> Any:
    """The builder that answers calls of ops in this thread."""
    builders = stack.builders
    if builders:
        return builders[-1]
    return _default if _default is not None else bottom()


def bottom() -> Any:
    """The process-wide default builder, made when first asked for."""
    global _default
    make = hooks.get("default_builder")
    with _lock:
        if _default is None:
            _default = make()
    return _default


def reset() -> None:
    """Forgets the process-wide default builder; the next call makes a new one."""
    global _default
    with _lock:
        _default = None
