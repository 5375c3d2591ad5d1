"""Update rules of optimizers without temporaries, for packed variables.

Each is the formula of the kernel of the same name in `tidefall.ops.training`, operation for
operation, so that the results are equal to the last bit. A rule takes the arguments of the
kernel and a scratch vector; it overwrites the states and the gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy import add, divide, multiply, sqrt, subtract

Rule = Callable[..., None]


def adam(
    var: Any, m: Any, v: Any, beta1_power: Any, beta2_power: Any, lr: Any,
    beta1: Any, beta2: Any, epsilon: Any, grad: Any, scratch: Any,
) -> None:  # fmt: skip
    """Adam without Nesterov's step."""
    alpha = lr * sqrt(1 - beta2_power) / (1 - beta1_power)
    subtract(grad, m, out=scratch)
    multiply(scratch, 1 - beta1, out=scratch)
    add(m, scratch, out=m)
    multiply(grad, grad, out=grad)
    subtract(grad, v, out=grad)
    multiply(grad, 1 - beta2, out=grad)
    add(v, grad, out=v)
    sqrt(v, out=grad)
    add(grad, epsilon, out=grad)
    multiply(m, alpha, out=scratch)
    divide(scratch, grad, out=scratch)
    subtract(var, scratch, out=var)


def gradient_descent(var: Any, alpha: Any, delta: Any, scratch: Any) -> None:
    """Plain gradient descent."""
    multiply(alpha, delta, out=delta)
    subtract(var, delta, out=var)


def rule_of(op_type: str, attrs: dict[str, Any]) -> Rule | None:
    """The rule for an op type with these attributes, if there is one."""
    if attrs.get("use_nesterov"):
        return None
    return _RULES.get(op_type.removeprefix("Resource").removeprefix("Apply"))


_RULES: dict[str, Rule] = {"Adam": adam, "GradientDescent": gradient_descent}
