"""Python's operators on tensors: which op each is, and what its node is called.

Tensors and variables share them; `Tensor.__add__` and its kin ask for them by name in
`core.hooks`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tidefall.core import hooks
from tidefall.core.dtypes import DType
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ops import compare, elementwise, math, matmul


def _operator(symbol: str, name: str, function: Callable[..., Any]) -> None:
    """Makes ``x <symbol> y`` call ``function`` in a scope called ``name``.

    The operand that has a dtype decides: a number or list beside it takes that dtype.
    """

    def apply(x: Any, y: Any, reverse: bool = False) -> Any:
        with get_default_graph().name_scope(name) as scope:
            if reverse:
                dtype = _dtype_of(y)
                y = convert_to_tensor(y, name="y") if dtype is None else y
                x = convert_to_tensor(x, dtype=y.dtype.base_dtype, name="x")
                return function(x, y, name=scope)
            x = convert_to_tensor(x, name="x")
            try:
                y = convert_to_tensor(y, preferred_dtype=x.dtype.base_dtype, name="y")
            except TypeError:
                if hasattr(type(y), f"__r{symbol}__"):
                    return NotImplemented
                raise
            return function(x, y, name=scope)

    hooks.install(f"operator.{symbol}")(apply)


def _dtype_of(value: Any) -> DType | None:
    dtype = getattr(value, "dtype", None)
    return dtype if isinstance(dtype, DType) else None


_operator("add", "add", math.add_v2)
_operator("sub", "sub", math.sub)
_operator("mul", "mul", math.mul)
_operator("div", "div", math.div)
_operator("truediv", "truediv", math.truediv)
_operator("floordiv", "floordiv", math.floordiv)
_operator("mod", "mod", math.floor_mod)
_operator("pow", "pow", math.pow)
_operator("matmul", "matmul", matmul.matmul)
_operator("and", "and", compare.logical_and)
_operator("or", "or", compare.logical_or)
_operator("xor", "xor", compare.logical_xor)

for _symbol, _function in (
    ("lt", compare.less),
    ("le", compare.less_equal),
    ("gt", compare.greater),
    ("ge", compare.greater_equal),
    ("neg", math.neg),
    ("abs", elementwise.abs),
    ("invert", compare.logical_not),
):
    hooks.install(f"operator.{_symbol}")(_function)
