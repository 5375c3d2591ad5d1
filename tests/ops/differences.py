"""Derivatives against central differences.

A graph gives ``f(x)`` for inputs x; with a fixed random weight w the number ``<w, f(x)>`` has the
gradient g that ``tf.gradients(f, x, w)`` should be. In a random direction v its derivative is
``<g, v>``, to be compared with a difference quotient of fourth order. The second derivative is
the same with ``<u, g(x)>`` in the place of f. Complex numbers: ``<a, b> = Re(sum(conj(a) * b))``.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

import tidefall as tf
from tests.ops.inputs import Array
from tidefall.gradients.walk import gradients
from tidefall.ir.tensor import Tensor

Run = Callable[[list[Tensor], dict[Tensor, Any]], list[Any]]

STEP = 2e-3


def check(
    feeds: dict[Tensor, Array],
    inputs: list[Tensor],
    outputs: list[Tensor],
    movable: list[bool],
    *,
    bound: float,
    second: bool,
    runner: AbstractContextManager[Run],
    reference: bool,
) -> None:
    """Compares derivatives of ``outputs`` with respect to the movable ``inputs``.

    Args:
      feeds: The point.
      inputs: Placeholders.
      outputs: Functions of them; those of other dtypes than float64 and complex128 are left out.
      movable: Which inputs are varied.
      bound: The greatest relative error.
      second: Whether second derivatives are compared, too.
      runner: How values are computed.
      reference: Whether the gradients are only to be computed, not compared.
    """
    rng = np.random.default_rng(len(inputs) + 31 * len(outputs))
    xs = [x for x, moves in zip(inputs, movable, strict=True) if moves]
    ys = [y for y in outputs if y.dtype in (tf.float64, tf.complex128)]
    if not xs or not ys:
        return
    with runner as run:
        values = run(ys, feeds)
        weights = [_like(value, rng) for value in values]
        grads = dense(gradients(ys, xs, weights, unconnected_gradients="zero"))
        first = run(grads, feeds)
        for x, grad in zip(xs, first, strict=True):
            assert np.shape(grad) == feeds[x].shape, (
                f"the gradient has shape {np.shape(grad)}, the input {feeds[x].shape}"
            )
        factors = [_like(value, rng) for value in first]
        linked = [grad for grad in grads if _depends(grad, xs)]
        seconds: list[Tensor] = []
        if second and linked:
            starts = [factors[grads.index(grad)] for grad in linked]
            seconds = dense(gradients(linked, xs, starts, unconnected_gradients="zero"))
        curves = run(seconds, feeds) if seconds else []
        if reference:
            return
        direction = [_like(feeds[x], rng) for x in xs]
        _compare(run, ys, weights, feeds, xs, direction, first, bound, "first")
        if seconds:
            _compare(run, grads, factors, feeds, xs, direction, curves, 10 * bound, "second")


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
