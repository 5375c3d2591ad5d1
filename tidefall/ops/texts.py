"""String tensors in kernels: arrays of `bytes` objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np


def text(value: bytes) -> Any:
    """A string tensor of rank 0."""
    return np.array(value, object)


def texts(values: Iterable[bytes], shape: Any = None) -> Any:
    """A string tensor with these elements: a vector, if no shape is given."""
    items = list(values)
    result = np.empty(len(items), object)
    result[:] = items
    return result if shape is None else result.reshape(shape)


def as_texts(value: Any) -> Any:
    """A string tensor as an array, which it may not be at rank 0."""
    return np.asarray(value, object)


def single(value: Any) -> bytes:
    """The one element of a string tensor."""
    found: Any = np.asarray(value, object).reshape(())[()]
    return bytes(found)


def elements(value: Any) -> list[bytes]:
    """The elements of a string tensor, in order."""
    found: list[bytes] = np.asarray(value, object).reshape(-1).tolist()
    return found


def each(function: Callable[[bytes], bytes], value: Any) -> Any:
    """A string tensor with ``function`` applied to each element."""
    array = np.asarray(value, object)
    return texts(map(function, array.reshape(-1).tolist()), array.shape)
