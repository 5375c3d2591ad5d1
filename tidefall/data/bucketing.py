"""Elements of similar lengths in one batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.data import nesting
from tidefall.data.dataset import Dataset
from tidefall.data.experimental import Transformation, group_by_window
from tidefall.flow.assertion import assert_true
from tidefall.ir.graph import get_default_graph
from tidefall.ops.array import identity
from tidefall.ops.compare import less, less_equal, logical_and
from tidefall.ops.constant import constant
from tidefall.ops.joining import stack
from tidefall.ops.reduce import reduce_min
from tidefall.ops.where import where


@export("data.experimental.bucket_by_sequence_length", "contrib.data.bucket_by_sequence_length")
def bucket_by_sequence_length(
    element_length_func: Callable[..., Any],
    bucket_boundaries: Any,
    bucket_batch_sizes: Any,
    padded_shapes: Any = None,
    padding_values: Any = None,
    pad_to_bucket_boundary: bool = False,
    no_padding: bool = False,
    drop_remainder: bool = False,
) -> Transformation:
    """Batches of elements whose lengths lie in one bucket, padded.

    Args:
      element_length_func: The length of an element, a 32-bit integer.
      bucket_boundaries: The lengths at which a new bucket begins, increasing.
      bucket_batch_sizes: The batch size of each bucket; one more than boundaries.
      padded_shapes: The shapes to pad to; unknown sizes are filled up if None.
      padding_values: What to pad with.
      pad_to_bucket_boundary: Whether unknown sizes are filled up to the bucket's largest length.
      no_padding: Whether elements are not padded, since all of a bucket are alike.
      drop_remainder: Whether smaller last batches are left out.
    """
    with get_default_graph().name_scope("bucket_by_seq_length"):
        if len(bucket_batch_sizes) != len(bucket_boundaries) + 1:
            raise ValueError(
                f"there are {len(bucket_boundaries)} boundaries, so {len(bucket_boundaries) + 1} "
                f"batch sizes are needed, not {len(bucket_batch_sizes)}."
            )
        sizes = constant(bucket_batch_sizes, dtypes.int64)

        def element_to_bucket_id(*args: Any) -> Any:
            length = element_length_func(*args)
            boundaries = list(bucket_boundaries)
            smallest = [np.iinfo(np.int32).min, *boundaries]
            largest = [*boundaries, np.iinfo(np.int32).max]
            inside = logical_and(less_equal(smallest, length), less(length, largest))
            return reduce_min(where(inside))

        def window_size_fn(bucket_id: Any) -> Any:
            return sizes[bucket_id]

        def batching_fn(bucket_id: Any, grouped: Dataset) -> Dataset:
            size = window_size_fn(bucket_id)
            if no_padding:
                return grouped.batch(size, drop_remainder=drop_remainder)
            filler = None
            if pad_to_bucket_boundary:
                message = (
                    "an element is longer than the last boundary, so there is none to pad it to."
                )
                last = constant(len(bucket_batch_sizes) - 1, dtypes.int64)
                check = assert_true(less(bucket_id, last), [message])
                with get_default_graph().control_dependencies([check]):
                    limits = constant(bucket_boundaries, dtypes.int64)
                    filler = limits[identity(bucket_id)] - 1
            legacy = grouped.output_shapes
            shapes = legacy if padded_shapes is None else padded_shapes
            padded = _filled(shapes, filler, legacy)
            return grouped.padded_batch(size, padded, padding_values, drop_remainder=drop_remainder)

        def apply(dataset: Dataset) -> Dataset:
            return group_by_window(
                element_to_bucket_id, batching_fn, window_size_func=window_size_fn
            )(dataset)

        return apply


def _filled(shapes: Any, filler: Any, legacy: Any) -> Any:
    """The shapes with a size for what is not known, where there is one."""
    if filler is None:
        return shapes
    flat = nesting.up_to(legacy, shapes)
    return nesting.pack_as(legacy, [_filled_one(shape, filler) for shape in flat])


def _filled_one(shape: Any, filler: Any) -> Any:
    dims = Shape.of(shape).dims
    if dims is None or None not in dims:
        return shape
    sizes = [filler if size is None else constant(size, dtypes.int64) for size in dims]
    return stack(sizes)
