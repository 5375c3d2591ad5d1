"""Declarations of ops as ``OpDef`` messages."""

from __future__ import annotations

from typing import Any

from tidefall import proto
from tidefall.core import hooks
from tidefall.io import attr_value
from tidefall.ir.opdef import Arg, AttrDef, OpDef


@hooks.install("op_def")
def op_def(opdef: OpDef) -> Any:
    """The ``OpDef`` message of an op."""
    message = proto.OpDef(name=opdef.name)
    for arg in opdef.inputs:
        _fill_arg(message.input_arg.add(), arg)
    for arg in opdef.outputs:
        _fill_arg(message.output_arg.add(), arg)
    for attr in opdef.attrs.values():
        _fill_attr(message.attr.add(), attr)
    message.is_stateful = opdef.stateful
    return message


def op_list(names: Any) -> Any:
    """The ``OpList`` of op types, sorted by name."""
    message = proto.OpList()
    message.op.extend([op_def(opdef) for opdef in sorted(names, key=lambda each: each.name)])
    return message


def _fill_arg(message: Any, arg: Arg) -> None:
    message.name = arg.name
    if arg.dtype is not None:
        message.type = arg.dtype.enum
    for field in ("type_attr", "type_list_attr", "number_attr"):
        if getattr(arg, field) is not None:
            setattr(message, field, getattr(arg, field))
    message.is_ref = arg.is_ref


def _fill_attr(message: Any, attr: AttrDef) -> None:
    message.name, message.type = attr.name, attr.kind
    if attr.has_default:
        attr_value.encode(message.default_value, attr.kind, attr.default)
    if attr.allowed is not None:
        element = attr.kind[5:-1] if attr.kind.startswith("list(") else attr.kind
        attr_value.encode(message.allowed_values, f"list({element})", tuple(attr.allowed))
