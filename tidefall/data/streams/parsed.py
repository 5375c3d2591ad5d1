"""Streams of parsed `Example` messages."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core.dtypes import as_dtype
from tidefall.data.streams.passing import Through
from tidefall.data.streams.stream import Element, stream
from tidefall.ops.dataset_steps import Step
from tidefall.ops.example_features import Dense, Examples, Sparse
from tidefall.ops.parsing import as_bytes
from tidefall.ops.texts import elements


@stream("ParseExampleDataset")
class Parsed(Through):
    """The features of vectors of serialized examples, in the order of their names."""

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        self.wide = False
        wanted: dict[bytes, Dense | Sparse] = {}
        for key, dtype in zip(step["sparse_keys"], step["sparse_types"], strict=True):
            wanted[as_bytes(key)] = Sparse(as_bytes(key), dtype)
        dense = zip(step["dense_keys"], step["dense_shapes"], step["dense_defaults"], strict=True)
        for key, shape, given in dense:
            default = np.asarray(given)
            name = as_bytes(key)
            wanted[name] = Dense(name, as_dtype(default.dtype), tuple(shape), default)
        self._wanted = [wanted[key] for key in sorted(wanted)]

    def next(self) -> Element:
        (serialized,) = self.input.next()
        examples = Examples(elements(serialized))
        return [_feature(examples, each) for each in self._wanted]


def _feature(examples: Examples, wanted: Dense | Sparse) -> Any:
    if isinstance(wanted, Dense):
        return examples.dense(wanted)
    parts = np.empty(3, object)
    for index, part in enumerate(examples.sparse(wanted)):
        parts[index] = np.array(part)
    return parts
