"""Datasets of parsed examples."""

from __future__ import annotations

from pathlib import Path

import pytest

import tidefall as tf
from tests.data.reading import elements

FEATURES = {
    "label": tf.FixedLenFeature([], tf.int64),
    "x": tf.FixedLenFeature([2], tf.float32, [0.5, 0.25]),
    "tags": tf.VarLenFeature(tf.string),
}


def example(label: int) -> bytes:
    tags = tf.train.BytesList(value=[b"t%d" % i for i in range(label)])
    values = {
        "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
        "tags": tf.train.Feature(bytes_list=tags),
    }
    features = tf.train.Features(feature=values)
    return tf.train.Example(features=features).SerializeToString()  # type: ignore[no-any-return]


def test_vectors_of_examples_are_parsed() -> None:
    rows = tf.data.Dataset.from_tensor_slices([example(i) for i in range(3)]).batch(2)
    parsed = rows.apply(tf.data.experimental.parse_example_dataset(FEATURES, 2))
    assert parsed.output_classes == {"label": tf.Tensor, "tags": tf.SparseTensor, "x": tf.Tensor}
    assert parsed.output_shapes["x"].as_list() == [None, 2]
    first, second = elements(parsed)
    assert first["label"].tolist() == [0, 1]
    assert first["x"].tolist() == [[0.5, 0.25]] * 2
    assert first["tags"].dense_shape.tolist() == [2, 1]
    assert second["tags"].values.tolist() == [b"t0", b"t1"]


def test_wrong_uses_of_parse_example_dataset() -> None:
    with pytest.raises(ValueError, match="features is missing"):
        tf.data.experimental.parse_example_dataset(None)
    single = tf.data.Dataset.from_tensor_slices([example(1)])
    with pytest.raises(TypeError, match="batch it first"):
        single.apply(tf.data.experimental.parse_example_dataset(FEATURES))


def test_an_error_names_the_feature() -> None:
    rows = tf.data.Dataset.from_tensors([example(1)])
    wanted = {"label": tf.FixedLenFeature([], tf.float32)}
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"'label'.*int64"):
        elements(rows.apply(tf.data.experimental.parse_example_dataset(wanted)))


def files(folder: Path) -> str:
    for number in range(2):
        with tf.python_io.TFRecordWriter(str(folder / f"part{number}")) as writer:
            for label in range(3 * number, 3 * number + 3):
                writer.write(example(label))
    return str(folder / "part*")


def test_batches_of_features_of_files(tmp_path: Path) -> None:
    dataset = tf.data.experimental.make_batched_features_dataset(
        files(tmp_path), 4, FEATURES, label_key="label", num_epochs=1, shuffle=False
    )
    first, second = elements(dataset)
    assert first[1].tolist() == [0, 1, 2, 3]
    assert second[1].tolist() == [4, 5]
    assert sorted(first[0]) == ["tags", "x"]


def test_the_features_of_files_come_again_and_again(tmp_path: Path) -> None:
    dataset = tf.data.experimental.make_batched_features_dataset(
        files(tmp_path), 6, FEATURES, shuffle_seed=3
    )
    assert dataset.output_shapes["label"].as_list() == [6]
    batches = elements(dataset, 4)
    assert [sorted(each["label"].tolist()) for each in batches] == [list(range(6))] * 4


def test_wrong_uses_of_make_batched_features_dataset(tmp_path: Path) -> None:
    pattern = files(tmp_path)
    make = tf.data.experimental.make_batched_features_dataset
    with pytest.raises(ValueError, match="label_key 'y'"):
        make(pattern, 2, FEATURES, label_key="y")
    with pytest.raises(TypeError, match=r"TFRecordDataset"):
        make(pattern, 2, FEATURES, reader=tf.TFRecordReader)
