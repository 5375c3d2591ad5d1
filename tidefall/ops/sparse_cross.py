"""Crossed features: every combination of one value of each column, row by row."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.dtypes import DType
from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.ir.opdef import HOST
from tidefall.ir.sparse_tensor import SparseTensor, as_sparse, is_sparse
from tidefall.ir.tensor import Tensor
from tidefall.ops.cast import cast
from tidefall.ops.registry import (
    Int64,
    Namespace,
    TypeAttr,
    TypeList,
    dense_types,
    op,
    out_type,
    sparse_types,
)
from tidefall.ops.string_hashes import fingerprint
from tidefall.ops.texts import texts

_KINDS = (dtypes.int64, dtypes.string)
_OUTPUT = TypeAttr(_KINDS)
_BETWEEN = b"_X_"
#: TensorFlow's key for hashes where none is given.
_KEY = 0xDECAFCAFFE
_MASK = (1 << 64) - 1
_MUL = 0xC6A4A7935BD1E995
_LARGEST = (1 << 63) - 1


@op("SparseCross", runs_on=HOST, differentiable=False, sparse_types=TypeList(_KINDS),
    dense_types=TypeList(_KINDS), out_type=_OUTPUT,
    outputs=("output_indices", "output_values", "output_shape"))  # fmt: skip
def sparse_cross_op(
    xp: Namespace, indices: list[Int64], values: list[sparse_types], shapes: list[Int64],
    dense_inputs: list[dense_types], *, hashed_output: bool, num_buckets: int, hash_key: int,
    out_type: DType, internal_type: DType,
) -> tuple[Int64, out_type, Int64]:  # fmt: skip
    """Combinations of the values of columns, as texts or as numbers of buckets."""
    columns = [_rows(*parts) for parts in zip(indices, values, shapes, strict=True)]
    columns += [np.asarray(each).tolist() for each in dense_inputs]
    counts = {len(column) for column in columns}
    if len(counts) > 1:
        raise ValueError(
            f"the inputs have {' and '.join(map(str, sorted(counts)))} rows; they must have "
            "equally many."
        )
    if hashed_output:
        columns = [[list(map(_number, row)) for row in column] for column in columns]
        made: Callable[[Iterable[Any]], Any] = _Hash(hash_key, num_buckets)
    else:
        columns = [[list(map(_text, row)) for row in column] for column in columns]
        made = _BETWEEN.join
    crossed = [list(map(made, itertools.product(*row))) for row in zip(*columns, strict=True)]
    places = [(row, place) for row, found in enumerate(crossed) for place in range(len(found))]
    flat = [each for found in crossed for each in found]
    widest = max(map(len, crossed), default=0)
    return (
        np.array(places, np.int64).reshape(-1, 2),
        np.array(flat, np.int64) if hashed_output else texts(flat),
        np.array([len(crossed), widest], np.int64),
    )


@sparse_cross_op.shape
def _sparse_cross_shape(*inputs: Any) -> tuple[Shape, Shape, Shape]:
    return Shape((None, 2)), Shape((None,)), Shape((2,))


def _rows(indices: Any, values: Any, shape: Any) -> list[list[Any]]:
    """The values of a sparse matrix, row by row."""
    rows: list[list[Any]] = [[] for _ in range(int(shape[0]))]
    for row, value in zip(indices[:, 0].tolist(), values.tolist(), strict=True):
        rows[row].append(value)
    return rows


def _text(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _number(value: Any) -> int:
    return fingerprint(value) if isinstance(value, bytes) else value & _MASK


class _Hash:
    """The bucket of a combination of numbers."""

    def __init__(self, key: int, buckets: int) -> None:
        self._key = key & _MASK
        self._buckets = buckets or _LARGEST

    def __call__(self, numbers: Iterable[int]) -> int:
        result = self._key
        for number in numbers:
            result = _both(result, number)
        return result % self._buckets


def _both(first: int, second: int) -> int:
    """One fingerprint for two."""
    second = second * _MUL & _MASK
    result = first ^ _MUL ^ (second ^ second >> 47) * _MUL & _MASK
    result = result * _MUL & _MASK
    result = (result ^ result >> 47) * _MUL & _MASK
    return result ^ result >> 47


@export("sparse.cross")
def sparse_cross(inputs: Any, name: str | None = None) -> SparseTensor:
    """Combinations of the values of several columns, row by row, as texts.

    Args:
      inputs: A list of matrices, sparse ones or dense ones, of integers or texts.
      name: The name of the node.

    >>> a = tf.sparse.from_dense([["red"], ["blue"]])
    >>> crossed = tf.sparse.cross([a, tf.constant([["x", "y"], ["x", "z"]])])
    >>> tf.Session().run(crossed.values)
    array([b'red_X_x', b'red_X_y', b'blue_X_x', b'blue_X_z'], dtype=object)
    """
    return _crossed(inputs, False, 0, None, name)


@export("sparse.cross_hashed")
def sparse_cross_hashed(
    inputs: Any, num_buckets: int = 0, hash_key: int | None = None, name: str | None = None
) -> SparseTensor:
    """Combinations of the values of several columns, row by row, as hashes.

    Args:
      inputs: A list of matrices, sparse ones or dense ones, of integers or texts.
      num_buckets: The hashes are smaller than this number; if it is 0, they are any 63 bits.
      hash_key: What the hashes depend on besides.
      name: The name of the node.
    """
    return _crossed(inputs, True, num_buckets, hash_key, name)


def _crossed(
    inputs: Any, hashed: bool, num_buckets: int, hash_key: int | None, name: str | None
) -> SparseTensor:
    if not isinstance(inputs, list):
        raise TypeError(f"the inputs must be in a list, not {inputs!r}.")
    for each in inputs:
        if not isinstance(each, Tensor) and not is_sparse(each):
            raise TypeError(f"all inputs must be sparse tensors or tensors, not {each!r}.")
    sparse = [as_sparse(each) for each in inputs if is_sparse(each)]
    dense = [each for each in inputs if not is_sparse(each)]
    values = [_integral(each.values) for each in sparse]
    others = [_integral(each) for each in dense]
    some_integers = any(each.dtype != dtypes.string for each in values + others)
    found = sparse_cross_op(
        [each.indices for each in sparse],
        values,
        [each.dense_shape for each in sparse],
        others,
        hashed_output=hashed,
        num_buckets=num_buckets,
        hash_key=hash_key or _KEY,
        out_type=dtypes.int64 if hashed else dtypes.string,
        internal_type=dtypes.int64 if hashed and some_integers else dtypes.string,
        name=name,
    )
    return SparseTensor(*found)


def _integral(tensor: Any) -> Any:
    return tensor if tensor.dtype == dtypes.string else cast(tensor, dtypes.int64)
