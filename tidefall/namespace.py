"""Builds the public namespace: ``tf.nn.relu`` and the like, from the table of exports."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from tidefall.core import exports


def build(root: ModuleType, table: dict[str, Any]) -> None:
    """Hangs every exported name on ``root``, making sub-namespaces (``tf.nn``) as needed.

    Args:
      root: The package's own module.
      table: Dotted public names and what they are.
    """
    spaces: dict[str, ModuleType] = {"": root}
    for name in sorted(table, key=lambda name: name.count(".")):
        parent, _, leaf = name.rpartition(".")
        setattr(_space(spaces, root, parent), leaf, table[name])
    for name in exports.LAZY:
        _space(spaces, root, name.rpartition(".")[0])


def load(space: ModuleType, path: str, name: str) -> Any:
    """What ``tf.<path><name>`` is, if it is loaded only now; it then stays in ``space``.

    Raises:
      KeyError: If the name is none of those.
    """
    value = exports.load_lazily(path + name)
    setattr(space, name, value)
    return value


def _space(spaces: dict[str, ModuleType], root: ModuleType, name: str) -> ModuleType:
    found = spaces.get(name)
    if found is None:
        parent, _, leaf = name.rpartition(".")
        holder = _space(spaces, root, parent)
        present = getattr(holder, leaf, None)
        if present is not None and not isinstance(present, ModuleType):
            return spaces.setdefault(name, present)  # a class with exported attributes
        found = Namespace(f"{root.__name__}.{name}", f"Public names of tf.{name}.")
        internal = sys.modules.get(found.__name__)
        if internal is not None:  # tidefall.train is also a folder of ours: both names are kept
            found.__dict__.update(
                {k: v for k, v in vars(internal).items() if k.startswith("__") and k != "__name__"}
            )
            found.__internal__ = internal  # type: ignore[attr-defined]
        setattr(holder, leaf, found)
        spaces[name] = found
    return found


class Namespace(ModuleType):
    """A part of the public API, such as ``tf.nn``."""

    def __getattr__(self, name: str) -> Any:
        internal = self.__dict__.get("__internal__")
        if internal is not None and hasattr(internal, name):
            return getattr(internal, name)
        if name.startswith("__"):
            raise AttributeError(name)
        path = self.__name__[self.__name__.index(".") + 1 :]
        try:
            return load(self, path + ".", name)
        except KeyError:
            raise AttributeError(f"tidefall has no tf.{path}.{name} yet.") from None
