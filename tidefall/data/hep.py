"""`tf.hep`: the files of particle physics, and other tables, as datasets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tidefall.core.exports import export
from tidefall.data.table_sources import (
    ROWS,
    ArraySource,
    ArrowSource,
    ParquetSource,
    RootSource,
    paths_of,
)
from tidefall.data.tables import Source, TableDataset, View

Columns = Sequence[str] | Mapping[str, str] | None


def _view(
    source: Source,
    columns: Columns,
    cut: str | None,
    weight: str | None,
    padded: Mapping[str, int] | None,
    dtype: Any,
) -> View:
    """The rows and columns that a program asks for."""
    padded = padded or {}
    if columns is None:
        known = source.columns()
        chosen = {
            name: name
            for name, kind in known.items()
            if not isinstance(kind, list) or name in padded
        }
    elif isinstance(columns, Mapping):
        chosen = dict(columns)
    else:
        chosen = {name: name for name in columns}
    if weight is not None:
        chosen["weight"] = weight
    return View(source, chosen, cut, padded, dtype)


@export("hep.RootDataset")
class RootDataset(TableDataset):
    """The entries of a tree in ROOT files, in order.

    Files are read in chunks, the next one while the last one is used, so they may be larger than
    memory.

    Args:
      files: A name, a pattern such as ``"data/*.root"``, or a list of these.
      tree: The name of the tree; may be left out where the files have only one.
      branches: The branches that are wanted; or a dictionary from names to formulas of branches,
        such as ``{"pt": "hypot(px, py)"}``; or None for all of numbers.
      cut: A formula; only entries for which it is true are given: ``"njet >= 2 and met > 30"``.
      weight: A formula for the weight of an event, which becomes the column "weight".
      padded: For branches of lists their length: ``{"jet_pt": 4}``. Longer lists are cut, shorter
        ones filled with zeros, and the column ``jet_pt_mask`` tells which numbers are real.
      dtype: What all numbers are converted to; None leaves them.
      chunk_rows: How many entries are read at once.

    Raises:
      NotFoundError: If there is no such file or tree.
      ValueError: If there is no such branch, or a formula is wrong.
    """

    def __init__(
        self,
        files: Any,
        tree: str | None = None,
        branches: Columns = None,
        cut: str | None = None,
        weight: str | None = None,
        padded: Mapping[str, int] | None = None,
        dtype: Any = None,
        chunk_rows: int = ROWS,
    ) -> None:
        source = RootSource(paths_of(files), tree, chunk_rows)
        super().__init__(_view(source, branches, cut, weight, padded, dtype))


@export("hep.ParquetDataset")
class ParquetDataset(TableDataset):
    """The rows of Parquet files, in order; the files may be larger than memory.

    Args:
      files: A name, a pattern, or a list of these.
      columns: The columns that are wanted, or formulas by name, or None for all.
      cut: A formula; only rows for which it is true are given.
      weight: A formula for the weight of a row, which becomes the column "weight".
      padded: For columns of lists, their length.
      dtype: What all numbers are converted to; None leaves them.
      chunk_rows: How many rows are read at once.
    """

    def __init__(
        self,
        files: Any,
        columns: Columns = None,
        cut: str | None = None,
        weight: str | None = None,
        padded: Mapping[str, int] | None = None,
        dtype: Any = None,
        chunk_rows: int = ROWS,
    ) -> None:
        source = ParquetSource(paths_of(files), chunk_rows)
        super().__init__(_view(source, columns, cut, weight, padded, dtype))


@export("hep.ArrowDataset")
class ArrowDataset(TableDataset):
    """The rows of a ``pyarrow.Table``.

    Args:
      table: The table.
      columns: The columns that are wanted, or formulas by name, or None for all.
      cut: A formula; only rows for which it is true are given.
      weight: A formula for the weight of a row, which becomes the column "weight".
      padded: For columns of lists, their length.
      dtype: What all numbers are converted to; None leaves them.
    """

    def __init__(
        self,
        table: Any,
        columns: Columns = None,
        cut: str | None = None,
        weight: str | None = None,
        padded: Mapping[str, int] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(_view(ArrowSource(table), columns, cut, weight, padded, dtype))


@export("hep.DataFrameDataset")
class DataFrameDataset(TableDataset):
    """The rows of a pandas ``DataFrame``, or of a dictionary of arrays.

    Args:
      frame: The data frame.
      columns: The columns that are wanted, or formulas by name, or None for all.
      cut: A formula; only rows for which it is true are given.
      weight: A formula for the weight of a row, which becomes the column "weight".
      dtype: What all numbers are converted to; None leaves them.
    """

    def __init__(
        self,
        frame: Any,
        columns: Columns = None,
        cut: str | None = None,
        weight: str | None = None,
        dtype: Any = None,
    ) -> None:
        source = ArraySource({str(name): frame[name] for name in frame})
        super().__init__(_view(source, columns, cut, weight, None, dtype))
