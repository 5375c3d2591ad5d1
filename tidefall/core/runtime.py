"""What a stateful kernel is given of its world.

Most kernels are pure functions of arrays. Those that draw random numbers, own a resource or
call Python get a `RunContext` beside the array namespace. The executor implements it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


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

    def cancelled(self) -> bool:
        """Whether the run was cancelled or the session closed; blocking kernels look often."""
