"""Derivatives against central differences.

A graph gives ``f(x)`` for inputs x; with a fixed random weight w the number ``<w, f(x)>`` has the
gradient g that ``tf.gradients(f, x, w)`` should be. In a random direction v its derivative is
``<g, v>``, to be compared with a difference quotient of fourth order. The second derivative is
the same with ``<u, g(x)>`` in the place of f. Complex numbers: ``<a, b> = Re(sum(conj(a) * b))``.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np

import tidefall as tf
from tests.ops.inputs import Array
from tidefall.gradients.walk import gradients
from tidefall.ir.tensor import Tensor

Run = Callable[[list[Tensor], dict[Tensor, Any]], list[Any]]

STEP = 2e-3


@dataclass
class Built:
    """A case as graph: placeholders with their values, and what is made of them."""

    feeds: dict[Tensor, Array]
    inputs: list[Tensor]
    outputs: list[Tensor]


@dataclass
class Derivatives:
    """The derivatives of one `Built`: of the outputs, and of these derivatives."""

    xs: list[Tensor]
    ys: list[Tensor]
    firsts: list[Tensor]
    seconds: list[Tensor]


def check(
    built: Built,
    others: list[Built],
    movable: list[bool],
    *,
    bound: float,
    second: bool,
    runner: AbstractContextManager[Run],
    reference: bool,
) -> None:
    """Compares derivatives of the outputs with respect to the movable inputs.

    Args:
      built: The graph; outputs of other dtypes than float64 and complex128 are left out.
      others: The same with less known of the shapes: its derivatives must be equal.
      movable: Which inputs are varied.
      bound: The greatest relative error.
      second: Whether second derivatives are compared, too.
      runner: How values are computed.
      reference: Whether the derivatives are only to be computed, not compared.
    """
    rng = np.random.default_rng(len(built.inputs) + 31 * len(built.outputs))
    _, ys = _ends(built, movable)
    if not ys or not any(movable):
        return
    with runner as run:
        feeds = {tensor: value for each in (built, *others) for tensor, value in each.feeds.items()}
        weights = [_like(value, rng) for value in run(ys, feeds)]
        factors = [
            _like(feeds[x], rng) for x, moves in zip(built.inputs, movable, strict=True) if moves
        ]
        exact = _derivatives(built, movable, weights, factors if second else None)
        same = [
            _derivatives(each, movable, weights, factors if second else None) for each in others
        ]
        fetches = [t for each in (exact, *same) for t in (*each.firsts, *each.seconds)]
        values = iter(run(fetches, feeds))
        firsts = [next(values) for _ in exact.firsts]
        seconds = [next(values) for _ in exact.seconds]
        for x, grad in zip(exact.xs, firsts, strict=True):
            assert np.shape(grad) == built.feeds[x].shape, (
                f"the gradient has shape {np.shape(grad)}, the input {built.feeds[x].shape}"
            )
        flat = seconds or [np.zeros_like(grad) for grad in firsts]
        for each in same:
            for wanted in (*firsts, *(flat if each.seconds else [])):
                _check_equal(next(values), wanted)
        if reference:
            return
        direction = [_like(built.feeds[x], rng) for x in exact.xs]
        point = built.feeds
        _compare(run, exact.ys, weights, point, exact.xs, direction, firsts, bound, "first")
        if exact.seconds:
            _compare(
                run,
                exact.firsts,
                factors,
                point,
                exact.xs,
                direction,
                seconds,
                10 * bound,
                "second",
            )


def _ends(built: Built, movable: list[bool]) -> tuple[list[Tensor], list[Tensor]]:
    """The inputs to vary and the outputs to differentiate."""
    xs = [x for x, moves in zip(built.inputs, movable, strict=True) if moves]
    return xs, [y for y in built.outputs if y.dtype in (tf.float64, tf.complex128)]


def _derivatives(
    built: Built, movable: list[bool], weights: list[Array], factors: list[Array] | None
) -> Derivatives:
    """Adds the derivatives to the graph; second ones with ``factors``."""
    xs, ys = _ends(built, movable)
    firsts = dense(gradients(ys, xs, weights, unconnected_gradients="zero"))
    linked = [index for index, each in enumerate(firsts) if _depends(each, xs)]
    seconds: list[Tensor] = []
    if factors is not None and linked:
        starts = [factors[index] for index in linked]
        again = [firsts[index] for index in linked]
        seconds = dense(gradients(again, xs, starts, unconnected_gradients="zero"))
    return Derivatives(xs, ys, firsts, seconds)


def _check_equal(value: Any, wanted: Any) -> None:
    """Equal but for the order of additions."""
    scale = float(np.max(np.abs(wanted), initial=0.0)) or 1.0
    np.testing.assert_allclose(value, wanted, rtol=1e-9, atol=1e-9 * scale)


def _depends(tensor: Tensor, xs: list[Tensor]) -> bool:
    """Whether ``tensor`` is computed from one of ``xs``."""
    seen: set[Any] = set()
    waiting = [tensor]
    while waiting:
        each = waiting.pop()
        if any(each is x for x in xs):
            return True
        if each.op not in seen:
            seen.add(each.op)
            waiting.extend(each.op._inputs)
    return False


def _compare(
    run: Run,
    functions: list[Tensor],
    weights: list[Array],
    feeds: dict[Tensor, Array],
    xs: list[Tensor],
    direction: list[Array],
    gradient: list[Array],
    bound: float,
    order: str,
) -> None:
    slope = sum(inner(g, v) for g, v in zip(gradient, direction, strict=True))

    def at(distance: float) -> float:
        moved = dict(feeds)
        for x, v in zip(xs, direction, strict=True):
            moved[x] = feeds[x] + distance * v
        values = run(functions, moved)
        return sum(inner(w, y) for w, y in zip(weights, values, strict=True))

    one, two = at(STEP) - at(-STEP), at(2 * STEP) - at(-2 * STEP)
    quotient = (8 * one - two) / (12 * STEP)
    sizes = [np.abs(g * v).sum() for g, v in zip(gradient, direction, strict=True)]
    scale = max(float(sum(sizes)), 1e-3)
    error = abs(slope - quotient) / scale
    assert error <= bound, (
        f"{order} derivative {slope!r}, but differences give {quotient!r}: "
        f"relative error {error:.1e}"
    )


def inner(a: Array, b: Array) -> float:
    """``Re(sum(conj(a) * b))``."""
    return float(np.real(np.vdot(np.asarray(a), np.asarray(b))))


def dense(grads: list[Any]) -> list[Tensor]:
    """Gradients as plain tensors."""
    return [tf.convert_to_tensor(grad) for grad in grads]


def _like(value: Any, rng: np.random.Generator) -> Array:
    array = np.asarray(value)
    numbers = rng.uniform(0.5, 1.5, array.shape) * rng.choice([-1.0, 1.0], array.shape)
    if array.dtype.kind == "c":
        return np.asarray(numbers + 1j * rng.uniform(-1.0, 1.0, array.shape))
    return np.asarray(numbers)
