"""Public names: which object ``tf.something`` is.

A function or class says its public names where it is defined, with `export`; the package
builds the ``tf`` namespace from this table. `tests/api/golden.txt` lists the result.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, TypeVar

Exported = TypeVar("Exported")

#: Dotted public name (without ``tf.``) to object.
TABLE: dict[str, Any] = {}

#: Dotted public name to module and attribute, for what is loaded when first asked for.
LAZY: dict[str, tuple[str, str]] = {}


def export(*names: str) -> Callable[[Exported], Exported]:
    """Gives the decorated function or class the public names ``tf.<name>``."""

    def register(thing: Exported) -> Exported:
        for name in names:
            export_value(name, thing)
        return thing

    return register


def export_value(name: str, value: Any) -> None:
    """Gives ``value`` the public name ``tf.<name>``."""
    present = TABLE.setdefault(name, value)
    if present is not value:
        raise AssertionError(f"two objects claim the public name tf.{name}: {present}, {value}")


def export_lazily(name: str, module: str, attribute: str) -> None:
    """Gives ``module.attribute`` the public name ``tf.<name>``; it is imported at first use.

    Without an attribute, the name means the module itself.
    """
    LAZY[name] = (module, attribute)


def load_lazily(name: str) -> Any:
    """What `export_lazily` was told of a public name. Raises `KeyError` if that is nothing."""
    module, attribute = LAZY[name]
    found = importlib.import_module(module)
    return getattr(found, attribute) if attribute else found
