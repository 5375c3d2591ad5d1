"""Error functions, gamma functions and their kin, Bessel functions.

Everything is computed in double precision; the accuracy stated is that of float64 results.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.core.shapes import UNKNOWN, Shape
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import polynomials, shapes
from tidefall.ops.array import dynamic_shape, reshape_op
from tidefall.ops.broadcast import summed_to, unbroadcast
from tidefall.ops.elementwise import abs_op, exp, log, log1p, number, reciprocal, sign_op, square
from tidefall.ops.math import add_v2, mul, neg, sub
from tidefall.ops.polynomials import horner
from tidefall.ops.reduce import reduce_sum
from tidefall.ops.registry import FLOATS, Namespace, T, op

_WIDE = (dtypes.float32, dtypes.float64)
_SPLIT = 16.0
_CENTRE = math.sqrt(1.25)


def _wide(x: Any) -> Any:
    return x.astype("float64")


def complementary(xp: Namespace, x: Any) -> Any:
    """``erfc(x)`` for float64 ``x`` of 1 and more.

    The square of ``x`` is taken in two parts, so that its rounding does not grow with the exponent.
    """
    x = xp.minimum(x, 30.0)
    high = xp.floor(x * _SPLIT) / _SPLIT
    scaled = horner(polynomials.ERFCX, (x - 2.5) / (x + 2.5)) / (1.0 + 2.0 * x)
    return xp.exp(-high * high) * xp.exp((high - x) * (x + high)) * scaled


@op("Erf", T=FLOATS, shape=shapes.unchanged, export=("erf", "math.erf"))
def erf(xp: Namespace, x: T) -> T:
    """The error function, element by element, right to 4e-16.

    >>> tf.Session().run(tf.erf([0.0, 1.0]))
    array([0.       , 0.8427008], dtype=float32)
    """
    wide = _wide(x)
    size = xp.abs(wide)
    small = wide * horner(polynomials.ERF, xp.minimum(size, 1.0) ** 2)
    large = xp.sign(wide) * (1.0 - complementary(xp, xp.maximum(size, 1.0)))
    return xp.where(size < 1.0, small, large).astype(x.dtype)


@op("Erfc", T=FLOATS, shape=shapes.unchanged, export=("erfc", "math.erfc"))
def erfc(xp: Namespace, x: T) -> T:
    """``1 - erf(x)``, element by element, right to a relative 5e-16 also where it is small."""
    wide = _wide(x)
    size = xp.abs(wide)
    small = 1.0 - wide * horner(polynomials.ERF, xp.minimum(size, 1.0) ** 2)
    tail = complementary(xp, xp.maximum(size, 1.0))
    large = xp.where(wide > 0, tail, 2.0 - tail)
    # NaN compares false and passes through the second branch.
    return xp.where(size < 1.0, small, large).astype(x.dtype)


_TWO_OVER_ROOT_PI = 2.0 / math.sqrt(math.pi)


@erf.gradient
def _erf_grad(op: Operation, grad: Tensor) -> Tensor:
    return mul(grad, _bell(op.inputs[0], _TWO_OVER_ROOT_PI))


@erfc.gradient
def _erfc_grad(op: Operation, grad: Tensor) -> Tensor:
    return mul(grad, _bell(op.inputs[0], -_TWO_OVER_ROOT_PI))


def _bell(x: Tensor, factor: float) -> Any:
    return mul(number(factor, x), exp(neg(square(x))))


@op("Lgamma", T=FLOATS, shape=shapes.unchanged, export=("lgamma", "math.lgamma"))
def lgamma(xp: Namespace, x: T) -> T:
    """The logarithm of ``|Γ(x)|``, element by element, right to 1e-14.

    It is infinite at 0 and the negative integers.
    """
    return _lgamma(xp, _wide(x)).astype(x.dtype)


def _lgamma(xp: Namespace, wide: Any) -> Any:
    negative = wide < 0.0
    up = _lgamma_positive(xp, xp.where(negative, 1.0 - wide, wide))
    distance = xp.abs(wide - xp.round(wide))
    mirrored = math.log(math.pi) - xp.log(xp.sin(math.pi * distance)) - up
    return xp.where(negative, mirrored, up)


def _lgamma_positive(xp: Namespace, x: Any) -> Any:
    """For x of 0 and more: near its zeros 1 and 2 a product with them, beyond Stirling's series."""
    near = xp.where(x < 0.5, x + 1.0, xp.minimum(x, 2.5))
    middle = horner(polynomials.LGAMMA, (near - _CENTRE) / (near + _CENTRE))
    middle = (near - 1.0) * (near - 2.0) * middle
    middle = xp.where(x < 0.5, middle - xp.log(x), middle)
    far = xp.maximum(x, 2.5)
    product = far * (far + 1.0) * (far + 2.0) * (far + 3.0) * (far + 4.0) * (far + 5.0)
    moved = xp.where(far < 8.0, far + 6.0, far)
    large = _stirling(xp, moved) - xp.where(far < 8.0, xp.log(product), 0.0)
    return xp.where(x < 2.5, middle, large)


_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)


def _stirling(xp: Namespace, x: Any) -> Any:
    inverse = 1.0 / x
    series = inverse * horner(_STIRLING, inverse * inverse)
    value = (x - 0.5) * xp.log(x) - x + 0.5 * math.log(2.0 * math.pi) + series
    return xp.where(xp.isinf(x), x, value)


@lgamma.gradient
def _lgamma_grad(op: Operation, grad: Tensor) -> Tensor:
    return mul(grad, digamma(op.inputs[0]))


@op("Digamma", T=FLOATS, shape=shapes.unchanged, export=("digamma", "math.digamma"))
def digamma(xp: Namespace, x: T) -> T:
    """The derivative of `tf.lgamma`, element by element, right to 1e-14.

    At its poles, 0 and the negative integers, it is given as infinite.
    """
    return _digamma(xp, _wide(x)).astype(x.dtype)


def _digamma(xp: Namespace, wide: Any) -> Any:
    negative = wide < 0.0
    up = _digamma_positive(xp, xp.where(negative, 1.0 - wide, wide))
    whole = xp.round(wide)
    mirrored = up - math.pi / xp.tan(math.pi * (wide - whole))
    value = xp.where(negative, mirrored, up)
    return xp.where((wide <= 0.0) & (wide == whole), np.inf, value)


_DIGAMMA_SERIES = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12)


def _digamma_positive(xp: Namespace, x: Any) -> Any:
    """The recurrence up to 8 and more, and the asymptotic series there."""
    added = xp.zeros_like(x)
    for _ in range(8):
        low = x < 8.0
        added = added + xp.where(low, 1.0 / xp.where(low, x, 1.0), 0.0)
        x = xp.where(low, x + 1.0, x)
    inverse = 1.0 / x
    square_inverse = inverse * inverse
    series = square_inverse * horner(_DIGAMMA_SERIES, square_inverse)
    return xp.log(x) - 0.5 * inverse - series - added


@digamma.gradient
def _digamma_grad(op: Operation, grad: Tensor) -> Tensor:
    x = op.inputs[0]
    return mul(grad, polygamma(number(1, x), x))


@op("Zeta", T=_WIDE, shape=shapes.broadcast, export=("zeta", "math.zeta"))
def zeta(xp: Namespace, x: T, q: T) -> T:
    """Hurwitz' zeta function, the sum of ``(q + n) ** -x`` over n from 0, right to 1e-14.

    It is infinite where ``x`` is 1 or ``q`` is 0 or a negative integer, and NaN where ``x < 1``.
    """
    return xp.zeta(_wide(x), _wide(q)).astype(x.dtype)


@zeta.gradient
def _zeta_grad(op: Operation, grad: Tensor) -> tuple[None, Tensor]:
    """With respect to ``q``; TensorFlow, too, takes ``x`` for a constant."""
    x, q = op.inputs
    slope = neg(mul(x, zeta(add_v2(x, number(1, x)), q)))
    return None, summed_to(mul(grad, slope), q, x)


@op("Polygamma", T=_WIDE, shape=shapes.broadcast, export=("polygamma", "math.polygamma"))
def polygamma(xp: Namespace, a: T, x: T) -> T:
    """The ``a``-th derivative of `tf.digamma`, for whole ``a``; NaN for others."""
    order, wide = _wide(a), _wide(x)
    order, wide = xp.broadcast_arrays(order, wide)
    safe = xp.maximum(order, 1.0)
    sign = xp.where(safe % 2.0 == 1.0, 1.0, -1.0)
    value = sign * xp.exp(_lgamma(xp, safe + 1.0)) * xp.zeta(safe + 1.0, wide)
    value = xp.where(order == 0.0, _digamma(xp, wide), value)
    whole = (order >= 0.0) & (order == xp.floor(order))
    return xp.where(whole, value, np.nan).astype(x.dtype)


@polygamma.gradient
def _polygamma_grad(op: Operation, grad: Tensor) -> tuple[None, Tensor]:
    """With respect to ``x``; the order ``a`` is whole."""
    a, x = op.inputs
    slope = polygamma(add_v2(a, number(1, a)), x)
    return None, summed_to(mul(grad, slope), x, a)


@op("Igamma", T=_WIDE, shape=shapes.broadcast, export=("igamma", "math.igamma"))
def igamma(xp: Namespace, a: T, x: T) -> T:
    """The regularized lower incomplete gamma function ``P(a, x)``, right to 1e-14.

    It rises from 0 at ``x = 0`` to 1; NaN where ``x < 0`` or ``a <= 0``.
    """
    return xp.igamma(_wide(a), _wide(x)).astype(x.dtype)


@op("Igammac", T=_WIDE, shape=shapes.broadcast, export=("igammac", "math.igammac"))
def igammac(xp: Namespace, a: T, x: T) -> T:
    """The regularized upper incomplete gamma function ``Q(a, x) = 1 - P(a, x)``, right to 1e-14."""
    return xp.igammac(_wide(a), _wide(x)).astype(x.dtype)


@op("IgammaGradA", T=_WIDE, shape=shapes.broadcast)
def igamma_grad_a(xp: Namespace, a: T, x: T) -> T:
    """The derivative of `tf.igamma` with respect to ``a``, right to 1e-12."""
    return xp.igamma_grad_a(_wide(a), _wide(x)).astype(x.dtype)


@igamma.gradient
def _igamma_grad(op: Operation, grad: Tensor) -> Any:
    a, x = op.inputs
    return unbroadcast(op, mul(grad, igamma_grad_a(a, x)), mul(grad, _gamma_density(a, x)))


@igammac.gradient
def _igammac_grad(op: Operation, grad: Tensor) -> Any:
    a, x = op.inputs
    slopes = mul(grad, igamma_grad_a(a, x)), mul(grad, _gamma_density(a, x))
    return tuple([None if g is None else neg(g) for g in unbroadcast(op, *slopes)])


def _gamma_density(a: Tensor, x: Tensor) -> Any:
    """``x ** (a - 1) * exp(-x) / Γ(a)``."""
    return exp(sub(mul(sub(a, number(1, a)), log(x)), add_v2(x, lgamma(a))))


@igamma_grad_a.gradient
def _igamma_grad_a_grad(op: Operation, grad: Tensor) -> Any:
    raise LookupError(
        "no gradient is defined for operation type IgammaGradA: the second derivative of igamma "
        "with respect to a is not computed."
    )


@op("Betainc", T=_WIDE, export=("betainc", "math.betainc"))
def betainc(xp: Namespace, a: T, b: T, x: T) -> T:
    """The regularized incomplete beta function ``I_x(a, b)``.

    It rises from 0 at ``x = 0`` to 1 at ``x = 1``, and is right to 1e-14 for parameters up to 100,
    to 1e-11 in the thousands. Gradients flow to ``x`` only.
    """
    return xp.betainc(_wide(a), _wide(b), _wide(x)).astype(x.dtype)


@betainc.shape
def _betainc_shape(a: Shape, b: Shape, x: Shape) -> Shape:
    """Scalars go with everything; the others have one shape."""
    whole = [each for each in (a, b, x) if each.rank != 0]
    if not whole:
        return a
    if any(each.rank is None for each in whole):
        return UNKNOWN
    for each in whole[1:]:
        whole[0] = whole[0].merge_with(each)
    return whole[0]


@betainc.gradient
def _betainc_grad(op: Operation, grad: Tensor) -> tuple[None, None, Tensor]:
    """With respect to ``x``: the density of the beta distribution."""
    a, b, x = op.inputs
    one = number(1, x)
    powers = add_v2(mul(sub(a, one), log(x)), mul(sub(b, one), log1p(neg(x))))
    norm = sub(add_v2(lgamma(a), lgamma(b)), lgamma(add_v2(a, b)))
    slope = mul(grad, exp(sub(powers, norm)))
    return None, None, reshape_op(summed_to(slope, x, op.outputs[0]), dynamic_shape(x))


@op("BesselI0e", T=FLOATS, shape=shapes.unchanged, export="math.bessel_i0e")
def bessel_i0e(xp: Namespace, x: T) -> T:
    """``exp(-|x|) * I0(x)``, the scaled modified Bessel function, right to 4e-16."""
    size = xp.abs(_wide(x))
    small = horner(polynomials.I0E_SMALL, xp.minimum(size, 8.0) / 4.0 - 1.0)
    far = xp.maximum(size, 8.0)
    large = horner(polynomials.I0E_LARGE, 8.0 / far) / xp.sqrt(far)
    return xp.where(size < 8.0, small, large).astype(x.dtype)


@op("BesselI1e", T=FLOATS, shape=shapes.unchanged, export="math.bessel_i1e")
def bessel_i1e(xp: Namespace, x: T) -> T:
    """``exp(-|x|) * I1(x)``, the scaled modified Bessel function, right to 7e-16."""
    wide = _wide(x)
    size = xp.abs(wide)
    small = size * horner(polynomials.I1E_SMALL, xp.minimum(size, 8.0) / 4.0 - 1.0)
    far = xp.maximum(size, 8.0)
    large = horner(polynomials.I1E_LARGE, 8.0 / far) / xp.sqrt(far)
    return (xp.sign(wide) * xp.where(size < 8.0, small, large)).astype(x.dtype)


@bessel_i0e.gradient
def _bessel_i0e_grad(op: Operation, grad: Tensor) -> Tensor:
    x, y = op.inputs[0], op.outputs[0]
    return mul(grad, sub(bessel_i1e(x), mul(sign_op(x), y)))


@bessel_i1e.gradient
def _bessel_i1e_grad(op: Operation, grad: Tensor) -> Tensor:
    x, y = op.inputs[0], op.outputs[0]
    return mul(grad, sub(bessel_i0e(x), mul(y, add_v2(sign_op(x), reciprocal(x)))))


@export("math.bessel_i0")
def bessel_i0(x: Any, name: str | None = None) -> Any:
    """The modified Bessel function of order 0, element by element."""
    with get_default_graph().name_scope(name or "bessel_i0"):
        return mul(exp(abs_op(x)), bessel_i0e(x), name="mul")


@export("math.bessel_i1")
def bessel_i1(x: Any, name: str | None = None) -> Any:
    """The modified Bessel function of order 1, element by element."""
    with get_default_graph().name_scope(name or "bessel_i1"):
        return mul(exp(abs_op(x)), bessel_i1e(x), name="mul")


@export("lbeta", "math.lbeta")
def lbeta(x: Any, name: str | None = None) -> Any:
    """The logarithm of ``|Beta(x)|``, reduced along the last dimension.

    >>> tf.Session().run(tf.lbeta([1.0, 2.0]))
    -0.6931472
    """
    with get_default_graph().name_scope(name or "lbeta"):
        x = convert_to_tensor(x, name="x")
        product = reduce_sum(lgamma(x), axis=[-1])
        return product - lgamma(reduce_sum(x, axis=[-1]))
