"""The variables of a graph, by what they are for."""

from __future__ import annotations

from typing import Any

from tidefall.core.exports import export
from tidefall.ir.collections import GraphKeys
from tidefall.ir.graph import get_default_graph


def _listed(key: str, scope: str | None) -> list[Any]:
    return get_default_graph().get_collection(key, scope)


@export("global_variables")
def global_variables(scope: str | None = None) -> list[Any]:
    """The variables that are shared and saved: all, unless made otherwise.

    Args:
      scope: A pattern (`re.match`) to narrow the list by name.
    """
    return _listed(GraphKeys.GLOBAL_VARIABLES, scope)


@export("all_variables")
def all_variables() -> list[Any]:
    """The older name of `global_variables`."""
    return global_variables()


@export("local_variables")
def local_variables(scope: str | None = None) -> list[Any]:
    """The variables that belong to the process and are not saved, as counters of metrics are."""
    return _listed(GraphKeys.LOCAL_VARIABLES, scope)


@export("model_variables")
def model_variables(scope: str | None = None) -> list[Any]:
    """The variables a model needs for inference."""
    return _listed(GraphKeys.MODEL_VARIABLES, scope)


@export("trainable_variables")
def trainable_variables(scope: str | None = None) -> list[Any]:
    """The variables that optimizers change by default."""
    return _listed(GraphKeys.TRAINABLE_VARIABLES, scope)


@export("moving_average_variables")
def moving_average_variables(scope: str | None = None) -> list[Any]:
    """The variables of which an `ExponentialMovingAverage` keeps averages."""
    return _listed(GraphKeys.MOVING_AVERAGE_VARIABLES, scope)
