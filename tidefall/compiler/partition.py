"""Cutting a plan into what runs under the session's lock and what runs in Python outside it.

Host nodes (strings, queues, files, Python functions) may block, so nothing is locked while they
run. Between them lie regions: stretches of numeric nodes, each a pure function from inputs and
old state to outputs and new state, which a faster tier may take over as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tidefall.ir.plan import KERNEL, Node, Plan, Value


class Region(NamedTuple):
    """A stretch of numeric nodes.

    Attributes:
      nodes: The nodes, in order.
      inputs: Values from outside the region (not constants).
      outputs: Values that are read after the region.
      touches_state: Whether it loads or updates variables.
    """

    nodes: tuple[Node, ...]
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    touches_state: bool


Segment = Region | Node


def partition(plan: Plan) -> list[Segment]:
    """The plan as an alternation of regions and single host nodes."""
    groups: list[list[Node]] = []
    for node in plan.nodes:
        if not node.on_host and groups and not groups[-1][0].on_host:
            groups[-1].append(node)
        else:
            groups.append([node])
    segments: list[Segment] = []
    for index, nodes in enumerate(groups):
        if nodes[0].on_host:
            segments.append(nodes[0])
        else:
            segments.append(_region(nodes, _read_later(groups[index + 1 :], plan)))
    return segments


def _read_later(groups: Sequence[Sequence[Node]], plan: Plan) -> set[Value]:
    later = set(plan.fetches)
    for nodes in groups:
        for node in nodes:
            later.update(node.reads)
    return later


def _region(nodes: list[Node], later: set[Value]) -> Region:
    made: set[Value] = set()
    inputs: dict[Value, None] = {}
    state = False
    for node in nodes:
        for value in node.reads:
            if value not in made and value.constant is None:
                inputs[value] = None
        made.update(node.outputs)
        touches = (
            node.cell is not None or bool(node.updates) or bool(node.bodies) or node.type == KERNEL
        )
        state = state or touches
    outputs = [value for node in nodes for value in node.outputs if value in later]
    return Region(tuple(nodes), tuple(inputs), tuple(outputs), state)
