"""The indices of sparse tensors in kernels: matrices of int64, one row for each element."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]


def sizes_of(shape: Any) -> list[int]:
    """A dense shape as a list."""
    found: list[int] = np.asarray(shape).reshape(-1).tolist()
    return found


def flat(indices: Places, sizes: list[int]) -> Places:
    """Where the elements lie in the dense tensor laid out row by row."""
    result = np.zeros(len(indices), np.int64)
    for axis, size in enumerate(sizes):
        result = result * size + indices[:, axis]
    return result


def unflat(places: Places, sizes: list[int]) -> Places:
    """The opposite of `flat`."""
    result = np.empty((len(places), len(sizes)), np.int64)
    rest = places
    for axis in range(len(sizes) - 1, -1, -1):
        rest, result[:, axis] = np.divmod(rest, max(sizes[axis], 1))
    return result


def order(indices: Places) -> Any:
    """The permutation that sorts the elements row by row; equal ones stay as they are."""
    if indices.shape[1] == 0:
        return np.arange(len(indices))
    return np.lexsort(indices.T[::-1])


def check_inside(indices: Places, sizes: list[int]) -> None:
    """Checks that every element is inside the shape.

    Raises:
      ValueError: If one is not.
    """
    if indices.shape[1] != len(sizes):
        raise ValueError(
            f"indices have {indices.shape[1]} columns, but the dense shape has {len(sizes)} sizes."
        )
    wrong = ((indices < 0) | (indices >= np.array(sizes, np.int64))).any(1)
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(
            f"indices[{row}] = {indices[row].tolist()} is out of bounds: the dense shape is "
            f"{sizes}."
        )


def check_order(indices: Places, sizes: list[int]) -> None:
    """Checks that the elements are in order, each once.

    Raises:
      ValueError: If they are not.
    """
    if len(indices) < 2:
        return
    steps = np.diff(flat(indices, sizes))
    if steps.min() > 0:
        return
    row = int((steps <= 0).argmax()) + 1
    problem = "is repeated" if steps[row - 1] == 0 else "is out of order"
    raise ValueError(
        f"indices[{row}] = {indices[row].tolist()} {problem}. Elements must be sorted row by row; "
        "see tf.sparse.reorder."
    )


def count(sizes: list[int]) -> int:
    """The number of elements of a dense tensor."""
    return math.prod(sizes)
