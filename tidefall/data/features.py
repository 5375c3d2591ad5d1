"""Datasets of parsed `Example` messages."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.data.dataset import AUTOTUNE, Dataset
from tidefall.data.element_spec import TensorSpec, flat_shapes
from tidefall.data.experimental import Transformation
from tidefall.data.file_datasets import TFRecordDataset, in_parallel
from tidefall.data.orders import shuffled_and_repeated
from tidefall.data.sparse_spec import SparseTensorSpec
from tidefall.ops import dataset_transforms as transforms
from tidefall.ops.feature_specs import SparseFeature, Wanted, with_sparse_features
from tidefall.ops.readers import ReaderBase

_TEXTS = TensorSpec((None,), dtypes.string)


@export("data.experimental.parse_example_dataset", "contrib.data.parse_example_dataset")
def parse_example_dataset(features: Any, num_parallel_calls: Any = 1) -> Transformation:
    """Vectors of serialized `Example` messages, parsed to dictionaries of tensors.

    Args:
      features: What to parse, as for `tf.io.parse_example`.
      num_parallel_calls: How many vectors may be worked on at a time.

    Raises:
      ValueError: If ``features`` is None.
    """
    if features is None:
        raise ValueError("features is missing: say what to parse, as for tf.io.parse_example.")

    def construct(found: Any) -> Any:
        return with_sparse_features(features, found)

    def apply(dataset: Dataset) -> Dataset:
        parsed = _parsed(dataset, features, num_parallel_calls)
        if any(isinstance(each, SparseFeature) for each in features.values()):
            return parsed.map(construct, num_parallel_calls=num_parallel_calls)
        return parsed

    return apply


def _parsed(dataset: Dataset, features: Any, num_parallel_calls: Any) -> Dataset:
    if not _TEXTS.is_compatible_with(dataset._spec):
        raise TypeError(
            "parse_example_dataset takes a dataset of vectors of serialized examples; batch it "
            f"first. This one has {dataset._spec!r}."
        )
    wanted = Wanted(features).with_entries(features)
    rows = Shape.of(dataset._spec.shape)
    spec: dict[str, Any] = {
        key: TensorSpec(rows + shape, dtype) for key, (dtype, shape) in wanted.dense.items()
    }
    for key, dtype in wanted.sparse.items():
        spec[key] = SparseTensorSpec(rows + Shape((None,)), dtype)
    ordered = {key: spec[key] for key in sorted(spec)}
    variant = transforms.parse_example_dataset(
        dataset._variant_tensor,
        np.int64(num_parallel_calls),
        wanted.default_tensors(),
        sparse_keys=list(wanted.sparse),
        dense_keys=list(wanted.dense),
        sparse_types=list(wanted.sparse.values()),
        dense_shapes=wanted.shapes(),
        output_types=[each.carrier[0] for each in ordered.values()],
        output_shapes=flat_shapes(ordered),
    )
    return Dataset(variant, ordered, dataset)


@export(
    "data.experimental.make_batched_features_dataset", "contrib.data.make_batched_features_dataset"
)
def make_batched_features_dataset(
    file_pattern: Any,
    batch_size: Any,
    features: Any,
    reader: Any = TFRecordDataset,
    label_key: str | None = None,
    reader_args: Any = None,
    num_epochs: int | None = None,
    shuffle: bool = True,
    shuffle_buffer_size: int = 10000,
    shuffle_seed: int | None = None,
    prefetch_buffer_size: int | None = None,
    reader_num_threads: int | None = None,
    parser_num_threads: int | None = None,
    sloppy_ordering: bool = False,
    drop_final_batch: bool = False,
) -> Dataset:
    """Batches of parsed `Example` messages from files.

    Args:
      file_pattern: A name, a pattern, or a list of these.
      batch_size: How many examples make a batch.
      features: What to parse, as for `tf.io.parse_example`.
      reader: Makes a dataset of serialized examples of a file's name.
      label_key: The feature that is given beside the others, as a label.
      reader_args: What ``reader`` is given besides, a list.
      num_epochs: How often to read the files; for ever if None.
      shuffle: Whether files and examples come in random order.
      shuffle_buffer_size: From how many examples the next one is drawn.
      shuffle_seed: The seed of the order.
      prefetch_buffer_size: How many batches are made ahead.
      reader_num_threads: How many files are read at a time; one if None.
      parser_num_threads: How many batches are parsed at a time; two if None.
      sloppy_ordering: Whether the order may change for the sake of speed.
      drop_final_batch: Whether a smaller last batch is left out.

    Raises:
      TypeError: If ``reader`` is one of the graph's readers, not a class of datasets.
      ValueError: If ``label_key`` is none of the features.
    """
    if label_key and label_key not in features:
        raise ValueError(f"label_key {label_key!r} is not one of the features {sorted(features)}.")
    files = Dataset.list_files(file_pattern, shuffle=shuffle, seed=shuffle_seed)
    records = _read(files, reader, reader_args or [], reader_num_threads or 1, sloppy_ordering)
    if records.output_types == (dtypes.string, dtypes.string):
        records = records._mapped(lambda _, value: value, None, inter_op=False)
    records = shuffled_and_repeated(records, num_epochs, shuffle, shuffle_buffer_size, shuffle_seed)
    batches = records.batch(batch_size, drop_remainder=drop_final_batch or num_epochs is None)
    parsed = parse_example_dataset(features, parser_num_threads or 2)(batches)
    if label_key:
        parsed = parsed.map(lambda found: (found, found.pop(label_key)))
    return parsed.prefetch(AUTOTUNE if prefetch_buffer_size is None else prefetch_buffer_size)


def _read(files: Dataset, reader: Any, args: Any, threads: int, sloppy: bool) -> Dataset:
    """The serialized examples of files."""
    if isinstance(reader, type) and issubclass(reader, ReaderBase):
        raise TypeError(
            f"the reader must return a dataset, as tf.data.TFRecordDataset does; {reader.__name__} "
            "is a reader of queues."
        )

    def read(filename: Any) -> Dataset:
        return reader(filename, *args)  # type: ignore[no-any-return]

    if threads == AUTOTUNE:
        return files.interleave(read, num_parallel_calls=threads)
    return in_parallel(files, read, threads, sloppy=sloppy)
