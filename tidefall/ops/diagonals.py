"""Diagonals beside the main one, and several at once; `tf.matrix_diag` and its kin."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core.exports import export
from tidefall.core.shapes import UNKNOWN, Shape
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.inference import ShapeContext
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops.constant import constant
from tidefall.ops.diagonal import matrix_diag_op, matrix_diag_part_op, matrix_set_diag_op
from tidefall.ops.math import mul
from tidefall.ops.registry import Int32, Namespace, T, op


def _places(size_k: Any, rows: int, columns: int) -> list[int]:
    """The diagonals from the lowest to the highest that ``k`` names."""
    numbers = np.reshape(size_k, -1).tolist()
    low, high = numbers[0], numbers[-1]
    if low > high:
        raise ValueError(f"k = {numbers} must not decrease.")
    for each in (low, high):
        if each and not -rows < each < columns:
            raise ValueError(f"a matrix of {rows} by {columns} has no diagonal {each}.")
    return list(range(low, high + 1))


def _diagonal_indices(rows: int, columns: int, k: int) -> tuple[Any, Any]:
    length = min(rows + min(k, 0), columns - max(k, 0))
    steps = np.arange(length)
    return steps + max(-k, 0), steps + max(k, 0)


@op("MatrixDiagPartV2", outputs=("diagonal",))
def matrix_diag_part_v2(xp: Namespace, input: T, k: Int32, padding_value: T) -> T:
    """Diagonals ``k`` (one or a range), each from its start, the shorter ones padded at the end."""
    rows, columns = input.shape[-2:]
    wanted = _places(k, rows, columns)
    found = [_diagonal_indices(rows, columns, each) for each in reversed(wanted)]
    longest = max(len(i) for i, _ in found)
    parts = []
    for i, j in found:
        part = input[..., i, j]
        if len(i) < longest:
            rest = xp.broadcast_to(padding_value, (*part.shape[:-1], longest - len(i)))
            part = xp.concatenate([part, rest.astype(part.dtype)], -1)
        parts.append(part)
    return parts[0] if len(parts) == 1 else xp.stack(parts, -2)


@matrix_diag_part_v2.shape
def _matrix_diag_part_v2_shape(
    ctx: ShapeContext, input: Shape, k: Shape, padding_value: Shape
) -> Shape:
    x, wanted = input.with_rank_at_least(2), ctx.constant(1)
    if x.dims is None or wanted is None or None in x.dims[-2:]:
        return UNKNOWN
    rows, columns = int(x.dims[-2] or 0), int(x.dims[-1] or 0)
    places = _places(wanted, rows, columns)
    longest = max(min(rows + min(each, 0), columns - max(each, 0)) for each in places)
    return x[:-2] + Shape((longest,) if len(places) == 1 else (len(places), longest))


def _written(xp: Namespace, input: Any, diagonal: Any, k: Any) -> Any:
    """``input`` with the diagonals ``k`` replaced."""
    rows, columns = input.shape[-2:]
    wanted = _places(k, rows, columns)
    number = np.zeros((rows, columns), np.int64)
    step = np.zeros((rows, columns), np.int64)
    inside = np.zeros((rows, columns), bool)
    for index, each in enumerate(reversed(wanted)):
        i, j = _diagonal_indices(rows, columns, each)
        number[i, j], step[i, j], inside[i, j] = index, np.arange(len(i)), True
    if len(wanted) == 1:
        diagonal = xp.expand_dims(diagonal, -2)
    return xp.where(inside, diagonal[..., number, step], input)


@op("MatrixSetDiagV2")
def matrix_set_diag_v2(xp: Namespace, input: T, diagonal: T, k: Int32) -> T:
    """``input`` with the diagonals ``k`` replaced, laid out as `matrix_diag_part_v2` gives them."""
    return _written(xp, input, diagonal, k)


@matrix_set_diag_v2.shape
def _matrix_set_diag_v2_shape(input: Shape, diagonal: Shape, k: Shape) -> Shape:
    return input.with_rank_at_least(2)


@op("MatrixDiagV2")
def matrix_diag_v2(
    xp: Namespace, diagonal: T, k: Int32, num_rows: Int32, num_cols: Int32, padding_value: T
) -> T:
    """Matrices with these diagonals and ``padding_value`` elsewhere."""
    rows, columns = _matrix_size(
        diagonal.shape[-1], np.reshape(k, -1).tolist(), int(num_rows), int(num_cols)
    )
    several = np.size(k) > 1 and np.reshape(k, -1)[0] != np.reshape(k, -1)[1]
    batch = diagonal.shape[: -2 if several else -1]
    empty = xp.broadcast_to(padding_value, (*batch, rows, columns))
    return _written(xp, empty, diagonal, k)


def _matrix_size(longest: int, k: list[int], rows: int, columns: int) -> tuple[int, int]:
    """The size of the smallest matrix with these diagonals, or what was asked for."""
    low, high = k[0], k[-1]
    least_rows = longest - min(high, 0)
    least_columns = longest + max(low, 0)
    if rows == -1 and columns == -1:
        size = max(least_rows, least_columns)
        return size, size
    rows = least_rows if rows == -1 else rows
    columns = least_columns if columns == -1 else columns
    if rows < least_rows or columns < least_columns:
        raise ValueError(
            f"diagonals of length {longest} do not fit a matrix of {rows} by {columns}."
        )
    return rows, columns


@matrix_diag_v2.shape
def _matrix_diag_v2_shape(
    ctx: ShapeContext,
    diagonal: Shape,
    k: Shape,
    num_rows: Shape,
    num_cols: Shape,
    padding_value: Shape,
) -> Shape:
    wanted, rows, columns = (ctx.constant(index) for index in (1, 2, 3))
    if diagonal.dims is None or diagonal.dims[-1] is None:
        return UNKNOWN
    if wanted is None or rows is None or columns is None:
        return UNKNOWN
    size = _matrix_size(diagonal.dims[-1], np.reshape(wanted, -1).tolist(), int(rows), int(columns))
    several = len(_named(wanted)) > 1
    return diagonal[: -2 if several else -1] + Shape(size)


def _named(k: Any) -> range:
    numbers = np.reshape(k, -1).tolist()
    return range(numbers[0], numbers[-1] + 1)


@matrix_diag_part_v2.gradient
def _matrix_diag_part_v2_grad(op: Operation, grad: Tensor) -> tuple[Tensor, None, None]:
    x, k = op.inputs[0], op.inputs[1]
    empty = mul(x, constant(0, x.dtype.base_dtype))
    return matrix_set_diag_v2(empty, grad, k), None, None


@matrix_set_diag_v2.gradient
def _matrix_set_diag_v2_grad(op: Operation, grad: Tensor) -> tuple[Tensor, Tensor, None]:
    diagonal, k = op.inputs[1], op.inputs[2]
    zero = constant(0, grad.dtype.base_dtype)
    return (
        matrix_set_diag_v2(grad, mul(diagonal, zero), k),
        matrix_diag_part_v2(grad, k, zero),
        None,
    )


@matrix_diag_v2.gradient
def _matrix_diag_v2_grad(op: Operation, grad: Tensor) -> Any:
    zero = constant(0, grad.dtype.base_dtype)
    return matrix_diag_part_v2(grad, op.inputs[1], zero), None, None, None, None


@export("matrix_diag", "linalg.diag")
def matrix_diag(
    diagonal: Any,
    name: str = "diag",
    k: Any = 0,
    num_rows: Any = -1,
    num_cols: Any = -1,
    padding_value: Any = 0,
) -> Any:
    """Matrices with these diagonals.

    Args:
      diagonal: The diagonals, in the last dimension; with a range ``k``, in the last two, the
        highest first, each padded at its end.
      name: The name of the node.
      k: Which diagonal: 0 is the main one, positive ones lie above. Two numbers make a range.
      num_rows: The number of rows; the least that fits if -1.
      num_cols: The number of columns; the least that fits if -1.
      padding_value: What is elsewhere.

    >>> tf.Session().run(tf.matrix_diag([1, 2]))
    array([[1, 0],
           [0, 2]], dtype=int32)
    """
    if _is(k, 0) and _is(num_rows, -1) and _is(num_cols, -1) and _is(padding_value, 0):
        return matrix_diag_op(diagonal, name=name)
    x = convert_to_tensor(diagonal)
    padding = convert_to_tensor(padding_value, dtype=x.dtype.base_dtype)
    return matrix_diag_v2(x, k, num_rows, num_cols, padding, name=name)


def _is(value: Any, number: int) -> bool:
    """Whether an argument has its default value."""
    return isinstance(value, (int, float)) and value == number


@export("matrix_diag_part", "linalg.diag_part")
def matrix_diag_part(
    input: Any, name: str = "diag_part", k: Any = 0, padding_value: Any = 0
) -> Any:
    """Diagonals of the matrices in the last two dimensions.

    Args:
      input: Matrices.
      name: The name of the node.
      k: Which diagonal: 0 is the main one, positive ones lie above. Two numbers make a range.
      padding_value: What fills up the shorter diagonals of a range.
    """
    if _is(k, 0):
        return matrix_diag_part_op(input, name=name)
    x = convert_to_tensor(input)
    padding = convert_to_tensor(padding_value, dtype=x.dtype.base_dtype)
    return matrix_diag_part_v2(x, k, padding, name=name)


@export("matrix_set_diag", "linalg.set_diag")
def matrix_set_diag(input: Any, diagonal: Any, name: str = "set_diag", k: Any = 0) -> Any:
    """The matrices ``input`` with other diagonals; see `tf.matrix_diag_part`."""
    if _is(k, 0):
        return matrix_set_diag_op(input, diagonal, name=name)
    return matrix_set_diag_v2(input, diagonal, k, name=name)
