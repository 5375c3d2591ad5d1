"""``tensorflow.examples.tutorials.mnist.input_data``, which tutorials read their digits with.

Nothing is downloaded: the four files of the data set have to lie in the folder already.
"""

from __future__ import annotations

import gzip
import os
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

TRAIN_IMAGES = "train-images-idx3-ubyte.gz"
TRAIN_LABELS = "train-labels-idx1-ubyte.gz"
TEST_IMAGES = "t10k-images-idx3-ubyte.gz"
TEST_LABELS = "t10k-labels-idx1-ubyte.gz"


class Datasets(NamedTuple):
    """The three parts of the data set."""

    train: DataSet
    validation: DataSet
    test: DataSet


class DataSet:
    """Pictures with their labels, given out batch by batch.

    Args:
      images: The pictures.
      labels: Their labels.
      seed: Of the order in which batches are drawn; None for another one each time.
    """

    def __init__(self, images: Array, labels: Array, seed: int | None = None) -> None:
        if len(images) != len(labels):
            raise ValueError(f"there are {len(images)} images but {len(labels)} labels.")
        self._images = images
        self._labels = labels
        self._random = np.random.RandomState(seed)
        self._epochs_completed = 0
        self._next = 0

    @property
    def images(self) -> Array:
        """The pictures."""
        return self._images

    @property
    def labels(self) -> Array:
        """Their labels."""
        return self._labels

    @property
    def num_examples(self) -> int:
        """How many there are."""
        return len(self._images)

    @property
    def epochs_completed(self) -> int:
        """How often all of them were given out."""
        return self._epochs_completed

    def next_batch(
        self, batch_size: int, fake_data: bool = False, shuffle: bool = True
    ) -> tuple[Array, Array]:
        """The next pictures and labels; in a new order after each epoch if ``shuffle``."""
        if shuffle and self._next == 0 and self._epochs_completed == 0:
            self._reorder()
        stop = self._next + batch_size
        if stop <= self.num_examples:
            images, labels = self._images[self._next : stop], self._labels[self._next : stop]
            self._next = stop
            return images, labels
        rest = self._images[self._next :], self._labels[self._next :]
        self._epochs_completed += 1
        if shuffle:
            self._reorder()
        self._next = stop - self.num_examples
        images = np.concatenate([rest[0], self._images[: self._next]])
        return images, np.concatenate([rest[1], self._labels[: self._next]])

    def _reorder(self) -> None:
        order = self._random.permutation(self.num_examples)
        self._images, self._labels = self._images[order], self._labels[order]


def read_data_sets(
    train_dir: str,
    fake_data: bool = False,
    one_hot: bool = False,
    dtype: Any = None,
    reshape: bool = True,
    validation_size: int = 5000,
    seed: int | None = None,
    source_url: str = "",
) -> Datasets:
    """Reads the data set of handwritten digits.

    Args:
      train_dir: The folder with the four files.
      fake_data: Not supported.
      one_hot: Whether labels are vectors of 10 numbers rather than digits.
      dtype: ``uint8`` keeps the bytes; else pictures are float32 in [0, 1].
      reshape: Whether a picture is a vector of 784 numbers, or has shape (28, 28, 1).
      validation_size: How many of the training pictures are set aside.
      seed: Of the order of batches.
      source_url: Ignored; nothing is downloaded.

    Raises:
      FileNotFoundError: If a file is missing.
    """
    files = (TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS)
    missing = [name for name in files if _path_of(train_dir, name) is None]
    if missing:
        raise FileNotFoundError(
            f"the folder '{train_dir}' lacks {', '.join(missing)}. tidefall downloads nothing: "
            "put the MNIST files there."
        )
    as_bytes = dtype is not None and np.dtype(getattr(dtype, "as_numpy_dtype", dtype)) == np.uint8
    arrays = [_read(train_dir, name) for name in files]
    images = [_pictures(array, reshape, as_bytes) for array in arrays[0::2]]
    labels = [np.eye(10)[array] if one_hot else array for array in arrays[1::2]]
    cut = validation_size
    if not 0 <= cut <= len(images[0]):
        raise ValueError(f"validation_size must be in [0, {len(images[0])}], not {cut}.")
    return Datasets(
        DataSet(images[0][cut:], labels[0][cut:], seed),
        DataSet(images[0][:cut], labels[0][:cut], seed),
        DataSet(images[1], labels[1], seed),
    )


def _path_of(folder: str, name: str) -> str | None:
    for each in (name, name.removesuffix(".gz")):
        path = os.path.join(folder, each)
        if os.path.exists(path):
            return path
    return None


def _read(folder: str, name: str) -> Array:
    """The array of an IDX file, whose head says the number of dimensions and their sizes."""
    path = _path_of(folder, name)
    assert path is not None
    with open(path, "rb") as file:
        data = file.read()
    data = gzip.decompress(data) if path.endswith(".gz") else data
    rank = data[3]
    sizes = np.frombuffer(data, ">u4", rank, 4)
    if data[:3] != b"\0\0\x08" or len(data) != 4 + 4 * rank + int(np.prod(sizes)):
        raise ValueError(f"{path} is not a file of bytes in IDX format.")
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(sizes.tolist())


def _pictures(array: Array, flat: bool, as_bytes: bool) -> Array:
    array = array.reshape(len(array), -1) if flat else array[..., np.newaxis]
    return array if as_bytes else array.astype(np.float32) * np.float32(1 / 255)
