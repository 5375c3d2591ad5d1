"""From graph operations to plan nodes: tensors become values, variables become versions.

A reference to a variable (``VariableV2``, or identities of it such as ``w/read``) is not a
value: it is read by the operation that uses it, when that executes. Two refinements: a fetch
is read at the end of the run, and an operation made by `tf.gradients` reads the version that the
operation it differentiates read.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from tidefall.core.shapes import Shape
from tidefall.ir.operation import Operation
from tidefall.ir.plan import IS_INITIALIZED, LOAD, CellInfo, Node, Plan, Value
from tidefall.ir.tensor import Tensor

#: Ops whose output stands for the same variable as their input.
PASSES_REFERENCE = frozenset({"Identity", "RefIdentity", "RefEnter", "RefExit", "RefSwitch"})
_VARIABLES = frozenset({"VariableV2", "Variable", "VarHandleOp", "TemporaryVariable"})
_ASKS_INITIALIZED = frozenset({"IsVariableInitialized", "VarIsInitializedOp"})


class Reference(NamedTuple):
    """A tensor that stands for a variable rather than for a value."""

    key: str


class _Version(NamedTuple):
    written_by: int  # the number of the operation that wrote it; 0 for what the run began with
    region: int
    value: Value


class Translator:
    """Builds the nodes of one plan.

    Attributes:
      values: What each tensor translated so far is: a `Value`, or a `Reference`.
      nodes: The nodes so far.
      cells: The variables touched.
    """

    def __init__(self, values: dict[Tensor, Any] | None = None) -> None:
        self.values: dict[Tensor, Any] = dict(values or {})
        self.nodes: list[Node] = []
        self.cells: dict[str, CellInfo] = {}
        self._versions: dict[str, list[_Version]] = {}
        self._region = 0

    def feed(self, tensor: Tensor) -> Value:
        """Makes ``tensor`` a value that the run is given."""
        value = Value(tensor._dtype, tensor._shape_value, tensor.name)
        self.values[tensor] = value
        return value

    def translate(self, ops: Iterable[Operation]) -> None:
        """Adds the nodes of ``ops``, which are in order of execution."""
        for op in ops:
            self.operation(op)

    def operation(self, op: Operation) -> None:
        """Adds the node of one operation, if it needs one."""
        kind = op.opdef.name
        if kind == "Const":
            array = op._attrs["value"]
            self._set(
                op._outputs[0], Value(op._attrs["dtype"], Shape(array.shape), op._name, array)
            )
        elif kind == "NoOp":
            return
        elif kind in _VARIABLES:
            self._set(op._outputs[0], Reference(self._cell(op).key))
        elif kind in PASSES_REFERENCE and isinstance(self.values.get(op._inputs[0]), Reference):
            self._set(op._outputs[0], self.values[op._inputs[0]])
        elif kind == "ReadVariableOp" and isinstance(self.values.get(op._inputs[0]), Reference):
            self._set(op._outputs[0], self.read(op._inputs[0], op))
        elif kind in _ASKS_INITIALIZED:
            self._is_initialized(op)
        else:
            self._compute(op)

    def _set(self, tensor: Tensor, value: Any) -> None:
        self.values.setdefault(tensor, value)  # a fed tensor keeps what it is fed

    def _cell(self, op: Operation) -> CellInfo:
        name = op._attrs.get("shared_name", b"").decode() or op._name
        container = op._attrs.get("container", b"").decode()
        key = f"{container}/{name}" if container else name
        info = self.cells.get(key)
        if info is None:
            info = CellInfo(key, op._attrs["dtype"], op._attrs["shape"], op)
            self.cells[key] = info
        return info

    def read(self, tensor: Tensor, reader: Operation) -> Value:
        """The value ``tensor`` has for ``reader``."""
        found = self.values[tensor]
        if isinstance(found, Value):
            return found
        return self._version_for(found.key, reader, tensor)

    def _version_for(self, key: str, reader: Operation, tensor: Tensor) -> Value:
        versions = self._versions.setdefault(key, [])
        forward = _differentiated(reader)
        if forward is not None:
            for version in reversed(versions):
                if version.written_by < forward._id:
                    return version.value
            if versions:  # written before anybody read it: the old value must be loaded first
                return self._load(key, tensor, first=True)
        if versions and (versions[-1].region == self._region):
            return versions[-1].value
        return self._load(key, tensor)

    def _load(self, key: str, tensor: Tensor, first: bool = False) -> Value:
        info = self.cells[key]
        value = Value(info.dtype, tensor._shape_value, tensor.name)
        node = Node(LOAD, info.op, {}, (), (value,), cell=key)
        versions = self._versions[key]
        if first:
            self.nodes.insert(0, node)
            versions.insert(0, _Version(0, 0, value))
        else:
            self.nodes.append(node)
            written = versions[-1].written_by if versions else 0
            versions.append(_Version(written, self._region, value))
        return value

    def _is_initialized(self, op: Operation) -> None:
        found = self.values[op._inputs[0]]
        output = Value(op._outputs[0]._dtype, Shape(()), op._outputs[0].name)
        self.nodes.append(Node(IS_INITIALIZED, op, {}, (), (output,), cell=found.key))
        self._set(op._outputs[0], output)

    def _compute(self, op: Operation) -> None:
        opdef = op.opdef
        positions = opdef.update_positions if opdef.inputs else ()
        keys = []
        inputs: list[Value] = []
        for index, tensor in enumerate(op._inputs):
            if index in positions:
                key = self._updated(op, tensor)
                keys.append(key)
                if opdef.overwrites:
                    continue
            inputs.append(self.read(tensor, op))
        if opdef.runs_on == "host":
            self._region += 1
        outputs = [self._new_version(key, op) for key in keys]
        results = []
        references = iter(keys)
        for tensor in op._outputs:
            if tensor._dtype._is_ref and keys:
                self._set(tensor, Reference(next(references)))
            else:
                value = Value(tensor._dtype, tensor._shape_value, tensor.name)
                results.append(value)
                self._set(tensor, value)
        node = Node(opdef.name, op, op._attrs, tuple(inputs), (*outputs, *results), tuple(keys))
        self.nodes.append(node)
        for key, value in zip(keys, outputs, strict=True):
            self._versions.setdefault(key, []).append(_Version(op._id, self._region, value))

    def _updated(self, op: Operation, tensor: Tensor) -> str:
        found = self.values[tensor]
        if not isinstance(found, Reference):
            raise ValueError(
                f"'{op.name}' ({op.type}) changes the variable '{tensor.name}', which is fed in "
                "this run: a fed value cannot be changed. Feed the initial value instead."
            )
        return found.key

    def _new_version(self, key: str, op: Operation) -> Value:
        info = self.cells[key]
        return Value(info.dtype, info.shape, op._name)

    def fetch(self, tensor: Tensor) -> Value:
        """The value that fetching ``tensor`` returns, at the end of the run."""
        found = self.values[tensor]
        if isinstance(found, Value):
            return found
        versions = self._versions.setdefault(found.key, [])
        if versions and versions[-1].region == self._region:
            return versions[-1].value
        return self._load(found.key, tensor)

    def plan(self, feeds: tuple[Value, ...], fetches: tuple[Value, ...]) -> Plan:
        """The finished plan."""
        return Plan(feeds, tuple(self.nodes), fetches, self.cells)


def _differentiated(op: Operation) -> Operation | None:
    """The operation of the forward pass that a gradient node belongs to."""
    forward = op.forward_of
    if forward is None:
        return None
    while forward.forward_of is not None:
        forward = forward.forward_of
    return forward
