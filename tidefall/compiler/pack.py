"""Packing optimizer updates: many small updates of one kind become one over a flat buffer.

The update rules of the optimizers work element by element, so six variables with one rule and
the same hyperparameters can be updated as one vector. The executor keeps such variables (and
their slots) in one buffer per dtype, with views of it outside.
"""

from __future__ import annotations

from typing import Any

from tidefall.compiler.sizes import Sizes
from tidefall.ir.plan import LOAD, PACKED, Node, Plan, Value

_RULES = """
GradientDescent Momentum KerasMomentum
Adam AdaMax Adagrad Adadelta RMSProp CenteredRMSProp Ftrl FtrlV2
ProximalGradientDescent ProximalAdagrad AdagradDA AddSign PowerSign
""".split()
PACKABLE = frozenset(prefix + rule for rule in _RULES for prefix in ("Apply", "ResourceApply"))


def pack_updates(plan: Plan, sizes: Sizes) -> Plan:
    """Replaces groups of equal update rules by one `PACKED` node each."""
    groups: dict[Any, list[int]] = {}
    for position, node in enumerate(plan.nodes):
        if node.type in PACKABLE and not node.guards:
            key = _group_key(node, sizes)
            if key is not None:
                groups.setdefault(key, []).append(position)
    packed: dict[int, Node] = {}
    gone: set[int] = set()
    for positions in groups.values():
        if len(positions) > 1 and _may_move(plan, positions):
            members = tuple([plan.nodes[position] for position in positions])
            packed[positions[-1]] = _packed(members)
            gone.update(positions[:-1])
    if not packed:
        return plan
    nodes = [packed.get(i, node) for i, node in enumerate(plan.nodes) if i not in gone]
    text = ", ".join(f"{len(node.members)} {node.members[0].type}" for node in packed.values())
    return _without_idle_loads(plan.with_nodes(nodes)).noted(f"packed {text} into one update")


def roles(node: Node) -> tuple[list[Value], list[Value]]:
    """The hyperparameters of an update, and its inputs in the shape of the variable."""
    positions = node.opdef.update_positions
    shape = node.inputs[positions[0]].shape
    rest = [value for index, value in enumerate(node.inputs) if index not in positions]
    shared = [value for value in rest if value.shape.rank == 0]
    vectors = [value for value in rest if value.shape.rank != 0]
    if shape.rank == 0:
        shared, vectors = rest[:-1], rest[-1:]
    return shared, vectors


def _group_key(node: Node, sizes: Sizes) -> Any:
    positions = node.opdef.update_positions
    states = [node.inputs[position] for position in positions]
    shape = sizes.known(states[0])
    if shape is None or any(size < 0 for size in shape) or len(set(node.updates)) != len(positions):
        return None
    shared, vectors = roles(node)
    if any(sizes.known(value) != shape for value in (*states, *vectors)) or len(vectors) != 1:
        return None
    dtypes = {value.dtype for value in (*states, *vectors)}
    if len(dtypes) != 1 or shape == ():
        return None
    attrs = tuple([(name, node.attrs[name]) for name in node.opdef.kernel_attrs])
    return (node.type, attrs, states[0].dtype, tuple(map(_identity, shared)))


def _identity(value: Value) -> Any:
    if value.constant is None:
        return value
    return (value.dtype, value.constant.tobytes())


def _may_move(plan: Plan, positions: list[int]) -> bool:
    """Whether all updates of a group may happen where the last one does."""
    members = {plan.nodes[position] for position in positions}
    keys = [key for node in members for key in node.updates]
    if len(set(keys)) != len(keys):
        return False
    touched = set(keys)
    results = {value for node in members for value in node.outputs}
    for node in plan.nodes[positions[0] : positions[-1]]:
        if node in members:
            continue
        if node.on_host or node.bodies or not touched.isdisjoint(node.updates):
            return False
        if not results.isdisjoint(node.reads) or (node.cell in touched and node.type != LOAD):
            return False
    return all(results.isdisjoint(node.inputs) for node in members)


def _packed(members: tuple[Node, ...]) -> Node:
    first = members[0]
    shared, _ = roles(first)
    grads = [roles(node)[1][0] for node in members]
    outputs = tuple([value for node in members for value in node.outputs])
    keys = tuple([key for node in members for key in node.updates])
    return Node(PACKED, first.op, first.attrs, (*shared, *grads), outputs, keys, members=members)


def _without_idle_loads(plan: Plan) -> Plan:
    read = set(plan.fetches)
    for node in plan.nodes:
        read.update(node.reads)
    return plan.with_nodes(
        [n for n in plan.nodes if n.type != LOAD or not read.isdisjoint(n.outputs)]
    )
