"""Public names: which object ``tf.something`` is.

A function or class says its public names where it is defined, with `export`; the package
finds them in this table when a program first uses them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from tidefall.core import index
from tidefall.core.tables import Table

Exported = TypeVar("Exported")

#: Dotted public name (without ``tf.``) to object.
TABLE: Table[Any] = Table(index.PUBLIC)


def export(*names: str) -> Callable[[Exported], Exported]:
    """Gives the decorated function or class the public names ``tf.<name>``."""

    def register(thing: Exported) -> Exported:
        for name in names:
            TABLE.add(name, thing)
        return thing

    return register


def export_value(name: str, value: Any) -> None:
    """Gives ``value`` the public name ``tf.<name>``."""
    TABLE.add(name, value)
