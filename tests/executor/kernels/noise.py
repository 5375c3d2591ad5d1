"""How far two ways to run a graph may differ: the same run with every operand disturbed.

Two correct implementations of an operation round differently, as if each operand were off by some
units in its last place. So the graph is run node by node with every float operand of every node
multiplied by ``1 + disturbance * r``, ``r`` drawn to be 1 or -1. How far its results move, divided
by the disturbance, is what an error of relative size 1 in every operand would do: to first order
the value of the same expression with all terms taken absolutely, and what a sum that cancels, or a
quotient of small numbers, makes of rounding. A difference is measured in units of that.
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


@contextmanager
def disturbed_operands(seed: int) -> Iterator[None]:
    """Within it, the tier ``reference`` disturbs every float operand that is no constant."""
    draw = np.random.default_rng(seed)
    computed: Callable[..., Any] = reference._computed

    def disturbed(node: Any, plan: Any, inputs: list[Any], store: Any) -> Any:
        fresh = [_disturbed(x, value, draw) for x, value in zip(inputs, node.inputs, strict=True)]
        return computed(node, plan, fresh, store)

    reference._computed = disturbed
    try:
        yield
    finally:
        reference._computed = computed


def _disturbed(x: Any, value: Any, draw: np.random.Generator) -> Any:
    dtype = getattr(x, "dtype", None)
    if value.constant is not None or dtype not in DISTURBANCE:
        return x
    noise = draw.choice([-1.0, 1.0], np.shape(x)) * DISTURBANCE[dtype]
    return np.asarray(x * (1 + noise), dtype)


#: The size of what a rule subtracts within one node, where no operand shows it. FTRL takes the
#: difference of two square roots of the accumulator, at least 0.1, divided by the rate, 0.05.
WITHIN = {"Ftrl_1": 6.0}


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
        scale += sum(size for slot, size in WITHIN.items() if f"/{slot} " in what)
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
