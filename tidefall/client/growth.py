"""Noticing a loop that adds operations to the graph on every run."""

from __future__ import annotations

import warnings

from tidefall.ir.graph import Graph

#: After this many runs in a row before each of which the graph had grown, a warning is given.
PATIENCE = 50


class Growth:
    """Watches how a session's graph grows between runs.

    A graph that grows by the same few operations before every run makes each run slower than the
    one before, since each needs a plan of its own.
    """

    def __init__(self, graph: Graph) -> None:
        self._seen = graph._next_id_counter
        self._runs = 0
        self._warned = False

    def look(self, graph: Graph) -> None:
        """Called before a run that was not seen before; warns once."""
        count = graph._next_id_counter
        self._runs = self._runs + 1 if count > self._seen else 0
        grown, self._seen = count - self._seen, count
        if self._runs < PATIENCE or self._warned:
            return
        self._warned = True
        last = graph._by_id[-1]
        warnings.warn(
            f"the graph grew before each of the last {PATIENCE} runs, lately by {grown} "
            f"operations up to '{last.name}' ({last.type}), created at {last._location}. Build "
            "the graph once, before the loop, and feed what changes through placeholders; "
            "graph.finalize() finds such places.",
            RuntimeWarning,
            stacklevel=5,
        )
