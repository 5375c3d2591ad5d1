"""RMSProp, plain and centered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tidefall.core.exports import export
from tidefall.ops import training
from tidefall.ops.filled import ones_like
from tidefall.train.rule_optimizer import Cast, RuleOptimizer
from tidefall.variables.initializers import Ones


@export("train.RMSPropOptimizer")
class RMSPropOptimizer(RuleOptimizer):
    """RMSProp (Hinton, 2012): gradients divided by a decaying root mean square of themselves.

    ``rms = decay * rms + (1 - decay) * grad²``;
    ``mom = momentum * mom + learning_rate * grad / sqrt(rms + epsilon)``; ``var -= mom``.

    Args:
      learning_rate: A number, a tensor, or a function that returns one.
      decay: The decay of the mean, likewise.
      momentum: The part of the last step that is kept, likewise.
      epsilon: A small number against division by zero, likewise.
      use_locking: Accepted; updates are atomic.
      centered: Whether to divide by the standard deviation instead, which needs one more slot.
      name: The optimizer's name.
    """

    def __init__(
        self,
        learning_rate: Any,
        decay: Any = 0.9,
        momentum: Any = 0.0,
        epsilon: Any = 1e-10,
        use_locking: bool = False,
        centered: bool = False,
        name: str = "RMSProp",
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._decay = decay
        self._momentum = momentum
        self._epsilon = epsilon
        self._centered = centered
        self.rule = training.centered_rms_prop if centered else training.rms_prop
        self.slot_names = ("mg", "rms", "momentum") if centered else ("rms", "momentum")

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        for var in var_list:
            dtype = var.dtype.base_dtype
            known = var.get_shape().is_fully_defined()
            start = Ones(dtype=dtype) if known else ones_like(var)
            self._get_or_make_slot_with_initializer(
                var, start, var.get_shape(), dtype, "rms", self._name
            )
            if self._centered:
                self._zeros_slot(var, "mg", self._name)
            self._zeros_slot(var, "momentum", self._name)

    def _prepare(self) -> None:
        self._learning_rate_tensor = self._tensor(self._learning_rate, "learning_rate")
        self._decay_tensor = self._tensor(self._decay, "decay")
        self._momentum_tensor = self._tensor(self._momentum, "momentum")
        self._epsilon_tensor = self._tensor(self._epsilon, "epsilon")

    def rule_inputs(self, grad: tuple[Any, ...], cast: Cast, var: Any) -> tuple[Any, ...]:
        numbers = (
            self._learning_rate_tensor, self._decay_tensor, self._momentum_tensor,
            self._epsilon_tensor,
        )  # fmt: skip
        return (*map(cast, numbers), *grad)
