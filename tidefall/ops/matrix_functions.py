"""Functions of square matrices: exponential, logarithm, square root."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core.exports import export
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.opdef import HOST
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import expand_dims, reshape
from tidefall.ops.cast import cast
from tidefall.ops.complex import conjugate
from tidefall.ops.elementwise import abs, ceil, log
from tidefall.ops.math import add_v2, maximum, mul, pow
from tidefall.ops.matmul import matmul
from tidefall.ops.reduce import reduce_max, reduce_sum
from tidefall.ops.registry import COMPLEX, Namespace, T, op
from tidefall.ops.solve import matrix_solve
from tidefall.ops.triangular import LINALG, adjoint_of, identity_like, square_shape, wide
from tidefall.ops.where import select_v2

#: Coefficients of the Padé approximant of degree 13 of the exponential: Higham (2005), eq. 2.3.
_PADE = (
    64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000,
    10559470521600, 670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
)  # fmt: skip
#: The 1-norm up to which that approximant is right to a rounding.
_RADIUS = 5.37
#: Squarings that are provided for; the norm may be 2**12 times the radius.
_SQUARINGS = 12
_ROOT_STEPS = 30
_ROOTS = 7
_NODES = 16


@export("linalg.expm")
def expm(input: Any, name: str | None = None) -> Any:
    """The exponentials of square matrices, by scaling and squaring.

    Args:
      input: Float or complex matrices, of a norm of at most 20,000.
      name: The name of the nodes.

    >>> tf.Session().run(tf.linalg.expm([[0.0, 1.0], [0.0, 0.0]]))
    array([[1., 1.],
           [0., 1.]], dtype=float32)
    """
    with get_default_graph().name_scope(name or "matrix_exponential"):
        x = convert_to_tensor(input, name="matrix")
        real = x.dtype.base_dtype.real_dtype
        norm = reduce_max(reduce_sum(abs(x), axis=-2, keepdims=True), axis=-1, keepdims=True)
        steps = maximum(ceil(log(norm / _RADIUS) / float(np.log(2.0))), 0.0)
        two = convert_to_tensor(2.0, dtype=real)
        scaled = x / cast(pow(two, steps), x.dtype)
        result = _pade(scaled)
        for index in range(_SQUARINGS):
            result = select_v2(steps > float(index), matmul(result, result), result)
        too_large = steps > float(_SQUARINGS)
        nan = cast(real.as_numpy_dtype(np.nan), x.dtype)
        return select_v2(too_large, nan, result)


def _pade(x: Tensor) -> Any:
    """The Padé approximant of degree 13: ``(v - u) ** -1 @ (v + u)``, u odd and v even in x."""
    b = [each / _PADE[0] for each in _PADE]  # half floats would not hold the whole numbers
    x2 = matmul(x, x)
    x4 = matmul(x2, x2)
    x6 = matmul(x4, x2)
    one = identity_like(x)
    odd = matmul(x6, b[13] * x6 + b[11] * x4 + b[9] * x2)
    odd = matmul(x, odd + b[7] * x6 + b[5] * x4 + b[3] * x2 + b[1] * one)
    even = matmul(x6, b[12] * x6 + b[10] * x4 + b[8] * x2)
    even = even + b[6] * x6 + b[4] * x4 + b[2] * x2 + b[0] * one
    return matrix_solve(even - odd, even + odd)


def square_root(xp: Namespace, x: Any) -> Any:
    """The principal square roots, by the scaled iteration of Denman and Beavers.

    The scaling by determinants makes it start fast; it ends quadratically.
    """
    size = x.shape[-1]
    y, z = x, xp.zeros_like(x) + xp.eye(size, dtype=x.dtype)
    for _ in range(_ROOT_STEPS):
        volume = xp.abs(xp.linalg.det(y) * xp.linalg.det(z))
        scale = (volume ** (-0.5 / size))[..., None, None].astype(x.dtype)
        after = 0.5 * (scale * y + xp.linalg.inv(z) / scale)
        z = 0.5 * (scale * z + xp.linalg.inv(y) / scale)
        settled = xp.max(xp.abs(after - y), initial=0) <= 1e-15 * xp.max(xp.abs(after), initial=0)
        y = after
        if settled:
            break
    return y


@op("MatrixSquareRoot", T=LINALG, shape=square_shape, runs_on=HOST,
    export=("matrix_square_root", "linalg.sqrtm"))  # fmt: skip
def matrix_square_root(xp: Namespace, input: T) -> T:
    """The principal square roots of square matrices without negative eigenvalues."""
    return square_root(xp, wide(input)).astype(input.dtype)


@matrix_square_root.gradient
def _matrix_square_root_grad(op: Operation, grad: Tensor) -> Tensor:
    """The root's change d solves ``d @ root + root @ d == change``: equations for all elements."""
    root = op.outputs[0]
    dims = root._shape_value.dims
    if dims is None or dims[-1] is None:
        raise LookupError(
            "the gradient of MatrixSquareRoot needs to know the size of the matrices."
        )
    size, batch = dims[-1], [-1 if each is None else each for each in dims[:-2]]
    if batch.count(-1) > 1:
        raise LookupError("the gradient of MatrixSquareRoot needs to know the batch dimensions.")
    one = identity_like(root)
    rows = mul(_columns(adjoint_of(root)), _inner(one))
    columns = mul(_columns(one), _inner(conjugate(root)))
    system = reshape(add_v2(rows, columns), [*batch, size * size, size * size])
    solved = matrix_solve(system, reshape(grad, [*batch, size * size, 1]))
    return reshape(solved, [*batch, size, size])


def _columns(x: Any) -> Any:
    """``x[i, j]`` as ``[i, 1, j, 1]``: the outer factor of a Kronecker product."""
    return expand_dims(expand_dims(x, -1), -3)


def _inner(x: Any) -> Any:
    """``x[k, l]`` as ``[1, k, 1, l]``: the inner factor of a Kronecker product."""
    return expand_dims(expand_dims(x, -2), -4)


@op("MatrixLogarithm", T=COMPLEX, shape=square_shape, runs_on=HOST, export="linalg.logm")
def matrix_logarithm(xp: Namespace, input: T) -> T:
    """The principal logarithms of square complex matrices without negative eigenvalues.

    Square roots bring the matrix close to 1, where ``log(1 + x)`` is an integral over [0, 1] of
    ``x / (1 + t * x)``, taken by Gauss and Legendre.
    """
    x = wide(input)
    for _ in range(_ROOTS):
        x = square_root(xp, x)
    one = xp.eye(x.shape[-1], dtype=x.dtype)
    x = x - one
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    total = xp.zeros_like(x)
    for node, weight in zip(nodes, weights, strict=True):
        total = total + 0.5 * weight * xp.linalg.solve(one + 0.5 * (node + 1.0) * x, x)
    return (2.0**_ROOTS * total).astype(input.dtype)


@matrix_logarithm.gradient
def _matrix_logarithm_grad(op: Operation, grad: Tensor) -> Any:
    raise LookupError("no gradient is defined for operation type MatrixLogarithm.")
