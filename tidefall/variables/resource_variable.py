"""`ResourceVariable`: a variable behind a handle; every read and write is an operation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NoReturn

from tidefall.core.dtypes import DType
from tidefall.core.shapes import Shape
from tidefall.core.tensor_shape import TensorShape
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.opdef import OPS
from tidefall.ops import state
from tidefall.ops import variable_rows as rows
from tidefall.ops.array import identity
from tidefall.ops.slicing import resource_strided_slice_assign
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

RESOURCE_SCATTER = {
    "update": rows.resource_scatter_update, "add": rows.resource_scatter_add,
    "sub": rows.resource_scatter_sub, "mul": rows.resource_scatter_mul,
    "div": rows.resource_scatter_div, "min": rows.resource_scatter_min,
    "max": rows.resource_scatter_max,
}  # fmt: skip
RESOURCE_SCATTER_ND = {
    "update": rows.resource_scatter_nd_update, "add": rows.resource_scatter_nd_add,
    "sub": rows.resource_scatter_nd_sub,
}  # fmt: skip


class BaseResourceVariable(Variable):
    """What can be done with a handle.

    Attributes:
      handle: The tensor by which operations know the variable.
    """

    handle: Any
    _dtype: DType
    _shape: Shape
    _graph_element: Any
    _cached_value: Any = None

    @property
    def name(self) -> str:
        return self.handle.name  # type: ignore[no-any-return]

    @property
    def op(self) -> Any:
        return self.handle.op

    @property
    def graph(self) -> Any:
        return self.handle.graph

    @property
    def device(self) -> str:
        return self.handle.device  # type: ignore[no-any-return]

    @property
    def dtype(self) -> DType:
        return self._dtype

    @property
    def shape(self) -> TensorShape:
        return TensorShape.of(self._shape)

    @property
    def create(self) -> Any:
        """The operation that gives it its initial value."""
        return self._initializer_op

    def is_initialized(self, name: str | None = None) -> Any:
        """Whether it has a value, as a tensor."""
        return state.var_is_initialized_op(self.handle, name=name)

    def _is_initialized(self) -> Any:
        return self.is_initialized()

    # -- reading ------------------------------------------------------------------------------

    def _read(self) -> Any:
        return state.read_variable_op(self.handle, dtype=self._dtype)

    def value(self) -> Any:
        if self._cached_value is not None:
            return self._cached_value
        with get_default_graph().colocate_with(None, ignore_existing=True), self._own_device():
            return self._read()

    def read_value(self) -> Any:
        with get_default_graph().name_scope("Read"), self._own_device():
            value = self._read()
        return identity(value)

    @contextmanager
    def _own_device(self) -> Iterator[None]:
        """A block on the device of the variable, where it has one."""
        with ExitStack() as stack:
            if self.handle.device:
                stack.enter_context(get_default_graph().device(self.handle.device))
            yield

    def sparse_read(self, indices: Any, name: str | None = None) -> Any:
        with get_default_graph().name_scope("Gather" if name is None else name) as scope:
            rows_read = OPS["ResourceGather"](self.handle, indices, dtype=self._dtype, name=scope)
        return identity(rows_read)

    def gather_nd(self, indices: Any, name: str | None = None) -> Any:
        with get_default_graph().name_scope("GatherNd" if name is None else name) as scope:
            value = OPS["ResourceGatherNd"](self.handle, indices, dtype=self._dtype, name=scope)
        return identity(value)

    def _as_graph_element(self) -> Any:
        return self._graph_element

    def _ref(self) -> Any:
        return self.read_value().op.inputs[0]

    # -- writing ------------------------------------------------------------------------------

    def assign(
        self, value: Any, use_locking: bool | None = None, name: str | None = None,
        read_value: bool = True,
    ) -> Any:  # fmt: skip
        with self.graph.as_default():
            tensor = convert_to_tensor(value, self._dtype)
            if not self._shape.is_compatible_with(tensor._shape_value):
                raise ValueError(
                    f"variable '{self.name}' has shape {self._shape}, and cannot be assigned "
                    f"'{tensor.name}' of shape {tensor._shape_value}."
                )
            op = state.assign_variable_op(self.handle, tensor, name=name)
            return self._lazy_read(op) if read_value else op

    def assign_add(
        self, delta: Any, use_locking: bool | None = None, name: str | None = None,
        read_value: bool = True,
    ) -> Any:  # fmt: skip
        return self._change(state.assign_add_variable_op, delta, name, read_value)

    def assign_sub(
        self, delta: Any, use_locking: bool | None = None, name: str | None = None,
        read_value: bool = True,
    ) -> Any:  # fmt: skip
        return self._change(state.assign_sub_variable_op, delta, name, read_value)

    def _change(self, change: Any, delta: Any, name: str | None, read_value: bool) -> Any:
        # A cached value must be read before the variable changes.
        cached = [] if self._cached_value is None else [self._cached_value]
        with self.graph.as_default(), self.graph.control_dependencies(cached):
            op = change(self.handle, convert_to_tensor(delta, self._dtype), name=name)
        return self._lazy_read(op) if read_value else op

    def _lazy_read(self, op: Any) -> UnreadVariable:
        return UnreadVariable(self, op)

    def count_up_to(self, limit: int) -> Any:
        return state.resource_count_up_to(self.handle, limit=limit, T=self._dtype)

    def set_shape(self, shape: Any) -> None:
        raise NotImplementedError("a resource variable has no set_shape().")

    def _scatter(self, how: str, delta: Any, use_locking: bool, name: str | None) -> Any:
        values = convert_to_tensor(delta.values, self._dtype)
        return self._lazy_read(RESOURCE_SCATTER[how](self.handle, delta.indices, values, name=name))

    def _scatter_nd(self, how: str, indices: Any, updates: Any, name: str | None) -> Any:
        values = convert_to_tensor(updates, self._dtype)
        return self._lazy_read(RESOURCE_SCATTER_ND[how](self.handle, indices, values, name=name))

    def _strided_slice_assign(
        self, begin: Any, end: Any, strides: Any, value: Any, name: str | None, **masks: int
    ) -> Any:
        with self.graph.as_default():
            tensor = convert_to_tensor(value, self._dtype)
            op = resource_strided_slice_assign(
                self.handle, begin, end, strides, tensor, name=name, **masks
            )
        return self._lazy_read(op)

    # -- as a Python object -------------------------------------------------------------------

    def __bool__(self) -> bool:
        return bool(self.read_value())

    def __iadd__(self, other: Any) -> NoReturn:
        raise _no_augmented_assignment("+=", "assign_add(value)", "+")

    def __isub__(self, other: Any) -> NoReturn:
        raise _no_augmented_assignment("-=", "assign_sub(value)", "-")

    def __imul__(self, other: Any) -> NoReturn:
        raise _no_augmented_assignment("*=", "assign(variable * value)", "*")

    def __itruediv__(self, other: Any) -> NoReturn:
        raise _no_augmented_assignment("/=", "assign(variable / value)", "/")

    def __ipow__(self, other: Any) -> NoReturn:
        raise _no_augmented_assignment("**=", "assign(variable ** value)", "**")


def _no_augmented_assignment(operator: str, change: str, plain: str) -> RuntimeError:
    return RuntimeError(
        f"a resource variable does not take '{operator}'. Use variable.{change} to change it, or "
        f"new = variable {plain} value for a tensor."
    )


class ResourceVariable(BaseResourceVariable):
    """A variable that the graph knows by its handle. See `Variable` for the arguments."""

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool | None = None,
        collections: Any = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        dtype: Any = None,
        variable_def: Any = None,
        import_scope: str | None = None,
        constraint: Callable[..., Any] | None = None,
        distribute_strategy: Any = None,
        synchronization: Any = None,
        aggregation: Any = None,
        shape: Any = None,
    ) -> None:
        if variable_def is not None:
            check_only_definition(initial_value)
            self._from_definition(variable_def, import_scope)
            return
        self._synchronization, self._aggregation, self._trainable = validated(
            synchronization, aggregation, trainable, name
        )
        collections = checked_arguments(initial_value, collections, constraint)
        self._constraint = constraint
        self._caching_device = caching_device
        graph = get_default_graph()
        opened = graph.name_scope("Variable" if name is None else name)
        with graph.control_dependencies(None), opened as scope:
            value = self._make(graph, scope, initial_value, dtype, shape)
            self._make_accesses(graph, scope, value)
            graph.add_to_collections(with_trainable(collections, self._trainable), self)

    def _make(self, graph: Any, scope: str, initial_value: Any, dtype: Any, shape: Any) -> Any:
        """Adds the initial value and the handle."""
        name = scope[:-1]
        with colocated_with_name(graph, name):
            with graph.name_scope("Initializer"), graph.device(None):
                value = convert_to_tensor(
                    initial_value() if callable(initial_value) else initial_value,
                    dtype, name="initial_value",
                )  # fmt: skip
            self._shape = value._shape_value if shape is None else Shape.of(shape)
            if not self._shape.is_compatible_with(value._shape_value):
                raise ValueError(
                    f"variable '{name}': the initial value has shape {value._shape_value}, which "
                    f"contradicts the given shape {self._shape}."
                )
            self._dtype = value.dtype.base_dtype
            self.handle = state.var_handle_op(
                dtype=self._dtype, shape=self._shape, shared_name=name, name=scope
            )
        check_outside_control_flow(value, name)
        self._initial_value = value
        return value

    def _make_accesses(self, graph: Any, scope: str, value: Any) -> None:
        """Adds the question whether it is initialized, the initializer and the first read."""
        with graph.name_scope("IsInitialized"):
            self._is_initialized_op = state.var_is_initialized_op(self.handle)
        nowhere = graph.colocate_with(None, ignore_existing=True)
        with graph.name_scope("Assign") as assign_scope, nowhere, self._own_device():
            self._initializer_op = state.assign_variable_op(
                self.handle, guarded(scope, value), name=assign_scope
            )
        with graph.name_scope("Read"):
            with self._own_device():
                self._graph_element = self._read()
            if self._caching_device is not None:
                nowhere = graph.colocate_with(None, ignore_existing=True)
                with nowhere, graph.device(self._caching_device):
                    self._cached_value = identity(self._graph_element)

    def _from_definition(self, definition: Any, import_scope: str | None) -> None:
        """Finds the nodes that a ``VariableDef`` message names."""
        if not definition.is_resource:
            raise ValueError(
                f"'{definition.variable_name}' is a reference variable; make a tf.Variable of it."
            )
        find = element_finder(import_scope)
        self.handle = find(definition.variable_name)
        attrs = self.handle.op._attrs
        self._shape, self._dtype = attrs["shape"], attrs["dtype"]
        self._initializer_op = find(definition.initializer_name)
        value_name = definition.initial_value_name
        self._initial_value = find(value_name) if value_name else None
        self._synchronization, self._aggregation, self._trainable = from_definition(definition)
        snapshot = find(
            definition.snapshot_name or f"{definition.variable_name[:-2]}/Read/ReadVariableOp:0"
        )
        if snapshot.op.type != "ReadVariableOp":
            self._cached_value = snapshot
        while snapshot.op.type != "ReadVariableOp":
            snapshot = snapshot.op.inputs[0]
        self._graph_element = snapshot
        if definition.HasField("save_slice_info_def"):
            self._save_slice_info = Variable.SaveSliceInfo(
                save_slice_info_def=definition.save_slice_info_def, import_scope=import_scope
            )
        self._constraint = None


class UnreadVariable(BaseResourceVariable):
    """A variable after it was changed by an operation: reading it waits for that operation."""

    def __init__(self, variable: BaseResourceVariable, changed_by: Any) -> None:
        self.handle = variable.handle
        self._dtype = variable._dtype
        self._shape = variable._shape
        self._parent_op = changed_by
        self._trainable = True
        self._constraint = None
        self._initial_value = None
        self._initializer_op = None
        self._synchronization, self._aggregation, _ = validated(None, None, True, None)
        self._graph_element = self._read()

    @property
    def name(self) -> str:
        return self._parent_op.name  # type: ignore[no-any-return]

    @property
    def op(self) -> Any:
        return self._parent_op

    def _read(self) -> Any:
        with get_default_graph().control_dependencies([self._parent_op]):
            return super()._read()

    def value(self) -> Any:
        return self._read()

    def read_value(self) -> Any:
        return self._read()
