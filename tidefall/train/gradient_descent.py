"""Gradient descent."""

from __future__ import annotations

from typing import Any

from tidefall.core.exports import export
from tidefall.ir.indexed_slices import IndexedSlices
from tidefall.ops import training
from tidefall.ops.cast import cast
from tidefall.ops.variable_rows import resource_scatter_add
from tidefall.train.rule_optimizer import Cast, RuleOptimizer


@export("train.GradientDescentOptimizer")
class GradientDescentOptimizer(RuleOptimizer):
    """Gradient descent: ``var -= learning_rate * grad``.

    Args:
      learning_rate: A number, a tensor, or a function that returns one.
      use_locking: Accepted; updates are atomic.
      name: The optimizer's name.
    """

    rule = training.gradient_descent

    def __init__(
        self, learning_rate: Any, use_locking: bool = False, name: str = "GradientDescent"
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._learning_rate_tensor: Any = None

    def _prepare(self) -> None:
        self._learning_rate_tensor = self._tensor(self._learning_rate, "learning_rate")

    def rule_inputs(self, grad: tuple[Any, ...], cast: Cast, var: Any) -> tuple[Any, ...]:
        return (cast(self._learning_rate_tensor), *grad)

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Any) -> Any:
        step = grad.values * cast(self._learning_rate_tensor, var.dtype.base_dtype)
        delta = IndexedSlices(step, grad.indices, grad.dense_shape)
        return var.scatter_sub(delta, use_locking=self._use_locking)

    def _resource_apply_sparse_duplicate_indices(self, grad: Any, handle: Any, indices: Any) -> Any:
        return resource_scatter_add(handle.handle, indices, -grad * self._learning_rate)
