"""Giving variables their initial values, and asking which have one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tidefall.core.exports import export
from tidefall.ir.graph import get_default_graph
from tidefall.ops.array import no_op
from tidefall.variables.listing import global_variables, local_variables


@export("variables_initializer", "initializers.variables")
def variables_initializer(var_list: Sequence[Any], name: str = "init") -> Any:
    """An operation that gives the variables their initial values.

    Args:
      var_list: The variables.
      name: The name of the operation.
    """
    if not var_list:
        return no_op(name=name)
    with get_default_graph().control_dependencies([each.initializer for each in var_list]):
        return no_op(name=name)


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
