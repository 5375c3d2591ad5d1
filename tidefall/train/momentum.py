"""Momentum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tidefall.core.exports import export
from tidefall.ops import training
from tidefall.train.rule_optimizer import Cast, RuleOptimizer


@export("train.MomentumOptimizer")
class MomentumOptimizer(RuleOptimizer):
    """Gradient descent that keeps moving in the direction it was going.

    ``accum = momentum * accum + grad``; ``var -= learning_rate * accum``.

    Args:
      learning_rate: A number, a tensor, or a function that returns one.
      momentum: The part of the last step that is kept, likewise.
      use_locking: Accepted; updates are atomic.
      name: The optimizer's name.
      use_nesterov: Whether to look ahead (Sutskever et al., 2013).
    """

    rule = training.momentum
    slot_names = ("momentum",)

    def __init__(
        self,
        learning_rate: Any,
        momentum: Any,
        use_locking: bool = False,
        name: str = "Momentum",
        use_nesterov: bool = False,
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._momentum = momentum
        self._use_nesterov = use_nesterov
        self.options = {"use_nesterov": use_nesterov}

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        for var in var_list:
            self._zeros_slot(var, "momentum", self._name)

    def _prepare(self) -> None:
        self._learning_rate_tensor = self._tensor(self._learning_rate, "learning_rate")
        self._momentum_tensor = self._tensor(self._momentum, "momentum")

    def rule_inputs(self, grad: tuple[Any, ...], cast: Cast, var: Any) -> tuple[Any, ...]:
        return (cast(self._learning_rate_tensor), *grad, cast(self._momentum_tensor))
