"""Proximal Adagrad."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tidefall.core.exports import export
from tidefall.ir.graph import get_default_graph
from tidefall.ops import training
from tidefall.ops.constant import constant
from tidefall.train.adagrad import check_positive
from tidefall.train.rule_optimizer import Cast, RuleOptimizer


@export("train.ProximalAdagradOptimizer")
class ProximalAdagradOptimizer(RuleOptimizer):
    """Adagrad with exact steps for L1 and L2 penalties (Duchi and Singer, 2009).

    The learning rate and the penalties must have the dtype of the variables; Python numbers are
    float32.

    Args:
      learning_rate: A number or a tensor.
      initial_accumulator_value: What the accumulators begin with; positive.
      l1_regularization_strength: The L1 penalty.
      l2_regularization_strength: The L2 penalty.
      use_locking: Accepted; updates are atomic.
      name: The optimizer's name.
    """

    rule = training.proximal_adagrad
    slot_names = ("accumulator",)

    def __init__(
        self,
        learning_rate: Any,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: Any = 0.0,
        l2_regularization_strength: Any = 0.0,
        use_locking: bool = False,
        name: str = "ProximalAdagrad",
    ) -> None:
        check_positive("initial_accumulator_value", initial_accumulator_value)
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._initial_accumulator_value = initial_accumulator_value
        self._l1_regularization_strength = l1_regularization_strength
        self._l2_regularization_strength = l2_regularization_strength

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        for var in var_list:
            with get_default_graph().colocate_with(var.op):
                start = constant(
                    self._initial_accumulator_value,
                    shape=var.get_shape(),
                    dtype=var.dtype.base_dtype,
                )
            self._get_or_make_slot(var, start, "accumulator", self._name)

    def _prepare(self) -> None:
        tensor = self._tensor
        self._learning_rate_tensor = tensor(self._learning_rate, "learning_rate")
        self._l1_tensor = tensor(self._l1_regularization_strength, "l1_regularization_strength")
        self._l2_tensor = tensor(self._l2_regularization_strength, "l2_regularization_strength")

    def rule_inputs(self, grad: tuple[Any, ...], cast: Cast, var: Any) -> tuple[Any, ...]:
        numbers = (self._learning_rate_tensor, self._l1_tensor, self._l2_tensor)
        if len(grad) == 2 and hasattr(var, "handle"):
            numbers = tuple(map(cast, numbers))
        return (*numbers, *grad)
