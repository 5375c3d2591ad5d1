"""Taking off the head of a plan: the nodes in Python that supply its data.

A network fed by a queue or a data set has a batch of unknown size just as one that is fed by hand,
or one of a fixed size.
Once what takes the batch is a plan of its own, the rest of the plan is given the batch like a feed:
it can be specialized to its rows, run the general way if they do not agree, and be compiled.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from tidefall.compiler.likely_rows import FEWEST_ROWS
from tidefall.compiler.waiting import aside
from tidefall.ir.plan import LOAD, Node, Plan, Value


class Split(NamedTuple):
    """A plan in two parts.

    Attributes:
      head: What supplies data; it yields what the rest is given.
      rest: Everything else.
    """

    head: Plan
    rest: Plan


def split_head(plan: Plan) -> Split | None:
    """The plan in two parts, if its first part supplies batches; None if it does not."""
    if aside(plan):
        return None
    head = _head(plan)
    made = [value for node in head for value in node.outputs]
    if not any(_is_batch(value) for value in made) or len(head) == len(plan.nodes):
        return None
    members = set(head)
    nodes = tuple([node for node in plan.nodes if node not in members])
    read = {value for node in nodes for value in node.reads} | set(plan.fetches)
    given = tuple([value for value in (*plan.feeds, *made) if value in read])
    note = f"took {len(head)} nodes that supply data before the rest"
    first = Plan(plan.feeds, tuple(head), given, plan.cells)
    return Split(first, replace(plan, feeds=given, nodes=nodes).noted(note))


def _head(plan: Plan) -> list[Node]:
    """Nodes in Python that read only one another, before anything has an effect.

    ``Unique`` stays: it belongs to the gradient of an embedding.
    """
    known = set(plan.feeds)
    head: list[Node] = []
    for node in plan.nodes:
        ready = all(value.constant is not None or value in known for value in node.inputs)
        plain = not (node.guards or node.bodies or node.updates or node.type == "Unique")
        if node.on_host and ready and plain:
            head.append(node)
            known.update(node.outputs)
        elif not (node.is_pure or node.type == LOAD):
            break
    return head


def _is_batch(value: Value) -> bool:
    """Whether a value is an array of numbers with many rows, or an unknown number of them."""
    dims = value.shape.dims
    if not dims or value.dtype.np_dtype.kind not in "fiub":
        return False
    return dims[0] is None or dims[0] >= FEWEST_ROWS
