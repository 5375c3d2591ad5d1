"""Datasets made of other datasets."""

from __future__ import annotations

from tidefall.core.dtypes import DType
from tidefall.core.shapes import Shape
from tidefall.ops.dataset_steps import dataset_op
from tidefall.ops.registry import Bool, Int64, String, Tdense, Toutput_types, TypeList, Variant


@dataset_op("ZipDataset")
def zip_dataset(
    input_datasets: list[Variant], *, output_types: list[DType], output_shapes: list[Shape]
) -> Variant:
    """Tuples of one element of each dataset, until the first one ends."""


@dataset_op("ConcatenateDataset")
def concatenate_dataset(
    input_dataset: Variant,
    another_dataset: Variant,
    *,
    output_types: list[DType],
    output_shapes: list[Shape],
) -> Variant:
    """The elements of one dataset, then those of another."""


@dataset_op("RepeatDataset")
def repeat_dataset(
    input_dataset: Variant, count: Int64, *, output_types: list[DType], output_shapes: list[Shape]
) -> Variant:
    """The elements ``count`` times over; for ever if it is -1."""


@dataset_op("TakeDataset")
def take_dataset(
    input_dataset: Variant, count: Int64, *, output_types: list[DType], output_shapes: list[Shape]
) -> Variant:
    """The first ``count`` elements; all if it is -1."""


@dataset_op("SkipDataset")
def skip_dataset(
    input_dataset: Variant, count: Int64, *, output_types: list[DType], output_shapes: list[Shape]
) -> Variant:
    """What comes after the first ``count`` elements; nothing if it is -1."""


@dataset_op("ShardDataset")
def shard_dataset(
    input_dataset: Variant,
    num_shards: Int64,
    index: Int64,
    *,
    output_types: list[DType],
    output_shapes: list[Shape],
    require_non_empty: bool = False,
) -> Variant:
    """Every ``num_shards``-th element, from ``index`` on."""


@dataset_op("BatchDatasetV2")
def batch_dataset_v2(
    input_dataset: Variant,
    batch_size: Int64,
    drop_remainder: Bool,
    *,
    output_types: list[DType],
    output_shapes: list[Shape],
    parallel_copy: bool = False,
) -> Variant:
    """Stacks of ``batch_size`` elements."""


@dataset_op("PaddedBatchDatasetV2", Toutput_types=TypeList())
def padded_batch_dataset_v2(
    input_dataset: Variant,
    batch_size: Int64,
    padded_shapes: list[Int64],
    padding_values: list[Toutput_types],
    drop_remainder: Bool,
    *,
    output_shapes: list[Shape],
    parallel_copy: bool = False,
) -> Variant:
    """Stacks of ``batch_size`` elements, which are padded to one shape."""


@dataset_op("UnbatchDataset")
def unbatch_dataset(
    input_dataset: Variant, *, output_types: list[DType], output_shapes: list[Shape]
) -> Variant:
    """The rows of each element, one element each."""


@dataset_op("WindowDataset")
def window_dataset(
    input_dataset: Variant,
    size: Int64,
    shift: Int64,
    stride: Int64,
    drop_remainder: Bool,
    *,
    output_types: list[DType],
    output_shapes: list[Shape],
) -> Variant:
    """Datasets of ``size`` elements, each beginning ``shift`` after the one before."""


@dataset_op("ShuffleDataset")
def shuffle_dataset(
    input_dataset: Variant,
    buffer_size: Int64,
    seed: Int64,
    seed2: Int64,
    *,
    output_types: list[DType],
    output_shapes: list[Shape],
    reshuffle_each_iteration: bool = True,
) -> Variant:
    """The elements in random order, drawn from a buffer."""


@dataset_op("ShuffleAndRepeatDataset")
def shuffle_and_repeat_dataset(
    input_dataset: Variant,
    buffer_size: Int64,
    seed: Int64,
    seed2: Int64,
    count: Int64,
    *,
    output_types: list[DType],
    output_shapes: list[Shape],
) -> Variant:
    """The elements in random order, ``count`` times over."""


@dataset_op("CacheDataset")
def cache_dataset(
    input_dataset: Variant,
    filename: String,
    *,
    output_types: list[DType],
    output_shapes: list[Shape],
) -> Variant:
    """The elements, which are kept in memory or a file for the next pass."""


@dataset_op("PrefetchDataset")
def prefetch_dataset(
    input_dataset: Variant,
    buffer_size: Int64,
    *,
    output_types: list[DType],
    output_shapes: list[Shape],
    slack_period: int = 0,
    legacy_autotune: bool = True,
) -> Variant:
    """The elements, made ahead of time."""


@dataset_op("DenseToSparseBatchDataset")
def dense_to_sparse_batch_dataset(
    input_dataset: Variant,
    batch_size: Int64,
    row_shape: Int64,
    *,
    output_types: list[DType],
    output_shapes: list[Shape],
) -> Variant:
    """Sparse stacks of ``batch_size`` elements of various sizes."""


@dataset_op("IgnoreErrorsDataset")
def ignore_errors_dataset(
    input_dataset: Variant, *, output_types: list[DType], output_shapes: list[Shape]
) -> Variant:
    """The elements, without those that could not be computed."""


@dataset_op("UniqueDataset")
def unique_dataset(
    input_dataset: Variant, *, output_types: list[DType], output_shapes: list[Shape]
) -> Variant:
    """The elements that were not met before."""


@dataset_op("DirectedInterleaveDataset")
def directed_interleave_dataset(
    selector_input_dataset: Variant,
    data_input_datasets: list[Variant],
    *,
    output_types: list[DType],
    output_shapes: list[Shape],
) -> Variant:
    """The next element of the dataset that ``selector_input_dataset`` names."""


@dataset_op("OptimizeDataset")
def optimize_dataset(
    input_dataset: Variant,
    optimizations: String,
    *,
    output_types: list[DType],
    output_shapes: list[Shape],
    optimization_configs: list[str] = [],  # noqa: B006
) -> Variant:
    """The same elements, made in a better way."""


@dataset_op("ModelDataset")
def model_dataset(
    input_dataset: Variant,
    *,
    output_types: list[DType],
    output_shapes: list[Shape],
    algorithm: int = 0,
    cpu_budget: int = 0,
) -> Variant:
    """The same elements; their making is watched."""


@dataset_op("ParseExampleDataset", Tdense=TypeList())
def parse_example_dataset(
    input_dataset: Variant,
    num_parallel_calls: Int64,
    dense_defaults: list[Tdense],
    *,
    sparse_keys: list[str],
    dense_keys: list[str],
    sparse_types: list[DType],
    dense_shapes: list[Shape],
    output_types: list[DType],
    output_shapes: list[Shape],
    sloppy: bool = False,
) -> Variant:
    """Vectors of serialized ``Example`` messages, parsed."""


@dataset_op("AssertNextDataset")
def assert_next_dataset(
    input_dataset: Variant,
    transformations: String,
    *,
    output_types: list[DType],
    output_shapes: list[Shape],
) -> Variant:
    """The same elements."""


@dataset_op("NonSerializableDataset")
def non_serializable_dataset(
    input_dataset: Variant, *, output_types: list[DType], output_shapes: list[Shape]
) -> Variant:
    """The same elements; the state of an iterator cannot be saved."""


@dataset_op("SleepDataset")
def sleep_dataset(
    input_dataset: Variant,
    sleep_microseconds: Int64,
    *,
    output_types: list[DType],
    output_shapes: list[Shape],
) -> Variant:
    """The elements, each after a pause."""


@dataset_op("BytesProducedStatsDataset")
def bytes_produced_stats_dataset(
    input_dataset: Variant, tag: String, *, output_types: list[DType], output_shapes: list[Shape]
) -> Variant:
    """The same elements; their sizes are recorded."""


@dataset_op("LatencyStatsDataset")
def latency_stats_dataset(
    input_dataset: Variant, tag: String, *, output_types: list[DType], output_shapes: list[Shape]
) -> Variant:
    """The same elements; the time each takes is recorded."""


@dataset_op("PrivateThreadPoolDataset")
def private_thread_pool_dataset(
    input_dataset: Variant,
    num_threads: Int64,
    *,
    output_types: list[DType],
    output_shapes: list[Shape],
) -> Variant:
    """The same elements, made by threads of their own."""


@dataset_op("MaxIntraOpParallelismDataset")
def max_intra_op_parallelism_dataset(
    input_dataset: Variant,
    max_intra_op_parallelism: Int64,
    *,
    output_types: list[DType],
    output_shapes: list[Shape],
) -> Variant:
    """The same elements, made with so many threads for an operation."""
