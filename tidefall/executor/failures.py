"""From an exception inside a run to the error a program sees: which operation, what, where."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import errors
from tidefall.ir.operation import Operation
from tidefall.ir.plan import IS_INITIALIZED, LOAD, Node
from tidefall.state.cells import UninitializedError


def describe(error: BaseException, node: Node, inputs: list[Any] | None = None) -> BaseException:
    """The error to raise for ``error``, which ``node`` raised.

    Args:
      error: What a kernel raised.
      node: The node that was running.
      inputs: The values it was given, where they are known.
    """
    op = node.op
    if isinstance(error, errors.OpError):
        return error if error.op is not None else _attached(error, op)
    if isinstance(error, UninitializedError):
        return uninitialized(_variable(node, error.key))
    if node.type in (LOAD, IS_INITIALIZED) and isinstance(error, AttributeError):
        return uninitialized(op)
    if not isinstance(
        error,
        (ValueError, TypeError, IndexError, ArithmeticError, AttributeError, np.linalg.LinAlgError),
    ):
        if isinstance(error, MemoryError):
            return errors.ResourceExhaustedError(
                None, op, _message(op, f"out of memory: {error}", inputs)
            )
        return error
    return errors.InvalidArgumentError(None, op, _message(op, str(error), inputs))


def _variable(node: Node, key: str) -> Operation:
    """The operation that makes the variable ``key``, which an update of ``node`` changes."""
    for member in node.members or (node,):
        if key in member.updates:
            position = member.opdef.update_positions[member.updates.index(key)]
            return member.op._inputs[position]._op
    return node.op


def uninitialized(op: Operation) -> errors.OpError:
    """The error for reading a variable that has no value."""
    message = (
        f"variable '{op.name}' was read before it had a value. Run "
        "tf.global_variables_initializer() in this session first, or restore a checkpoint."
    )
    return errors.FailedPreconditionError(None, op, message)


def not_computed(name: str) -> errors.OpError:
    """The error for fetching a value of a branch that was not taken."""
    message = (
        f"'{name}' has no value in this run: it lies in a branch of a conditional that was not "
        "taken. Fetch the result of the tf.cond instead."
    )
    return errors.InvalidArgumentError(None, None, message)


def _attached(error: errors.OpError, op: Operation) -> errors.OpError:
    message = _message(op, error.message, None)
    if isinstance(error, errors.UnknownError):
        return errors.UnknownError(None, op, message)
    return type(error)(None, op, message)  # type: ignore[call-arg]


def _message(op: Operation, text: str, inputs: list[Any] | None) -> str:
    message = f"'{op.name}' ({op.type}): {text}"
    if inputs:
        given = ", ".join(_shown(value) for value in inputs)
        message += f" [given: {given}]"
    return message


def _shown(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_shown(item) for item in value) + "]"
    if value is None:
        return "None"
    if not isinstance(value, (np.ndarray, np.generic, bytes, str, int, float, complex)):
        return type(value).__name__
    array = np.asarray(value)
    kind = "string" if array.dtype.kind == "O" else array.dtype.name
    shape = f"({', '.join(map(str, array.shape))}{',' if array.ndim == 1 else ''})"
    return f"{kind}{shape}" if array.ndim or kind == "string" else f"{kind} {array[()]}"
