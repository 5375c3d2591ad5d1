"""`TensorShape` and `Dimension`, the shapes that users see.

These are TensorFlow 1.15's classes: the items of a `TensorShape` are `Dimension` objects,
arithmetic on unknown dimensions stays unknown, and a comparison with an unknown dimension
is neither true nor false but `None`. Inside the library shapes are `core.shapes.Shape`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any, Final, overload

from tidefall.core.exports import export
from tidefall.core.shapes import UNKNOWN, Shape, dimension
from tidefall.core.shapes import unknown as _unknown

_v2_items = False


@export("enable_v2_tensorshape")
def enable_v2_tensorshape() -> None:
    """Makes the items of a `TensorShape` integers or `None`, as in TensorFlow 2."""
    global _v2_items
    _v2_items = True


@export("disable_v2_tensorshape")
def disable_v2_tensorshape() -> None:
    """Makes the items of a `TensorShape` `Dimension` objects, as in TensorFlow 1."""
    global _v2_items
    _v2_items = False


@export("Dimension")
class Dimension:
    """The size of one dimension of a tensor, or the fact that it is not known.

    Arithmetic with an unknown dimension gives an unknown dimension; a comparison with one
    gives `None`, which is neither true nor false.

    >>> Dimension(3) * 2, Dimension(None) + 1, Dimension(None) == 3
    (Dimension(6), Dimension(None), None)
    """

    __slots__ = ("value",)

    value: int | None

    def __init__(self, value: Any) -> None:
        """Makes a dimension of size ``value``; `None` says that it is not known."""
        self.value = dimension(value)

    def is_compatible_with(self, other: Any) -> bool:
        """Whether the sizes are equal as far as they are known."""
        theirs = dimension(other)
        return self.value is None or theirs is None or self.value == theirs

    def assert_is_compatible_with(self, other: Any) -> None:
        """Raises `ValueError` if both sizes are known and differ."""
        if not self.is_compatible_with(other):
            raise ValueError(f"Dimensions {self} and {as_dimension(other)} are not compatible")

    def merge_with(self, other: Any) -> Dimension:
        """Returns what is known of a size that is both this one and ``other``."""
        self.assert_is_compatible_with(other)
        return Dimension(dimension(other)) if self.value is None else Dimension(self.value)

    def _combine(self, other: Any, how: Callable[[Any, Any], int], swapped: bool = False) -> Any:
        try:
            theirs = dimension(other)
        except (TypeError, ValueError):
            return NotImplemented
        if self.value is None or theirs is None:
            return Dimension(None)
        left, right = (theirs, self.value) if swapped else (self.value, theirs)
        return Dimension(how(left, right))

    def __add__(self, other: Any) -> Dimension:
        return self._combine(other, operator.add)  # type: ignore[no-any-return]

    def __radd__(self, other: Any) -> Dimension:
        return self._combine(other, operator.add, swapped=True)  # type: ignore[no-any-return]

    def __sub__(self, other: Any) -> Dimension:
        return self._combine(other, operator.sub)  # type: ignore[no-any-return]

    def __rsub__(self, other: Any) -> Dimension:
        return self._combine(other, operator.sub, swapped=True)  # type: ignore[no-any-return]

    def __mul__(self, other: Any) -> Dimension:
        return self._combine(other, operator.mul)  # type: ignore[no-any-return]

    def __rmul__(self, other: Any) -> Dimension:
        return self._combine(other, operator.mul, swapped=True)  # type: ignore[no-any-return]

    def __floordiv__(self, other: Any) -> Dimension:
        return self._combine(other, operator.floordiv)  # type: ignore[no-any-return]

    def __rfloordiv__(self, other: Any) -> Dimension:
        return self._combine(other, operator.floordiv, swapped=True)  # type: ignore[no-any-return]

    def __mod__(self, other: Any) -> Dimension:
        return self._combine(other, operator.mod)  # type: ignore[no-any-return]

    def __rmod__(self, other: Any) -> Dimension:
        return self._combine(other, operator.mod, swapped=True)  # type: ignore[no-any-return]

    def __div__(self, other: Any) -> Dimension:
        """Divides rounding down, as ``//`` does."""
        return self // other  # type: ignore[no-any-return]

    def __truediv__(self, other: Any) -> Dimension:
        raise TypeError(_no_true_division("Dimension", type(other).__name__))

    def __rtruediv__(self, other: Any) -> Dimension:
        raise TypeError(_no_true_division(type(other).__name__, "Dimension"))

    def _compare(self, other: Any, how: Callable[[Any, Any], bool]) -> Any:
        try:
            theirs = dimension(other)
        except (TypeError, ValueError):
            return NotImplemented
        if self.value is None or theirs is None:
            return None
        return how(self.value, theirs)

    def __eq__(self, other: object) -> Any:
        return self._compare(other, operator.eq)

    def __ne__(self, other: object) -> Any:
        return self._compare(other, operator.ne)

    def __lt__(self, other: Any) -> Any:
        return self._compare(other, operator.lt)

    def __le__(self, other: Any) -> Any:
        return self._compare(other, operator.le)

    def __gt__(self, other: Any) -> Any:
        return self._compare(other, operator.gt)

    def __ge__(self, other: Any) -> Any:
        return self._compare(other, operator.ge)

    def __hash__(self) -> int:
        return hash(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __int__(self) -> int:
        if self.value is None:
            raise TypeError(
                "the size of this dimension is not known while the graph is built, so it cannot "
                "be a Python number. Use tf.shape(t)[i] for its size in a run."
            )
        return self.value

    def __index__(self) -> int:
        return int(self)

    def __str__(self) -> str:
        return "?" if self.value is None else str(self.value)

    def __repr__(self) -> str:
        return f"Dimension({self.value})"

    def __reduce__(self) -> tuple[Any, tuple[int | None]]:
        return Dimension, (self.value,)


def _no_true_division(left: str, right: str) -> str:
    return f"unsupported operand type(s) for /: '{left}' and '{right}', please use // instead"


@export("TensorShape")
class TensorShape:
    """The shape of a tensor, known as far as it is known.

    It may be fully known, ``(32, 784)``, known in part, ``(?, 784)``, or not known at all,
    ``<unknown>``. The shape proper is ``.shape``, an immutable `core.shapes.Shape`.

    >>> TensorShape([None, 784]).concatenate([2]).as_list()
    [None, 784, 2]
    """

    __slots__ = ("shape",)

    shape: Shape

    def __init__(self, dims: Any) -> None:
        """Makes a shape of ``dims``: a list of sizes, one size, a shape, or `None`."""
        self.shape = Shape.of(dims)

    @classmethod
    def of(cls, shape: Shape) -> TensorShape:
        """Wraps an internal shape."""
        self = object.__new__(cls)
        self.shape = shape
        return self

    @property
    def rank(self) -> int | None:
        """The number of dimensions, or `None` if it is not known."""
        return self.shape.rank

    @property
    def ndims(self) -> int | None:
        """The number of dimensions, or `None` if it is not known; the same as `rank`."""
        return self.shape.rank

    @property
    def dims(self) -> list[Dimension] | None:
        """The dimensions as a list, or `None` if the rank is not known."""
        sizes = self.shape.dims
        return None if sizes is None else [Dimension(size) for size in sizes]

    @property
    def _dims(self) -> list[Dimension] | None:
        return self.dims

    def as_list(self) -> list[int | None]:
        """Returns the sizes, `None` where unknown.

        Raises:
          ValueError: If the rank is not known.
        """
        if self.shape.dims is None:
            raise ValueError("as_list() is not defined on an unknown TensorShape.")
        return list(self.shape.dims)

    def num_elements(self) -> int | None:
        """Returns how many elements the shape has, or `None` while that is unknown."""
        return self.shape.num_elements()

    def is_fully_defined(self) -> bool:
        """Returns whether every dimension is known."""
        return self.shape.is_fully_defined

    def is_compatible_with(self, other: Any) -> bool:
        """Returns whether some shape is both this one and ``other``."""
        return self.shape.is_compatible_with(Shape.of(other))

    def merge_with(self, other: Any) -> TensorShape:
        """Returns what is known of a shape that is both this one and ``other``."""
        return TensorShape.of(self.shape.merge_with(Shape.of(other)))

    def concatenate(self, other: Any) -> TensorShape:
        """Returns the dimensions of this shape followed by those of ``other``."""
        return TensorShape.of(self.shape + Shape.of(other))

    def most_specific_compatible_shape(self, other: Any) -> TensorShape:
        """Returns the most that can be said of a shape that may be this one or ``other``."""
        mine, theirs = self.shape.dims, Shape.of(other).dims
        if mine is None or theirs is None or len(mine) != len(theirs):
            return TensorShape.of(UNKNOWN)
        pairs = zip(mine, theirs, strict=True)
        return TensorShape.of(Shape(tuple(a if a == b else None for a, b in pairs)))

    def with_rank(self, rank: int | None) -> TensorShape:
        """Returns this shape, or one of ``rank`` unknown sizes if nothing was known of it."""
        return TensorShape.of(self.shape.with_rank(dimension(rank)))

    def with_rank_at_least(self, rank: int) -> TensorShape:
        """Returns this shape; raises `ValueError` if its rank is less than ``rank``."""
        return TensorShape.of(self.shape.with_rank_at_least(rank))

    def with_rank_at_most(self, rank: int) -> TensorShape:
        """Returns this shape; raises `ValueError` if its rank is greater than ``rank``."""
        return TensorShape.of(self.shape.with_rank_at_most(rank))

    def assert_has_rank(self, rank: int) -> None:
        """Raises `ValueError` if the shape is known not to have rank ``rank``."""
        if self.rank not in (None, rank):
            raise ValueError(f"Shape {self} must have rank {rank}")

    def assert_same_rank(self, other: Any) -> None:
        """Raises `ValueError` if the ranks are known to differ."""
        theirs = Shape.of(other)
        if self.rank is not None and theirs.rank is not None and self.rank != theirs.rank:
            raise ValueError(f"Shapes {self} and {theirs} must have the same rank")

    def assert_is_compatible_with(self, other: Any) -> None:
        """Raises `ValueError` if no shape can be both this one and ``other``."""
        theirs = Shape.of(other)
        if not self.shape.is_compatible_with(theirs):
            raise ValueError(f"Shapes {self} and {theirs} are incompatible")

    def assert_is_fully_defined(self) -> None:
        """Raises `ValueError` if a dimension is not known."""
        if not self.is_fully_defined():
            raise ValueError(f"Shape {self} is not fully defined")

    def __len__(self) -> int:
        if self.shape.dims is None:
            raise ValueError("Cannot take the length of shape with unknown rank.")
        return len(self.shape.dims)

    def __bool__(self) -> bool:
        """Whether the rank is known; a scalar's shape is true."""
        return self.shape.dims is not None

    def __iter__(self) -> Iterator[Any]:
        dims = self.dims
        if dims is None:
            raise ValueError("Cannot iterate over a shape with unknown rank.")
        return iter(self.as_list() if _v2_items else dims)

    @overload
    def __getitem__(self, key: int) -> Any: ...
    @overload
    def __getitem__(self, key: slice[Any, Any, Any]) -> TensorShape: ...
    def __getitem__(self, key: Any) -> Any:
        """Returns a `Dimension`, or for a slice the shape of those dimensions."""
        if isinstance(key, slice):
            return TensorShape.of(self.shape[key])
        size = self.shape[key]
        return size if _v2_items else Dimension(size)

    def __add__(self, other: Any) -> TensorShape:
        return self.concatenate(other)

    def __radd__(self, other: Any) -> TensorShape:
        return as_shape(other).concatenate(self)

    def __eq__(self, other: object) -> Any:
        """Whether the shapes are known and equal; an unknown size equals nothing."""
        try:
            theirs = Shape.of(other).dims
        except TypeError:
            return NotImplemented
        mine = self.shape.dims
        return mine == theirs and (mine is None or None not in mine)

    def __ne__(self, other: object) -> Any:
        try:
            theirs = Shape.of(other)
        except TypeError:
            return NotImplemented
        if self.shape.dims is None or theirs.dims is None:
            raise ValueError("The inequality of unknown TensorShapes is undefined.")
        return not self == TensorShape.of(theirs)

    def __hash__(self) -> int:
        return hash(self.shape)

    def __str__(self) -> str:
        return str(self.shape)

    def __repr__(self) -> str:
        return f"TensorShape({self.dims})"

    def __reduce__(self) -> tuple[Any, tuple[list[int | None] | None]]:
        return TensorShape, (None if self.shape.dims is None else list(self.shape.dims),)


def as_dimension(value: Any) -> Dimension:
    """Converts a size to a `Dimension`; a `Dimension` stays itself."""
    return value if isinstance(value, Dimension) else Dimension(value)


def as_shape(shape: Any) -> TensorShape:
    """Converts a shape in any form to a `TensorShape`; a `TensorShape` stays itself."""
    return shape if isinstance(shape, TensorShape) else TensorShape(shape)


def unknown_shape(rank: int | None = None, **kwargs: Any) -> TensorShape:
    """Returns a shape of ``rank`` unknown dimensions, or of unknown rank.

    The keyword ``ndims`` is an older name of ``rank``.
    """
    if "ndims" in kwargs:
        if rank is not None:
            raise ValueError("Give either rank or ndims to unknown_shape, not both.")
        rank = kwargs.pop("ndims")
    if kwargs:
        raise TypeError(f"unknown_shape has no argument {next(iter(kwargs))!r}.")
    return TensorShape.of(_unknown(rank))


def scalar() -> TensorShape:
    """Returns the shape of a scalar."""
    return TensorShape([])


def vector(length: Any) -> TensorShape:
    """Returns the shape of a vector of ``length`` elements."""
    return TensorShape([length])


def matrix(rows: Any, cols: Any) -> TensorShape:
    """Returns the shape of a matrix."""
    return TensorShape([rows, cols])


@export("dimension_value", "compat.dimension_value")
def dimension_value(dimension: Any) -> Any:
    """Returns the size of a `Dimension`; an integer or `None` is returned as it is.

    It reads an item of a `TensorShape` under the behaviour of both TensorFlow 1 and 2.
    """
    return dimension.value if isinstance(dimension, Dimension) else dimension


@export("dimension_at_index", "compat.dimension_at_index")
def dimension_at_index(shape: TensorShape, index: int) -> Dimension:
    """Returns one dimension of a shape, unknown if the rank is, as a `Dimension`."""
    return Dimension(shape.shape[index])


NONE: Final = TensorShape(None)
"""The shape of which nothing is known."""
