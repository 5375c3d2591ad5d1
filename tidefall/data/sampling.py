"""Elements drawn from several datasets, or drawn again to reach a distribution."""

from __future__ import annotations

from typing import Any

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.data.dataset import Dataset
from tidefall.data.experimental import RandomDataset, directed
from tidefall.ir.conversion import convert
from tidefall.ops.array import expand_dims, squeeze
from tidefall.ops.elementwise import log
from tidefall.ops.random_stateless import stateless_multinomial_op


@export("data.experimental.sample_from_datasets", "contrib.data.sample_from_datasets")
def sample_from_datasets(datasets: Any, weights: Any = None, seed: Any = None) -> Dataset:
    """The next element of one of several datasets, drawn at random.

    Args:
      datasets: A list of datasets.
      weights: The probability of each, a list or a dataset of lists; equal if None.
      seed: The seed.
    """
    parts = list(datasets)
    if isinstance(weights, Dataset):
        logits = weights.map(lambda *p: log(p, name="logits"))
        choices = _choices(logits, seed)
        return directed(choices, parts)
    if weights is None:
        given: Any = [[1.0] * len(parts)]
        log_weights = log(convert(given, dtypes.float32, "weights"), name="logits")
    else:
        tensor = convert(weights, None, "weights")
        if tensor._dtype not in (dtypes.float32, dtypes.float64):
            raise TypeError(f"weights must be floating-point numbers, not {tensor.dtype.name}.")
        if not tensor._shape_value.is_compatible_with(Shape((len(parts),))):
            raise ValueError(
                f"weights must be a vector of {len(parts)} numbers, one for each dataset, not of "
                f"shape {tensor.shape}."
            )
        log_weights = expand_dims(log(tensor, name="logits"), 0)

    def select_dataset_constant_logits(seed: Any) -> Any:
        return _drawn(log_weights, seed)

    pairs = RandomDataset(seed).batch(2)
    return directed(pairs._mapped(select_dataset_constant_logits, None, inter_op=False), parts)


def _drawn(logits: Any, seed: Any) -> Any:
    """One number from a distribution."""
    return squeeze(stateless_multinomial_op(logits, 1, seed), axis=[0, 1])


def _choices(logits: Dataset, seed: Any) -> Dataset:
    def select_dataset_varying_logits(logits: Any, seed: Any) -> Any:
        return _drawn(logits, seed)

    both = Dataset.zip((logits, RandomDataset(seed).batch(2)))
    return both._mapped(select_dataset_varying_logits, None, inter_op=False)
