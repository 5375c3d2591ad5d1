"""Losses of independent yes-or-no questions and of counts, given logits."""

from __future__ import annotations

import math
from typing import Any

from tidefall.core.exports import export
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.tensor import Tensor
from tidefall.ops.activations import relu
from tidefall.ops.array import either
from tidefall.ops.compare import logical_and
from tidefall.ops.constant import constant
from tidefall.ops.elementwise import abs, exp, log, log1p
from tidefall.ops.filled import ones_like, zeros_like
from tidefall.ops.math import add
from tidefall.ops.softmax import check_arguments
from tidefall.ops.where import where


def _check_shapes(logits: Tensor, labels: Tensor, names: tuple[str, str]) -> None:
    if not labels._shape_value.is_compatible_with(logits._shape_value):
        raise ValueError(
            f"{names[0]} of shape {logits._shape_value} and {names[1]} of shape "
            f"{labels._shape_value} must have one shape. Reshape one of them, or give the labels "
            "a dimension with tf.expand_dims."
        )


@export("nn.sigmoid_cross_entropy_with_logits")
def sigmoid_cross_entropy_with_logits(
    _sentinel: Any = None, labels: Any = None, logits: Any = None, name: str | None = None
) -> Any:
    """The cross entropy of independent probabilities ``sigmoid(logits)``, element by element.

    It is ``max(x, 0) - x * z + log(1 + exp(-|x|))`` for logits x and labels z, which neither
    overflows nor loses digits.

    Args:
      _sentinel: Must not be given: use names for the other arguments.
      labels: Probabilities, in the shape of ``logits``.
      logits: Log odds.
      name: The name of the node.
    """
    check_arguments("sigmoid_cross_entropy_with_logits", _sentinel, labels, logits)
    with get_default_graph().name_scope(name or "logistic_loss") as scope:
        logits = convert_to_tensor(logits, name="logits")
        labels = convert_to_tensor(labels, name="labels")
        _check_shapes(logits, labels, ("logits", "labels"))
        zeros = zeros_like(logits, logits.dtype.base_dtype)
        positive = logits >= zeros
        rectified = where(positive, logits, zeros)
        distance = where(positive, -logits, logits)
        return add(rectified - logits * labels, log1p(exp(distance)), name=scope)


@export("nn.weighted_cross_entropy_with_logits")
def weighted_cross_entropy_with_logits(
    labels: Any = None,
    logits: Any = None,
    pos_weight: Any = None,
    name: str | None = None,
    targets: Any = None,
) -> Any:
    """`tf.nn.sigmoid_cross_entropy_with_logits` with a weight on the positive examples.

    Args:
      labels: Probabilities, in the shape of ``logits``.
      logits: Log odds.
      pos_weight: What the loss of positive examples is multiplied by.
      name: The name of the node.
      targets: An older name of ``labels``.
    """
    labels = either("labels", labels, "targets", targets)
    with get_default_graph().name_scope(name or "logistic_loss") as scope:
        logits = convert_to_tensor(logits, name="logits")
        labels = convert_to_tensor(labels, name="labels")
        _check_shapes(logits, labels, ("logits", "labels"))
        weight = 1 + (pos_weight - 1) * labels
        linear = (1 - labels) * logits
        tail = log1p(exp(-abs(logits))) + relu(-logits)
        return add(linear, weight * tail, name=scope)


@export("nn.log_poisson_loss")
def log_poisson_loss(
    targets: Any, log_input: Any, compute_full_loss: bool = False, name: str | None = None
) -> Any:
    """Minus the log likelihood of counts of a Poisson distribution with mean ``exp(log_input)``.

    Args:
      targets: Counts, in the shape of ``log_input``.
      log_input: The logarithm of the mean.
      compute_full_loss: Whether ``log(targets!)``, which has no part in the gradient, is added in
        Stirling's approximation.
      name: The name scope of the nodes.
    """
    with get_default_graph().name_scope(name or "log_poisson_loss"):
        log_input = convert_to_tensor(log_input, name="log_input")
        targets = convert_to_tensor(targets, name="targets")
        _check_shapes(log_input, targets, ("log_input", "targets"))
        result = exp(log_input) - log_input * targets
        return result + _log_factorial(targets) if compute_full_loss else result


def _log_factorial(targets: Any) -> Any:
    """Stirling's approximation; 0 for counts of 0 and 1."""
    dtype = targets.dtype.base_dtype
    half, circle = constant(0.5, dtype), constant(2 * math.pi, dtype)
    stirling = (targets * log(targets)) - targets + (half * log(circle * targets))
    zeros, ones = zeros_like(targets, dtype), ones_like(targets, dtype)
    small = logical_and(targets >= zeros, targets <= ones)
    return where(small, zeros, stirling)
