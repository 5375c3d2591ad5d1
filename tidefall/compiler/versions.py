"""Versions of variables: which value a read of a variable means.

A reference to a variable (``VariableV2``, or identities of it such as ``w/read``) is not a
value: it is read by the operation that uses it, when that executes. Two refinements: a fetch
is read at the end of the run, and an operation made by `tf.gradients` reads the version that the
operation it differentiates read.
"""

from __future__ import annotations

from typing import NamedTuple

from tidefall.ir.operation import Operation
from tidefall.ir.plan import LOAD, CellInfo, Guard, Node, Value
from tidefall.ir.tensor import Tensor

Guards = tuple[Guard, ...]


class Reference(NamedTuple):
    """A tensor that stands for a variable rather than for a value."""

    key: str


class _Version(NamedTuple):
    written_by: int  # the number of the operation that wrote it; 0 for what the run began with
    region: int
    value: Value | None  # None: written where the new value is not at hand (a loop, a branch)
    guards: Guards


class Versions:
    """The versions of the variables of one plan, and the loads they need.

    Attributes:
      cells: The variables touched.
      nodes: The plan's nodes so far; loads are added to them.
      region: How many host steps there were so far: after one, another run may have written.
    """

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        self.cells: dict[str, CellInfo] = {}
        self.region = 0
        self._versions: dict[str, list[_Version]] = {}

    def cell(self, op: Operation) -> CellInfo:
        """The variable that a ``VariableV2`` or ``VarHandleOp`` node makes."""
        name = op._attrs.get("shared_name", b"").decode() or op._name
        container = op._attrs.get("container", b"").decode()
        key = f"{container}/{name}" if container else name
        info = self.cells.get(key)
        if info is None:
            info = CellInfo(key, op._attrs["dtype"], op._attrs["shape"], op)
            self.cells[key] = info
        return info

    def read(self, key: str, tensor: Tensor, reader: Operation | None, guards: Guards) -> Value:
        """The value of a variable for ``reader`` (None: at the end of the run)."""
        versions = self._versions.setdefault(key, [])
        forward = _differentiated(reader)
        if forward is not None:
            for version in reversed(versions):
                if version.written_by < forward._id and _holds(version, guards):
                    return version.value  # type: ignore[return-value]
            if versions and versions[0].written_by:
                return self._load_first(key, tensor)
        if versions and versions[-1].region == self.region and _holds(versions[-1], guards):
            return versions[-1].value  # type: ignore[return-value]
        return self._load(key, tensor, guards)

    def _load(self, key: str, tensor: Tensor, guards: Guards) -> Value:
        value, node = self._load_node(key, tensor, guards)
        self.nodes.append(node)
        versions = self._versions[key]
        written = versions[-1].written_by if versions else 0
        versions.append(_Version(written, self.region, value, guards))
        return value

    def _load_first(self, key: str, tensor: Tensor) -> Value:
        """Loads what the run began with, ahead of everything: it was written before it was read."""
        value, node = self._load_node(key, tensor, ())
        self.nodes.insert(0, node)
        self._versions[key].insert(0, _Version(0, 0, value, ()))
        return value

    def _load_node(self, key: str, tensor: Tensor, guards: Guards) -> tuple[Value, Node]:
        info = self.cells[key]
        # A handle is a scalar, whatever the shape of its variable.
        shape = tensor._shape_value if tensor._dtype._is_ref else info.shape
        value = Value(info.dtype, shape, tensor.name)
        return value, Node(LOAD, info.op, {}, (), (value,), cell=key, guards=guards)

    def write(self, key: str, op: Operation, value: Value | None, guards: Guards) -> None:
        """Notes that ``op`` wrote a variable; ``value`` is its new value where it is at hand."""
        versions = self._versions.setdefault(key, [])
        versions.append(_Version(op._id, self.region, value, guards))


def _holds(version: _Version, guards: Guards) -> bool:
    """Whether a version is at hand wherever ``guards`` hold."""
    return version.value is not None and set(version.guards) <= set(guards)


def _differentiated(op: Operation | None) -> Operation | None:
    """The operation of the forward pass that a gradient node belongs to."""
    forward = None if op is None else op.forward_of
    if forward is None:
        return None
    while forward.forward_of is not None:
        forward = forward.forward_of
    return forward
