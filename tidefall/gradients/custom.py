"""`tf.custom_gradient`: a function whose gradient the program gives itself."""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable
from typing import Any

from tidefall.core import nest
from tidefall.core.exports import export
from tidefall.gradients.registry import RegisterGradient
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import Graph, get_default_graph
from tidefall.ops.array import identity_n

_serial = itertools.count()


@export("custom_gradient")
def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: makes ``f`` differentiable by a gradient of its own.

    ``f(*tensors)`` returns its result and a function ``grad(*dresults)`` from gradients of the
    results to gradients of the arguments. Where ``f`` reads resource variables, ``grad`` takes
    ``variables=`` besides and returns a pair: gradients of the arguments, and of the variables.

    Raises:
      ValueError: If the decorated function is called with keyword arguments.
      TypeError: If ``f`` reads variables that ``grad`` does not take.

    >>> @tf.custom_gradient
    ... def clipped(x):
    ...     return tf.identity(x), lambda dy: tf.clip_by_value(dy, -1.0, 1.0)
    """

    @functools.wraps(f)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        if kwargs:
            raise ValueError(
                "a function decorated with tf.custom_gradient takes no keyword arguments in a "
                f"graph: {', '.join(kwargs)}."
            )
        return _in_graph(f, args)

    return decorated


def _in_graph(f: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    graph = get_default_graph()
    inputs = [convert_to_tensor(each) for each in args]
    first = len(graph._by_id)
    result, grad_fn = f(*inputs)
    outputs = [convert_to_tensor(each) for each in nest.flatten(result)]
    variables = _variables_read(graph, first, inputs)
    _check_signature(grad_fn, variables)
    name = f"CustomGradient-{next(_serial)}"

    @RegisterGradient(name)
    def _rule(_: Any, *grads: Any) -> list[Any]:
        given = grads[: len(outputs)]
        if variables:
            for_inputs, for_variables = grad_fn(*given, variables=variables)
        else:
            for_inputs, for_variables = grad_fn(*given), []
        found = [*nest.flatten(for_inputs), *nest.flatten(for_variables)]
        wanted = len(inputs) + len(variables)
        if len(found) != wanted:
            raise ValueError(
                f"the gradient function of '{getattr(f, '__name__', f)}' returned {len(found)} "
                f"gradients for {wanted} inputs."
            )
        return [None] * len(outputs) + found

    handles = [variable.handle for variable in variables]
    with graph.gradient_override_map({"IdentityN": name}):
        tensors = identity_n([*outputs, *inputs, *handles])
    return (
        nest.pack_sequence_as(result, tensors[: len(outputs)])
        if nest.is_nested(result)
        else tensors[0]
    )


def _variables_read(graph: Graph, first: int, inputs: list[Any]) -> list[Any]:
    """The resource variables that operations made since ``first`` read."""
    handles = {op._inputs[0] for op in graph._by_id[first:] if op.type == "ReadVariableOp"} - set(
        inputs
    )
    every = [*graph.get_collection("variables"), *graph.get_collection("local_variables")]
    return [each for each in every if getattr(each, "handle", None) in handles]


def _check_signature(grad_fn: Any, variables: list[Any]) -> None:
    parameters = inspect.signature(grad_fn).parameters
    takes = "variables" in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    if variables and not takes:
        raise TypeError(
            "a function decorated with tf.custom_gradient reads variables, so its gradient "
            "function must take the argument 'variables'."
        )
