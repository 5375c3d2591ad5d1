"""Tables that modules fill while they are imported, and that import a module when one is needed.

A public name, an op or a hook is declared in the module that defines it. `tidefall.core.index`
says which module that is, so a module is imported when something of it is first asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TypeVar

Value = TypeVar("Value")


class Table(Mapping[str, Value]):
    """What modules declare, by name. Only looking a value up imports its module.

    Args:
      homes: For each name the module that declares it. ``module:attribute`` is for what is found
        in a module without being declared.
    """

    def __init__(self, homes: Mapping[str, str]) -> None:
        self._homes = dict(homes)  # of names that nobody has asked for yet
        self._values: dict[str, Value] = {}

    def __getitem__(self, name: str) -> Value:
        home = self._homes.get(name)
        if home is not None:
            self._visit(name, home)
        return self._values[name]

    def __contains__(self, name: object) -> bool:
        return name in self._values or name in self._homes

    def __iter__(self) -> Iterator[str]:
        return iter({**self._homes, **self._values})

    def __len__(self) -> int:
        return len({**self._homes, **self._values})

    def add(self, name: str, value: Value) -> None:
        """Declares ``value`` under ``name``.

        Raises:
          AssertionError: If something else has the name.
        """
        present = self._values.setdefault(name, value)
        if present is not value:
            raise AssertionError(f"two things claim the name {name}: {present} and {value}")

    def _visit(self, name: str, home: str) -> None:
        """Imports the home of a name, or waits for the thread that is importing it."""
        module, _, attribute = home.partition(":")
        try:
            found = import_module(module)
            if attribute:
                self._values[name] = getattr(found, attribute)
        except (AttributeError, LookupError) as error:
            # hasattr() and get() would take it for the answer that there is no such name.
            raise ImportError(f"importing {module} for '{name}' failed: {error!r}") from error
        self._homes.pop(name, None)
