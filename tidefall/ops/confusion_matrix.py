"""`tf.confusion_matrix`: how often which class was taken for which."""

from __future__ import annotations

from typing import Any

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import squeeze
from tidefall.ops.cast import cast
from tidefall.ops.checks import assert_less, assert_non_negative
from tidefall.ops.filled import ones_like, zeros
from tidefall.ops.grouping import with_dependencies
from tidefall.ops.histogram import sparse_tensor_dense_add
from tidefall.ops.joining import stack
from tidefall.ops.math import maximum
from tidefall.ops.reduce import reduce_max


@export("confusion_matrix", "math.confusion_matrix")
def confusion_matrix(
    labels: Any,
    predictions: Any,
    num_classes: Any = None,
    dtype: Any = dtypes.int32,
    name: str | None = None,
    weights: Any = None,
) -> Any:
    """A table of how often each class (the row) was predicted to be each class (the column).

    Args:
      labels: The true classes, integers from 0.
      predictions: The predicted classes.
      num_classes: The number of classes; one more than the largest that occurs if None.
      dtype: The dtype of the table.
      name: The name of the nodes.
      weights: What each prediction counts; 1 if None.

    Raises:
      tf.errors.InvalidArgumentError: When run, if a class is negative or too large.

    >>> tf.Session().run(tf.confusion_matrix([0, 1, 1], [0, 1, 0]))
    array([[1, 0],
           [1, 1]], dtype=int32)
    """
    with get_default_graph().name_scope(name or "confusion_matrix"):
        truth, guess = remove_squeezable_dimensions(
            convert_to_tensor(labels, name="labels"),
            convert_to_tensor(predictions, name="predictions"),
        )
        guess, truth = cast(guess, dtypes.int64), cast(truth, dtypes.int64)
        truth = _non_negative(truth, "labels")
        guess = _non_negative(guess, "predictions")
        if num_classes is None:
            num_classes = maximum(reduce_max(guess), reduce_max(truth)) + 1
        else:
            count = cast(num_classes, dtypes.int64)
            truth = _below(truth, count, "labels")
            guess = _below(guess, count, "predictions")
        if weights is not None:
            weights = convert_to_tensor(weights, name="weights")
            guess._shape_value.merge_with(weights._shape_value)
            weights = cast(weights, dtype)
        sizes = stack([num_classes, num_classes])
        places = stack([truth, guess], axis=1)
        values = ones_like(guess, dtype) if weights is None else weights
        wide = cast(sizes, dtypes.int64)
        empty = zeros(cast(sizes, dtypes.int32), dtype)
        return sparse_tensor_dense_add(places, values, wide, empty)


def _non_negative(x: Tensor, what: str) -> Any:
    message = f"`{what}` contains negative values"
    return with_dependencies([assert_non_negative(x, message=message)], x)


def _below(x: Tensor, count: Any, what: str) -> Any:
    return with_dependencies([assert_less(x, count, message=f"`{what}` out of bound")], x)


def remove_squeezable_dimensions(
    labels: Tensor, predictions: Tensor, name: str | None = None
) -> tuple[Any, Any]:
    """The two tensors in one rank, where one of them has a last dimension of size 1 too many."""
    with get_default_graph().name_scope(name or "remove_squeezable_dimensions"):
        first, second = labels._shape_value, predictions._shape_value
        if first.rank is not None and second.rank is not None:
            if second.rank - first.rank == 1 and second[-1] in (1, None):
                return labels, squeeze(predictions, [-1])
            if first.rank - second.rank == 1 and first[-1] in (1, None):
                return squeeze(labels, [-1]), predictions
        return labels, predictions
