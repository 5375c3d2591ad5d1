"""The rows of queries as elements."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

import tidefall as tf
from tests.data.reading import elements


@pytest.fixture
def database(tmp_path: Path) -> str:
    path = str(tmp_path / "a b?.db")
    with sqlite3.connect(path) as made:
        made.execute("CREATE TABLE run (number INTEGER, name TEXT, x REAL)")
        rows = [(1, "one", 0.5), (2, "two", 2.0), (None, None, None), (300, "-7", 1e300)]
        made.executemany("INSERT INTO run VALUES (?, ?, ?)", rows)
    made.close()
    return path


def rows(path: str, query: str, types: Any, driver: str = "sqlite") -> list[Any]:
    dataset = tf.data.experimental.SqlDataset(driver, path, query, types)
    return elements(dataset.prefetch(1))


def test_rows_have_the_dtypes_that_are_asked_for(database: str) -> None:
    query = "SELECT name, number, x, number > 1 FROM run"
    found = rows(database, query, (tf.string, tf.int32, tf.float64, tf.bool))
    assert found == [
        (b"one", 1, 0.5, False), (b"two", 2, 2.0, True), (b"", 0, 0.0, False),
        (b"-7", 300, 1e300, True),
    ]  # fmt: skip
    assert [type(each).__name__ for each in found[0]] == ["bytes", "int32", "float64", "bool"]


def test_numbers_may_be_read_as_texts_and_texts_as_numbers(database: str) -> None:
    found = rows(database, "SELECT number, name FROM run WHERE x > 1e9", (tf.string, tf.int64))
    assert found == [(b"300", -7)]


@pytest.mark.parametrize(
    ("query", "types", "message"),
    [
        ("SELEC", (tf.string,), "syntax error"),
        ("SELECT a FROM others", (tf.string,), "no such table"),
        ("SELECT name FROM run", (tf.string, tf.string), "returns 1 columns"),
        ("SELECT name FROM run", (tf.int32,), "column 'name' has the value b'one'"),
        ("SELECT number FROM run WHERE x > 1e9", (tf.uint8,), "300, which does not fit"),
        ("SELECT name FROM run", (tf.complex64,), "not complex64"),
    ],
)
def test_what_is_wrong_is_said(database: str, query: str, types: Any, message: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        rows(database, query, types)


def test_only_sqlite_is_known_and_no_file_is_made(database: str, tmp_path: Path) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="'sqlite', not 'mysql'"):
        rows(database, "SELECT 1", tf.int32, driver="mysql")
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"missing\.db"):
        rows(str(tmp_path / "missing.db"), "SELECT 1", tf.int32)
    assert not (tmp_path / "missing.db").exists()
