"""Factorizations of matrices, inverses and determinants, with LAPACK's routines.

All work on the last two dimensions; the dimensions before are batches.
"""

from __future__ import annotations

from typing import Any

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.core.shapes import UNKNOWN, Shape
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import expand_dims
from tidefall.ops.complex import conjugate, real
from tidefall.ops.constant import constant
from tidefall.ops.diagonal import (
    matrix_band_part,
    matrix_diag_op,
    matrix_diag_part_op,
    matrix_set_diag_op,
)
from tidefall.ops.elementwise import number, reciprocal, square
from tidefall.ops.math import add_v2, div_no_nan_op, mul, neg, sub
from tidefall.ops.matmul import matmul
from tidefall.ops.registry import Namespace, T, op
from tidefall.ops.triangular import (
    LINALG,
    adjoint_array,
    adjoint_of,
    identity_like,
    matrix_triangular_solve_op,
    square_shape,
    wide,
)


@op("Cholesky", T=LINALG, shape=square_shape, export=("cholesky", "linalg.cholesky"))
def cholesky(xp: Namespace, input: T) -> T:
    """The lower triangular matrices ``L`` with ``L @ adjoint(L) == input``.

    Only the lower triangle of the symmetric (or Hermitian), positive definite ``input`` is read.

    >>> tf.Session().run(tf.cholesky([[4.0, 2.0], [2.0, 5.0]]))
    array([[2., 0.],
           [1., 2.]], dtype=float32)
    """
    return xp.linalg.cholesky(wide(input)).astype(input.dtype)


@cholesky.gradient
def _cholesky_grad(op: Operation, grad: Tensor) -> Tensor:
    """Smith (1995) in matrix form: Murray, "Differentiation of the Cholesky decomposition", eq. 8.

    Triangular solves stand for the inverse of L; the lower triangle of ``L' G`` has its diagonal
    halved.
    """
    factor = op.outputs[0]
    identity = identity_like(factor)
    inverse = matrix_triangular_solve_op(factor, identity, lower=True)
    inner = matrix_band_part(matmul(factor, grad, adjoint_a=True), -1, 0)
    half = mul(number(0.5, inner), matrix_diag_part_op(inner))
    inner = matrix_set_diag_op(inner, half)
    whole = matmul(matmul(inverse, inner, adjoint_a=True), inverse)
    return mul(number(0.5, whole), add_v2(whole, adjoint_of(whole)))


@op("MatrixInverse", T=LINALG, shape=square_shape)
def matrix_inverse_op(xp: Namespace, input: T, *, adjoint: bool = False) -> T:
    """The inverses of square matrices, or of their conjugate transposes."""
    x = wide(input)
    return xp.linalg.inv(adjoint_array(xp, x) if adjoint else x).astype(input.dtype)


@matrix_inverse_op.gradient
def _matrix_inverse_grad(op: Operation, grad: Tensor) -> Tensor:
    inverse = op.outputs[0]
    if op._attrs["adjoint"]:
        return neg(matmul(matmul(inverse, grad, adjoint_b=True), inverse))
    return neg(matmul(inverse, matmul(grad, inverse, adjoint_b=True), adjoint_a=True))


@export("matrix_inverse", "linalg.inv")
def matrix_inverse(input: Any, adjoint: bool = False, name: str | None = None) -> Any:
    """The inverses of square matrices.

    Args:
      input: Matrices.
      adjoint: Whether to invert the conjugate transposes instead.
      name: The name of the node.

    Raises:
      tf.errors.InvalidArgumentError: When run, if a matrix is singular.
    """
    return matrix_inverse_op(input, adjoint=adjoint, name=name)


_DETERMINANT = (
    dtypes.float16, dtypes.float32, dtypes.float64, dtypes.complex64, dtypes.complex128,
)  # fmt: skip


def _batch_shape(x: Shape) -> Shape:
    x = square_shape(x)
    return UNKNOWN if x.dims is None else x[:-2]


@op("MatrixDeterminant", T=_DETERMINANT, shape=_batch_shape,
    export=("matrix_determinant", "linalg.det"))  # fmt: skip
def matrix_determinant(xp: Namespace, input: T) -> T:
    """The determinants of square matrices."""
    return xp.linalg.det(wide(input)).astype(input.dtype)


@matrix_determinant.gradient
def _matrix_determinant_grad(op: Operation, grad: Tensor) -> Tensor:
    factor = mul(grad, conjugate(op.outputs[0]))
    return mul(_as_matrices(factor), matrix_inverse_op(op.inputs[0], adjoint=True))


def _as_matrices(x: Any) -> Any:
    """Numbers as matrices of one element."""
    return expand_dims(expand_dims(x, -1), -1)


def _log_determinant_shape(x: Shape) -> tuple[Shape, Shape]:
    return _batch_shape(x), _batch_shape(x)


@op("LogMatrixDeterminant", T=_DETERMINANT, shape=_log_determinant_shape,
    outputs=("sign", "log_abs_determinant"))  # fmt: skip
def log_matrix_determinant(xp: Namespace, input: T) -> tuple[T, T]:
    """The determinants of square matrices as their sign and the logarithm of their size."""
    sign, size = xp.linalg.slogdet(wide(input))
    return sign.astype(input.dtype), size.astype(input.dtype)


@log_matrix_determinant.gradient
def _log_matrix_determinant_grad(op: Operation, _: Tensor, grad: Tensor) -> Tensor:
    return mul(_as_matrices(grad), matrix_inverse_op(op.inputs[0], adjoint=True))


def _qr_shape(x: Shape, *, full_matrices: bool) -> tuple[Shape, Shape]:
    x = x.with_rank_at_least(2)
    if x.dims is None:
        return UNKNOWN, UNKNOWN
    rows, columns = x.dims[-2:]
    least = _least(rows, columns)
    if full_matrices:
        return x[:-2] + Shape((rows, rows)), x
    return x[:-2] + Shape((rows, least)), x[:-2] + Shape((least, columns))


def _least(a: int | None, b: int | None) -> int | None:
    return None if a is None or b is None else min(a, b)


@op("Qr", T=LINALG, shape=_qr_shape, outputs=("q", "r"))
def qr_op(xp: Namespace, input: T, *, full_matrices: bool = False) -> tuple[T, T]:
    """Orthogonal matrices times upper triangular ones."""
    q, r = xp.linalg.qr(wide(input), mode="complete" if full_matrices else "reduced")
    return q.astype(input.dtype), r.astype(input.dtype)


@qr_op.gradient
def _qr_grad(op: Operation, grad_q: Tensor, grad_r: Tensor) -> Tensor:
    """Walter and Lehmann, "Algorithmic differentiation of linear algebra functions", for full
    column rank."""
    q, r = op.outputs
    if q.dtype.is_complex:
        raise LookupError("the gradient of Qr is not defined for complex matrices.")
    rows, columns = _size(op)
    if rows is None or columns is None:
        raise LookupError("the gradient of Qr needs to know the size of the matrices.")
    if rows < columns or (op._attrs["full_matrices"] and rows != columns):
        raise LookupError(
            f"the gradient of Qr is defined for matrices with at least as many rows as columns and "
            f"full_matrices=False, not for {rows} by {columns}."
        )
    of_q = matmul(q, grad_q, adjoint_a=True)
    of_r = matmul(r, grad_r, adjoint_b=True)
    skew = add_v2(sub(of_q, adjoint_of(of_q)), sub(of_r, adjoint_of(of_r)))
    inner = _times_inverse(matrix_band_part(skew, -1, 0), r)
    rest = _times_inverse(sub(grad_q, matmul(q, of_q)), r)
    return add_v2(matmul(q, add_v2(grad_r, inner)), rest)


def _size(op: Operation) -> tuple[int | None, int | None]:
    """The rows and columns of the matrices an operation reads."""
    shape = op.inputs[0]._shape_value
    return shape[-2], shape[-1]


def _times_inverse(x: Tensor, r: Tensor) -> Any:
    """``x @ adjoint(inverse(r))`` for upper triangular ``r``."""
    return adjoint_of(matrix_triangular_solve_op(r, adjoint_of(x), lower=False))


@export("qr", "linalg.qr")
def qr(input: Any, full_matrices: bool = False, name: str | None = None) -> Any:
    """Orthogonal matrices ``q`` and upper triangular ``r`` with ``q @ r == input``.

    Args:
      input: Matrices.
      full_matrices: Whether ``q`` is square, rather than as narrow as possible.
      name: The name of the node.

    Returns:
      ``(q, r)``, a named tuple.
    """
    return qr_op(input, full_matrices=full_matrices, name=name)


def _svd_shape(x: Shape, *, compute_uv: bool, full_matrices: bool) -> tuple[Shape, Shape, Shape]:
    x = x.with_rank_at_least(2)
    if x.dims is None:
        return (UNKNOWN,) * 3 if compute_uv else (UNKNOWN, Shape((0,)), Shape((0,)))
    rows, columns = x.dims[-2:]
    least = _least(rows, columns)
    values = x[:-2] + Shape((least,))
    if not compute_uv:
        return values, Shape((0,)), Shape((0,))
    left = Shape((rows, rows if full_matrices else least))
    right = Shape((columns, columns if full_matrices else least))
    return values, x[:-2] + left, x[:-2] + right


@op("Svd", T=LINALG, shape=_svd_shape, outputs=("s", "u", "v"))
def svd_op(
    xp: Namespace, input: T, *, compute_uv: bool = True, full_matrices: bool = False
) -> tuple[T, T, T]:
    """Singular values, and left and right singular vectors."""
    x = wide(input)
    if not compute_uv:
        values = xp.linalg.svd(x, compute_uv=False)
        empty = xp.zeros((0,), dtype=input.dtype)
        return values.astype(input.dtype), empty, xp.zeros((0,), dtype=input.dtype)
    u, s, vh = xp.linalg.svd(x, full_matrices=full_matrices)
    v = adjoint_array(xp, vh)
    return s.astype(input.dtype), u.astype(input.dtype), v.astype(input.dtype)


@svd_op.gradient
def _svd_grad(op: Operation, grad_s: Tensor, grad_u: Tensor, grad_v: Tensor) -> Any:
    """Townsend, "Differentiating the singular value decomposition", for distinct values.

    Without vectors the gradient is ``u @ diag(grad_s) @ adjoint(v)``.
    """
    if not op._attrs["compute_uv"]:
        _, u, v = svd_op(op.inputs[0])
        return matmul(u, matmul(matrix_diag_op(grad_s), v, adjoint_b=True))
    s, u, v = op.outputs
    if u.dtype.is_complex:
        raise LookupError(
            "the gradient of Svd with compute_uv=True is not defined for complex matrices."
        )
    if op._attrs["full_matrices"]:
        rows, columns = _size(op)
        if rows is None or rows != columns:
            raise LookupError(
                "the gradient of Svd with full_matrices=True is only defined for square matrices."
            )
    squares = square(s)
    gaps = sub(expand_dims(squares, -2), expand_dims(squares, -1))
    weights = _without_diagonal(gaps)
    left = mul(weights, matmul(u, grad_u, transpose_a=True))
    right = mul(weights, matmul(v, grad_v, transpose_a=True))
    values, inverse = matrix_diag_op(s), matrix_diag_op(reciprocal(s))
    inner = add_v2(
        matmul(add_v2(left, adjoint_of(left)), values),
        matmul(values, add_v2(right, adjoint_of(right))),
    )
    inner = add_v2(inner, matrix_diag_op(grad_s))
    result = matmul(u, matmul(inner, v, transpose_b=True))
    outside_u = sub(grad_u, matmul(u, matmul(u, grad_u, transpose_a=True)))
    outside_v = sub(grad_v, matmul(v, matmul(v, grad_v, transpose_a=True)))
    result = add_v2(result, matmul(matmul(outside_u, inverse), v, transpose_b=True))
    return add_v2(result, matmul(matmul(u, inverse), outside_v, transpose_b=True))


def _without_diagonal(gaps: Tensor) -> Any:
    """``1 / gaps`` with zeros on the main diagonal, and where two values are equal."""
    return div_no_nan_op(constant(1, gaps.dtype.base_dtype), gaps)


@export("svd", "linalg.svd")
def svd(
    tensor: Any, full_matrices: bool = False, compute_uv: bool = True, name: str | None = None
) -> Any:
    """Singular value decompositions: ``tensor == u @ diag(s) @ adjoint(v)``.

    Args:
      tensor: Matrices.
      full_matrices: Whether ``u`` and ``v`` are square, rather than as narrow as possible.
      compute_uv: Whether the vectors are computed, too.
      name: The name of the node.

    Returns:
      ``(s, u, v)``, or ``s`` alone; the singular values fall.
    """
    s, u, v = svd_op(tensor, compute_uv=compute_uv, full_matrices=full_matrices, name=name)
    return (real(s), u, v) if compute_uv else real(s)


def _eigh_shape(x: Shape, *, compute_v: bool) -> tuple[Shape, Shape]:
    x = square_shape(x)
    vectors = x if compute_v else Shape((0,))
    return (UNKNOWN if x.dims is None else x[:-1]), vectors


@op("SelfAdjointEigV2", T=LINALG, shape=_eigh_shape, outputs=("e", "v"))
def self_adjoint_eig_op(xp: Namespace, input: T, *, compute_v: bool = True) -> tuple[T, T]:
    """Eigenvalues, rising, and eigenvectors, of which only the lower triangle is read."""
    x = wide(input)
    if not compute_v:
        values = xp.linalg.eigvalsh(x)
        return values.astype(input.dtype), xp.zeros((0,), dtype=input.dtype)
    values, vectors = xp.linalg.eigh(x)
    return values.astype(input.dtype), vectors.astype(input.dtype)


@self_adjoint_eig_op.gradient
def _self_adjoint_eig_grad(op: Operation, grad_e: Tensor, grad_v: Tensor) -> Any:
    """For distinct eigenvalues. Only the lower triangle was read, so it gets the whole gradient."""
    if op._attrs["compute_v"]:
        e, v = op.outputs
        weights = _without_diagonal(sub(expand_dims(e, -2), expand_dims(e, -1)))
        inner = mul(weights, matmul(v, grad_v, adjoint_a=True))
        inner = add_v2(inner, matrix_diag_op(grad_e))
    else:
        _, v = self_adjoint_eig_op(op.inputs[0])
        inner = matrix_diag_op(grad_e)
    whole = matmul(v, matmul(inner, v, adjoint_b=True))
    both = matrix_band_part(add_v2(whole, adjoint_of(whole)), -1, 0)
    half = mul(number(0.5, both), matrix_diag_part_op(both))
    return matrix_set_diag_op(both, half)


@export("self_adjoint_eig", "linalg.eigh")
def self_adjoint_eig(tensor: Any, name: str | None = None) -> Any:
    """Eigenvalues and eigenvectors of symmetric (or Hermitian) matrices.

    Args:
      tensor: Square matrices, of which only the lower triangle is read.
      name: The name of the node.

    Returns:
      ``(e, v)``: the eigenvalues, rising, and the eigenvectors as columns of ``v``.
    """
    e, v = self_adjoint_eig_op(tensor, compute_v=True, name=name)
    return e, v


@export("self_adjoint_eigvals", "linalg.eigvalsh")
def self_adjoint_eigvals(tensor: Any, name: str | None = None) -> Any:
    """Eigenvalues, rising, of symmetric (or Hermitian) matrices."""
    e, _ = self_adjoint_eig_op(tensor, compute_v=False, name=name)
    return e
