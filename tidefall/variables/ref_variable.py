"""`RefVariable`: a reference variable, the default of TensorFlow 1.x."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tidefall.core.dtypes import DType
from tidefall.core.tensor_shape import TensorShape
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ops import state
from tidefall.ops import variable_rows as rows
from tidefall.ops.array import identity
from tidefall.ops.slicing import strided_slice_assign
from tidefall.variables.arguments import (
    check_only_definition,
    check_outside_control_flow,
    checked_arguments,
    colocated_with_name,
    element_finder,
    from_definition,
    with_trainable,
)
from tidefall.variables.initial_value import guarded
from tidefall.variables.synchronization import validated
from tidefall.variables.variable import Variable

SCATTER = {
    "update": rows.scatter_update, "add": rows.scatter_add, "sub": rows.scatter_sub,
    "mul": rows.scatter_mul, "div": rows.scatter_div, "min": rows.scatter_min,
    "max": rows.scatter_max,
}  # fmt: skip
SCATTER_ND = {
    "update": rows.scatter_nd_update, "add": rows.scatter_nd_add, "sub": rows.scatter_nd_sub,
}  # fmt: skip


class RefVariable(Variable):
    """A variable that the graph knows by reference. See `Variable` for the arguments."""

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool | None = None,
        collections: Any = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
        expected_shape: Any = None,
        import_scope: str | None = None,
        constraint: Callable[..., Any] | None = None,
        synchronization: Any = None,
        aggregation: Any = None,
        shape: Any = None,
    ) -> None:
        if variable_def is not None:
            check_only_definition(initial_value)
            self._from_definition(variable_def, import_scope)
            return
        collections = checked_arguments(initial_value, collections, constraint)
        self._synchronization, self._aggregation, self._trainable = validated(
            synchronization, aggregation, trainable, name
        )
        self._constraint = constraint
        self._caching_device = caching_device
        graph = get_default_graph()
        with graph.control_dependencies(None):
            scope_name = "Variable" if name is None else name
            with graph.name_scope(scope_name) as scope:
                self._make(graph, scope, initial_value, dtype, shape, validate_shape)
            graph.add_to_collections(with_trainable(collections, self._trainable), self)

    def _make(
        self, graph: Any, scope: str, initial_value: Any, dtype: Any, shape: Any, validate: bool
    ) -> None:
        """Adds the nodes: initial value, variable, assignment, read."""
        name = scope[:-1]
        if callable(initial_value):
            # The variable does not exist yet, so the initial value is colocated by attribute.
            with colocated_with_name(graph, name):
                with graph.name_scope("Initializer"), graph.device(None):
                    value = convert_to_tensor(initial_value(), dtype, name="initial_value")
                self._make_variable(scope, value, None, validate)
        else:
            value = convert_to_tensor(initial_value, dtype, name="initial_value")
            check_outside_control_flow(value, name)
            self._make_variable(scope, value, shape, validate)
        if validate and not value._shape_value.is_fully_defined:
            raise ValueError(
                f"variable '{name}': the initial value '{value.name}' has shape "
                f"{value._shape_value}, which must be fully known. Give it a shape, or set "
                "validate_shape=False."
            )
        self._initial_value = value
        self._initializer_op = state.assign(
            self._variable, guarded(scope, value), validate_shape=validate
        ).op
        if self._caching_device is not None:
            with graph.device(self._caching_device):
                self._snapshot = identity(self._variable, name="read")
        else:
            with graph.colocate_with(self._variable.op):
                self._snapshot = identity(self._variable, name="read")

    def _make_variable(self, scope: str, value: Any, shape: Any, validate: bool) -> None:
        if shape is None:
            shape = value._shape_value if validate else None
        self._variable = state.variable_v2(shape=shape, dtype=value.dtype.base_dtype, name=scope)

    def _from_definition(self, definition: Any, import_scope: str | None) -> None:
        """Finds the nodes that a ``VariableDef`` message names."""
        find = element_finder(import_scope)
        self._variable = find(definition.variable_name)
        self._initializer_op = find(definition.initializer_name)
        value_name = definition.initial_value_name
        self._initial_value = find(value_name) if value_name else None
        self._snapshot = find(definition.snapshot_name)
        self._synchronization, self._aggregation, self._trainable = from_definition(definition)
        if definition.HasField("save_slice_info_def"):
            self._save_slice_info = Variable.SaveSliceInfo(
                save_slice_info_def=definition.save_slice_info_def, import_scope=import_scope
            )
        self._constraint = None

    @property
    def name(self) -> str:
        return self._variable.name  # type: ignore[no-any-return]

    @property
    def op(self) -> Any:
        return self._variable.op

    @property
    def dtype(self) -> DType:
        return self._variable.dtype  # type: ignore[no-any-return]

    @property
    def shape(self) -> TensorShape:
        return self._variable.shape  # type: ignore[no-any-return]

    def _as_graph_element(self) -> Any:
        return self._variable

    def _ref(self) -> Any:
        return self._variable

    def value(self) -> Any:
        return self._snapshot

    def read_value(self) -> Any:
        return identity(self._variable, name="read")

    def _is_initialized(self) -> Any:
        return state.is_variable_initialized(self._variable)

    def set_shape(self, shape: Any) -> None:
        self._variable.set_shape(shape)
        self._snapshot.set_shape(shape)

    def assign(
        self, value: Any, use_locking: bool = False, name: str | None = None,
        read_value: bool = True,
    ) -> Any:  # fmt: skip
        result = state.assign(self._variable, value, use_locking=use_locking, name=name)
        return result if read_value else result.op

    def assign_add(
        self, delta: Any, use_locking: bool = False, name: str | None = None,
        read_value: bool = True,
    ) -> Any:  # fmt: skip
        result = state.assign_add(self._variable, delta, use_locking=use_locking, name=name)
        return result if read_value else result.op

    def assign_sub(
        self, delta: Any, use_locking: bool = False, name: str | None = None,
        read_value: bool = True,
    ) -> Any:  # fmt: skip
        result = state.assign_sub(self._variable, delta, use_locking=use_locking, name=name)
        return result if read_value else result.op

    def count_up_to(self, limit: int) -> Any:
        return state.count_up_to(self._variable, limit=limit)

    def _scatter(self, how: str, delta: Any, use_locking: bool, name: str | None) -> Any:
        return SCATTER[how](
            self._variable, delta.indices, delta.values, use_locking=use_locking, name=name
        )

    def _scatter_nd(self, how: str, indices: Any, updates: Any, name: str | None) -> Any:
        return SCATTER_ND[how](self._variable, indices, updates, use_locking=True, name=name)

    def _strided_slice_assign(
        self, begin: Any, end: Any, strides: Any, value: Any, name: str | None, **masks: int
    ) -> Any:
        return strided_slice_assign(self._variable, begin, end, strides, value, name=name, **masks)
