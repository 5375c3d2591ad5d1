"""What `tf.parse_example` makes of features: dense tensors, padded ones, and sparse ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tidefall.core import dtypes
from tidefall.core.dtypes import DType
from tidefall.ops.example_batch import Group, count, groups
from tidefall.ops.example_wire import BYTES, FLOAT, INT64, KIND_NAMES, Feature, WireError

KINDS = {dtypes.string: BYTES, dtypes.float32: FLOAT, dtypes.int64: INT64}


class Dense(NamedTuple):
    """A feature with the same number of values in each example.

    Attributes:
      key: Its name.
      dtype: The dtype of its values.
      dims: The shape they are given; None in front where their number may differ.
      default: The values of an example that has none; empty if it must. Where the number may
        differ, what the shorter ones are filled up with.
    """

    key: bytes
    dtype: DType
    dims: tuple[int | None, ...]
    default: Any

    @property
    def is_padded(self) -> bool:
        """Whether the number of values may differ."""
        return bool(self.dims) and self.dims[0] is None


class Sparse(NamedTuple):
    """A feature with any number of values."""

    key: bytes
    dtype: DType


class SparseColumn(NamedTuple):
    """The values of a sparse feature in many examples: the parts of a sparse matrix."""

    indices: Any
    values: Any
    dense_shape: Any


class Examples:
    """Serialized examples, ready to be asked for their features.

    Args:
      records: The examples.
      names: What error messages call them; may be empty.
      known: Where their features are, where that is known already.

    Raises:
      ValueError: If one is no serialized ``Example``.
    """

    def __init__(
        self,
        records: list[bytes],
        names: Sequence[bytes] = (),
        known: list[Group] | None = None,
    ) -> None:
        self._records = records
        self._names = names
        try:
            self._groups = groups(records) if known is None else known
        except WireError as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: WireError) -> ValueError:
        for row, record in enumerate(self._records):
            try:
                groups([record])
            except WireError as reason:
                return ValueError(
                    f"{self._called(row)} is not a serialized Example: {reason}. "
                    f"It has {len(record)} bytes: {record[:40]!r}."
                )
        return ValueError(str(error))

    def _called(self, row: int) -> str:
        if len(self._names) > row:
            return f"example {row} ('{self._names[row].decode(errors='replace')}')"
        return f"example {row}"

    def _checked(self, group: Group, key: bytes, dtype: DType) -> Feature | None:
        """The feature in one group; None where it is missing.

        Raises:
          ValueError: If its values are of another kind.
        """
        feature = group.features.get(key)
        if feature is None or feature.kind == 0:
            return None
        if feature.kind != KINDS[dtype]:
            wanted = KIND_NAMES[KINDS[dtype]]
            raise ValueError(
                f"feature '{key.decode(errors='replace')}' of {self._called(group.rows[0])} has "
                f"{KIND_NAMES[feature.kind]} values, but {wanted} values are expected "
                f"(dtype {dtype.name})."
            )
        return feature

    def dense(self, wanted: Dense) -> Any:
        """The values of a dense feature, a row for each example."""
        if wanted.is_padded:
            return self._padded(wanted)
        dims = tuple([each or 0 for each in wanted.dims])
        total = math.prod(dims)
        rows = [self._rows(wanted, total, group) for group in self._groups]
        size = len(self._records)
        result = np.empty((size, total), wanted.dtype.np_dtype)
        if len(rows) == 1:
            result[:] = rows[0]
        else:
            for group, values in zip(self._groups, rows, strict=True):
                result[group.rows] = values
        return result.reshape(size, *dims)

    def _rows(self, wanted: Dense, total: int, group: Group) -> Any:
        """The values in one group: a row for each example, or one for all."""
        feature = self._checked(group, wanted.key, wanted.dtype)
        if feature is None:
            return self._default(wanted, group)
        if count(feature) != total:
            dims = [size or 0 for size in wanted.dims]
            raise self._wrong_count(wanted, group, count(feature), f"shape {dims}")
        return group.values(feature) if total else np.empty((len(group.rows), 0))

    def _default(self, wanted: Dense, group: Group) -> Any:
        default = np.asarray(wanted.default, wanted.dtype.np_dtype)
        if default.size == 0:
            raise ValueError(
                f"feature '{wanted.key.decode(errors='replace')}' (dtype {wanted.dtype.name}) is "
                f"required, but {self._called(group.rows[0])} does not have it. Give it a "
                "default_value, or make it a VarLenFeature."
            )
        return default.reshape(-1)

    def _wrong_count(self, wanted: Any, group: Group, found: int, expected: str) -> ValueError:
        return ValueError(
            f"feature '{wanted.key.decode(errors='replace')}' of {self._called(group.rows[0])} has "
            f"{found} values, which is not what {expected} needs."
        )

    def _padded(self, wanted: Dense) -> Any:
        inner = tuple([size or 0 for size in wanted.dims[1:]])
        step = math.prod(inner)
        longest = 0
        for group in self._groups:
            feature = self._checked(group, wanted.key, wanted.dtype)
            size = count(feature) if feature else 0
            if step == 0 or size % step:
                raise self._wrong_count(wanted, group, size, f"steps of shape {list(inner)}")
            longest = max(longest, size)
        filler = np.asarray(wanted.default, wanted.dtype.np_dtype).reshape(-1)[0]
        result = np.full((len(self._records), longest), filler, wanted.dtype.np_dtype)
        for group in self._groups:
            feature = group.features.get(wanted.key)
            if feature and feature.spans:
                result[group.rows, : count(feature)] = group.values(feature)
        return result.reshape(len(self._records), longest // max(step, 1), *inner)

    def sparse(self, wanted: Sparse) -> SparseColumn:
        """The values of a sparse feature: one sparse matrix, a row for each example."""
        counts = np.zeros(len(self._records), np.int64)
        features = [self._checked(group, wanted.key, wanted.dtype) for group in self._groups]
        for group, feature in zip(self._groups, features, strict=True):
            if feature is not None:
                counts[group.rows] = count(feature)
        starts = np.concatenate([[0], np.cumsum(counts)])
        values = np.empty(starts[-1], wanted.dtype.np_dtype)
        for group, feature in zip(self._groups, features, strict=True):
            if feature is not None and feature.spans:
                places = starts[group.rows][:, np.newaxis] + np.arange(count(feature))
                values[places] = group.values(feature)
        rows = np.repeat(np.arange(len(counts)), counts)
        columns = np.arange(starts[-1]) - np.repeat(starts[:-1], counts)
        longest = counts.max(initial=0)
        return SparseColumn(
            np.stack([rows, columns], 1), values, np.array([len(counts), longest], np.int64)
        )
