"""Adadelta."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tidefall.core.exports import export
from tidefall.ops import training
from tidefall.train.rule_optimizer import Cast, RuleOptimizer


@export("train.AdadeltaOptimizer")
class AdadeltaOptimizer(RuleOptimizer):
    """Adadelta (Zeiler, 2012): steps scaled by the mean size of earlier steps.

    Args:
      learning_rate: A factor for the steps (1 in the paper): a number, a tensor, or a function
        that returns one.
      rho: The decay of the means, likewise.
      epsilon: A small number that starts the process, likewise.
      use_locking: Accepted; updates are atomic.
      name: The optimizer's name.
    """

    rule = training.adadelta
    slot_names = ("accum", "accum_update")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: Any = 0.95,
        epsilon: Any = 1e-08,
        use_locking: bool = False,
        name: str = "Adadelta",
    ) -> None:
        super().__init__(use_locking, name)
        self._lr = learning_rate
        self._rho = rho
        self._epsilon = epsilon
        self._lr_t: Any = None
        self._rho_t: Any = None
        self._epsilon_t: Any = None

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        for var in var_list:
            self._zeros_slot(var, "accum", self._name)
            self._zeros_slot(var, "accum_update", self._name)

    def _prepare(self) -> None:
        self._lr_t = self._tensor(self._lr, "lr")
        self._rho_t = self._tensor(self._rho, "rho")
        self._epsilon_t = self._tensor(self._epsilon, "epsilon")

    def rule_inputs(self, grad: tuple[Any, ...], cast: Cast, var: Any) -> tuple[Any, ...]:
        return (cast(self._lr_t), cast(self._rho_t), cast(self._epsilon_t), *grad)
