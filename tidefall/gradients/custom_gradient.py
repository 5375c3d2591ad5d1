"""`tf.custom_gradient`: functions that bring their own gradient.

The results, the arguments and the variables that the function reads go through one ``IdentityN``
whose gradient is the function's own.
"""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable
from typing import Any

from tidefall.core import hooks, logging, nest
from tidefall.core.exports import export
from tidefall.gradients.walk import gradients
from tidefall.ir.collections import GraphKeys
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import Graph, get_default_graph
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import identity, identity_n
from tidefall.ops.elementwise import sigmoid

_numbers = itertools.count()
_VARIABLES = frozenset({"VariableV2", "VarHandleOp"})


@export("custom_gradient")
def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: a function of tensors that brings its own gradient.

    Args:
      f: ``f(*x)`` returns ``(y, grad_fn)``. ``grad_fn(*dy)`` takes one gradient for each of y and
        returns one for each of x. If ``f`` reads variables, they must be resource variables, and
        ``grad_fn(*dy, variables)`` returns a second list, one gradient for each variable.

    Returns:
      A function that returns y.

    >>> @tf.custom_gradient
    ... def log1pexp(x):
    ...     e = tf.exp(x)
    ...     return tf.log(1 + e), lambda dy: dy * (1 - 1 / (1 + e))
    >>> x = tf.constant(100.0)
    >>> tf.Session().run(tf.gradients(log1pexp(x), x))
    [1.0]
    """

    @functools.wraps(f)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        if kwargs:
            raise ValueError(
                "The custom_gradient decorator currently supports keywords arguments only when "
                "eager execution is enabled. Pass them by position, or bind them with "
                "functools.partial."
            )
        return _call(f, [convert_to_tensor(arg) for arg in args])

    return decorated


def _call(f: Callable[..., Any], args: list[Tensor]) -> Any:
    graph = get_default_graph()
    before = _variables_of(graph)
    result, grad_fn = f(*args)
    for variable in _variables_of(graph):
        if not any(variable is known for known in before) and not hasattr(variable, "handle"):
            raise TypeError(
                "All variables used by a function wrapped with @custom_gradient must be "
                "`ResourceVariable`s. Ensure that no `variable_scope` is created with "
                "`use_resource=False`."
            )
    results = nest.flatten(result)
    ends = [identity(each) for each in results]
    variables = _variables_between(graph, args, ends)
    _check_signature(grad_fn, variables)
    name = f"CustomGradient-{next(_numbers)}"
    graph._gradient_function_map[name] = _rule(grad_fn, len(results), variables)
    with graph.gradient_override_map({"IdentityN": name}):
        outputs = identity_n([*results, *args, *variables])
    for variable in variables:
        convert_to_tensor(variable)
    return nest.pack_sequence_as(result, outputs[: len(results)])


def _rule(
    grad_fn: Callable[..., Any], count: int, variables: list[Any]
) -> Callable[..., list[Any]]:
    """The gradient of the ``IdentityN``: nothing for the results, then arguments and variables."""

    def rule(_: Any, *grads: Any) -> list[Any]:
        if not variables:
            return [None] * count + nest.flatten(grad_fn(*grads[:count]))
        for_inputs, for_variables = grad_fn(*grads[:count], variables=variables)
        if len(for_variables) != len(variables):
            raise ValueError(
                "Must return gradient for each variable from @custom_gradient grad_fn: there are "
                f"{len(variables)}, but {len(for_variables)} were returned."
            )
        return [None] * count + nest.flatten(for_inputs) + list(for_variables)

    return rule


def _check_signature(grad_fn: Callable[..., Any], variables: list[Any]) -> None:
    """Variables are read if and only if ``grad_fn`` can be given them."""
    spec = inspect.getfullargspec(grad_fn)
    takes = "variables" in spec.args or "variables" in spec.kwonlyargs or spec.varkw is not None
    if variables and not takes:
        raise TypeError(
            "If using @custom_gradient with a function that uses variables, then grad_fn must "
            "accept a keyword argument 'variables'."
        )
    if takes and not variables:
        if not hooks.call("scope_use_resource"):
            raise TypeError(
                "If using @custom_gradient with a function that uses variables, the enclosing "
                "variable scope must have use_resource=True."
            )
        logging.warning(
            "@custom_gradient grad_fn has 'variables' in signature, but no ResourceVariables were "
            "used on the forward pass."
        )


def _variables_of(graph: Graph) -> list[Any]:
    """The global and local variables made so far."""
    keys = (GraphKeys.GLOBAL_VARIABLES, GraphKeys.LOCAL_VARIABLES)
    return [variable for key in keys for variable in graph.get_collection(key)]


def _variables_between(graph: Graph, args: list[Tensor], ends: list[Any]) -> list[Any]:
    """The variables that ``ends`` are computed from, not looking behind ``args``."""
    stops = {arg.op for arg in args}
    seen: set[Any] = set()
    waiting = [end.op for end in ends]
    names: dict[str, None] = {}
    while waiting:
        op = waiting.pop()
        if op in seen or op in stops:
            continue
        seen.add(op)
        if op.type in _VARIABLES:
            names[op.name] = None
        waiting.extend(tensor.op for tensor in op._inputs)
    return [variable for variable in _variables_of(graph) if variable.op.name in names]


@export("grad_pass_through")
def grad_pass_through(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function with the values of ``f`` and the gradient of the identity.

    Args:
      f: A function of one tensor. Its variables, if it has any, get no gradient.
    """

    @custom_gradient
    def passing(*args: Any, **kwargs: Any) -> Any:
        def grad(*grads: Any, **kwargs: Any) -> Any:
            variables = kwargs.get("variables")
            return (grads, [None] * len(variables)) if variables is not None else grads

        return f(*args, **kwargs), grad

    return functools.wraps(f)(passing)


@export("recompute_grad")
def recompute_grad(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function with the values of ``f`` whose gradient computes ``f`` again.

    Nothing between arguments and results need be kept for the gradient.

    Args:
      f: A function of tensors that returns one tensor.
    """

    @custom_gradient
    def recomputing(*args: Any) -> Any:
        def grad(dresult: Any, variables: Any = None) -> Any:
            with get_default_graph().control_dependencies([dresult]):
                again = f(*[identity(arg) for arg in args])
            others = list(variables or ())
            found = gradients(again, [*args, *others], [dresult])
            return found[: len(args)], found[len(args) :]

        return f(*args), grad

    return functools.wraps(f)(recomputing)


@export("nn.swish")
@custom_gradient
def swish(features: Any) -> Any:
    """``features * sigmoid(features)``; its gradient computes the sigmoid again."""

    def grad(dy: Any) -> Any:
        with get_default_graph().control_dependencies([dy]):
            gate = sigmoid(features)
        return dy * (gate * (1.0 + features * (1.0 - gate)))

    return features * sigmoid(features), grad
