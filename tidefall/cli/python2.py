"""Python 2 programs, converted in memory.

Only what Python 3 cannot compile is taken for Python 2 (or what says so in its first line). The
library fissix, which carries on ``lib2to3``, rewrites the source; line numbers stay. ``/`` between
integers, which no rewriting of the text can decide, becomes a call that looks at its operands.
"""

from __future__ import annotations

import ast
import builtins
import copy
import logging
import re
import sys
from functools import cache
from types import CodeType
from typing import Any

import numpy as np

_SHEBANG = re.compile(r"#!.*\bpython2(\.\d+)?\b")
_TRUE_DIVISION = re.compile(r"^\s*from\s+__future__\s+import\s.*\bdivision\b", re.MULTILINE)
_OLD_STATEMENT = re.compile(
    r"^\s*(print\s+[^(\s]|exec\s+['\"]|raise\s+\w+\s*,)|except\s+\w+\s*,\s*\w+\s*:", re.MULTILINE
)
_DIVIDE = "__python2_division__"
_DIVIDE_IN_PLACE = "__python2_division_in_place__"
_ABSENT = (
    "this is Python 2, which needs the library fissix to be converted: pip install 'tidefall[py2]'"
)


def compile_source(source: str, filename: str, old: bool | None = None) -> CodeType:
    """Compiles a program, converted from Python 2 if need be.

    Args:
      source: The text.
      filename: What tracebacks call it.
      old: Whether it is Python 2; None to find out.

    Raises:
      SyntaxError: If it is neither Python 3 nor Python 2.
    """
    if old is None:
        old = _SHEBANG.match(source) is not None
    if not old:
        try:
            return _compile(source, filename)
        except SyntaxError as error:
            converted = _converted_or_none(source, error)
            if converted is None:
                raise
        note(f"{filename} is Python 2; it runs converted to Python 3, in memory.")
    else:
        converted = convert(source)
    tree = ast.parse(converted, filename)
    if not _TRUE_DIVISION.search(source):
        tree = ast.fix_missing_locations(_Division().visit(tree))
        setattr(builtins, _DIVIDE, divide)
        setattr(builtins, _DIVIDE_IN_PLACE, divide_in_place)
    return _compile(tree, filename)


def convert(source: str) -> str:
    """The Python 3 form of a Python 2 source.

    Raises:
      SyntaxError: If it is not Python 2 either.
    """
    text = source.expandtabs(8) if "\t" in source else source
    text = text if text.endswith("\n") else text + "\n"
    failure: Exception | None = None
    for with_print_function in (False, True):
        try:
            return str(_tool(with_print_function).refactor_string(text, "<program>"))
        except Exception as error:  # the library's own classes, which need not be installed
            if type(error).__module__.partition(".")[0] != "fissix":
                raise
            failure = error
    raise SyntaxError(f"neither Python 3 nor Python 2: {failure}")


def divide(a: Any, b: Any) -> Any:
    """``a / b`` as Python 2 computed it: whole for integers, ``__div__`` where there is one."""
    for operand, method in ((a, "__div__"), (b, "__rdiv__")):
        own = getattr(type(operand), method, None)
        if own is not None:
            return own(operand, b if operand is a else a)
    if _is_integer(a) and _is_integer(b):
        return a // b
    return a / b


def divide_in_place(a: Any, b: Any) -> Any:
    """``a /= b`` as Python 2 computed it."""
    if _is_integer(a) and _is_integer(b):
        a //= b
    elif hasattr(type(a), "__div__"):
        return divide(a, b)
    else:
        a /= b
    return a


def note(message: str) -> None:
    """Tells the user something on the error stream."""
    print(f"tidefall run: {message}", file=sys.stderr)


def _converted_or_none(source: str, error: SyntaxError) -> str | None:
    """The converted source, or None if it is no Python 2 either."""
    try:
        return convert(source)
    except SyntaxError:
        return None
    except ModuleNotFoundError:
        if _looks_old(source):
            error.add_note(_ABSENT)
        return None


def _looks_old(source: str) -> bool:
    return _OLD_STATEMENT.search(source) is not None


def _compile(program: str | ast.Module, filename: str) -> CodeType:
    code: CodeType = compile(program, filename, "exec", dont_inherit=True)
    return code


@cache
def _tool(with_print_function: bool) -> Any:
    from fissix import refactor

    logging.getLogger("fissix.refactor").setLevel(logging.ERROR)
    logging.getLogger("RefactoringTool").setLevel(logging.ERROR)
    fixers = refactor.get_fixers_from_package("fissix.fixes")
    return refactor.RefactoringTool(fixers, {"print_function": with_print_function})


def _is_integer(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "iu"
    return isinstance(value, (int, np.integer))


class _Division(ast.NodeTransformer):
    """Replaces ``a / b`` and ``a /= b`` by calls that look at their operands."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Div):
            return node
        return _call(_DIVIDE, node, node.left, node.right)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Div):
            return node
        value = _call(_DIVIDE_IN_PLACE, node, _loaded(node.target), node.value)
        return ast.copy_location(ast.Assign([node.target], value), node)


def _loaded(target: ast.expr) -> ast.expr:
    """The expression that reads what an assignment would change."""
    read = copy.deepcopy(target)
    assert isinstance(read, (ast.Name, ast.Attribute, ast.Subscript))
    read.ctx = ast.Load()
    return read


def _call(name: str, node: ast.AST, *operands: ast.expr) -> ast.expr:
    function = ast.Name(name, ast.Load())
    return ast.copy_location(ast.Call(function, list(operands), []), node)
