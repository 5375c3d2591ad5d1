"""Drawing at random from a buffer, one number after another, as TensorFlow's shuffling does.

Each draw depends on the ones before, so NumPy cannot do them together. They are done in Python at
first. Where a process draws often, compiled code takes over, if the machine can have it: what is
drawn does not depend on that. `tidefall.executor.draws` makes the code, on demand.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Protocol

from tidefall.core import hooks

#: Draws in Python before compiled code is asked for.
FEW = 20_000


class Compiled(Protocol):
    """Draws done by compiled code; all arrays are contiguous, of 64-bit integers but for words."""

    def words(self, key: Any, counter: Any, start: int, count: int) -> Any:
        """Random words, ``count`` blocks of four: what `philox_numpy.consecutive` makes, flat."""

    def ring(self, rows: Any, start: int, left: int, shrinks: bool, words: Any, refill: Any) -> Any:
        """Draws one of ``left`` rows for each word; see `tidefall.data.streams.ring`.

        Args:
          rows: The ring, which is changed.
          start: The first occupied position.
          left: How many rows there are to draw from.
          shrinks: Whether there is one fewer after each draw.
          words: Random words.
          refill: What takes the free position: numbers, or True for the drawn row itself, or
            None for nothing.
        """

    def bag(self, places: Any, left: int, words: Any) -> Any:
        """Draws one of the first ``left`` places for each word; the last one fills its gap."""

    def swap(self, columns: Any, rows: Any, new: Any, first: int) -> Any:
        """Takes rows out of columns of numbers, one after another; new ones take their places.

        Args:
          columns: Contiguous vectors of numbers, which are changed.
          rows: Which rows are taken.
          new: Columns of new rows, as many as are taken, or fewer.
          first: The row that the first new one takes before any is taken, or -1.
        """


def _make() -> Compiled | None:
    made: Compiled | None = hooks.call("compiled_draws")
    return made


class _Switch:
    """Counts draws, and asks for compiled code when there were enough."""

    def __init__(self) -> None:
        self.make: Callable[[], Compiled | None] | None = _make
        self._drawn = 0
        self._found: Compiled | None = None
        self._lock = threading.Lock()

    def __call__(self, count: int) -> Compiled | None:
        if self._found is None and self.make is not None:
            self._drawn += count
            if self._drawn > FEW and self._lock.acquire(blocking=False):
                try:
                    if self.make is not None:
                        self._found = self.make()
                        self.make = None
                finally:
                    self._lock.release()
        return self._found


#: Compiled code for so many more draws, or None if they are to be done in Python.
compiled = _Switch()
