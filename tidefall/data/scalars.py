"""Arguments of datasets as tensors, under the names TensorFlow gives them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.dtypes import DType
from tidefall.ir.conversion import convert
from tidefall.ir.graph import get_default_graph
from tidefall.ir.tensor import Tensor
from tidefall.ops.compare import equal, logical_and
from tidefall.ops.constant import constant
from tidefall.ops.random_seed import get_seed
from tidefall.ops.where import where


def scalar(value: Any, name: str, dtype: DType = dtypes.int64) -> Tensor:
    """An argument as a tensor of that name."""
    return convert(value, dtype, name)  # type: ignore[no-any-return]


def seeds(seed: Any) -> tuple[Tensor, Tensor]:
    """The two seeds of a dataset that draws random numbers.

    The kernel takes (0, 0) for "no seeds"; where the program asks for them, other ones are used.
    """
    first, second = get_seed(seed)
    one = scalar(first or 0, "seed")
    if second is None:
        return one, scalar(0, "seed2")
    with get_default_graph().name_scope("seed2") as scope:
        two = scalar(second, "Const")
        both_zero = logical_and(equal(one, np.int64(0)), equal(two, np.int64(0)))
        other = constant(2**31 - 1, dtypes.int64)
        return one, where(both_zero, other, two, name=scope)
