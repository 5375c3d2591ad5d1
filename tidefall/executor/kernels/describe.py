"""What a kernel does, in words: for ``tidefall explain`` and at the head of dumped code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

from tidefall.array.record import Instruction
from tidefall.compiler.primitives import FREE, REDUCTIONS, ROW, kind
from tidefall.compiler.recorder import PackedRule
from tidefall.executor.kernels.grouping import Group, Step
from tidefall.executor.kernels.kernel import Kernel
from tidefall.executor.kernels.views import inner, without_ones
from tidefall.ir.plan import Node

Fact: TypeAlias = tuple[str, str]

_MOST_NAMES = 8


def facts(node: Node, kernel: Kernel) -> list[Fact]:
    """Labels and texts: what the kernel stands for, its shape, its memory, its steps."""
    plan = kernel.plan
    found = [("", _nodes(node)), ("tiles", _tiles(kernel)), ("memory", _memory(kernel))]
    found.append(("before", _steps(plan.between[0], kernel)))
    for number, steps in enumerate(plan.passes):
        name = f"pass {number + 1}" if len(plan.passes) > 1 else "each tile"
        found.append((name, _steps(steps, kernel)))
        label = "after" if number + 1 == len(plan.passes) else "between"
        found.append((label, _steps(plan.between[number + 1], kernel)))
    found += [("update", _rule(rule)) for rule, _, _ in kernel.fused.packed]
    found.append(("in place", _steps(plan.ends, kernel)))
    if kernel.fused.writes:
        found.append(("writes", _count(len(kernel.fused.writes), "variable")))
    return [(label, text) for label, text in found if text]


def _nodes(node: Node) -> str:
    types = Counter(member.type for member in node.members).most_common()
    return f"{_count(len(node.members), 'node')}: {_some([_times(*each) for each in types])}"


def _tiles(kernel: Kernel) -> str:
    bits = kernel.target.vector_bits
    count = kernel.fused.count
    fixed = "" if count is None else f" of {count:,}"
    text = f"{kernel.tile} rows{fixed}, {kernel.lanes} lanes of vectors of {bits} bits"
    if not kernel.plan.passes:
        return f"no rows; {kernel.lanes} lanes of vectors of {bits} bits"
    chunks = f"at most {kernel.chunks} chunks" if kernel.chunks > 1 else "one chunk"
    return f"{text}, {chunks}; about {kernel.work:,} operations a row"


def _memory(kernel: Kernel) -> str:
    memory = kernel.memory
    parts = [
        (memory.tile_size, "a worker's tile"),
        (memory.sums_size, "a chunk's sums"),
        (memory.kept_size, "what later passes read of a tile"),
        (memory.free_size, "values without rows"),
        (memory.constants_size, "constants"),
    ]
    return ", ".join([f"{_size(size)} for {what}" for size, what in parts if size])


def _steps(steps: Sequence[Step], kernel: Kernel) -> str:
    return "; ".join([_step(step, kernel) for step in steps])


def _step(step: Step, kernel: Kernel) -> str:
    if isinstance(step, Group):
        sums = [_step(each, kernel) for each in step.sums]
        return " and ".join([_group(step), *sums])
    if step.name == "matmul":
        return _summed_product(step, kernel)
    if step.name == "contract":
        return _contraction(step)
    if step.name in REDUCTIONS:
        return _reduction(step)
    return step.name


def _group(group: Group) -> str:
    names = [each.name for each in group.instructions if each.name != "copy"]
    text = _some([_times(*each) for each in Counter(names or ["copy"]).items()])
    if group.product is None:
        return f"{text} {_dims(group.dims)}"
    depth, columns = group.product.inputs[1].shape
    product = f"product {depth}→{columns}"
    return f"{product} with {text}" if group.instructions else product


def _summed_product(step: Instruction, kernel: Kernel) -> str:
    depth, columns = step.result.shape
    form = "by lanes" if kernel.memory.sums[step.result].lanes else "row by row"
    return f"product over rows {depth}×{columns} ({form})"


def _contraction(step: Instruction) -> str:
    a, b = step.inputs
    over = kind(step.result) == FREE and ROW in (kind(a), kind(b))
    text = "product of matrices over rows" if over else "product of matrices"
    return f"{text} {_dims(inner(a))} by {_dims(inner(b))}"


def _reduction(step: Instruction) -> str:
    (x,) = step.inputs
    if kind(x) == ROW:
        over = "over rows" if 0 in step.params else "within rows"
        return f"{step.name} {over} {_dims(without_ones(inner(x)))}"
    return f"{step.name} {_dims(without_ones(inner(x)))}" if kind(x) == FREE else step.name


def _rule(rule: PackedRule) -> str:
    names = Counter(each.name for each in rule.recording.instructions)
    variables = _count(len(rule.sizes), "variable")
    by = _some([_times(*each) for each in names.items()])
    return f"{variables} of {sum(rule.sizes):,} numbers by {by}"


def _dims(dims: Sequence[int]) -> str:
    return f"[{'×'.join(map(str, dims)) or 1}]"


def _times(name: str, count: int) -> str:
    return f"{name} ×{count}" if count > 1 else name


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _some(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _size(size: int) -> str:
    return f"{size / 1024:.3g} kB" if size >= 1024 else f"{size} bytes"
