"""How far two ways to run a graph may differ: the same run with every operand disturbed.

Two correct implementations of an operation round differently, as if each operand were off by some
units in its last place. So the graph is run node by node with every float operand of every
arithmetic function of NumPy that a kernel calls multiplied by ``1 + disturbance * r``, ``r`` drawn
to be 1 or -1. How far its results move, divided by the disturbance, is what an error of relative
size 1 in every operand would do: to first order the value of the same expression with all terms
taken absolutely, and what a sum that cancels, or a quotient of small numbers, makes of rounding. A
difference is measured in units of that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from tidefall.executor import reference

#: What operands are disturbed by: much larger than rounding, small enough for a linear answer.
DISTURBANCE = {np.dtype(np.float32): 1e-4, np.dtype(np.float64): 1e-8}
#: The greatest difference allowed, in units of the scale.
ALLOWED = {np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-12}


class Disturbed(np.ndarray):
    """An array whose values are a little off whenever a function of NumPy reads them."""

    draw: Any = None  # the random numbers; NumPy makes arrays of its own before it can give any

    def __array_finalize__(self, origin: Any) -> None:
        self.draw = getattr(origin, "draw", None)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        draw = next(x.draw for x in (*inputs, *options.get("out", ())) if isinstance(x, Disturbed))
        # What ``at`` adds to stays itself.
        read = [
            _plain(x) if method == "at" and place == 0 else _read(x, draw)
            for place, x in enumerate(inputs)
        ]
        given = options.pop("out", None)
        if given is not None:
            options["out"] = tuple(_plain(x) for x in given)
        result = getattr(ufunc, method)(*read, **options)
        if given is not None:
            return given[0] if len(given) == 1 else given
        return _disturbed(result, draw)


def _plain(x: Any) -> Any:
    return x.view(np.ndarray) if isinstance(x, Disturbed) else x


def _read(x: Any, draw: Any) -> Any:
    """The values as an operation reads them."""
    if not isinstance(x, Disturbed):
        return x
    noise = draw.choice([-1.0, 1.0], x.shape) * DISTURBANCE[x.dtype]
    return np.asarray(_plain(x) * (1 + noise), x.dtype)[()]


def _disturbed(x: Any, draw: Any) -> Any:
    """A value, or each of several, as one that is off when it is read."""
    if isinstance(x, tuple | list):
        return type(x)(_disturbed(each, draw) for each in x)
    if getattr(x, "dtype", None) not in DISTURBANCE:
        return x
    view = np.asarray(x).view(Disturbed)
    view.draw = draw
    return view


def _exact(x: Any) -> Any:
    """The value itself again: arrays without rank as NumPy's numbers."""
    if isinstance(x, tuple | list):
        return type(x)(_exact(each) for each in x)
    return _plain(x)[()] if isinstance(x, Disturbed) else x


@contextmanager
def disturbed_operands(seed: int) -> Iterator[None]:
    """Within it, the tier ``reference`` disturbs every float operand that is no constant."""
    draw = np.random.default_rng(seed)
    called: Callable[..., Any] = reference._called

    def disturbed(node: Any, inputs: list[Any], store: Any) -> Any:
        given = [
            x if value.constant is not None else _disturbed(x, draw)
            for x, value in zip(inputs, node.inputs, strict=True)
        ]
        return _exact(called(node, given, store))

    reference._called = disturbed
    try:
        yield
    finally:
        reference._called = called


def check_close(plain: Any, other: Any, disturbed: list[Any], what: str) -> None:
    """Asserts that two results are equal but for rounding."""
    plain, other = np.asarray(plain), np.asarray(other)
    assert plain.dtype == other.dtype, what
    assert plain.shape == other.shape, what
    if plain.dtype.kind != "f":
        sure = np.all([each == plain for each in disturbed], axis=0)  # no tie nearby
        assert np.array_equal(plain[sure], other[sure]), what
        return
    with np.errstate(all="ignore"):
        moved = [np.abs(np.subtract(each, plain, dtype=np.float64)) for each in disturbed]
        scale = np.abs(plain) + np.max(moved, axis=0) / DISTURBANCE[plain.dtype]
        error = np.abs(np.subtract(other, plain, dtype=np.float64))
        most = ALLOWED[plain.dtype] * scale + 4 * np.finfo(plain.dtype).smallest_subnormal
        wrong = (error > most) & (plain != other)
    wrong |= np.isnan(plain) != np.isnan(other)
    wrong &= ~np.any([np.isnan(each) != np.isnan(plain) for each in disturbed], axis=0)
    if wrong.any():
        at = tuple(np.argwhere(wrong)[0])
        raise AssertionError(
            f"{what}{list(map(int, at))}: {plain[at]!r} and {other[at]!r} differ by "
            f"{error[at]:.3g}, at a scale of {scale[at]:.3g}; so do "
            f"{wrong.sum()} of {wrong.size} elements."
        )
