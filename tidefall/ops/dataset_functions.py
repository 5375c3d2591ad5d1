"""Datasets that call functions for their elements."""

from __future__ import annotations

from tidefall.core.dtypes import DType
from tidefall.core.shapes import Shape
from tidefall.ops.dataset_steps import dataset_op
from tidefall.ops.registry import (
    Bool,
    Func,
    Int32,
    Int64,
    Targuments,
    Tfinalize_func_other_arguments,
    Tinit_func_other_arguments,
    Tkey_func_other_arguments,
    Treduce_func_other_arguments,
    Tstate,
    Twindow_size_func_other_arguments,
    TypeList,
    Variant,
)


@dataset_op("MapDataset", Targuments=TypeList())
def map_dataset(
    input_dataset: Variant,
    other_arguments: list[Targuments],
    *,
    f: Func,
    output_types: list[DType],
    output_shapes: list[Shape],
    use_inter_op_parallelism: bool = True,
    preserve_cardinality: bool = False,
) -> Variant:
    """The results of a function for each element."""


@dataset_op("ParallelMapDataset", Targuments=TypeList())
def parallel_map_dataset(
    input_dataset: Variant,
    other_arguments: list[Targuments],
    num_parallel_calls: Int32,
    *,
    f: Func,
    output_types: list[DType],
    output_shapes: list[Shape],
    use_inter_op_parallelism: bool = True,
    sloppy: bool = False,
    preserve_cardinality: bool = False,
) -> Variant:
    """The results of a function for each element, in their order."""


@dataset_op("FilterDataset", Targuments=TypeList())
def filter_dataset(
    input_dataset: Variant,
    other_arguments: list[Targuments],
    *,
    predicate: Func,
    output_types: list[DType],
    output_shapes: list[Shape],
) -> Variant:
    """The elements for which a function is true."""


@dataset_op("FlatMapDataset", Targuments=TypeList())
def flat_map_dataset(
    input_dataset: Variant,
    other_arguments: list[Targuments],
    *,
    f: Func,
    output_types: list[DType],
    output_shapes: list[Shape],
) -> Variant:
    """The elements of the datasets that a function makes of each element."""


@dataset_op("InterleaveDataset", Targuments=TypeList())
def interleave_dataset(
    input_dataset: Variant,
    other_arguments: list[Targuments],
    cycle_length: Int64,
    block_length: Int64,
    *,
    f: Func,
    output_types: list[DType],
    output_shapes: list[Shape],
) -> Variant:
    """The elements of ``cycle_length`` such datasets at a time, in turns."""


@dataset_op("ParallelInterleaveDataset", Targuments=TypeList())
def parallel_interleave_dataset(
    input_dataset: Variant,
    other_arguments: list[Targuments],
    cycle_length: Int64,
    block_length: Int64,
    sloppy: Bool,
    buffer_output_elements: Int64,
    prefetch_input_elements: Int64,
    *,
    f: Func,
    output_types: list[DType],
    output_shapes: list[Shape],
) -> Variant:
    """As `InterleaveDataset`, with datasets that are read ahead."""


@dataset_op("ParallelInterleaveDatasetV2", Targuments=TypeList())
def parallel_interleave_dataset_v2(
    input_dataset: Variant,
    other_arguments: list[Targuments],
    cycle_length: Int64,
    block_length: Int64,
    num_parallel_calls: Int64,
    *,
    f: Func,
    output_types: list[DType],
    output_shapes: list[Shape],
    sloppy: bool = False,
) -> Variant:
    """As `InterleaveDataset`, with datasets that are read in parallel."""


@dataset_op("MapAndBatchDataset", Targuments=TypeList())
def map_and_batch_dataset(
    input_dataset: Variant,
    other_arguments: list[Targuments],
    batch_size: Int64,
    num_parallel_calls: Int64,
    drop_remainder: Bool,
    *,
    f: Func,
    output_types: list[DType],
    output_shapes: list[Shape],
    preserve_cardinality: bool = False,
) -> Variant:
    """Stacks of the results of a function."""


@dataset_op("ScanDataset", Tstate=TypeList(), Targuments=TypeList())
def scan_dataset(
    input_dataset: Variant,
    initial_state: list[Tstate],
    other_arguments: list[Targuments],
    *,
    f: Func,
    output_types: list[DType],
    output_shapes: list[Shape],
    preserve_cardinality: bool = False,
) -> Variant:
    """The results of a function that also passes a state from element to element."""


@dataset_op(
    "GroupByWindowDataset",
    Tkey_func_other_arguments=TypeList(),
    Treduce_func_other_arguments=TypeList(),
    Twindow_size_func_other_arguments=TypeList(),
)
def group_by_window_dataset(
    input_dataset: Variant,
    key_func_other_arguments: list[Tkey_func_other_arguments],
    reduce_func_other_arguments: list[Treduce_func_other_arguments],
    window_size_func_other_arguments: list[Twindow_size_func_other_arguments],
    *,
    key_func: Func,
    reduce_func: Func,
    window_size_func: Func,
    output_types: list[DType],
    output_shapes: list[Shape],
) -> Variant:
    """Elements that share a key, gathered in windows, each reduced to a dataset."""


@dataset_op(
    "ExperimentalGroupByReducerDataset",
    Tkey_func_other_arguments=TypeList(),
    Tinit_func_other_arguments=TypeList(),
    Treduce_func_other_arguments=TypeList(),
    Tfinalize_func_other_arguments=TypeList(),
)
def experimental_group_by_reducer_dataset(
    input_dataset: Variant,
    key_func_other_arguments: list[Tkey_func_other_arguments],
    init_func_other_arguments: list[Tinit_func_other_arguments],
    reduce_func_other_arguments: list[Treduce_func_other_arguments],
    finalize_func_other_arguments: list[Tfinalize_func_other_arguments],
    *,
    key_func: Func,
    init_func: Func,
    reduce_func: Func,
    finalize_func: Func,
    output_types: list[DType],
    output_shapes: list[Shape],
) -> Variant:
    """One element for each key: what its elements are reduced to."""


@dataset_op("TakeWhileDataset", Targuments=TypeList())
def take_while_dataset(
    input_dataset: Variant,
    other_arguments: list[Targuments],
    *,
    predicate: Func,
    output_types: list[DType],
    output_shapes: list[Shape],
) -> Variant:
    """The elements up to the first one for which a function is false."""
