"""Gamma and Poisson numbers, whose kernels draw until a candidate is accepted.

How many draws that takes depends on the numbers, so these ops run on the host.
"""

from __future__ import annotations

from math import prod
from typing import Any, TypeAlias

import numpy as np

from tidefall.core import dtypes
from tidefall.core.dtypes import DType, as_dtype
from tidefall.core.exports import export
from tidefall.core.runtime import RunContext
from tidefall.core.shapes import Shape
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.inference import ShapeContext
from tidefall.ir.opdef import HOST
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import shapes
from tidefall.ops.array import dynamic_shape, reshape_op
from tidefall.ops.broadcast import broadcast_gradient_args, sum_op
from tidefall.ops.filled import zeros_like
from tidefall.ops.math import maximum, mul
from tidefall.ops.random import sizes_of
from tidefall.ops.random_seed import node_seeds
from tidefall.ops.registry import INDICES, Namespace, T, TypeAttr, dtype, op

S: TypeAlias = Any
R: TypeAlias = Any

_FLOATS = (dtypes.float16, dtypes.float32, dtypes.float64)
_NUMBERS = (*_FLOATS, dtypes.int32, dtypes.int64)


def _samples_of_each(ctx: ShapeContext, shape: Shape, parameter: Shape) -> Shape:
    """The value of the first input, then the dimensions of the parameter."""
    return ctx.shape_value(0) + parameter


@op("RandomGamma", S=INDICES, T=_FLOATS, shape=_samples_of_each, runs_on=HOST)
def random_gamma_op(
    xp: Namespace, run: RunContext, shape: S, alpha: T, *, seed: int = 0, seed2: int = 0
) -> T:
    """Draws numbers of gamma distributions with rate 1, ``shape`` of them for each ``alpha``."""
    sizes = sizes_of(shape)
    samples = prod(sizes)
    stream = run.random(seed, seed2, samples * alpha.size)
    drawn = xp.samplers.gamma(xp, stream, np.ravel(alpha), samples, alpha.dtype)
    return drawn.reshape(sizes + alpha.shape)


@op("RandomGammaGrad", T=(dtypes.float32, dtypes.float64), shape=shapes.broadcast, runs_on=HOST)
def random_gamma_grad_op(xp: Namespace, alpha: T, sample: T) -> T:
    """The derivative of gamma samples with respect to ``alpha``, their quantiles held fixed."""
    return xp.samplers.gamma_derivative(alpha, sample).astype(sample.dtype)


@random_gamma_op.gradient
def _random_gamma_grad(op: Operation, grad: Tensor) -> tuple[None, Tensor]:
    alpha, sample = op.inputs[1], op.outputs[0]
    moved = mul(grad, random_gamma_grad_op(alpha, sample))
    axes, _ = broadcast_gradient_args(dynamic_shape(alpha), dynamic_shape(sample))
    return None, reshape_op(sum_op(moved, axes), dynamic_shape(alpha))


@random_gamma_grad_op.gradient
def _no_second_gradient(op: Operation, grad: Tensor) -> None:
    raise LookupError("gamma samples have a first derivative only, with respect to alpha.")


@op(
    "RandomPoissonV2",
    S=INDICES,
    R=TypeAttr(_NUMBERS, dtypes.float64),
    dtype=TypeAttr(_NUMBERS, dtypes.int64),
    shape=_samples_of_each,
    runs_on=HOST,
    differentiable=False,
)
def random_poisson_op(
    xp: Namespace,
    run: RunContext,
    shape: S,
    rate: R,
    *,
    seed: int = 0,
    seed2: int = 0,
    dtype: DType,
) -> dtype:
    """Draws numbers of Poisson distributions, ``shape`` of them for each ``rate``."""
    sizes = sizes_of(shape)
    samples = prod(sizes)
    stream = run.random(seed, seed2, samples * rate.size)
    drawn = xp.samplers.poisson(xp, stream, np.ravel(rate), samples, dtype.np_dtype)
    return drawn.reshape(sizes + rate.shape)


@export("random_gamma", "random.gamma")
def random_gamma(
    shape: Any,
    alpha: Any,
    beta: Any = None,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Any:
    """Draws numbers of gamma distributions.

    The result is differentiable with respect to ``alpha`` and ``beta``.

    Args:
      shape: How many numbers to draw for each distribution, a list or an integer vector.
      alpha: The shape parameters, greater than 0.
      beta: The rates, which are broadcast with ``alpha``; 1 if not given.
      dtype: float16, float32 or float64.
      seed: The op's seed; see `tf.set_random_seed`.
      name: The name of the operation.

    Returns:
      A tensor of shape ``shape`` followed by the shape of ``alpha`` and ``beta``, with numbers
      that are others in every run.
    """
    dtype = as_dtype(dtype)
    with get_default_graph().name_scope(name or "random_gamma"):
        length = convert_to_tensor(shape, dtype=dtypes.int32, name="shape")
        alpha = convert_to_tensor(alpha, dtype=dtype, name="alpha")
        beta = convert_to_tensor(1 if beta is None else beta, dtype=dtype, name="beta")
        of_each = alpha + zeros_like(beta)
        drawn = random_gamma_op(length, of_each, **node_seeds(seed))
        return maximum(np.finfo(dtype.as_numpy_dtype).tiny, drawn / beta)


@export("random_poisson", "random.poisson")
def random_poisson(
    lam: Any,
    shape: Any,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Any:
    """Draws numbers of Poisson distributions.

    Args:
      lam: The expected values.
      shape: How many numbers to draw for each of them, a list or an integer vector.
      dtype: float16, float32, float64, int32 or int64.
      seed: The op's seed; see `tf.set_random_seed`.
      name: The name of the operation.

    Returns:
      A tensor of shape ``shape`` followed by the shape of ``lam``, with whole numbers that are
      others in every run.
    """
    with get_default_graph().name_scope(name or "random_poisson"):
        length = convert_to_tensor(shape, dtype=dtypes.int32, name="shape")
        return random_poisson_op(length, lam, dtype=as_dtype(dtype), **node_seeds(seed))
