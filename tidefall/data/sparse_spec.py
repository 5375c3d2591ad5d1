"""Sparse tensors as components of a dataset's elements.

A sparse tensor travels as a vector of three variants; a batch of them as a matrix, which becomes
one sparse tensor with a dimension more.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.dtypes import DType
from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.data.element_spec import Kind, ShapedSpec
from tidefall.ir.sparse_tensor import SparseTensor, SparseTensorValue, as_sparse, is_sparse
from tidefall.ir.tensor import Tensor
from tidefall.ops.sparse_serialized import (
    deserialize_sparse,
    serialize_many_sparse,
    serialize_sparse,
)


@export("SparseTensorSpec")
class SparseTensorSpec(ShapedSpec):
    """A sparse tensor of some dtype and shape.

    Args:
      shape: The dense shape, as far as it is known.
      dtype: The dtype of the values.
    """

    carrier = (dtypes.variant, Shape(None))

    def __init__(self, shape: Any = None, dtype: Any = dtypes.float32) -> None:
        super().__init__(shape, dtype)

    @classmethod
    def from_value(cls, value: Any) -> SparseTensorSpec:
        """The spec of a sparse tensor, or of its value."""
        if isinstance(value, SparseTensorValue) and isinstance(value.values, np.ndarray):
            return cls(value.dense_shape, value.values.dtype)
        sparse = as_sparse(value)
        return cls(sparse.shape, sparse.dtype)

    @property
    def value_type(self) -> type:
        return SparseTensor

    def boxed(self, value: Any) -> Tensor:
        sparse = SparseTensor.from_value(value)  # takes a name in the scope, as in TensorFlow
        return serialize_sparse(sparse, out_type=dtypes.variant)  # type: ignore[no-any-return]

    def boxed_rows(self, value: Any) -> Tensor:
        sparse = SparseTensor.from_value(value)
        return serialize_many_sparse(sparse, out_type=dtypes.variant)  # type: ignore[no-any-return]

    def unboxed(self, tensor: Tensor) -> Any:
        return deserialize_sparse(tensor, self._dtype, self._shape.rank)

    def __repr__(self) -> str:
        return f"SparseTensorSpec({self.shape}, {self._dtype!r})"


@export("data.experimental.SparseTensorStructure")
def sparse_tensor_structure(dtype: DType, shape: Any) -> SparseTensorSpec:
    """The spec of a sparse tensor."""
    return SparseTensorSpec(shape, dtype)


#: What tells datasets of sparse tensors.
KIND = Kind(
    SparseTensor,
    is_sparse,
    SparseTensorSpec.from_value,
    as_sparse,
    lambda dtype, shape: SparseTensorSpec(shape, dtype),
)
