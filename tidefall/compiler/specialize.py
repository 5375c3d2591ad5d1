"""Specializing a plan to feeds whose leading dimensions agree, as in every mini-batch.

With sizes known symbolically (`tidefall.compiler.sizes`), most of the shape arithmetic that
gradients of broadcasting ops need is decided now. A run whose feeds do not agree takes the
general plan instead.
"""

from __future__ import annotations

from dataclasses import replace

from tidefall.compiler.drop import drop_unused
from tidefall.compiler.rules import rewrite
from tidefall.compiler.sizes import Sizes, measure
from tidefall.core.shapes import Shape
from tidefall.ir.plan import Node, Plan, Value

#: Ops that change nothing when the output has the shape of the first input.
_SHAPING = frozenset({"Reshape", "BroadcastTo", "Squeeze", "ExpandDims", "Tile"})
_BROADCASTING = frozenset({"AddV2", "Add", "Sub", "Mul", "RealDiv", "Maximum", "Minimum"})
_REDUCING = frozenset({"Sum", "Mean", "Max", "Min", "Prod"})


def specialize(plan: Plan) -> tuple[Plan, Sizes]:
    """The plan with everything decided that symbolic sizes decide, and these sizes.

    The result may be the plan itself. It is only valid for runs in which the feeds at
    ``sizes.rows`` have equal leading dimensions.
    """
    sizes = measure(plan)
    for _ in range(4):  # each sweep can decide shapes for the next; two are the rule
        smaller = _sweep(plan, sizes)
        if smaller is plan:
            break
        plan = drop_unused(rewrite(smaller))
        sizes = measure(plan)
    return plan, sizes


def _sweep(plan: Plan, sizes: Sizes) -> Plan:
    alias: dict[Value, Value] = {
        value: Value(value.dtype, Shape(array.shape), value.name, array)
        for value, array in sizes.constants.items()
    }
    decided = len(alias)
    spread = _needless_broadcasts(plan, sizes)
    for node in plan.nodes:
        if _changes_nothing(node, sizes, alias) or node in spread:
            alias[node.outputs[0]] = node.inputs[0]
    if not alias:
        return plan
    dead = set(alias)
    kept = [node for node in plan.nodes if not node.outputs or not dead.issuperset(node.outputs)]
    note = (
        f"decided {decided} shape computations and {len(alias) - decided} reshapes for equal rows"
    )
    return replace(plan, nodes=tuple(kept)).rewire(alias).noted(note)


def _needless_broadcasts(plan: Plan, sizes: Sizes) -> set[Node]:
    """``BroadcastTo`` nodes read only by operations that would broadcast anyway."""
    broadcasts = {
        node.outputs[0]: node
        for node in plan.nodes
        if node.type == "BroadcastTo" and sizes.known(node.outputs[0]) is not None
    }
    if not broadcasts:
        return set()
    needed = set(plan.fetches)
    for node in plan.nodes:
        found = [value for value in node.inputs if value in broadcasts]
        if len(found) == 1 and node.type in _BROADCASTING:
            (other,) = [value for value in node.inputs if value is not found[0]] or found
            if other is not found[0] and sizes.equal(other, node.outputs[0]):
                continue
        needed.update(found)
        needed.update(guard.predicate for guard in node.guards)
    return {node for value, node in broadcasts.items() if value not in needed}


def _changes_nothing(node: Node, sizes: Sizes, alias: dict[Value, Value]) -> bool:
    if node.type in _SHAPING:
        return sizes.equal(node.inputs[0], node.outputs[0])
    if node.type in _REDUCING:
        axes = alias.get(node.inputs[1], node.inputs[1]).constant
        return axes is not None and axes.size == 0
    return False
