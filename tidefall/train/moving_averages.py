"""Exponentially decaying averages of variables and tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.ir.collections import GraphKeys
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ops.cast import cast
from tidefall.ops.grouping import group
from tidefall.ops.math import div, minimum, pow
from tidefall.ops.math import truediv as true_divide
from tidefall.train import slots
from tidefall.variables.assignment import assign, assign_sub
from tidefall.variables.initializers import Zeros
from tidefall.variables.listing import (
    global_variables,
    moving_average_variables,
    trainable_variables,
)
from tidefall.variables.scope import get_variable, get_variable_scope, variable_scope
from tidefall.variables.variable import Variable

_VARIABLES = ("Variable", "VariableV2", "VarHandleOp")
_FLOATS = (dtypes.bfloat16, dtypes.float16, dtypes.float32, dtypes.float64)


def assign_moving_average(
    variable: Any, value: Any, decay: Any, zero_debias: bool = True, name: str | None = None
) -> Any:
    """Moves a variable towards a value: ``variable -= (1 - decay) * (variable - value)``.

    Args:
      variable: The average.
      value: The newest value.
      decay: A number near 1.
      zero_debias: Whether to divide out the zero that the average began with, as Adam does; this
        makes two more variables.
      name: The name of the operation.

    Returns:
      The new value of ``variable``, by reference for reference variables.
    """
    with get_default_graph().name_scope("AssignMovingAvg" if name is None else name) as scope:
        rate = cast(convert_to_tensor(1.0 - decay, name="decay"), variable.dtype.base_dtype)
        if zero_debias:
            return _debiased(variable, value, rate)
        return assign_sub(variable, (variable - value) * rate, name=scope)


def _debiased(variable: Any, value: Any, rate: Any) -> Any:
    """Averages from zero in a variable of its own; the variable becomes that, scaled."""
    scope = variable_scope(variable.name[: -len(":0")], values=[variable, value, rate])
    with scope, get_default_graph().colocate_with(variable.op):
        biased = _own_variable("biased", variable.get_shape(), variable.dtype)
        local_step = _own_variable("local_step", [], variable.dtype)
    moved = assign_sub(biased, (biased - value) * rate)
    steps = local_step.assign_add(1)
    factor = 1 - pow(1.0 - rate, steps)
    name = get_default_graph().get_name_scope() + "/"
    return assign(variable, moved / factor, name=name)


def _own_variable(name: str, shape: Any, dtype: Any) -> Any:
    """A variable of zeros in the open scope, under a name that is free there."""
    scope = get_variable_scope()
    unique, number = name, 0
    if not scope.reuse:
        taken = {each.op.name for each in scope.global_variables()}
        while f"{scope.name}/{unique}" in taken:
            number += 1
            unique = f"{name}_{number}"
    return get_variable(unique, initializer=Zeros(), shape=shape, dtype=dtype, trainable=False)


def weighted_moving_average(
    value: Any, decay: Any, weight: Any, truediv: bool = True, collections: Any = None,
    name: str | None = None,
) -> Any:  # fmt: skip
    """The decaying average of ``value``, where each value counts by its ``weight``.

    Args:
      value: The newest value.
      decay: A number near 1.
      weight: Its weight.
      truediv: Whether to divide as Python 3 does.
      collections: Names of collections the two variables are added to.
      name: The variable scope.
    """
    with variable_scope(name, "WeightedMovingAvg", [value, weight, decay]) as scope:
        parts = []
        for each, part in ((value, "value_x_weight"), (weight, "weight")):
            parts.append(
                get_variable(
                    part, shape=each.get_shape(), dtype=each.dtype, initializer=Zeros(),
                    trainable=False, collections=collections or [GraphKeys.GLOBAL_VARIABLES],
                )
            )  # fmt: skip
        total = assign_moving_average(parts[0], value * weight, decay, zero_debias=False)
        weights = assign_moving_average(parts[1], weight, decay, zero_debias=False)
        divided = true_divide if truediv else div
        return divided(total, weights, name=scope.name)


@export("train.ExponentialMovingAverage")
class ExponentialMovingAverage:
    """Keeps decaying averages of variables, which often do better than the last values.

    ``average -= (1 - decay) * (average - variable)``, each time the operation of `apply` runs.

    Args:
      decay: A number near 1.
      num_updates: How many updates there were: a smaller decay is used at first,
        ``min(decay, (1 + num_updates) / (10 + num_updates))``.
      zero_debias: Whether averages of tensors, which begin at zero, are freed of it.
      name: The name of the averages, ``w/ExponentialMovingAverage``.

    >>> w = tf.Variable(4.0)
    >>> average = tf.train.ExponentialMovingAverage(0.75)
    >>> with tf.control_dependencies([w.assign(8.0)]):
    ...     update = average.apply([w])
    >>> with tf.Session() as session:
    ...     session.run(tf.global_variables_initializer())
    ...     session.run([update, average.average(w)])[1]
    5.0
    """

    def __init__(
        self,
        decay: Any,
        num_updates: Any = None,
        zero_debias: bool = False,
        name: str = "ExponentialMovingAverage",
    ) -> None:
        self._decay = decay
        self._num_updates = num_updates
        self._zero_debias = zero_debias
        self._name = name
        self._averages: dict[Any, Any] = {}

    @property
    def name(self) -> str:
        """The name of the averages."""
        return self._name

    def apply(self, var_list: Sequence[Any] | None = None) -> Any:
        """An operation that updates the averages of variables and tensors, made if there are none.

        Args:
          var_list: Variables and tensors; all trainable variables if None.

        Raises:
          TypeError: If one is not of a floating-point dtype.
        """
        watched = trainable_variables() if var_list is None else list(var_list)
        debiased = set()
        for var in watched:
            if var.dtype.base_dtype not in _FLOATS:
                raise TypeError(
                    f"'{var.name}' has dtype {var.dtype.base_dtype.name}; averages are kept of "
                    "floating-point numbers only."
                )
            if var not in self._averages:
                self._averages[var] = self._new_average(var)
                if self._zero_debias and not isinstance(var, Variable):
                    debiased.add(var)
        with get_default_graph().name_scope(self._name) as scope:
            decay = self._present_decay()
            updates = [
                assign_moving_average(self._averages[var], var, decay, var in debiased)
                for var in watched
            ]
            return group(*updates, name=scope)

    def _new_average(self, var: Any) -> Any:
        graph = get_default_graph()
        with graph.control_dependencies(None):
            if isinstance(var, Variable):
                average = slots.create_slot(var, var.initialized_value(), self._name)
                graph.add_to_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, var)
                return average
            beside = var.op.type in _VARIABLES
            return slots.create_zeros_slot(var, self._name, colocate_with_primary=beside)

    def _present_decay(self) -> Any:
        decay = convert_to_tensor(self._decay, name="decay")
        if self._num_updates is None:
            return decay
        updates = cast(self._num_updates, dtypes.float32, name="num_updates")
        return minimum(decay, (1.0 + updates) / (10.0 + updates))

    def average(self, var: Any) -> Any:
        """The variable that holds the average of ``var``; None if there is none."""
        return self._averages.get(var)

    def average_name(self, var: Any) -> str:
        """The name of the average of ``var``, made or not yet made."""
        if var in self._averages:
            return self._averages[var].op.name  # type: ignore[no-any-return]
        return get_default_graph().unique_name(f"{var.op.name}/{self._name}", mark_as_used=False)

    def variables_to_restore(self, moving_avg_variables: Any = None) -> dict[str, Any]:
        """Which variables to restore under which names, so that variables get their averages.

        Args:
          moving_avg_variables: The variables that have averages; the trainable ones and those of
            which averages were kept if None.
        """
        if moving_avg_variables is None:
            moving_avg_variables = trainable_variables() + moving_average_variables()
        averaged = list(dict.fromkeys(moving_avg_variables))
        names = {self.average_name(var): var for var in averaged}
        taken = {var.name for var in averaged}
        for var in dict.fromkeys(global_variables()):
            if var.name not in taken and var.op.name not in names:
                names[var.op.name] = var
        return names
