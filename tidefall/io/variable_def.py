"""Variables as ``VariableDef`` messages.

The messages name the nodes of a variable, so that a program that reads the graph from a file
finds its variables again.
"""

from __future__ import annotations

from typing import Any

from tidefall import proto
from tidefall.core import hooks
from tidefall.io.collection_def import register_proto_function
from tidefall.ir.collections import GraphKeys
from tidefall.variables.slices import SaveSliceInfo
from tidefall.variables.variable import Variable

_COLLECTIONS = (
    GraphKeys.GLOBAL_VARIABLES,
    GraphKeys.TRAINABLE_VARIABLES,
    GraphKeys.MOVING_AVERAGE_VARIABLES,
    GraphKeys.LOCAL_VARIABLES,
    GraphKeys.MODEL_VARIABLES,
    GraphKeys.METRIC_VARIABLES,
    GraphKeys.GLOBAL_STEP,
)


@hooks.install("variable_to_proto")
def variable_to_proto(variable: Any, export_scope: str | None = None) -> Any:
    """The ``VariableDef`` of a variable; None if it lies outside ``export_scope``."""
    if export_scope is not None and not variable.name.startswith(export_scope):
        return None
    is_resource = not variable.dtype._is_ref
    if is_resource:
        cached = variable._cached_value
        snapshot = variable._as_graph_element() if cached is None else cached
    else:
        snapshot = variable._snapshot
    message = proto.VariableDef(
        variable_name=_inside(variable.name, export_scope),
        initializer_name=_inside(variable.initializer.name, export_scope),
        snapshot_name=_inside(snapshot.name, export_scope),
        trainable=variable.trainable,
        is_resource=is_resource,
        synchronization=variable.synchronization.value,
        aggregation=variable.aggregation.value,
    )
    if variable.initial_value is not None:
        message.initial_value_name = _inside(variable.initial_value.name, export_scope)
    part = variable._get_save_slice_info()
    if part is not None:
        message.save_slice_info_def.CopyFrom(save_slice_info_to_proto(part, export_scope))
    return message


@hooks.install("save_slice_info_to_proto")
def save_slice_info_to_proto(part: SaveSliceInfo, export_scope: str | None = None) -> Any:
    """The ``SaveSliceInfoDef`` of a part of a variable; None outside ``export_scope``."""
    name = part.full_name or ""
    if export_scope is not None and not name.startswith(export_scope):
        return None
    return proto.SaveSliceInfoDef(
        full_name=_inside(name, export_scope),
        full_shape=part.full_shape,
        var_offset=part.var_offset,
        var_shape=part.var_shape,
    )


def _inside(name: str, scope: str | None) -> str:
    """A name as it is seen from within a scope."""
    return name if not scope else name.removeprefix(f"{scope.rstrip('/')}/")


for _name in _COLLECTIONS:
    register_proto_function(_name, "VariableDef", variable_to_proto, Variable.from_proto)
