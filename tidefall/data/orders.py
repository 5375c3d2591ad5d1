"""How ready-made pipelines shuffle and repeat what they read."""

from __future__ import annotations

from typing import Any

from tidefall.data.dataset import Dataset
from tidefall.data.experimental import shuffle_and_repeat


def shuffled_and_repeated(
    dataset: Dataset, num_epochs: int | None, shuffle: bool, buffer_size: Any, seed: Any
) -> Dataset:
    """The elements ``num_epochs`` times over (for ever if None), if asked in random order."""
    if shuffle and num_epochs != 1:
        return shuffle_and_repeat(buffer_size, num_epochs, seed)(dataset)
    if shuffle:
        return dataset.shuffle(buffer_size, seed)
    return dataset if num_epochs == 1 else dataset.repeat(num_epochs)
