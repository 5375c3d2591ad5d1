"""Ftrl."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tidefall.core.exports import export
from tidefall.ir.graph import get_default_graph
from tidefall.ops import training
from tidefall.ops.constant import constant
from tidefall.train.rule_optimizer import Cast, RuleOptimizer


@export("train.FtrlOptimizer")
class FtrlOptimizer(RuleOptimizer):
    """Follow the regularized leader (McMahan et al., 2013): sparse models by an L1 penalty.

    Args:
      learning_rate: A number or a tensor.
      learning_rate_power: How learning rates fall with the sum of squared gradients; at most 0.
      initial_accumulator_value: What the sums of squares begin with.
      l1_regularization_strength: The L1 penalty.
      l2_regularization_strength: The L2 penalty.
      use_locking: Accepted; updates are atomic.
      name: The optimizer's name.
      accum_name: The name of the slots of sums of squares; the optimizer's if None.
      linear_name: The name of the slots of linear terms; the optimizer's if None.
      l2_shrinkage_regularization_strength: An L2 penalty on the size only, added to gradients.
    """

    slot_names = ("accum", "linear")

    def __init__(
        self,
        learning_rate: Any,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "Ftrl",
        accum_name: str | None = None,
        linear_name: str | None = None,
        l2_shrinkage_regularization_strength: float = 0.0,
    ) -> None:
        super().__init__(use_locking, name)
        _check_not_negative("initial_accumulator_value", initial_accumulator_value)
        if learning_rate_power > 0.0:
            raise ValueError(f"learning_rate_power must be at most 0, not {learning_rate_power}.")
        _check_not_negative("l1_regularization_strength", l1_regularization_strength)
        _check_not_negative("l2_regularization_strength", l2_regularization_strength)
        _check_not_negative(
            "l2_shrinkage_regularization_strength", l2_shrinkage_regularization_strength
        )
        self._learning_rate = learning_rate
        self._learning_rate_power = learning_rate_power
        self._initial_accumulator_value = initial_accumulator_value
        self._l1_regularization_strength = l1_regularization_strength
        self._l2_regularization_strength = l2_regularization_strength
        self._l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self._accum_name = accum_name
        self._linear_name = linear_name
        self._shrinks = l2_shrinkage_regularization_strength > 0.0
        self.rule = training.ftrl_v2 if self._shrinks else training.ftrl

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        for var in var_list:
            with get_default_graph().colocate_with(var.op):
                start = constant(
                    self._initial_accumulator_value, dtype=var.dtype, shape=var.get_shape()
                )
                self._get_or_make_slot(var, start, "accum", self._accum_name or self._name)
                self._zeros_slot(var, "linear", self._linear_name or self._name)

    def _prepare(self) -> None:
        tensor = self._tensor
        self._learning_rate_tensor = tensor(self._learning_rate, "learning_rate")
        self._l1_tensor = tensor(self._l1_regularization_strength, "l1_regularization_strength")
        self._l2_tensor = tensor(self._l2_regularization_strength, "l2_regularization_strength")
        self._l2_shrinkage_tensor = tensor(
            self._l2_shrinkage_regularization_strength, "l2_shrinkage_regularization_strength"
        )
        self._power_tensor = tensor(self._learning_rate_power, "learning_rate_power")

    def rule_inputs(self, grad: tuple[Any, ...], cast: Cast, var: Any) -> tuple[Any, ...]:
        shrinkage = [self._l2_shrinkage_tensor] if self._shrinks else []
        numbers = [self._learning_rate_tensor, self._l1_tensor, self._l2_tensor, *shrinkage]
        return (*grad, *map(cast, numbers), cast(self._power_tensor))


def _check_not_negative(name: str, value: float) -> None:
    if value < 0.0:
        raise ValueError(f"{name} must be at least 0, not {value}.")
