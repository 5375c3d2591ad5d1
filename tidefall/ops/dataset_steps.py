"""What a dataset is while a graph runs: a `Step`, the description of how its elements are made.

An op that makes a dataset does not touch any element. Its result is its own type and arguments,
among them the steps of the datasets it is made of; so the whole pipeline is a tree of plain
objects, which an iterator reads, simplifies and runs.

    @dataset_op("TakeDataset")
    def take_dataset(input_dataset: Variant, count: Int64, *, …) -> Variant:
        "The first elements."
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from tidefall.core.runtime import RunContext
from tidefall.core.shapes import Shape
from tidefall.ir.opdef import HOST, OpDef
from tidefall.ops.registry import op

_SCALAR = Shape(())
_LEADING = [
    inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in ("xp", "run")
]


class Step:
    """One dataset, described.

    Attributes:
      type: The type of the op that made it.
      node_name: The name of its node.
      args: Inputs and attributes, by name. Inputs that are datasets are steps themselves.
    """

    __slots__ = ("__weakref__", "args", "array", "node_name", "type")

    def __init__(self, kind: str, node_name: str, args: dict[str, Any]) -> None:
        self.type = kind
        self.node_name = node_name
        self.args = args
        self.array: Any = np.array(self, object)

    def __getitem__(self, name: str) -> Any:
        return self.args[name]

    def with_args(self, **args: Any) -> Step:
        """The same step with some other arguments."""
        return Step(self.type, self.node_name, {**self.args, **args})

    def __repr__(self) -> str:
        return f"<dataset '{self.node_name}' ({self.type})>"


def as_step(value: Any) -> Any:
    """The step in a value of dtype variant; every other value as it is."""
    if isinstance(value, list):
        return [as_step(item) for item in value]
    item = value[()] if isinstance(value, np.ndarray) and value.dtype.kind == "O" else value
    return item if isinstance(item, Step) else value


def dataset_op(
    type_name: str, stateful: bool = False, **details: Any
) -> Callable[[Callable[..., Any]], OpDef]:
    """Turns a signature with a docstring into an op whose result describes a dataset.

    Args:
      type_name: TensorFlow's name of the op type.
      stateful: Whether TensorFlow calls the op stateful.
      **details: What `registry.op` takes besides.
    """

    def declare(signature_of: Callable[..., Any]) -> OpDef:
        signature = inspect.signature(signature_of)
        names = list(signature.parameters)
        positional = [
            name for name, p in signature.parameters.items() if p.kind is not p.KEYWORD_ONLY
        ]

        def kernel(xp: Any, run: RunContext, *inputs: Any, **attrs: Any) -> Any:
            args = {name: as_step(value) for name, value in zip(positional, inputs, strict=True)}
            return Step(type_name, run.node_name, {**args, **attrs}).array

        def declared() -> inspect.Signature:
            parameters = [*_LEADING, *[signature.parameters[name] for name in names]]
            return signature.replace(parameters=parameters)

        kernel.declared = declared  # type: ignore[attr-defined]
        kernel.__doc__ = signature_of.__doc__
        made = op(type_name, runs_on=HOST, stateful=True, outputs=("handle",), **details)(kernel)
        made.shape(_scalar)
        return made

    return declare


def _scalar(*inputs: Any) -> Shape:
    return _SCALAR
