"""`tf.data.experimental.make_csv_dataset`: CSV files with named columns, batched."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections import OrderedDict
from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.dtypes import DType
from tidefall.core.exports import export
from tidefall.data.dataset import Dataset
from tidefall.data.experimental import ignore_errors as skip_errors
from tidefall.data.file_datasets import CsvDataset, in_parallel
from tidefall.data.orders import shuffled_and_repeated
from tidefall.data.table_sources import paths_of
from tidefall.ops.constant import constant

_NUMBERS: tuple[tuple[DType, type], ...] = (
    (dtypes.int32, int), (dtypes.int64, int), (dtypes.float32, float), (dtypes.float64, float),
)  # fmt: skip


@export("data.experimental.make_csv_dataset", "contrib.data.make_csv_dataset")
def make_csv_dataset(
    file_pattern: Any,
    batch_size: Any,
    column_names: Any = None,
    column_defaults: Any = None,
    label_name: str | None = None,
    select_columns: Any = None,
    field_delim: str = ",",
    use_quote_delim: bool = True,
    na_value: str = "",
    header: bool = True,
    num_epochs: int | None = None,
    shuffle: bool = True,
    shuffle_buffer_size: int = 10000,
    shuffle_seed: int | None = None,
    prefetch_buffer_size: int | None = None,
    num_parallel_reads: int = 1,
    sloppy: bool = False,
    num_rows_for_inference: int | None = 100,
    compression_type: str | None = None,
    ignore_errors: bool = False,
) -> Dataset:
    """Batches of the rows of CSV files: dictionaries of columns, and the label beside them.

    Args:
      file_pattern: A name, a pattern, or a list of these.
      batch_size: How many rows make a batch.
      column_names: The names of all columns; read from the first line if None.
      column_defaults: For each wanted column a dtype or a default; found out if None.
      label_name: The column that is given beside the others.
      select_columns: The wanted columns, by name or number; all if None.
      field_delim: The character between two fields.
      use_quote_delim: Whether fields may stand in double quotes.
      na_value: A text that means that a field is missing.
      header: Whether files begin with a line of names.
      num_epochs: How often to read the files; for ever if None.
      shuffle: Whether rows come in random order.
      shuffle_buffer_size: From how many rows the next one is drawn.
      shuffle_seed: The seed of the order.
      prefetch_buffer_size: How many batches are made ahead.
      num_parallel_reads: How many files are read at a time.
      sloppy: Whether the order of files may change for the sake of speed.
      num_rows_for_inference: How many rows to look at to find out dtypes; all if None.
      compression_type: "GZIP", "ZLIB", or None.
      ignore_errors: Whether wrong rows are left out.
    """
    paths = paths_of(file_pattern)
    style = _Style(field_delim, use_quote_delim, na_value, header, compression_type)
    if column_names is None:
        if not header:
            raise ValueError("column_names are needed where files do not begin with names.")
        column_names = next(style.rows(paths[0], names=True))
    names = list(column_names)
    if len(set(names)) != len(names):
        raise ValueError(f"column names must differ from one another: {names}.")
    chosen = _selected(names, select_columns)
    if column_defaults is None:
        column_defaults = _inferred(style, paths, chosen, num_rows_for_inference)
    wanted = [names[number] for number in chosen]
    if label_name is not None and label_name not in wanted:
        raise ValueError(f"label_name {label_name!r} is not one of the columns {wanted}.")

    def filename_to_dataset(filename: Any) -> Dataset:
        dataset: Dataset = CsvDataset(
            filename, defaults, compression_type, None, header, field_delim,
            use_quote_delim, na_value, None if select_columns is None else chosen,
        )  # fmt: skip
        return dataset.apply(_without_errors) if ignore_errors else dataset

    def map_fn(*columns: Any) -> Any:
        features = OrderedDict(zip(wanted, columns, strict=True))
        if label_name is None:
            return features
        label = features.pop(label_name)
        return features, label

    files = Dataset.from_tensor_slices(paths)
    if shuffle:
        files = files.shuffle(len(paths), shuffle_seed)
    defaults = [_constant(each) for each in column_defaults]
    rows = in_parallel(files, filename_to_dataset, num_parallel_reads, sloppy=sloppy)
    rows = shuffled_and_repeated(rows, num_epochs, shuffle, shuffle_buffer_size, shuffle_seed)
    batches = rows.batch(batch_size, drop_remainder=num_epochs is None)
    ahead = 1 if prefetch_buffer_size is None else prefetch_buffer_size
    return batches._mapped(map_fn, None, inter_op=False, preserve_cardinality=False).prefetch(ahead)


def _without_errors(dataset: Dataset) -> Dataset:
    return skip_errors()(dataset)


class _Style:
    """How files are written."""

    def __init__(
        self, delimiter: str, quotes: bool, missing: str, header: bool, kind: str | None
    ) -> None:
        self._options: dict[str, Any] = {
            "delimiter": delimiter,
            "quoting": csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE,
        }
        self.missing = missing
        self._header = header
        self._kind = kind or ""

    def rows(self, path: str, names: bool = False) -> Any:
        """The fields of the lines of a file; of the line of names only if that is asked for."""
        if self._kind == "ZLIB":
            with open(path, "rb") as file:
                lines = zlib.decompress(file.read()).decode().splitlines()
            rows = iter(csv.reader(lines, **self._options))
            yield from self._after_names(rows, names)
            return
        opened = gzip.open(path, "rt") if self._kind == "GZIP" else open(path)  # noqa: SIM115
        with opened as text:
            yield from self._after_names(csv.reader(text, **self._options), names)

    def _after_names(self, rows: Any, names: bool) -> Any:
        if self._header and not names:
            next(rows, None)
        yield from rows


def _selected(names: list[str], select: Any) -> list[int]:
    """The numbers of the wanted columns."""
    if select is None:
        return list(range(len(names)))
    numbers = []
    for each in select:
        if isinstance(each, str) and each not in names:
            raise ValueError(f"there is no column {each!r}; the columns are {names}.")
        number = names.index(each) if isinstance(each, str) else int(each)
        if not 0 <= number < len(names):
            raise ValueError(f"there is no column {number}; there are {len(names)}.")
        numbers.append(number)
    if len(set(numbers)) != len(numbers):
        raise ValueError(f"columns must be selected once each: {list(select)}.")
    return sorted(numbers)


def _inferred(style: _Style, paths: list[str], chosen: list[int], most: int | None) -> list[Any]:
    """A default of the narrowest dtype that all looked-at values of each column have."""
    kinds = [0] * len(chosen)
    seen = 0
    for path in paths:
        for row in style.rows(path):
            if most is not None and seen >= most:
                break
            seen += 1
            for index, number in enumerate(chosen):
                kinds[index] = _kind_of(row[number], kinds[index], style.missing)
    return [_default(kind) for kind in kinds]


def _kind_of(text: str, least: int, missing: str) -> int:
    """The first dtype of `_NUMBERS` from ``least`` on that a text fits; beyond it, it is a text."""
    if text in ("", missing):
        return least
    for kind in range(least, len(_NUMBERS)):
        dtype, parse = _NUMBERS[kind]
        try:
            value = parse(text)
        except ValueError:
            continue
        if np.isinf(value) or dtype.min <= value <= dtype.max:
            return kind
    return len(_NUMBERS)


def _default(kind: int) -> Any:
    if kind == len(_NUMBERS):
        return np.array([b""], object)
    return np.zeros(1, _NUMBERS[kind][0].np_dtype)


def _constant(default: Any) -> Any:
    """What was found out, or a dtype, as a constant; a dtype is one without values."""
    if isinstance(default, DType):
        return constant([], default)
    return constant(default) if isinstance(default, np.ndarray) else default
