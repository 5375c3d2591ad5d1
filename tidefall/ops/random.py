"""Random numbers: the ops, and the functions that scale and shift what they draw.

Every node that draws has two seeds and, in each session, a stream of its own, which its
`RunContext` hands out piece by piece. The numbers are those of TensorFlow 1.15.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, TypeAlias

from tidefall.core import dtypes
from tidefall.core.dtypes import DType, as_dtype
from tidefall.core.exports import export
from tidefall.core.runtime import RunContext
from tidefall.core.shapes import Shape
from tidefall.core.tensor_shape import TensorShape, dimension_value
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.inference import ShapeContext
from tidefall.ir.opdef import HOST
from tidefall.ir.tensor import Tensor
from tidefall.ops import shapes
from tidefall.ops.math import add
from tidefall.ops.random_seed import node_seeds
from tidefall.ops.registry import (
    FLOATS,
    INDICES,
    REALS,
    Array,
    Int32,
    Namespace,
    T,
    TypeAttr,
    dtype,
    op,
)

Tout: TypeAlias = Any
output_dtype: TypeAlias = Any


def drawn_shape(ctx: ShapeContext, shape: Shape, *others: Any) -> Shape:
    """The output has the shape that is the first input's value."""
    return ctx.shape_value(0)


def sizes_of(shape: Array) -> tuple[int, ...]:
    """A shape that a kernel was given as a tensor."""
    sizes = tuple(shape.tolist())
    if any(size < 0 for size in sizes):
        raise ValueError(f"a shape has no negative sizes, but {list(sizes)} was given.")
    return sizes


def not_less(minval: Any, maxval: Any) -> str:
    """What is wrong with an empty range."""
    return f"minval must be less than maxval, but {minval} is not less than {maxval}."


# -- ops ---------------------------------------------------------------------------------------


@op("RandomUniform", T=INDICES, dtype=FLOATS, shape=drawn_shape, differentiable=False)
def random_uniform_op(
    xp: Namespace, run: RunContext, shape: T, *, dtype: DType, seed: int = 0, seed2: int = 0
) -> dtype:
    """Numbers uniform in [0, 1)."""
    sizes = sizes_of(shape)
    stream = run.random(seed, seed2, prod(sizes))
    return xp.philox.uniform(xp, stream, sizes, dtype.np_dtype)


@op("RandomUniformInt", T=INDICES, Tout=INDICES, shape=drawn_shape, differentiable=False)
def random_uniform_int_op(
    xp: Namespace,
    run: RunContext,
    shape: T,
    minval: Tout,
    maxval: Tout,
    *,
    seed: int = 0,
    seed2: int = 0,
) -> Tout:
    """Integers from ``minval`` to ``maxval - 1``."""
    sizes = sizes_of(shape)
    if prod(sizes):
        xp.require(minval < maxval, not_less(minval, maxval))
    stream = run.random(seed, seed2, prod(sizes))
    return xp.philox.uniform_int(xp, stream, sizes, minval, maxval)


@op("RandomStandardNormal", T=INDICES, dtype=FLOATS, shape=drawn_shape, differentiable=False)
def random_standard_normal_op(
    xp: Namespace, run: RunContext, shape: T, *, dtype: DType, seed: int = 0, seed2: int = 0
) -> dtype:
    """Numbers of the standard normal distribution."""
    sizes = sizes_of(shape)
    stream = run.random(seed, seed2, prod(sizes))
    return xp.philox.normal(xp, stream, sizes, dtype.np_dtype)


@op("TruncatedNormal", T=INDICES, dtype=FLOATS, shape=drawn_shape, differentiable=False)
def truncated_normal_op(
    xp: Namespace, run: RunContext, shape: T, *, dtype: DType, seed: int = 0, seed2: int = 0
) -> dtype:
    """Numbers of the standard normal distribution, drawn again while 2 or more from 0."""
    sizes = sizes_of(shape)
    stream = run.random(seed, seed2, prod(sizes))
    return xp.philox.truncated_normal(xp, stream, sizes, dtype.np_dtype)


@op("RandomShuffle", runs_on=HOST, shape=shapes.unchanged, differentiable=False)
def random_shuffle_op(
    xp: Namespace, run: RunContext, value: T, *, seed: int = 0, seed2: int = 0
) -> T:
    """The rows of ``value`` in random order."""
    count = value.shape[0] if value.ndim else 1
    if count <= 1 or value.size <= 1:
        return value.copy()
    words = count - 1
    stream = run.random(seed, seed2, -(-words // 4), 1)
    return value[xp.samplers.permutation(xp, stream, count)]


@op(
    "Multinomial",
    T=REALS,
    output_dtype=TypeAttr(INDICES, dtypes.int64),
    differentiable=False,
)
def multinomial_op(
    xp: Namespace,
    run: RunContext,
    logits: T,
    num_samples: Int32,
    *,
    seed: int = 0,
    seed2: int = 0,
    output_dtype: DType,
) -> output_dtype:
    """Draws classes, ``num_samples`` for each row of unnormalised log-probabilities."""
    batch, classes = logits.shape
    samples = int(num_samples)
    if samples < 0:
        raise ValueError(f"num_samples must not be negative, but is {samples}.")
    if classes == 0:
        raise ValueError(f"there is no class to draw: logits have the shape {logits.shape}.")
    # TensorFlow reserves two words for each sample, and rounds the samples up to fours.
    stream = run.random(seed, seed2, batch * (-(-samples // 4) * 4) * 2)
    return xp.philox.categorical(xp, stream, logits, samples, output_dtype.np_dtype)


@multinomial_op.shape
def _multinomial_shape(ctx: ShapeContext, logits: Shape, num_samples: Shape) -> Shape:
    return categories_shape(logits, num_samples, ctx.constant(1))


def categories_shape(logits: Shape, num_samples: Shape, samples: Any) -> Shape:
    """A row of samples for each row of logits."""
    rows = logits.with_rank(2)[0]
    num_samples.with_rank(0)
    if samples is not None and samples < 0:
        raise ValueError(f"num_samples must not be negative, but is {samples}.")
    return Shape((rows, None if samples is None else int(samples)))


# -- functions ---------------------------------------------------------------------------------


def shape_tensor(shape: Any) -> Tensor:
    """A shape in any form as a tensor; an empty one is int32."""
    if isinstance(shape, TensorShape):
        shape = shape.as_list()
    if not isinstance(shape, list | tuple):
        return convert_to_tensor(shape, name="shape")
    sizes = tuple(dimension_value(size) for size in shape)
    kind = None if sizes else dtypes.int32
    return convert_to_tensor(sizes, dtype=kind, name="shape")


@export("random_uniform", "random.uniform")
def random_uniform(
    shape: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Any:
    """Draws numbers uniform in ``[minval, maxval)``.

    Args:
      shape: The shape of the result, a list or an integer vector.
      minval: The least number that may be drawn.
      maxval: The number that is not reached; 1 for floating-point numbers.
      dtype: float16, bfloat16, float32, float64, int32 or int64.
      seed: The op's seed; see `tf.set_random_seed`.
      name: The name of the operation.

    Returns:
      A tensor of random numbers, others in every run.

    Raises:
      ValueError: If ``dtype`` is another one, or an integer one without ``maxval``.
    """
    dtype, maxval = uniform_range(dtype, maxval)
    with get_default_graph().name_scope(name or "random_uniform") as scope:
        length = shape_tensor(shape)
        low = convert_to_tensor(minval, dtype=dtype, name="min")
        high = convert_to_tensor(maxval, dtype=dtype, name="max")
        seeds = node_seeds(seed)
        if dtype.is_integer:
            return random_uniform_int_op(length, low, high, name=scope, **seeds)
        drawn = random_uniform_op(length, dtype=dtype, **seeds)
        return add(drawn * (high - low), low, name=scope)


def uniform_range(dtype: Any, maxval: Any) -> tuple[DType, Any]:
    """The dtype and the end of the range of uniform numbers; floating-point ones end at 1.

    Raises:
      ValueError: If there are no uniform numbers of this dtype, or no end is given for integers.
    """
    dtype = as_dtype(dtype)
    if dtype not in (*FLOATS, *INDICES):
        allowed = ", ".join(each.name for each in (*FLOATS, *INDICES))
        raise ValueError(f"uniform numbers can have the dtypes {allowed}, not {dtype.name}.")
    if maxval is None and dtype.is_integer:
        raise ValueError(f"uniform numbers of dtype {dtype.name} need a maxval; give one.")
    return dtype, 1 if maxval is None else maxval


@export("random_normal", "random.normal")
def random_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Any:
    """Draws numbers of a normal distribution.

    Args:
      shape: The shape of the result, a list or an integer vector.
      mean: The mean.
      stddev: The standard deviation.
      dtype: A floating-point dtype.
      seed: The op's seed; see `tf.set_random_seed`.
      name: The name of the operation.

    Returns:
      A tensor of random numbers, others in every run.
    """
    dtype = as_dtype(dtype)
    with get_default_graph().name_scope(name or "random_normal") as scope:
        return scaled(
            lambda length: random_standard_normal_op(length, dtype=dtype, **node_seeds(seed)),
            shape, mean, stddev, dtype, scope,
        )  # fmt: skip


@export("truncated_normal", "random.truncated_normal")
def truncated_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Any:
    """Draws numbers of a normal distribution that lie within two standard deviations.

    The arguments are those of `tf.random_normal`.
    """
    dtype = as_dtype(dtype)
    with get_default_graph().name_scope(name or "truncated_normal") as scope:
        return scaled(
            lambda length: truncated_normal_op(length, dtype=dtype, **node_seeds(seed)),
            shape, mean, stddev, dtype, scope,
        )  # fmt: skip


def scaled(
    draw: Callable[[Tensor], Any], shape: Any, mean: Any, stddev: Any, dtype: DType, scope: str
) -> Any:
    """Numbers of a standard distribution, times ``stddev``, plus ``mean``."""
    length = shape_tensor(shape)
    middle = convert_to_tensor(mean, dtype=dtype, name="mean")
    width = convert_to_tensor(stddev, dtype=dtype, name="stddev")
    return add(draw(length) * width, middle, name=scope)


@export("random_shuffle", "random.shuffle")
def random_shuffle(value: Any, seed: int | None = None, name: str | None = None) -> Any:
    """Puts the rows of a tensor into random order.

    Args:
      value: A tensor.
      seed: The op's seed; see `tf.set_random_seed`.
      name: The name of the operation.

    Returns:
      A tensor like ``value``, in another order along its first dimension in every run.
    """
    return random_shuffle_op(value, name=name, **node_seeds(seed))


@export("multinomial", "random.multinomial")
def multinomial(
    logits: Any,
    num_samples: Any,
    seed: int | None = None,
    name: str | None = None,
    output_dtype: Any = None,
) -> Any:
    """Draws classes according to unnormalised log-probabilities; see `tf.random.categorical`."""
    with get_default_graph().name_scope(name or "multinomial"):
        return _categorical(logits, num_samples, output_dtype, seed)


@export("random.categorical")
def categorical(
    logits: Any,
    num_samples: Any,
    dtype: Any = None,
    seed: int | None = None,
    name: str | None = None,
) -> Any:
    """Draws classes according to unnormalised log-probabilities.

    Args:
      logits: A matrix; each row holds a number for each class.
      num_samples: How many classes to draw for each row.
      dtype: int32 or int64, which is the default.
      seed: The op's seed; see `tf.set_random_seed`.
      name: The name of the operation.

    Returns:
      Class numbers, of shape ``(rows, num_samples)``.
    """
    with get_default_graph().name_scope(name or "categorical"):
        return _categorical(logits, num_samples, dtype, seed)


def _categorical(logits: Any, num_samples: Any, dtype: Any, seed: int | None) -> Any:
    logits = convert_to_tensor(logits, name="logits")
    kind = dtypes.int64 if dtype is None else as_dtype(dtype)
    return multinomial_op(logits, num_samples, output_dtype=kind, **node_seeds(seed))
