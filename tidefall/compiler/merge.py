"""Common subexpressions: equal nodes are computed once."""

from __future__ import annotations

from typing import Any

from tidefall.ir.plan import Node, Plan, Value

#: Constants up to this size are compared by value.
_SMALL = 64


def merge_duplicates(plan: Plan) -> Plan:
    """Computes equal expressions once.

    Two nodes are equal when type, attributes and inputs agree and neither has state:
    ``exp(x) + exp(x)`` keeps one ``Exp``. Inputs are compared after renaming, so whole equal
    subtrees merge in one sweep.
    """
    first: dict[Any, Node] = {}
    alias: dict[Value, Value] = {}
    kept: list[Node] = []
    constants: dict[Any, Value] = {}
    for node in plan.nodes:
        if not node.is_pure or node.on_host:
            kept.append(node)
            continue
        inputs = tuple([_identity(alias.get(value, value), constants) for value in node.inputs])
        key = (node.type, inputs, _attrs_key(node), node.guards)
        present = first.setdefault(key, node)
        if present is node:
            kept.append(node)
        else:
            alias.update(zip(node.outputs, present.outputs, strict=True))
    if not alias:
        return plan
    merged = len(plan.nodes) - len(kept)
    return plan.with_nodes(kept).rewire(alias).noted(f"merged {merged} nodes equal to earlier ones")


def _identity(value: Value, constants: dict[Any, Value]) -> Any:
    """What stands for a value in comparisons: small constants compare by content."""
    array = value.constant
    if array is None or array.size > _SMALL or array.dtype.kind == "O":
        return value
    return constants.setdefault((value.dtype, array.shape, array.tobytes()), value)


def _attrs_key(node: Node) -> Any:
    return tuple([(k, v) for k, v in node.attrs.items() if k[0] != "_"])
