"""Local rewrites that keep every result bit-equal: a table of op type to rule.

A rule is given a node and returns the value that its output may be replaced by, or None. What
would change a rounding or a signed zero (``x + 0``) is not here.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tidefall.ir.plan import CHOICE, Guard, Node, Plan, Value

Rule = Callable[[Node], Value | None]

RULES: dict[str, list[Rule]] = {}


def rule(*types: str) -> Callable[[Rule], Rule]:
    """Decorator: a rewrite for nodes of these types."""

    def register(function: Rule) -> Rule:
        for each in types:
            RULES.setdefault(each, []).append(function)
        return function

    return register


def rewrite(plan: Plan) -> Plan:
    """Applies every rule to every node, in order, until the end of the plan."""
    alias: dict[Value, Value] = {}
    kept: list[Node] = []
    for node in plan.nodes:
        if alias:
            node = node.with_inputs(tuple([alias.get(value, value) for value in node.inputs]))
        if node.guards:
            settled = _settled(node, alias)
            if settled is None:
                continue
            node = settled
        found = None
        for each in RULES.get(node.type, ()):
            found = each(node)
            if found is not None:
                break
        if found is None:
            kept.append(node)
        else:
            alias[node.outputs[0]] = found
    if not alias and len(kept) == len(plan.nodes):
        return plan
    return plan.with_nodes(kept).rewire(alias).noted(f"simplified {len(alias)} nodes away")


def _settled(node: Node, alias: dict[Value, Value]) -> Node | None:
    """The node without guards that surely hold; None if one surely does not."""
    guards = []
    for guard in node.guards:
        predicate = alias.get(guard.predicate, guard.predicate)
        if predicate.constant is None:
            guards.append(Guard(predicate, guard.side))
        elif bool(predicate.constant) is not guard.side:
            return None
    return node.with_inputs(node.inputs, tuple(guards))


@rule(CHOICE)
def known_choice(node: Node) -> Value | None:
    """A choice whose predicate is known."""
    predicate, if_true, if_false = node.inputs
    if predicate.constant is None:
        return None
    return if_true if predicate.constant else if_false


@rule("Identity", "StopGradient", "PreventGradient", "Snapshot", "PlaceholderWithDefault")
def same_value(node: Node) -> Value | None:
    """``identity(x)`` is ``x``."""
    return node.inputs[0]


@rule("Mul", "RealDiv")
def by_one(node: Node) -> Value | None:
    """``x * 1`` and ``x / 1`` are ``x`` (``1 * x`` too), where the shape is surely that of x."""
    x, y = node.inputs
    if _is_one(y) and _covers(x, y):
        return x
    if node.type == "Mul" and _is_one(x) and _covers(y, x):
        return y
    return None


@rule("Reshape", "BroadcastTo")
def to_own_shape(node: Node) -> Value | None:
    """Reshaping or broadcasting to the shape a tensor has already."""
    x = node.inputs[0]
    wanted = node.inputs[1].constant
    if wanted is None or not x.shape.is_fully_defined or tuple(wanted.tolist()) != x.shape.dims:
        return None
    return x


@rule("AddN")
def of_one(node: Node) -> Value | None:
    """The sum of one tensor is that tensor."""
    return node.inputs[0] if len(node.inputs) == 1 else None


def _is_one(value: Value) -> bool:
    array = value.constant
    return (
        array is not None
        and array.size > 0
        and array.dtype.kind in "fiuc"
        and bool(np.all(array == 1))
    )


def _covers(x: Value, y: Value) -> bool:
    """Whether broadcasting ``y`` to ``x`` surely leaves the shape of ``x``."""
    if y.shape.rank == 0:
        return True
    return x.shape.is_fully_defined and x.shape.dims == y.shape.dims
