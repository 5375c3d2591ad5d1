"""What a program says of the features it wants from examples: `tf.FixedLenFeature` and others."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from tidefall.core import dtypes
from tidefall.core.dtypes import DType, as_dtype
from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.sparse_tensor import SparseTensor
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import reshape
from tidefall.ops.constant import constant
from tidefall.ops.sparse_dense import sparse_merge


@export("VarLenFeature", "io.VarLenFeature")
class VarLenFeature(NamedTuple):
    """A feature with any number of values, parsed to a sparse tensor.

    Attributes:
      dtype: float32, int64 or string.
    """

    dtype: Any


@export("SparseFeature", "io.SparseFeature")
class SparseFeature(NamedTuple):
    """Two or more features that together are a sparse tensor.

    Attributes:
      index_key: The name of the feature of the indices; a list, one for each dimension.
      value_key: The name of the feature of the values.
      dtype: The dtype of the values.
      size: The size of the dimension; a list, if ``index_key`` is one.
      already_sorted: Whether the values are sorted by their indices.
    """

    index_key: Any
    value_key: Any
    dtype: Any
    size: Any
    already_sorted: Any = False


@export("FixedLenFeature", "io.FixedLenFeature")
class FixedLenFeature(NamedTuple):
    """A feature with the same number of values in each example.

    Attributes:
      shape: The shape of the values.
      dtype: float32, int64 or string.
      default_value: The values of examples that do not have it; they must, if None.
    """

    shape: Any
    dtype: Any
    default_value: Any = None


@export("FixedLenSequenceFeature", "io.FixedLenSequenceFeature")
class FixedLenSequenceFeature(NamedTuple):
    """A feature with any number of entries, all of one shape, parsed to a padded tensor.

    Attributes:
      shape: The shape of an entry.
      dtype: float32, int64 or string.
      allow_missing: Whether it may be missing; must be true for `tf.parse_example`.
      default_value: What shorter ones are filled up with; zero or '' if None.
    """

    shape: Any
    dtype: Any
    allow_missing: Any = False
    default_value: Any = None


ALL_KINDS = (VarLenFeature, SparseFeature, FixedLenFeature, FixedLenSequenceFeature)


class Wanted:
    """Features as the ops want them.

    Attributes:
      sparse: Names and dtypes of sparse features.
      dense: Names, dtypes and shapes of dense features, the latter beginning with None where the
        number of entries may differ.
      defaults: Defaults of dense features, by name.
      missing_allowed: Names of sequence features that may be missing.
    """

    def __init__(self, features: Any, kinds: tuple[type, ...] = ALL_KINDS) -> None:
        self.sparse: dict[str, DType] = {}
        self.dense: dict[str, tuple[DType, Shape]] = {}
        self.defaults: dict[str, Any] = {}
        self.missing_allowed: list[str] = []
        self._kinds = kinds
        for key in sorted(features or {}):
            self._add(key, features[key])

    def _add(self, key: str, given: Any) -> None:
        feature = given
        if not isinstance(given, self._kinds):
            names = ", ".join(kind.__name__ for kind in self._kinds)
            raise ValueError(f"feature '{key}' must be one of {names}, not {feature!r}.")
        if not feature.dtype:
            raise ValueError(f"feature '{key}' needs a dtype.")
        if isinstance(feature, VarLenFeature):
            self._add_sparse(key, as_dtype(feature.dtype))
        elif isinstance(feature, SparseFeature):
            self._add_parts(key, feature)
        elif isinstance(feature, FixedLenFeature):
            self._add_fixed(key, feature)
        else:
            self._add_sequence(key, feature)

    def _add_sparse(self, key: str, dtype: DType) -> None:
        known = self.sparse.setdefault(key, dtype)
        if known is not dtype:
            raise ValueError(
                f"feature '{key}' is wanted as {known.name} and as {dtype.name}; it has one dtype."
            )

    def _add_parts(self, key: str, feature: SparseFeature) -> None:
        if not feature.index_key or not feature.value_key:
            raise ValueError(f"feature '{key}' needs an index_key and a value_key.")
        for index_key in sorted(_listed(feature.index_key)):
            self._add_sparse(index_key, dtypes.int64)
        self._add_sparse(feature.value_key, as_dtype(feature.dtype))

    def _add_fixed(self, key: str, feature: FixedLenFeature) -> None:
        if feature.shape is None:
            raise ValueError(f"feature '{key}' needs a shape.")
        shape = Shape.of(feature.shape)
        if shape.rank and shape[0] is None:
            raise ValueError(
                f"the first size in the shape of feature '{key}' is unknown; take a "
                "FixedLenSequenceFeature for entries of any number."
            )
        if not shape.is_fully_defined:
            raise ValueError(f"all sizes in the shape of feature '{key}' must be known: {shape}.")
        self.dense[key] = (as_dtype(feature.dtype), shape)
        if feature.default_value is not None:
            self.defaults[key] = feature.default_value

    def _add_sequence(self, key: str, feature: FixedLenSequenceFeature) -> None:
        if feature.shape is None:
            raise ValueError(f"feature '{key}' needs a shape.")
        shape = Shape.of(feature.shape)
        self.dense[key] = (as_dtype(feature.dtype), shape)
        if feature.allow_missing:
            self.missing_allowed.append(key)
            self.defaults[key] = None
        if feature.default_value is not None:
            self.defaults[key] = feature.default_value

    def shapes(self) -> list[Shape]:
        """The shapes of dense features."""
        return [shape for _, shape in self.dense.values()]

    def types(self) -> list[DType]:
        """The dtypes of dense features."""
        return [dtype for dtype, _ in self.dense.values()]

    def default_tensors(self) -> list[Any]:
        """A tensor for each dense feature: its default, what it is padded with, or nothing."""
        return [
            _default(key, dtype, shape, self.defaults.get(key))
            for key, (dtype, shape) in self.dense.items()
        ]

    def with_entries(self, features: Any) -> Wanted:
        """The same, where the shapes of sequence features begin with None.

        Raises:
          ValueError: If a sequence feature may not be missing.
        """
        for key, feature in (features or {}).items():
            if isinstance(feature, FixedLenSequenceFeature):
                if not feature.allow_missing:
                    raise ValueError(
                        f"sequence feature '{key}' must have allow_missing=True here: an example "
                        "without it is one with no entries."
                    )
                dtype, shape = self.dense[key]
                self.dense[key] = (dtype, Shape((None,)) + shape)
        return self


def _default(key: str, dtype: DType, shape: Shape, given: Any) -> Any:
    label = re.sub(r"[^A-Za-z0-9_.\-/]", "_", key)
    if shape.rank and shape[0] is None:
        if given is None:
            return constant("" if dtype is dtypes.string else 0, dtype)
        return reshape(convert_to_tensor(given, dtype, f"padding_{label}"), [])
    if given is None:
        return constant([], dtype)
    if isinstance(given, Tensor):
        return given
    return reshape(convert_to_tensor(given, dtype, f"key_{label}"), list(shape))


def _listed(keys: Any) -> list[str]:
    return list(keys) if isinstance(keys, (list, tuple)) else [keys]


def with_sparse_features(features: Any, found: dict[str, Any]) -> dict[str, Any]:
    """What was found, with features of several parts put together, and no others than wanted."""
    result = dict(found)
    for key in sorted(features or {}):
        feature = features[key]
        if isinstance(feature, SparseFeature):
            keys = feature.index_key
            ids: Any = (
                [result[k] for k in keys] if isinstance(keys, (list, tuple)) else result[keys]
            )
            result[key] = sparse_merge(
                ids, result[feature.value_key], feature.size,
                already_sorted=feature.already_sorted,
            )  # fmt: skip
    return {key: value for key, value in result.items() if key in features}


def named(wanted: Wanted, indices: Any, values: Any, shapes: Any, dense: Any) -> dict[str, Any]:
    """The outputs of an op, by the names of the features."""
    parts = zip(wanted.sparse, indices, values, shapes, strict=True)
    found: dict[str, Any] = {
        key: SparseTensor(index, value, shape) for key, index, value, shape in parts
    }
    found.update(zip(wanted.dense, dense, strict=True))
    return found
