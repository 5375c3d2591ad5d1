"""Binding packed updates to a session's variables."""

from __future__ import annotations

from tidefall.array import numpy as xp
from tidefall.compiler.fold import kernel_attrs
from tidefall.compiler.pack import roles
from tidefall.executor.in_place import rule_of
from tidefall.ir.plan import Node, Plan
from tidefall.state.cells import Store
from tidefall.state.packs import Pack


def bind(node: Node, plan: Plan, store: Store) -> Pack:
    """The pack that runs a `PACKED` node of ``plan`` in a session."""
    first = node.members[0]
    cells = []
    for state in range(len(first.updates)):
        infos = [plan.cells[member.updates[state]] for member in node.members]
        cells.append([store.cell(i.key, i.dtype.np_dtype, i.shape) for i in infos])
    shapes = [_shape_of(member) for member in node.members]
    positions = first.opdef.update_positions
    shared, _ = roles(first)
    order: list[tuple[str, int]] = []
    for index, value in enumerate(first.inputs):
        if index in positions:
            order.append(("state", positions.index(index)))
        elif any(value is each for each in shared):
            order.append(("shared", next(i for i, each in enumerate(shared) if each is value)))
        else:
            order.append(("gradient", 0))
    attrs = kernel_attrs(first.op)
    kernel = first.opdef.kernel
    if kernel is None:
        raise AssertionError(f"{first.type} has no kernel")
    return Pack(cells, shapes, kernel, order, xp, attrs, rule_of(first.type, attrs))


def _shape_of(member: Node) -> tuple[int, ...]:
    dims = member.inputs[member.opdef.update_positions[0]].shape.dims or ()
    return tuple([size for size in dims if size is not None])
