"""Slots: variables an optimizer or average keeps beside another variable, ``w/Adam``."""

from __future__ import annotations

from typing import Any

from tidefall.core.tensor_shape import TensorShape
from tidefall.ir.graph import get_default_graph
from tidefall.ops.array import shape
from tidefall.ops.filled import zeros
from tidefall.variables.initializers import Zeros
from tidefall.variables.ref_variable import RefVariable
from tidefall.variables.resource_variable import BaseResourceVariable
from tidefall.variables.scope import get_variable, get_variable_scope, variable_scope
from tidefall.variables.variable import Variable


def create_slot(primary: Any, val: Any, name: str, colocate_with_primary: bool = True) -> Any:
    """A slot ``<variable>/<name>`` with an initial value.

    Args:
      primary: The variable it belongs to.
      val: A tensor, its initial value.
      name: Its name.
      colocate_with_primary: Whether it is placed with the variable.
    """
    validate = val.get_shape().is_fully_defined()
    return _create(primary, val, name, validate, None, None, colocate_with_primary)


def create_slot_with_initializer(
    primary: Any, initializer: Any, shape: TensorShape, dtype: Any, name: str,
    colocate_with_primary: bool = True,
) -> Any:  # fmt: skip
    """A slot with an initializer. See `create_slot`."""
    validate = shape.is_fully_defined()
    return _create(primary, initializer, name, validate, shape, dtype, colocate_with_primary)


def create_zeros_slot(
    primary: Any, name: str, dtype: Any = None, colocate_with_primary: bool = True
) -> Any:
    """A slot of zeros. See `create_slot`."""
    dtype = primary.dtype if dtype is None else dtype
    known = primary.get_shape()
    if known.is_fully_defined():
        return create_slot_with_initializer(
            primary, Zeros(), known, dtype, name, colocate_with_primary
        )
    value = primary.initialized_value() if isinstance(primary, Variable) else primary
    return create_slot(primary, zeros(shape(value), dtype), name, colocate_with_primary)


def _create(
    primary: Any, value: Any, name: str, validate: bool, shape: Any, dtype: Any, colocate: bool
) -> Any:
    with variable_scope(None, f"{primary.op.name}/{name}"):
        if not colocate:
            return _variable(primary, value, validate, shape, dtype)
        with get_default_graph().colocate_with(primary.op):
            return _variable(primary, value, validate, shape, dtype)


def _variable(primary: Any, value: Any, validate: bool, shape: Any, dtype: Any) -> Any:
    """The variable with the very name of the open scope, of the kind of ``primary``."""
    use_resource = None
    if isinstance(primary, (BaseResourceVariable, RefVariable)):
        use_resource = isinstance(primary, BaseResourceVariable)
    scope = get_variable_scope()
    partitioner = scope.partitioner
    scope.set_partitioner(None)
    try:
        slot = get_variable(
            "", initializer=value, trainable=False, use_resource=use_resource,
            shape=shape if callable(value) else None, dtype=dtype, validate_shape=validate,
        )  # fmt: skip
    finally:
        scope.set_partitioner(partitioner)
    if isinstance(primary, Variable) and primary._save_slice_info is not None:
        _mark_as_part(slot, primary)
    return slot


def _mark_as_part(slot: Any, primary: Any) -> None:
    """Says of the slot of a part which part it is of the slots of all parts."""
    info = primary._save_slice_info
    own_name = slot.op.name[len(primary.op.name) + 1 :]
    slot._set_save_slice_info(
        Variable.SaveSliceInfo(
            f"{info.full_name}/{own_name}",
            list(info.full_shape),
            list(info.var_offset),
            list(info.var_shape),
        )
    )
