"""Triangular systems of equations, and what all of linear algebra shares.

Everything works on the last two dimensions; the dimensions before are batches.
"""

from __future__ import annotations

from typing import Any

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.core.shapes import UNKNOWN, Shape
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import transpose_op
from tidefall.ops.broadcast import exact
from tidefall.ops.complex import conjugate
from tidefall.ops.diagonal import matrix_band_part, matrix_diag_op, matrix_diag_part_op
from tidefall.ops.elementwise import number
from tidefall.ops.math import add_v2, mul, neg
from tidefall.ops.matmul import matmul
from tidefall.ops.registry import Namespace, T, op

LINALG = (
    dtypes.float64, dtypes.float32, dtypes.float16, dtypes.complex64, dtypes.complex128,
)  # fmt: skip


def wide(x: Any) -> Any:
    """``x`` in a dtype LAPACK knows."""
    return x.astype(exact(x.dtype))


def adjoint_array(xp: Namespace, x: Any) -> Any:
    """The conjugate transpose of arrays of matrices."""
    turned = xp.swapaxes(x, -1, -2)
    return xp.conj(turned) if x.dtype.kind == "c" else turned


def square_shape(x: Shape) -> Shape:
    """The shape of square matrices, completed.

    Raises:
      ValueError: If the matrices are not square.
    """
    x = x.with_rank_at_least(2)
    if x.dims is None:
        return UNKNOWN
    rows, columns = x.dims[-2:]
    if rows is not None and columns is not None and rows != columns:
        raise ValueError(f"square matrices are needed, but the shape is {x}.")
    size = columns if rows is None else rows
    return x[:-2] + Shape((size, size))


def adjoint_of(x: Tensor) -> Any:
    """The conjugate transpose of a tensor of matrices; for gradients."""
    rank = x._shape_value.rank
    if rank is None:
        return matmul(x, identity_like(x), adjoint_a=True)
    return conjugate(transposed(x, rank))


def identity_like(x: Tensor) -> Any:
    """Identity matrices of the size of the square matrices ``x``."""
    diagonal = matrix_diag_part_op(x)
    return matrix_diag_op(add_v2(mul(diagonal, number(0, x)), number(1, x)))


def transposed(x: Tensor, rank: int) -> Any:
    """``x`` with its last two dimensions exchanged."""
    return transpose_op(x, [*range(rank - 2), rank - 1, rank - 2])


def solution_shape(matrix: Shape, rhs: Shape) -> Shape:
    """The shape of ``x`` in ``matrix @ x == rhs``, which is that of ``rhs``."""
    square = square_shape(matrix)
    rhs = rhs.with_rank_at_least(2)
    if square.dims is None or rhs.dims is None:
        return rhs
    rows, sizes = square.dims[-1], rhs.dims[-2]
    if rows is not None and sizes is not None and rows != sizes:
        raise ValueError(
            f"matrix has shape {matrix} and rhs has shape {rhs}: {rows} equations, but {sizes} "
            "right-hand sides."
        )
    return square[:-2].merge_with(rhs[:-2]) + rhs[-2:]


@op("MatrixTriangularSolve", T=LINALG, shape=solution_shape)
def matrix_triangular_solve_op(
    xp: Namespace, matrix: T, rhs: T, *, lower: bool = True, adjoint: bool = False
) -> T:
    """Solves triangular systems; only that triangle of ``matrix`` is read."""
    a, b = wide(matrix), wide(rhs)
    xp.require(xp.diagonal(a, axis1=-2, axis2=-1) != 0, "the matrix is singular: there is a 0 on "
               "its diagonal.")  # fmt: skip
    if adjoint:
        a, lower = adjoint_array(xp, a), not lower
    return xp.solve_triangular(a, b, lower).astype(rhs.dtype)


@matrix_triangular_solve_op.gradient
def _matrix_triangular_solve_grad(op: Operation, grad: Tensor) -> tuple[Tensor, Tensor]:
    matrix, x = op.inputs[0], op.outputs[0]
    lower, adjoint = op._attrs["lower"], op._attrs["adjoint"]
    of_rhs = matrix_triangular_solve_op(matrix, grad, lower=lower, adjoint=not adjoint)
    if adjoint:
        of_matrix = neg(matmul(x, of_rhs, adjoint_b=True))
    else:
        of_matrix = neg(matmul(of_rhs, x, adjoint_b=True))
    band = (-1, 0) if lower else (0, -1)
    return matrix_band_part(of_matrix, *band), of_rhs


@export("matrix_triangular_solve", "linalg.triangular_solve")
def matrix_triangular_solve(
    matrix: Any, rhs: Any, lower: bool = True, adjoint: bool = False, name: str | None = None
) -> Any:
    """Solves ``matrix @ x == rhs`` by substitution.

    Args:
      matrix: Square matrices, of which only one triangle is read.
      rhs: Right-hand sides, as columns.
      lower: Whether it is the lower triangle.
      adjoint: Whether to solve with the conjugate transpose of that triangle.
      name: The name of the node.

    Raises:
      tf.errors.InvalidArgumentError: When run, if there is a 0 on the diagonal.
    """
    return matrix_triangular_solve_op(matrix, rhs, lower=lower, adjoint=adjoint, name=name)
