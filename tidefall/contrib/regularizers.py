"""Regularizers: penalties on the size of weights, for `get_variable` and layers."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Sequence
from typing import Any

from tidefall.core import logging
from tidefall.core.exports import export
from tidefall.ir.collections import GraphKeys
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ops.constant import constant
from tidefall.ops.elementwise import abs as absolute
from tidefall.ops.math import add_n, multiply
from tidefall.ops.nn import l2_loss
from tidefall.ops.reduce import reduce_sum

Regularizer = Callable[[Any], Any]


@export("contrib.layers.l1_regularizer")
def l1_regularizer(scale: Any, scope: str | None = None) -> Regularizer:
    """``scale * sum(|weights|)``, which drives weights to zero.

    Args:
      scale: A float or tensor; 0.0 means no penalty.
      scope: The name scope.

    Raises:
      ValueError: If it is negative, or an integer.
    """
    return _penalty(scale, scope or "l1_regularizer", lambda weights: reduce_sum(absolute(weights)))


@export("contrib.layers.l2_regularizer")
def l2_regularizer(scale: Any, scope: str | None = None) -> Regularizer:
    """``scale * sum(weights²) / 2``, which keeps weights small.

    Args:
      scale: A float or tensor; 0.0 means no penalty.
      scope: The name scope.

    Raises:
      ValueError: If it is negative, or an integer.
    """
    return _penalty(scale, scope or "l2_regularizer", l2_loss)


def _penalty(scale: Any, scope: str, size: Callable[[Any], Any]) -> Regularizer:
    _check_scale(scale)
    if isinstance(scale, numbers.Real) and scale == 0.0:
        logging.info("A scale of 0 disables the regularizer.")
        return lambda weights: None

    def penalty(weights: Any) -> Any:
        with get_default_graph().name_scope(scope) as name:
            factor = convert_to_tensor(scale, dtype=weights.dtype.base_dtype, name="scale")
            return multiply(factor, size(weights), name=name)

    return penalty


def _check_scale(scale: Any) -> None:
    if isinstance(scale, numbers.Integral):
        raise ValueError(f"the scale of a regularizer is a float, not the integer {scale}.")
    if isinstance(scale, numbers.Real) and scale < 0.0:
        raise ValueError(f"the scale of a regularizer must be at least 0, not {scale}.")


@export("contrib.layers.l1_l2_regularizer")
def l1_l2_regularizer(
    scale_l1: Any = 1.0, scale_l2: Any = 1.0, scope: str | None = None
) -> Regularizer:
    """`l1_regularizer` and `l2_regularizer` together.

    Args:
      scale_l1: The scale of the first.
      scale_l2: The scale of the second.
      scope: The name scope.
    """
    _check_scale(scale_l1)
    _check_scale(scale_l2)
    scope = scope or "l1_l2_regularizer"
    if scale_l1 == 0.0:
        return l2_regularizer(scale_l2, scope)
    if scale_l2 == 0.0:
        return l1_regularizer(scale_l1, scope)
    both = [l1_regularizer(scale_l1), l2_regularizer(scale_l2)]
    return sum_regularizer(both, scope)  # type: ignore[return-value]


@export("contrib.layers.sum_regularizer")
def sum_regularizer(
    regularizer_list: Sequence[Regularizer | None], scope: str | None = None
) -> Regularizer | None:
    """The sum of several regularizers; None if all of them are None.

    Args:
      regularizer_list: The regularizers.
      scope: The name scope.
    """
    regularizers = [each for each in regularizer_list if each is not None]
    if not regularizers:
        return None

    def total(weights: Any) -> Any:
        with get_default_graph().name_scope(scope or "sum_regularizer") as name:
            found = [each(weights) for each in regularizers]
            penalties = [each for each in found if each is not None]
            return add_n(penalties, name=name) if penalties else None

    return total


@export("contrib.layers.apply_regularization")
def apply_regularization(
    regularizer: Regularizer, weights_list: Sequence[Any] | None = None
) -> Any:
    """The penalty on several weights, added to the losses of regularizers.

    Args:
      regularizer: The regularizer.
      weights_list: Tensors or variables; those of the collection ``WEIGHTS`` if None.

    Raises:
      ValueError: If there are none, or a penalty is not a single number.
    """
    graph = get_default_graph()
    weights = weights_list or graph.get_collection(GraphKeys.WEIGHTS)
    if not weights:
        raise ValueError("there are no weights to regularize: the list, or WEIGHTS, is empty.")
    with graph.name_scope("get_regularization_penalty") as scope:
        found = [regularizer(each) for each in weights]
        penalties = [constant(0.0) if each is None else each for each in found]
        for penalty in penalties:
            if penalty.get_shape().ndims != 0:
                raise ValueError(
                    f"the regularizer gave '{penalty.name}' of shape {penalty.get_shape()}; it "
                    "must give a single number."
                )
        total = add_n(penalties, name=scope)
        graph.add_to_collection(GraphKeys.REGULARIZATION_LOSSES, total)
        return total
