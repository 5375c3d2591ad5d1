"""Learning rates that change with the step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.flow.case import case
from tidefall.flow.cond import cond
from tidefall.ir.conversion import convert_n_to_tensor, convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ops.cast import cast
from tidefall.ops.compare import equal
from tidefall.ops.constant import constant
from tidefall.ops.elementwise import ceil, exp, floor, log, sqrt
from tidefall.ops.math import add, divide, minimum, multiply, negative, pow
from tidefall.ops.random import random_normal
from tidefall.ops.trigonometry import cos


@export("train.exponential_decay")
def exponential_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Any:
    """``learning_rate * decay_rate ** (global_step / decay_steps)``.

    Args:
      learning_rate: The rate at step 0.
      global_step: The step: a variable, tensor or number.
      decay_steps: After how many steps the rate has changed by ``decay_rate``.
      decay_rate: The factor.
      staircase: Whether the rate changes only every ``decay_steps`` steps.
      name: The name of the operation.

    >>> tf.Session().run(tf.train.exponential_decay(0.5, global_step=20, decay_steps=10,
    ...                                             decay_rate=0.5))
    0.125
    """
    with get_default_graph().name_scope(name or "ExponentialDecay") as scope:
        start = convert_to_tensor(learning_rate, name="initial_learning_rate")
        dtype = start.dtype
        steps = cast(decay_steps, dtype)
        rate = cast(decay_rate, dtype)
        passed = _step(global_step, dtype) / steps
        if staircase:
            passed = floor(passed)
        return multiply(start, pow(rate, passed), name=scope)


def _step(global_step: Any, dtype: Any) -> Any:
    if global_step is None:
        raise ValueError(
            "a learning rate that changes needs the global_step: "
            "tf.train.get_or_create_global_step(), which minimize() is to be given, too."
        )
    return cast(global_step, dtype)


@export("train.natural_exp_decay")
def natural_exp_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Any:
    """``learning_rate * exp(-decay_rate * global_step / decay_steps)``.

    See `exponential_decay` for the arguments.
    """
    rate = exp(negative(decay_rate))
    return exponential_decay(learning_rate, global_step, decay_steps, rate, staircase, name)


@export("train.inverse_time_decay")
def inverse_time_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Any:
    """``learning_rate / (1 + decay_rate * global_step / decay_steps)``.

    See `exponential_decay` for the arguments.
    """
    with get_default_graph().name_scope(name or "InverseTimeDecay") as scope:
        start = convert_to_tensor(learning_rate, name="initial_learning_rate")
        dtype = start.dtype
        steps = cast(decay_steps, dtype)
        rate = cast(decay_rate, dtype)
        passed = _step(global_step, dtype) / steps
        if staircase:
            passed = floor(passed)
        one = cast(constant(1), dtype)
        return divide(start, add(one, multiply(rate, passed)), name=scope)


@export("train.piecewise_constant", "train.piecewise_constant_decay")
def piecewise_constant(
    x: Any, boundaries: Sequence[Any], values: Sequence[Any], name: str | None = None
) -> Any:
    """A number that changes at given steps.

    Args:
      x: The step: a variable or tensor of one number.
      boundaries: The last steps of all pieces but one, growing.
      values: The values of the pieces, one more than boundaries.
      name: The name scope.

    Raises:
      ValueError: If the dtypes of boundaries and ``x``, or of the values, differ; or if there
        are not as many of them as needed.

    >>> step = tf.placeholder(tf.int64, [])
    >>> rate = tf.train.piecewise_constant(step, [100, 200], [1.0, 0.5, 0.1])
    >>> [float(tf.Session().run(rate, {step: n})) for n in (100, 101)]
    [1.0, 0.5]
    """
    limits, levels = convert_n_to_tensor(boundaries), convert_n_to_tensor(values)
    dtype = convert_to_tensor(x).dtype.base_dtype
    for index, limit in enumerate(limits):
        given = limit.dtype.base_dtype
        if given is not dtype:
            if not (given is dtypes.int32 and dtype is dtypes.int64):
                raise ValueError(
                    f"boundary {index} has dtype {given.name} and the step {dtype.name}; they "
                    "must be equal."
                )
            limits[index] = cast(limit, dtype)
    if any(level.dtype.base_dtype is not levels[0].dtype.base_dtype for level in levels):
        raise ValueError("the values of a piecewise constant must have one dtype.")
    if len(limits) != len(levels) - 1:
        raise ValueError(
            f"{len(limits)} boundaries part {len(limits) + 1} values, but there are {len(levels)}."
        )
    with get_default_graph().name_scope(name or "PiecewiseConstant"):
        return _piece(convert_to_tensor(x), limits, levels)


def _piece(step: Any, limits: list[Any], levels: list[Any]) -> Any:
    def give(level: Any) -> Any:
        return lambda: level

    pieces = [(step <= limits[0], give(levels[0])), (step > limits[-1], give(levels[-1]))]
    for low, high, level in zip(limits[:-1], limits[1:], levels[1:-1], strict=True):
        pieces.append(((step > low) & (step <= high), give(level)))
    return case(pieces, give(levels[0]), exclusive=True)


@export("train.polynomial_decay")
def polynomial_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    end_learning_rate: Any = 0.0001,
    power: Any = 1.0,
    cycle: bool = False,
    name: str | None = None,
) -> Any:
    """From one rate to another: ``end + (start - end) * (1 - step / decay_steps) ** power``.

    Args:
      learning_rate: The rate at step 0.
      global_step: The step: a variable, tensor or number.
      decay_steps: The step at which the end is reached.
      end_learning_rate: The rate from there on.
      power: The power; 1 is a straight line.
      cycle: Whether to begin anew at the end, with a longer way.
      name: The name of the operation.
    """
    with get_default_graph().name_scope(name or "PolynomialDecay") as scope:
        start = convert_to_tensor(learning_rate, name="initial_learning_rate")
        dtype = start.dtype
        end = cast(end_learning_rate, dtype)
        power = cast(power, dtype)
        step = _step(global_step, dtype)
        steps = cast(decay_steps, dtype)
        if cycle:
            rounds = cond(equal(step, 0), lambda: 1.0, lambda: ceil(step / decay_steps))
            steps = multiply(steps, rounds)
        else:
            step = minimum(step, decay_steps)
        passed = divide(step, steps)
        return add(multiply(start - end, pow(1 - passed, power)), end, name=scope)


@export("train.cosine_decay")
def cosine_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    alpha: float = 0.0,
    name: str | None = None,
) -> Any:
    """Half a wave of the cosine (Loshchilov and Hutter, 2017).

    Args:
      learning_rate: The rate at step 0.
      global_step: The step: a variable, tensor or number.
      decay_steps: The step at which the smallest rate is reached.
      alpha: The smallest rate, as a part of ``learning_rate``.
      name: The name scope.
    """
    with get_default_graph().name_scope(name or "CosineDecay"):
        start = convert_to_tensor(learning_rate, name="initial_learning_rate")
        dtype = start.dtype
        steps = cast(decay_steps, dtype)
        step = minimum(_step(global_step, dtype), steps)
        passed = step / steps
        wave = 0.5 * (1.0 + cos(constant(math.pi) * passed))
        return multiply(start, (1 - alpha) * wave + alpha)


@export("train.cosine_decay_restarts")
def cosine_decay_restarts(
    learning_rate: Any,
    global_step: Any,
    first_decay_steps: Any,
    t_mul: Any = 2.0,
    m_mul: Any = 1.0,
    alpha: Any = 0.0,
    name: str | None = None,
) -> Any:
    """`cosine_decay` that begins anew at each end (Loshchilov and Hutter, 2017).

    Args:
      learning_rate: The rate at step 0.
      global_step: The step: a variable, tensor or number.
      first_decay_steps: The length of the first period.
      t_mul: How much longer each period is than the one before.
      m_mul: The first rate of each period, relative to the one before.
      alpha: The smallest rate, as a part of ``learning_rate``.
      name: The name of the operation.
    """
    with get_default_graph().name_scope(name or "SGDRDecay") as scope:
        start = convert_to_tensor(learning_rate, name="initial_learning_rate")
        dtype = start.dtype
        first = cast(first_decay_steps, dtype)
        alpha = cast(alpha, dtype)
        longer = cast(t_mul, dtype)
        lower = cast(m_mul, dtype)
        passed = _step(global_step, dtype) / first

        def equal_periods() -> tuple[Any, Any]:
            period = floor(passed)
            return period, passed - period

        def growing_periods() -> tuple[Any, Any]:
            period = floor(log(1.0 - passed * (1.0 - longer)) / log(longer))
            before = (1.0 - longer**period) / (1.0 - longer)
            return period, (passed - before) / longer**period

        period, part = cond(equal(longer, 1.0), equal_periods, growing_periods)
        height = lower**period
        wave = 0.5 * height * (1.0 + cos(constant(math.pi) * part))
        return multiply(start, (1 - alpha) * wave + alpha, name=scope)


@export("train.linear_cosine_decay")
def linear_cosine_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    num_periods: Any = 0.5,
    alpha: Any = 0.0,
    beta: Any = 0.001,
    name: str | None = None,
) -> Any:
    """A straight line times a cosine (Bello et al., 2017).

    ``learning_rate * ((alpha + 1 - t) * (1 + cos(2 pi num_periods t)) / 2 + beta)`` with
    ``t = min(global_step, decay_steps) / decay_steps``.

    Args:
      learning_rate: The rate at step 0.
      global_step: The step: a variable, tensor or number.
      decay_steps: The step at which the line ends.
      num_periods: How many waves there are.
      alpha: See the formula.
      beta: See the formula.
      name: The name of the operation.
    """
    with get_default_graph().name_scope(name or "LinearCosineDecay") as scope:
        start = convert_to_tensor(learning_rate, name="initial_learning_rate")
        dtype = start.dtype
        steps = cast(decay_steps, dtype)
        num_periods, alpha, beta = [cast(each, dtype) for each in (num_periods, alpha, beta)]
        step = minimum(_step(global_step, dtype), steps)
        line = (steps - step) / steps
        wave = _waves(step / steps, num_periods)
        return multiply(start, (alpha + line) * wave + beta, name=scope)


def _waves(passed: Any, num_periods: Any) -> Any:
    angle = 2.0 * num_periods * passed
    return 0.5 * (1.0 + cos(constant(math.pi) * angle))


@export("train.noisy_linear_cosine_decay")
def noisy_linear_cosine_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    initial_variance: Any = 1.0,
    variance_decay: Any = 0.55,
    num_periods: Any = 0.5,
    alpha: Any = 0.0,
    beta: Any = 0.001,
    name: str | None = None,
) -> Any:
    """`linear_cosine_decay` with decaying noise on the line (Bello et al., 2017).

    Args:
      learning_rate: The rate at step 0.
      global_step: The step: a variable, tensor or number.
      decay_steps: The step at which the line ends.
      initial_variance: The variance of the noise at step 0.
      variance_decay: The power by which it falls with ``1 + global_step``.
      num_periods: How many waves there are.
      alpha: See `linear_cosine_decay`.
      beta: See `linear_cosine_decay`.
      name: The name of the operation.
    """
    with get_default_graph().name_scope(name or "NoisyLinearCosineDecay") as scope:
        start = convert_to_tensor(learning_rate, name="initial_learning_rate")
        dtype = start.dtype
        numbers = (decay_steps, initial_variance, variance_decay, num_periods, alpha, beta)
        steps, variance, falling, num_periods, alpha, beta = [cast(n, dtype) for n in numbers]
        step = minimum(_step(global_step, dtype), steps)
        line = (steps - step) / steps
        deviation = sqrt(variance / pow(1.0 + step, falling))
        noisy = line + random_normal(line.shape, stddev=deviation)
        wave = _waves(step / steps, num_periods)
        return multiply(start, (alpha + noisy) * wave + beta, name=scope)
