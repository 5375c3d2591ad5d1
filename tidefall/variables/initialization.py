"""Giving variables their initial values, and asking which have one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from tidefall.core import dtypes, hooks
from tidefall.core.exports import export
from tidefall.ir.graph import get_default_graph
from tidefall.ir.opdef import OPS
from tidefall.ops.constant import constant
from tidefall.ops.grouping import group
from tidefall.ops.joining import stack
from tidefall.ops.sizes import rank_internal
from tidefall.variables.assignment import is_variable_initialized
from tidefall.variables.listing import global_variables, local_variables

#: The environment variable that names the device to report uninitialized variables on.
_REPORTING_DEVICE = "TF_DEVICE_FOR_UNINITIALIZED_VARIABLE_REPORTING"


@export("variables_initializer", "initializers.variables")
def variables_initializer(var_list: Sequence[Any], name: str = "init") -> Any:
    """An operation that gives the variables their initial values.

    Args:
      var_list: The variables.
      name: The name of the operation.
    """
    return group(*[each.initializer for each in var_list], name=name)


@export("initialize_variables")
def initialize_variables(var_list: Sequence[Any], name: str = "init") -> Any:
    """The older name of `variables_initializer`."""
    return variables_initializer(var_list, name=name)


@export("global_variables_initializer", "initializers.global_variables")
def global_variables_initializer() -> Any:
    """An operation that initializes all global variables."""
    return variables_initializer(global_variables())


@export("initialize_all_variables")
def initialize_all_variables() -> Any:
    """The older name of `global_variables_initializer`."""
    return global_variables_initializer()


@export("local_variables_initializer", "initializers.local_variables")
def local_variables_initializer() -> Any:
    """An operation that initializes all local variables."""
    return variables_initializer(local_variables())


@export("initialize_local_variables")
def initialize_local_variables() -> Any:
    """The older name of `local_variables_initializer`."""
    return local_variables_initializer()


def _all_variables() -> list[Any]:
    """The global and local variables; if there are none, references of the graph's variables."""
    found = global_variables() + local_variables()
    if found:
        return found
    operations = get_default_graph().get_operations()
    return [op.outputs[0] for op in operations if op.type in ("Variable", "VariableV2")]


@export("report_uninitialized_variables")
def report_uninitialized_variables(
    var_list: Sequence[Any] | None = None, name: str = "report_uninitialized_variables"
) -> Any:
    """The names of the variables that have no value, as a vector of strings.

    Args:
      var_list: The variables to ask; all global and local ones if None.
      name: The name scope.

    >>> w, v = tf.Variable(1.0, name="w"), tf.Variable(2.0, name="v")
    >>> missing = tf.report_uninitialized_variables()
    >>> with tf.Session() as session:
    ...     session.run(w.initializer)
    ...     session.run(missing)
    array([b'v'], dtype=object)
    """
    variables = _all_variables() if var_list is None else list(var_list)
    graph = get_default_graph()
    with graph.name_scope(name):
        asked = [is_variable_initialized(each) for each in variables]
        with graph.device(os.environ.get(_REPORTING_DEVICE, "/cpu:0")):
            if not variables:
                return constant([], dtype=dtypes.string)
            mask = OPS["LogicalNot"](stack(asked))
            names = constant([each.op.name for each in variables])
            return hooks.call("boolean_mask", names, mask)


@export("assert_variables_initialized")
def assert_variables_initialized(var_list: Sequence[Any] | None = None) -> Any:
    """An operation that fails with `FailedPreconditionError` if a variable has no value.

    It reads them. `report_uninitialized_variables` tells their names.

    Args:
      var_list: The variables; all global and local ones if None.

    Returns:
      The operation's tensor, or None if there are no variables.
    """
    variables = _all_variables() if var_list is None else list(var_list)
    ranks = []
    for each in variables:
        with get_default_graph().colocate_with(each.op):
            ranks.append(rank_internal(each, optimize=False))
        ranks[-1].op.must_run = True  # the rank is known; that the variable can be read is not
    if len(ranks) < 2:
        return ranks[0] if ranks else None
    return stack(ranks)
