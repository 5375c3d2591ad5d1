"""Sizes not known while a kernel is recorded: the number of rows, and what is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np


class NotRecordable(Exception):
    """A kernel did what no primitive says; the message tells what."""


class Rows:
    """The number of rows of a batch, as a dimension of a shape. There is one, `ROWS`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "rows"

    def __mul__(self, other: Any) -> Extent:
        return Extent(1) * other

    __rmul__ = __mul__

    def __add__(self, other: Any) -> Rows:
        return self if other == 0 else self._refuse()

    __radd__ = __sub__ = __add__

    def __ge__(self, other: Any) -> bool:
        return True if other <= 0 else self._refuse()

    def __lt__(self, other: Any) -> bool:
        return not self >= other

    def _refuse(self, *_: Any) -> Any:
        raise NotRecordable("arithmetic with the number of rows")

    def __le__(self, other: Any) -> bool:
        return True if other is self else self._refuse()

    __rsub__ = __floordiv__ = __mod__ = __index__ = __int__ = __float__ = __gt__ = _refuse

    def __bool__(self) -> bool:
        return True  # rules for empty arrays hold for the general case too


ROWS = Rows()
Size: TypeAlias = Any  # an int or ROWS
Shape: TypeAlias = tuple[Any, ...]


class Extent:
    """A number of elements: a factor times the number of rows."""

    __slots__ = ("factor",)

    def __init__(self, factor: int) -> None:
        self.factor = factor

    def __repr__(self) -> str:
        return f"{self.factor} * rows"

    def __mul__(self, other: Any) -> Extent:
        if isinstance(other, (int, np.integer)):
            return Extent(self.factor * int(other))
        raise NotRecordable("a product of two numbers of rows")

    __rmul__ = __mul__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Extent) and other.factor == self.factor

    def __hash__(self) -> int:
        return hash(self.factor)

    def __bool__(self) -> bool:
        return True

    def _refuse(self, *_: Any) -> Any:
        raise NotRecordable("arithmetic with the number of rows")

    __int__ = __float__ = __index__ = __floordiv__ = __truediv__ = __add__ = __radd__ = _refuse


class ShapeVector:
    """The value of a shape tensor: sizes, some of which may be `ROWS`."""

    def __init__(self, sizes: Sequence[Size]) -> None:
        self.sizes = tuple(sizes)
        self.shape = (len(self.sizes),)
        self.ndim = 1

    def tolist(self) -> list[Size]:
        """The sizes."""
        return list(self.sizes)

    def astype(self, dtype: Any) -> ShapeVector:
        """The same sizes in another integer dtype."""
        return self

    def __getattr__(self, name: str) -> Any:
        raise NotRecordable(f"'{name}' of a shape")
