"""The update rules of the optimizers, as pure functions from old values to new ones."""

from __future__ import annotations

from tidefall.ops import shapes
from tidefall.ops.registry import NUMBERS, Namespace, Ref, T, op


@op(
    "ApplyGradientDescent", T=NUMBERS, updates=("var",), shape=shapes.first_unchanged,
    extra={"use_locking": False}, differentiable=False,
)  # fmt: skip
def apply_gradient_descent(xp: Namespace, var: Ref[T], alpha: T, delta: T) -> Ref[T]:
    """``var - alpha * delta``."""
    return var - alpha * delta


@op(
    "ApplyAdam", T=NUMBERS, updates=("var", "m", "v"), shape=shapes.first_unchanged,
    extra={"use_locking": False}, differentiable=False,
)  # fmt: skip
def apply_adam(
    xp: Namespace, var: Ref[T], m: Ref[T], v: Ref[T], beta1_power: T, beta2_power: T, lr: T,
    beta1: T, beta2: T, epsilon: T, grad: T, *, use_nesterov: bool = False,
) -> Ref[T]:  # fmt: skip
    """Adam (Kingma and Ba, 2015, the form at the end of section 2).

    ``m += (grad - m) (1 - beta1)``; ``v += (grad² - v) (1 - beta2)``;
    ``var -= lr sqrt(1 - beta2_power) / (1 - beta1_power) m / (sqrt(v) + epsilon)``.
    """
    one = var.dtype.type(1)
    alpha = lr * xp.sqrt(one - beta2_power) / (one - beta1_power)
    m = m + (grad - m) * (one - beta1)
    v = v + (xp.square(grad) - v) * (one - beta2)
    step = grad * (one - beta1) + beta1 * m if use_nesterov else m
    return var - alpha * step / (xp.sqrt(v) + epsilon), m, v
