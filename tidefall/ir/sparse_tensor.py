"""`SparseTensor`: a tensor given by the places and values of its elements that matter."""

from __future__ import annotations

from typing import Any, NamedTuple

from tidefall.core import dtypes, hooks
from tidefall.core.dtypes import as_dtype
from tidefall.core.exports import export
from tidefall.core.tensor_shape import TensorShape
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.inference import value_as_shape


class SparseTensorValue(NamedTuple):
    """The value of a `SparseTensor`: of one that was fetched, or to feed one."""

    indices: Any
    values: Any
    dense_shape: Any


export("SparseTensorValue", "compat.v1.SparseTensorValue")(SparseTensorValue)


@export("SparseTensor", "sparse.SparseTensor")
class SparseTensor:
    """A tensor most of whose elements are zero, or missing.

    Args:
      indices: Where its elements are: integers of shape ``[n, rank]``.
      values: What they are, shape ``[n]``.
      dense_shape: The shape of the whole tensor, ``[rank]``.

    Most functions want the indices in order, row by row; see `tf.sparse.reorder`.

    >>> x = tf.SparseTensor([[0, 1], [2, 0]], [1.0, 2.0], [3, 2])
    >>> tf.Session().run(tf.sparse.to_dense(x))
    array([[0., 1.],
           [0., 0.],
           [2., 0.]], dtype=float32)
    """

    def __init__(self, indices: Any, values: Any, dense_shape: Any) -> None:
        with get_default_graph().name_scope("SparseTensor"):
            self._indices = convert_to_tensor(indices, dtypes.int64, "indices")
            self._values = convert_to_tensor(values, name="values")
            self._dense_shape = convert_to_tensor(dense_shape, dtypes.int64, "dense_shape")
        where = self._indices._shape_value.with_rank(2)
        values_shape = self._values._shape_value.with_rank(1)
        sizes = self._dense_shape._shape_value.with_rank(1)
        _check_equal("indices and values", where[0], values_shape[0])
        _check_equal("columns of indices and sizes in dense_shape", where[1], sizes[0])

    @classmethod
    def from_value(cls, sparse_tensor_value: Any) -> SparseTensor:
        """A sparse tensor of constants, from a `tf.SparseTensorValue`."""
        if not isinstance(sparse_tensor_value, (SparseTensor, SparseTensorValue)):
            raise TypeError(f"{sparse_tensor_value!r} is neither a SparseTensor nor its value.")
        value = sparse_tensor_value
        return SparseTensor(value.indices, value.values, value.dense_shape)

    @property
    def indices(self) -> Any:
        """Where the elements are, ``[n, rank]``."""
        return self._indices

    @property
    def values(self) -> Any:
        """The elements, ``[n]``."""
        return self._values

    @property
    def dense_shape(self) -> Any:
        """The shape of the whole tensor, a tensor."""
        return self._dense_shape

    @property
    def shape(self) -> Any:
        """The shape of the whole tensor, as far as it is known."""
        return TensorShape.of(value_as_shape(self._dense_shape))

    def get_shape(self) -> Any:
        """The shape of the whole tensor, as far as it is known."""
        return self.shape

    @property
    def op(self) -> Any:
        """The operation that gives the values."""
        return self._values.op

    @property
    def dtype(self) -> Any:
        """The dtype of the elements."""
        return self._values.dtype

    @property
    def graph(self) -> Any:
        """The graph of the three tensors."""
        return self._indices.graph

    def consumers(self) -> list[Any]:
        """The operations that use the values."""
        found: list[Any] = self._values.consumers()
        return found

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        """The value, a `tf.SparseTensorValue`, computed in the default session."""
        parts = [
            each.eval(feed_dict, session)
            for each in (self._indices, self._values, self._dense_shape)
        ]
        return SparseTensorValue(*parts)

    def __mul__(self, other: Any) -> Any:
        return hooks.call("sparse_operator.mul", self, other)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        return hooks.call("sparse_operator.truediv", self, other)

    def __div__(self, other: Any) -> Any:
        return hooks.call("sparse_operator.div", self, other)

    def __repr__(self) -> str:
        return (
            f"SparseTensor(indices={self._indices}, values={self._values}, "
            f"dense_shape={self._dense_shape})"
        )


def _check_equal(what: str, first: int | None, second: int | None) -> None:
    if first is not None and second is not None and first != second:
        raise ValueError(f"there must be as many {what}, but there are {first} and {second}.")


def is_sparse(value: Any) -> bool:
    """Whether ``value`` is a sparse tensor or the value of one."""
    return isinstance(value, (SparseTensor, SparseTensorValue))


def as_sparse(value: Any) -> SparseTensor:
    """``value`` as a sparse tensor.

    Raises:
      TypeError: If it is neither that nor a `tf.SparseTensorValue`.
    """
    if isinstance(value, SparseTensor):
        return value
    if isinstance(value, SparseTensorValue):
        return SparseTensor.from_value(value)
    raise TypeError(
        f"a SparseTensor is needed, not {type(value).__name__}: {value!r}. tf.sparse.from_dense "
        "makes one of a dense tensor."
    )


@export("convert_to_tensor_or_sparse_tensor")
def convert_to_tensor_or_sparse_tensor(
    value: Any, dtype: Any = None, name: str | None = None
) -> Any:
    """``value`` as a `tf.Tensor`, or as a `tf.SparseTensor` if it is sparse.

    Args:
      value: What `tf.convert_to_tensor` takes, or a sparse tensor, or its value.
      dtype: The dtype it must have; inferred if None.
      name: The name of the node, if one is made.

    Raises:
      RuntimeError: If it is sparse and of another dtype.
    """
    if not is_sparse(value):
        return convert_to_tensor(value, dtype, name)
    sparse = as_sparse(value)
    if dtype is not None and not as_dtype(dtype).is_compatible_with(sparse.dtype):
        raise RuntimeError(
            f"a SparseTensor of dtype {as_dtype(dtype).name} is needed, but this one has "
            f"{sparse.dtype.name}."
        )
    return sparse


def rank_of(sparse: SparseTensor) -> int | None:
    """The static rank."""
    shape = sparse._dense_shape._shape_value
    return shape[0] if shape.rank == 1 else None
