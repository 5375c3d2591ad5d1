"""CSV files with named columns."""

from __future__ import annotations

from pathlib import Path

import pytest

import tidefall as tf


def _file(folder: Path, text: str) -> str:
    path = folder / "table.csv"
    path.write_text(text)
    return str(path)


def test_columns_are_named_and_typed_by_what_the_file_says(tmp_path: Path) -> None:
    path = _file(tmp_path, "a,b,c\n1,2.5,x\n3,,y\n5,6.5,z\n")
    with tf.Graph().as_default():
        data = tf.data.experimental.make_csv_dataset(
            path, 2, label_name="c", shuffle=False, num_epochs=1
        )
        features, label = data.make_one_shot_iterator().get_next()
        assert [each.dtype for each in features.values()] == [tf.int32, tf.float32]
        with tf.Session() as session:
            assert session.run(features["a"]).tolist() == [1, 3]
            found = session.run([features["a"], features["b"], label])
            assert [each.tolist() for each in found] == [[5], [6.5], [b"z"]]


def test_wrong_lines_are_named_or_left_out(tmp_path: Path) -> None:
    path = _file(tmp_path, "a,b\n1,2\n3,x\n5,6\n")
    for ignore in (False, True):
        with tf.Graph().as_default(), tf.Session() as session:
            data = tf.data.experimental.make_csv_dataset(
                path, 3, column_defaults=[tf.int32, tf.int32], shuffle=False, num_epochs=1,
                ignore_errors=ignore,
            )  # fmt: skip
            row = data.make_one_shot_iterator().get_next()["a"]
            if ignore:
                assert session.run(row).tolist() == [1, 5]
                continue
            with pytest.raises(tf.errors.InvalidArgumentError, match=r"table\.csv, line 3"):
                session.run(row)


def test_an_unknown_column_is_refused(tmp_path: Path) -> None:
    path = _file(tmp_path, "a,b\n1,2\n")
    with tf.Graph().as_default(), pytest.raises(ValueError, match="no column 'z'"):
        tf.data.experimental.make_csv_dataset(path, 3, select_columns=["z"])
