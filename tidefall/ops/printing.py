"""`tf.Print`: shows values on standard error when they are computed."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from tidefall.core.exports import export
from tidefall.ir.opdef import HOST
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import shapes
from tidefall.ops.registry import Namespace, T, TypeList, U, op


@op("Print", U=TypeList(), runs_on=HOST, effects=True, view=True, shape=shapes.first_unchanged)
def print_op(
    xp: Namespace,
    run: Any,
    input: T,
    data: list[U],
    *,
    message: str = "",
    first_n: int = -1,
    summarize: int = 3,
) -> T:
    """Passes ``input`` on and writes ``data`` to standard error, the first ``first_n`` times."""
    counter = run.resource(("Print", run.node_name), _Counter)
    counter.count += 1
    if first_n < 0 or counter.count <= first_n:
        text = message + "".join(f"[{summarized(value, summarize)}]" for value in data)
        print(text, file=sys.stderr, flush=True)
    return input


class _Counter:
    def __init__(self) -> None:
        self.count = 0


@print_op.gradient
def _print_grad(op: Operation, grad: Tensor) -> list[Any]:
    return [grad, *[None] * (len(op.inputs) - 1)]


@export("Print")
def print_(
    input_: Any,
    data: Any,
    message: str | None = None,
    first_n: int | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> Any:
    """``input_``; when it is computed, ``data`` is written to standard error.

    Args:
      input_: The tensor to pass on.
      data: A list of tensors to show.
      message: Text to put in front.
      first_n: How often to write; always if None.
      summarize: How many elements of each tensor to show; 3 if None.
      name: The name of the node.
    """
    return print_op(
        input_,
        list(data),
        message=message or "",
        first_n=-1 if first_n is None else first_n,
        summarize=3 if summarize is None else summarize,
        name=name,
    )


def summarized(value: Any, limit: int) -> str:
    """The first ``limit`` elements as text, rows in brackets (all where it is negative)."""
    array = np.asarray(value)
    left = [array.size if limit < 0 else limit]

    def text(part: Any) -> str:
        if part.ndim <= 1:
            items = part.reshape(-1)[: left[0]].tolist()
            left[0] -= len(items)
            words = " ".join(_word(item) for item in items)
            return words + ("..." if len(items) < part.size else "")
        rows = []
        for row in part:
            if left[0] <= 0:
                break
            rows.append(f"[{text(row)}]")
        return "".join(rows)

    shown = text(array)
    return shown + ("..." if array.ndim > 1 and 0 <= limit < array.size else "")


def _word(item: Any) -> str:
    if isinstance(item, bytes):
        return item.decode(errors="replace")
    if isinstance(item, bool):
        return str(int(item))
    return f"{item:g}" if isinstance(item, float) else str(item)
