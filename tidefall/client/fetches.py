"""What a program asks a run to return: any nesting of tensors, operations and names."""

from __future__ import annotations

import collections.abc
from collections.abc import Callable
from typing import Any, NamedTuple

from tidefall.core.errors import InaccessibleTensorError
from tidefall.core.exports import export
from tidefall.ir.graph import Graph
from tidefall.ir.indexed_slices import IndexedSlices
from tidefall.ir.operation import Operation
from tidefall.ir.sparse_tensor import SparseTensor, SparseTensorValue
from tidefall.ir.tensor import Tensor


class IndexedSlicesValue(NamedTuple):
    """The value of a fetched `IndexedSlices`."""

    values: Any
    indices: Any
    dense_shape: Any


export("IndexedSlicesValue", "compat.v1.IndexedSlicesValue")(IndexedSlicesValue)


class Expansion(NamedTuple):
    """How a composite (sparse tensor, …) is fetched: its parts, and its value from theirs."""

    parts: Callable[[Any], list[Any]]
    build: Callable[..., Any]


EXPANSIONS: dict[type, Expansion] = {
    IndexedSlices: Expansion(
        lambda s: [s.values, s.indices] + ([] if s.dense_shape is None else [s.dense_shape]),
        lambda values, indices, shape=None: IndexedSlicesValue(values, indices, shape),
    ),
    SparseTensor: Expansion(lambda s: [s.indices, s.values, s.dense_shape], SparseTensorValue),
}


class Fetches:
    """One structure of fetches, resolved in a graph.

    Attributes:
      tensors: The tensors to compute, each once.
      targets: The operations to run, each once.
      expression: Source text that builds the result from ``{0}``, ``{1}``, … (the tensors).
      names: What the expression refers to besides.
    """

    def __init__(self, graph: Graph, fetches: Any) -> None:
        self.graph = graph
        self.tensors: list[Tensor] = []
        self.targets: list[Operation] = []
        self.names: dict[str, Any] = {}
        self._index: dict[Tensor, int] = {}
        self.expression = self._write(fetches)

    @property
    def key(self) -> Any:
        """What tells this structure from others; equal keys give equal results."""
        names = tuple(self.names.values())
        return (tuple(self.tensors), tuple(self.targets), self.expression, names)

    def _write(self, fetch: Any) -> str:
        expansion = EXPANSIONS.get(type(fetch))
        if expansion is not None:
            parts = ", ".join(self._write(part) for part in expansion.parts(fetch))
            return f"{self._name(expansion.build)}({parts})"
        if isinstance(fetch, list):
            return "[" + ", ".join(map(self._write, fetch)) + "]"
        if isinstance(fetch, tuple):
            return self._tuple(fetch)
        if isinstance(fetch, collections.abc.Mapping):
            items = ", ".join(f"({self._name(k)}, {self._write(v)})" for k, v in fetch.items())
            return f"{self._name(_mapping_type(fetch))}([{items}])"
        if hasattr(type(fetch), "__attrs_attrs__"):
            parts = ", ".join(
                self._write(getattr(fetch, a.name)) for a in type(fetch).__attrs_attrs__
            )
            return f"{self._name(type(fetch))}({parts})"
        return self._leaf(fetch)

    def _tuple(self, fetch: tuple[Any, ...]) -> str:
        parts = ", ".join(map(self._write, fetch))
        if hasattr(fetch, "_fields"):
            return f"{self._name(type(fetch))}({parts})"
        return f"({parts}{',' if len(fetch) == 1 else ''})"

    def _name(self, thing: Any) -> str:
        name = f"fetch_{len(self.names)}"
        self.names[name] = thing
        return name

    def _leaf(self, fetch: Any) -> str:
        if fetch is None:
            raise TypeError(
                "a fetch is None. Fetches are tensors, operations, their names, or lists, tuples "
                "and dictionaries of these; a function that should return a tensor may have "
                "forgotten its return statement."
            )
        element = self._element(fetch)
        if not self.graph.is_fetchable(element):
            raise InaccessibleTensorError(
                f"'{element.name}' cannot be fetched: it lies inside a loop, a branch or a "
                "function, or was marked with graph.prevent_fetching. Fetch what these return."
            )
        if isinstance(element, Operation):
            if element not in self.targets:
                self.targets.append(element)
            return "None"
        index = self._index.get(element)
        if index is None:
            index = self._index[element] = len(self.tensors)
            self.tensors.append(element)
        return f"{{{index}}}"

    def _element(self, fetch: Any) -> Any:
        try:
            return self.graph.as_graph_element(fetch)
        except TypeError as error:
            raise TypeError(
                f"{fetch!r} of type {type(fetch).__name__} cannot be fetched: it must be a tensor, "
                "an operation, or a name of one."
            ) from error
        except ValueError as error:
            raise ValueError(
                f"fetch {fetch!r} cannot be interpreted as a tensor: {error}"
            ) from error
        except KeyError as error:
            raise ValueError(
                f"fetch {fetch!r} cannot be interpreted as a tensor: {error.args[0]}"
            ) from error


def structure(fetches: Any, feed_dict: Any) -> Any:
    """A hashable form of nested fetches and the feeds' keys; None where there is none."""
    try:
        key = (_hashable(fetches), *(feed_dict or ()))
        hash(key)
    except TypeError:
        return None
    return key


def _hashable(fetch: Any) -> Any:
    if isinstance(fetch, (list, tuple)):
        return (type(fetch), *map(_hashable, fetch))
    if isinstance(fetch, dict):
        return (type(fetch), tuple(fetch), *map(_hashable, fetch.values()))
    return fetch


def _mapping_type(fetch: Any) -> Any:
    if isinstance(fetch, collections.defaultdict):
        return lambda items: collections.defaultdict(fetch.default_factory, items)
    return type(fetch)
