"""Runs a program as ``python`` would, with ``tensorflow`` meaning tidefall."""

from __future__ import annotations

import builtins
import importlib.util
import os
import sys
import sysconfig
import tokenize
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType
from typing import Any

from tidefall.cli import alias, notebook, python2, tracebacks
from tidefall.core import frames

_LIBRARIES = (
    frames.ROOT,
    *(
        os.path.join(sysconfig.get_path(name), "")
        for name in ("stdlib", "platstdlib", "purelib", "platlib")
    ),
)


def run(path: str, args: Sequence[str], whole_traceback: bool = False) -> int:
    """Runs a script or a notebook; returns the exit status.

    Args:
      path: A Python file, or a notebook if it ends in ``.ipynb``.
      args: Its command-line arguments.
      whole_traceback: Whether tracebacks show the library's frames too.
    """
    if not os.path.exists(path):
        print(f"tidefall run: there is no file '{path}'", file=sys.stderr)
        return 2
    alias.install()
    _convert_imported_modules()
    main = _new_main(path, args)
    if path.endswith(".ipynb"):
        try:
            document = notebook.read(path)
        except ValueError as error:
            print(f"tidefall run: {error}", file=sys.stderr)
            return 2
        return _guarded(lambda: notebook.run(document, path, main), whole_traceback)
    return _guarded(lambda: _run_script(path, main), whole_traceback)


def run_module(name: str, args: Sequence[str], whole_traceback: bool = False) -> int:
    """Runs a module as ``python -m`` would; returns the exit status."""
    alias.install()
    _convert_imported_modules()
    sys.path[0] = os.getcwd()
    spec = importlib.util.find_spec(name)
    if spec is not None and spec.submodule_search_locations is not None:
        spec = importlib.util.find_spec(f"{name}.__main__")
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        print(f"tidefall run: there is no module '{name}'", file=sys.stderr)
        return 2
    first = sys.path[0]
    main = _new_main(spec.origin, args)
    sys.path[0] = first
    main.__spec__, main.__package__ = spec, spec.parent
    origin = spec.origin
    return _guarded(lambda: _run_script(origin, main), whole_traceback)


def _run_script(path: str, main: ModuleType) -> None:
    with tokenize.open(path) as file:
        source = file.read()
    code = python2.compile_source(source, path)
    exec(code, main.__dict__)


def _new_main(path: str, args: Sequence[str]) -> ModuleType:
    """The module ``__main__``, with what else a program finds when it starts."""
    main = ModuleType("__main__")
    main.__file__ = path
    main.__builtins__ = builtins  # type: ignore[attr-defined]
    sys.modules["__main__"] = main
    sys.argv = [path, *args]
    sys.path[0] = os.path.dirname(os.path.realpath(path))
    return main


def _guarded(program: Callable[[], None], whole_traceback: bool) -> int:
    """Runs a program; an error ends it as it would end a program of its own."""
    try:
        program()
    except SystemExit:
        raise
    except KeyboardInterrupt as error:
        tracebacks.show(error, whole_traceback)
        return 130
    except BaseException as error:
        hook = sys.excepthook
        if hook is not sys.__excepthook__:  # the program's own
            hook(type(error), error, error.__traceback__)
        else:
            tracebacks.show(error, whole_traceback)
        return 1
    return 0


def _convert_imported_modules() -> None:
    """Makes Python 2 modules beside the program importable too."""
    if not any(isinstance(finder, _ProgramFinder) for finder in sys.meta_path):
        where = next(i for i, finder in enumerate(sys.meta_path) if finder is PathFinder)
        sys.meta_path.insert(where, _ProgramFinder())


class _ProgramFinder(MetaPathFinder):
    """Finds modules of the program itself: files in none of the folders of libraries."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or type(spec.loader) is not SourceFileLoader or spec.origin is None:
            return None
        if spec.origin.startswith(_LIBRARIES):
            return None
        spec.loader = _ConvertingLoader(fullname, spec.origin)
        return spec


class _ConvertingLoader(SourceFileLoader):
    """Loads a source file, converted if it is Python 2."""

    def source_to_code(  # type: ignore[override]
        self, data: Any, path: Any, *, _optimize: int = -1
    ) -> CodeType:
        try:
            return super().source_to_code(data, path)
        except SyntaxError:
            source = importlib.util.decode_source(data)
            return python2.compile_source(source, str(path))

    def set_data(self, path: str, data: Any, *, _mode: int = 0o666) -> None:
        """Writes no ``.pyc``: plain Python would take a converted one for its own."""
