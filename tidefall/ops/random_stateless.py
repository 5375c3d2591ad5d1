"""Random numbers that are functions of a seed: the same seed, given as a tensor, the same numbers.

Unlike the other random ops these have no stream that goes on from run to run.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from tidefall.core import dtypes
from tidefall.core.dtypes import DType, as_dtype
from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.inference import ShapeContext
from tidefall.ops.math import add
from tidefall.ops.random import (
    categories_shape,
    drawn_shape,
    not_less,
    scaled,
    shape_tensor,
    sizes_of,
    uniform_range,
)
from tidefall.ops.registry import (
    FLOATS,
    INDEX,
    INDICES,
    REALS,
    Int32,
    Namespace,
    T,
    TypeAttr,
    dtype,
    op,
)

Tseed: TypeAlias = Any
output_dtype: TypeAlias = Any

_SEED = TypeAttr(INDICES, dtypes.int64)
_DRAWN = TypeAttr(FLOATS, dtypes.float32)


def _seeded_shape(ctx: ShapeContext, shape: Shape, seed: Shape, *others: Any) -> Shape:
    seed.merge_with(Shape((2,)))
    return drawn_shape(ctx, shape)


@op(
    "StatelessRandomUniform",
    T=INDEX, Tseed=_SEED, dtype=_DRAWN, shape=_seeded_shape, differentiable=False,
)  # fmt: skip
def stateless_random_uniform_op(xp: Namespace, shape: T, seed: Tseed, *, dtype: DType) -> dtype:
    """Numbers uniform in [0, 1)."""
    return xp.philox.uniform(xp, xp.philox.scrambled(xp, seed), sizes_of(shape), dtype.np_dtype)


@op(
    "StatelessRandomNormal",
    T=INDEX, Tseed=_SEED, dtype=_DRAWN, shape=_seeded_shape, differentiable=False,
)  # fmt: skip
def stateless_random_normal_op(xp: Namespace, shape: T, seed: Tseed, *, dtype: DType) -> dtype:
    """Numbers of the standard normal distribution."""
    return xp.philox.normal(xp, xp.philox.scrambled(xp, seed), sizes_of(shape), dtype.np_dtype)


@op(
    "StatelessTruncatedNormal",
    T=INDEX, Tseed=_SEED, dtype=_DRAWN, shape=_seeded_shape, differentiable=False,
)  # fmt: skip
def stateless_truncated_normal_op(xp: Namespace, shape: T, seed: Tseed, *, dtype: DType) -> dtype:
    """Numbers of the standard normal distribution, drawn again while 2 or more from 0."""
    stream = xp.philox.scrambled(xp, seed)
    return xp.philox.truncated_normal(xp, stream, sizes_of(shape), dtype.np_dtype)


@op(
    "StatelessRandomUniformInt",
    T=INDICES, Tseed=_SEED, dtype=INDICES, shape=_seeded_shape, differentiable=False,
)  # fmt: skip
def stateless_random_uniform_int_op(
    xp: Namespace, shape: T, seed: Tseed, minval: dtype, maxval: dtype
) -> dtype:
    """Integers from ``minval`` to ``maxval - 1``."""
    xp.require(minval < maxval, not_less(minval, maxval))
    return xp.philox.uniform_int(xp, xp.philox.scrambled(xp, seed), sizes_of(shape), minval, maxval)


@op(
    "StatelessMultinomial",
    T=REALS,
    Tseed=_SEED,
    output_dtype=TypeAttr(INDICES, dtypes.int64),
    differentiable=False,
)
def stateless_multinomial_op(
    xp: Namespace, logits: T, num_samples: Int32, seed: Tseed, *, output_dtype: DType
) -> output_dtype:
    """Draws classes, ``num_samples`` for each row of unnormalised log-probabilities."""
    stream = xp.philox.scrambled(xp, seed)
    return xp.philox.categorical(xp, stream, logits, int(num_samples), output_dtype.np_dtype)


@stateless_multinomial_op.shape
def _stateless_multinomial_shape(
    ctx: ShapeContext, logits: Shape, num_samples: Shape, seed: Shape
) -> Shape:
    seed.merge_with(Shape((2,)))
    return categories_shape(logits, num_samples, ctx.constant(1))


@export("random.stateless_uniform")
def stateless_random_uniform(
    shape: Any,
    seed: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = dtypes.float32,
    name: str | None = None,
) -> Any:
    """Draws numbers uniform in ``[minval, maxval)`` that depend on ``seed`` alone.

    Args:
      shape: The shape of the result, a list or an integer vector.
      seed: Two integers, or a tensor of them.
      minval: The least number that may be drawn.
      maxval: The number that is not reached; 1 for floating-point numbers.
      dtype: float16, bfloat16, float32, float64, int32 or int64.
      name: The name of the operation.

    Returns:
      A tensor of numbers, the same in every run with this seed.
    """
    dtype, maxval = uniform_range(dtype, maxval)
    with get_default_graph().name_scope(name or "stateless_random_uniform") as scope:
        length = shape_tensor(shape)
        low = convert_to_tensor(minval, dtype=dtype, name="min")
        high = convert_to_tensor(maxval, dtype=dtype, name="max")
        if dtype.is_integer:
            return stateless_random_uniform_int_op(length, seed, low, high, name=scope)
        drawn = stateless_random_uniform_op(length, seed, dtype=dtype)
        return add(drawn * (high - low), low, name=scope)


@export("random.stateless_normal")
def stateless_random_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = dtypes.float32,
    name: str | None = None,
) -> Any:
    """Draws numbers of a normal distribution that depend on ``seed`` alone.

    The arguments are those of `tf.random.normal`, but for ``seed``: two integers.
    """
    dtype = as_dtype(dtype)
    with get_default_graph().name_scope(name or "stateless_random_normal") as scope:
        return scaled(
            lambda length: stateless_random_normal_op(length, seed, dtype=dtype),
            shape, mean, stddev, dtype, scope,
        )  # fmt: skip


@export("random.stateless_truncated_normal")
def stateless_truncated_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = dtypes.float32,
    name: str | None = None,
) -> Any:
    """Draws numbers within two standard deviations that depend on ``seed`` alone.

    The arguments are those of `tf.random.truncated_normal`, but for ``seed``: two integers.
    """
    dtype = as_dtype(dtype)
    with get_default_graph().name_scope(name or "stateless_truncated_normal") as scope:
        return scaled(
            lambda length: stateless_truncated_normal_op(length, seed, dtype=dtype),
            shape, mean, stddev, dtype, scope,
        )  # fmt: skip


@export("random.stateless_categorical")
def stateless_categorical(
    logits: Any,
    num_samples: Any,
    seed: Any,
    dtype: Any = dtypes.int64,
    name: str | None = None,
) -> Any:
    """Draws classes that depend on ``seed`` alone.

    The arguments are those of `tf.random.categorical`, but for ``seed``: two integers.
    """
    return _categories("stateless_categorical", logits, num_samples, seed, dtype, name)


@export("random.stateless_multinomial")
def stateless_multinomial(
    logits: Any,
    num_samples: Any,
    seed: Any,
    output_dtype: Any = dtypes.int64,
    name: str | None = None,
) -> Any:
    """Draws classes that depend on ``seed`` alone; see `tf.random.stateless_categorical`."""
    return _categories("stateless_multinomial", logits, num_samples, seed, output_dtype, name)


def _categories(
    default_name: str, logits: Any, num_samples: Any, seed: Any, dtype: Any, name: str | None
) -> Any:
    with get_default_graph().name_scope(name or default_name):
        logits = convert_to_tensor(logits, name="logits")
        kind = as_dtype(dtype)
        return stateless_multinomial_op(logits, num_samples, seed, output_dtype=kind)
