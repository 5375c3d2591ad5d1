"""The losses a graph has collected: those of models and those of regularizers."""

from __future__ import annotations

from typing import Any

from tidefall.core.exports import export
from tidefall.ir.collections import GraphKeys
from tidefall.ir.graph import get_default_graph
from tidefall.ops.constant import constant
from tidefall.ops.math import add_n


@export("losses.add_loss")
def add_loss(loss: Any, loss_collection: Any = GraphKeys.LOSSES) -> None:
    """Adds a loss to a collection.

    Args:
      loss: A tensor.
      loss_collection: The collection; nothing is added if it is empty.
    """
    if loss_collection:
        get_default_graph().add_to_collection(loss_collection, loss)


@export("losses.get_losses")
def get_losses(scope: str | None = None, loss_collection: Any = GraphKeys.LOSSES) -> list[Any]:
    """The losses in a collection.

    Args:
      scope: A pattern (`re.match`) to narrow the list by name.
      loss_collection: The collection.
    """
    return get_default_graph().get_collection(loss_collection, scope)


@export("losses.get_regularization_losses")
def get_regularization_losses(scope: str | None = None) -> list[Any]:
    """The losses that regularizers of variables have added.

    Args:
      scope: A pattern (`re.match`) to narrow the list by name.
    """
    return get_default_graph().get_collection(GraphKeys.REGULARIZATION_LOSSES, scope)


@export("losses.get_regularization_loss")
def get_regularization_loss(
    scope: str | None = None, name: str = "total_regularization_loss"
) -> Any:
    """The sum of the losses that regularizers have added; 0 if there are none.

    Args:
      scope: A pattern (`re.match`) to narrow the sum by name.
      name: The name of the operation.
    """
    losses = get_regularization_losses(scope)
    return add_n(losses, name=name) if losses else constant(0.0)


@export("losses.get_total_loss")
def get_total_loss(
    add_regularization_losses: bool = True, name: str = "total_loss", scope: str | None = None
) -> Any:
    """The sum of all losses.

    Args:
      add_regularization_losses: Whether those of regularizers are added, too.
      name: The name of the operation.
      scope: A pattern (`re.match`) to narrow the sum by name.

    Raises:
      ValueError: If there are none.
    """
    losses = get_losses(scope)
    if add_regularization_losses:
        losses += get_regularization_losses(scope)
    return add_n(losses, name=name)
