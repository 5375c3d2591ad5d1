"""Functions of matrices that are made of other ops: transposes, traces, norms, exponentials."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import shapes
from tidefall.ops.array import either, expand_dims, squeeze
from tidefall.ops.complex import conj, real
from tidefall.ops.decompositions import cholesky, log_matrix_determinant, svd
from tidefall.ops.diagonals import matrix_diag, matrix_diag_part, matrix_set_diag
from tidefall.ops.elementwise import abs, log, sqrt
from tidefall.ops.filled import ones, zeros, zeros_like
from tidefall.ops.joining import concat
from tidefall.ops.math import minimum, pow
from tidefall.ops.ranges import range_
from tidefall.ops.rearranging import transpose
from tidefall.ops.reduce import reduce_max, reduce_sum
from tidefall.ops.registry import REALS, Namespace, T, op
from tidefall.ops.sizes import rank


@op("Cross", T=REALS, shape=shapes.same, outputs=("product",), export=("cross", "linalg.cross"))
def cross(xp: Namespace, a: T, b: T) -> T:
    """The cross products of the vectors of 3 elements in the last dimension."""
    if a.shape[-1:] != (3,) or a.shape != b.shape:
        raise ValueError(
            f"a and b must have one shape whose last size is 3, not {a.shape} and {b.shape}."
        )
    one, two = [1, 2, 0], [2, 0, 1]
    return a[..., one] * b[..., two] - a[..., two] * b[..., one]


@cross.gradient
def _cross_grad(op: Operation, grad: Tensor) -> tuple[Tensor, Tensor]:
    a, b = op.inputs
    return cross(b, grad), cross(grad, a)


@export("matrix_transpose", "linalg.matrix_transpose", "linalg.transpose")
def matrix_transpose(a: Any, name: str = "matrix_transpose", conjugate: bool = False) -> Any:
    """``a`` with its last two dimensions exchanged.

    Args:
      a: Matrices.
      name: The name of the node.
      conjugate: Whether to conjugate, too.

    Raises:
      ValueError: If ``a`` has fewer than 2 dimensions.
    """
    with get_default_graph().name_scope(name):
        a = convert_to_tensor(a, name="a")
        known = a._shape_value.rank
        if known is None:
            count = rank(a)
            order: Any = concat((range_(0, count - 2, name="Range"), [count - 1, count - 2]), 0)
        elif known < 2:
            raise ValueError(f"a matrix is needed, but a has shape {a._shape_value}.")
        else:
            order = [*range(known - 2), known - 1, known - 2]
        return transpose(a, perm=order, conjugate=conjugate)


@export("linalg.adjoint")
def adjoint(matrix: Any, name: str | None = None) -> Any:
    """``matrix`` transposed and conjugated."""
    with get_default_graph().name_scope(name or "adjoint"):
        matrix = convert_to_tensor(matrix, name="matrix")
        return matrix_transpose(matrix, conjugate=True)


@export("trace", "linalg.trace")
def trace(x: Any, name: str | None = None) -> Any:
    """The sums of the main diagonals of the matrices in the last two dimensions."""
    with get_default_graph().name_scope(name or "Trace") as scope:
        x = convert_to_tensor(x, name="x")
        return reduce_sum(matrix_diag_part(x), [-1], name=scope)


@export("eye", "linalg.eye")
def eye(
    num_rows: Any,
    num_columns: Any = None,
    batch_shape: Any = None,
    dtype: Any = dtypes.float32,
    name: str | None = None,
) -> Any:
    """Identity matrices.

    Args:
      num_rows: The number of rows.
      num_columns: The number of columns, that of the rows if None.
      batch_shape: The dimensions before the last two.
      dtype: The dtype of the elements.
      name: The name of the node.

    >>> tf.Session().run(tf.eye(2))
    array([[1., 0.],
           [0., 1.]], dtype=float32)
    """
    with get_default_graph().name_scope(name or "eye"):
        square = num_columns is None
        columns = num_rows if square else num_columns
        batch = [] if batch_shape is None else batch_shape
        if all(_is_known(each) for each in (num_rows, columns)) and _is_known(batch):
            square = int(num_rows) == int(columns)
            diagonal_shape: Any = [*batch, min(int(num_rows), int(columns))]
            whole: Any = [*batch, num_rows, columns]
        else:
            length = minimum(num_rows, columns)
            batch = convert_to_tensor(batch, name="shape", dtype=dtypes.int32)
            diagonal_shape = concat((batch, [length]), axis=0)
            whole = None if square else concat((batch, [num_rows, columns]), axis=0)
        diagonal = ones(diagonal_shape, dtype=dtype)
        if square:
            return matrix_diag(diagonal)
        return matrix_set_diag(zeros(whole, dtype=dtype), diagonal)


def _is_known(value: Any) -> bool:
    """Whether sizes are plain numbers."""
    if isinstance(value, (list, tuple)):
        return all(_is_known(each) for each in value)
    return not isinstance(value, Tensor) and not hasattr(value, "_as_graph_element")


@export("norm", "linalg.norm")
def norm(
    tensor: Any,
    ord: Any = "euclidean",
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    keep_dims: Any = None,
) -> Any:
    """The norms of vectors or matrices.

    Args:
      tensor: A float or complex tensor.
      ord: ``"euclidean"``, or a positive number; for matrices also ``"fro"``, 1, 2 (the greatest
        singular value) and ``np.inf``.
      axis: The dimension of the vectors, two dimensions for matrices, or None for one vector of
        all elements.
      keepdims: Whether reduced dimensions stay, with size 1.
      name: The name of the nodes.
      keep_dims: The old name of ``keepdims``.

    Raises:
      ValueError: If there is no such norm.

    >>> tf.Session().run(tf.norm([[3.0, 4.0], [6.0, 8.0]], axis=1))
    array([ 5., 10.], dtype=float32)
    """
    keep = bool(either("keepdims", keepdims, "keep_dims", keep_dims))
    of_matrices = isinstance(axis, (list, tuple)) and len(axis) == 2
    if of_matrices:
        axis = tuple(axis)
        _check_matrix_norm(ord, axis)
    else:
        if isinstance(axis, (list, tuple)):
            if len(axis) != 1:
                raise ValueError(f"axis must be one dimension or two, not {axis!r}.")
            axis = axis[0]
        if not (ord == "euclidean" or (not isinstance(ord, str) and ord > 0)):
            raise ValueError(f"vectors have no norm of order {ord!r}; it must be positive.")
    with get_default_graph().name_scope(name or "norm"):
        x = convert_to_tensor(tensor)
        result = _norm(x, ord, axis, of_matrices)
        return result if keep else squeeze(result, axis)


def _check_matrix_norm(ord: Any, axis: tuple[Any, ...]) -> None:
    if axis[0] == axis[1]:
        raise ValueError(f"the two axes of a matrix must differ, but both are {axis[0]}.")
    if not any(ord == each for each in ("euclidean", "fro", 1, 2, np.inf)):
        raise ValueError(
            f"matrices have no norm of order {ord!r} here; there are 'euclidean', 'fro', 1, 2 and "
            "np.inf."
        )


def _norm(x: Tensor, ord: Any, axis: Any, of_matrices: bool) -> Any:
    """The norm, with reduced dimensions kept."""
    if of_matrices and ord == 2:
        return _spectral_norm(x, axis)
    axes = axis if of_matrices or axis is None else (axis,)
    if ord in ("fro", "euclidean", 2):
        return sqrt(reduce_sum(x * conj(x), axes, keepdims=True))
    size = abs(x)
    if not of_matrices:
        if ord == 1:
            return reduce_sum(size, axis, keepdims=True)
        if ord == np.inf:
            return reduce_max(size, axis, keepdims=True)
        return pow(reduce_sum(pow(size, ord), axes, keepdims=True), 1.0 / ord)
    first, second = axis if ord == 1 else (axis[1], axis[0])
    return reduce_max(reduce_sum(size, first, keepdims=True), second, keepdims=True)


def _spectral_norm(x: Tensor, axis: tuple[Any, Any]) -> Any:
    """The greatest singular values of the matrices along two axes."""
    known = x._shape_value.rank
    if known is None:
        raise ValueError("the 2-norm of matrices needs to know the rank of the tensor.")
    places = [shapes.normal_axis(int(each), known) for each in axis]
    order = [each for each in range(known) if each not in places] + places
    moved = transpose(x, perm=order)
    greatest = reduce_max(abs(svd(moved, compute_uv=False)), -1, keepdims=True)
    back = [order.index(each) for each in range(known)]
    return transpose(expand_dims(greatest, -1), perm=back)


@export("linalg.normalize")
def normalize(
    tensor: Any, ord: Any = "euclidean", axis: Any = None, name: str | None = None
) -> Any:
    """``tensor`` divided by its norms, and the norms; the arguments are those of `tf.norm`."""
    with get_default_graph().name_scope(name or "normalize"):
        x = convert_to_tensor(tensor)
        size = norm(x, ord, axis, keepdims=True)
        return x / size, size


@export("linalg.logdet")
def logdet(matrix: Any, name: str | None = None) -> Any:
    """The logarithms of the determinants of symmetric, positive definite matrices."""
    with get_default_graph().name_scope(name or "logdet"):
        chol = cholesky(matrix)
        diagonal = matrix_diag_part(chol)
        return 2.0 * reduce_sum(log(real(diagonal)), axis=[-1])


@export("linalg.slogdet")
def slogdet(input: Any, name: str | None = None) -> Any:
    """The determinants of square matrices as their sign and the logarithm of their size."""
    return log_matrix_determinant(input, name=name)


@export("math.polyval")
def polyval(coeffs: Any, x: Any, name: str | None = None) -> Any:
    """The polynomial with coefficients ``coeffs``, the highest first, at ``x``.

    Args:
      coeffs: A list of numbers or tensors.
      x: Where to evaluate it.
      name: The name of the nodes.

    >>> tf.Session().run(tf.math.polyval([1.0, 2.0, 3.0], 2.0))
    11.0
    """
    with get_default_graph().name_scope(name or "polyval"):
        x = convert_to_tensor(x, name="x")
        if len(coeffs) < 1:
            return zeros_like(x)
        parts = [convert_to_tensor(each, name=f"coeff_{i}") for i, each in enumerate(coeffs)]
        result = parts[0]
        for each in parts[1:]:
            result = each + result * x
        return result
