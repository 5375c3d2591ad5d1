"""Which tier runs a plan.

The environment variable ``TIDEFALL_TIER``, or ``config.experimental.executor_type`` of a session,
names one:

* ``reference``: node by node, unsimplified; slow, for comparison;
* ``numpy``: tier 0, one generated NumPy function per plan;
* ``kernels``: tier 1 from the first run on: native kernels, NumPy for the rest;
* ``xla``: regions traced by JAX and compiled by XLA (needs the extra ``xla``);
* ``auto`` (the default): tier 0 first, kernels for what is repeated often enough
  (`tidefall.executor.promotion`); XLA where the program asks for a device that needs it.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

from tidefall.compiler.heads import split_head
from tidefall.compiler.pack import pack_updates
from tidefall.compiler.pipeline import make_plan, simplify
from tidefall.compiler.specialize import specialize
from tidefall.executor.devices import wants_xla
from tidefall.executor.promotion import Replace, Warming, with_kernels, worth_watching
from tidefall.executor.reference import Reference
from tidefall.executor.straightline import Nesting, Program
from tidefall.ir.operation import Operation
from tidefall.ir.plan import Plan
from tidefall.ir.tensor import Tensor
from tidefall.state.cells import Store

TIERS = ("auto", "reference", "numpy", "kernels", "xla")


class Compiled(NamedTuple):
    """What became of one kind of run, for those who watch.

    Attributes:
      fetches: The tensors it computes.
      targets: The operations it runs besides.
      feeds: The tensors it is given values for.
      plan: What is executed; its report tells what was done to it.
      source: The text of the generated function.
      promotion: What may move it to kernels, where that is possible.
    """

    fetches: Sequence[Tensor]
    targets: Sequence[Operation]
    feeds: Sequence[Tensor]
    plan: Plan
    source: str
    promotion: Warming | None = None


Watcher = Callable[[Compiled, Callable[..., Any]], Callable[..., Any]]

#: Told of every kind of run that is compiled, with its function; what they return is called. Of
#: one that is promoted they are told again, with the same first argument.
watchers: list[Watcher] = []


def chosen(config: Any = None) -> str:
    """The tier that a session of this configuration uses.

    Raises:
      ValueError: If there is no tier of that name.
    """
    name = ""
    if config is not None:
        name = getattr(getattr(config, "experimental", None), "executor_type", "")
    name = (name or os.environ.get("TIDEFALL_TIER", "") or "auto").lower()
    if name not in TIERS:
        raise ValueError(f"there is no tier '{name}'; TIDEFALL_TIER is one of {', '.join(TIERS)}.")
    return name


def compile_run(
    tier: str,
    feeds: list[Tensor],
    fetches: Sequence[Tensor],
    targets: Sequence[Operation],
    result: str,
    names: dict[str, Any],
    store: Store,
    done: Iterable[Operation] = (),
    replace: Replace | None = None,
) -> Callable[..., Any]:
    """A function that does one kind of run in a session.

    Args:
      tier: One of `TIERS`.
      feeds: The tensors it is given values for, in order.
      fetches: The tensors it computes.
      targets: The operations it runs besides.
      result: Source text that builds what it returns from ``{0}``, ``{1}``, … (the fetches).
      names: What ``result`` refers to besides.
      store: The session's state.
      done: Operations that an earlier part of the same step has executed.
      replace: Told, at tier ``auto``, when a faster function takes the place of the returned one.
    """
    plan = make_plan(feeds, fetches, targets, done)
    if tier == "reference":
        return Reference(plan, feeds, result, names).bind(store)
    plan = simplify(plan)
    if tier == "xla" or (tier == "auto" and wants_xla(plan)):
        xla = importlib.import_module("tidefall.executor.xla")
        return xla.compile_plan(plan, feeds, result, names, store)  # type: ignore[no-any-return]
    seen = partial(Compiled, fetches, targets, feeds)
    parts = split_head(plan)
    if parts is None:
        return _compiled(tier, plan, feeds, (result, names), store, replace, seen)
    every = "".join(f"{{{index}}}, " for index in range(len(parts.head.fetches)))
    head = Program(parts.head, feeds, f"({every})", {}, nesting=Nesting.UNLOCKED).bind(store)
    return _joined(
        head,
        lambda faster: _compiled(tier, parts.rest, [], (result, names), store, faster, seen),
        replace,
    )


def _joined(
    head: Callable[..., Any],
    compiled: Callable[[Replace | None], Callable[..., Any]],
    replace: Replace | None,
) -> Callable[..., Any]:
    """What supplies data, and after it the rest of the run."""
    rest = compiled(None if replace is None else lambda _, new: faster(new))

    def faster(new: Callable[..., Any]) -> None:
        nonlocal rest
        rest = new

    def run(*values: Any) -> Any:
        return rest(*head(*values))

    return run


def _compiled(
    tier: str,
    plan: Plan,
    feeds: list[Tensor],
    result: tuple[str, dict[str, Any]],
    store: Store,
    replace: Replace | None,
    seen: Callable[..., Compiled],
) -> Callable[..., Any]:
    """A function for a simplified plan, at tier 0 or with kernels."""
    special, sizes = specialize(plan)
    special = pack_updates(special, sizes)

    def program_of(plan_: Plan) -> Program:
        return Program(plan_, feeds, *result, sizes, lambda: Program(plan, feeds, *result))

    if tier == "kernels":
        special = with_kernels(special, sizes)
    program = program_of(special)
    function = program.bind(store)
    promotion = None
    if tier == "auto" and replace is not None and worth_watching(special):
        promotion = Warming(special, sizes, function, program_of, store, replace)
    if watchers:
        compiled = seen(program.plan, program.source, promotion)
        watched = partial(_watched, tuple(watchers), compiled)
        if promotion is None:
            return watched(function)
        promotion.watch(watched)
    return promotion or function


def _watched(
    by: Sequence[Watcher], seen: Compiled, function: Callable[..., Any]
) -> Callable[..., Any]:
    for watch in by:
        function = watch(seen, function)
    return function
