"""Contexts of branches and loops as messages.

They tell which tensors lie inside a ``tf.cond`` or ``tf.while_loop``, which a program that reads
the graph from a file needs to differentiate it.
"""

from __future__ import annotations

from typing import Any

from tidefall import proto
from tidefall.flow.cond import CondContext
from tidefall.flow.contexts import ControlFlowContext
from tidefall.flow.while_context import WhileContext
from tidefall.io.collection_def import register_proto_function
from tidefall.ir.collections import GraphKeys


def cond_to_proto(context: CondContext) -> Any:
    """The ``CondContextDef`` of a branch."""
    message = proto.CondContextDef(
        context_name=context.name,
        pred_name=context.pred.name,
        pivot_name=context.pivot.name,
        branch=context.branch,
    )
    _fill(message, context)
    return message


def while_to_proto(context: WhileContext) -> Any:
    """The ``WhileContextDef`` of a loop."""
    message = proto.WhileContextDef(
        context_name=context.name,
        parallel_iterations=context.parallel_iterations,
        back_prop=context.back_prop,
        swap_memory=context.swap_memory,
        loop_exit_names=[tensor.name for tensor in context.loop_exits],
        loop_enter_names=[tensor.name for tensor in context.loop_enters],
    )
    for field in ("pivot", "pivot_for_pred", "pivot_for_body", "maximum_iterations"):
        tensor = getattr(context, field)
        if tensor is not None:
            setattr(message, f"{field}_name", tensor.name)
    _fill(message, context)
    return message


def _fill(message: Any, context: ControlFlowContext) -> None:
    message.values_def.values.extend(sorted(context.values))
    for outside, inside in context.external.items():
        message.values_def.external_values[outside] = inside.name
    for inner in _inside(context):
        added = message.nested_contexts.add()
        if isinstance(inner, WhileContext):
            added.while_ctxt.CopyFrom(while_to_proto(inner))
        elif isinstance(inner, CondContext):
            added.cond_ctxt.CopyFrom(cond_to_proto(inner))


def _inside(context: ControlFlowContext) -> list[ControlFlowContext]:
    """The contexts directly inside one, in order of their first nodes."""
    found: dict[ControlFlowContext, None] = {}
    for op in context._graph.get_operations():
        inner = op._control_flow_context
        while inner is not None and inner._outer_context is not context:
            inner = inner._outer_context
        if inner is not None:
            found[inner] = None
    return list(found)


def _not_restored(message: Any, import_scope: str | None = None) -> None:
    """Contexts are not restored: the graph's nodes alone tell of its branches and loops."""


for _name, _message, _to_proto in (
    (GraphKeys.COND_CONTEXT, "CondContextDef", cond_to_proto),
    (GraphKeys.WHILE_CONTEXT, "WhileContextDef", while_to_proto),
):
    register_proto_function(_name, _message, _to_proto, _not_restored)
