"""Waiting for several operations at once: `group`, `tuple_of` and `with_dependencies`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tidefall.core import nest
from tidefall.core.exports import export
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.indexed_slices import IndexedSlices
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import identity, no_op


@export("group")
def group(*inputs: Any, name: str | None = None) -> Operation:
    """An operation that is done when all ``inputs`` are.

    Operations on several devices are first grouped on each.

    Args:
      *inputs: Operations, tensors, or nested structures of them.
      name: The name of the operation.
    """
    graph = get_default_graph()
    with graph.name_scope("group_deps" if name is None else name) as scope:
        if not inputs:
            return no_op(name=scope)
        on_device: dict[str, list[Any]] = {}
        for item in nest.flatten(inputs, expand_composites=True):
            if not hasattr(item, "device"):
                raise TypeError(f"group() takes operations and tensors, not {item!r}.")
            on_device.setdefault(item.device or "", []).append(item)
        if len(on_device) == 1:
            ((device, items),) = on_device.items()
            return _wait(device, items, scope)
        parts = [_wait(device, on_device[device], None) for device in sorted(on_device)]
        with graph.control_dependencies(parts):
            return no_op(name=scope)


def _wait(device: str, items: list[Any], name: str | None) -> Operation:
    graph = get_default_graph()
    with graph.control_dependencies(items), graph.device(device):
        return no_op(name=name)


def with_dependencies(dependencies: Sequence[Any], output: Any, name: str | None = None) -> Any:
    """``output``, once ``dependencies`` are done."""
    graph = get_default_graph()
    scope = graph.name_scope("control_dependency" if name is None else name)
    with scope as full, graph.colocate_with(output.op), graph.control_dependencies(dependencies):
        if isinstance(output, Tensor):
            return identity(output, name=full)
        values = identity(output.values, name=full)
        return IndexedSlices(values, output.indices, output.dense_shape)


@export("tuple")
def tuple_of(
    tensors: Sequence[Any], name: str | None = None, control_inputs: Sequence[Any] | None = None
) -> list[Any]:
    """The tensors, each only when all of them are computed.

    Args:
      tensors: Tensors or `IndexedSlices`; None stays None.
      name: The name scope.
      control_inputs: Operations to wait for besides.

    Raises:
      ValueError: If there is nothing to wait for.
    """
    graph = get_default_graph()
    with graph.name_scope("tuple" if name is None else name):
        items = [_item(each) for each in tensors]
        waited = [
            each if isinstance(each, Operation) else each.op for each in items if each is not None
        ]
        for each in control_inputs or ():
            if not isinstance(each, (Tensor, Operation)):
                raise TypeError(f"control_inputs must be operations or tensors, not {each!r}.")
            waited.append(each.op if isinstance(each, Tensor) else each)
        unique = sorted(set(waited), key=lambda op: op._id)
        if not unique:
            raise ValueError("tuple() needs at least one tensor or operation, but all are None.")
        gate = group(*unique)
        return [_gated(each, gate) for each in items]


def _item(value: Any) -> Any:
    if value is None or isinstance(value, (IndexedSlices, Operation)):
        return value
    return convert_to_tensor(value)


def _gated(value: Any, gate: Operation) -> Any:
    if isinstance(value, Operation):
        with get_default_graph().control_dependencies([gate]):
            return group(value)
    return None if value is None else with_dependencies([gate], value)
