"""Adam."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tidefall.core.exports import export
from tidefall.ir.graph import get_default_graph
from tidefall.ir.indexed_slices import IndexedSlices
from tidefall.ops import training
from tidefall.ops.cast import cast
from tidefall.ops.elementwise import sqrt
from tidefall.ops.grouping import group
from tidefall.ops.variable_rows import resource_scatter_add
from tidefall.train.rule_optimizer import Cast, RuleOptimizer
from tidefall.variables.assignment import assign, assign_sub, scatter_add


@export("train.AdamOptimizer")
class AdamOptimizer(RuleOptimizer):
    """Adam (Kingma and Ba, 2015): steps of about ``learning_rate``, whatever the gradient's scale.

    ``m`` and ``v`` are decaying means of the gradient and its square;
    ``var -= learning_rate * sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + epsilon)``.
    For gradients of some rows, the means of all rows decay and all rows move.

    Args:
      learning_rate: A number, a tensor, or a function that returns one.
      beta1: The decay of the mean of the gradient, likewise.
      beta2: The decay of the mean of its square, likewise.
      epsilon: A small number against division by zero, likewise.
      use_locking: Accepted; updates are atomic.
      name: The optimizer's name.
    """

    rule = training.adam
    slot_names = ("m", "v")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta1: Any = 0.9,
        beta2: Any = 0.999,
        epsilon: Any = 1e-08,
        use_locking: bool = False,
        name: str = "Adam",
    ) -> None:
        super().__init__(use_locking, name)
        self._lr = learning_rate
        self._beta1 = beta1
        self._beta2 = beta2
        self._epsilon = epsilon
        self._lr_t: Any = None
        self._beta1_t: Any = None
        self._beta2_t: Any = None
        self._epsilon_t: Any = None

    def _get_beta_accumulators(self) -> tuple[Any, Any]:
        graph = get_default_graph()
        return (
            self._get_non_slot_variable("beta1_power", graph=graph),
            self._get_non_slot_variable("beta2_power", graph=graph),
        )

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        # The powers belong to all variables; they stand with the first by name, so that the
        # order of the list does not matter.
        first = min(var_list, key=lambda var: var.name)
        self._create_non_slot_variable(self._beta1, name="beta1_power", colocate_with=first)
        self._create_non_slot_variable(self._beta2, name="beta2_power", colocate_with=first)
        for var in var_list:
            self._zeros_slot(var, "m", self._name)
            self._zeros_slot(var, "v", self._name)

    def _prepare(self) -> None:
        values = [
            self._call_if_callable(each)
            for each in (self._lr, self._beta1, self._beta2, self._epsilon)
        ]
        self._lr_t = self._tensor(values[0], "learning_rate")
        self._beta1_t = self._tensor(values[1], "beta1")
        self._beta2_t = self._tensor(values[2], "beta2")
        self._epsilon_t = self._tensor(values[3], "epsilon")

    def rule_inputs(self, grad: tuple[Any, ...], cast: Cast, var: Any) -> tuple[Any, ...]:
        numbers = (*self._get_beta_accumulators(), self._lr_t, self._beta1_t, self._beta2_t)
        return (*map(cast, numbers), cast(self._epsilon_t), *grad)

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        def add(slot: Any, indices: Any, values: Any) -> Any:
            return scatter_add(slot, indices, values, use_locking=self._use_locking)

        return self._apply_sparse_shared(grad.values, var, grad.indices, add)

    def _resource_apply_sparse(self, grad: Any, handle: Any, indices: Any) -> Any:
        return self._apply_sparse_shared(grad, handle, indices, self._resource_scatter_add)

    def _resource_scatter_add(self, slot: Any, indices: Any, values: Any) -> Any:
        added = resource_scatter_add(slot.handle, indices, values)
        with get_default_graph().control_dependencies([added]):
            return slot.value()

    def _apply_sparse_shared(
        self, grad: Any, var: Any, indices: Any, scatter_add: Callable[..., Any]
    ) -> Any:
        dtype = var.dtype.base_dtype
        beta1_power, beta2_power = [cast(each, dtype) for each in self._get_beta_accumulators()]
        lr, beta1, beta2, epsilon = [
            cast(each, dtype)
            for each in (self._lr_t, self._beta1_t, self._beta2_t, self._epsilon_t)
        ]
        rate = lr * sqrt(1 - beta2_power) / (1 - beta1_power)
        m = self.get_slot(var, "m")
        m_added = grad * (1 - beta1)
        m_new = self._decayed(m, beta1, indices, m_added, scatter_add)
        v = self.get_slot(var, "v")
        v_added = (grad * grad) * (1 - beta2)
        v_new = self._decayed(v, beta2, indices, v_added, scatter_add)
        root = sqrt(v_new)
        step = rate * m_new / (root + epsilon)
        update = assign_sub(var, step, use_locking=self._use_locking)
        return group(update, m_new, v_new)

    def _decayed(
        self, slot: Any, beta: Any, indices: Any, added: Any, scatter_add: Callable[..., Any]
    ) -> Any:
        """``slot * beta``, with rows added."""
        decayed = assign(slot, slot * beta, use_locking=self._use_locking)
        with get_default_graph().control_dependencies([decayed]):
            return scatter_add(slot, indices, added)

    def _finish(self, update_ops: list[Any], name_scope: str) -> Any:
        graph = get_default_graph()
        with graph.control_dependencies(update_ops):
            beta1_power, beta2_power = self._get_beta_accumulators()
            with graph.colocate_with(beta1_power.op):
                locking = self._use_locking
                power1 = beta1_power.assign(beta1_power * self._beta1_t, use_locking=locking)
                power2 = beta2_power.assign(beta2_power * self._beta2_t, use_locking=locking)
        return group(*update_ops, power1, power2, name=name_scope)
