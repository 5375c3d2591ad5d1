"""``tidefall explain``: runs a program and prints what the compiler made of it."""

from __future__ import annotations

import os
import shutil
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TextIO

from tidefall.cli import kernels
from tidefall.cli.kernels import duration
from tidefall.compiler.partition import Region, partition
from tidefall.executor import tiers
from tidefall.executor.tiers import Compiled
from tidefall.ir.operation import Operation
from tidefall.ir.plan import Node, Plan
from tidefall.ir.tensor import Tensor

_LABEL = 12
_MOST_NAMES = 6
_MOST_TYPES = 8


class Stage:
    """Runs of one kind by the same function.

    Attributes:
      runs: How many there were.
      first: What the first took, in seconds.
      seconds: What all took.
    """

    def __init__(self) -> None:
        self.runs = 0
        self.first = 0.0
        self.seconds = 0.0

    def told(self) -> str:
        """What the runs took."""
        text = f"{self.runs} run{'s' * (self.runs != 1)}"
        if self.runs:
            text += f", the first {duration(self.first)}"
        if self.runs > 1:
            rest = (self.seconds - self.first) / (self.runs - 1)
            text += f", then {duration(rest)} each"
        return text


class Record:
    """One kind of run: what was compiled for it, and what running it took.

    Attributes:
      compiled: What was compiled.
      stages: The runs; after a promotion those in NumPy, then those with kernels.
      saving: What kernels would have saved in the runs in NumPy, in microseconds, as estimated.
      rows: The numbers of rows of those runs.
    """

    def __init__(self, compiled: Compiled) -> None:
        self.compiled = compiled
        self.stages: list[Stage] = []
        self.saving = 0.0
        self.rows: set[int] = set()

    @property
    def seconds(self) -> float:
        """What all runs took."""
        return sum(stage.seconds for stage in self.stages)

    def counting(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """``function``, with its runs counted and timed."""
        stage = Stage()
        self.stages.append(stage)
        promotion = self.compiled.promotion if len(self.stages) == 1 else None

        def run(*values: Any) -> Any:
            start = time.perf_counter()
            try:
                return function(*values)
            finally:
                took = time.perf_counter() - start
                stage.first = stage.first or took
                stage.seconds += took
                stage.runs += 1
                if promotion is not None:
                    rows = promotion.rows(values)
                    self.rows.add(rows)
                    self.saving += promotion.saving(rows)

        return run


class Watch:
    """Keeps a record of every kind of run, while it is entered."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def __enter__(self) -> Watch:
        tiers.watchers.append(self._seen)
        return self

    def __exit__(self, *error: object) -> None:
        tiers.watchers.remove(self._seen)

    def _seen(self, compiled: Compiled, function: Callable[..., Any]) -> Callable[..., Any]:
        for record in self.records:
            if record.compiled is compiled:  # it was promoted
                return record.counting(function)
        record = Record(compiled)
        self.records.append(record)
        return record.counting(function)


def report(
    records: Sequence[Record], out: TextIO, show_nodes: bool = False, show_source: bool = False
) -> None:
    """Prints what is known of each kind of run, the ones that took longest first.

    Args:
      records: What a `Watch` kept.
      out: Where to.
      show_nodes: Whether to list the nodes of each plan with the user's lines.
      show_source: Whether to print the generated functions.
    """
    width = min(shutil.get_terminal_size((96, 24)).columns, 110)
    ran = sorted(records, key=lambda record: -record.seconds)
    kinds = f"{len(ran)} kind{'s' * (len(ran) != 1)} of runs" if ran else "no runs"
    print(f"\n{_rule(f'the program made {kinds}', width)}", file=out)
    for number, record in enumerate(ran, 1):
        lines = [f"\n{_title(number, record)}", *_summary(record, width)]
        if show_nodes:
            lines += ["", *_node_lines(record.compiled.plan)]
        if show_source:
            lines += ["", textwrap.indent(record.compiled.source.rstrip(), "    │ ")]
        print("\n".join(lines), file=out)
    print(file=out)


def _title(number: int, record: Record) -> str:
    compiled = record.compiled
    what = [tensor.name for tensor in compiled.fetches] + [op.name for op in compiled.targets]
    times = "; with kernels ".join([stage.told() for stage in record.stages])
    return f"{number}. run({_some(what)})   {times}"


def _summary(record: Record, width: int) -> list[str]:
    compiled = record.compiled
    plan = compiled.plan
    written = sorted({key for node in plan.nodes for key in (*node.updates, *node.cell_writes)})
    read = sorted({node.cell for node in plan.nodes if node.cell is not None} - set(written))
    facts = [
        ("given", _some([_described(tensor) for tensor in compiled.feeds])),
        *[_done(line) for line in plan.report],
        ("left", f"{len(plan.nodes)} nodes: {_types(plan.nodes)}"),
        ("variables", _variables(read, written)),
        ("executed as", " → ".join(_segments(plan))),
        ("generated", f"a function of {compiled.source.count(chr(10))} lines"),
        *kernels.told(compiled, record.saving, record.rows, record.stages[0].runs),
    ]
    return [line for label, text in facts if text for line in _fact(label, text, width)]


def _fact(label: str, text: str, width: int) -> list[str]:
    first = f"   {label:<{_LABEL}} "
    return textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=" " * len(first),
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _done(line: str) -> tuple[str, str]:
    """A line of a plan's report as a label and the rest."""
    verb, _, rest = line.partition(" ")
    return verb, rest


def _types(nodes: Sequence[Node]) -> str:
    counts = Counter(node.type for node in nodes).most_common()
    shown = [f"{name} ×{count}" if count > 1 else name for name, count in counts[:_MOST_TYPES]]
    more = sum(count for _, count in counts[_MOST_TYPES:])
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _variables(read: list[str], written: list[str]) -> str:
    parts = []
    if read:
        parts.append(f"reads {_some(read)}")
    if written:
        parts.append(f"writes {_some(written)}")
    return "; ".join(parts)


def _segments(plan: Plan) -> list[str]:
    found = []
    for segment in partition(plan):
        if isinstance(segment, Region):
            state = " with state" if segment.touches_state else ""
            found.append(f"a region of {len(segment.nodes)}{state}")
        else:
            found.append(f"{segment.type} in Python")
    return found or ["nothing: every value is known"]


def _node_lines(plan: Plan) -> list[str]:
    """The nodes of a plan, each with the line of the program it comes from."""
    lines = []
    for node in plan.nodes:
        inputs = ", ".join(dict.fromkeys(value.name for value in node.inputs))
        what = f"{len(node.members)} × {node.members[0].type}" if node.members else node.type
        lines.append(f"    {_place(node.op):<14} {_name(node)} = {what}({inputs})")
        for body in node.bodies:
            lines += [f"    {line}" for line in _node_lines(body)]
    return lines


def _name(node: Node) -> str:
    return ", ".join(dict.fromkeys(value.name for value in node.outputs)) or node.op.name


def _place(op: Operation) -> str:
    place = op._location
    return "" if place is None else f"{os.path.basename(place.filename)}:{place.line}"


def _described(tensor: Tensor) -> str:
    return f"{tensor.name} {tensor.dtype.name}{tensor._shape_value}"


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMES])
    return shown + (f", and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else "")


def _rule(title: str, width: int) -> str:
    return f"── {title} {'─' * max(width - len(title) - 4, 0)}"
