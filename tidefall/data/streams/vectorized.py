"""Which functions of an element are also functions of columns of elements.

A function whose operations all treat the numbers of an array alike, one by one, gives for a
column of elements the column of its results, bit for bit: one call then does for a thousand
elements. What stands beside the element, a constant say, must not have more dimensions than it.
"""

from __future__ import annotations

import weakref
from typing import Any

from tidefall.ir.function import Function
from tidefall.ir.operation import Operation

#: Op types of one result that is computed number by number.
_ELEMENTWISE = frozenset(
    """
    Abs Add AddV2 BitwiseAnd BitwiseOr BitwiseXor Cast Ceil Div DivNoNan Equal Exp Expm1 Floor
    FloorDiv FloorMod Greater GreaterEqual Identity Inv Invert IsFinite IsInf IsNan Less LessEqual
    Log Log1p LogicalAnd LogicalNot LogicalOr Maximum Minimum Mod Mul Neg NotEqual RealDiv
    Reciprocal Relu Relu6 Rint Round Rsqrt SelectV2 Sigmoid Sign Sin Cos Tan Tanh Softplus
    Softsign Sqrt Square SquaredDifference Sub TruncateDiv TruncateMod
    """.split()
)

_known: weakref.WeakKeyDictionary[Function, bool] = weakref.WeakKeyDictionary()


def works_on_columns(function: Function) -> bool:
    """Whether ``function`` may be called with columns instead of elements."""
    found = _known.get(function)
    if found is None:
        found = _known[function] = _works(function)
    return found


def _works(function: Function) -> bool:
    if function.effects or not function.outputs:
        return False
    ranks: dict[Any, int] = {}
    for tensor in function.arguments:
        shape = tensor._shape_value
        if not shape.is_fully_defined or tensor.dtype.name in ("variant", "resource"):
            return False
        ranks[tensor] = shape.rank or 0
    fixed: set[Any] = set(function.graph.captures.values())
    for op in function.graph.get_operations():
        if op.type == "Placeholder":
            continue
        if not _moves_along(op, ranks, fixed):
            return False
    return all(tensor in ranks for tensor in function.outputs)


def _moves_along(op: Operation, ranks: dict[Any, int], fixed: set[Any]) -> bool:
    """Whether an operation is the same for columns; notes the ranks of what depends on them."""
    rows = [tensor for tensor in op._inputs if tensor in ranks]
    if not rows:
        if op.opdef.stateful or op.opdef.effects:
            return False
        fixed.update(op._outputs)
        return True
    if op.type not in _ELEMENTWISE or op._control_inputs or len(op._outputs) != 1:
        return False
    rank = ranks[rows[0]]
    if any(ranks[tensor] != rank for tensor in rows):
        return False
    for tensor in op._inputs:
        if tensor not in ranks:
            own = tensor._shape_value.rank
            if own is None or own > rank:
                return False
    shape = op._outputs[0]._shape_value
    if shape.rank != rank:
        return False
    # A dimension of size 1 that grows would do so for each element alone.
    if any(tensor._shape_value != shape for tensor in rows):
        return False
    ranks[op._outputs[0]] = rank
    return True
