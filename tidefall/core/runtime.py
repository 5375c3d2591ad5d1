"""What a stateful kernel is given of its world.

Most kernels are pure functions of arrays. Those that draw random numbers, own a resource or
call Python get a `RunContext` beside the array namespace. The executor implements it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from tidefall.core import errors


class RunContext(Protocol):
    """The session's side of one node's execution."""

    @property
    def node_name(self) -> str:
        """The name of the node that runs."""

    def resource(self, key: Any, make: Callable[[], Any]) -> Any:
        """The session's object for ``key`` (a queue, …), made by ``make`` when first asked for."""

    def random(self, seed: int, seed2: int, outputs: int, blocks_per_output: int = 256) -> Any:
        """Reserves random numbers for ``outputs`` values from the node's stream.

        The stream is made of blocks of 128 bits; each value may use as many as are said.
        """

    def calls(self) -> Any:
        """The functions of a new iterator: ``calls.bind(function)`` is what runs one."""

    def cancelled(self) -> bool:
        """Whether the run was cancelled or the session closed; blocking kernels look often."""

    def wait(self, condition: threading.Condition, ready: Callable[[], bool]) -> None:
        """Waits until ``ready()``; ``condition``, which is held, is notified of changes.

        Raises:
          CancelledError: If the run is cancelled first. Whoever cancels notifies the condition.
          DeadlineExceededError: If the run has a time limit and it is reached.
        """


class _Limit(threading.local):
    """When the run of this thread must have ended, on the monotonic clock."""

    deadline: float | None = None


_limit = _Limit()


def time_limit(seconds: float) -> AbstractContextManager[None]:
    """Runs of this thread inside the block have so many seconds to wait."""
    return until(time.monotonic() + seconds)


def deadline() -> float | None:
    """When the run of this thread must have ended, on the monotonic clock; None for never."""
    return _limit.deadline


@contextmanager
def until(deadline: float | None) -> Iterator[None]:
    """Runs of this thread inside the block have to end by then."""
    before = _limit.deadline
    _limit.deadline = deadline
    try:
        yield
    finally:
        _limit.deadline = before


def wait_until(
    condition: threading.Condition, ready: Callable[[], bool], cancelled: Callable[[], bool]
) -> None:
    """Waits, holding ``condition``, until ``ready()``; what `RunContext.wait` promises.

    Raises:
      CancelledError, DeadlineExceededError: See there.
    """
    while not ready():
        if cancelled():
            raise errors.CancelledError(
                None, None, "the run was cancelled while it waited, since its session was closed."
            )
        deadline = _limit.deadline
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            raise errors.DeadlineExceededError(
                None, None, "the time limit of the run was reached while it waited."
            )
        condition.wait(left)
