"""Collections: named lists a graph carries, by which the parts of a program find one another."""

from __future__ import annotations

import re
from typing import Any

from tidefall.core.exports import export


@export("GraphKeys")
class GraphKeys:
    """The standard names of collections."""

    GLOBAL_VARIABLES = "variables"
    LOCAL_VARIABLES = "local_variables"
    METRIC_VARIABLES = "metric_variables"
    MODEL_VARIABLES = "model_variables"
    TRAINABLE_VARIABLES = "trainable_variables"
    SUMMARIES = "summaries"
    QUEUE_RUNNERS = "queue_runners"
    TABLE_INITIALIZERS = "table_initializer"
    ASSET_FILEPATHS = "asset_filepaths"
    MOVING_AVERAGE_VARIABLES = "moving_average_variables"
    REGULARIZATION_LOSSES = "regularization_losses"
    CONCATENATED_VARIABLES = "concatenated_variables"
    SAVERS = "savers"
    WEIGHTS = "weights"
    BIASES = "biases"
    ACTIVATIONS = "activations"
    UPDATE_OPS = "update_ops"
    LOSSES = "losses"
    SAVEABLE_OBJECTS = "saveable_objects"
    RESOURCES = "resources"
    LOCAL_RESOURCES = "local_resources"
    INIT_OP = "init_op"
    LOCAL_INIT_OP = "local_init_op"
    READY_OP = "ready_op"
    READY_FOR_LOCAL_INIT_OP = "ready_for_local_init_op"
    SUMMARY_OP = "summary_op"
    GLOBAL_STEP = "global_step"
    EVAL_STEP = "eval_step"
    TRAIN_OP = "train_op"
    COND_CONTEXT = "cond_context"
    WHILE_CONTEXT = "while_context"
    _SUMMARY_COLLECTION = "_SUMMARY_V2"
    _VARIABLE_COLLECTIONS = ("variables", "local_variables", "metric_variables", "model_variables")
    _STREAMING_MODEL_PORTS = "streaming_model_ports"

    #: The older name of `GLOBAL_VARIABLES`.
    VARIABLES = "variables"


class Collections:
    """The collections of one graph: name to list of anything."""

    def __init__(self) -> None:
        self.lists: dict[Any, list[Any]] = {}

    def add(self, name: Any, value: Any) -> None:
        """Appends ``value`` to the collection ``name``."""
        self.lists.setdefault(name, []).append(value)

    def add_to_all(self, names: Any, value: Any) -> None:
        """Appends ``value`` to each of the named collections, once each."""
        for name in (names,) if isinstance(names, str) else dict.fromkeys(names):
            self.add(name, value)

    def reference(self, name: Any) -> list[Any]:
        """The collection itself; changes to the list change the graph."""
        return self.lists.setdefault(name, [])

    def get(self, name: Any, scope: str | None = None) -> list[Any]:
        """A copy of the collection, narrowed to items whose name matches ``scope``."""
        items = self.lists.get(name, [])
        if scope is None:
            return list(items)
        pattern = re.compile(scope)
        return [item for item in items if hasattr(item, "name") and pattern.match(item.name)]
