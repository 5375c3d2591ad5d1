"""From graph operations to plan nodes: tensors become values, branches guards, loops nodes.

An operation behind a ``Switch`` gets a guard, the predicate and the side it is on, and runs only
where that holds; ``Merge`` chooses. So the two sides of a conditional, and its gradient, which
reads what the taken side computed, stay in one straight line. A loop becomes one `WHILE` node
that owns the plans of its condition and its body.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tidefall.compiler import prune
from tidefall.compiler.frames import ENTER, EXIT, MERGE, SWITCH, Frame, Frames
from tidefall.compiler.versions import Guards, Reference, Versions
from tidefall.core import dtypes, errors
from tidefall.core.shapes import SCALAR, Shape
from tidefall.ir.operation import Operation
from tidefall.ir.plan import CHOICE, IS_INITIALIZED, WHILE, Guard, Node, Plan, Value
from tidefall.ir.tensor import Tensor

#: Ops whose output stands for the same variable as their input.
PASSES_REFERENCE = frozenset(
    {
        "Identity",
        "RefIdentity",
        "RefEnter",
        "RefExit",
        "RefNextIteration",
        "Enter",
        "Switch",
        "RefSwitch",
    }
)
_VARIABLES = frozenset({"VariableV2", "Variable", "VarHandleOp", "TemporaryVariable"})
_ASKS_INITIALIZED = frozenset({"IsVariableInitialized", "VarIsInitializedOp"})
_FED_ONLY = frozenset({"Placeholder", "PlaceholderV2"})
_NO_NODE = frozenset({"NoOp", "ControlTrigger"})


class Translator:
    """Builds the nodes of one plan.

    Attributes:
      values: What each tensor translated so far is: a `Value`, or a `Reference`.
      nodes: The nodes so far.
    """

    def __init__(self, frames: Frames | None = None, level: Frame | None = None) -> None:
        self.values: dict[Tensor, Any] = {}
        self.nodes: list[Node] = []
        self.versions = Versions(self.nodes)
        self._frames = frames
        self._level = level
        self._guards_of_op: dict[Operation, Guards] = {}
        self._guards_of_tensor: dict[Tensor, Guards] = {}
        self._written: dict[str, None] = {}
        self._fed: set[Tensor] = set()

    def feed(self, tensor: Tensor) -> Value:
        """Makes ``tensor`` a value that the run is given."""
        value = Value(tensor._dtype, tensor._shape_value, tensor.name)
        self.values[tensor] = value
        self._fed.add(tensor)
        return value

    def run(self, ops: set[Operation], fed: set[Tensor]) -> None:
        """Adds the nodes of ``ops``, in order of execution."""
        if self._frames is None and not any(op.type in ENTER for op in ops):
            for op in prune.in_order(ops, fed):
                self.operation(op)
            return
        if self._frames is None:
            self._frames = Frames(ops, fed)
        for unit in self._frames.schedule(ops, self._level):
            if isinstance(unit, Frame):
                self._loop(unit)
            else:
                self.operation(unit)

    def operation(self, op: Operation) -> None:
        """Adds the node of one operation, if it needs one."""
        kind = op.opdef.name
        guards = self._guards(op)
        if guards:
            self._guards_of_op[op] = guards
        if kind == "Const":
            array = op._attrs["value"]
            value = Value(op._attrs["dtype"], Shape(array.shape), op._name, array)
            self._set(op._outputs[0], value)
        elif kind in _NO_NODE:
            return
        elif kind in _FED_ONLY:
            self._check_fed(op)
        elif kind in _VARIABLES:
            self._set(op._outputs[0], Reference(self.versions.cell(op).key))
        elif kind in SWITCH:
            self._switch(op, guards)
        elif kind in MERGE:
            self._merge(op)
        elif kind in PASSES_REFERENCE and isinstance(self.values.get(op._inputs[0]), Reference):
            self._set(op._outputs[0], self.values[op._inputs[0]])
        elif kind in EXIT:
            return  # the loop has set its value
        elif kind == "ReadVariableOp" and isinstance(self.values.get(op._inputs[0]), Reference):
            self._set(op._outputs[0], self.read(op._inputs[0], op, guards))
        elif kind in _ASKS_INITIALIZED:
            self._is_initialized(op, guards)
        else:
            self._compute(op, guards)

    def _set(self, tensor: Tensor, value: Any) -> None:
        self.values.setdefault(tensor, value)  # a fed tensor keeps what it is fed

    def _check_fed(self, op: Operation) -> None:
        tensor = op._outputs[0]
        if tensor not in self.values:
            message = (
                f"placeholder '{tensor.name}' has no value: feed one of dtype "
                f"{tensor._dtype.name} and shape {tensor._shape_value}, as in "
                f"session.run(…, feed_dict={{{op.name}: …}})."
            )
            raise errors.InvalidArgumentError(None, op, message)

    # -- variables ----------------------------------------------------------------------------

    def read(self, tensor: Tensor, reader: Operation | None, guards: Guards = ()) -> Value:
        """The value ``tensor`` has for ``reader`` (None: at the end of the run)."""
        found = self.values[tensor]
        if isinstance(found, Value):
            return found
        return self.versions.read(found.key, tensor, reader, guards)

    def fetch(self, tensor: Tensor) -> Value:
        """The value that fetching ``tensor`` returns, at the end of the run."""
        return self.read(tensor, None, self._guards_of(tensor))

    def _is_initialized(self, op: Operation, guards: Guards) -> None:
        found = self.values[op._inputs[0]]
        output = Value(op._outputs[0]._dtype, SCALAR, op._outputs[0].name)
        node = Node(IS_INITIALIZED, op, {}, (), (output,), cell=found.key, guards=guards)
        self.nodes.append(node)
        self._set(op._outputs[0], output)

    def _compute(self, op: Operation, guards: Guards) -> None:
        opdef = op.opdef
        positions = opdef.update_positions if opdef.inputs else ()
        keys = []
        inputs: list[Value] = []
        for index, tensor in enumerate(op._inputs):
            if index in positions:
                keys.append(self._updated(op, tensor))
                if opdef.overwrites:
                    continue
            inputs.append(self.read(tensor, op, guards))
        if opdef.runs_on == "host":
            self.versions.region += 1
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
        every = (*outputs, *results)
        node = Node(opdef.name, op, op._attrs, tuple(inputs), every, tuple(keys), guards=guards)
        self.nodes.append(node)
        for key, value in zip(keys, outputs, strict=True):
            self.versions.write(key, op, value, guards)
            self._written[key] = None

    def _updated(self, op: Operation, tensor: Tensor) -> str:
        found = self.values[tensor]
        if not isinstance(found, Reference):
            raise ValueError(
                f"'{op.name}' ({op.type}) changes the variable '{tensor.name}', which is fed in "
                "this run: a fed value cannot be changed. Feed the initial value instead."
            )
        return found.key

    def _new_version(self, key: str, op: Operation) -> Value:
        info = self.versions.cells[key]
        return Value(info.dtype, info.shape, op._name)

    # -- branches -----------------------------------------------------------------------------

    def _guards_of(self, tensor: Tensor) -> Guards:
        found = self._guards_of_tensor.get(tensor)
        return self._guards_of_op.get(tensor._op, ()) if found is None else found

    def _guards(self, op: Operation) -> Guards:
        """What must hold for an operation to run: all that its inputs need."""
        found: dict[Guard, None] = {}
        for tensor in op._inputs:
            found.update(dict.fromkeys(self._guards_of(tensor)))
        for other in op._control_inputs:
            if op.type != "ControlTrigger":
                found.update(dict.fromkeys(self._guards_of_op.get(other, ())))
        return tuple(found)

    def _switch(self, op: Operation, guards: Guards) -> None:
        data = self.values[op._inputs[0]]
        predicate = self.read(self._original(op._inputs[1]), op, guards)
        for side, tensor in enumerate(op._outputs):
            self._set(tensor, data)
            self._guards_of_tensor[tensor] = (*guards, Guard(predicate, bool(side)))

    def _original(self, tensor: Tensor) -> Tensor:
        """What a tensor is an identity of: both sides of a condition must name one predicate."""
        while tensor._op.type == "Identity":
            before = tensor._op._inputs[0]
            if not isinstance(self.values.get(before), Value) or tensor in self._fed:
                break
            tensor = before
        return tensor

    def _merge(self, op: Operation) -> None:
        sides = [self._guards_of(tensor) for tensor in op._inputs]
        decider = _decider(sides)
        if decider is None:
            raise ValueError(
                f"'{op.name}' ({op.type}) merges values that are not the two sides of one "
                "condition; such a graph cannot be run."
            )
        predicate, order = decider
        common = tuple([g for g in sides[0] if g.predicate is not predicate and g in sides[1]])
        self._guards_of_op[op] = common
        if_true, if_false = [self.read(op._inputs[i], op, sides[i]) for i in order]
        output = op._outputs[0]
        chosen = Value(output._dtype, output._shape_value, output.name)
        self.nodes.append(
            Node(CHOICE, op, {}, (predicate, if_true, if_false), (chosen,), guards=common)
        )
        self._set(output, chosen)
        self._merge_index(op, predicate, order, common)

    def _merge_index(
        self, op: Operation, predicate: Value, order: tuple[int, int], guards: Guards
    ) -> None:
        numbers = [Value(dtypes.int32, SCALAR, op.name, np.asarray(i, np.int32)) for i in order]
        index = Value(dtypes.int32, SCALAR, op._outputs[1].name)
        self.nodes.append(Node(CHOICE, op, {}, (predicate, *numbers), (index,), guards=guards))
        self._set(op._outputs[1], index)

    # -- loops --------------------------------------------------------------------------------

    def _loop(self, frame: Frame) -> None:
        """Adds the node of one loop."""
        if self._frames is None or frame.condition is None:
            raise ValueError(f"the loop '{frame.name}' has no LoopCond node, so it cannot be run.")
        guards = self._loop_guards(frame)
        constants = [op for op in frame.constants if not self._passes_reference(op, frame)]
        starts = [variable.enter for variable in frame.variables]
        inputs = [self.read(op._inputs[0], op, guards) for op in (*starts, *constants)]
        captured = self._captured(frame)
        inputs.extend(self.values[tensor] for tensor in captured)
        condition, reads = self._body(frame, captured, [frame.condition._inputs[0]])
        following = [v.next._inputs[0] for v in frame.variables if v.next is not None]
        after = [op for v in frame.variables if v.next is not None for op in v.next._control_inputs]
        body, written = self._body(frame, captured, following, after)
        cells = {**condition.versions.cells, **body.versions.cells}
        self.versions.cells.update(cells)
        outputs = [
            Value(v.merge._outputs[0]._dtype, v.merge._outputs[0]._shape_value, f"{v.enter.name}:0")
            for v in frame.variables
        ]
        plans = (_as_plan(condition, reads), _as_plan(body, written))
        keys = tuple(dict.fromkeys([*condition._written, *body._written]))
        op = frame.condition
        node = Node(
            WHILE,
            op,
            {},
            tuple(inputs),
            tuple(outputs),
            cell_writes=keys,
            bodies=plans,
            guards=guards,
        )
        self.nodes.append(node)
        if node.on_host:
            self.versions.region += 1
        for key in keys:
            self.versions.write(key, op, None, guards)
            self._written[key] = None
        for variable, value in zip(frame.variables, outputs, strict=True):
            if variable.exit is not None:
                self._guards_of_op[variable.exit] = guards
                self._set(variable.exit._outputs[0], value)

    def _passes_reference(self, op: Operation, frame: Frame) -> bool:
        """Whether an ``Enter`` hands on a variable, to be read in each iteration.

        It does where something in the loop changes variables; otherwise the value is read once.
        """
        if not isinstance(self.values.get(op._inputs[0]), Reference):
            return False
        return op.type == "RefEnter" or any(inner.opdef.updates for inner in frame.ops)

    def _loop_guards(self, frame: Frame) -> Guards:
        found: dict[Guard, None] = {}
        for op in (*[variable.enter for variable in frame.variables], *frame.constants):
            found.update(dict.fromkeys(self._guards(op)))
        for op in frame.ops:
            for other in op._control_inputs:
                found.update(dict.fromkeys(self._guards_of_op.get(other, ())))
        return tuple(found)

    def _captured(self, frame: Frame) -> list[Tensor]:
        """Values of outside that operations of the loop read without an ``Enter``."""
        inside = set(frame.ops)
        found: dict[Tensor, None] = {}
        for op in frame.ops:
            for tensor in op._inputs if op.type not in ENTER else ():
                value = self.values.get(tensor)
                if tensor._op not in inside and isinstance(value, Value) and value.constant is None:
                    found[tensor] = None
        return list(found)

    def _body(
        self,
        frame: Frame,
        captured: Sequence[Tensor],
        results: Sequence[Tensor],
        targets: Sequence[Operation] = (),
    ) -> tuple[Translator, tuple[tuple[Value, ...], tuple[Value, ...]]]:
        """The translator of the condition or the body of a loop, with its feeds and results."""
        inner = Translator(self._frames, frame)
        inner.versions.cells.update(self.versions.cells)
        feeds = []
        for variable in frame.variables:
            value = inner.feed(variable.merge._outputs[0])
            if variable.switch is not None:
                inner.values[variable.switch._outputs[1]] = value
            feeds.append(value)
        for op in frame.constants:
            if self._passes_reference(op, frame):
                inner.values[op._outputs[0]] = self.values[op._inputs[0]]
            else:
                feeds.append(inner.feed(op._outputs[0]))
        feeds.extend(inner.feed(tensor) for tensor in captured)
        for tensor, known in self.values.items():
            if isinstance(known, Reference) or known.constant is not None:
                inner.values.setdefault(tensor, known)
        fed = set(inner.values)
        inside = set(frame.ops)
        ops = prune.needed(results, targets, fed, _plumbing(frame)) & inside
        inner.run(ops, fed)
        return inner, (tuple(feeds), tuple([inner.fetch(tensor) for tensor in results]))

    def plan(self, feeds: tuple[Value, ...], fetches: Iterable[Value]) -> Plan:
        """The finished plan."""
        return Plan(feeds, tuple(self.nodes), tuple(fetches), self.versions.cells)


def _as_plan(translator: Translator, ends: tuple[tuple[Value, ...], tuple[Value, ...]]) -> Plan:
    return translator.plan(*ends)


def _plumbing(frame: Frame) -> set[Operation]:
    """The operations of a loop that carry its variables; the rest computes."""
    plumbing: set[Operation] = set(frame.constants)
    for variable in frame.variables:
        plumbing.update((variable.enter, variable.merge))
        plumbing.update(op for op in (variable.switch, variable.next) if op is not None)
    if frame.condition is not None:
        plumbing.add(frame.condition)
    return plumbing


def _decider(sides: Sequence[Guards]) -> tuple[Value, tuple[int, int]] | None:
    """The predicate that two sides disagree on, and which input each side is."""
    if len(sides) != 2:
        return None
    for guard in sides[0]:
        if Guard(guard.predicate, not guard.side) in sides[1]:
            return guard.predicate, (0, 1) if guard.side else (1, 0)
    return None
