"""Promotion: a kind of run that is repeated moves from NumPy to native kernels.

Compiling costs a tenth of a second or more, so it must be earned. Every run at tier 0 adds an
estimate of what a kernel would have saved, from the plan and the shapes alone. At a third of the
cost of compiling, a thread begins to compile; at the full cost the next run waits for it, if it
must, and from then on the kernels run. No clock decides, so a program switches at the same run
every time, whether its kernels were in the cache or not.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from typing import Any

from tidefall.compiler.likely_rows import likely_rows
from tidefall.compiler.sizes import ROWS, Sizes, rows_in
from tidefall.core import hooks, logging
from tidefall.executor.numerics import BATCHED
from tidefall.executor.straightline import Program
from tidefall.ir.plan import LOAD, PACKED, Plan
from tidefall.state.cells import Store

#: Estimates in microseconds: of compiling, at all and for each node; of what a kernel saves for
#: each node, for each result of one, and for each multiply-add of a product.
COST = 40_000.0
COST_OF_NODE = 1_200.0
SAVED_BY_NODE = 1.0
SAVED_BY_RESULT = 0.0012
SAVED_BY_MULTIPLY_ADD = 0.00005
#: Plans of fewer nodes are left to NumPy; and runs before anything is estimated.
FEWEST_NODES = 8
FIRST_RUNS = 8

Replace = Callable[[Callable[..., Any], Callable[..., Any]], None]
Watched = Callable[[Callable[..., Any]], Callable[..., Any]]


class Warming:
    """A kind of run on its way to kernels; called like the function it will become.

    Args:
      plan: What it runs.
      sizes: The symbolic sizes it was specialized to.
      function: It, at tier 0.
      program: Makes the program for a plan with kernels.
      store: The session's state.
      replace: Told of the function that takes this one's place.

    Attributes:
      cost: The estimate of what compiling costs, in microseconds.
      switched: The run that was the first with kernels, or 0.
      fused: The plan with kernels, when it has been compiled.
    """

    def __init__(
        self,
        plan: Plan,
        sizes: Sizes,
        function: Callable[..., Any],
        program: Callable[[Plan], Program],
        store: Store,
        replace: Replace,
    ) -> None:
        self._plan = plan
        self._sizes = sizes
        self._function = function
        self._program = program
        self._store = store
        self._replace = replace
        self._runs = 0
        self._saved = 0.0
        self.cost = COST + COST_OF_NODE * len(plan.nodes)
        self.switched = 0
        self.fused: Plan | None = None
        self._watched: Watched | None = None
        self._for_row: float | None = None
        self._count = None if sizes.rows else likely_rows(plan)
        self._thread: threading.Thread | None = None
        self._result: Callable[..., Any] | None = None
        self._lock = threading.Lock()

    def __call__(self, *values: Any) -> Any:
        self._runs += 1
        if self._runs > FIRST_RUNS:
            self._earn(values)
            if self._saved >= self.cost:
                return self._switch()(*values)
        return self._function(*values)

    def watch(self, watched: Watched) -> None:
        """Has the function, and the one that will take its place, wrapped."""
        self._watched = watched
        self._function = watched(self._function)

    def rows(self, values: tuple[Any, ...]) -> int:
        """The number of rows of a run's feeds."""
        for position in self._sizes.rows[:1]:
            return _length(values[position])
        return self._count or 1

    def saving(self, rows: int) -> float:
        """The estimate of what kernels save in a run, in microseconds."""
        if self._for_row is None:
            self._for_row = _saved_by_row(self._plan, self._sizes, self._count or ROWS)
        return SAVED_BY_NODE * len(self._plan.nodes) + self._for_row * rows

    def fused_plan(self) -> Plan:
        """The plan with kernels, compiled or not; the very plan if nothing can be fused."""
        return self.fused or hooks.call("fuse", self._plan, self._sizes)

    def reasons(self) -> list[str]:
        """Why nothing can be fused."""
        found: list[str] = hooks.call("reasons", self._plan, self._sizes)
        return found

    def _earn(self, values: tuple[Any, ...]) -> None:
        self._saved += self.saving(self.rows(values))
        if self._thread is None and 3 * self._saved >= self.cost:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._compile, name="tidefall-compiler")
                    self._thread.start()

    def _switch(self) -> Callable[..., Any]:
        if self._thread is not None:
            self._thread.join()
        function = self._function
        if self._result is not None:
            self.switched = self._runs
            function = self._watched(self._result) if self._watched else self._result
        self._replace(self, function)
        self._function = function
        self._saved = float("-inf")
        return function

    def _compile(self) -> None:
        fused = with_kernels(self._plan, self._sizes)
        if fused is not self._plan:
            self._result = self._program(fused).bind(self._store)
            self.fused = fused


def with_kernels(plan: Plan, sizes: Sizes) -> Plan:
    """The plan with compiled kernels; the very plan if there are none, or they cannot be made."""
    try:
        fused: Plan = hooks.call("fuse", plan, sizes)
        if fused is plan:
            return plan
        engine = importlib.import_module("tidefall.executor.kernels.engine")
        return engine.compile_kernels(fused)  # type: ignore[no-any-return]
    except Exception as error:  # whatever happens here, NumPy can run the plan
        logging.warning(
            "No kernel for this kind of run, NumPy goes on with it: %s: %s",
            type(error).__name__,
            error,
        )
        return plan


def _length(value: Any) -> int:
    try:
        return len(value)
    except TypeError:
        return 1


def _saved_by_row(plan: Plan, sizes: Sizes, rows: int) -> float:
    """The estimate of what kernels save for each row, in microseconds.

    Args:
      plan: What is run.
      sizes: The sizes of its values.
      rows: The leading size by which values with rows are told.
    """
    total = 0.0
    for node in plan.nodes:
        if node.type in (LOAD, PACKED):
            continue
        for value in (*node.inputs[:1], *node.outputs[:1]):
            dims = sizes.known(value)
            times = 0 if not dims else 1 if dims[0] == rows else rows_in(dims[0]) or 0
            if dims and times:
                width = times * _product(dims[1:])
                total += SAVED_BY_RESULT * width
                if node.type in (*BATCHED, "MatMul") and value in node.inputs:
                    result = sizes.known(node.outputs[0]) or ()
                    columns = _product(result[-1:] if node.type in BATCHED else result[1:])
                    total += SAVED_BY_MULTIPLY_ADD * width * columns
                break
    return total


def _product(dims: tuple[int, ...]) -> int:
    result = 1
    for size in dims:
        result *= max(size, 1)
    return result


def worth_watching(plan: Plan) -> bool:
    """Whether a kind of run may ever be promoted."""
    return len(plan.nodes) >= FEWEST_NODES
