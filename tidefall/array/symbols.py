"""Sizes not known while a kernel is recorded: the number of rows, and what is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np


class NotRecordable(Exception):
    """A kernel did what no primitive says; the message tells what."""


class Extent:
    """A number times the number of rows of a batch: of elements, or as a dimension of a shape."""

    __slots__ = ("factor",)

    def __init__(self, factor: int) -> None:
        self.factor = factor

    def __repr__(self) -> str:
        return f"{self.factor} * rows"

    def __mul__(self, other: Any) -> Extent:
        if isinstance(other, (int, np.integer)):
            factor = self.factor * int(other)
            return ROWS if factor == 1 else Extent(factor)
        raise NotRecordable("a product of two numbers of rows")

    __rmul__ = __mul__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Extent) and other.factor == self.factor

    def __hash__(self) -> int:
        return hash(self.factor)

    def __add__(self, other: Any) -> Extent:
        return self if other == 0 else self._refuse()

    __radd__ = __sub__ = __add__

    def __ge__(self, other: Any) -> bool:
        return True if other <= 0 else self._refuse()

    def __lt__(self, other: Any) -> bool:
        return not self >= other

    def __le__(self, other: Any) -> bool:
        return True if other == self else self._refuse()

    def _refuse(self, *_: Any) -> Any:
        raise NotRecordable("arithmetic with the number of rows")

    __rsub__ = __floordiv__ = __truediv__ = __mod__ = _refuse
    __index__ = __int__ = __float__ = __gt__ = _refuse

    def __bool__(self) -> bool:
        return True  # rules for empty arrays hold for the general case too


class Rows(Extent):
    """The number of rows of a batch, as a dimension of a shape. There is one, `ROWS`."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(1)

    def __repr__(self) -> str:
        return "rows"


ROWS = Rows()
Size: TypeAlias = Any  # an int or an Extent
Shape: TypeAlias = tuple[Any, ...]


class ShapeVector:
    """The value of a shape tensor: sizes, some of which may be `Extent`s."""

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
