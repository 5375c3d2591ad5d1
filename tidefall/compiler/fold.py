"""Constant folding: what does not depend on the run is computed once, when the plan is made."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.array import numpy as xp
from tidefall.core import hooks
from tidefall.core.shapes import Shape
from tidefall.ir.inference import constant_value
from tidefall.ir.opdef import ANYWHERE, group
from tidefall.ir.operation import Operation
from tidefall.ir.plan import Node, Plan, Value

#: Results larger than this many elements stay in the plan unless their inputs are as large.
LARGEST = 65536


def fold_constants(plan: Plan) -> Plan:
    """Computes nodes whose inputs are constants, and shapes that are known statically.

    A node that fails is left for the run, where its error belongs.
    """
    known: dict[Value, Value] = {}
    kept: list[Node] = []
    for node in plan.nodes:
        if known:
            node = node.with_inputs(tuple([known.get(value, value) for value in node.inputs]))
        results = _folded(node)
        if results is None:
            kept.append(node)
            continue
        for output, result in zip(node.outputs, results, strict=True):
            known[output] = Value(output.dtype, Shape(result.shape), output.name, result)
    if not known:
        return plan
    folded = len(plan.nodes) - len(kept)
    return plan.with_nodes(kept).rewire(known).noted(f"folded {folded} nodes with constant inputs")


def _folded(node: Node) -> list[Any] | None:
    if not node.is_pure or node.on_host:
        return None
    if node.type in ("Shape", "Size", "Rank", "ShapeN"):
        statics = [constant_value(tensor) for tensor in node.op._outputs]
        return None if any(static is None for static in statics) else statics
    if any(value.constant is None for value in node.inputs) or node.opdef.kernel is None:
        return None
    size = sum(value.shape.num_elements() or 1 for value in node.outputs)
    if size > max(LARGEST, *[np.size(value.constant) for value in node.inputs], 0):
        return None
    return evaluate(node.op, [value.constant for value in node.inputs])


@hooks.install("evaluate_constant")
def evaluate(op: Operation, values: list[Any]) -> list[Any] | None:
    """The outputs of a stateless operation for constant inputs; None where it fails.

    Args:
      op: The operation.
      values: Its inputs, flat.
    """
    opdef = op.opdef
    if opdef.kernel is None or opdef.runs_on != ANYWHERE:
        return None
    arguments = group(opdef.inputs, values, op._attrs)
    try:
        with np.errstate(all="ignore"):
            result = opdef.kernel(xp, *arguments, **kernel_attrs(op))
    except (
        ValueError,
        TypeError,
        IndexError,
        ArithmeticError,
        np.linalg.LinAlgError,
        AssertionError,
    ):
        return None
    return flat_outputs(op, result)


def flat_outputs(op: Operation, result: Any) -> list[Any] | None:
    """A kernel's result as a flat list of arrays, one for each output."""
    opdef = op.opdef
    items = [result] if len(opdef.outputs) == 1 else list(result or ())
    flat: list[Any] = []
    for arg, item in zip(opdef.outputs, items, strict=True):
        flat.extend(item if arg.is_list else [item])
    arrays = [np.asarray(item) for item in flat]
    fits = all(
        a.dtype == t._dtype.base_dtype.np_dtype for a, t in zip(arrays, op._outputs, strict=True)
    )
    return arrays if fits else None


def kernel_attrs(op: Operation) -> dict[str, Any]:
    """The attributes that the op's kernel takes; strings as ``str``."""
    attrs = op._attrs
    found = {}
    for name in op.opdef.kernel_attrs:
        value = attrs[name]
        found[name] = value.decode() if isinstance(value, bytes) else value
    return found
