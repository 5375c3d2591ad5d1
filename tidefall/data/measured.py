"""`bytes_produced_stats` and `latency_stats`.

What they would tell goes to an aggregator, of which there is none here; so nothing is recorded, as
in TensorFlow where a dataset has no aggregator.
"""

from __future__ import annotations

from typing import Any

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.data.dataset import Dataset
from tidefall.data.experimental import Transformation
from tidefall.ir.conversion import convert
from tidefall.ops import dataset_transforms as transforms


@export("data.experimental.bytes_produced_stats", "contrib.data.bytes_produced_stats")
def bytes_produced_stats(tag: Any) -> Transformation:
    """The same elements; marks where their sizes would be recorded under ``tag``."""
    return lambda dataset: _marked(dataset, transforms.bytes_produced_stats_dataset, tag)


@export("data.experimental.latency_stats", "contrib.data.latency_stats")
def latency_stats(tag: Any) -> Transformation:
    """The same elements; marks where the time each takes would be recorded under ``tag``."""
    return lambda dataset: _marked(dataset, transforms.latency_stats_dataset, tag)


def _marked(dataset: Dataset, op: Any, tag: Any) -> Dataset:
    return dataset._then(op, convert(tag, dtypes.string))
