"""Ranks and pseudo-inverses of matrices, from their singular values."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import expand_dims, shape
from tidefall.ops.cast import cast
from tidefall.ops.compare import greater
from tidefall.ops.decompositions import svd
from tidefall.ops.math import maximum
from tidefall.ops.matmul import matmul
from tidefall.ops.reduce import reduce_max, reduce_sum
from tidefall.ops.where import where_v2


def _checked(a: Any) -> Tensor:
    """``a`` as a tensor of float matrices."""
    x: Tensor = convert_to_tensor(a, name="a")
    if not x.dtype.is_floating:
        raise TypeError(f"matrices of floats are needed, but a has dtype {x.dtype.name}.")
    x._shape_value.with_rank_at_least(2)
    return x


def _size(x: Tensor) -> tuple[int, int] | None:
    """Rows and columns, where they are known."""
    rows, columns = x._shape_value[-2:] if x._shape_value.rank is not None else (None, None)
    return None if rows is None or columns is None else (rows, columns)


@export("linalg.matrix_rank")
def matrix_rank(
    a: Any, tol: Any = None, validate_args: bool = False, name: str | None = None
) -> Any:
    """How many singular values of the matrices are larger than ``tol``.

    Args:
      a: Float matrices.
      tol: The bound; by default the largest value times the larger size times the dtype's epsilon.
      validate_args: Whether the rank of ``a`` must be known to be right; here it always must.
      name: The name of the nodes.

    >>> tf.Session().run(tf.linalg.matrix_rank([[1.0, 2.0], [2.0, 4.0]]))
    1
    """
    with get_default_graph().name_scope(name or "matrix_rank"):
        x = _checked(a)
        values = svd(x, compute_uv=False)
        if tol is None:
            known = _size(x)
            size = reduce_max(shape(x)[-2:]) if known is None else np.int64(max(known))
            epsilon = np.finfo(x.dtype.as_numpy_dtype).eps
            tol = epsilon * cast(size, x.dtype) * reduce_max(values, axis=-1, keepdims=True)
        return reduce_sum(cast(greater(values, tol), np.int32), axis=-1)


@export("linalg.pinv")
def pinv(a: Any, rcond: Any = None, validate_args: bool = False, name: str | None = None) -> Any:
    """The pseudo-inverses of Moore and Penrose.

    Args:
      a: Float matrices.
      rcond: Singular values of at most this times the largest count as 0; by default 10 times the
        larger size times the dtype's epsilon.
      validate_args: Whether the rank of ``a`` must be known to be right; here it always must.
      name: The name of the nodes.

    >>> tf.Session().run(tf.linalg.pinv([[2.0, 0.0], [0.0, 0.0]]))
    array([[0.5, 0. ],
           [0. , 0. ]], dtype=float32)
    """
    with get_default_graph().name_scope(name or "pinv"):
        x = _checked(a)
        dtype = x.dtype.base_dtype
        if rcond is None:
            epsilon = np.finfo(dtype.as_numpy_dtype).eps
            known = _size(x)
            if known is None:
                size = cast(maximum(shape(x)[-2], shape(x)[-1]), dtype)
            else:
                size = float(max(known))
            rcond = 10.0 * size * epsilon
        rcond = convert_to_tensor(rcond, dtype=dtype, name="rcond")
        s, u, v = svd(x, full_matrices=False, compute_uv=True)
        cutoff = rcond * reduce_max(s, axis=-1)
        infinite = np.array(np.inf, dtype.as_numpy_dtype)
        s = where_v2(greater(s, expand_dims(cutoff, -1)), s, infinite)
        result = matmul(v / expand_dims(s, -2), u, adjoint_b=True)
        if x._shape_value.rank is not None:
            rows, columns = x._shape_value[-2:]
            result.set_shape(x._shape_value[:-2] + Shape((columns, rows)))
        return result
