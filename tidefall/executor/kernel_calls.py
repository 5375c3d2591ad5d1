"""The text of a call of native code within the generated function of a plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from tidefall.ir.plan import KERNEL, Node, Plan, Value

Line = tuple[str, Node]


class Names(NamedTuple):
    """What the text of a call needs of the function around it.

    Attributes:
      of: The name of each value.
      argument: The text of a value that is read.
      context: The text of what the kernel of a stateful node is given.
      cell: The name of a variable.
      globals: What the text refers to besides; calls add to it.
      verified: Values whose shapes were verified when they were fed.
    """

    of: Mapping[Value, str]
    argument: Callable[[Any], str]
    context: Callable[[Node], str]
    cell: Callable[[str], str]
    globals: dict[str, Any]
    verified: Collection[Value]


def kernel_call(name: str, node: Node, names: Names) -> list[Line]:
    """A call that leaves what is no row array in known places, or its rescue; line by line."""
    call = node.attrs["call"]
    rows = [names.argument(value) for value in call.row_inputs]
    lines = [
        (_handed_over(names.argument(value), f"{name}_{call.place[value]}", value), node)
        for value in call.free_inputs
    ]
    lines += _streams(name, node, names, rows)
    made = [names.of[value] for value in call.row_outputs]
    for value, text in zip(call.row_outputs, made, strict=True):
        times, names.globals[f"shape_{text}"] = call.fused.each(value)
        count = f"{rows[0]}.shape[0]" + (f" * {times}" if times > 1 else "")
        shape = f"({count}, *shape_{text})"
        names.globals[f"dtype_{text}"] = value.dtype.np_dtype
        lines.append((f"{text} = empty({shape}, dtype_{text})", node))
    results = [f"{names.of[v]} = {_taken(v, name, call, names)}" for v in call.other_outputs]
    conditions = [f"{name}.valid", *_shape_tests(call, names)]
    test = f"if {' and '.join(conditions)} and not {name}_call({', '.join([*rows, *made])}):"
    lines.append((f"{test} {'; '.join(results) or 'pass'}", node))
    outputs = "".join(f"{names.of[value]}, " for value in node.outputs)
    target = f"{outputs}= " if outputs else ""
    arguments = ", ".join(map(names.argument, node.inputs))
    lines.append((f"else: {target}{name}.rescue({arguments})", node))
    return lines


def into_kernels(plan: Plan, nodes: Sequence[Node], number: int) -> dict[Value, str]:
    """Products that only a kernel reads, and where it reads them: they are computed there.

    Args:
      plan: All that is run.
      nodes: Nodes that run one after another while no other run does.
      number: The number of the first kernel among them.
    """
    found = {}
    for place, kernel in enumerate([n for n in nodes if n.type == KERNEL], number):
        call = kernel.attrs["call"]
        for value in call.free_inputs:
            found[value] = f"kernel{place}_{call.place[value]}"
    users = Counter(value for node in plan.nodes for value in set(node.reads))
    users.update(plan.fetches)
    makers = {node.outputs[0] for node in nodes if node.type == "MatMul"}
    return {
        value: place
        for value, place in found.items()
        if value in makers and users[value] == 1 and value.shape.is_fully_defined
    }


def _handed_over(text: str, place: str, value: Value) -> str:
    """Puts an input where the kernel reads it, unless it was computed there."""
    copy = f"{place}[...] = {text}"
    is_matrix = value.constant is None and value.shape.rank == 2
    return f"if {text} is not {place}: {copy}" if is_matrix else copy


def _streams(name: str, node: Node, names: Names, rows: list[str]) -> list[Line]:
    """Sets aside what the kernel draws of random streams."""
    lines = []
    for index, draw in enumerate(node.attrs["call"].fused.streams):
        count = f"{draw.fixed} * {rows[0]}.shape[0]" if draw.each_row else str(draw.fixed)
        seed, seed2, blocks = draw.arguments
        stream = f"{names.context(draw.node)}.random({seed}, {seed2}, {count}, {blocks})"
        lines.append((f"stream = {stream}", draw.node))
        words = f"{name}_words{index}"
        lines.append((f"{words}[:2] = stream.key; {words}[2:] = stream.counter", node))
    return lines


def _shape_tests(call: Any, names: Names) -> list[str]:
    """Tests of inputs whose fixed shape nobody has verified, as it was when they were fed."""
    if call.fused.count is None:
        return []
    tests = []
    for value in call.row_inputs:
        if value.constant is None and value not in names.verified:
            text = names.of[value]
            names.globals[f"whole_{text}"] = value.shape.dims
            tests.append(f"{text}.shape == whole_{text}")
    return tests


def _taken(value: Value, name: str, call: Any, names: Names) -> str:
    if value in call.place:
        scalar = value.shape.rank == 0
        return f"{name}_{call.place[value]}" + ("[()]" if scalar else ".copy()")
    return f"{names.cell(call.cells[value])}.value"
