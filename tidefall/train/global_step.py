"""The global step: the variable that counts training steps."""

from __future__ import annotations

from typing import Any

from tidefall.core import dtypes, logging
from tidefall.core.exports import export
from tidefall.ir.collections import GraphKeys
from tidefall.ir.graph import get_default_graph
from tidefall.ir.tensor import Tensor
from tidefall.variables.initializers import Zeros
from tidefall.variables.scope import get_variable
from tidefall.variables.synchronization import VariableAggregation
from tidefall.variables.variable import Variable


@export("train.global_step")
def global_step(sess: Any, global_step_tensor: Any) -> int:
    """The number of steps a session has done.

    Args:
      sess: The session.
      global_step_tensor: The global step, or a tensor of it.
    """
    return int(sess.run(global_step_tensor))


@export("train.get_global_step")
def get_global_step(graph: Any = None) -> Any:
    """The global step of a graph; None if it has none, or several.

    Args:
      graph: The graph; the default graph if None.
    """
    graph = graph or get_default_graph()
    steps = graph.get_collection(GraphKeys.GLOBAL_STEP)
    if len(steps) > 1:
        logging.error("The collection of global steps has %d entries; one is expected.", len(steps))
        return None
    if not steps and "global_step" not in graph._operations:
        return None
    step = steps[0] if steps else graph.get_tensor_by_name("global_step:0")
    assert_global_step(step)
    return step


@export("train.create_global_step")
def create_global_step(graph: Any = None) -> Any:
    """Makes the global step of a graph, an int64 variable.

    Args:
      graph: The graph; the default graph if None.

    Raises:
      ValueError: If it has one.
    """
    graph = graph or get_default_graph()
    if get_global_step(graph) is not None:
        raise ValueError("the graph has a 'global_step' already; use get_or_create_global_step().")
    with graph.as_default(), graph.name_scope(None):
        return get_variable(
            GraphKeys.GLOBAL_STEP,
            shape=[],
            dtype=dtypes.int64,
            initializer=Zeros(),
            trainable=False,
            aggregation=VariableAggregation.ONLY_FIRST_REPLICA,
            collections=[GraphKeys.GLOBAL_VARIABLES, GraphKeys.GLOBAL_STEP],
        )


@export("train.get_or_create_global_step")
def get_or_create_global_step(graph: Any = None) -> Any:
    """The global step of a graph, made if it has none.

    Args:
      graph: The graph; the default graph if None.

    >>> step = tf.train.get_or_create_global_step()
    >>> step.name, step is tf.train.get_global_step()
    ('global_step:0', True)
    """
    graph = graph or get_default_graph()
    step = get_global_step(graph)
    return create_global_step(graph) if step is None else step


@export("train.assert_global_step")
def assert_global_step(global_step_tensor: Any) -> None:
    """Checks that something can be the global step.

    Raises:
      TypeError: If it is not a variable or tensor of one integer.
    """
    if not isinstance(global_step_tensor, (Tensor, Variable)):
        raise TypeError(f"the global step must be a variable or tensor: {global_step_tensor!r}.")
    if not global_step_tensor.dtype.base_dtype.is_integer:
        raise TypeError(
            f"the global step '{global_step_tensor.name}' must be an integer, but has dtype "
            f"{global_step_tensor.dtype.base_dtype.name}."
        )
    shape = global_step_tensor.get_shape()
    if shape.ndims != 0 and shape.is_fully_defined():
        raise TypeError(
            f"the global step '{global_step_tensor.name}' must be one number, but has shape "
            f"{shape}."
        )
