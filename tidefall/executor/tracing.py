"""Tracing: from the nodes of a piece to one function of a compiler's arrays.

What is known while tracing stays a NumPy array, so that arithmetic on shapes happens here and
now; everything else is traced. A branch whose predicate is known is taken or left out; of one
whose predicate is not, both sides are computed and the predicate selects.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from tidefall.array import jax as xp
from tidefall.array import numpy as concrete
from tidefall.array.philox import BLOCKS_PER_OUTPUT, Stream
from tidefall.compiler.fold import kernel_attrs
from tidefall.executor import reference
from tidefall.executor.pieces import stays_in_python
from tidefall.ir.operation import Operation
from tidefall.ir.plan import CHOICE, IS_INITIALIZED, LOAD, WHILE, Node, Plan, Value

#: Known results with more elements than this are computed by the compiled function instead.
LARGEST_KNOWN = 1024


class Untraceable(Exception):
    """Nodes cannot be compiled.

    Attributes:
      reasons: The nodes, and for each what the compiler's library said.
    """

    def __init__(self, reasons: dict[Node, str]) -> None:
        super().__init__("; ".join(f"{node}: {why}" for node, why in reasons.items()))
        self.reasons = reasons


class Draw(NamedTuple):
    """What a node asks of its random stream in each run."""

    op: Operation
    seed: int
    seed2: int
    outputs: int
    blocks_per_output: int


class Trace:
    """One tracing of some nodes.

    Args:
      state: The values of variables, by key; changed as nodes write.
      words: For each random node, in order, the six words of its stream; None in loops.

    Attributes:
      values: What each value is: a NumPy array, a traced one, or None where it is not computed.
      draws: What the random nodes ask for, in order.
      checks: Boolean scalars; the run is valid if all are true.
    """

    def __init__(self, state: dict[str, Any], words: Any) -> None:
        self.state = state
        self.values: dict[Value, Any] = {}
        self.draws: list[Draw] = []
        self.checks: list[Any] = []
        self._words = words
        self._failed: dict[Node, str] = {}
        self._missing: set[Value] = set()

    def get(self, value: Value) -> Any:
        """What ``value`` is."""
        if value.constant is not None:
            return value.constant if value.constant.ndim else value.constant[()]
        return self.values[value]

    def run(self, nodes: Iterable[Node]) -> None:
        """Traces nodes.

        Raises:
          Untraceable: If some of them fail; it names as many as can be found at once.
        """
        for node in nodes:
            if not self._missing.isdisjoint(node.reads):
                self._missing.update(node.outputs)
                continue
            try:
                with xp.noting_checks() as noted:
                    self._node(node, noted)
            except Exception as error:
                self._failed[node] = f"{type(error).__name__}: {str(error).splitlines()[:1]}"
                self._missing.update(node.outputs)
        if self._failed:
            raise Untraceable(self._failed)

    def _node(self, node: Node, noted: list[Any]) -> None:
        when = self._when(node)
        if when is False:
            self.values.update(dict.fromkeys(node.outputs))
            return
        if stays_in_python(node):
            raise TypeError("it handles objects")
        results = self._results(node, when)
        for value, result in zip(node.outputs, results, strict=True):
            self.values[value] = _declared(result, value)
        unless = None if when is True else ~when
        self.checks.extend(noted if unless is None else [check | unless for check in noted])

    def _when(self, node: Node) -> Any:
        """Whether a node runs: True, False, or a traced boolean."""
        found: Any = True
        for guard in node.guards:
            predicate = self.get(guard.predicate)
            if predicate is None:
                return False
            if xp.is_traced(predicate):
                holds = predicate if guard.side else ~predicate
                found = holds if found is True else found & holds
            elif bool(predicate) is not guard.side:
                return False
        return found

    def _results(self, node: Node, when: Any) -> Sequence[Any]:
        if node.type == LOAD:
            return [self.state[node.cell or ""]]
        if node.type == IS_INITIALIZED:
            return [np.bool_(True)]  # pieces with other variables are not compiled
        inputs = [self.get(value) for value in node.inputs]
        if node.type == CHOICE:
            return [_chosen(*inputs)]
        if any(value is None for value in inputs):
            raise ValueError("an input lies in a branch that is not taken")
        if node.type == WHILE:
            return self._loop(node, inputs, when)
        if node.opdef.needs_run and when is not True:
            raise ValueError("whether it runs is known only while the compiled function runs")
        results = self._known(node, inputs)
        if results is None:
            results = self._call(node, xp, inputs)
        if node.updates:
            self._write(node, results, when)
        return results

    def _known(self, node: Node, inputs: list[Any]) -> list[Any] | None:
        """The results where they follow from what is known and are small."""
        if not node.is_pure or node.opdef.needs_run or any(map(xp.is_traced, inputs)):
            return None
        with np.errstate(all="ignore"):
            results = self._call(node, concrete, inputs)
        return results if sum(np.size(each) for each in results) <= LARGEST_KNOWN else None

    def _call(self, node: Node, namespace: Any, inputs: list[Any]) -> list[Any]:
        kernel: Any = node.opdef.kernel
        run = (_Context(self, node.op),) if node.opdef.needs_run else ()
        arguments = reference.arguments(node, inputs)
        return reference.flat(node, kernel(namespace, *run, *arguments, **kernel_attrs(node.op)))

    def _write(self, node: Node, results: list[Any], when: Any) -> None:
        for index, key in enumerate(node.updates):
            old, new = self.state[key], results[index]
            if old.shape != new.shape:
                raise ValueError(f"a value of shape {new.shape} for a variable of {old.shape}")
            new = xp.asarray(new, old.dtype)
            results[index] = self.state[key] = new if when is True else xp.where(when, new, old)

    def draw(self, draw: Draw) -> Stream:
        """The stream of a random node; its words are given to the compiled function."""
        if self._words is None or len(self.draws) >= self._words.shape[0]:
            raise ValueError("how often it draws is known only while the compiled function runs")
        row = self._words[len(self.draws)]
        self.draws.append(draw)
        return Stream(row[:2], row[2:])

    # -- loops --------------------------------------------------------------------------------

    def _loop(self, node: Node, inputs: list[Any], when: Any) -> Sequence[Any]:
        """A loop in the compiler's terms: variables, written state and checks are carried."""
        condition, body = node.bodies
        count = len(node.outputs)
        carried = list(zip(inputs[:count], body.fetches, strict=True))
        start = [xp.asarray(each, value.dtype.np_dtype) for each, value in carried]
        written = {key: self.state[key] for key in node.cell_writes}
        fixed = inputs[count:]

        def goes_on(carry: Any) -> Any:
            variables, cells, _ = carry
            inner = self._inside(condition, [*variables, *fixed], cells)
            if inner.checks:
                raise ValueError("its condition checks values")
            holds = inner.get(condition.fetches[0])
            return xp.asarray(holds if when is True else holds & when)

        def step(carry: Any) -> Any:
            variables, cells, valid = carry
            inner = self._inside(body, [*variables, *fixed], cells)
            after = [xp.asarray(inner.get(value), value.dtype.np_dtype) for value in body.fetches]
            cells = {key: inner.state[key] for key in cells}
            for check in inner.checks:
                valid = valid & check
            return after, cells, valid

        results, cells, valid = xp.while_loop(goes_on, step, (start, written, xp.asarray(True)))
        self.state.update(cells)
        self.checks.append(valid)
        return results  # type: ignore[no-any-return]

    def _inside(self, plan: Plan, feeds: list[Any], cells: dict[str, Any]) -> Trace:
        inner = Trace({**self.state, **cells}, None)
        inner.values.update(zip(plan.feeds, feeds, strict=True))
        inner.run(plan.nodes)
        return inner


class _Context:
    """`RunContext` while tracing: random streams, and nothing else."""

    def __init__(self, trace: Trace, op: Operation) -> None:
        self._trace = trace
        self._op = op

    @property
    def node_name(self) -> str:
        """The node's name."""
        return self._op._name

    def random(
        self, seed: int, seed2: int, outputs: int, blocks_per_output: int = BLOCKS_PER_OUTPUT
    ) -> Stream:
        """The node's stream, whose position comes with each run."""
        return self._trace.draw(Draw(self._op, seed, seed2, outputs, blocks_per_output))

    def resource(self, key: Any, make: Any) -> Any:
        """No resource is at hand while tracing."""
        raise TypeError("it uses a resource")

    def cancelled(self) -> bool:
        """Whether the session was closed."""
        return False

    def wait(self, condition: Any, ready: Any) -> None:
        """Nothing is waited for while tracing."""
        raise TypeError("it waits")


def _chosen(predicate: Any, if_true: Any, if_false: Any) -> Any:
    """A choice between two values, of which one may not exist if the predicate is known."""
    if not xp.is_traced(predicate):
        return if_true if predicate else if_false
    if if_true is None or if_false is None:
        raise ValueError("one side of a choice was not computed")
    if np.shape(if_true) != np.shape(if_false):
        raise ValueError(f"it chooses between {np.shape(if_true)} and {np.shape(if_false)}")
    return xp.where(predicate, if_true, if_false)


def _declared(result: Any, value: Value) -> Any:
    """A kernel's result in the dtype its output has."""
    dtype = value.dtype.np_dtype
    if xp.is_traced(result):
        return result if result.dtype == dtype else result.astype(dtype)
    known = np.asarray(result)
    return (known if known.dtype == dtype else known.astype(dtype))[()]
