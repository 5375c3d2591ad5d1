"""Adagrad."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tidefall.core.exports import export
from tidefall.ops import training
from tidefall.ops.array import shape
from tidefall.ops.cast import cast
from tidefall.ops.filled import fill
from tidefall.train.rule_optimizer import Cast, RuleOptimizer
from tidefall.variables.initializers import Constant


@export("train.AdagradOptimizer")
class AdagradOptimizer(RuleOptimizer):
    """Adagrad (Duchi et al., 2011): a learning rate of its own for each number.

    ``accum += grad²``; ``var -= learning_rate * grad / sqrt(accum)``.

    Args:
      learning_rate: A number, a tensor, or a function that returns one.
      initial_accumulator_value: What the accumulators begin with; positive.
      use_locking: Accepted; updates are atomic.
      name: The optimizer's name.
    """

    rule = training.adagrad
    slot_names = ("accumulator",)

    def __init__(
        self,
        learning_rate: Any,
        initial_accumulator_value: float = 0.1,
        use_locking: bool = False,
        name: str = "Adagrad",
    ) -> None:
        check_positive("initial_accumulator_value", initial_accumulator_value)
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._initial_accumulator_value = initial_accumulator_value
        self._learning_rate_tensor: Any = None

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        for var in var_list:
            dtype = var.dtype.base_dtype
            if var.get_shape().is_fully_defined():
                start: Any = Constant(self._initial_accumulator_value, dtype=dtype)
            else:
                start = self._filled_like(var, dtype)
            self._get_or_make_slot_with_initializer(
                var, start, var.get_shape(), dtype, "accumulator", self._name
            )

    def _filled_like(self, var: Any, dtype: Any) -> Callable[[], Any]:
        return lambda: cast(fill(shape(var), self._initial_accumulator_value), dtype)

    def _prepare(self) -> None:
        self._learning_rate_tensor = self._tensor(self._learning_rate, "learning_rate")

    def rule_inputs(self, grad: tuple[Any, ...], cast: Cast, var: Any) -> tuple[Any, ...]:
        return (cast(self._learning_rate_tensor), *grad)


def check_positive(name: str, value: float) -> None:
    """Raises ValueError unless the number is positive."""
    if value <= 0.0:
        raise ValueError(f"{name} must be positive, not {value}.")
