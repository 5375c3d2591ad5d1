"""What op cases are fed with: seeded arrays of one kind each.

An `Input` says what kind of array a case wants; the case draws it with a generator seeded by the
case's own name, so that adding a case changes no other.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Generator = np.random.Generator
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Input:
    """One tensor that a case feeds.

    Attributes:
      text: How it reads in the name of the case.
      draw: Makes the array; floats come as float64.
      dtype: The dtype it must have; None where the case runs with several (float64, float32).
      random: Whether the values may be moved a little, as derivatives need.
    """

    text: str
    draw: Callable[[Generator], Array]
    dtype: Any = None
    random: bool = True

    def __repr__(self) -> str:  # without addresses: the names of the cases must repeat
        return self.text


def between(low: float, high: float, *shape: int, dtype: Any = None, gap: float = 0.05) -> Input:
    """Numbers spread evenly and in random order: no two are close, none is within ``gap`` of 0."""

    def draw(rng: Generator) -> Array:
        count = math.prod(shape)
        places = (rng.permutation(count) + rng.uniform(0.2, 0.8, count)) / max(count, 1)
        values = low + (high - low) * places
        values = np.where(np.abs(values) < gap, np.copysign(gap, values) + values, values)
        return np.asarray(values.reshape(shape))

    return Input(f"between({low}, {high}){shape}", draw, dtype)


def floats(*shape: int, dtype: Any = None) -> Input:
    """Real numbers between -2 and 2, away from 0 and from each other."""
    return _named(f"floats{_text(shape)}", between(-2.0, 2.0, *shape, dtype=dtype, gap=0.25))


def apart(*shape: int, offset: float = 0.0, dtype: Any = None) -> Input:
    """Whole numbers plus ``offset`` and 0.5 more; of two offsets, two inputs never come close."""

    def draw(rng: Generator) -> Array:
        return np.asarray(rng.integers(-3, 3, shape) + 0.5 + offset)

    return Input(f"apart{_text(shape)}+{offset}", draw, dtype)


def positive(*shape: int, dtype: Any = None) -> Input:
    """Real numbers between 0.2 and 3."""
    return _named(f"positive{_text(shape)}", between(0.2, 3.0, *shape, dtype=dtype))


def unit(*shape: int, dtype: Any = None) -> Input:
    """Real numbers between -0.9 and 0.9, away from 0."""
    return _named(f"unit{_text(shape)}", between(-0.9, 0.9, *shape, dtype=dtype))


def complex_(*shape: int, dtype: Any = None) -> Input:
    """Complex numbers, both parts between -2 and 2."""

    def draw(rng: Generator) -> Array:
        real, imag = floats(*shape).draw(rng), floats(*shape).draw(rng)
        return np.asarray(real + 1j * imag)

    return Input(f"complex{_text(shape)}", draw, dtype)


def ints(*shape: int, low: int = -5, high: int = 6, dtype: Any = np.int32) -> Input:
    """Integers from ``low`` to ``high - 1``."""

    def draw(rng: Generator) -> Array:
        return np.asarray(rng.integers(low, high, shape)).astype(dtype)

    return Input(f"ints{_text(shape)} {np.dtype(dtype).name}", draw, dtype, random=False)


def bools(*shape: int) -> Input:
    """Truth values."""

    def draw(rng: Generator) -> Array:
        return np.asarray(rng.random(shape) < 0.5)

    return Input(f"bools{_text(shape)}", draw, np.bool_, random=False)


def special(*values: float, dtype: Any = None) -> Input:
    """The values given, in a vector; derivatives are not taken there."""
    shown = ", ".join(str(value) for value in values)
    return Input(f"special({shown})", lambda rng: np.array(values), dtype, random=False)


def strings(*values: str | bytes) -> Input:
    """A vector of strings."""
    encoded = [value.encode() if isinstance(value, str) else value for value in values]
    return Input(f"strings{values}", lambda rng: np.array(encoded, object), object, random=False)


def given(value: Any, dtype: Any = None, random: bool = False) -> Input:
    """Exactly this value, as an array of its own dtype.

    Floats of a list are taken for any floating dtype; ``random`` allows derivatives there.
    """
    array = np.asarray(value)
    if dtype is None and not (array.dtype.kind in "fc" and not isinstance(value, np.ndarray)):
        dtype = np.int32 if array.dtype == np.int64 and isinstance(value, (list, int)) else None
        dtype = dtype or array.dtype
    return Input(f"{np.array2string(array, threshold=6)}", lambda rng: array, dtype, random)


def positive_definite(*shape: int) -> Input:
    """Symmetric matrices (the last two dimensions, equal) with eigenvalues above 1."""

    def draw(rng: Generator) -> Array:
        root = rng.uniform(-1.0, 1.0, shape)
        return np.asarray(root @ np.swapaxes(root, -1, -2) + 2.0 * np.eye(shape[-1]))

    return Input(f"positive_definite{_text(shape)}", draw)


def _named(text: str, other: Input) -> Input:
    return Input(text if other.dtype is None else f"{text} {np.dtype(other.dtype).name}",
                 other.draw, other.dtype, other.random)  # fmt: skip


def _text(shape: tuple[int, ...]) -> str:
    return "(" + ",".join(map(str, shape)) + ")"
