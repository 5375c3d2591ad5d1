"""Complex numbers: putting them together and taking them apart.

Gradients follow TensorFlow: where a real loss changes by ``Re(conj(g) * dz)``, its gradient with
respect to z is g. A holomorphic function therefore passes ``grad * conj(f'(z))`` on.
"""

from __future__ import annotations

from typing import Any

from tidefall.core import dtypes
from tidefall.core.dtypes import DType
from tidefall.core.exports import export
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import shapes
from tidefall.ops.broadcast import unbroadcast
from tidefall.ops.constant import constant
from tidefall.ops.filled import zeros_like
from tidefall.ops.registry import Namespace, T, Tout, TypeAttr, op

REAL = TypeAttr((dtypes.float32, dtypes.float64), dtypes.float32)
COMPLEX = TypeAttr((dtypes.complex64, dtypes.complex128), dtypes.complex64)


@op("Complex", T=REAL, Tout=COMPLEX, shape=shapes.broadcast)
def complex_op(xp: Namespace, real: T, imag: T, *, Tout: DType) -> Tout:
    """``real + 1j * imag``."""
    return xp.complex_of(real, imag)


@op("Real", T=COMPLEX, Tout=REAL, shape=shapes.unchanged)
def real_op(xp: Namespace, input: T, *, Tout: DType) -> Tout:
    """The real parts."""
    return xp.array(xp.real(input))


@op("Imag", T=COMPLEX, Tout=REAL, shape=shapes.unchanged)
def imag_op(xp: Namespace, input: T, *, Tout: DType) -> Tout:
    """The imaginary parts."""
    return xp.array(xp.imag(input))


@op("Conj", T=COMPLEX, shape=shapes.unchanged)
def conj_op(xp: Namespace, input: T) -> T:
    """The complex conjugates."""
    return xp.conj(input)


@complex_op.gradient
def _complex_grad(op: Operation, grad: Tensor) -> Any:
    return unbroadcast(op, real(grad), imag(grad))


@real_op.gradient
def _real_grad(op: Operation, grad: Tensor) -> Any:
    return complex_op(grad, zero_like(grad), Tout=op.inputs[0].dtype.base_dtype)


@imag_op.gradient
def _imag_grad(op: Operation, grad: Tensor) -> Any:
    return complex_op(zero_like(grad), grad, Tout=op.inputs[0].dtype.base_dtype)


@conj_op.gradient
def _conj_grad(op: Operation, grad: Tensor) -> Any:
    return conj_op(grad)


def zero_like(x: Tensor) -> Any:
    """A zero that broadcasts to ``x``."""
    return constant(0, dtype=x.dtype.base_dtype)


def conjugate(x: Any) -> Any:
    """``conj(x)`` as gradients of holomorphic functions need it; ``x`` itself where it is real."""
    return conj_op(x) if x.dtype.is_complex else x


def real_dtype(x: Tensor) -> DType:
    """The dtype of the parts of a complex tensor."""
    return x.dtype.base_dtype.real_dtype


@export("complex", "dtypes.complex")
def make_complex(real: Any, imag: Any, name: str | None = None) -> Any:
    """Complex numbers from their real and imaginary parts.

    Args:
      real: A float32 or float64 tensor.
      imag: A tensor of the same dtype.
      name: The name of the node.

    Returns:
      A complex64 or complex128 tensor.

    Raises:
      TypeError: If the dtypes differ or are other ones.

    >>> tf.Session().run(tf.complex([1.0], [2.0]))
    array([1.+2.j], dtype=complex64)
    """
    first = convert_to_tensor(real, name="real")
    second = convert_to_tensor(imag, name="imag")
    with get_default_graph().name_scope(name or "Complex") as scope:
        kinds = (first.dtype.base_dtype, second.dtype.base_dtype)
        if kinds == (dtypes.float64, dtypes.float64):
            return complex_op(first, second, Tout=dtypes.complex128, name=scope)
        if kinds == (dtypes.float32, dtypes.float32):
            return complex_op(first, second, Tout=dtypes.complex64, name=scope)
        raise TypeError(
            "the parts of complex numbers must both be float32 or both float64, but real is "
            f"{kinds[0].name} and imag is {kinds[1].name}. Convert one with tf.cast."
        )


@export("real", "math.real")
def real(input: Any, name: str | None = None) -> Any:
    """The real parts of ``input``; ``input`` itself where it is real."""
    with get_default_graph().name_scope(name or "Real") as scope:
        x = convert_to_tensor(input, name="input")
        return real_op(x, Tout=real_dtype(x), name=scope) if x.dtype.is_complex else x


@export("imag", "math.imag")
def imag(input: Any, name: str | None = None) -> Any:
    """The imaginary parts of ``input``; zeros where it is real."""
    with get_default_graph().name_scope(name or "Imag") as scope:
        x = convert_to_tensor(input, name="input")
        if x.dtype.is_complex:
            return imag_op(x, Tout=real_dtype(x), name=scope)
        return zeros_like(x)


@export("conj", "math.conj")
def conj(x: Any, name: str | None = None) -> Any:
    """The complex conjugates of ``x``; ``x`` itself where it is real.

    Raises:
      TypeError: If ``x`` is no number tensor.
    """
    if isinstance(x, Tensor) and _is_real(x):
        return x
    with get_default_graph().name_scope(name or "Conj") as scope:
        tensor = convert_to_tensor(x, name="x")
        if tensor.dtype.is_complex or tensor.dtype is dtypes.variant:
            return conj_op(tensor, name=scope)
        if _is_real(tensor):
            return tensor
        raise TypeError(f"conj takes numbers, but x has dtype {tensor.dtype.name}.")


def _is_real(x: Tensor) -> bool:
    return bool(x.dtype.is_floating or x.dtype.is_integer)
