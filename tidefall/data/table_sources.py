"""Where tables come from: ROOT trees, Parquet files, Arrow tables, data frames, arrays.

Files are read in chunks, so that one may be larger than memory. The libraries that read them are
imported when a table of their kind is first made.
"""

from __future__ import annotations

import glob
import importlib
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tidefall.core import errors
from tidefall.data.tables import Chunk, Jagged

#: Rows in a chunk, unless the program says otherwise.
ROWS = 1 << 17


def library(name: str) -> Any:
    """A library of the extra ``hep``.

    Raises:
      ImportError: If it is not installed; says how to get it.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(f"this needs the library {name}: pip install 'tidefall[hep]'") from error


def paths_of(files: Any) -> list[str]:
    """The names of files, patterns among them replaced by what they match, sorted.

    Raises:
      NotFoundError: If a file does not exist, or nothing matches a pattern.
    """
    given = [files] if isinstance(files, (str, bytes, os.PathLike)) else list(files)
    found: list[str] = []
    for each in given:
        path = os.fspath(each)
        path = path.decode() if isinstance(path, bytes) else path
        matches = sorted(glob.glob(path)) if glob.has_magic(path) else [path]
        if not matches or not os.path.exists(matches[0]):
            raise errors.NotFoundError(None, None, f"there is no file '{path}'.")
        found += matches
    return found


class RootSource:
    """The entries of a tree in ROOT files.

    Args:
      paths: The files.
      tree: The name of the tree; None where the files have only one.
      rows: How many entries to read at once.
    """

    def __init__(self, paths: list[str], tree: str | None, rows: int = ROWS) -> None:
        self._uproot = library("uproot")
        self._paths = paths
        self._rows = rows
        self._tree = self._only_tree() if tree is None else tree
        self._columns: dict[str, Any] | None = None

    def _only_tree(self) -> str:
        with self._uproot.open(self._paths[0]) as file:
            trees = file.keys(cycle=False, filter_classname=["TTree", "*RNTuple*"])
        if len(set(trees)) != 1:
            raise ValueError(
                f"'{self._paths[0]}' has {len(set(trees))} trees: {', '.join(sorted(set(trees)))}. "
                "Say which one with tree=…."
            )
        return str(trees[0])

    def columns(self) -> dict[str, Any]:
        if self._columns is None:
            with self._opened(self._paths[0]) as tree:
                kinds = _root_kinds(tree)
            self._columns = {name: kind for name, kind in kinds.items() if kind is not None}
        return self._columns

    def _opened(self, path: str) -> Any:
        try:
            file = self._uproot.open(path)
        except (OSError, ValueError) as error:
            raise errors.DataLossError(
                None, None, f"{path}; it is no ROOT file: {error}"
            ) from error
        if self._tree not in file:
            names = ", ".join(file.keys(cycle=False))
            file.close()
            raise errors.NotFoundError(
                None, None, f"{path}; there is no tree '{self._tree}', but {names or 'nothing'}."
            )
        return file[self._tree]

    def chunks(self, names: Sequence[str]) -> Iterator[Chunk]:
        for path in self._paths:
            with self._opened(path) as tree:
                missing = [name for name in names if name not in tree]
                if missing:
                    raise errors.NotFoundError(
                        None, None, f"{path}; tree '{self._tree}' has no branch '{missing[0]}'."
                    )
                yield from self._chunks_of(path, tree, list(names))

    def _chunks_of(self, path: str, tree: Any, names: list[str]) -> Iterator[Chunk]:
        kinds = self.columns()
        lists = any(isinstance(kinds[name], list) for name in names)
        parts = tree.iterate(names, step_size=self._rows, library="ak" if lists else "np")
        given = 0
        while True:
            try:
                part = next(parts, None)
                if part is None:
                    return
                chunk = {name: _column(part[name], kinds[name]) for name in names}
            except Exception as error:
                message = f"{path}; the entries from {given} on cannot be read: {error}"
                raise errors.DataLossError(None, None, message) from error
            given += len(part[names[0]])
            yield chunk


def _root_kinds(tree: Any) -> dict[str, Any]:
    """The kind of each branch (or field) of a tree."""
    if not hasattr(next(iter(tree.values()), None), "interpretation"):  # an RNTuple
        fields = tree.arrays(entry_stop=0, library="ak")
        return {name: _awkward_kind(fields[name].type.content) for name in fields.fields}
    return {name: _root_kind(branch.interpretation) for name, branch in tree.items()}


def _awkward_kind(kind: Any) -> Any:
    """The dtype of numbers, in a list where they are lists; None for others."""
    lists = type(kind).__name__ == "ListType"
    name = getattr(kind.content if lists else kind, "primitive", None)
    if name is None or np.dtype(name).kind not in "fiub":
        return None
    return [np.dtype(name)] if lists else np.dtype(name)


def _root_kind(interpretation: Any) -> Any:
    """The dtype of a branch's numbers, in a list where its entries are lists; None for others."""
    content = getattr(interpretation, "content", None)
    kind = interpretation if content is None else content
    dtype = getattr(kind, "to_dtype", getattr(kind, "numpy_dtype", None))
    if dtype is None or not isinstance(dtype, np.dtype) or dtype.kind not in "fiub":
        return None
    shape = getattr(dtype, "shape", ())
    if shape:
        return None
    native = dtype.newbyteorder("=")
    return native if content is None else [native]


def _column(array: Any, kind: Any) -> Any:
    """What uproot read, in the machine's byte order."""
    if isinstance(array, np.ndarray) and not isinstance(kind, list):
        return np.asarray(array, kind)
    awkward = library("awkward")
    if isinstance(kind, list):
        content = np.asarray(awkward.to_numpy(awkward.flatten(array)), kind[0])
        return Jagged(content, np.asarray(awkward.num(array), np.int64))
    return np.asarray(awkward.to_numpy(array), kind)


class ParquetSource:
    """The rows of Parquet files.

    Args:
      paths: The files.
      rows: How many rows to read at once.
    """

    def __init__(self, paths: list[str], rows: int = ROWS) -> None:
        self._parquet = library("pyarrow.parquet")
        self._arrow = library("pyarrow")
        self._paths = paths
        self._rows = rows
        with self._opened(paths[0]) as file:
            self._columns = arrow_kinds(file.schema_arrow)

    def columns(self) -> dict[str, Any]:
        return self._columns

    def _opened(self, path: str) -> Any:
        try:
            # What is buffered beforehand would be kept until the file is closed.
            return self._parquet.ParquetFile(path, pre_buffer=False)
        except self._arrow.ArrowInvalid as error:
            message = f"{path}; it is no Parquet file: {error}"
            raise errors.DataLossError(None, None, message) from error

    def chunks(self, names: Sequence[str]) -> Iterator[Chunk]:
        for path in self._paths:
            with self._opened(path) as file:
                known = file.schema_arrow.names
                for name in names:
                    if name not in known:
                        raise errors.NotFoundError(None, None, f"{path}; no column '{name}'.")
                try:
                    for batch in file.iter_batches(self._rows, columns=list(names)):
                        yield of_record_batch(batch, path, own=True)
                except (self._arrow.ArrowInvalid, OSError) as error:
                    message = f"{path}; its rows cannot be read: {error}"
                    raise errors.DataLossError(None, None, message) from error


class ArrowSource:
    """The rows of an Arrow table in memory.

    Args:
      table: A ``pyarrow.Table``.
      rows: How many rows make a chunk.
    """

    def __init__(self, table: Any, rows: int = ROWS) -> None:
        self._table = table
        self._rows = rows

    def columns(self) -> dict[str, Any]:
        return arrow_kinds(self._table.schema)

    def chunks(self, names: Sequence[str]) -> Iterator[Chunk]:
        chosen = self._table.select(list(names))
        for batch in chosen.to_batches(max_chunksize=self._rows):
            yield of_record_batch(batch, "the table")


def arrow_kinds(schema: Any) -> dict[str, Any]:
    """The columns of a schema that hold numbers, texts, or lists of numbers."""
    types = library("pyarrow").types
    kinds: dict[str, Any] = {}
    for field in schema:
        kind = field.type
        lists = types.is_list(kind) or types.is_large_list(kind)
        inner = kind.value_type if lists else kind
        dtype: Any = None
        if types.is_integer(inner) or types.is_floating(inner) or types.is_boolean(inner):
            dtype = np.dtype(inner.to_pandas_dtype())
        elif not lists and (types.is_string(inner) or types.is_large_string(inner)):
            dtype = np.dtype(object)
        if dtype is not None:
            kinds[field.name] = [dtype] if lists else dtype
    return kinds


def of_record_batch(batch: Any, where: str, own: bool = False) -> Chunk:
    """The columns of a batch of rows as NumPy arrays.

    Args:
      batch: The batch.
      where: Where it is from, for messages.
      own: Whether nobody else uses its memory, so that it may be written.

    Raises:
      InvalidArgumentError: If a value is missing.
    """
    return {name: _of_arrow(batch.column(name), name, where, own) for name in batch.schema.names}


class _Memory:
    """The numbers of an Arrow column, for NumPy to read and write."""

    def __init__(self, column: Any, dtype: Any) -> None:
        self._column = column  # which keeps the memory
        start = column.buffers()[1].address + column.offset * dtype.itemsize
        self.__array_interface__ = {
            "data": (start, False), "shape": (len(column),), "typestr": dtype.str, "version": 3,
        }  # fmt: skip


def _of_arrow(column: Any, name: str, where: str, own: bool) -> Any:
    if column.null_count:
        row = column.is_null().to_pylist().index(True)
        raise errors.InvalidArgumentError(
            None, None, f"{where}: column '{name}' has no value in a row (row {row} of its chunk)."
        )
    if hasattr(column, "flatten") and hasattr(column, "value_lengths"):
        content = column.flatten().to_numpy(zero_copy_only=False)
        return Jagged(content, column.value_lengths().to_numpy(zero_copy_only=False))
    array = column.to_numpy(zero_copy_only=False)
    if array.dtype.kind in "OU":
        texts = np.empty(len(array), object)
        texts[:] = [each.encode() if isinstance(each, str) else each for each in array]
        return texts
    if own and not array.flags.writeable and array.dtype.kind in "fiu":
        return np.asarray(_Memory(column, array.dtype))
    return array


class ArraySource:
    """Columns that lie in memory.

    Args:
      columns: Arrays by name, equally long.
      rows: How many rows make a chunk.
    """

    def __init__(self, columns: Mapping[str, Any], rows: int = ROWS) -> None:
        self._arrays = {name: _as_column(name, value) for name, value in columns.items()}
        self._rows = rows
        sizes = {name: len(array) for name, array in self._arrays.items()}
        if len(set(sizes.values())) > 1:
            raise ValueError(f"the columns have different numbers of rows: {sizes}.")
        self._size = next(iter(sizes.values()), 0)

    def columns(self) -> dict[str, Any]:
        return {name: array.dtype for name, array in self._arrays.items()}

    def chunks(self, names: Sequence[str]) -> Iterator[Chunk]:
        for start in range(0, self._size, self._rows):
            stop = start + self._rows
            yield {name: self._arrays[name][start:stop].copy() for name in names}


def _as_column(name: str, value: Any) -> Any:
    array = np.asarray(value)
    if array.dtype.kind in "OUS":
        texts = np.empty(len(array), object)
        for index, each in enumerate(array):
            if not isinstance(each, (str, bytes)):
                raise ValueError(
                    f"column '{name}' holds {each!r} in row {index}; columns are numbers or texts."
                )
            texts[index] = each.encode() if isinstance(each, str) else bytes(each)
        return texts
    if array.ndim != 1:
        raise ValueError(f"column '{name}' must be a vector, not of shape {array.shape}.")
    return array
