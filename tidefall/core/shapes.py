"""Shapes with unknown dimensions, as the engine uses them.

A `Shape` is a tuple of sizes, any of them unknown (`None`), or wholly unknown. It is what
shape rules compute with; what users see is `TensorShape` in `core.tensor_shape`, which
wraps one. Shapes are immutable: nothing assigns to their attributes once they are made.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final, SupportsIndex, overload

Dims = tuple[int | None, ...]


class Shape:
    """An immutable shape, known as far as it is known.

    Attributes:
      dims: The sizes, `None` where unknown; or `None` when not even the rank is known.
      rank: The number of dimensions, or `None`.
    """

    __slots__ = ("dims", "rank")

    dims: Dims | None
    rank: int | None

    def __init__(self, dims: Iterable[int | None] | None = None) -> None:
        if dims is None:
            self.dims = self.rank = None
        else:
            self.dims = dims = dims if dims.__class__ is tuple else tuple(dims)
            self.rank = len(dims)

    @staticmethod
    def of(value: Any) -> "Shape":
        """Returns the shape that ``value`` means.

        Args:
          value: `None` (unknown), one size, a list of sizes (integers, `None` or
            `Dimension`), a `TensorShape`, a ``TensorShapeProto`` or a `Shape`.

        Raises:
          TypeError: If ``value`` is none of these.
          ValueError: If a size is negative.
        """
        if isinstance(value, Shape):
            return value
        if value is None:
            return UNKNOWN
        inner = getattr(value, "shape", None)  # a TensorShape carries the Shape it wraps
        if isinstance(inner, Shape):
            return inner
        if hasattr(value, "unknown_rank"):
            return _of_proto(value)
        if isinstance(value, str | bytes):
            raise TypeError(f"A shape is a list of integers or None, not {value!r}.")
        try:
            items = list(value)
        except TypeError:
            items = [value]
        return Shape(tuple([dimension(item) for item in items]))

    @property
    def is_fully_defined(self) -> bool:
        """Whether every dimension is known."""
        return self.dims is not None and None not in self.dims

    def num_elements(self) -> int | None:
        """Returns how many elements the shape has, or `None` while that is unknown."""
        if self.dims is None:
            return None
        count = 1
        for size in self.dims:
            if size is None:
                return None
            count *= size
        return count

    def with_rank(self, rank: int | None) -> "Shape":
        """Returns this shape, or one of unknown sizes if nothing was known of it.

        Raises:
          ValueError: If the shape has another rank.
        """
        if rank is None or self.rank == rank:
            return self
        if self.rank is None:
            return unknown(rank)
        raise ValueError(f"shape {self} has rank {self.rank}, where rank {rank} is needed.")

    def with_rank_at_least(self, rank: int) -> "Shape":
        """Returns this shape, if its rank is not known to be less than ``rank``."""
        if self.rank is not None and self.rank < rank:
            raise ValueError(
                f"shape {self} has rank {self.rank}, where a rank of at least {rank} is needed."
            )
        return self

    def with_rank_at_most(self, rank: int) -> "Shape":
        """Returns this shape, if its rank is not known to be greater than ``rank``."""
        if self.rank is not None and self.rank > rank:
            raise ValueError(
                f"shape {self} has rank {self.rank}, where a rank of at most {rank} is needed."
            )
        return self

    def merge_with(self, other: "Shape") -> "Shape":
        """Returns what is known of a shape that is both this one and ``other``.

        Raises:
          ValueError: If no shape can be both.
        """
        mine, theirs = self.dims, other.dims
        if theirs is None or mine == theirs:
            return self
        if mine is None:
            return other
        if len(mine) != len(theirs):
            raise ValueError(
                f"Shapes {self} and {other} are not compatible: their ranks differ, "
                f"{len(mine)} != {len(theirs)}."
            )
        merged = []
        for axis, (a, b) in enumerate(zip(mine, theirs, strict=True)):
            if a is not None and b is not None and a != b:
                raise ValueError(
                    f"Shapes {self} and {other} are not compatible: dimension {axis} differs, "
                    f"{a} != {b}."
                )
            merged.append(b if a is None else a)
        return Shape(tuple(merged))

    def is_compatible_with(self, other: "Shape") -> bool:
        """Whether some shape is both this one and ``other``."""
        mine, theirs = self.dims, other.dims
        if mine is None or theirs is None or mine == theirs:
            return True
        if len(mine) != len(theirs):
            return False
        return all(a is None or b is None or a == b for a, b in zip(mine, theirs, strict=True))

    def as_list(self) -> list[int | None]:
        """Returns the sizes as a list. Raises `ValueError` if the rank is unknown."""
        return list(self._known_dims())

    def _known_dims(self) -> Dims:
        if self.dims is None:
            raise ValueError("the rank of the shape is not known, so it has no list of sizes.")
        return self.dims

    def __len__(self) -> int:
        return len(self._known_dims())

    def __bool__(self) -> bool:
        """Whether the rank is known; a scalar's shape is true."""
        return self.dims is not None

    def __iter__(self) -> Iterator[int | None]:
        return iter(self._known_dims())

    @overload
    def __getitem__(self, key: SupportsIndex) -> int | None: ...
    @overload
    def __getitem__(self, key: "slice[Any, Any, Any]") -> "Shape": ...
    def __getitem__(self, key: Any) -> Any:
        """Returns a size, or the shape of a range of dimensions.

        Of an unknown shape, any size is `None`, and any range is unknown but for
        ``[:n]`` with a positive ``n``, which has n dimensions.
        """
        if self.dims is not None:
            picked = self.dims[key]
            return Shape(picked) if isinstance(key, slice) else picked
        if not isinstance(key, slice):
            return None
        start, stop = key.start or 0, key.stop
        if key.step not in (None, 1) or stop is None or start < 0 or stop < 0:
            return UNKNOWN
        return unknown(max(stop - start, 0))

    def __add__(self, other: "Shape") -> "Shape":
        """Returns the dimensions of this shape followed by those of ``other``."""
        if self.dims is None or other.dims is None:
            return UNKNOWN
        return Shape(self.dims + other.dims)

    def __eq__(self, other: object) -> bool:
        """Whether as much is known of both: ``(?, 2)`` equals ``(?, 2)``."""
        return isinstance(other, Shape) and self.dims == other.dims

    def __hash__(self) -> int:
        return hash(self.dims)

    def __str__(self) -> str:
        if self.dims is None:
            return "<unknown>"
        sizes = ["?" if size is None else str(size) for size in self.dims]
        return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"

    def __repr__(self) -> str:
        return f"Shape({None if self.dims is None else list(self.dims)})"


UNKNOWN: Final = Shape(None)
"""The shape of which nothing is known."""

SCALAR: Final = Shape(())
"""The shape of a scalar."""


def dimension(value: Any) -> int | None:
    """Converts one size, an integer, `None` or a `Dimension`, to an `int` or `None`.

    Raises:
      TypeError: If ``value`` is no integer.
      ValueError: If it is negative.
    """
    if value is None:
        return None
    if value.__class__ is int:
        size = value
    else:
        if hasattr(value, "value"):  # a Dimension
            return dimension(value.value)
        try:
            size = int(value.__index__() if hasattr(value, "__index__") else value)
        except (TypeError, ValueError) as error:
            raise TypeError(f"A dimension is an integer or None, not {value!r}.") from error
        if size != value and not isinstance(value, str):
            raise ValueError(f"A dimension is a whole number, not {value!r}.")
    if size < 0:
        raise ValueError(f"Dimension {size} must be >= 0; an unknown dimension is None.")
    return size


def unknown(rank: int | None) -> Shape:
    """Returns a shape of ``rank`` dimensions of which no size is known."""
    return UNKNOWN if rank is None else Shape((None,) * rank)


def broadcast(a: Shape, b: Shape) -> Shape:
    """Returns the shape of an element-wise operation on shapes ``a`` and ``b``.

    Where one size is unknown and the other is greater than 1, the result has the other:
    the program is taken to be right.

    Raises:
      ValueError: If two sizes differ and neither is 1.
    """
    left, right = a.dims, b.dims
    if left is None or right is None:
        return UNKNOWN
    if left == right or not right:
        return a
    if not left:
        return b
    if len(left) > len(right):
        head, left = left[: len(left) - len(right)], left[len(left) - len(right) :]
    else:
        head, right = right[: len(right) - len(left)], right[len(right) - len(left) :]
    tail = []
    for x, y in zip(left, right, strict=True):
        if x == y or y == 1:
            tail.append(x)
        elif x == 1:
            tail.append(y)
        elif x is None or y is None:
            tail.append((y if x is None else x) or None)  # a known 0 decides nothing
        else:
            raise _cannot_broadcast(a, b, x, y, len(tail) - len(left))
    return Shape(head + tuple(tail))


def _cannot_broadcast(a: Shape, b: Shape, x: int, y: int, axis: int) -> ValueError:
    return ValueError(
        f"shapes {a} and {b} cannot be broadcast together: in dimension {axis}, counted from "
        f"the last, {x} != {y}, and neither is 1. Reshape one of them, or add a dimension of "
        "size 1 where its elements should be repeated."
    )


def _of_proto(proto: Any) -> Shape:
    if proto.unknown_rank:
        return UNKNOWN
    sizes: list[int | None] = [None if dim.size == -1 else int(dim.size) for dim in proto.dim]
    return Shape(tuple(sizes))
