"""The with-blocks of a graph that mark every node made inside them.

Control dependencies, devices, colocation, attribute scopes and the control-flow context. A graph
outside any of these blocks skips all of this.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tidefall.core import devices
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor

if TYPE_CHECKING:
    from tidefall.ir.collections import Collections
    from tidefall.ir.names import Names


class ControlDependencies:
    """One ``with control_dependencies(...)`` block.

    Attributes:
      control_inputs: The operations that nodes of the block wait for.
      seen: Nodes made in the block. A node that reads one of them need not wait itself.
    """

    __slots__ = ("clears", "control_inputs", "seen")

    def __init__(self, control_inputs: list[Operation], clears: bool) -> None:
        self.control_inputs = control_inputs
        self.clears = clears
        self.seen: set[Operation] = set()


class Scopes:
    """What `Graph` knows of its open with-blocks."""

    _collections: Collections
    _names: Names

    def __init__(self) -> None:
        self._has_scopes = False
        self._control_dependencies_stack: list[ControlDependencies] = []
        self._device_stack: list[Any] = []
        self._colocation_stack: list[Operation] = []
        self._attr_scopes: dict[str, Any] = {}
        self._gradient_overrides: dict[str, str] = {}
        self._kernel_labels: dict[str, str] = {}
        self._control_flow_context: Any = None

    def _note_scopes(self) -> None:
        self._has_scopes = bool(
            self._control_dependencies_stack
            or self._device_stack
            or self._colocation_stack
            or self._attr_scopes
            or self._gradient_overrides
            or self._kernel_labels
            or self._control_flow_context is not None
            or self._container
        )

    def _enter_scopes(self, op: Operation) -> None:
        """Marks a new node with everything the open blocks say."""
        for control_input in self._control_inputs_for(op):
            op._link_control(control_input)
        for name, value in self._attr_scopes.items():
            op._attrs.setdefault(name, value)
        if op.type in self._gradient_overrides:
            op._attrs["_gradient_op_type"] = self._gradient_overrides[op.type].encode()
        if op.type in self._kernel_labels:
            op._attrs["_kernel"] = self._kernel_labels[op.type].encode()
        if self._container and op._attrs.get("container") == b"" and op.opdef.stateful:
            op._attrs["container"] = self._container.encode()
        if self._device_stack:
            devices.apply_scopes(self._device_stack, op, op._set_device)
        if self._colocation_stack:
            self._colocate(op)
        for controller in self._control_dependencies_stack:
            controller.seen.add(op)
        self._join_context(op)

    def _join_context(self, op: Operation) -> None:
        inner = self._control_flow_context
        op._control_flow_context = inner
        if inner is not None:
            inner.AddOp(op)

    # -- control dependencies -----------------------------------------------------------------

    def _control_inputs_for(self, op: Operation) -> list[Operation]:
        read = {tensor._op for tensor in op._inputs}
        result: dict[Operation, None] = {}
        for controller in self._control_dependencies_stack:
            if controller.seen.isdisjoint(read):
                for control_input in controller.control_inputs:
                    if control_input not in read:
                        result[control_input] = None
        return list(result)

    @contextmanager
    def control_dependencies(self, control_inputs: Any) -> Iterator[None]:
        """Makes nodes of the block run after ``control_inputs``.

        Args:
          control_inputs: Operations, tensors or variables; None lifts all open blocks.

        Raises:
          TypeError: If an element is none of these.
        """
        outer, outer_context = self._control_dependencies_stack, self._control_flow_context
        if control_inputs is None:
            self._control_dependencies_stack = []
            self._control_flow_context = None
        else:
            ops = [self._control_op(item) for item in _listed(control_inputs)]
            block = ControlDependencies(ops, clears=False)
            self._control_dependencies_stack = [*outer, block]
        self._note_scopes()
        try:
            yield
        finally:
            self._control_dependencies_stack = outer
            self._control_flow_context = outer_context
            self._note_scopes()

    def _control_op(self, item: Any) -> Operation:
        if callable(item) and not hasattr(item, "_as_graph_element"):
            item = item()
        # Of IndexedSlices and SparseTensor the values; of resource variables no read is waited for.
        parts = (getattr(item, "values", None), getattr(item, "handle", None))
        if any(isinstance(part, Tensor) for part in parts):
            item = item.op
        element = self.as_graph_element(item)  # type: ignore[attr-defined]
        return element.op if isinstance(element, Tensor) else element

    def _control_dependencies_for_inputs(self, input_ops: Any) -> list[Operation]:
        read = set(input_ops)
        found = [
            control_input
            for controller in self._control_dependencies_stack
            if controller.seen.isdisjoint(read)
            for control_input in controller.control_inputs
            if control_input not in read
        ]
        return found

    def _current_control_dependencies(self) -> set[Operation]:
        return {op for c in self._control_dependencies_stack for op in c.control_inputs}

    # -- devices ------------------------------------------------------------------------------

    @contextmanager
    def device(self, device_name_or_function: Any) -> Iterator[None]:
        """Asks for a device for the nodes of the block.

        Args:
          device_name_or_function: A device name (``"/gpu:0"``), a function from an operation to
            a name, or None to ask for nothing.
        """
        outer = self._device_stack
        self._device_stack = [*outer, devices.scope_of(device_name_or_function)]
        self._note_scopes()
        try:
            yield
        finally:
            self._device_stack = outer
            self._note_scopes()

    # -- colocation ---------------------------------------------------------------------------

    @contextmanager
    def colocate_with(self, op: Any, ignore_existing: bool = False) -> Iterator[None]:
        """Places the nodes of the block with ``op``.

        Args:
          op: An operation or tensor; None (with ``ignore_existing``) colocates with nothing.
          ignore_existing: Whether to forget the colocations of outer blocks.
        """
        if op is None and not ignore_existing:
            raise ValueError("colocate_with(None) needs ignore_existing=True.")
        outer, outer_devices = self._colocation_stack, self._device_stack
        if op is not None:
            handle = getattr(op, "handle", None)
            op = handle.op if isinstance(handle, Tensor) else self._control_op(op)
        kept = [] if ignore_existing else outer
        self._colocation_stack = kept if op is None else [*kept, op]
        self._device_stack = (
            [devices.scope_of(None)] if op is not None and outer_devices else outer_devices
        )
        self._note_scopes()
        try:
            yield
        finally:
            self._colocation_stack, self._device_stack = outer, outer_devices
            self._note_scopes()

    def _colocate(self, op: Operation) -> None:
        groups: set[bytes] = set()
        for other in self._colocation_stack:
            groups.update(other.colocation_groups())
            if other._device:
                op._device = other._device
        op._attrs["_class"] = tuple(sorted(groups))

    # -- attributes, gradients ----------------------------------------------------------------

    @contextmanager
    def _attr_scope(self, attr_map: dict[str, Any]) -> Iterator[None]:
        outer = self._attr_scopes
        merged = {**outer, **attr_map}
        self._attr_scopes = {name: value for name, value in merged.items() if value is not None}
        self._note_scopes()
        try:
            yield
        finally:
            self._attr_scopes = outer
            self._note_scopes()

    @contextmanager
    def gradient_override_map(self, op_type_map: Any) -> Iterator[None]:
        """Replaces gradients of op types for nodes of the block.

        Args:
          op_type_map: From op type to the name given to `tf.RegisterGradient`.
        """
        if not isinstance(op_type_map, dict) or not all(
            isinstance(item, str) for pair in op_type_map.items() for item in pair
        ):
            raise TypeError(f"op_type_map must map op types to gradient names: {op_type_map!r}")
        with self._override("_gradient_overrides", op_type_map):
            yield

    @contextmanager
    def _kernel_label_map(self, op_to_kernel_label_map: dict[str, str]) -> Iterator[None]:
        with self._override("_kernel_labels", op_to_kernel_label_map):
            yield

    @contextmanager
    def _override(self, which: str, entries: dict[str, str]) -> Iterator[None]:
        outer = getattr(self, which)
        setattr(self, which, {**outer, **entries})
        self._note_scopes()
        try:
            yield
        finally:
            setattr(self, which, outer)
            self._note_scopes()

    @contextmanager
    def container(self, container_name: str) -> Iterator[str]:
        """Names the resource container of stateful nodes made in the block."""
        outer = self._container
        self._container = container_name
        self._note_scopes()
        try:
            yield container_name
        finally:
            self._container = outer
            self._note_scopes()

    _container: str

    # -- control flow -------------------------------------------------------------------------

    def _get_control_flow_context(self) -> Any:
        return self._control_flow_context

    def _set_control_flow_context(self, ctx: Any) -> None:
        self._control_flow_context = ctx
        self._note_scopes()


def _listed(items: Any) -> list[Any]:
    return list(items) if isinstance(items, (list, tuple, set, frozenset)) else [items]
