"""The ordered list of passes, and the front door of the compiler."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tidefall.compiler import prune
from tidefall.compiler.drop import drop_unused
from tidefall.compiler.fold import fold_constants
from tidefall.compiler.merge import merge_duplicates
from tidefall.compiler.rules import rewrite
from tidefall.compiler.translate import Translator
from tidefall.compiler.waiting import givers_first
from tidefall.compiler.whole_sums import sum_whole
from tidefall.ir.operation import Operation
from tidefall.ir.plan import Node, Plan
from tidefall.ir.tensor import Tensor

Pass = Callable[[Plan], Plan]

#: What simplifies a plan, in this order. Results stay bit-equal (but for `sum_whole`'s zeros).
PASSES: tuple[Pass, ...] = (
    rewrite, fold_constants, sum_whole, merge_duplicates, rewrite, drop_unused, givers_first,
)  # fmt: skip


def make_plan(
    feeds: Sequence[Tensor],
    fetches: Sequence[Tensor],
    targets: Sequence[Operation],
    done: Iterable[Operation] = (),
) -> Plan:
    """The plan of one kind of run, as the graph says it, before any pass.

    Args:
      feeds: Tensors whose values the run is given.
      fetches: Tensors whose values it returns.
      targets: Operations it executes besides.
      done: Operations that an earlier part of the same step has executed.
    """
    fed = set(feeds)
    ops = prune.needed(fetches, targets, fed, done)
    translator = Translator()
    inputs = tuple([translator.feed(tensor) for tensor in feeds])
    translator.run(ops, fed)
    results = tuple([translator.fetch(tensor) for tensor in fetches])
    graph = (feeds or fetches or targets)[0].graph if (feeds or fetches or targets) else None
    total = len(graph._by_id) if graph is not None else 0
    return translator.plan(inputs, results).noted(f"pruned {total} operations to {len(ops)}")


def simplify(plan: Plan) -> Plan:
    """Applies every pass of `PASSES`."""
    for each in PASSES:
        plan = each(plan)
    if any(node.bodies for node in plan.nodes):
        plan = plan.with_nodes([_with_simple_bodies(node) for node in plan.nodes])
    return plan


def _with_simple_bodies(node: Node) -> Node:
    return (
        node.with_bodies(tuple([simplify(body) for body in node.bodies])) if node.bodies else node
    )
