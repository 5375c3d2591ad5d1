"""Gradients of embeddings, for optimizers that rewrite their slots whole.

An optimizer is given the rows of an embedding's gradient and the ids they belong to. It finds the
ids that differ, sums the rows of each, and adds the sums to a slot at these ids. Where the slot is
rewritten as a whole just before, as Adam's are, it costs less to sum the rows at their places in
an array of the slot's shape: then nothing needs sorting, and the rest is elementwise.
"""

from __future__ import annotations

import numpy as np

from tidefall.compiler.fold import fold_constants
from tidefall.compiler.named_rows import Readers
from tidefall.core.shapes import Shape
from tidefall.ir.plan import Node, Plan, Value

#: Slots of more elements are left as they are, for NumPy's sake.
MOST_ELEMENTS = 1 << 20
_ADDS = ("ScatterAdd", "ResourceScatterAdd")
_ASSIGNS = ("Assign", "AssignVariableOp")
_GATHERS = ("GatherV2", "ResourceGather")


def sum_whole(plan: Plan) -> Plan:
    """Sums rows at their places, wherever a slot of that shape is rewritten anyway.

    Results stay equal, but for the sign of zeros in rows that get nothing.
    """
    if not any(node.type == "Unique" for node in plan.nodes):
        return plan
    uses = _Uses(plan)
    alias: dict[Value, Value] = {}
    dropped: set[Node] = set()
    summed = 0
    for node in plan.nodes:
        rows = uses.rows_of(node) if node.type == "Unique" else None
        if rows is not None:
            ids, (different, places) = node.inputs[0], node.outputs
            alias[places] = ids
            alias[different] = _constant(different, np.arange(rows))
            for shape in uses.shapes(different):
                alias[shape] = _constant(shape, np.array([rows]))
            for assign in uses.assigns(different):
                alias[assign.outputs[0]] = assign.inputs[-1]
                dropped.add(assign)
            summed += 1
    if not summed:
        return plan
    plan = plan.with_nodes([node for node in plan.nodes if node not in dropped])
    return fold_constants(plan.rewire(alias)).noted(
        f"summed the rows of {summed} gradients at their places"
    )


def _constant(like: Value, array: np.ndarray) -> Value:
    return Value(like.dtype, Shape(array.shape), like.name, array.astype(like.dtype.np_dtype))


class _Uses(Readers):
    """Who makes and who reads the values of a plan."""

    def rows_of(self, unique: Node) -> int | None:
        """The rows of the slots that the sums for these ids go to, if nothing else is done."""
        different, places = unique.outputs
        if self.fetched.intersection(unique.outputs) or unique.guards:
            return None
        adds = []
        for reader in self.of(different):
            if reader.type in _ADDS and reader.inputs[1] is different:
                adds.append(reader)
            elif reader.type != "Shape":
                return None
        sums = self.sums(places, self.counts(different))
        if sums is None:
            return None
        if not self._stay_zero({node.outputs[0] for node in sums}, adds):
            return None
        found = {self._rewritten(node) for node in adds}
        rows = found.pop() if len(found) == 1 else None
        return rows if rows and self._are_in_range(unique.inputs[0], rows) else None

    def shapes(self, value: Value) -> list[Value]:
        """The shape of a value, wherever it is computed."""
        return [node.outputs[0] for node in self.of(value) if node.type == "Shape"]

    def assigns(self, different: Value) -> list[Node]:
        """What rewrites the slots that are then added to at these ids."""
        return [self.maker[node.inputs[0]] for node in self.of(different) if node.type in _ADDS]

    def _stay_zero(self, sums: set[Value], adds: list[Node]) -> bool:
        """Whether rows of zeros stay so in all that is computed of the sums, until it is added."""
        for node in self.nodes:
            if sums.isdisjoint(node.reads):
                continue
            if node in adds and sums.isdisjoint(node.inputs[:2]):
                continue
            others = [value for value in node.reads if value not in sums]
            if node.type not in ("Mul", "Square") or not all(map(_is_finite_number, others)):
                return False
            sums.update(node.outputs)
        return self.fetched.isdisjoint(sums)

    def _rewritten(self, add: Node) -> int | None:
        """The rows of a slot that has been rewritten just before it is added to."""
        slot = add.inputs[0]
        before = self.maker.get(slot)
        dims = slot.shape.dims
        if before is None or before.type not in _ASSIGNS or not dims:
            return None
        if add.guards or before.guards or before.updates != add.updates:
            return None
        if slot in self.fetched or self.of(slot) != [add]:
            return None
        start, end = self.nodes.index(before), self.nodes.index(add)
        if any(n.bodies or n.cell in add.updates for n in self.nodes[start:end]):
            return None
        if (slot.shape.num_elements() or MOST_ELEMENTS + 1) > MOST_ELEMENTS:
            return None
        return dims[0]

    def _are_in_range(self, ids: Value, rows: int) -> bool:
        """Whether the ids have been looked up in a table of so many rows, which checks them."""
        same = [ids]
        maker = self.maker.get(ids)
        if maker is not None and maker.type == "Reshape":
            same.append(maker.inputs[0])
        return any(
            node.type in _GATHERS and node.inputs[1] is value and _leading(node.inputs[0]) == rows
            for value in same
            for node in self.of(value)
        )


def _is_finite_number(value: Value) -> bool:
    constant = value.constant
    return constant is not None and constant.size == 1 and bool(np.isfinite(constant).all())


def _leading(table: Value) -> int | None:
    return table.shape.dims[0] if table.shape.dims else None
