"""The libraries that are compared, each behind one small interface.

This package also runs under Python 3.7, beside TensorFlow 1.15.
"""

from __future__ import annotations

import importlib
from typing import Any, Callable, Iterator, Sequence

from benchmarks.workloads import Data, Workload

Step = Callable[[int], float]

MODULES = {
    "torch": "torch_",
    "torch-compile": "torch_",
    "jax": "jax_",
    "keras": "keras_",
    "keras-jax": "keras_",
    "keras-torch": "keras_",
}


class NotOffered(Exception):
    """This provider has no such thing; the table shows "n/a"."""


class Provider:
    """One library. What it does not offer raises ``NotOffered``."""

    distributions: Sequence[str] = ()

    def __init__(self, name: str) -> None:
        self.name = name

    def train(self, w: Workload, data: Data) -> Step:
        """A function that carries out step number ``i`` and returns its loss (or result)."""
        raise NotOffered("no training")

    def initialize(self) -> None:
        """What must run once between ``train`` and the first step."""

    def chain(self, length: int) -> Iterator[dict[str, Any]]:
        """A chain of ``length`` operations and its gradient: built, then run."""
        raise NotOffered("no graph to build")

    def adds(self, length: int) -> Callable[[], Any]:
        """A function that builds ``length`` chained additions and returns what keeps them."""
        raise NotOffered("no graph to build")

    def small_graph(self) -> None:
        """Builds a small graph, runs it in a session of its own, and lets go of both."""
        raise NotOffered("no graph to build")

    def pipe(self, what: str, paths: list[str], columns: int, batch: int) -> dict[str, Any]:
        """Reads all rows through an input pipeline."""
        raise NotOffered("no input pipeline")


def load(name: str) -> Provider:
    """The provider called ``name``; an unknown name is a module with the TF1 graph API."""
    module = importlib.import_module("benchmarks.providers." + MODULES.get(name, "tf1"))
    provider: Provider = module.Library(name)
    return provider


def drain(batches: Any, seconds: Callable[[], float]) -> dict[str, Any]:
    """Consumes (x, label) batches; rows per second and the sums that prove none was lost."""
    rows, labels, first = 0, 0, 0.0
    start = seconds()
    for x, label in batches:
        rows += len(label)
        labels += int(label.sum())
        first += float(x[:, 0].sum())
    return {"rows_per_s": rows / (seconds() - start), "check": [rows, labels, first]}
