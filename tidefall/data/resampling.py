"""`tf.data.experimental.rejection_resample`: classes distributed as wanted, by leaving out.

Of a class that is too frequent by a factor, elements are accepted with a probability, so that the
wanted distribution remains. The rarest class, in relation to what is wanted, is always accepted; so
a share of the elements may be passed on as they come, and only the others have to be chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.data.dataset import Dataset
from tidefall.data.experimental import Transformation, scan
from tidefall.data.sampling import sample_from_datasets
from tidefall.flow.cond import cond
from tidefall.ir.conversion import convert
from tidefall.ir.inference import constant_value
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import expand_dims
from tidefall.ops.array import shape as shape_of
from tidefall.ops.cast import cast
from tidefall.ops.compare import less
from tidefall.ops.filled import fill
from tidefall.ops.gather import gather
from tidefall.ops.math import add, truediv
from tidefall.ops.one_hot import one_hot
from tidefall.ops.printing import print_tensors
from tidefall.ops.random import random_uniform
from tidefall.ops.reduce import reduce_max, reduce_min, reduce_sum
from tidefall.ops.repeating import tile

#: How many elements are looked at before an estimate of the distribution changes.
_ROWS = 32
#: How many elements of each class an estimate begins with.
_BEFORE = 10


@export("data.experimental.rejection_resample", "contrib.data.rejection_resample")
def rejection_resample(
    class_func: Callable[..., Any], target_dist: Any, initial_dist: Any = None, seed: Any = None
) -> Transformation:
    """Pairs of a class and an element, of which so many are left out that classes are as wanted.

    Args:
      class_func: The class of an element, a scalar of dtype int32.
      target_dist: The wanted probability of each class.
      initial_dist: The probability of each class in the dataset; estimated if None.
      seed: The seed of what is left out.
    """

    def apply(dataset: Dataset) -> Dataset:
        target = convert(target_dist, None, "target_dist")
        classes = dataset.map(class_func)
        if initial_dist is None:
            estimated = _estimated(target, classes)
            both = estimated.map(lambda initial: _acceptance(initial, target))
            acceptance = both.map(lambda accepted, _: accepted)
            passed_on = both.map(lambda _, share: share)
            known = None
        else:
            initial = convert(initial_dist, None, "initial_dist")
            accepted, share = _acceptance(initial, target)
            estimated, acceptance, passed_on = [
                Dataset.from_tensors(each).repeat() for each in (initial, accepted, share)
            ]
            known = _known_share(initial, target)
        chosen = _chosen(dataset, acceptance, estimated, classes, seed).prefetch(3)
        if known == 1:
            return Dataset.zip((classes, dataset))
        if known == 0:
            return chosen
        as_they_come = Dataset.zip((classes, dataset))
        weights = passed_on.map(lambda share: [(share, 1.0 - share)])
        return sample_from_datasets([as_they_come, chosen], weights, seed)

    return apply


def _known_share(initial: Tensor, target: Tensor) -> Any:
    """The share of elements that are passed on as they come; None if it is not known yet."""
    before, wanted = constant_value(initial), constant_value(target)
    return None if before is None or wanted is None else np.min(wanted / before)


def _acceptance(initial: Tensor, target: Tensor) -> tuple[Any, Any]:
    """The probability that an element of each class is accepted, and the share passed on."""
    tiny = np.finfo(initial.dtype.as_numpy_dtype).tiny
    ratios = target / (initial + tiny)
    largest, smallest = reduce_max(ratios), reduce_min(ratios)
    return (ratios - smallest) / (largest - smallest), smallest


def _chosen(
    dataset: Dataset, acceptance: Dataset, initial: Dataset, classes: Dataset, seed: Any
) -> Dataset:
    """Pairs of a class and an element, of which some are left out."""

    def maybe_warn_on_large_rejection(accepted: Any, initial: Any) -> Any:
        rejected = reduce_sum((1 - accepted) * initial)
        return cond(
            less(rejected, 0.5),
            lambda: accepted,
            lambda: print_tensors(
                accepted,
                [rejected, initial, accepted],
                message="Many elements are left out by resampling: ",
                summarize=100,
                first_n=10,
            ),
        )

    def _gather_and_copy(number: Any, acceptance: Any, data: Any) -> Any:
        return number, gather(acceptance, number), data

    probabilities = Dataset.zip((acceptance, initial)).map(maybe_warn_on_large_rejection)
    together = Dataset.zip((classes, probabilities, dataset)).map(_gather_and_copy)
    kept = together.filter(lambda _number, chance, _data: random_uniform([], seed=seed) < chance)
    return kept.map(lambda number, _, data: (number, data))


def _estimated(target: Tensor, classes: Dataset) -> Dataset:
    """The distribution of classes as far as it was seen, for each element."""
    known = target._shape_value[0]
    count: Any = shape_of(target)[0] if known is None else known
    seen = fill([count], np.int64(_BEFORE))

    def update_estimate_and_tile(seen: Any, batch: Any) -> Any:
        found = one_hot(batch, seen._shape_value[0], dtype=dtypes.int64)
        now = add(seen, reduce_sum(found, 0))
        estimate = cast(truediv(now, reduce_sum(now)), dtypes.float32)
        return now, tile(expand_dims(estimate, 0), [_ROWS, 1])

    return scan(seen, update_estimate_and_tile)(classes.batch(_ROWS)).unbatch()
