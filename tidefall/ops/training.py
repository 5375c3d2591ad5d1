"""The update rules of the optimizers, as pure functions from old values to new ones.

Every rule works element by element: the variable, its slots and the gradient have one shape,
everything else is a number. The order of operations is TensorFlow 1.x's, so that a training run
gives the same numbers.
"""

from __future__ import annotations

from typing import Any

from tidefall.ops.registry import Int64, Namespace, Ref, T
from tidefall.ops.updates import update_rule


@update_rule("GradientDescent", ("var",), sparse=False)
def gradient_descent(xp: Namespace, var: Ref[T], alpha: T, delta: T) -> Ref[T]:
    """``var -= alpha delta``."""
    return var - delta * alpha


@update_rule("Momentum", ("var", "accum"))
def momentum(
    xp: Namespace, var: Ref[T], accum: Ref[T], lr: T, grad: T, momentum: T,
    *, use_nesterov: bool = False,
) -> Ref[T]:  # fmt: skip
    """``accum = momentum accum + grad``; ``var -= lr accum``.

    Nesterov's form looks ahead: ``var -= lr (grad + momentum accum)``.
    """
    accum = accum * momentum + grad
    if use_nesterov:
        return var - (grad * lr + accum * momentum * lr), accum
    return var - accum * lr, accum


@update_rule("Adam", ("var", "m", "v"), sparse=False)
def adam(
    xp: Namespace, var: Ref[T], m: Ref[T], v: Ref[T], beta1_power: T, beta2_power: T, lr: T,
    beta1: T, beta2: T, epsilon: T, grad: T, *, use_nesterov: bool = False,
) -> Ref[T]:  # fmt: skip
    """Adam (Kingma and Ba, 2015, the form at the end of section 2).

    ``m += (grad - m) (1 - beta1)``; ``v += (grad² - v) (1 - beta2)``;
    ``var -= lr sqrt(1 - beta2_power) / (1 - beta1_power) m / (sqrt(v) + epsilon)``.
    """
    alpha = lr * xp.sqrt(1 - beta2_power) / (1 - beta1_power)
    m = m + (grad - m) * (1 - beta1)
    v = v + (xp.square(grad) - v) * (1 - beta2)
    step = grad * (1 - beta1) + beta1 * m if use_nesterov else m
    return var - (step * alpha) / (xp.sqrt(v) + epsilon), m, v


@update_rule("AdaMax", ("var", "m", "v"), sparse=False)
def ada_max(
    xp: Namespace, var: Ref[T], m: Ref[T], v: Ref[T], beta1_power: T, lr: T, beta1: T, beta2: T,
    epsilon: T, grad: T,
) -> Ref[T]:  # fmt: skip
    """AdaMax (Kingma and Ba, 2015, section 7.1): the largest gradient in place of the mean square.

    ``m += (grad - m) (1 - beta1)``; ``v = max(beta2 v, |grad|)``;
    ``var -= lr / (1 - beta1_power) m / (v + epsilon)``.
    """
    m = m + (grad - m) * (1 - beta1)
    v = xp.maximum(beta2 * v, xp.abs(grad))
    return var - lr / (1 - beta1_power) * (m / (v + epsilon)), m, v


@update_rule("Adagrad", ("var", "accum"))
def adagrad(
    xp: Namespace, var: Ref[T], accum: Ref[T], lr: T, grad: T, *, update_slots: bool = True
) -> Ref[T]:
    """``accum += grad²``; ``var -= lr grad / sqrt(accum)``."""
    if update_slots:
        accum = accum + xp.square(grad)
    return var - grad * lr / xp.sqrt(accum), accum


@update_rule("AdagradV2", ("var", "accum"))
def adagrad_v2(
    xp: Namespace, var: Ref[T], accum: Ref[T], lr: T, epsilon: T, grad: T,
    *, update_slots: bool = True,
) -> Ref[T]:  # fmt: skip
    """``accum += grad²``; ``var -= lr grad / (sqrt(accum) + epsilon)``."""
    if update_slots:
        accum = accum + xp.square(grad)
    return var - grad * lr / (xp.sqrt(accum) + epsilon), accum


@update_rule("AdagradDA", ("var", "gradient_accumulator", "gradient_squared_accumulator"))
def adagrad_da(
    xp: Namespace, var: Ref[T], gradient_accumulator: Ref[T],
    gradient_squared_accumulator: Ref[T], grad: T, lr: T, l1: T, l2: T, global_step: Int64,
) -> Ref[T]:  # fmt: skip
    """Adagrad with dual averaging: the variable follows from the sums of all gradients.

    ``var = -lr shrink(sum, l1 global_step) / (l2 global_step lr + sqrt(sum of squares))``.
    """
    steps = xp.asarray(global_step).astype(var.dtype)
    total = gradient_accumulator + grad
    squares = gradient_squared_accumulator + xp.square(grad)
    direction = _shrunk(xp, total, l1 * steps)
    return -lr * direction / (l2 * steps * lr + xp.sqrt(squares)), total, squares


def _shrunk(xp: Any, x: Any, amount: Any) -> Any:
    """``x`` moved towards zero by ``amount``, and no further than zero."""
    return xp.sign(x) * xp.maximum(xp.abs(x) - amount, 0)


@update_rule("Adadelta", ("var", "accum", "accum_update"))
def adadelta(
    xp: Namespace, var: Ref[T], accum: Ref[T], accum_update: Ref[T], lr: T, rho: T, epsilon: T,
    grad: T,
) -> Ref[T]:  # fmt: skip
    """Adadelta (Zeiler, 2012): steps in the units of the variable.

    ``accum = rho accum + (1 - rho) grad²``;
    ``update = sqrt(accum_update + epsilon) / sqrt(accum + epsilon) grad``; ``var -= lr update``;
    ``accum_update = rho accum_update + (1 - rho) update²``.
    """
    accum = accum * rho + xp.square(grad) * (1 - rho)
    update = xp.sqrt(accum_update + epsilon) / xp.sqrt(accum + epsilon) * grad
    accum_update = accum_update * rho + xp.square(update) * (1 - rho)
    return var - update * lr, accum, accum_update


@update_rule("RMSProp", ("var", "ms", "mom"))
def rms_prop(
    xp: Namespace, var: Ref[T], ms: Ref[T], mom: Ref[T], lr: T, rho: T, momentum: T, epsilon: T,
    grad: T,
) -> Ref[T]:  # fmt: skip
    """``ms += (grad² - ms) (1 - rho)``; ``mom = momentum mom + lr grad / sqrt(ms + epsilon)``;
    ``var -= mom``. The epsilon stands inside the root.
    """
    ms = ms + (xp.square(grad) - ms) * (1 - rho)
    mom = mom * momentum + (grad * lr) / xp.sqrt(ms + epsilon)
    return var - mom, ms, mom


@update_rule("CenteredRMSProp", ("var", "mg", "ms", "mom"))
def centered_rms_prop(
    xp: Namespace, var: Ref[T], mg: Ref[T], ms: Ref[T], mom: Ref[T], lr: T, rho: T, momentum: T,
    epsilon: T, grad: T,
) -> Ref[T]:  # fmt: skip
    """RMSProp with the variance of the gradient in place of its mean square.

    ``mg += (grad - mg) (1 - rho)``; ``mom = momentum mom + lr grad / sqrt(ms - mg² + epsilon)``.
    """
    ms = ms + (xp.square(grad) - ms) * (1 - rho)
    mg = mg + (grad - mg) * (1 - rho)
    mom = mom * momentum + (grad * lr) / xp.sqrt(ms - xp.square(mg) + epsilon)
    return var - mom, mg, ms, mom


@update_rule("Ftrl", ("var", "accum", "linear"))
def ftrl(
    xp: Namespace, var: Ref[T], accum: Ref[T], linear: Ref[T], grad: T, lr: T, l1: T, l2: T,
    lr_power: T,
) -> Ref[T]:  # fmt: skip
    """Follow the regularized leader (McMahan et al., 2013).

    ``accum += grad²``; ``linear += grad - (accum_new^-lr_power - accum^-lr_power) / lr var``;
    ``var = (sign(linear) l1 - linear) / (accum^-lr_power / lr + 2 l2)`` where ``|linear| > l1``,
    else 0.
    """
    return _follow_leader(xp, var, accum, linear, grad, grad, lr, l1, l2, lr_power)


@update_rule("FtrlV2", ("var", "accum", "linear"))
def ftrl_v2(
    xp: Namespace, var: Ref[T], accum: Ref[T], linear: Ref[T], grad: T, lr: T, l1: T, l2: T,
    l2_shrinkage: T, lr_power: T,
) -> Ref[T]:  # fmt: skip
    """Ftrl where ``2 l2_shrinkage var`` is added to the gradient, though not to its square."""
    shrunk = grad + 2 * l2_shrinkage * var
    return _follow_leader(xp, var, accum, linear, grad, shrunk, lr, l1, l2, lr_power)


def _follow_leader(
    xp: Any, var: Any, accum: Any, linear: Any, grad: Any, linear_grad: Any, lr: Any, l1: Any,
    l2: Any, lr_power: Any,
) -> Any:  # fmt: skip
    grown = accum + xp.square(grad)
    scale, grown_scale = xp.power(accum, -lr_power), xp.power(grown, -lr_power)
    linear = linear + linear_grad - (grown_scale - scale) / lr * var
    var = (l1 * xp.sign(linear) - linear) / (grown_scale / lr + 2 * l2)
    return xp.where(xp.abs(linear) > l1, var, xp.zeros_like(var)), grown, linear


@update_rule("ProximalGradientDescent", ("var",))
def proximal_gradient_descent(
    xp: Namespace, var: Ref[T], alpha: T, l1: T, l2: T, delta: T
) -> Ref[T]:
    """Descent, then the proximal step of the penalty ``l1 |var| + l2/2 var²``."""
    return _shrunk(xp, var - delta * alpha, alpha * l1) / (1 + alpha * l2)


@update_rule("ProximalAdagrad", ("var", "accum"))
def proximal_adagrad(
    xp: Namespace, var: Ref[T], accum: Ref[T], lr: T, l1: T, l2: T, grad: T
) -> Ref[T]:
    """Adagrad, then the proximal step of the penalty ``l1 |var| + l2/2 var²``."""
    accum = accum + xp.square(grad)
    rate = lr / xp.sqrt(accum)
    return _shrunk(xp, var - grad * rate, rate * l1) / (1 + rate * l2), accum


@update_rule("AddSign", ("var", "m"), sparse=False)
def add_sign(
    xp: Namespace, var: Ref[T], m: Ref[T], lr: T, alpha: T, sign_decay: T, beta: T, grad: T
) -> Ref[T]:
    """AddSign (Bello et al., 2017): larger steps where gradient and momentum agree.

    ``m = beta m + (1 - beta) grad``; ``var -= lr (alpha + sign_decay sign(grad) sign(m)) grad``.
    """
    m = m * beta + grad * (1 - beta)
    agreement = xp.sign(grad) * xp.sign(m)
    return var - lr * (alpha + sign_decay * agreement) * grad, m


@update_rule("PowerSign", ("var", "m"), sparse=False)
def power_sign(
    xp: Namespace, var: Ref[T], m: Ref[T], lr: T, logbase: T, sign_decay: T, beta: T, grad: T
) -> Ref[T]:
    """PowerSign (Bello et al., 2017).

    ``m = beta m + (1 - beta) grad``;
    ``var -= lr exp(logbase sign_decay sign(grad) sign(m)) grad``.
    """
    m = m * beta + grad * (1 - beta)
    agreement = xp.sign(grad) * xp.sign(m)
    return var - lr * xp.exp(logbase * sign_decay * agreement) * grad, m
