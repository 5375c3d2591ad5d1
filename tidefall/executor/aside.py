"""Nodes that wait aside: they put something into a queue while the rest of their run goes on.

See `tidefall.compiler.waiting`. The call runs in a thread of its own; the run goes on when the
call has ended or has begun to wait, so that the order of what happens is always the same.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

from tidefall.core import runtime
from tidefall.executor import failures
from tidefall.executor.context import NodeContext
from tidefall.ir.plan import Node


class _Call(NodeContext):
    """A call that waits aside; it is its own `RunContext`."""

    __slots__ = ("condition", "error", "is_given_up", "node", "started", "thread")

    def __init__(self, context: NodeContext, node: Node) -> None:
        super().__init__(context.store, context.op)
        self.node = node
        self.started = threading.Event()
        self.condition: threading.Condition | None = None
        self.is_given_up = False
        self.error: BaseException | None = None

    def start(self, kernel: Callable[..., Any], args: Any, attrs: dict[str, Any]) -> None:
        """Begins the call; returns when it has ended or waits."""
        deadline = runtime.deadline()

        def body() -> None:
            try:
                with runtime.until(deadline):
                    kernel(args[0], self, *args[1:], **attrs)
            except Exception as error:
                self.error = failures.describe(error, self.node)
            finally:
                self.started.set()

        self.thread = threading.Thread(target=body, name=f"Aside-{self.node_name}", daemon=True)
        self.thread.start()
        self.started.wait()

    def cancelled(self) -> bool:
        """Whether the session was closed, or the run has failed."""
        return self.is_given_up or super().cancelled()

    def wait(self, condition: threading.Condition, ready: Callable[[], bool]) -> None:
        """Waits; the run goes on meanwhile."""
        self.condition = condition
        self.started.set()
        super().wait(condition, ready)

    def give_up(self) -> None:
        """Ends the call, since the run it belongs to has failed."""
        self.is_given_up = True
        condition = self.condition
        if condition is not None:
            with condition:
                condition.notify_all()


class Aside:
    """The calls of one run that wait aside. Leaving the context waits for them."""

    def __init__(self) -> None:
        self._calls: list[_Call] = []

    def call(
        self,
        node: Node,
        kernel: Callable[..., Any],
        xp: Any,
        context: NodeContext,
        *args: Any,
        **attrs: Any,
    ) -> None:
        """Begins a call of a node's kernel."""
        call = _Call(context, node)
        self._calls.append(call)
        call.start(kernel, (xp, *args), attrs)

    def __enter__(self) -> Aside:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            for call in self._calls:
                call.give_up()
        for call in self._calls:
            call.thread.join()
        for call in self._calls:
            if error is None and call.error is not None:
                raise call.error
