"""Writes `tidefall/core/index.py`: which module declares which public name, op, hook, collection.

Imports every module of the package and notes, for whatever is declared, which one is at work.
``--check`` writes nothing and fails if the file is not what would be written.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import tidefall
from tidefall.core import exports, hooks, index, tables

PATH = Path(index.__file__)
OPTIONAL = {"jax", "jaxlib", "keras", "llvmlite", "matplotlib", "fissix", "nbformat", "rich"}
HEAD = '''"""Which module declares what; written by ``make index``, never by hand.

With it, looking something up imports its module and no other.
"""

from __future__ import annotations
'''

#: For each table, the module that declares a name; for an op, the last that adds something to it.
_found: dict[int, dict[str, str]] = {}


def _module_at_work() -> str | None:
    """The module that is being imported, if the caller is called by one."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if frame.f_code.co_name == "<module>" and name.startswith("tidefall."):
            return str(name)
        frame = frame.f_back
    return None


def _note(table: tables.Table[Any], name: str) -> None:
    module = _module_at_work()
    if module is not None:
        _found.setdefault(id(table), {})[name] = module


def _watch_tables() -> None:
    add = tables.Table.add

    def watched(table: tables.Table[Any], name: str, value: Any) -> None:
        _note(table, name)
        add(table, name, value)

    tables.Table.add = watched  # type: ignore[method-assign, assignment]


def _watch_ops(opdef: Any) -> None:
    """Notes who gives an op its gradient or its kernel, if that is another module."""

    def watched(give: Callable[..., Any]) -> Callable[..., Any]:
        def noting(op: Any, function: Any) -> Any:
            _note(opdef.OPS, op.name)
            return give(op, function)

        return noting

    for method in ("gradient", "shape", "install"):
        setattr(opdef.OpDef, method, watched(getattr(opdef.OpDef, method)))


def _import_everything() -> None:
    for module in pkgutil.walk_packages(tidefall.__path__, "tidefall."):
        if module.name.endswith("__main__"):
            continue
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] not in OPTIONAL:
                raise


def text() -> str:
    """What the file should say."""
    _watch_tables()
    opdef = importlib.import_module("tidefall.ir.opdef")
    _watch_ops(opdef)
    _import_everything()
    collections = importlib.import_module("tidefall.io.collection_def")
    messages = importlib.import_module("tidefall.proto.public").PUBLIC
    public = _found[id(exports.TABLE)]
    public |= {name: f"tidefall.proto:{message}" for name, message in messages.items()}
    return "\n".join(
        [
            HEAD,
            *_folders(public),
            *_table("PUBLIC", "Public names, without ``tf.``.", public),
            *_table("OPS", "Op types.", _found[id(opdef.OPS)]),
            *_table("HOOKS", "Calls to higher layers.", _found[id(hooks._table)]),
            *_table("COLLECTIONS", "Graph collections that are stored as messages.",
                    _found[id(collections.CODECS)]),
        ]
    )  # fmt: skip


def _folders(public: dict[str, str]) -> list[str]:
    first = {name.partition(".")[0] for name in public}
    both = sorted(first & {module.name for module in pkgutil.iter_modules(tidefall.__path__)})
    names = ", ".join(f'"{name}"' for name in both)
    return ["#: Folders with the name of something public.", f"FOLDERS = ({names})"]


def _table(name: str, what: str, found: dict[str, str]) -> list[str]:
    lines = [f'    "{key}": "{home}",' for key, home in sorted(found.items())]
    return ["", f"#: {what}", f"{name} = {{", *lines, "}"]


def main() -> int:
    before = PATH.read_text(encoding="utf-8")
    after = text() + "\n"
    if "--check" not in sys.argv[1:]:
        PATH.write_text(after, encoding="utf-8")
        return 0
    sys.stdout.writelines(difflib.unified_diff(before.splitlines(True), after.splitlines(True)))
    return before != after


if __name__ == "__main__":
    sys.exit(main())
