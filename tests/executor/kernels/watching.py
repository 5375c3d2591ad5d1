"""Watching which runs kernels really do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from tidefall.compiler import fuse
from tidefall.executor import tiers
from tidefall.executor.kernels import engine
from tidefall.executor.kernels.binding import Bound
from tidefall.ir.plan import KERNEL, LOAD, Plan


@dataclass
class Watch:
    """What was compiled and bound.

    Attributes:
      plans: The plans.
      bound: The kernels bound to sessions.
    """

    plans: list[Plan] = field(default_factory=list)
    bound: list[Bound] = field(default_factory=list)

    @property
    def kernels(self) -> int:
        """How many kernels the plans have."""
        return sum(node.type == KERNEL for plan in self.plans for node in plan.nodes)

    @property
    def outside(self) -> set[str]:
        """Types of nodes that NumPy runs beside kernels, in runs that are fed."""
        types = {node.type for plan in self.plans if plan.feeds for node in plan.nodes}
        return types - {KERNEL, LOAD}

    @property
    def interpreted(self) -> int:
        """How many runs of kernels went node by node instead, in runs that are fed."""
        return sum(each.interpreted for each in self.bound if each._plan.feeds)


@contextmanager
def watching() -> Iterator[Watch]:
    """Watches what is compiled within."""
    watch = Watch()

    def bind(*arguments: object) -> Bound:
        bound = Bound(*arguments)  # type: ignore[arg-type]
        watch.bound.append(bound)
        return bound

    def compiled(seen: tiers.Compiled, function: object) -> object:
        watch.plans.append(seen.plan)
        return function

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fuse, "FEWEST_NODES", 1)
        patch.setattr(engine, "Bound", bind)
        patch.setattr(tiers, "watchers", [*tiers.watchers, compiled])
        yield watch
