"""Adagrad with dual averaging."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tidefall.core.exports import export
from tidefall.ir.graph import get_default_graph
from tidefall.ops import training
from tidefall.ops.array import identity
from tidefall.ops.constant import constant
from tidefall.train.adagrad import check_positive
from tidefall.train.rule_optimizer import Cast, RuleOptimizer


@export("train.AdagradDAOptimizer")
class AdagradDAOptimizer(RuleOptimizer):
    """Adagrad with dual averaging (Duchi et al., 2011): sparse linear models by an L1 penalty.

    Args:
      learning_rate: A number or a tensor.
      global_step: The variable that counts the steps, an int64.
      initial_gradient_squared_accumulator_value: What the sums of squares begin with; positive.
      l1_regularization_strength: The L1 penalty.
      l2_regularization_strength: The L2 penalty.
      use_locking: Accepted; updates are atomic.
      name: The optimizer's name.
    """

    rule = training.adagrad_da
    slot_names = ("gradient_accumulator", "gradient_squared_accumulator")

    def __init__(
        self,
        learning_rate: Any,
        global_step: Any,
        initial_gradient_squared_accumulator_value: float = 0.1,
        l1_regularization_strength: Any = 0.0,
        l2_regularization_strength: Any = 0.0,
        use_locking: bool = False,
        name: str = "AdagradDA",
    ) -> None:
        start = initial_gradient_squared_accumulator_value
        check_positive("initial_gradient_squared_accumulator_value", start)
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._initial_gradient_squared_accumulator_value = start
        self._l1_regularization_strength = l1_regularization_strength
        self._l2_regularization_strength = l2_regularization_strength
        self._global_step = global_step

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        starts = (0.0, self._initial_gradient_squared_accumulator_value)
        for var in var_list:
            shape, dtype = var.get_shape(), var.dtype.base_dtype
            with get_default_graph().colocate_with(var.op):
                values = [constant(start, shape=shape, dtype=dtype) for start in starts]
            for value, slot_name in zip(values, self.slot_names, strict=True):
                self._get_or_make_slot(var, value, slot_name, self._name)

    def _prepare(self) -> None:
        self._learning_rate_tensor = self._tensor(self._learning_rate, "learning_rate")
        with get_default_graph().colocate_with(self._learning_rate_tensor.op):
            self._global_step_on_worker = identity(self._global_step) + 1

    def rule_inputs(self, grad: tuple[Any, ...], cast: Cast, var: Any) -> tuple[Any, ...]:
        with get_default_graph().device(var.device):
            step = identity(self._global_step_on_worker)
        numbers = (
            self._learning_rate_tensor, self._l1_regularization_strength,
            self._l2_regularization_strength,
        )  # fmt: skip
        return (*grad, *map(cast, numbers), step)
