"""Datasets over files."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

import tidefall as tf
from tests.data.reading import elements


def test_lines_of_files_one_after_another(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"one\r\n\ntwo")
    (tmp_path / "b").write_bytes(b"three\n")
    names = [str(tmp_path / "a"), str(tmp_path / "b")]
    assert elements(tf.data.TextLineDataset(names)) == [b"one", b"", b"two", b"three"]
    compressed = tmp_path / "c.gz"
    compressed.write_bytes(gzip.compress(b"x\ny\n"))
    lines = tf.data.TextLineDataset(str(compressed), compression_type="GZIP")
    assert elements(lines.skip(1)) == [b"y"]


def test_records_written_by_a_dataset_are_read_again(tmp_path: Path) -> None:
    path = str(tmp_path / "records")
    texts = tf.data.Dataset.from_tensor_slices(["a", "bb", ""])
    write = tf.data.experimental.TFRecordWriter(path).write(texts)
    with tf.Session() as session:
        session.run(write)
    assert elements(tf.data.TFRecordDataset([path])) == [b"a", b"bb", b""]
    assert len(elements(tf.data.TFRecordDataset([path, path], num_parallel_reads=2))) == 6


def test_a_truncated_record_file_gives_its_records_and_then_the_error(tmp_path: Path) -> None:
    path = tmp_path / "records"
    with tf.python_io.TFRecordWriter(str(path)) as writer:
        writer.write(b"first")
        writer.write(b"second")
    path.write_bytes(path.read_bytes()[:-3])
    following = tf.data.TFRecordDataset(str(path)).make_one_shot_iterator().get_next()
    with tf.Session() as session:
        assert session.run(following) == b"first"
        with pytest.raises(tf.errors.DataLossError, match="records"):
            session.run(following)


def test_pieces_of_one_size(tmp_path: Path) -> None:
    path = tmp_path / "pieces"
    path.write_bytes(b"HaabbccFF")
    data = tf.data.FixedLengthRecordDataset(str(path), 2, header_bytes=1, footer_bytes=2)
    assert elements(data) == [b"aa", b"bb", b"cc"]
    with pytest.raises(tf.errors.DataLossError, match="whole records of 4 bytes"):
        elements(tf.data.FixedLengthRecordDataset(str(path), 4))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(tf.errors.NotFoundError, match="absent"):
        elements(tf.data.TextLineDataset(str(tmp_path / "absent")))


def test_names_of_files_come_sorted_or_shuffled_with_a_seed(tmp_path: Path) -> None:
    for name in "abcdef":
        (tmp_path / f"{name}.txt").write_text(name)
    pattern = str(tmp_path / "*.txt")
    names = elements(tf.data.Dataset.list_files(pattern, shuffle=False))
    assert [name[-5:-4] for name in names] == [b"a", b"b", b"c", b"d", b"e", b"f"]
    shuffled = elements(tf.data.Dataset.list_files(pattern, seed=1))
    assert shuffled != names
    assert sorted(shuffled) == names
    with pytest.raises(tf.errors.InvalidArgumentError, match="No files matched"):
        elements(tf.data.Dataset.list_files(str(tmp_path / "*.csv")))


def test_values_of_a_csv_file_with_quotes_defaults_and_chosen_columns(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('n,x,s\n1,2.5,"a,""b"""\n2,,plain\n3,4.5,"two\nlines"\n')
    data = tf.data.experimental.CsvDataset(
        str(path), [[7.0], tf.string], header=True, select_cols=[1, 2]
    )
    assert elements(data) == [(2.5, b'a,"b"'), (7.0, b"plain"), (4.5, b"two\nlines")]
