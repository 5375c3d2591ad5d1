"""Name scopes: how every operation gets a name that is unique and tells where it belongs."""

from __future__ import annotations

import re

_OP_NAME = re.compile(r"^[A-Za-z0-9.][A-Za-z0-9_.\-/]*$")
_SCOPE_NAME = re.compile(r"^[A-Za-z0-9_.\-/]*$")


class Names:
    """The names used in one graph, and the scope that is open now.

    Attributes:
      scope: The open name scope, without a trailing slash; '' at the top.
    """

    __slots__ = ("_used", "scope")

    def __init__(self) -> None:
        self.scope = ""
        self._used: dict[str, int] = {}

    def unique(self, name: str, mark_as_used: bool = True) -> str:
        """A name in the open scope that no operation has: ``name``, ``name_1``, ``name_2``, …

        Names that differ only in case count as equal, so that checkpoints and summaries can be
        written to any file system.
        """
        if self.scope:
            name = f"{self.scope}/{name}"
        used = self._used
        key = name.lower()
        count = used.get(key, 0)
        if mark_as_used:
            used[key] = count + 1
        if count == 0:
            return name
        base = key
        while key in used:
            key = f"{base}_{count}"
            count += 1
        if mark_as_used:
            used[key] = 1
        return f"{name}_{count - 1}"

    def for_op(self, name: str) -> str:
        """The full name of a new operation; a trailing slash takes the name as it stands."""
        if name[-1:] == "/":
            return name[:-1]
        return self.unique(name)

    def reserve(self, name: str) -> None:
        """Marks a full name as used (for operations that come with their names)."""
        self._used[name.lower()] = self._used.get(name.lower(), 0) + 1

    def open(self, name: str | None) -> OpenScope:
        """A context manager that opens a name scope; see `Graph.name_scope`."""
        return OpenScope(self, name)

    def enter(self, name: str | None) -> str:
        """The scope that ``name`` opens from here; does not open it."""
        if not name:
            return ""
        if name[-1] == "/":
            self._check(name)
            return name[:-1]
        self._check(name)
        return self.unique(name)

    def _check(self, name: str) -> None:
        if not isinstance(name, str):
            raise TypeError(f"a name scope is a string, not {type(name).__name__}: {name!r}")
        pattern = _SCOPE_NAME if self.scope else _OP_NAME
        if not pattern.match(name):
            raise ValueError(
                f"'{name}' is not a valid scope name. Use letters, digits, '_', '.', '-' and '/'"
                + ("." if self.scope else "; the first must be a letter, a digit or '.'.")
            )


class OpenScope:
    """One ``with graph.name_scope(...)`` block (a class, since this is on the path of every op)."""

    __slots__ = ("name", "names", "previous")

    def __init__(self, names: Names, name: str | None) -> None:
        self.names = names
        self.name = name
        self.previous = ""

    def __enter__(self) -> str:
        names = self.names
        self.previous = names.scope
        names.scope = scope = names.enter(self.name)
        return scope + "/" if scope else ""

    def __exit__(self, *error: object) -> None:
        self.names.scope = self.previous


def is_valid_op_name(name: str) -> bool:
    """Whether ``name`` can name an operation."""
    return _OP_NAME.match(name) is not None
