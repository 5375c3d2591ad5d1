"""Variables cut into parts along one dimension, as large embeddings are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tidefall.core.dtypes import DType
from tidefall.core.shapes import Shape
from tidefall.core.tensor_shape import TensorShape
from tidefall.ir.graph import get_default_graph
from tidefall.ops.array import identity
from tidefall.ops.joining import concat, split


class PartitionedVariable:
    """A variable kept in parts; as a tensor it is the parts joined.

    Args:
      name: The name of the whole.
      shape: The shape of the whole.
      dtype: The dtype.
      variable_list: The parts, each of which knows its place (`SaveSliceInfo`).
      partitions: The number of parts in each dimension.
    """

    def __init__(
        self, name: str, shape: Any, dtype: DType, variable_list: Any, partitions: Any
    ) -> None:
        if not isinstance(variable_list, (list, tuple)):
            raise TypeError(f"variable_list must be a list of variables, not {variable_list!r}.")
        if not isinstance(partitions, (list, tuple)):
            raise TypeError(f"partitions must be a list of numbers, not {partitions!r}.")
        if not variable_list or any(number < 1 for number in partitions):
            raise ValueError("a partitioned variable needs at least one part in each dimension.")
        whole = Shape.of(shape)
        if len(whole) != len(partitions):
            raise ValueError(f"shape {whole} and partitions {partitions} differ in rank.")
        for part in variable_list:
            info = part._get_save_slice_info()
            if info is None or list(info.full_shape or ()) != list(whole):
                raise ValueError(f"variable '{part.name}' is not a part of a shape {whole}.")
        self._variable_list = sorted(
            variable_list, key=lambda part: part._get_save_slice_info().var_offset
        )
        self._name = name
        self._shape = TensorShape.of(whole)
        self._dtype = dtype
        self._partitions = partitions

    @property
    def name(self) -> str:
        """The name of the whole."""
        return self._name

    @property
    def dtype(self) -> DType:
        """The dtype."""
        return self._dtype

    @property
    def shape(self) -> TensorShape:
        """The shape of the whole."""
        return self._shape

    def get_shape(self) -> TensorShape:
        """The shape of the whole; the same as `shape`."""
        return self._shape

    def _get_variable_list(self) -> list[Any]:
        return self._variable_list

    def _get_partitions(self) -> Any:
        return self._partitions

    def _partition_axes(self) -> list[int]:
        return [i for i, number in enumerate(self._partitions) if number > 1] or [0]

    def _axis(self) -> int:
        axes = self._partition_axes()
        if len(axes) > 1:
            raise NotImplementedError(
                f"variable '{self._name}' is cut along the dimensions {axes}; its parts can be "
                "joined along one only."
            )
        return axes[0]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._variable_list)

    def __len__(self) -> int:
        if len(self._partition_axes()) > 1:
            raise ValueError(f"variable '{self._name}' is cut along more than one dimension.")
        return len(self._variable_list)

    def as_tensor(self) -> Any:
        """The whole value, without the open control dependencies."""
        with get_default_graph().control_dependencies(None):
            return self._concat()

    def _concat(self) -> Any:
        graph = get_default_graph()
        value = self._variable_list[0]
        if len(self._variable_list) > 1:
            axis = self._axis()
            with graph.name_scope(self._name + "/ConcatPartitions/"):
                value = concat(self._variable_list, axis)
        with graph.name_scope(None):
            return identity(value, name=self._name)

    def _convert_to_tensor(self, dtype: DType | None, name: str | None, as_ref: bool) -> Any:
        if dtype is not None and dtype.base_dtype is not self._dtype.base_dtype:
            raise ValueError(
                f"a tensor of dtype {dtype.name} is needed, but variable '{self._name}' has dtype "
                f"{self._dtype.name}."
            )
        if as_ref:
            raise NotImplementedError(
                f"partitioned variable '{self._name}' has no single reference; use its parts."
            )
        return self.as_tensor()

    def assign(
        self, value: Any, use_locking: bool = False, name: str | None = None,
        read_value: bool = True,
    ) -> list[Any]:  # fmt: skip
        """Gives each part its piece of ``value``. See `Variable.assign`."""
        return self._each("assign", value, use_locking, name, read_value)

    def assign_add(
        self, value: Any, use_locking: bool = False, name: str | None = None,
        read_value: bool = True,
    ) -> list[Any]:  # fmt: skip
        """Adds to each part its piece of ``value``."""
        return self._each("assign_add", value, use_locking, name, read_value)

    def assign_sub(
        self, value: Any, use_locking: bool = False, name: str | None = None,
        read_value: bool = True,
    ) -> list[Any]:  # fmt: skip
        """Subtracts from each part its piece of ``value``."""
        return self._each("assign_sub", value, use_locking, name, read_value)

    def _each(self, method: str, value: Any, locking: bool, name: Any, read: bool) -> list[Any]:
        pieces = self._pieces(value)
        return [
            getattr(part, method)(piece, use_locking=locking, name=name, read_value=read)
            for part, piece in zip(self._variable_list, pieces, strict=True)
        ]

    def _pieces(self, value: Any) -> Sequence[Any]:
        axis = self._axis()
        if isinstance(value, (list, PartitionedVariable)):
            return list(value)
        sizes = [part.get_shape()[axis].value for part in self._variable_list]
        return split(value, sizes, axis)  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return (
            f"<tf.PartitionedVariable '{self._name}' shape={self._shape} dtype={self._dtype.name} "
            f"partitions={list(self._partitions)}>"
        )


def partitions_for(partitioner: Callable[..., Any], shape: Shape, dtype: DType) -> Sequence[int]:
    """What the partitioner says of a shape, checked.

    Raises:
      ValueError: If the shape cannot be cut, or the answer is not one number of parts for each
        dimension, all but one of them 1.
    """
    if not shape.is_fully_defined or not shape.rank:
        raise ValueError(
            f"a variable of shape {shape} cannot be partitioned: its shape must be fully known "
            "and have at least one dimension."
        )
    slicing = partitioner(shape=TensorShape.of(shape), dtype=dtype)
    if not isinstance(slicing, Sequence) or len(slicing) != shape.rank:
        raise ValueError(
            f"the partitioner gave {slicing!r}; it must give {shape.rank} numbers for shape "
            f"{shape}, one for each dimension."
        )
    if any(number < 1 for number in slicing) or sum(number > 1 for number in slicing) > 1:
        raise ValueError(
            f"the partitioner gave {list(slicing)} for shape {shape}; a variable is cut along one "
            "dimension, into at least one part."
        )
    return slicing


def cut(partitions: Sequence[int]) -> tuple[int, int]:
    """The dimension that is cut, and into how many parts."""
    for axis, number in enumerate(partitions):
        if number > 1:
            return axis, number
    return 0, 1


def slices_of(shape: list[int], count: int, axis: int) -> Iterator[tuple[list[int], list[int]]]:
    """Offset and shape of each part; the first parts are larger where it does not come out even."""
    size, rest = divmod(shape[axis], count)
    offset = [0] * len(shape)
    for index in range(count):
        part = list(shape)
        part[axis] = size + (index < rest)
        yield list(offset), part
        offset[axis] += part[axis]
