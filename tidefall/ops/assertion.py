"""``Assert``: stops a run when a condition does not hold."""

from __future__ import annotations

from tidefall.core import errors
from tidefall.ir.opdef import HOST
from tidefall.ops import shapes
from tidefall.ops.registry import Bool, Namespace, T, TypeList, op
from tidefall.ops.summarize import summary


@op(
    "Assert", T=TypeList(), runs_on=HOST, effects=True, shape=shapes.none, differentiable=False
)  # fmt: skip
def assert_op(xp: Namespace, condition: Bool, data: list[T], *, summarize: int = 3) -> None:
    """Raises InvalidArgumentError with ``data`` in its message unless ``condition``."""
    if not condition:
        shown = " ".join([f"[{summary(item, summarize)}]" for item in data])
        raise errors.InvalidArgumentError(None, None, f"assertion failed: {shown}")
