"""Names of `tf.contrib.data`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.data.reading import elements

data = tf.contrib.data


def lists(dataset: Any) -> list[Any]:
    """The elements of a dataset, as lists."""
    return [each.tolist() for each in elements(dataset)]


def test_batches_drop_what_is_left() -> None:
    numbers = tf.data.Dataset.range(5)
    assert lists(numbers.apply(data.batch_and_drop_remainder(2))) == [[0, 1], [2, 3]]
    rows = numbers.map(lambda x: tf.fill([x], x))
    padded = rows.apply(data.padded_batch_and_drop_remainder(2, [None]))
    assert lists(padded) == [[[0], [1]], [[2, 2, 0], [3, 3, 3]]]


def test_windows_slide() -> None:
    numbers = tf.data.Dataset.range(6)
    assert lists(numbers.apply(data.sliding_window_batch(3, window_shift=2))) == [
        [0, 1, 2], [2, 3, 4],
    ]  # fmt: skip
    strided = numbers.apply(data.sliding_window_batch(2, window_stride=3))
    assert lists(strided) == [[0, 3], [1, 4], [2, 5]]
    with pytest.raises(ValueError, match="older name"):
        data.sliding_window_batch(2, stride=1, window_shift=1)


def test_datasets_are_read_in_turns() -> None:
    turns = data.sloppy_interleave(lambda n: tf.data.Dataset.from_tensors(n).repeat(2), 2)
    assert sorted(lists(tf.data.Dataset.range(3).apply(turns))) == [0, 0, 1, 1, 2, 2]


def test_shapes_are_promised_and_checked() -> None:
    rows = tf.data.Dataset.range(3).map(lambda x: tf.fill([x * 0 + 2], x))
    known = rows.apply(data.assert_element_shape([2]))
    assert known.output_shapes.as_list() == [2]
    with pytest.raises(ValueError, match="3"):
        known.apply(data.assert_element_shape([3]))


def test_a_dataset_is_reduced() -> None:
    reducer = data.Reducer(lambda key: np.int64(0), lambda s, x: s + x, lambda s: s * 10)
    total = data.reduce_dataset(tf.data.Dataset.range(4), reducer)
    with tf.Session() as session:
        assert session.run(total) == 60


def test_batches_of_features_are_tensors(tmp_path: Any) -> None:
    path = str(tmp_path / "records")
    feature = tf.train.Feature(int64_list=tf.train.Int64List(value=[7]))
    example = tf.train.Example(features=tf.train.Features(feature={"n": feature}))
    with tf.python_io.TFRecordWriter(path) as writer:
        writer.write(example.SerializeToString())
    found = data.read_batch_features(path, 1, {"n": tf.FixedLenFeature([], tf.int64)}, num_epochs=1)
    with tf.Session() as session:
        assert session.run(found["n"]).tolist() == [7]
