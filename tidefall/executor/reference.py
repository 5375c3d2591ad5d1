"""The reference executor: one node after another, as the graph says; the judge in tests.

It runs the plan before any pass has touched it, calls every kernel, copies whatever it returns,
and is as slow as it is plain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import numpy as np

from tidefall.array import numpy as xp
from tidefall.compiler.fold import kernel_attrs
from tidefall.compiler.partition import partition
from tidefall.executor import failures
from tidefall.executor.context import NodeContext
from tidefall.executor.feeds import Feed
from tidefall.ir.opdef import group
from tidefall.ir.plan import CHOICE, IS_INITIALIZED, LOAD, WHILE, Guard, Node, Plan, Value
from tidefall.ir.tensor import Tensor
from tidefall.state.cells import Cell, Store


class Reference:
    """A plan to be run node by node.

    Args:
      plan: What it runs.
      feeds: The fed tensors, in order.
      result: Source text that builds the result from ``{0}``, ``{1}``, … (the plan's fetches).
      names: What ``result`` refers to besides.
    """

    def __init__(self, plan: Plan, feeds: list[Tensor], result: str, names: dict[str, Any]) -> None:
        self.plan = plan
        self._feeds = [Feed(tensor) for tensor in feeds]
        fetched = [f"fetched[{index}]" for index in range(len(plan.fetches))]
        self._result = eval(f"lambda fetched: {result.format(*fetched)}", dict(names))

    def bind(self, store: Store) -> Callable[..., Any]:
        """The function for one session: called with the fed values, it returns the result."""

        def run(*values: Any) -> Any:
            fed = [feed(value) for feed, value in zip(self._feeds, values, strict=True)]
            with np.errstate(all="ignore"):
                return self._result(execute(self.plan, fed, store))

        return run


def execute(plan: Plan, feeds: list[Any], store: Store) -> list[Any]:
    """Runs a plan and returns copies of what it fetches."""
    values: dict[Value, Any] = dict(zip(plan.feeds, feeds, strict=True))
    for segment in partition(plan):
        if isinstance(segment, Node):
            step(segment, plan, values, store)
            continue
        with store.lock if segment.touches_state else nullcontext():
            for node in segment.nodes:
                step(node, plan, values, store)
    return [_fetched(value, values) for value in plan.fetches]


def _fetched(value: Value, values: dict[Value, Any]) -> Any:
    found = _get(value, values)
    if found is None:
        raise failures.not_computed(value.name)
    return np.array(found)[()]


def _get(value: Value, values: dict[Value, Any]) -> Any:
    if value.constant is not None:
        return value.constant
    return values[value]


def _is_taken(node: Node, values: dict[Value, Any]) -> bool:
    """Whether a node lies on the sides of its conditionals that are taken."""
    return all(bool(_get(each.predicate, values)) is each.side for each in _known(node, values))


def _known(node: Node, values: dict[Value, Any]) -> Iterator[Guard]:
    """The guards, outer ones first, up to one whose predicate was itself not computed."""
    for guard in node.guards:
        if _get(guard.predicate, values) is None:
            return
        yield guard


def _cell(key: str, plan: Plan, store: Store) -> Cell:
    info = plan.cells[key]
    return store.cell(key, info.dtype.np_dtype, info.shape)


def step(node: Node, plan: Plan, values: dict[Value, Any], store: Store) -> None:
    """Runs one node of a plan and adds its results to ``values``."""
    inputs: list[Any] = []
    try:
        if not _is_taken(node, values):
            values.update(dict.fromkeys(node.outputs))  # no value
            return
        inputs = [_get(value, values) for value in node.inputs]
        results = _computed(node, plan, inputs, store)
    except Exception as error:
        raise failures.describe(error, node, inputs) from error
    values.update(zip(node.outputs, results, strict=True))


def _computed(node: Node, plan: Plan, inputs: list[Any], store: Store) -> list[Any]:
    if node.type == LOAD:
        return [np.array(_cell(node.cell or "", plan, store).value)]
    if node.type == IS_INITIALIZED:
        return [np.bool_(_cell(node.cell or "", plan, store).is_initialized)]
    if node.type == CHOICE:
        return [inputs[1] if inputs[0] else inputs[2]]
    if node.type == WHILE:
        return _loop(node, inputs, store)
    results = flat(node, _called(node, inputs, store))
    for key, value in zip(node.updates, results, strict=False):
        validate = bool(node.attrs.get("validate_shape", True)) and node.opdef.overwrites
        _cell(key, plan, store).assign(value, validate)
    return results


def _called(node: Node, inputs: list[Any], store: Store) -> Any:
    """What the kernel of a node returns."""
    kernel = node.opdef.kernel
    if kernel is None:
        raise NotImplementedError(f"op {node.type} has no kernel yet")
    run = (NodeContext(store, node.op),) if node.opdef.needs_run else ()
    return kernel(xp, *run, *arguments(node, inputs), **kernel_attrs(node.op))


def _loop(node: Node, inputs: list[Any], store: Store) -> list[Any]:
    condition, body = node.bodies
    count = len(node.outputs)
    state, constant = inputs[:count], inputs[count:]
    while execute(condition, state + constant, store)[0]:
        state = execute(body, state + constant, store)
    return state


def arguments(node: Node, inputs: list[Any]) -> list[Any]:
    """The inputs as the kernel takes them."""
    if node.opdef.overwrites:
        rest = list(inputs)
        for position in node.opdef.update_positions:
            rest.insert(position, None)
        return rest
    return group(node.opdef.inputs, inputs, node.attrs)


def flat(node: Node, result: Any) -> list[Any]:
    """A kernel's result as one array for each output of the node."""
    if not node.outputs:
        return []
    if type(result) in (tuple, list):  # not a handle that is a list
        items: list[Any] = []
        for item in result:
            items.extend(item if type(item) is list else [item])
        return items
    return [result]
