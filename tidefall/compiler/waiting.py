"""Operations of one run that wait for one another: one puts into a queue, another takes from it.

A plan runs its nodes one by one, but neither of two such nodes may keep the other from running. So
what puts something in comes before what takes out, unless it depends on it, and the executor
lets it wait *aside* while the plan goes on.
"""

from __future__ import annotations

from tidefall.ir.operation import Operation
from tidefall.ir.plan import Node, Plan, Value

#: Op types that put something somewhere, have no result, and may have to wait for room.
GIVERS = frozenset(
    """
    QueueEnqueue QueueEnqueueV2 QueueEnqueueMany QueueEnqueueManyV2 QueueClose QueueCloseV2
    Stage MapStage OrderedMapStage AccumulatorApplyGradient ResourceAccumulatorApplyGradient
    SparseAccumulatorApplyGradient BarrierInsertMany BarrierClose
    """.split()
)
#: Op types that take something, and may have to wait until it is there.
TAKERS = frozenset(
    """
    QueueDequeue QueueDequeueV2 QueueDequeueMany QueueDequeueManyV2 QueueDequeueUpTo
    QueueDequeueUpToV2 Unstage StagePeek MapUnstage MapUnstageNoKey MapPeek OrderedMapUnstage
    OrderedMapUnstageNoKey OrderedMapPeek AccumulatorTakeGradient ResourceAccumulatorTakeGradient
    SparseAccumulatorTakeGradient BarrierTakeMany ReaderRead ReaderReadV2 ReaderReadUpTo
    ReaderReadUpToV2
    """.split()
)


def aside(plan: Plan) -> frozenset[Node]:
    """The nodes that wait aside: those after which something is taken that they do not need."""
    types = {node.type for node in plan.nodes}
    if not (types & GIVERS and types & TAKERS):
        return frozenset()
    found = []
    for index, node in enumerate(plan.nodes):
        if node.type not in GIVERS or node.guards:
            continue
        later = [each for each in plan.nodes[index + 1 :] if each.type in TAKERS]
        if any(node.op not in _ancestors(each.op) for each in later):
            found.append(node)
    return frozenset(found)


def givers_first(plan: Plan) -> Plan:
    """Puts what gives before what takes, as far as it does not depend on it."""
    types = {node.type for node in plan.nodes}
    if not (types & GIVERS and types & TAKERS):
        return plan
    nodes = list(plan.nodes)
    for giver in plan.nodes:
        if giver.type in GIVERS:
            _move_up(giver, nodes)
    return plan if nodes == list(plan.nodes) else plan.with_nodes(nodes)


def _move_up(giver: Node, nodes: list[Node]) -> None:
    """Moves a node, and what it needs, before the first taker that it does not need."""
    end = nodes.index(giver)
    needed = _ancestors(giver.op)
    start = next(
        (i for i, each in enumerate(nodes[:end]) if each.type in TAKERS and each.op not in needed),
        None,
    )
    if start is None:
        return
    moved = _sources(giver, nodes[start:end])
    if any(each.op in needed and each not in moved for each in nodes[start:end]):
        return  # it waits for one of these by a control input
    if not all(each.is_pure for each in moved):
        return
    rest = [each for each in nodes[start:end] if each not in moved]
    nodes[start : end + 1] = [*moved, giver, *rest]


def _sources(giver: Node, nodes: list[Node]) -> list[Node]:
    """The nodes, of those before it, whose values it needs."""
    wanted: set[Value] = set(giver.reads)
    found: list[Node] = []
    for node in reversed(nodes):
        if wanted.intersection(node.outputs):
            found.insert(0, node)
            wanted.update(node.reads)
    return found


def _ancestors(op: Operation) -> set[Operation]:
    """All operations that one depends on."""
    found: set[Operation] = set()
    waiting = [op]
    while waiting:
        each = waiting.pop()
        sources = [*[tensor._op for tensor in each._inputs], *each._control_inputs]
        fresh = [source for source in sources if source not in found]
        found.update(fresh)
        waiting += fresh
    return found
