"""Gradient rules that programs register: `tf.RegisterGradient`, `tf.NotDifferentiable`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tidefall.core.exports import export
from tidefall.ir.opdef import OPS
from tidefall.ir.operation import Operation

Rule = Callable[..., Any]

_named: dict[str, Rule | None] = {}


@export("RegisterGradient")
class RegisterGradient:
    """Decorator: registers a gradient rule under an op type, or a name for overriding.

    The rule is called with the operation and one gradient for each output, and returns one
    gradient (or None) for each input.

    Args:
      op_type: An op type, or the name used in `Graph.gradient_override_map`.
    """

    def __init__(self, op_type: str) -> None:
        if not isinstance(op_type, str):
            raise TypeError(f"op_type must be a string, not {op_type!r}.")
        self._op_type = op_type

    def __call__(self, f: Rule) -> Rule:
        _register(self._op_type, f)
        return f


@export("NotDifferentiable", "NoGradient", "no_gradient")
def not_differentiable(op_type: str) -> None:
    """States that ops of this type have no gradient: it counts as zero, silently.

    Args:
      op_type: An op type.
    """
    if not isinstance(op_type, str):
        raise TypeError(f"op_type must be a string, not {op_type!r}.")
    _register(op_type, None)


def _register(name: str, rule: Rule | None) -> None:
    opdef = OPS.get(name)
    if name in _named or (opdef is not None and (opdef.gradient_rule or not opdef.differentiable)):
        raise KeyError(
            f"a gradient for '{name}' is registered already. Use another name and "
            "graph.gradient_override_map to replace it."
        )
    _named[name] = rule


def rule_for(op: Operation) -> Rule | None:
    """The gradient rule of an operation; None where the gradient is known not to exist.

    Raises:
      LookupError: If nothing is known of the op's gradient.
    """
    override = op._attrs.get("_gradient_op_type")
    if override is not None:
        name = override.decode()
        own: Rule | None = op._graph._gradient_function_map.get(name)
        if own is not None:
            return own
        if name in _named:
            return _named[name]
        if name in OPS and OPS[name].gradient_rule is not None:
            return OPS[name].gradient_rule
        raise LookupError(f"no gradient is registered under the name '{name}'.")
    opdef = op.opdef
    if opdef.gradient_rule is not None:
        return opdef.gradient_rule
    if not opdef.differentiable:
        return None
    if opdef.name in _named:
        return _named[opdef.name]
    raise LookupError(f"no gradient is defined for operation type {opdef.name}.")
