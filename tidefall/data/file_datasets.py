"""Datasets over files: lines, records, pieces of one size, and the names of files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tidefall.core import dtypes, hooks
from tidefall.core.exports import export
from tidefall.data.dataset import Dataset, flat_attrs
from tidefall.data.element_spec import TensorSpec
from tidefall.data.scalars import scalar
from tidefall.flow.assertion import assert_true
from tidefall.ir.conversion import convert
from tidefall.ir.graph import get_default_graph
from tidefall.ir.tensor import Tensor
from tidefall.ops import dataset_functions as functions
from tidefall.ops import dataset_sources as sources
from tidefall.ops.array import identity, reshape
from tidefall.ops.array import shape as shape_of
from tidefall.ops.compare import greater
from tidefall.ops.files import matching_files
from tidefall.ops.math import add, maximum
from tidefall.ops.string_joining import reduce_join

_TEXT = TensorSpec((), dtypes.string)
_BUFFER = 256 * 1024


def _text(value: Any, name: str) -> Tensor:
    return scalar("" if value is None else value, name, dtypes.string)


class _FileDataset(Dataset):
    """The elements of several files, one text each; each file is opened by a function.

    Args:
      filenames: One or more names.
      open_one: Makes a dataset's tensor of a name, a kind of compression and a number of bytes
        to read at once.
      compression_type: "GZIP", "ZLIB", or "" for none.
      buffer_size: How many bytes to read at once.
      num_parallel_reads: How many files to read at a time.
    """

    def __init__(
        self,
        filenames: Any,
        open_one: Callable[[Any, Tensor, Tensor], Tensor],
        compression_type: Any,
        buffer_size: Any,
        num_parallel_reads: Any,
    ) -> None:
        def read_one_file(filename: Any) -> Dataset:
            kind = _text(compression_type, "compression_type")
            size = scalar(_BUFFER if buffer_size is None else buffer_size, "buffer_size")
            return Dataset(open_one(filename, kind, size), _TEXT)

        names = _flat_names(filenames)
        if num_parallel_reads is None:
            made = names.flat_map(read_one_file)
        else:
            made = in_parallel(names, read_one_file, num_parallel_reads)
        super().__init__(made._variant_tensor, made._spec, names)


def _flat_names(filenames: Any) -> Dataset:
    """The names of files as a dataset."""
    if isinstance(filenames, Dataset):
        if not _TEXT.is_compatible_with(filenames._spec):
            raise TypeError(f"filenames must be texts, not {filenames._spec!r}.")
        return filenames
    names = convert(filenames, dtypes.string)
    return Dataset.from_tensor_slices(reshape(names, [-1], name="flat_filenames"))


def in_parallel(
    dataset: Dataset,
    function: Callable[..., Any],
    cycle_length: Any,
    block_length: Any = 1,
    sloppy: Any = False,
    buffer_output_elements: Any = None,
    prefetch_input_elements: Any = None,
) -> Dataset:
    """The elements of datasets that a function makes, in turns, read ahead."""
    traced = dataset._to_dataset(function, "tf.data.experimental.parallel_interleave()")
    buffered = 2 * block_length if buffer_output_elements is None else buffer_output_elements
    ahead = 2 * cycle_length if prefetch_input_elements is None else prefetch_input_elements
    return dataset._then(
        functions.parallel_interleave_dataset,
        traced.captured,
        scalar(cycle_length, "cycle_length"),
        scalar(block_length, "block_length"),
        scalar(sloppy, "sloppy", dtypes.bool_),
        scalar(buffered, "buffer_output_elements"),
        scalar(ahead, "prefetch_input_elements"),
        f=traced.function,
        spec=traced.output._element_spec,
    )


@export("data.TextLineDataset", "contrib.data.TextLineDataset")
class TextLineDataset(_FileDataset):
    """The lines of text files.

    Args:
      filenames: One or more names.
      compression_type: "GZIP", "ZLIB", or "" for none.
      buffer_size: How many bytes to read at once.
      num_parallel_reads: How many files to read at a time.
    """

    def __init__(
        self,
        filenames: Any,
        compression_type: Any = None,
        buffer_size: Any = None,
        num_parallel_reads: Any = None,
    ) -> None:
        super().__init__(
            filenames, sources.text_line_dataset, compression_type, buffer_size, num_parallel_reads
        )


@export("data.TFRecordDataset", "contrib.data.TFRecordDataset")
class TFRecordDataset(_FileDataset):
    """The records of record files.

    Args:
      filenames: One or more names.
      compression_type: "GZIP", "ZLIB", or "" for none.
      buffer_size: How many bytes to read at once.
      num_parallel_reads: How many files to read at a time.
    """

    def __init__(
        self,
        filenames: Any,
        compression_type: Any = None,
        buffer_size: Any = None,
        num_parallel_reads: Any = None,
    ) -> None:
        super().__init__(
            filenames, sources.tf_record_dataset, compression_type, buffer_size, num_parallel_reads
        )


@export("data.FixedLengthRecordDataset", "contrib.data.FixedLengthRecordDataset")
class FixedLengthRecordDataset(_FileDataset):
    """Pieces of one size in binary files.

    Args:
      filenames: One or more names.
      record_bytes: The size of a piece.
      header_bytes: How many bytes at the beginning of a file to skip.
      footer_bytes: How many at the end.
      buffer_size: How many bytes to read at once.
      compression_type: "GZIP", "ZLIB", or "" for none.
      num_parallel_reads: How many files to read at a time.
    """

    def __init__(
        self,
        filenames: Any,
        record_bytes: Any,
        header_bytes: Any = None,
        footer_bytes: Any = None,
        buffer_size: Any = None,
        compression_type: Any = None,
        num_parallel_reads: Any = None,
    ) -> None:
        def open_one(filename: Any, kind: Tensor, size: Tensor) -> Any:
            record = scalar(record_bytes, "record_bytes")
            header = scalar(header_bytes or 0, "header_bytes")
            footer = scalar(footer_bytes or 0, "footer_bytes")
            return sources.fixed_length_record_dataset_v2(
                filename, header, record, footer, size, kind
            )

        super().__init__(filenames, open_one, compression_type, buffer_size, num_parallel_reads)


@export("data.experimental.CsvDataset", "contrib.data.CsvDataset")
class CsvDataset(Dataset):
    """The fields of lines of comma-separated values.

    Args:
      filenames: One or more names.
      record_defaults: For each field a dtype if it must be there, or the value where it is not.
      compression_type: "GZIP", "ZLIB", or "" for none.
      buffer_size: How many bytes to read at once.
      header: Whether the first line of a file is to be skipped.
      field_delim: The character between two fields.
      use_quote_delim: Whether fields may stand in double quotes.
      na_value: A text that means that the field is missing.
      select_cols: The numbers of the fields that are wanted, in increasing order; all if None.
    """

    def __init__(
        self,
        filenames: Any,
        record_defaults: Any,
        compression_type: Any = None,
        buffer_size: Any = None,
        header: Any = False,
        field_delim: Any = ",",
        use_quote_delim: Any = True,
        na_value: Any = "",
        select_cols: Any = None,
    ) -> None:
        names = convert(filenames, dtypes.string, "filenames")
        kind = _text(compression_type, "compression_type")
        defaults = [_default(value, index) for index, value in enumerate(record_defaults)]
        size = scalar(4 * 1024 * 1024 if buffer_size is None else buffer_size, "buffer_size")
        spec = tuple([TensorSpec((), each.dtype.base_dtype) for each in defaults])
        variant = sources.csv_dataset(
            names,
            kind,
            size,
            scalar(header, "header", dtypes.bool_),
            _text(field_delim, "field_delim"),
            scalar(use_quote_delim, "use_quote_delim", dtypes.bool_),
            _text(na_value, "na_value"),
            convert([] if select_cols is None else select_cols, dtypes.int64, "select_cols"),
            defaults,
            output_shapes=flat_attrs(spec)["output_shapes"],
        )
        super().__init__(variant, spec)


def _default(value: Any, index: int) -> Tensor:
    """A default as a tensor: empty, of the dtype, for a field that must be there."""
    if not isinstance(value, dtypes.DType):
        return convert(value, None, f"record_defaults_{index}")  # type: ignore[no-any-return]
    return convert(np.empty(0, value.np_dtype), value)  # type: ignore[no-any-return]


@hooks.install("list_files")
def list_files(file_pattern: Any, shuffle: bool | None, seed: Any) -> Dataset:
    """See `Dataset.list_files`."""
    with get_default_graph().name_scope("list_files"):
        pattern = convert(file_pattern, dtypes.string, "file_pattern")
        names = matching_files(pattern)
        found = _not_empty(names, pattern)
        dataset = Dataset.from_tensor_slices(found)
        if shuffle is None or shuffle:
            count = maximum(shape_of(found, out_type=dtypes.int64)[0], np.int64(1))
            dataset = dataset.shuffle(count, seed=seed)
        return dataset


def _not_empty(names: Tensor, pattern: Tensor) -> Tensor:
    """The names, after a check that there are some."""
    condition = greater(shape_of(names)[0], 0, name="match_not_empty")
    message = add(
        "No files matched pattern: ", reduce_join(pattern, separator=", "), name="message"
    )
    check = assert_true(condition, [message], summarize=1, name="assert_not_empty")
    with get_default_graph().control_dependencies([check]):
        return identity(names)  # type: ignore[no-any-return]
