"""Checks that numbers are finite."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes, errors
from tidefall.core.exports import export
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.opdef import HOST
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import shapes
from tidefall.ops.array import either
from tidefall.ops.grouping import group, with_dependencies
from tidefall.ops.registry import FLOATS, Namespace, T, op

_CHECKED = (dtypes.float16, dtypes.float32, dtypes.float64)


@op(
    "CheckNumerics", T=FLOATS, runs_on=HOST, effects=True, stateful=True, view=True,
    shape=shapes.unchanged, export=("check_numerics", "debugging.check_numerics"),
)  # fmt: skip
def check_numerics(xp: Namespace, tensor: T, *, message: str) -> T:
    """Its input; an error that begins with ``message`` if it has NaN or infinities."""
    if not np.isfinite(tensor).all():
        found = [np.isinf(tensor).any() and "Inf", np.isnan(tensor).any() and "NaN"]
        what = " and ".join([each for each in found if each])
        raise errors.InvalidArgumentError(None, None, f"{message} : Tensor had {what} values")
    return tensor


@check_numerics.gradient
def _check_numerics_grad(op: Operation, grad: Tensor) -> Any:
    message = op._attrs["message"].decode()
    return check_numerics(
        grad,
        message=f"Not a number (NaN) or infinity (Inf) values detected in gradient. {message}",
    )


@export("verify_tensor_all_finite", "debugging.assert_all_finite")
def verify_tensor_all_finite(
    t: Any = None, msg: Any = None, name: str | None = None, x: Any = None, message: Any = None
) -> Any:
    """``x``, once it is checked that it has neither NaN nor infinities.

    Args:
      t: An older name of ``x``.
      msg: An older name of ``message``.
      name: The name scope of the nodes.
      x: A tensor of floats.
      message: What the error begins with.
    """
    x = either("x", x, "t", t)
    message = either("message", message, "msg", msg)
    with get_default_graph().name_scope(name or "VerifyFinite"):
        x = convert_to_tensor(x, name="x")
        with get_default_graph().colocate_with(x):
            checked = check_numerics(x, message=message)
            return with_dependencies([checked], x)


@export("add_check_numerics_ops")
def add_check_numerics_ops() -> Any:
    """An operation that checks every float tensor of the graph made so far, in order.

    Raises:
      ValueError: If some are made inside conditionals or loops.
    """
    graph = get_default_graph()
    check: list[Any] = []
    for operation in graph.get_operations():
        for output in operation._outputs:
            if output.dtype not in _CHECKED:
                continue
            if operation._get_control_flow_context() is not None:
                raise ValueError(
                    "`tf.add_check_numerics_ops() is not compatible with TensorFlow control flow "
                    "operations such as `tf.cond()` or `tf.while_loop()`."
                )
            message = f"{operation.name}:{output.value_index}"
            with graph.control_dependencies(check):
                check = [check_numerics(output, message=message)]
    return group(*check)
