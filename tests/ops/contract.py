"""Runs a graph node by node and holds every kernel to its word.

Each kernel must return arrays of the declared dtype and of a shape that agrees with the static
one, must not write to its inputs, and must return memory of its own unless its op is declared
``view=True``. It is also the slowest and plainest way to run a graph: the tier "reference".
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.array import numpy as xp
from tidefall.compiler.fold import kernel_attrs
from tidefall.executor.context import NodeContext
from tidefall.ir.opdef import group
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.state.cells import Store


def evaluate(fetches: list[Tensor], feeds: dict[Tensor, Any], boxed: bool = True) -> list[Any]:
    """The values of ``fetches``.

    Args:
      fetches: What to compute.
      feeds: Arrays for placeholders.
      boxed: Whether values of rank 0 are passed on as arrays, or as NumPy scalars. Kernels get
        both in practice.
    """
    values: dict[Tensor, Any] = {}
    for tensor, value in feeds.items():
        values[tensor] = _sealed(np.array(value, tensor.dtype.np_dtype), boxed)
    store = Store()
    with np.errstate(all="ignore"):
        for op in _needed(fetches, values):
            _run(op, values, store, boxed)
    return [np.asarray(values[tensor]) for tensor in fetches]


def _needed(fetches: list[Tensor], fed: dict[Tensor, Any]) -> list[Operation]:
    """The operations that ``fetches`` need, in the order in which they were made."""
    found: set[Operation] = set()
    waiting = [tensor.op for tensor in fetches if tensor not in fed]
    while waiting:
        op = waiting.pop()
        if op in found:
            continue
        found.add(op)
        waiting.extend(tensor.op for tensor in op._inputs if tensor not in fed)
        waiting.extend(op.control_inputs)
    return sorted(found, key=lambda op: op._id)


def _run(op: Operation, values: dict[Tensor, Any], store: Store, boxed: bool) -> None:
    opdef = op.opdef
    assert opdef.kernel is not None, f"{opdef.name} has no kernel"
    inputs = [values[tensor] for tensor in op._inputs]
    arguments = group(opdef.inputs, inputs, op._attrs)
    context = (NodeContext(store, op),) if opdef.needs_run else ()
    result = opdef.kernel(xp, *context, *arguments, **kernel_attrs(op))
    results = [result] if len(opdef.outputs) == 1 else list(result or ())
    flat: list[Any] = []
    for arg, item in zip(opdef.outputs, results, strict=True):
        flat.extend(item if arg.is_list else [item])
    assert len(flat) == len(op._outputs), f"{op.name} returned {len(flat)} values"
    for tensor, value in zip(op._outputs, flat, strict=True):
        _check(tensor, value, inputs)
        values[tensor] = _sealed(value, boxed)


def _check(tensor: Tensor, value: Any, inputs: list[Any]) -> None:
    where = f"{tensor.name} ({tensor.op.type})"
    assert isinstance(value, (np.ndarray, np.generic)) or tensor.dtype.size == 1, (
        f"{where} is a {type(value).__name__}, not an array"
    )
    if tensor.dtype.base_dtype.name in ("resource", "variant"):
        return
    if tensor.dtype.base_dtype.name == "string" and isinstance(value, bytes):
        return
    array = np.asarray(value)
    assert array.dtype == tensor.dtype.base_dtype.np_dtype, (
        f"{where} has dtype {array.dtype}, but {tensor.dtype.name} is declared"
    )
    static = tensor._shape_value.dims
    fits = static is None or (
        len(static) == array.ndim
        and all(a is None or a == b for a, b in zip(static, array.shape, strict=True))
    )
    assert fits, f"{where} has shape {array.shape}, but {tensor._shape_value} was inferred"
    if not tensor.op.opdef.view:
        for index, given in enumerate(inputs):
            shared = isinstance(given, np.ndarray) and np.may_share_memory(array, given)
            assert not (shared and np.shares_memory(array, given)), (
                f"{where} shares memory with input {index}; copy it, or declare view=True"
            )


def _sealed(value: Any, boxed: bool) -> Any:
    """The value, not to be written to; of rank 0 as an array or as a scalar."""
    if isinstance(value, bytes) or not hasattr(value, "ndim"):
        return value
    if value.ndim == 0:
        return np.array(value) if boxed else np.asarray(value)[()]
    sealed: Any = value.view()
    sealed.flags.writeable = False
    return sealed
