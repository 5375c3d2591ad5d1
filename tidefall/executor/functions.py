"""Functions of a graph, run: each as a plan of its own, at tier 0, bound to a session."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from tidefall.compiler.pipeline import make_plan, simplify
from tidefall.core import hooks
from tidefall.executor.straightline import Nesting, Program
from tidefall.ir.function import Function
from tidefall.state.cells import Store
from tidefall.state.random_counters import RandomCounters

_programs: weakref.WeakKeyDictionary[Function, Program] = weakref.WeakKeyDictionary()


class _Instance:
    """A session's state, but with random streams of its own, as each iterator has them."""

    def __init__(self, store: Store, random: RandomCounters) -> None:
        self._store = store
        self.random = random

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def program(function: Function) -> Program:
    """The generated program of a function, which takes and returns arrays."""
    found = _programs.get(function)
    if found is None:
        plan = make_plan(function.inputs, function.outputs, function.effects)
        every = "".join(f"{{{index}}}, " for index in range(len(function.outputs)))
        found = Program(simplify(plan), [], f"({every})", {}, nesting=Nesting.UNLOCKED)
        _programs[function] = found
    return found


@hooks.install("function_calls")
class Calls:
    """The functions of one iterator: each is bound when it is first asked for.

    Args:
      store: The session's state.
    """

    def __init__(self, store: Store) -> None:
        self._store: Any = _Instance(store, RandomCounters())
        self._shared: dict[Any, Any] = {}
        self._bound: dict[Function, Callable[..., tuple[Any, ...]]] = {}

    def bind(self, function: Function) -> Callable[..., tuple[Any, ...]]:
        """The function to call with the values of arguments and captured tensors."""
        found = self._bound.get(function)
        if found is None:
            found = self._bound[function] = program(function).bind(self._store)
        return found

    def shared(self, key: Any, make: Callable[[], Any]) -> Any:
        """What all passes of the iterator over one dataset have in common."""
        if key not in self._shared:
            self._shared[key] = make()
        return self._shared[key]

    def cancelled(self) -> bool:
        """Whether the session was closed."""
        return bool(self._store.closed)

    def quiet(self) -> Any:
        """A block in which arithmetic warns of nothing, as in a run."""
        return np.errstate(all="ignore")
