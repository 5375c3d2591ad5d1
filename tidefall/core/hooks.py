"""The one table of calls that go from a lower layer to a higher one.

``Tensor.__add__`` lives in ``ir`` and needs an op of ``ops``; ``Tensor.eval`` needs a session of
``client``. The higher layer installs its function here; the lower one calls it by name. So is
called what not every program needs, such as the search for kernels: the first call imports it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from tidefall.core import index
from tidefall.core.tables import Table

Function = TypeVar("Function", bound=Callable[..., Any])

_table: Table[Callable[..., Any]] = Table(index.HOOKS)


def install(name: str) -> Callable[[Function], Function]:
    """Makes the decorated function the answer to ``hooks.call(name, …)``."""

    def register(function: Function) -> Function:
        _table.add(name, function)
        return function

    return register


def get(name: str) -> Callable[..., Any]:
    """The function installed under ``name``; its module is imported if it is not yet."""
    try:
        return _table[name]
    except KeyError:
        raise AssertionError(f"nothing is installed for {name!r}; is the index fresh?") from None


def call(name: str, *args: Any, **kwargs: Any) -> Any:
    """Calls the function installed under ``name``."""
    return get(name)(*args, **kwargs)
