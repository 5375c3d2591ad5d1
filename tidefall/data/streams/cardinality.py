"""How many elements a dataset has, as far as that is known without making them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tidefall.data.streams.stream import as_number
from tidefall.ops.dataset_steps import Step

INFINITE = -1
UNKNOWN = -2


def size_of(step: Step) -> int:
    """The number of elements, `INFINITE` or `UNKNOWN`."""
    rule = _RULES.get(step.type)
    return UNKNOWN if rule is None else rule(step)


def _same(step: Step) -> int:
    return size_of(step["input_dataset"])


def _range(step: Step) -> int:
    return len(range(*[as_number(step[name]) for name in ("start", "stop", "step")]))


def _repeat(step: Step) -> int:
    size, count = _same(step), as_number(step["count"])
    if count == 0 or size == 0:
        return 0
    if count < 0:
        return INFINITE
    return size * count if size >= 0 else size


def _take(step: Step) -> int:
    size, count = _same(step), as_number(step["count"])
    if count < 0 or size == UNKNOWN:
        return size
    return count if size == INFINITE else min(size, count)


def _skip(step: Step) -> int:
    size, count = _same(step), as_number(step["count"])
    if count < 0:
        return 0
    return max(size - count, 0) if size >= 0 else size


def _shard(step: Step) -> int:
    size, shards, index = _same(step), as_number(step["num_shards"]), as_number(step["index"])
    return size if size < 0 else max(0, -(-(size - index) // shards))


def _batch(step: Step) -> int:
    size, rows = _same(step), as_number(step["batch_size"])
    if size < 0:
        return size
    whole = "drop_remainder" in step.args and bool(step["drop_remainder"])
    return size // rows if whole else -(-size // rows)


def _zip(step: Step) -> int:
    sizes = [size_of(each) for each in step["input_datasets"]]
    if UNKNOWN in sizes:
        return UNKNOWN
    finite = [size for size in sizes if size >= 0]
    return min(finite) if finite else INFINITE


def _concatenate(step: Step) -> int:
    sizes = size_of(step["input_dataset"]), size_of(step["another_dataset"])
    if INFINITE in sizes:
        return INFINITE
    return UNKNOWN if UNKNOWN in sizes else sum(sizes)


_RULES: dict[str, Callable[[Step], Any]] = {
    "TensorDataset": lambda step: 1,
    "TensorSliceDataset": lambda step: len(np.asarray(step["components"][0])),
    "RangeDataset": _range,
    "RandomDataset": lambda step: INFINITE,
    "RepeatDataset": _repeat,
    "ShuffleAndRepeatDataset": _repeat,
    "TakeDataset": _take,
    "SkipDataset": _skip,
    "ShardDataset": _shard,
    "BatchDatasetV2": _batch,
    "PaddedBatchDatasetV2": _batch,
    "DenseToSparseBatchDataset": _batch,
    "SparseTensorSliceDataset": lambda step: int(np.asarray(step["dense_shape"])[0]),
    "ZipDataset": _zip,
    "ConcatenateDataset": _concatenate,
    **dict.fromkeys(
        (
            "MapDataset", "ParallelMapDataset", "ShuffleDataset", "CacheDataset",
            "PrefetchDataset", "OptimizeDataset", "ModelDataset", "ScanDataset",
            "ParseExampleDataset", "BytesProducedStatsDataset", "LatencyStatsDataset",
        ),
        _same,
    ),
}  # fmt: skip
