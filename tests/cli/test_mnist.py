"""The reader of digits that tutorials import."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from tidefall.cli import mnist


def write_digits(folder: Path, train: int = 30, test: int = 10) -> None:
    for name, count, kind in (
        (mnist.TRAIN_IMAGES, train, "images"),
        (mnist.TRAIN_LABELS, train, "labels"),
        (mnist.TEST_IMAGES, test, "images"),
        (mnist.TEST_LABELS, test, "labels"),
    ):
        shape = (count, 28, 28) if kind == "images" else (count,)
        values = np.arange(np.prod(shape)).reshape(shape) % (256 if kind == "images" else 10)
        head = struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape)
        data = gzip.compress(head + values.astype(np.uint8).tobytes())
        (folder / name).write_bytes(data)


def test_shapes_and_values(tmp_path: Path) -> None:
    write_digits(tmp_path)
    found = mnist.read_data_sets(str(tmp_path), one_hot=True, validation_size=5)
    assert [part.num_examples for part in found] == [25, 5, 10]
    assert found.train.images.shape == (25, 784)
    assert found.train.images.dtype == np.float32
    assert found.validation.images[0, 255] == 1.0
    assert found.test.labels[3].tolist() == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]


def test_plain_labels_unflattened_bytes_and_unpacked_files(tmp_path: Path) -> None:
    write_digits(tmp_path)
    for name in (mnist.TRAIN_IMAGES, mnist.TEST_LABELS):
        packed = tmp_path / name
        packed.with_suffix("").write_bytes(gzip.decompress(packed.read_bytes()))
        packed.unlink()
    found = mnist.read_data_sets(str(tmp_path), dtype="uint8", reshape=False, validation_size=0)
    assert found.train.images.shape == (30, 28, 28, 1)
    assert found.train.images.dtype == np.uint8
    assert found.test.labels.tolist() == list(range(10))


def test_an_epoch_gives_every_example_once(tmp_path: Path) -> None:
    write_digits(tmp_path)
    train = mnist.read_data_sets(str(tmp_path), validation_size=0, seed=1).train
    first = np.concatenate([train.next_batch(10)[0] for _ in range(3)])
    assert train.epochs_completed == 0
    images, labels = train.next_batch(10)
    assert train.epochs_completed == 1
    assert (len(images), len(labels)) == (10, 10)
    assert len(np.unique(first, axis=0)) == len(np.unique(train.images, axis=0))


def test_batches_in_order_and_across_the_end(tmp_path: Path) -> None:
    write_digits(tmp_path)
    test = mnist.read_data_sets(str(tmp_path), validation_size=0).test
    assert test.next_batch(7, shuffle=False)[1].tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert test.next_batch(7, shuffle=False)[1].tolist() == [7, 8, 9, 0, 1, 2, 3]


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"lacks train-images.*put the MNIST files there"):
        mnist.read_data_sets(str(tmp_path))
