"""Systems of linear equations, and least squares."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core.exports import export
from tidefall.core.shapes import UNKNOWN, Shape
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import shape
from tidefall.ops.cast import cast
from tidefall.ops.decompositions import cholesky
from tidefall.ops.elementwise import number
from tidefall.ops.linalg import eye
from tidefall.ops.math import add_v2, mul, neg, sub
from tidefall.ops.matmul import matmul
from tidefall.ops.registry import Float64, Namespace, T, op
from tidefall.ops.triangular import (
    LINALG,
    adjoint_array,
    identity_like,
    matrix_triangular_solve,
    solution_shape,
    wide,
)


@op("MatrixSolve", T=LINALG, shape=solution_shape)
def matrix_solve_op(xp: Namespace, matrix: T, rhs: T, *, adjoint: bool = False) -> T:
    """Solves systems of linear equations."""
    a = wide(matrix)
    return xp.linalg.solve(adjoint_array(xp, a) if adjoint else a, wide(rhs)).astype(rhs.dtype)


@matrix_solve_op.gradient
def _matrix_solve_grad(op: Operation, grad: Tensor) -> tuple[Tensor, Tensor]:
    adjoint = op._attrs["adjoint"]
    of_rhs = matrix_solve_op(op.inputs[0], grad, adjoint=not adjoint)
    x = op.outputs[0]
    if adjoint:
        return neg(matmul(x, of_rhs, adjoint_b=True)), of_rhs
    return neg(matmul(of_rhs, x, adjoint_b=True)), of_rhs


@export("matrix_solve", "linalg.solve")
def matrix_solve(matrix: Any, rhs: Any, adjoint: bool = False, name: str | None = None) -> Any:
    """Solves ``matrix @ x == rhs``.

    Args:
      matrix: Square matrices.
      rhs: Right-hand sides, as columns.
      adjoint: Whether to solve with the conjugate transpose of ``matrix``.
      name: The name of the node.

    Raises:
      tf.errors.InvalidArgumentError: When run, if a matrix is singular.

    >>> tf.Session().run(tf.matrix_solve([[2.0, 0.0], [0.0, 4.0]], [[1.0], [1.0]]))
    array([[0.5 ],
           [0.25]], dtype=float32)
    """
    return matrix_solve_op(matrix, rhs, adjoint=adjoint, name=name)


@export("cholesky_solve", "linalg.cholesky_solve")
def cholesky_solve(chol: Any, rhs: Any, name: str | None = None) -> Any:
    """Solves ``a @ x == rhs``, given ``chol = tf.cholesky(a)``."""
    with get_default_graph().name_scope(name or "cholesky_solve"):
        y = matrix_triangular_solve(chol, rhs, adjoint=False, lower=True)
        return matrix_triangular_solve(chol, y, adjoint=True, lower=True)


def _least_squares_shape(matrix: Shape, rhs: Shape, l2_regularizer: Shape) -> Shape:
    l2_regularizer.with_rank(0)
    matrix, rhs = matrix.with_rank_at_least(2), rhs.with_rank_at_least(2)
    if matrix.dims is None or rhs.dims is None:
        return UNKNOWN
    if None not in (matrix.dims[-2], rhs.dims[-2]) and matrix.dims[-2] != rhs.dims[-2]:
        raise ValueError(f"matrix has shape {matrix}, but rhs has shape {rhs}: the rows differ.")
    return matrix[:-2].merge_with(rhs[:-2]) + Shape((matrix.dims[-1], rhs.dims[-1]))


@op("MatrixSolveLs", T=LINALG, shape=_least_squares_shape)
def matrix_solve_ls_op(
    xp: Namespace, matrix: T, rhs: T, l2_regularizer: Float64, *, fast: bool = True
) -> T:
    """Solves least-squares problems by singular values; of many solutions the smallest.

    The regularizer counts with ``fast`` only, as in TensorFlow.
    """
    a, b = wide(matrix), wide(rhs)
    damping = l2_regularizer if fast else xp.zeros_like(l2_regularizer)
    u, s, vh = xp.linalg.svd(a, full_matrices=False)
    eps = np.finfo(s.dtype).eps * max(a.shape[-2:])
    large = s > eps * xp.max(s, -1, keepdims=True, initial=0)
    denominator = xp.where(large, s * s + damping.astype(s.dtype), 1)
    weights = xp.where(large, s / denominator, 0)[..., None]
    return xp.matmul(adjoint_array(xp, vh), weights * xp.matmul(adjoint_array(xp, u), b)).astype(
        rhs.dtype
    )


@matrix_solve_ls_op.gradient
def _matrix_solve_ls_grad(op: Operation, grad: Tensor) -> tuple[Tensor, Tensor, None]:
    """Through the normal equations, of the rows or of the columns, whichever are fewer."""
    a, b, damping = op.inputs
    x = op.outputs[0]
    dims = a._shape_value.dims
    if dims is None or dims[-2] is None or dims[-1] is None:
        raise LookupError("the gradient of MatrixSolveLs needs to know the size of the matrices.")
    factor = cast(damping, a.dtype.base_dtype) if op._attrs["fast"] else number(0, a)
    if dims[-2] >= dims[-1]:
        gram = matmul(a, a, adjoint_a=True)
        z = matrix_solve_op(add_v2(gram, mul(factor, identity_like(gram))), grad)
        of_rhs = matmul(a, z)
        rest = sub(b, matmul(a, x))
        return sub(matmul(rest, z, adjoint_b=True), matmul(of_rhs, x, adjoint_b=True)), of_rhs, None
    gram = matmul(a, a, adjoint_b=True)
    gram = add_v2(gram, mul(factor, identity_like(gram)))
    w = matrix_solve_op(gram, b)
    y = matrix_solve_op(gram, matmul(a, grad))
    rest = sub(grad, matmul(a, y, adjoint_a=True))
    return sub(matmul(w, rest, adjoint_b=True), matmul(y, x, adjoint_b=True)), y, None


@export("matrix_solve_ls", "linalg.lstsq")
def matrix_solve_ls(
    matrix: Any,
    rhs: Any,
    l2_regularizer: Any = 0.0,
    fast: bool = True,
    name: str | None = None,
) -> Any:
    """Solves ``matrix @ x ≈ rhs`` with the smallest squared error.

    Args:
      matrix: Matrices.
      rhs: Right-hand sides, as columns.
      l2_regularizer: How much the square of ``x`` counts beside the squared error; only heeded
        if ``fast``.
      fast: Whether to solve the normal equations, rather than use singular values, which are
        accurate for nearly singular matrices, too.
      name: The name of the nodes.

    >>> tf.Session().run(tf.matrix_solve_ls([[1.0], [1.0]], [[1.0], [3.0]]))
    array([[2.]], dtype=float32)
    """
    matrix = convert_to_tensor(matrix, name="matrix")
    dims = matrix._shape_value.dims
    if not fast or dims is None or dims[-2] is None or dims[-1] is None:
        return matrix_solve_ls_op(matrix, rhs, l2_regularizer, fast=fast, name=name)
    with get_default_graph().name_scope(name or "matrix_solve_ls"):
        if dims[-2] >= dims[-1]:
            chol = _regularized_cholesky(matrix, l2_regularizer, True)
            return cholesky_solve(chol, matmul(matrix, rhs, adjoint_a=True))
        chol = _regularized_cholesky(matrix, l2_regularizer, False)
        return matmul(matrix, cholesky_solve(chol, rhs), adjoint_a=True)


def _regularized_cholesky(matrix: Tensor, damping: Any, of_columns: bool) -> Any:
    """The factor of the Gramian of the columns (or rows), with ``damping`` on its diagonal."""
    gram = matmul(matrix, matrix, adjoint_a=of_columns, adjoint_b=not of_columns)
    if isinstance(damping, (int, float)) and damping == 0:
        return cholesky(gram)
    sizes = shape(matrix)
    size = sizes[-1] if of_columns else sizes[-2]
    return cholesky(gram + damping * eye(size, batch_shape=sizes[:-2], dtype=matrix.dtype))
