"""`tf.while_loop`: repeats a part of the graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tidefall.core import nest
from tidefall.core.exports import export
from tidefall.flow.while_context import WhileContext
from tidefall.ir.collections import GraphKeys
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.tensor import Tensor
from tidefall.ops.compare import less, logical_and
from tidefall.ops.constant import constant


@export("while_loop")
def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    shape_invariants: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
    maximum_iterations: Any = None,
    return_same_structure: bool = False,
) -> Any:
    """Repeats ``body`` while ``cond`` holds.

    Args:
      cond: From the loop variables to a boolean scalar tensor.
      body: From the loop variables to their next values, in the same structure.
      loop_vars: The initial values: a (possibly nested) list or tuple.
      shape_invariants: Shapes that hold in every iteration, in the structure of ``loop_vars``;
        None where shapes do not change.
      parallel_iterations: A positive integer, kept in the nodes.
      back_prop: Whether gradients may pass.
      swap_memory: Accepted for compatibility.
      name: The name scope.
      maximum_iterations: A bound on the number of iterations.
      return_same_structure: Whether a list of one result stays a list.

    Returns:
      The loop variables after the last iteration.

    Raises:
      TypeError: If ``cond`` or ``body`` is not callable.
      ValueError: If there are no loop variables, or a shape changes.

    >>> i = tf.while_loop(lambda i: i < 10, lambda i: i + 3, [tf.constant(0)])
    >>> tf.Session().run(i)
    12
    """
    if not callable(cond):
        raise TypeError(f"cond must be callable, not {type(cond).__name__}: {cond!r}")
    if not callable(body):
        raise TypeError(f"body must be callable, not {type(body).__name__}: {body!r}")
    if parallel_iterations < 1:
        raise TypeError(f"parallel_iterations must be a positive integer: {parallel_iterations}")
    graph = get_default_graph()
    with graph.name_scope(name or "while"):
        if not loop_vars:
            raise ValueError("No loop variables provided: give at least one in loop_vars.")
        if maximum_iterations is not None:
            cond, body, loop_vars, shape_invariants = _bounded(
                cond, body, loop_vars, shape_invariants, maximum_iterations
            )
        context = WhileContext(
            maximum_iterations=maximum_iterations,
            parallel_iterations=parallel_iterations,
            back_prop=back_prop,
            swap_memory=swap_memory,
        )
        if context.outer_context is None:
            graph.add_to_collection(GraphKeys.WHILE_CONTEXT, context)
        result = _built(context, cond, body, loop_vars, shape_invariants, return_same_structure)
    return result[1] if maximum_iterations is not None else result


def _built(
    context: WhileContext,
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    invariants: Any,
    same_structure: bool,
) -> Any:
    if invariants is not None:
        nest.assert_same_structure(loop_vars, _as_marks(invariants), check_types=False)
        invariants = nest.flatten(_as_marks(invariants))
        invariants = [mark.shape for mark in invariants]
    flat = [convert_to_tensor(flow_of(each)) for each in nest.flatten(loop_vars)]
    outcome, exits = context.build(cond, body, loop_vars, flat, invariants, _pack, _unpack)
    originals = nest.flatten(outcome)
    packed = nest.pack_sequence_as(
        outcome, [from_flow(o, e) for o, e in zip(originals, exits, strict=True)]
    )
    if same_structure or len(exits) != 1:
        return packed
    return packed[0]


class _Mark:
    """A shape as one leaf of a structure."""

    def __init__(self, shape: Any) -> None:
        self.shape = shape


def _as_marks(invariants: Any) -> Any:
    """A structure of shapes with each shape (which may itself be a list) as one leaf."""
    if isinstance(invariants, (list, tuple)) and not all(
        each is None or isinstance(each, int) for each in invariants
    ):
        marks = [_as_marks(each) for each in invariants]
        return (
            type(invariants)(*marks) if hasattr(invariants, "_fields") else type(invariants)(marks)
        )
    if isinstance(invariants, dict):
        return {key: _as_marks(each) for key, each in invariants.items()}
    return _Mark(invariants)


#: Composites that a loop carries as one tensor (a `TensorArray` as its flow): how to take one
#: apart, and how to put it together again.
CARRIED: dict[type, tuple[Callable[[Any], Any], Callable[[Any, Tensor], Any]]] = {}


def flow_of(value: Any) -> Any:
    """The tensor that carries a loop variable."""
    carried = CARRIED.get(type(value))
    return value if carried is None else carried[0](value)


def from_flow(original: Any, tensor: Tensor) -> Any:
    """What the program sees of a loop variable."""
    carried = CARRIED.get(type(original))
    return tensor if carried is None else carried[1](original, tensor)


def _pack(structure: Any, tensors: list[Tensor]) -> Any:
    originals = nest.flatten(structure)
    values = [from_flow(o, t) for o, t in zip(originals, tensors, strict=True)]
    return nest.pack_sequence_as(structure, values)


def _unpack(result: Any) -> list[Tensor]:
    return [flow_of(each) for each in nest.flatten(result)]


def _bounded(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    invariants: Any,
    maximum: Any,
) -> tuple[Callable[..., Any], Callable[..., Any], Any, Any]:
    """The same loop with a counter that ends it after ``maximum`` iterations."""
    limit = convert_to_tensor(maximum, name="maximum_iterations")
    if limit._shape_value.rank not in (0, None):
        raise ValueError(f"maximum_iterations must be a scalar, not of shape {limit._shape_value}.")
    counter = constant(0, dtype=limit.dtype, name="iteration_counter")
    single = len(loop_vars) == 1
    if single:
        start = (counter, loop_vars[0])
        bounds: Any = None if invariants is None else ([], invariants[0])
        return (
            lambda i, v: logical_and(less(i, limit), cond(v)),
            lambda i, v: (i + 1, _first(body(v))),
            start,
            bounds,
        )
    bounds = None if invariants is None else ([], invariants)
    return (
        lambda i, v: logical_and(less(i, limit), cond(*v)),
        lambda i, v: (i + 1, body(*v)),
        (counter, loop_vars),
        bounds,
    )


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, (list, tuple)) and len(value) == 1 else value
