"""`IndexedSlices`: rows of a large tensor, the gradient of a gather."""

from __future__ import annotations

from typing import Any

from tidefall.core import hooks
from tidefall.core.exports import export
from tidefall.core.tensor_shape import TensorShape
from tidefall.ir.inference import value_as_shape
from tidefall.ir.tensor import Tensor


@export("IndexedSlices")
class IndexedSlices:
    """Some rows of a tensor: ``dense[indices[i]] = values[i]``, added up where indices repeat.

    Args:
      values: The rows, shape ``[n, ...]``.
      indices: Which rows they are, shape ``[n]``.
      dense_shape: The shape of the whole tensor, or None.
    """

    def __init__(self, values: Any, indices: Any, dense_shape: Any = None) -> None:
        self._values, self._indices, self._dense_shape = values, indices, dense_shape

    @property
    def values(self) -> Any:
        """The rows."""
        return self._values

    @property
    def indices(self) -> Any:
        """Which rows they are."""
        return self._indices

    @property
    def dense_shape(self) -> Any:
        """The shape of the whole tensor, or None."""
        return self._dense_shape

    @property
    def name(self) -> str:
        """The name of the values tensor."""
        return self._values.name  # type: ignore[no-any-return]

    @property
    def device(self) -> str:
        """The device of the values."""
        return self._values.device  # type: ignore[no-any-return]

    @property
    def op(self) -> Any:
        """The operation that computes the values."""
        return self._values.op

    @property
    def dtype(self) -> Any:
        """The element type of the values."""
        return self._values.dtype

    @property
    def graph(self) -> Any:
        """The graph of the values."""
        return self._values.graph

    @property
    def shape(self) -> Any:
        """The static shape of the whole tensor, as far as it is known."""
        if self._dense_shape is None:
            return TensorShape(None)
        return TensorShape.of(value_as_shape(self._dense_shape))

    def _convert_to_tensor(self, dtype: Any, name: str | None, as_ref: bool) -> Any:
        return hooks.call("dense", self, dtype, name)

    def __neg__(self) -> IndexedSlices:
        return IndexedSlices(-self._values, self._indices, self._dense_shape)

    def __str__(self) -> str:
        shape = "" if self._dense_shape is None else f", dense_shape={self._dense_shape}"
        return f"IndexedSlices(indices={self._indices}, values={self._values}{shape})"


def is_gradient_value(value: Any) -> bool:
    """Whether ``value`` can be a gradient: a tensor or `IndexedSlices`."""
    return isinstance(value, (Tensor, IndexedSlices))
