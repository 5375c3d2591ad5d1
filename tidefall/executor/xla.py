"""The XLA tier: pieces of a plan traced by JAX and compiled by XLA, variables kept on the device.

Each piece is compiled once for each set of input shapes. What cannot be compiled runs in NumPy
between the pieces, as it does where no compiler is worth its while: the first run that gives
variables their values, and shapes that are met once among many. Values are committed when a
whole region has succeeded. A check of values that fails is found after the run, whose results
are then dropped; the region runs again in NumPy, which names the node.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from tidefall.array import jax as xp
from tidefall.array.philox import Stream
from tidefall.compiler.partition import Region, partition
from tidefall.executor import devices, failures
from tidefall.executor.feeds import Feed
from tidefall.executor.overlay import Overlay, in_numpy, interpret
from tidefall.executor.pieces import Piece, pieces_of
from tidefall.executor.tracing import Draw, Trace, Untraceable
from tidefall.ir.plan import Node, Plan, Value
from tidefall.ir.tensor import Tensor
from tidefall.state.cells import Store
from tidefall.state.device_cells import DeviceCell, on_device

#: Compiled functions that a piece keeps, for the shapes met last.
KEPT = 32
#: Sets of shapes that a piece compiles when first met; every other one when met again, and
#: the oftener it must be met the more were compiled already.
AT_ONCE = 4
#: Sets of shapes whose meetings are counted.
REMEMBERED = 1024
#: Elements of an integer input whose value may be compiled in, where shapes depend on it.
LARGEST_PINNED = 8

# JAX before 0.8 has this context under another name.
_enable_x64 = jax.enable_x64 if hasattr(jax, "enable_x64") else jax.experimental.enable_x64


def compile_plan(
    plan: Plan, feeds: list[Tensor], result: str, names: dict[str, Any], store: Store
) -> Callable[..., Any]:
    """A function that runs ``plan`` in a session, called with the fed values.

    Args:
      plan: What it runs.
      feeds: The fed tensors, in order.
      result: Source text that builds the result from ``{0}``, ``{1}``, … (the plan's fetches).
      names: What ``result`` refers to besides.
      store: The session's state.
    """
    return XlaProgram(plan, feeds, result, names, store)


class XlaProgram:
    """A plan bound to a session and a device.

    Attributes:
      compilations: How many functions were compiled so far.
      in_python: Nodes that run in NumPy, and why; found out as pieces are traced.
      pinned: Fed integers whose values are compiled in, and the nodes that need it.
    """

    def __init__(
        self, plan: Plan, feeds: list[Tensor], result: str, names: dict[str, Any], store: Store
    ) -> None:
        self.plan = plan
        self.store = store
        self.device = _device(plan)
        self.compilations = 0
        self.in_python: dict[Node, str] = {}
        self.pinned: dict[Value, set[Node]] = {}
        self.cells = {
            key: on_device(store.cell(key, info.dtype.np_dtype, info.shape))
            for key, info in plan.cells.items()
        }
        self._feeds = [Feed(tensor) for tensor in feeds]
        self._steps = [
            _RegionRunner(self, segment) if isinstance(segment, Region) else segment
            for segment in partition(plan)
        ]
        self._guards = {v: n.guards for n in plan.nodes if n.guards for v in n.outputs}
        fetched = [f"fetched[{index}]" for index in range(len(plan.fetches))]
        self._result = eval(f"lambda fetched: {result.format(*fetched)}", dict(names))

    def __call__(self, *given: Any) -> Any:
        values: dict[Value, Any] = {}
        for feed, value, fed in zip(self._feeds, self.plan.feeds, given, strict=True):
            # A copy: the device may still be reading when the program changes its array.
            values[value] = _own(feed(fed))
        with _enable_x64(True):
            for step in self._steps:
                if isinstance(step, Node):
                    interpret(self.plan, [step], values, self.store)
                else:
                    step.run(values)
            return self._result([self._fetched(value, values) for value in self.plan.fetches])

    def _fetched(self, value: Value, values: dict[Value, Any]) -> Any:
        for guard in self._guards.get(value, ()):
            if guard.predicate.constant is not None:
                holds = guard.predicate.constant
            else:
                holds = values[guard.predicate]
            if holds is None or bool(holds) is not guard.side:
                raise failures.not_computed(value.name)
        found = value.constant if value.constant is not None else values[value]
        if found is None:
            raise failures.not_computed(value.name)
        return found if isinstance(found, bytes) else np.array(found)[()]


class _RegionRunner:
    """One region: its pieces, run under the session's lock where they touch variables."""

    def __init__(self, program: XlaProgram, region: Region) -> None:
        self.program = program
        self.region = region
        self._lock = program.store.lock if region.touches_state else threading.RLock()
        self._helped: set[Node] = set()
        self._cut()

    def _cut(self) -> None:
        pieces = pieces_of(self.program.plan, self.region.nodes, self.program.in_python)
        alone = len(pieces) == 1
        self._pieces = [
            _PieceRunner(self.program, piece, donate=alone) if isinstance(piece, Piece) else piece
            for piece in pieces
        ]

    def _learn(self, error: Untraceable, step: Any, values: dict[Value, Any]) -> None:
        """Finds another way for nodes that could not be compiled.

        Where what a node needs to know follows from a few fed integers, their values are compiled
        in; if that does not help, it runs in Python.
        """
        program = self.program
        for node, why in error.reasons.items():
            if node not in self._helped:
                self._helped.add(node)
                pins = _integers_behind(node, step.piece, values)
                for value in pins:
                    program.pinned.setdefault(value, set()).add(node)
                if pins:
                    continue
            for value, causes in list(program.pinned.items()):
                causes.discard(node)
                if not causes:
                    del program.pinned[value]
            program.in_python[node] = why

    def run(self, values: dict[Value, Any]) -> None:
        """Computes the region's values and commits what it writes to variables."""
        with self._lock:
            pending = self._attempt(values, {})
            for key, value in pending.items():
                self.program.cells[key].hold(value)

    def _attempt(self, values: dict[Value, Any], drawn: dict[str, Stream]) -> dict[str, Any]:
        """The new values of variables.

        Args:
          values: What is known; results are added.
          drawn: Random streams set aside for nodes so far.
        """
        pending: dict[str, Any] = {}
        program = self.program
        for step in self._pieces:
            try:
                if isinstance(step, _PieceRunner) and step.run(values, pending, drawn):
                    continue
                nodes = [step] if isinstance(step, Node) else step.piece.nodes
                overlay = Overlay(program.store, pending, drawn)
                interpret(program.plan, nodes, values, overlay)
                pending.update(overlay.written())
            except Untraceable as error:
                self._learn(error, step, values)
                self._cut()
                return self._attempt(values, drawn)
            except _CheckFailed:
                overlay = Overlay(program.store, {}, drawn)
                interpret(program.plan, self.region.nodes, values, overlay)  # names the node
                return overlay.written()
        return pending


class _CheckFailed(Exception):
    """A value that a kernel checks was not as it must be."""


class _Compiled:
    """A piece compiled for one set of shapes.

    Attributes:
      function: Takes the written and the other variables, the traced inputs and the words of the
        random streams; returns new variables, the traced outputs, and whether all checks hold.
      known: Outputs that are known without running it.
      traced: The other outputs, in order.
      draws: What the random nodes need for each run.
      checks: Whether there is anything to check.
    """

    __slots__ = ("checks", "draws", "function", "known", "traced")

    function: Any

    def __init__(self) -> None:
        self.known: dict[Value, Any] = {}
        self.traced: list[Value] = []
        self.draws: list[Draw] = []
        self.checks = False


class _PieceRunner:
    """One piece and its compiled functions.

    Args:
      program: The plan's program.
      piece: The piece.
      donate: Whether old values of variables may be overwritten: nothing after the piece can fail.
    """

    def __init__(self, program: XlaProgram, piece: Piece, donate: bool) -> None:
        self.program = program
        self.piece = piece
        self._donate = donate
        self._written = [key for key in piece.cells if key in piece.writes]
        self._read = [key for key in piece.cells if key not in piece.writes]
        self._random = sum(node.opdef.needs_run for node in piece.nodes)
        self._compiled: OrderedDict[Any, _Compiled] = OrderedDict()
        self._compilations = 0
        self._met: OrderedDict[Any, int] = OrderedDict()

    def run(
        self, values: dict[Value, Any], pending: dict[str, Any], drawn: dict[str, Stream]
    ) -> bool:
        """Runs the piece; False if it had better run in NumPy this time.

        Raises:
          Untraceable: If some of its nodes cannot be compiled.
        """
        cells = self.program.cells
        try:
            written = tuple([self._state(cells[key], key, pending) for key in self._written])
            read = tuple([self._state(cells[key], key, pending) for key in self._read])
        except AttributeError:  # a variable has no value: an initialization, or an error
            return False
        known: dict[Value, Any] = {}
        traced: dict[Value, Any] = {}
        for value in self.piece.inputs:
            found = values[value]
            if found is None or self._is_known(value, found):
                known[value] = in_numpy(found)
            else:
                traced[value] = found
        arguments = (written, read, tuple(traced.values()))
        compiled = self._find(known, traced, arguments)
        if compiled is None:
            return False
        words = self._words(compiled, drawn)
        changed, outputs, valid = compiled.function(*arguments, words)
        if compiled.checks and not valid:
            if self._donate:  # the old values were overwritten with copies of themselves
                for key, value in zip(self._written, changed, strict=True):
                    cells[key].hold(value)
            raise _CheckFailed
        pending.update(zip(self._written, changed, strict=True))
        values.update(zip(compiled.traced, outputs, strict=True))
        values.update(compiled.known)
        return True

    def _state(self, cell: DeviceCell, key: str, pending: dict[str, Any]) -> Any:
        """A variable's value as an array on the device, where it stays."""
        found = pending.get(key)
        if found is None:
            found = cell.held
        if isinstance(found, jax.Array) and found.devices() == {self.program.device}:
            return found
        moved = jax.device_put(np.array(found), self.program.device)
        if key not in pending:
            cell.hold(moved)
        return moved

    def _is_known(self, value: Value, found: Any) -> bool:
        """Whether a value is compiled in: it chooses between branches, or shapes depend on it."""
        if value in self.program.pinned:
            return bool(found.size <= LARGEST_PINNED)
        return bool(found.ndim == 0 and found.dtype == np.bool_)

    def _find(
        self, known: dict[Value, Any], traced: dict[Value, Any], arguments: Any
    ) -> _Compiled | None:
        """The function for these inputs; None while they are not worth compiling for."""
        key = (
            tuple([None if v is None else (v.shape, v.tobytes()) for v in known.values()]),
            tuple([(each.shape, each.dtype) for group in arguments for each in group]),
        )
        compiled = self._compiled.get(key)
        if compiled is not None:
            self._compiled.move_to_end(key)
            return compiled
        if not self._is_worthwhile(key):
            return None
        compiled = self._compile(known, tuple(traced), arguments)
        self._compilations += 1
        self.program.compilations += 1
        self._compiled[key] = compiled
        if len(self._compiled) > KEPT:
            self._compiled.popitem(last=False)
        return compiled

    def _is_worthwhile(self, key: Any) -> bool:
        """Whether inputs of this kind were met often enough to compile for them."""
        if self._compilations < AT_ONCE:
            return True
        self._met[key] = self._met.pop(key, 0) + 1
        if len(self._met) > REMEMBERED:
            self._met.popitem(last=False)
        return self._met[key] >= 2 << self._compilations // KEPT

    def _compile(
        self, known: dict[Value, Any], inputs: tuple[Value, ...], arguments: Any
    ) -> _Compiled:
        found = _Compiled()

        def function(written: Any, read: Any, given: Any, words: Any) -> Any:
            state = dict(zip((*self._written, *self._read), (*written, *read), strict=True))
            trace = Trace(state, words)
            trace.values.update(known)
            trace.values.update(zip(inputs, given, strict=True))
            trace.run(self.piece.nodes)
            outputs = {value: trace.values[value] for value in self.piece.outputs}
            found.traced = [value for value, each in outputs.items() if xp.is_traced(each)]
            found.known = {v: each for v, each in outputs.items() if not xp.is_traced(each)}
            found.draws, found.checks = trace.draws, bool(trace.checks)
            changed = tuple([trace.state[key] for key in self._written])
            valid = xp.all(xp.stack(trace.checks)) if trace.checks else True
            if trace.checks:
                pairs = zip(changed, written, strict=True)
                changed = tuple([xp.where(valid, new, old) for new, old in pairs])
            return changed, tuple([outputs[value] for value in found.traced]), valid

        words = np.zeros((self._random, 6), np.uint32)
        with jax.default_device(self.program.device), jax.default_matmul_precision("highest"):
            jitted = jax.jit(
                function, donate_argnums=(0,) if self._donate else (), keep_unused=True
            )
            try:
                found.function = jitted.lower(*arguments, words).compile()
            except Untraceable:
                raise
            except Exception as error:  # the device has no way to do some of it
                why = f"{type(error).__name__}: {error}"
                raise Untraceable(dict.fromkeys(self.piece.nodes, why)) from error
        return found

    def _words(self, compiled: _Compiled, drawn: dict[str, Stream]) -> Any:
        """Sets aside the random streams of this run, one row for each node."""
        words = np.zeros((self._random, 6), np.uint32)
        for row, (op, *asked) in enumerate(compiled.draws):
            stream = drawn.get(op.name)
            if stream is None:
                stream = self.program.store.random.reserve(op.name, *asked)
                drawn[op.name] = stream
            words[row, :2], words[row, 2:] = stream.key, stream.counter
        return words


def _integers_behind(node: Node, piece: Piece, values: dict[Value, Any]) -> list[Value]:
    """The few integers, given to a piece, from which a node's integer inputs are computed.

    Empty if they do not follow from such integers alone.
    """
    made = {value: each for each in piece.nodes for value in each.outputs}
    found: dict[Value, None] = {}
    for start in node.inputs:
        leaves = _leaves(start, made) if start.dtype.is_integer else []
        if all(_is_small(leaf, values) for leaf in leaves):
            found.update(dict.fromkeys(leaves))
    return list(found)


def _leaves(value: Value, made: dict[Value, Node]) -> list[Value]:
    """What ``value`` is computed from, in the end; shapes do not count, they are known."""
    waiting, leaves, seen = [value], [], set()
    while waiting:
        each = waiting.pop()
        if each in seen or each.constant is not None:
            continue
        seen.add(each)
        node = made.get(each)
        if node is None or not node.is_pure:
            leaves.append(each)
        elif node.type not in ("Shape", "ShapeN", "Size", "Rank"):
            waiting.extend(node.inputs)
    return leaves


def _is_small(value: Value, values: dict[Value, Any]) -> bool:
    found = values.get(value)
    if not isinstance(found, (np.ndarray, np.generic)):
        return False
    return found.dtype.kind in "iu" and found.size <= LARGEST_PINNED


def _own(value: Any) -> Any:
    """A copy of an array of numbers; anything else as it is."""
    return value.copy() if isinstance(value, np.ndarray) and value.dtype.kind != "O" else value


def devices_of(kind: str) -> list[Any]:
    """JAX's devices of a kind, ``cpu`` or ``gpu``."""
    try:
        return list(jax.devices(kind))
    except RuntimeError:  # none of that kind
        return []


def _device(plan: Plan) -> Any:
    """The device for a plan: the first that one of its nodes asks for and that exists."""
    for kind, index in devices.asked(plan):
        found = devices_of(kind)
        if found:
            return found[index if index < len(found) else 0]
    return jax.devices()[0]
