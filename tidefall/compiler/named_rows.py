"""Sparse gradients: which nodes sum the rows of each id, and for whom.

An optimizer is given the rows of an embedding's gradient and the ids they belong to. It finds the
ids that differ (``Unique``), counts them, sums the rows of each (``UnsortedSegmentSum``), and
changes the rows of its variables that these ids name. This module recognizes that in a plan.
"""

from __future__ import annotations

from tidefall.ir.plan import Node, Plan, Value

#: A kernel that changes some rows of a variable goes over all of it, if that is at most so large.
MOST_ELEMENTS = 1 << 18
_RULES = ("SparseApply", "ResourceSparseApply")


class Readers:
    """Who makes and who reads the values of a plan, with questions about sparse gradients."""

    def __init__(self, plan: Plan) -> None:
        self.nodes = plan.nodes
        self.fetched = set(plan.fetches)
        self.maker = {value: node for node in plan.nodes for value in node.outputs}
        self._readers: dict[Value, list[Node]] = {}
        for node in plan.nodes:
            for value in set(node.reads):
                self._readers.setdefault(value, []).append(node)

    def of(self, value: Value) -> list[Node]:
        """The nodes that read a value."""
        return self._readers.get(value, [])

    def counts(self, different: Value) -> set[Value]:
        """What is computed of the shape of the ids that differ: their number, nothing else.

        Where more is computed, the shape itself is among the results.
        """
        found: set[Value] = set()
        for node in self.of(different):
            if node.type == "Shape":
                (shape,) = node.outputs
                readers = self.of(shape)
                if shape in self.fetched or any(each.type != "StridedSlice" for each in readers):
                    found.add(shape)
                else:
                    found.update(each.outputs[0] for each in readers)
        return found

    def sums(self, places: Value, counts: set[Value]) -> list[Node] | None:
        """The nodes that sum rows at these places; None if something else reads these values."""
        sums = self.of(places)
        if not all(_sums(node, places, counts) for node in sums):
            return None
        for count in counts:
            if count in self.fetched or not all(node in sums for node in self.of(count)):
                return None
        return sums


def _sums(node: Node, places: Value, counts: set[Value]) -> bool:
    data, ids, count = node.inputs if node.type == "UnsortedSegmentSum" else (None,) * 3
    return ids is places and data is not places and count in counts and not node.guards


def named_rows(plan: Plan) -> dict[Node, int]:
    """The nodes that only prepare sparse update rules, and how many rows the variables have."""
    if not any(node.type == "Unique" for node in plan.nodes):
        return {}
    readers = Readers(plan)
    found: dict[Node, int] = {}
    for node in plan.nodes:
        members = _cluster(readers, node) if node.type == "Unique" else []
        rows = {_rows(plan, rule) for rule in readers.of(node.outputs[0]) if _is_rule(rule)}
        if members and len(rows) == 1 and None not in rows:
            found |= dict.fromkeys(members, rows.pop() or 0)
    return found


def _cluster(readers: Readers, unique: Node) -> list[Node]:
    """A ``Unique`` node and those that follow it, up to the update rules."""
    different, places = unique.outputs
    counts = readers.counts(different)
    sums = readers.sums(places, counts)
    if sums is None or unique.guards or not readers.fetched.isdisjoint(unique.outputs):
        return []
    rules = [node for node in readers.of(different) if node.type != "Shape"]
    if not rules or not all(map(_is_rule, rules)):
        return []
    for node in sums:
        (total,) = node.outputs
        if total in readers.fetched or not all(each in rules for each in readers.of(total)):
            return []
    shapes = [node for node in readers.of(different) if node.type == "Shape"]
    parts = [node for count in counts if (node := readers.maker[count]) not in shapes]
    return [unique, *shapes, *parts, *sums]


def _is_rule(node: Node) -> bool:
    return node.type.startswith(_RULES)


def _rows(plan: Plan, rule: Node) -> int | None:
    """The rows of the variables that a rule changes, where a kernel may go over all of them."""
    shapes = {plan.cells[key].shape for key in rule.updates}
    if len(shapes) != 1:
        return None
    (shape,) = shapes
    elements = shape.num_elements()
    if not shape.dims or elements is None or elements > MOST_ELEMENTS:
        return None
    return shape.dims[0]
