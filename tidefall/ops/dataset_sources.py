"""Datasets that read arrays and files, or draw numbers."""

from __future__ import annotations

from tidefall.core.dtypes import DType
from tidefall.core.shapes import Shape
from tidefall.ops.dataset_steps import dataset_op
from tidefall.ops.registry import (
    Bool,
    Func,
    Int64,
    String,
    Tfinalize_func_args,
    Tinit_func_args,
    Tnext_func_args,
    Toutput_types,
    Tvalues,
    TypeList,
    Variant,
    output_types,
)


@dataset_op("TensorDataset", Toutput_types=TypeList())
def tensor_dataset(components: list[Toutput_types], *, output_shapes: list[Shape]) -> Variant:
    """One element: the components."""


@dataset_op("TensorSliceDataset", Toutput_types=TypeList())
def tensor_slice_dataset(components: list[Toutput_types], *, output_shapes: list[Shape]) -> Variant:
    """The components' rows, one element each."""


@dataset_op("SparseTensorSliceDataset")
def sparse_tensor_slice_dataset(indices: Int64, values: Tvalues, dense_shape: Int64) -> Variant:
    """The rows of a sparse tensor, each as indices, values and shape."""


@dataset_op("RangeDataset")
def range_dataset(
    start: Int64, stop: Int64, step: Int64, *, output_types: list[DType], output_shapes: list[Shape]
) -> Variant:
    """The integers from ``start`` to ``stop``, which is excluded."""


@dataset_op(
    "GeneratorDataset",
    Tinit_func_args=TypeList(),
    Tnext_func_args=TypeList(),
    Tfinalize_func_args=TypeList(),
)
def generator_dataset(
    init_func_other_args: list[Tinit_func_args],
    next_func_other_args: list[Tnext_func_args],
    finalize_func_other_args: list[Tfinalize_func_args],
    *,
    init_func: Func,
    next_func: Func,
    finalize_func: Func,
    output_types: list[DType],
    output_shapes: list[Shape],
) -> Variant:
    """What ``next_func`` returns, again and again, until it says that it is at its end."""


@dataset_op("RandomDataset")
def random_dataset(
    seed: Int64, seed2: Int64, *, output_types: list[DType], output_shapes: list[Shape]
) -> Variant:
    """Random integers of 32 bits, without end."""


@dataset_op("TextLineDataset")
def text_line_dataset(filenames: String, compression_type: String, buffer_size: Int64) -> Variant:
    """The lines of files."""


@dataset_op("TFRecordDataset")
def tf_record_dataset(filenames: String, compression_type: String, buffer_size: Int64) -> Variant:
    """The records of files."""


@dataset_op("FixedLengthRecordDatasetV2")
def fixed_length_record_dataset_v2(
    filenames: String,
    header_bytes: Int64,
    record_bytes: Int64,
    footer_bytes: Int64,
    buffer_size: Int64,
    compression_type: String,
) -> Variant:
    """Records of one length in files."""


@dataset_op("CSVDataset", output_types=TypeList())
def csv_dataset(
    filenames: String,
    compression_type: String,
    buffer_size: Int64,
    header: Bool,
    field_delim: String,
    use_quote_delim: Bool,
    na_value: String,
    select_cols: Int64,
    record_defaults: list[output_types],
    *,
    output_shapes: list[Shape],
) -> Variant:
    """The lines of files of comma-separated values, each split into its fields."""


@dataset_op("SqlDataset")
def sql_dataset(
    driver_name: String,
    data_source_name: String,
    query: String,
    *,
    output_types: list[DType],
    output_shapes: list[Shape],
) -> Variant:
    """The rows that a query of a database returns."""


@dataset_op("TableDataset")
def table_dataset(*, token: str, output_types: list[DType], output_shapes: list[Shape]) -> Variant:
    """The rows of a table of this process, which a token names."""
