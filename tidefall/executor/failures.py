"""From an exception inside a run to the error a program sees: which operation, what, where."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import errors
from tidefall.ir import inference
from tidefall.ir.operation import Operation
from tidefall.ir.plan import IS_INITIALIZED, LOAD, Node
from tidefall.state.cells import UninitializedError

#: Vectors of so many integers (shapes, axes, indices) are shown in full.
_FEW = 8


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
    return errors.InvalidArgumentError(
        None, op, _message(op, _sentence(error, node, inputs), inputs)
    )


#: What libraries say, and what that means in a graph.
_PLAIN = {
    "Singular matrix": "the matrix is singular, so it cannot be inverted.",
    "Matrix is not positive definite": "the matrix is not positive definite.",
    "negative dimensions are not allowed": "a size is negative.",
}


#: Parts of NumPy's messages on shapes; what a kernel says itself is better left as it is.
_SIGNS_OF_NUMPY = (
    "broadcast", "core dimension", "cannot reshape array", "input array", "negative dimensions",
    "out of bounds", "axes don't match", "could not be", "array dimensions",
)  # fmt: skip


def _sentence(error: BaseException, node: Node, inputs: list[Any] | None) -> str:
    """What was wrong, in the words of the op's shape rule where NumPy complains of shapes."""
    text = str(error)
    if "truth value of an array" in text:
        return "a single true or false is needed, but the predicate is an array."
    if inputs is not None and any(sign in text for sign in _SIGNS_OF_NUMPY):
        reason = _wrong_shapes(node, inputs)
        if reason is not None:
            return reason
    return _PLAIN.get(text, text)


def _wrong_shapes(node: Node, inputs: list[Any]) -> str | None:
    """What the shape rule of the node's op says of the values it was given."""
    if node.updates or node.type != node.op.type or len(inputs) != len(node.op._inputs):
        return None
    if any(value is None for value in inputs):
        return None
    try:
        inference.check_values(node.opdef, tuple(inputs), node.op._attrs)
    except ValueError as reason:
        return str(reason)
    return None


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
    if array.ndim == 1 and array.dtype.kind in "iu" and array.size <= _FEW:
        return f"{kind}{shape} {array.tolist()}"
    return f"{kind}{shape}" if array.ndim or kind == "string" else f"{kind} {array[()]}"
