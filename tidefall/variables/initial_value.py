"""Making an initial value safe: variables it depends on are initialized first.

``b = tf.Variable(a * 2)`` would read ``a`` in the same run that initializes it. The expression of
the initial value is therefore copied, with ``a`` replaced by ``a.initialized_value()``.
"""

from __future__ import annotations

from typing import Any

from tidefall.ir import build
from tidefall.ir.collections import GraphKeys
from tidefall.ir.opdef import by_name
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor

_READS = frozenset({"IsVariableInitialized", "VarIsInitializedOp", "ReadVariableOp"})
_VARIABLES = frozenset({"Variable", "VariableV2", "VarHandleOp"})


def guarded(name: str, value: Any) -> Any:
    """``value`` with the variables it reads replaced by their initialized values.

    Args:
      name: The name of the variable that ``value`` is for; copies of operations end with it.
      value: A tensor. A value that depends on itself, through a loop, is returned as it is.
    """
    if not isinstance(value, Tensor) or _in_cycle(value.op):
        return value
    return _safe_tensor(name, value, {})


def _in_cycle(start: Operation) -> bool:
    """Whether the operation depends on an operation that depends on itself."""
    done: set[Operation] = set()
    path: set[Operation] = set()
    stack: list[tuple[Operation, bool]] = [(start, False)]
    while stack:
        op, leaving = stack.pop()
        if leaving:
            path.discard(op)
            done.add(op)
            continue
        if op in path:
            return True
        if op in done:
            continue
        path.add(op)
        stack.append((op, True))
        for before in (*[tensor.op for tensor in op._inputs], *op._control_inputs):
            if before in path:
                return True
            if before not in done:
                stack.append((before, False))
    return False


def _safe_tensor(name: str, tensor: Tensor, known: dict[Operation, Operation]) -> Tensor:
    op = known.get(tensor.op)
    if op is None:
        op = known[tensor.op] = _safe_op(name, tensor.op, known)
    return op._outputs[tensor.value_index]


def _safe_op(name: str, op: Operation, known: dict[Operation, Operation]) -> Operation:
    if op.type in _READS:
        return op
    if op.type in _VARIABLES:
        value = _initialized_value(op)
        return op if value is None else value.op
    inputs = tuple([_safe_tensor(name, tensor, known) for tensor in op._inputs])
    if all(new is old for new, old in zip(inputs, op._inputs, strict=True)):
        return op
    return _copied(op, inputs, f"{op.name}_{name}".replace(":", "_"))


def _initialized_value(op: Operation) -> Any:
    graph = op.graph
    for key in (GraphKeys.GLOBAL_VARIABLES, GraphKeys.LOCAL_VARIABLES):
        for variable in graph.get_collection(key):
            if variable.name in (op.name, f"{op.name}:0"):
                return variable.initialized_value()
    return None


def _copied(op: Operation, inputs: tuple[Tensor, ...], name: str) -> Operation:
    kind = by_name("Switch") if op.type == "RefSwitch" else op.opdef
    graph = op.graph
    return build.add(graph, kind, inputs, dict(op._attrs), graph._names.for_op(name))
