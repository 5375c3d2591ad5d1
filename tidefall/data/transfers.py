"""`copy_to_device` and `prefetch_to_device`.

Elements are made in the memory of the host, and a step that runs on a device takes what it needs
there when it begins. So there is nothing to copy ahead, and the elements are the same.
"""

from __future__ import annotations

from typing import Any

from tidefall.core.exports import export
from tidefall.data.dataset import Dataset
from tidefall.data.experimental import Transformation


@export("data.experimental.copy_to_device", "contrib.data.copy_to_device")
def copy_to_device(target_device: Any, source_device: Any = "/cpu:0") -> Transformation:
    """The same elements: they reach a device with the step that uses them.

    Args:
      target_device: Where they are used.
      source_device: Where they are made.
    """

    def apply(dataset: Dataset) -> Dataset:
        return Dataset(dataset._variant_tensor, dataset._spec, dataset)

    return apply


@export("data.experimental.prefetch_to_device", "contrib.data.prefetch_to_device")
def prefetch_to_device(device: Any, buffer_size: Any = None) -> Transformation:
    """The elements, of which up to ``buffer_size`` are made ahead of time.

    Args:
      device: Where they are used.
      buffer_size: How many are made ahead; the pipeline chooses if None.
    """
    return lambda dataset: copy_to_device(device)(dataset).prefetch(buffer_size)
