"""Builds the public namespace: ``tf.nn.relu`` and the like, from the table of public names.

The namespaces stand at once; what is in them is looked up, and its module imported, at first use.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from tidefall.core import index
from tidefall.core.exports import TABLE


def build(root: ModuleType) -> None:
    """Hangs the public namespaces (``tf.nn``) on the package's own module.

    Folders of ours with the name of something public are imported first, for importing a folder
    binds its name; then that name is made free.
    """
    for name in index.FOLDERS:
        import_module(f"{root.__name__}.{name}")
        delattr(root, name)
    for path in sorted({name.rpartition(".")[0] for name in index.PUBLIC}):
        space = root
        for part in filter(None, path.split(".")):
            space = space.__dict__.get(part) or _hang(space, part)


def find(space: ModuleType, path: str, name: str) -> Any:
    """The public ``tf.<path>.<name>``, which then stays in ``space``.

    Raises:
      AttributeError: If there is none.
    """
    public = f"{path}.{name}" if path else name
    if public not in TABLE:
        raise AttributeError(f"tidefall has no tf.{public} yet.")
    value = TABLE[public]
    setattr(space, name, value)
    return value


def names(path: str) -> list[str]:
    """The names of what is public in ``tf.<path>``, namespaces included."""
    inside = [name.removeprefix(path).removeprefix(".") for name in TABLE if _within(name, path)]
    return sorted({name.partition(".")[0] for name in inside})


def _within(name: str, path: str) -> bool:
    return not path or name.startswith(f"{path}.")


def _hang(holder: ModuleType, name: str) -> Namespace:
    """A new namespace in ``holder``."""
    found = Namespace(f"{holder.__name__}.{name}")
    found.__doc__ = f"Public names of tf.{_path(found)}."
    internal = sys.modules.get(found.__name__)
    if internal is not None:  # tidefall.train is also a folder of ours: both names are kept
        found.__dict__.update(
            {k: v for k, v in vars(internal).items() if k.startswith("__") and k != "__name__"}
        )
        found.__internal__ = internal  # type: ignore[attr-defined]
    setattr(holder, name, found)
    return found


def _path(space: ModuleType) -> str:
    return space.__name__.partition(".")[2]


class Namespace(ModuleType):
    """A part of the public API, such as ``tf.nn``."""

    def __getattr__(self, name: str) -> Any:
        path = _path(self)
        if f"{path}.{name}" not in TABLE:
            internal = self.__dict__.get("__internal__")
            if internal is not None and hasattr(internal, name):
                return getattr(internal, name)
        return find(self, path, name)

    def __dir__(self) -> list[str]:
        return sorted({*self.__dict__, *names(_path(self))})
