"""`RecordInput`: the records of files in random order, again and again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import tidefall as tf


def files(folder: Path) -> str:
    for number in range(3):
        with tf.python_io.TFRecordWriter(str(folder / f"part{number}")) as writer:
            for index in range(4):
                writer.write(b"%d" % (4 * number + index))
    return str(folder / "part*")


def batches(count: int, **options: Any) -> list[list[int]]:
    records = tf.raw_ops.RecordInput(**options)
    assert records.shape.as_list() == [options["batch_size"]]
    with tf.Session() as session:
        return [[int(each) for each in session.run(records)] for _ in range(count)]


def test_each_epoch_has_all_records_in_another_order(tmp_path: Path) -> None:
    options = {"file_pattern": files(tmp_path), "batch_size": 4, "file_buffer_size": 5}
    found = [number for batch in batches(6, **options) for number in batch]
    assert sorted(found[:12]) == sorted(found[12:]) == list(range(12))
    assert found[:12] != list(range(12))
    assert found[:12] != found[12:]
    again = [number for batch in batches(6, **options) for number in batch]
    assert again == found
    other = batches(3, file_random_seed=5, **options)
    assert sorted(number for batch in other for number in batch) == list(range(12))
    assert other != [found[:4], found[4:8], found[8:12]]


def test_batches_go_over_the_end_of_an_epoch(tmp_path: Path) -> None:
    found = batches(3, file_pattern=files(tmp_path), batch_size=8, file_shuffle_shift_ratio=0.5)
    assert sorted(number for batch in found for number in batch) == sorted([*range(12)] * 2)


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    with pytest.raises(tf.errors.NotFoundError, match=r"nothing\*"):
        batches(1, file_pattern=str(tmp_path / "nothing*"), batch_size=1)
    with pytest.raises(tf.errors.InvalidArgumentError, match="must be positive"):
        batches(1, file_pattern=files(tmp_path), batch_size=2, file_buffer_size=0)
    (tmp_path / "part9").write_bytes(b"no records at all")
    with pytest.raises(tf.errors.DataLossError, match="part9"):
        batches(9, file_pattern=str(tmp_path / "part9"), batch_size=2)
