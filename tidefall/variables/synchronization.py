"""How variables of several replicas are kept together; accepted and kept, with one replica moot."""

from __future__ import annotations

import enum
from typing import Any

from tidefall.core.exports import export


@export("VariableSynchronization")
class VariableSynchronization(enum.Enum):
    """When the copies of a variable on several devices are brought together."""

    AUTO = 0
    NONE = 1
    ON_WRITE = 2
    ON_READ = 3


@export("VariableAggregation")
class VariableAggregation(enum.Enum):
    """How writes to the copies of a variable on several devices are combined."""

    NONE = 0
    SUM = 1
    MEAN = 2
    ONLY_FIRST_REPLICA = 3
    ONLY_FIRST_TOWER = 3


def validated(
    synchronization: Any, aggregation: Any, trainable: bool | None, name: Any
) -> tuple[VariableSynchronization, VariableAggregation, bool]:
    """The three arguments with their defaults filled in.

    A variable that is synchronized when it is read is not trainable by default.

    Raises:
      ValueError: If one is not a member of its enumeration.
    """
    aggregation = VariableAggregation.NONE if aggregation is None else aggregation
    synchronization = VariableSynchronization.AUTO if synchronization is None else synchronization
    for value, members in (
        (aggregation, VariableAggregation),
        (synchronization, VariableSynchronization),
    ):
        if not isinstance(value, members):
            raise ValueError(
                f"variable '{name}': {value!r} is not a member of tf.{members.__name__}."
            )
    if trainable is None:
        trainable = synchronization is not VariableSynchronization.ON_READ
    return synchronization, aggregation, trainable
