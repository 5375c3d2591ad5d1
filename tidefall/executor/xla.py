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

from tidefall.array.philox import Stream
from tidefall.compiler.partition import Region, partition
from tidefall.executor import failures
from tidefall.executor.feeds import Feed
from tidefall.executor.overlay import Overlay, in_numpy, interpret
from tidefall.executor.pieces import Piece, pieces_of
from tidefall.executor.tracing import Draw, Untraceable
from tidefall.ir.plan import Node, Plan, Value
from tidefall.ir.tensor import Tensor
from tidefall.state.cells import Store
from tidefall.state.device_cells import on_device

#: Compiled functions that a piece keeps, for the shapes met last.
KEPT = 32
#: Sets of shapes that a piece compiles when first met; every other one when met again.
AT_ONCE = 4
#: Sets of shapes that were met once and are remembered.
REMEMBERED = 1024
#: Elements of an integer input whose value may be compiled in, where shapes depend on it.
LARGEST_PINNED = 8

_enable_x64 = getattr(jax, "enable_x64", None) or jax.experimental.enable_x64


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
    """

    def __init__(
        self, plan: Plan, feeds: list[Tensor], result: str, names: dict[str, Any], store: Store
    ) -> None:
        self.plan = plan
        self.store = store
        self.device = _device(plan)
        self.compilations = 0
        self.in_python: dict[Node, str] = {}
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
        with _settings(self.device):
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
        return np.array(found)[()]


class _RegionRunner:
    """One region: its pieces, run under the session's lock where they touch variables."""

    def __init__(self, program: XlaProgram, region: Region) -> None:
        self.program = program
        self.region = region
        self._lock = program.store.lock if region.touches_state else threading.Lock()
        self._cut()

    def _cut(self) -> None:
        pieces = pieces_of(self.program.plan, self.region.nodes, self.program.in_python)
        alone = len(pieces) == 1
        self._pieces = [
            _PieceRunner(self.program, piece, donate=alone) if isinstance(piece, Piece) else piece
            for piece in pieces
        ]

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
                program.in_python.update(error.reasons)
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
        self._pinned = _pinned(piece)
        self._compiled: OrderedDict[Any, _Compiled] = OrderedDict()
        self._met: OrderedDict[Any, None] = OrderedDict()

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
            for key, value in zip(self._written, changed, strict=True):
                cells[key].hold(value) if key not in pending else None
            raise _CheckFailed
        pending.update(zip(self._written, changed, strict=True))
        values.update(zip(compiled.traced, outputs, strict=True))
        values.update(compiled.known)
        return True
