"""Streams over the rows that a query of a database returns."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Generator
from contextlib import closing
from typing import Any
from urllib.parse import quote

from tidefall.core import dtypes
from tidefall.core.dtypes import DType
from tidefall.data.streams.stream import Counted, Element, End, as_bytes, as_text, stream
from tidefall.ops.dataset_steps import Step

_INTEGERS = (
    dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64, dtypes.uint8, dtypes.uint16,
)  # fmt: skip
_TYPES = (*_INTEGERS, dtypes.string, dtypes.float64, dtypes.bool_)


@stream("SqlDataset")
class QueryRows(Counted):
    """The rows of one query."""

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        driver = as_bytes(step["driver_name"]).decode()
        if driver != "sqlite":
            raise ValueError(f"the driver of a database must be 'sqlite', not {driver!r}.")
        self._path = os.fsdecode(as_bytes(step["data_source_name"]))
        self._query = as_bytes(step["query"]).decode()
        self._types: list[DType] = list(step["output_types"])
        for each in self._types:
            if each not in _TYPES:
                names = ", ".join(known.name for known in _TYPES)
                raise ValueError(f"columns of a query may be {names}, but not {each.name}.")
        self.begin()

    def begin(self) -> None:
        self._rows = self._selected()

    def _selected(self) -> Generator[Element, None, None]:
        # A file that does not exist would be made, were it not opened for reading only.
        address = f"file:{quote(self._path)}?mode=ro"
        try:
            with closing(sqlite3.connect(address, uri=True, check_same_thread=False)) as database:
                database.text_factory = bytes
                cursor = database.execute(self._query)
                self._check(len(cursor.description or ()))
                for row in cursor:
                    yield [
                        _value(value, dtype, column[0])
                        for value, dtype, column in zip(
                            row, self._types, cursor.description, strict=True
                        )
                    ]
        except sqlite3.Error as error:
            raise ValueError(
                f"the database {self._path} cannot answer {self._query!r}: {error}."
            ) from error

    def _check(self, columns: int) -> None:
        if columns != len(self._types):
            raise ValueError(
                f"the query {self._query!r} returns {columns} columns, but output_types has "
                f"{len(self._types)}; they must be equally many."
            )

    def next(self) -> Element:
        row = next(self._rows, None)
        if row is None:
            raise End
        self.given += 1
        return row

    def close(self) -> None:
        self._rows.close()


def _value(value: Any, dtype: DType, column: str) -> Any:
    """A value of a column; what is missing is zero, or the empty text."""
    if dtype is dtypes.string:
        return as_text(_text(value))
    if value is None:
        return dtype.np_dtype.type(0)
    try:
        number = float(value) if dtype is dtypes.float64 else int(value)
    except ValueError:
        raise ValueError(
            f"column '{column}' has the value {value!r}, which is not of dtype {dtype.name}."
        ) from None
    if dtype in _INTEGERS and not dtype.min <= number <= dtype.max:
        raise ValueError(
            f"column '{column}' has the value {number}, which does not fit into {dtype.name}."
        )
    return dtype.np_dtype.type(number)


def _text(value: Any) -> bytes:
    if value is None:
        return b""
    return value if isinstance(value, bytes) else str(value).encode()
