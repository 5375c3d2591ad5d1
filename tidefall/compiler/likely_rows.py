"""Which fixed size of a plan is likely to be the number of its rows, without trying."""

from __future__ import annotations

from collections import Counter

from tidefall.ir.plan import LOAD, Plan, Value

#: Leading dimensions smaller than this are not taken for a batch.
FEWEST_ROWS = 2


def likely_rows(plan: Plan) -> int | None:
    """The size that is tried first, without a look at what is done with it."""
    return next(iter(largest_first(sizes_given(plan) or sizes_kept(plan))), None)


def largest_first(counts: dict[int, int]) -> list[int]:
    """Sizes in the order in which they are tried."""
    return sorted(counts, key=lambda count: -counts[count])


def sizes_given(plan: Plan) -> dict[int, int]:
    """Leading sizes of what a run is given, with the number of elements that have it."""
    made = [v for node in plan.nodes if node.on_host for v in node.outputs]
    return _leading([*plan.feeds, *made])


def sizes_kept(plan: Plan) -> dict[int, int]:
    """Leading sizes of what stays the same or is drawn anew: data sets in the graph, noise."""
    updated = {key for node in plan.nodes for key in node.updates}
    found: dict[Value, None] = {}
    for node in plan.nodes:
        found.update({v: None for v in node.inputs if v.constant is not None})
        if (node.type == LOAD and node.cell not in updated) or node.opdef.needs_run:
            found.update(dict.fromkeys(node.outputs))
    return _leading([value for value in found if (value.shape.rank or 0) > 1])


def _leading(values: list[Value]) -> dict[int, int]:
    counts: Counter[int] = Counter()
    for value in values:
        dims = value.shape.dims
        if dims and None not in dims and value.dtype.np_dtype.kind in "fiub":
            first = dims[0]
            if first is not None and first >= FEWEST_ROWS:
                counts[first] += value.shape.num_elements() or 0
    return counts
