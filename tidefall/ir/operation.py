"""`Operation`: a node of the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidefall.core import hooks
from tidefall.core.dtypes import DType
from tidefall.core.exports import export
from tidefall.core.frames import Location
from tidefall.core.shapes import Shape
from tidefall.core.tensor_shape import TensorShape
from tidefall.ir.tensor import Tensor

if TYPE_CHECKING:
    from tidefall.ir.graph import Graph
    from tidefall.ir.opdef import OpDef


@export("Operation")
class Operation:
    """A node: an op type, its inputs and attributes, and its outputs.

    Operations are made by calling ops, not directly.
    """

    __slots__ = (
        "__dict__", "__weakref__", "_attrs", "_control_flow_context", "_control_inputs",
        "_control_outputs", "_device", "_graph", "_id", "_inputs", "_location", "_name",
        "_original_op", "_outputs", "forward_of", "must_run", "opdef",
    )  # fmt: skip

    def __init__(
        self,
        graph: Graph,
        opdef: OpDef,
        name: str,
        inputs: tuple[Tensor, ...],
        attrs: dict[str, Any],
        dtypes: tuple[DType, ...],
        number: int,
        location: Location | None,
    ) -> None:
        self._graph = graph
        self.opdef = opdef
        self._name = name
        self._inputs = inputs
        self._attrs = attrs
        self._id = number
        self._location = location
        self._control_inputs: list[Operation] = []
        self._control_outputs: list[Operation] | None = None
        self._device = ""
        self._control_flow_context: Any = None
        self._original_op: Operation | None = None
        #: For a node made by `tf.gradients`: the node it differentiates.
        self.forward_of: Operation | None = None
        #: Whether it runs even where its result is known: reading its inputs is what it is for.
        self.must_run = False
        self._outputs = tuple([Tensor(self, index, dtype) for index, dtype in enumerate(dtypes)])
        for tensor in inputs:
            tensor._consumers.append(self)

    @property
    def name(self) -> str:
        """The full name, unique in the graph."""
        return self._name

    @property
    def type(self) -> str:
        """The op type, e.g. ``MatMul``."""
        return self.opdef.name

    @property
    def graph(self) -> Graph:
        """The graph that holds this operation."""
        return self._graph

    @property
    def device(self) -> str:
        """The device asked for, or ''."""
        return self._device

    @property
    def inputs(self) -> InputList:
        """The tensors this operation reads, in order."""
        return InputList(self._inputs)

    @property
    def outputs(self) -> list[Tensor]:
        """The tensors this operation computes."""
        return list(self._outputs)

    @property
    def control_inputs(self) -> list[Operation]:
        """Operations that run before this one though it reads nothing of theirs."""
        return list(self._control_inputs)

    @property
    def _control_outputs_list(self) -> list[Operation]:
        return list(self._control_outputs or ())

    @property
    def node_def(self) -> Any:
        """This node as a ``NodeDef`` message."""
        return hooks.call("node_def", self)

    @property
    def op_def(self) -> Any:
        """This node's op as an ``OpDef`` message."""
        return hooks.call("op_def", self.opdef)

    @property
    def traceback(self) -> list[tuple[str, int, str, str]]:
        """Where it was made, as ``(file, line, function, text)``, innermost last."""
        place = self._location
        if place is None:
            return []
        return [(place.filename, place.line, place.code.co_name, place.text)]

    def values(self) -> tuple[Tensor, ...]:
        """The outputs, as a tuple."""
        return self._outputs

    def get_attr(self, name: str) -> Any:
        """The value of an attribute.

        Raises:
          ValueError: If the node has no such attribute.
        """
        try:
            value = self._attrs[name]
        except KeyError:
            raise ValueError(
                f"'{self._name}' ({self.type}) has no attribute '{name}'; it has: "
                f"{', '.join(sorted(self._attrs)) or 'none'}."
            ) from None
        return hooks.call("public_attr", self, name, value)

    def run(self, feed_dict: Any = None, session: Any = None) -> None:
        """Runs this operation in ``session`` (the default session if None)."""
        hooks.call("run_operation", self, feed_dict, session, self._graph)

    def colocation_groups(self) -> list[bytes]:
        """The groups of operations this one shares a device with."""
        own = [f"loc:@{self._name}".encode()]
        groups = [group for group in self._attrs.get("_class", ()) if group.startswith(b"loc:@")]
        return groups or own

    def _set_device(self, device: Any) -> None:
        self._device = device if isinstance(device, str) else device.to_string()

    def _set_attr(self, name: str, value: Any) -> None:
        """Changes an attribute of an existing node; plans made before are dropped."""
        self._attrs[name] = value
        self._graph.changed()

    def _add_control_input(self, op: Operation) -> None:
        self._add_control_inputs([op])

    def _add_control_inputs(self, ops: Any) -> None:
        """Makes this existing node wait for others; plans made before are dropped."""
        for op in ops:
            if not isinstance(op, Operation):
                raise TypeError(f"op must be an Operation, not {type(op).__name__}: {op!r}")
            if op not in self._control_inputs:
                self._link_control(op)
        self._graph.changed()

    def _link_control(self, op: Operation) -> None:
        self._control_inputs.append(op)
        if op._control_outputs is None:
            op._control_outputs = []
        op._control_outputs.append(self)

    def _remove_all_control_inputs(self) -> None:
        for op in self._control_inputs:
            if op._control_outputs is not None:
                op._control_outputs.remove(self)
        self._control_inputs = []
        self._graph.changed()

    def _update_input(self, index: int, tensor: Tensor) -> None:
        """Replaces one input of an existing node; plans made before are dropped."""
        inputs = list(self._inputs)
        inputs[index]._consumers.remove(self)
        inputs[index] = tensor
        tensor._consumers.append(self)
        self._inputs = tuple(inputs)
        self._graph.changed()

    def _get_control_flow_context(self) -> Any:
        return self._control_flow_context

    def _set_control_flow_context(self, context: Any) -> None:
        self._control_flow_context = context

    def __repr__(self) -> str:
        return f"<tf.Operation '{self._name}' type={self.type}>"

    def __str__(self) -> str:
        return str(self.node_def)

    def __copy__(self) -> Operation:
        return self

    def __deepcopy__(self, memo: Any) -> Operation:
        return self


class InputList(tuple[Tensor, ...]):
    """The inputs of an operation; compares equal to a list of the same tensors."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, (list, tuple)):
            return len(self) == len(other) and all(a is b for a, b in zip(self, other, strict=True))
        return NotImplemented

    __hash__ = tuple.__hash__

    def __add__(self, other: Any) -> Any:
        return [*self, *other]


def attr_to_python(value: Any) -> Any:
    """An attribute as programs see it: shapes as `TensorShape`, tuples as lists."""
    if isinstance(value, Shape):
        return TensorShape.of(value)
    if isinstance(value, tuple):
        return [attr_to_python(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    return value
