"""The names of `tf.contrib.data` that did not become part of `tf.data`."""

from __future__ import annotations

from typing import Any

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.data import nesting
from tidefall.data.dataset import Dataset
from tidefall.data.experimental import (
    Reducer,
    Transformation,
    get_single_element,
    group_by_reducer,
    parallel_interleave,
)
from tidefall.data.features import make_batched_features_dataset
from tidefall.data.file_datasets import TFRecordDataset
from tidefall.ir.conversion import convert


@export("contrib.data.batch_and_drop_remainder")
def batch_and_drop_remainder(batch_size: Any) -> Transformation:
    """Stacks of ``batch_size`` elements; a smaller last one is left out."""
    return lambda dataset: dataset.batch(batch_size, drop_remainder=True)


@export("contrib.data.padded_batch_and_drop_remainder")
def padded_batch_and_drop_remainder(
    batch_size: Any, padded_shapes: Any, padding_values: Any = None
) -> Transformation:
    """Stacks of elements that are filled up; a smaller last one is left out.

    Args:
      batch_size: How many elements make a batch.
      padded_shapes: See `Dataset.padded_batch`.
      padding_values: See there.
    """
    return lambda dataset: dataset.padded_batch(
        batch_size, padded_shapes, padding_values, drop_remainder=True
    )


@export("contrib.data.sloppy_interleave")
def sloppy_interleave(map_func: Any, cycle_length: Any, block_length: Any = 1) -> Transformation:
    """The elements of several datasets that a function makes, in any order.

    Args:
      map_func: Makes a dataset of each element.
      cycle_length: How many of these are read at a time.
      block_length: How many elements are taken from one at once.
    """
    return parallel_interleave(map_func, cycle_length, block_length, sloppy=True)


@export("contrib.data.assert_element_shape")
def assert_element_shape(expected_shapes: Any) -> Transformation:
    """The same elements, of which it is known that they have these shapes.

    Args:
      expected_shapes: A structure of shapes.

    Raises:
      ValueError: If the dataset's shapes cannot be these.
    """

    def _check_shape(*elements: Any) -> Any:
        element = elements[0] if len(elements) == 1 else elements
        tensors = nesting.up_to(expected_shapes, element)
        for tensor, shape in zip(tensors, nesting.flatten(expected_shapes), strict=True):
            tensor.set_shape(shape)
        return nesting.pack_as(expected_shapes, tensors)

    return lambda dataset: dataset.map(_check_shape)


@export("contrib.data.reduce_dataset")
def reduce_dataset(dataset: Dataset, reducer: Reducer) -> Any:
    """What a reducer makes of all elements, as tensors.

    Raises:
      TypeError: If ``dataset`` is none.
    """
    if not isinstance(dataset, Dataset):
        raise TypeError(f"a dataset is needed, not {dataset!r}.")
    one = group_by_reducer(lambda *elements: convert(0, dtypes.int64), reducer)
    return get_single_element(dataset.apply(one))


@export("contrib.data.read_batch_features")
def read_batch_features(
    file_pattern: Any,
    batch_size: Any,
    features: Any,
    reader: Any = TFRecordDataset,
    reader_args: Any = None,
    randomize_input: bool = True,
    num_epochs: int | None = None,
    capacity: int = 10000,
) -> Any:
    """The next batch of parsed `Example` messages from files, as tensors.

    Args:
      file_pattern: See `tf.data.experimental.make_batched_features_dataset`; so are the others.
      batch_size: How many examples make a batch.
      features: What to parse.
      reader: Makes a dataset of a file's name.
      reader_args: What it is given besides.
      randomize_input: Whether examples come in random order.
      num_epochs: How often to read the files; for ever if None.
      capacity: From how many examples the next one is drawn.
    """
    dataset = make_batched_features_dataset(
        file_pattern, batch_size, features, reader=reader, reader_args=reader_args,
        shuffle=randomize_input, num_epochs=num_epochs, shuffle_buffer_size=capacity,
    )  # fmt: skip
    return dataset.make_one_shot_iterator().get_next()


@export("contrib.data.sliding_window_batch")
def sliding_window_batch(
    window_size: int, stride: int | None = None, window_shift: int | None = None,
    window_stride: int = 1,
) -> Transformation:  # fmt: skip
    """Stacks of elements, each beginning a little later than the one before.

    Args:
      window_size: How many elements make a batch.
      stride: An older name of ``window_shift``.
      window_shift: How much later the next batch begins; 1 if None.
      window_stride: Which elements a batch has: every so many-th.

    Raises:
      ValueError: If both ``stride`` and ``window_shift`` are given.
    """
    if stride is not None and window_shift is not None:
        raise ValueError("stride is an older name of window_shift; give one of them.")
    shift = next((each for each in (stride, window_shift) if each is not None), 1)

    def apply(dataset: Dataset) -> Dataset:
        windows = dataset.window(window_size, shift, window_stride, drop_remainder=True)
        return windows.flat_map(_stacked)

    def _stacked(*parts: Any) -> Dataset:
        datasets = parts[0] if len(parts) == 1 else parts
        together = datasets if isinstance(datasets, Dataset) else Dataset.zip(datasets)
        return together.batch(window_size)

    return apply
