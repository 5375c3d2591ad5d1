"""Runs notebooks as programs: cell by cell, magics ignored, plots written to files."""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import json
import linecache
import os
import re
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any, NamedTuple

from tidefall.cli import python2
from tidefall.cli.python2 import note

_BACKEND = "module://tidefall.cli.plots"
_PLOTS = "tidefall.cli.plots"
_MAGIC = re.compile(r"^(\s*)([%!?].*|[\w.]+\?{1,2}\s*)$")
_ASSIGNED_MAGIC = re.compile(r"^(\s*[\w, ]+=\s*)[%!].*$")
_CELL_MAGIC = re.compile(r"^\s*%%(\w+)")
_PYTHON_CELLS = frozenset(("time", "timeit", "capture", "prun", "python", "python3"))


class Cell(NamedTuple):
    """A code cell: its number among the code cells, and its source."""

    number: int
    source: str


def read(path: str) -> Any:
    """The content of a notebook.

    Raises:
      ValueError: If the file is no notebook.
    """
    with open(path, encoding="utf-8") as file:
        return _parse(file.read(), path)


def run(document: Any, path: str, main: ModuleType) -> None:
    """Runs the code cells of a notebook in the module ``main``.

    The program's folder is the notebook's, as in Jupyter; plots are written to the folder that
    was current.

    Args:
      document: What `read` gave.
      path: The file.
      main: The module; it has no ``__file__``, as in Jupyter.
    """
    stem = os.path.splitext(os.path.basename(path))[0]
    _send_plots_to(os.path.join(os.getcwd(), stem))
    del main.__file__
    os.chdir(os.path.dirname(os.path.abspath(path)))
    main.__dict__.update(get_ipython=lambda: _Shell(), display=_display)
    _provide_ipython()
    old = True if _is_python2(document) else None
    for cell in code_cells(document):
        _run_cell(cell, os.path.basename(path), main, old)
        _save_plots()


def code_cells(document: Any) -> Iterator[Cell]:
    """The code cells of a notebook, of formats 3 and 4, without magics."""
    cells = document.get("cells")
    if cells is None:
        cells = [cell for sheet in document.get("worksheets", ()) for cell in sheet["cells"]]
    number = 0
    for cell in cells:
        if cell.get("cell_type") != "code":
            continue
        number += 1
        source = cell.get("source", cell.get("input", ""))
        yield Cell(number, without_magics("".join(source), number))


def without_magics(source: str, number: int) -> str:
    """The Python of a cell; a cell of another language becomes nothing."""
    first = _CELL_MAGIC.match(source)
    lines = source.split("\n")
    if first:
        if first[1] not in _PYTHON_CELLS:
            note(f"cell {number} is skipped: %%{first[1]}")
            return ""
        lines[0] = ""
    with contextlib.suppress(SyntaxError):
        ast.parse("\n".join(lines))
        return "\n".join(lines)
    return "\n".join([_without_magic(line) for line in lines])


def _without_magic(line: str) -> str:
    assigned = _ASSIGNED_MAGIC.match(line)
    if assigned:
        return f"{assigned[1]}[]"
    magic = _MAGIC.match(line)
    return f"{magic[1]}pass" if magic else line


def _run_cell(cell: Cell, name: str, main: ModuleType, old: bool | None) -> None:
    filename = f"{name}, cell {cell.number}"
    lines = cell.source.splitlines(keepends=True)
    linecache.cache[filename] = (len(cell.source), None, lines, filename)
    source, last = (cell.source, None) if old else _split_last(cell.source)
    exec(python2.compile_source(source, filename, old), main.__dict__)
    if last is not None:
        value = eval(compile(last, filename, "eval", dont_inherit=True), main.__dict__)
        if value is not None:
            main.__dict__["_"] = value
            _display(value)


def _split_last(source: str) -> tuple[str, ast.Expression | None]:
    """A cell without its last expression, whose value is shown, and that expression."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return source, None
    if not tree.body or not isinstance(tree.body[-1], ast.Expr) or source.rstrip().endswith(";"):
        return source, None
    last = tree.body[-1]
    lines = source.split("\n")
    before = lines[: last.lineno - 1]
    head = lines[last.lineno - 1].encode()[: last.col_offset].decode()
    return "\n".join([*before, head.rstrip().removesuffix(";")]), ast.Expression(last.value)


def _parse(text: str, path: str) -> Any:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is no notebook: {error}") from error
    if not isinstance(document, dict) or not {"cells", "worksheets"} & set(document):
        raise ValueError(f"{path} is no notebook: it has no cells")
    return document


def _is_python2(document: Any) -> bool:
    info = document.get("metadata", {}).get("language_info", {})
    return str(info.get("version", "")).startswith("2.")


def _send_plots_to(prefix: str) -> None:
    if importlib.util.find_spec("matplotlib") is not None:
        os.environ["MPLBACKEND"] = _BACKEND
        sys.modules.pop(_PLOTS, None)
        os.environ["TIDEFALL_PLOTS"] = prefix


def _save_plots() -> None:
    plots = sys.modules.get(_PLOTS)
    if plots is not None:
        plots.save_open_figures()


def _display(*values: Any, **kwargs: Any) -> None:
    for value in values:
        print(value if isinstance(value, str) else repr(value))


class _Shell:
    """What ``get_ipython()`` gives: a shell that does nothing."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: None


def _provide_ipython() -> None:
    """Gives notebooks the few names of IPython they import, where it is not installed."""
    if importlib.util.find_spec("IPython") is not None:
        return
    package, display = ModuleType("IPython"), ModuleType("IPython.display")
    package.__path__ = []
    package.display = display  # type: ignore[attr-defined]
    # What matplotlib asks, which then leaves the shell alone.
    package.get_ipython = lambda: None  # type: ignore[attr-defined]
    package.version_info = (9, 0, 0)  # type: ignore[attr-defined]
    for name in ("Audio", "HTML", "Image", "Markdown", "SVG", "Math", "Latex"):
        setattr(display, name, lambda *args, **kwargs: None)
    display.display = _display  # type: ignore[attr-defined]
    display.clear_output = lambda *args, **kwargs: None  # type: ignore[attr-defined]
    sys.modules["IPython"], sys.modules["IPython.display"] = package, display
