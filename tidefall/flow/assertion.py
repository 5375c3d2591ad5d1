"""`tf.Assert`."""

from __future__ import annotations

from typing import Any

from tidefall.core import dtypes, hooks
from tidefall.core.exports import export
from tidefall.flow.cond import cond
from tidefall.ir.conversion import convert_n_to_tensor, convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ops.array import no_op
from tidefall.ops.assertion import assert_op

_PLAIN = frozenset({dtypes.string, dtypes.int32})


@hooks.install("Assert")
@export("Assert", "debugging.Assert")
def assert_true(
    condition: Any, data: Any, summarize: int | None = None, name: str | None = None
) -> Any:
    """An operation that raises `tf.errors.InvalidArgumentError` unless ``condition`` holds.

    It must be run, or be waited for with `tf.control_dependencies`, to have an effect.

    Args:
      condition: A boolean scalar.
      data: Tensors to show in the message.
      summarize: How many elements of each; 3 if None.
      name: The name scope.

    Returns:
      The operation.
    """
    limit = 3 if summarize is None else summarize
    with get_default_graph().name_scope(name or "Assert"):
        tensors = convert_n_to_tensor(data)
        if all(tensor.dtype in _PLAIN for tensor in tensors):
            return assert_op(condition, data, summarize=limit, name="Assert")
        test = convert_to_tensor(condition, name="Condition")
        return cond(
            test,
            no_op,
            lambda: assert_op(test, data, summarize=limit, name="Assert"),
            name="AssertGuard",
        ).op
