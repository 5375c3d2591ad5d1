"""`tf.data.experimental.dense_to_sparse_batch`: rows of any sizes in one sparse tensor."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.data.dataset import Dataset
from tidefall.data.element_spec import TensorSpec
from tidefall.data.experimental import Transformation
from tidefall.data.sparse_spec import SparseTensorSpec
from tidefall.ir.conversion import convert
from tidefall.ir.inference import value_as_shape
from tidefall.ir.tensor import Tensor
from tidefall.ops import dataset_transforms as transforms


@export("data.experimental.dense_to_sparse_batch", "contrib.data.dense_to_sparse_batch")
def dense_to_sparse_batch(batch_size: Any, row_shape: Any) -> Transformation:
    """Sparse tensors of ``batch_size`` rows, which may have various sizes.

    Args:
      batch_size: How many elements make a batch.
      row_shape: The shape of all rows; None or -1 stands for the largest size in the batch.

    >>> rows = tf.data.Dataset.range(1, 4).map(lambda x: tf.fill([x], x))
    >>> batch = rows.apply(tf.data.experimental.dense_to_sparse_batch(3, [4]))
    >>> sparse = batch.make_one_shot_iterator().get_next()
    >>> tf.Session().run(tf.sparse.to_dense(sparse))
    array([[1, 0, 0, 0],
           [2, 2, 0, 0],
           [3, 3, 3, 0]])
    """

    def apply(dataset: Dataset) -> Dataset:
        if not isinstance(dataset._spec, TensorSpec):
            raise TypeError(
                f"dense_to_sparse_batch takes elements of one tensor, not {dataset._spec!r}."
            )
        shape = _vector(row_shape)
        spec = SparseTensorSpec(Shape((None,)) + value_as_shape(shape), dataset._spec.dtype)
        return dataset._then(
            transforms.dense_to_sparse_batch_dataset, batch_size, shape, spec=spec
        )  # fmt: skip

    return apply


def _vector(shape: Any) -> Tensor:
    """A shape as a vector with -1 for what is not known."""
    if isinstance(shape, Tensor):
        return shape
    sizes = [-1 if size is None else int(size) for size in Shape.of(shape)]
    return convert(np.array(sizes, np.int64), dtypes.int64)  # type: ignore[no-any-return]
