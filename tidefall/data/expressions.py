"""Formulas over the columns of a table: ``"pt > 25 and abs(eta) < 2.4"``.

A formula has numbers, names of columns, arithmetic, comparisons, ``and``/``or``/``not`` (also
``&``, ``|``, ``~``) and the functions of `FUNCTIONS`. It is read as a tree and never handed to
Python to evaluate.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": np.abs, "sqrt": np.sqrt, "exp": np.exp, "log": np.log, "log10": np.log10,
    "log1p": np.log1p, "sin": np.sin, "cos": np.cos, "tan": np.tan, "sinh": np.sinh,
    "cosh": np.cosh, "tanh": np.tanh, "arctan2": np.arctan2, "hypot": np.hypot,
    "minimum": np.minimum, "maximum": np.maximum, "where": np.where, "floor": np.floor,
    "ceil": np.ceil, "sign": np.sign, "isfinite": np.isfinite,
}  # fmt: skip

_BINARY: dict[type[ast.operator], Callable[..., Any]] = {
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.true_divide,
    ast.FloorDiv: np.floor_divide, ast.Mod: np.mod, ast.Pow: np.power,
    ast.BitAnd: np.bitwise_and, ast.BitOr: np.bitwise_or, ast.BitXor: np.bitwise_xor,
}  # fmt: skip
_UNARY: dict[type[ast.unaryop], Callable[..., Any]] = {
    ast.USub: np.negative, ast.UAdd: np.positive, ast.Invert: np.invert, ast.Not: np.logical_not,
}  # fmt: skip
_COMPARE: dict[type[ast.cmpop], Callable[..., Any]] = {
    ast.Lt: np.less, ast.LtE: np.less_equal, ast.Gt: np.greater, ast.GtE: np.greater_equal,
    ast.Eq: np.equal, ast.NotEq: np.not_equal,
}  # fmt: skip


class Expression:
    """A formula.

    Args:
      text: The formula.

    Attributes:
      names: The columns it needs, in the order of their first use.

    Raises:
      ValueError: If it is not one.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._names: dict[str, None] = {}
        try:
            self._tree = ast.parse(text.replace("&&", " and ").replace("||", " or "), mode="eval")
        except SyntaxError as error:
            raise ValueError(f"{text!r} is not a formula: {error.msg}.") from None
        self._check(self._tree.body)

    @property
    def names(self) -> list[str]:
        return list(self._names)

    @property
    def is_name(self) -> bool:
        """Whether it is just a column."""
        return isinstance(self._tree.body, ast.Name)

    def _check(self, node: ast.AST) -> None:
        if isinstance(node, ast.Name):
            self._names[node.id] = None
            return
        if isinstance(node, ast.Call):
            if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS:
                shown = ast.unparse(node.func)
                known = ", ".join(FUNCTIONS)
                raise ValueError(f"{self.text!r} calls {shown}; known functions are {known}.")
            if node.keywords:
                raise ValueError(f"{self.text!r} names an argument of a function.")
            children: list[ast.AST] = list(node.args)
        elif isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
            children = [node.left, node.right]
        elif isinstance(node, ast.UnaryOp) and type(node.op) in _UNARY:
            children = [node.operand]
        elif isinstance(node, ast.BoolOp):
            children = list(node.values)
        elif isinstance(node, ast.Compare) and all(type(op) in _COMPARE for op in node.ops):
            children = [node.left, *node.comparators]
        elif isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
            children = []
        else:
            raise ValueError(f"{self.text!r}: {ast.unparse(node)!r} cannot stand in a formula.")
        for child in children:
            self._check(child)

    def __call__(self, columns: Mapping[str, Any]) -> Any:
        """The formula's value for each row."""
        return self._value(self._tree.body, columns)

    def _value(self, node: ast.AST, columns: Mapping[str, Any]) -> Any:
        if isinstance(node, ast.Name):
            return columns[node.id]
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return FUNCTIONS[node.func.id](*[self._value(each, columns) for each in node.args])
        if isinstance(node, ast.BinOp):
            left, right = self._value(node.left, columns), self._value(node.right, columns)
            return _BINARY[type(node.op)](left, right)
        if isinstance(node, ast.UnaryOp):
            return _UNARY[type(node.op)](self._value(node.operand, columns))
        if isinstance(node, ast.BoolOp):
            join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
            return join.reduce([self._value(each, columns) for each in node.values])
        if isinstance(node, ast.Compare):
            return self._compared(node, columns)
        raise AssertionError("the formula was checked")

    def _compared(self, node: ast.Compare, columns: Mapping[str, Any]) -> Any:
        """``a < b < c`` means both."""
        values = [self._value(each, columns) for each in (node.left, *node.comparators)]
        found: Any = True
        for op, left, right in zip(node.ops, values, values[1:], strict=False):
            found = np.logical_and(found, _COMPARE[type(op)](left, right))
        return found
