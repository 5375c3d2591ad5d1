"""Dropout: elements set to zero at random."""

from __future__ import annotations

import numbers
from typing import Any

from tidefall.core import logging
from tidefall.core.exports import export
from tidefall.core.tensor_shape import TensorShape, as_shape
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.inference import constant_value
from tidefall.ops.array import either, shape
from tidefall.ops.cast import cast
from tidefall.ops.random import random_uniform


@export("nn.dropout")
def dropout(
    x: Any,
    keep_prob: Any = None,
    noise_shape: Any = None,
    seed: int | None = None,
    name: str | None = None,
    rate: Any = None,
) -> Any:
    """Sets elements to zero at random, and scales the others up so that the mean stays.

    Args:
      x: A tensor of floats.
      keep_prob: The probability that an element stays: ``1 - rate``.
      noise_shape: The shape of the random decisions, broadcast to that of ``x``; where it is 1
        elements stay or go together.
      seed: A seed of the operation.
      name: The name scope of the nodes.
      rate: The probability that an element goes.

    Raises:
      ValueError: If neither or both probabilities are given, one is out of range, or ``x`` is not
        made of floats.
    """
    try:
        gone = 1.0 - keep_prob if keep_prob is not None else None
    except TypeError as error:
        raise ValueError(
            f"keep_prob must be a floating point number or Tensor (got {keep_prob!r})"
        ) from error
    rate = either("rate", rate, "keep_prob", gone)
    if rate is None:
        raise ValueError("You must provide a rate to dropout.")
    with get_default_graph().name_scope(name or "dropout"):
        x = convert_to_tensor(x, name="x")
        _check(x, rate)
        if isinstance(rate, numbers.Real) and rate == 0:
            return x
        rate = convert_to_tensor(rate, x.dtype.base_dtype, name="rate")
        rate._shape_value.with_rank(0)
        known = constant_value(rate)
        if known is not None and known == 0:
            return x
        noise = random_uniform(_noise_shape(x, noise_shape), seed=seed, dtype=x.dtype.base_dtype)
        scale = 1 / (1 - rate)
        kept = noise >= rate
        result = x * scale * cast(kept, x.dtype.base_dtype)
        result.set_shape(x.shape)
        return result


def _check(x: Any, rate: Any) -> None:
    if not x.dtype.is_floating:
        raise ValueError(
            "x has to be a floating point tensor since it will be scaled. Got a "
            f"{x.dtype.name} tensor instead."
        )
    if isinstance(rate, numbers.Real):
        number = float(rate)
        if not 0 <= number < 1:
            raise ValueError(
                f"rate is the share of elements to drop, a number of at least 0 and below 1, not "
                f"{number:g} (keep_prob is 1 - rate)."
            )
        if number > 0.5:
            logging.log_first_n(
                logging.WARN,
                "Large dropout rate: %g (>0.5). TensorFlow 2.x takes a rate where TensorFlow 1.x "
                "took keep_prob. Please ensure that this is intended.",
                5,
                number,
            )


def _noise_shape(x: Any, noise_shape: Any) -> Any:
    """The shape of the random numbers; unknown sizes are taken from ``x``."""
    if noise_shape is None:
        return shape(x)
    try:
        wanted = as_shape(noise_shape).shape.dims
    except (TypeError, ValueError):
        return noise_shape
    dims = x._shape_value.dims
    if dims is None or wanted is None or len(dims) != len(wanted):
        return noise_shape
    return TensorShape(
        [size if size is not None else own for size, own in zip(wanted, dims, strict=True)]
    )
