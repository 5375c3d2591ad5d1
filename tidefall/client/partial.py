"""`Session.partial_run`: one step of the graph, fed and fetched in several goes."""

from __future__ import annotations

from typing import Any

from tidefall.client.fetches import Fetches
from tidefall.compiler import prune
from tidefall.core import errors
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor


class PartialRun:
    """What is known of a step that was begun.

    Each operation runs at most once in a step: what earlier goes computed is fed to later ones.

    Attributes:
      fetches: Tensors and operations that may still be fetched.
      feeds: Tensors that may still be fed.
      known: The values computed or fed so far.
      done: The operations that have run.
    """

    def __init__(self, wanted: Fetches, feeds: list[Tensor]) -> None:
        self.fetches: set[Any] = {*wanted.tensors, *wanted.targets}
        self.feeds = set(feeds)
        self._all_feeds = set(feeds)
        self.known: dict[Tensor, Any] = {}
        self.done: set[Operation] = set()

    def begin(self, wanted: Fetches, feeds: dict[Tensor, Any]) -> list[Tensor]:
        """Checks one go and returns the tensors whose values must be kept for later ones.

        Raises:
          InvalidArgumentError: If something is fetched or fed that was not announced, or twice,
            or if something that is needed was not fed.
        """
        every: list[Any] = [*wanted.tensors, *wanted.targets]
        for element in every:
            if element not in self.fetches:
                raise _invalid(
                    f"'{element.name}' was not among the fetches of partial_run_setup, or was "
                    "fetched already."
                )
        for tensor in feeds:
            if tensor not in self.feeds:
                raise _invalid(
                    f"'{tensor.name}' was not among the feeds of partial_run_setup, or was fed "
                    "already."
                )
        self.feeds.difference_update(feeds)
        self.fetches.difference_update(wanted.tensors, wanted.targets)
        self.known.update(feeds)
        fed = set(self.known)
        ops = prune.needed(wanted.tensors, wanted.targets, fed) - self.done
        for op in ops:
            missing = self._all_feeds.intersection(op._outputs) - fed
            if missing:
                name = next(iter(missing)).name
                raise _invalid(f"'{name}' must be fed before what was asked for can be computed.")
        self.done.update(op for op in ops if op.type != "Const" and not _is_variable(op))
        return self._read_later()

    def _read_later(self) -> list[Tensor]:
        """What the operations that have run computed and later goes need."""
        tensors = [each for each in self.fetches if not isinstance(each, Operation)]
        targets = [each for each in self.fetches if isinstance(each, Operation)]
        later = prune.needed(tensors, targets, self._all_feeds, self.done)
        read = dict.fromkeys(tensors)
        for op in sorted(later, key=lambda op: op._id):
            read.update(dict.fromkeys(op._inputs))
        return [each for each in read if each._op in self.done and each not in self.known]


def _invalid(message: str) -> errors.OpError:
    return errors.InvalidArgumentError(None, None, message)


def _is_variable(op: Operation) -> bool:
    return op.type in ("VariableV2", "Variable", "VarHandleOp")
