"""Diagonals and triangles of matrices: taking them out, putting them in."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.core.shapes import UNKNOWN, Shape
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops.constant import constant
from tidefall.ops.math import mul
from tidefall.ops.registry import (
    FLOATS_COMPLEX,
    INDICES,
    Namespace,
    T,
    Tindex,
    TypeAttr,
    op,
)

_DIAGONAL_TYPES = (*FLOATS_COMPLEX, *INDICES)


@op("MatrixDiagPart", outputs=("diagonal",))
def matrix_diag_part_op(xp: Namespace, input: T) -> T:
    """The main diagonals of the matrices in the last two dimensions."""
    return xp.array(xp.diagonal(input, axis1=-2, axis2=-1))


@matrix_diag_part_op.shape
def _matrix_diag_part_shape(input: Shape) -> Shape:
    return _with_diagonal(input.with_rank_at_least(2))


def _with_diagonal(x: Shape) -> Shape:
    """The shape of the main diagonals of matrices."""
    if x.dims is None:
        return UNKNOWN
    return x[:-2] + Shape((_least(x.dims[-2], x.dims[-1]),))


def _least(rows: int | None, columns: int | None) -> int | None:
    if 0 in (rows, columns):
        return 0
    return None if rows is None or columns is None else min(rows, columns)


@op("MatrixDiag")
def matrix_diag_op(xp: Namespace, diagonal: T) -> T:
    """Matrices with these main diagonals and zeros elsewhere."""
    size = diagonal.shape[-1]
    inside = xp.eye(size, dtype=bool)
    return xp.where(inside, xp.expand_dims(diagonal, -1), xp.zeros_like(diagonal[..., :1, None]))


@matrix_diag_op.shape
def _matrix_diag_shape(diagonal: Shape) -> Shape:
    x = diagonal.with_rank_at_least(1)
    return UNKNOWN if x.dims is None else Shape((*x.dims, x.dims[-1]))


@op("MatrixSetDiag")
def matrix_set_diag_op(xp: Namespace, input: T, diagonal: T) -> T:
    """The matrices ``input`` with other main diagonals."""
    rows, columns = input.shape[-2:]
    inside = xp.eye(rows, columns, dtype=bool)
    size = diagonal.shape[-1]
    if rows > size:
        rest = xp.zeros_like(diagonal[..., :1])
        rest = xp.broadcast_to(rest, (*diagonal.shape[:-1], rows - size))
        diagonal = xp.concatenate([diagonal, rest], -1)
    return xp.where(inside, xp.expand_dims(diagonal, -1), input)


@matrix_set_diag_op.shape
def _matrix_set_diag_shape(input: Shape, diagonal: Shape) -> Shape:
    x = input.with_rank_at_least(2)
    if x.dims is None:
        return UNKNOWN
    _with_diagonal(x).merge_with(diagonal)
    return x


@matrix_diag_op.gradient
def _matrix_diag_grad(op: Operation, grad: Tensor) -> Tensor:
    return matrix_diag_part_op(grad)


@matrix_diag_part_op.gradient
def _matrix_diag_part_grad(op: Operation, grad: Tensor) -> Any:
    x = op.inputs[0]
    dims = x._shape_value.dims
    if dims is not None and dims[-1] is not None and dims[-1] == dims[-2]:
        return matrix_diag_op(grad)
    return matrix_set_diag_op(_zeros_like(x), grad)


def _zeros_like(x: Tensor) -> Any:
    return mul(x, constant(0, x.dtype.base_dtype))


@matrix_set_diag_op.gradient
def _matrix_set_diag_grad(op: Operation, grad: Tensor) -> tuple[Tensor, Tensor]:
    taken = matrix_diag_part_op(grad)
    return matrix_set_diag_op(grad, mul(taken, constant(0, grad.dtype.base_dtype))), taken


@op("MatrixBandPart", Tindex=TypeAttr(INDICES, dtypes.int64), outputs=("band",))
def matrix_band_part_op(xp: Namespace, input: T, num_lower: Tindex, num_upper: Tindex) -> T:
    """The matrices with zeros outside a band around the main diagonal."""
    rows, columns = input.shape[-2:]
    lower, upper = int(np.asarray(num_lower)), int(np.asarray(num_upper))
    for name, number, size in (("num_lower", lower, rows), ("num_upper", upper, columns)):
        if number > max(size, 1) or number < -1:
            raise ValueError(f"{name} = {number} must lie between -1 and {size}.")
    distance = np.arange(columns) - np.arange(rows)[:, None]
    inside = np.ones((rows, columns), bool)
    if lower >= 0:
        inside &= distance >= -lower
    if upper >= 0:
        inside &= distance <= upper
    return xp.where(inside, input, xp.zeros_like(input[..., :1, :1]))


@matrix_band_part_op.shape
def _matrix_band_part_shape(input: Shape, num_lower: Shape, num_upper: Shape) -> Shape:
    num_lower.with_rank(0)
    num_upper.with_rank(0)
    return input.with_rank_at_least(2)


@matrix_band_part_op.gradient
def _matrix_band_part_grad(op: Operation, grad: Tensor) -> tuple[Tensor, None, None]:
    return matrix_band_part_op(grad, op.inputs[1], op.inputs[2]), None, None


@export("matrix_band_part", "linalg.band_part")
def matrix_band_part(input: Any, num_lower: Any, num_upper: Any, name: str | None = None) -> Any:
    """The matrices in the last two dimensions, with zeros outside a band.

    Args:
      input: Matrices.
      num_lower: How many diagonals below the main one stay; all if negative.
      num_upper: How many diagonals above the main one stay; all if negative.
      name: The name of the node.

    >>> tf.Session().run(tf.matrix_band_part([[1, 2], [3, 4]], -1, 0))
    array([[1, 0],
           [3, 4]], dtype=int32)
    """
    return matrix_band_part_op(input, num_lower, num_upper, name=name)


@op("Diag", T=_DIAGONAL_TYPES, export=("diag", "linalg.tensor_diag"))
def diag(xp: Namespace, diagonal: T) -> T:
    """A tensor of twice the rank with ``diagonal`` where both halves of its indices are equal."""
    flat = xp.reshape(diagonal, (-1,))
    inside = xp.eye(flat.shape[0], dtype=bool)
    matrix = xp.where(inside, flat[:, None], xp.zeros_like(flat[:1]))
    return xp.reshape(matrix, diagonal.shape * 2)


@diag.shape
def _diag_shape(diagonal: Shape) -> Shape:
    return diagonal.with_rank_at_least(1) + diagonal


@diag.gradient
def _diag_grad(op: Operation, grad: Tensor) -> Tensor:
    return diag_part(grad)


@op("DiagPart", T=_DIAGONAL_TYPES, outputs=("diagonal",),
    export=("diag_part", "linalg.tensor_diag_part"))  # fmt: skip
def diag_part(xp: Namespace, input: T) -> T:
    """The elements of a tensor at which both halves of the indices are equal."""
    half = input.shape[: input.ndim // 2]
    if input.ndim % 2 or input.shape != half * 2:
        raise ValueError(
            f"the two halves of the shape must be equal, but the tensor has shape {input.shape}."
        )
    matrix = xp.reshape(input, (int(np.prod(half, dtype=np.int64)),) * 2)
    return xp.reshape(xp.array(xp.diagonal(matrix)), half)


@diag_part.shape
def _diag_part_shape(input: Shape) -> Shape:
    if input.dims is None:
        return UNKNOWN
    if len(input.dims) % 2 or not input.dims:
        raise ValueError(f"an even rank of at least 2 is needed, but input has shape {input}.")
    middle = len(input.dims) // 2
    return input[:middle].merge_with(input[middle:])


@diag_part.gradient
def _diag_part_grad(op: Operation, grad: Tensor) -> Tensor:
    return diag(grad)
