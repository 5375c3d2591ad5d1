"""`RuleOptimizer`: an optimizer whose every update is one op of `tidefall.ops.training`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.opdef import OpDef
from tidefall.ops.cast import cast
from tidefall.ops.updates import UpdateRule
from tidefall.train.optimizer import Optimizer

Cast = Callable[[Any], Any]


class RuleOptimizer(Optimizer):
    """Applies an update rule, in its four forms, to variables and their slots.

    Attributes:
      slot_names: The slots the rule changes besides the variable, in its order.
      rule: The rule.
      options: Attributes of the rule's ops.
    """

    slot_names: tuple[str, ...] = ()
    rule: UpdateRule
    options: dict[str, Any]

    def __init__(self, use_locking: bool, name: str) -> None:
        super().__init__(use_locking, name)
        self.options = {}

    def rule_inputs(self, grad: tuple[Any, ...], cast: Cast, var: Any) -> tuple[Any, ...]:
        """What the rule's op takes after the variable and its slots.

        Args:
          grad: The gradient; its rows and their indices for the sparse forms.
          cast: Converts a hyperparameter to the dtype of the variable.
          var: The variable.
        """
        raise NotImplementedError

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        return self._applied(self.rule.ref, var, (grad,)).op

    def _resource_apply_dense(self, grad: Any, handle: Any) -> Any:
        return self._applied(self.rule.resource, handle, (grad,))

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        return self._applied(self.rule.sparse, var, (grad.values, grad.indices)).op

    def _resource_apply_sparse(self, grad: Any, handle: Any, indices: Any) -> Any:
        return self._applied(self.rule.resource_sparse, handle, (grad, indices))

    def _applied(self, op: OpDef, var: Any, grad: tuple[Any, ...]) -> Any:
        variables = [var, *[self.get_slot(var, name) for name in self.slot_names]]
        dtype = var.dtype.base_dtype
        states = [getattr(each, "handle", each) for each in variables]
        inputs = self.rule_inputs(grad, lambda tensor: cast(tensor, dtype), var)
        return op(*states, *inputs, use_locking=self._use_locking, **self.options)

    def _tensor(self, value: Any, name: str) -> Any:
        """A hyperparameter as a tensor; a function given for it is called."""
        return convert_to_tensor(self._call_if_callable(value), name=name)
