"""Dead code: nodes whose results nobody reads any more."""

from __future__ import annotations

from tidefall.ir.plan import LOAD, Node, Plan, Value


def drop_unused(plan: Plan) -> Plan:
    """Drops pure nodes and loads whose outputs are not read."""
    read: set[Value] = set(plan.fetches)
    kept: list[Node] = []
    for node in reversed(plan.nodes):
        droppable = node.is_pure or node.type == LOAD
        if droppable and read.isdisjoint(node.outputs):
            continue
        read.update(node.reads)
        kept.append(node)
    if len(kept) == len(plan.nodes):
        return plan
    dropped = len(plan.nodes) - len(kept)
    return plan.with_nodes(reversed(kept)).noted(f"dropped {dropped} nodes nobody reads")
