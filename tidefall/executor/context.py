"""The session's side of one node's execution: what `RunContext` promises to stateful kernels."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from tidefall.core import hooks
from tidefall.core.runtime import wait_until
from tidefall.ir.operation import Operation
from tidefall.state.cells import Store


class NodeContext:
    """`RunContext` for one node in one session.

    Attributes:
      store: The session's state.
      op: The node's operation.
    """

    __slots__ = ("op", "store")

    def __init__(self, store: Store, op: Operation) -> None:
        self.store = store
        self.op = op

    @property
    def node_name(self) -> str:
        """The node's name."""
        return self.op._name

    def resource(self, key: Any, make: Callable[[], Any]) -> Any:
        """The session's object for ``key``, made by ``make`` when first asked for."""
        return self.store.resource(key, make)

    def random(self, seed: int, seed2: int, outputs: int, blocks_per_output: int = 256) -> Any:
        """The node's random stream at its present counter, which moves on by ``outputs``."""
        return self.store.random.reserve(self.op._name, seed, seed2, outputs, blocks_per_output)

    def calls(self) -> Any:
        """The functions of a new iterator, with random streams of their own."""
        return hooks.call("function_calls", self.store)

    def cancelled(self) -> bool:
        """Whether the session was closed."""
        return self.store.closed

    def wait(self, condition: threading.Condition, ready: Callable[[], bool]) -> None:
        """Waits until ``ready()`` while ``condition`` is held and notified of changes."""
        wait_until(condition, ready, self.cancelled)
