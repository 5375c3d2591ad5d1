"""What both kinds of variables do with the arguments they are made from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tidefall.ir.collections import GraphKeys
from tidefall.ir.graph import get_default_graph
from tidefall.variables.synchronization import VariableAggregation, VariableSynchronization


def check_only_definition(initial_value: Any) -> None:
    """Raises ValueError where both a ``VariableDef`` and an initial value were given."""
    if initial_value is not None:
        raise ValueError("variable_def and initial_value exclude each other; give one.")


def checked_arguments(initial_value: Any, collections: Any, constraint: Any) -> Any:
    """The collections to add to. Raises ValueError where an argument cannot be used."""
    if initial_value is None:
        raise ValueError("tf.Variable needs an initial_value.")
    if collections is None:
        collections = [GraphKeys.GLOBAL_VARIABLES]
    if not isinstance(collections, (list, tuple, set)):
        raise ValueError(
            f"the collections of a variable are a list, tuple or set of names, not "
            f"{type(collections).__name__}: {collections!r}."
        )
    if constraint is not None and not callable(constraint):
        raise ValueError(f"the constraint of a variable must be callable, not {constraint!r}.")
    return collections


def with_trainable(collections: Any, trainable: bool) -> Any:
    """The collections, with that of trainable variables where it belongs to them."""
    if trainable and GraphKeys.TRAINABLE_VARIABLES not in collections:
        return [*collections, GraphKeys.TRAINABLE_VARIABLES]
    return collections


def check_outside_control_flow(value: Any, name: str) -> None:
    """Raises ValueError where an initial value was made inside a loop or conditional."""
    if value.op._get_control_flow_context() is not None:
        raise ValueError(
            f"the initial value of variable '{name}' was made inside a tf.cond or tf.while_loop, "
            "and cannot be had outside. Give a function that makes it: tf.Variable(lambda: …)."
        )


def colocated_with_name(graph: Any, name: str) -> Any:
    """A block whose nodes are placed with the node of that name, which need not exist yet."""
    return graph._attr_scope({"_class": (f"loc:@{name}".encode(),)})


def element_finder(import_scope: str | None) -> Callable[[str], Any]:
    """A function from a name in a ``VariableDef`` to the tensor or operation of that name."""
    graph = get_default_graph()

    def find(name: str) -> Any:
        return graph.as_graph_element(f"{import_scope}/{name}" if import_scope else name)

    return find


def from_definition(definition: Any) -> Any:
    """Synchronization, aggregation and trainability as a ``VariableDef`` message says them."""
    return (
        VariableSynchronization(definition.synchronization),
        VariableAggregation(definition.aggregation),
        bool(definition.trainable),
    )
