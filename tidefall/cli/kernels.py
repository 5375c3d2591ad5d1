"""The part of ``tidefall explain`` that tells of kernels: those there are and those to come."""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterable
from typing import TypeAlias

from tidefall.executor.promotion import FIRST_RUNS, Warming
from tidefall.executor.tiers import Compiled
from tidefall.ir.plan import KERNEL, Plan

Fact: TypeAlias = tuple[str, str]


def told(compiled: Compiled, saving: float, rows: set[int], runs: int) -> list[Fact]:
    """Labels and texts on the kernels of one kind of run, and on its promotion to them.

    Args:
      compiled: What was compiled.
      saving: What kernels would have saved in the runs in NumPy, in microseconds, as estimated.
      rows: The numbers of rows of those runs.
      runs: How many they were.
    """
    promotion = compiled.promotion
    try:
        if promotion is None:
            return _kernels(compiled.plan)
        plan = promotion.fused_plan()
        if not any(node.type == KERNEL for node in plan.nodes):
            reasons = _split(promotion.reasons())
            return [("promotion", "never: there is too little for a kernel"), *reasons]
        found = [("promotion", _prospect(promotion, saving, rows, runs))]
        found += _split(plan.report[len(compiled.plan.report) :])
        return found + _kernels(plan)
    except Exception as error:  # no llvmlite, no such machine, no template: the report goes on
        return [("kernels", f"none can be made here: {error}")]


def _prospect(promotion: Warming, saving: float, rows: set[int], runs: int) -> str:
    """When kernels take over."""
    cost = f"compiling is estimated at {duration(promotion.cost * 1e-6)}"
    if not runs:
        return cost
    each = saving / runs
    text = f"{cost}, what it saves at {duration(each * 1e-6)} a run{_of_rows(rows)}: "
    if promotion.switched:
        return f"{text}kernels took over at run {promotion.switched}"
    at = FIRST_RUNS + math.ceil(promotion.cost / each)
    if runs >= at:
        return f"{text}it was due at run {at} but failed, as the log says"
    return f"{text}kernels would take over at run {at}"


def _of_rows(rows: set[int]) -> str:
    least, most = min(rows), max(rows)
    if least == most:
        return f" of {most:,} row{'s' * (most != 1)}"
    return f" of {least:,} to {most:,} rows, on average"


def _split(lines: Iterable[str]) -> list[Fact]:
    """Lines of a report as labels and texts."""
    parts = [line.partition(" ") for line in lines]
    return [(verb, rest) for verb, _, rest in parts]


def _kernels(plan: Plan) -> list[Fact]:
    """What each kernel of a plan does."""
    found: list[Fact] = []
    for number, node in enumerate([n for n in plan.nodes if n.type == KERNEL], 1):
        engine = importlib.import_module("tidefall.executor.kernels.engine")
        describe = importlib.import_module("tidefall.executor.kernels.describe")
        call = node.attrs.get("call")
        kernel = engine.planned(node) if call is None else call.kernel
        for label, text in describe.facts(node, kernel):
            found.append((f"  {label}" if label else f"kernel {number}", text))
    return found


def duration(seconds: float) -> str:
    """A time with its unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"
