"""Random numbers that take an unknown number of draws: gamma, Poisson, and permutations.

They run under NumPy only. Every value has a range of the stream of its own, as in TensorFlow's
kernels, from which it draws until a candidate is accepted; here all values that are still
without one draw together.
"""

from __future__ import annotations

from collections.abc import Callable
from math import lgamma
from typing import Any

import numpy as np

from tidefall.array.gamma_derivative import sample_derivative as gamma_derivative
from tidefall.array.philox import BLOCKS_PER_OUTPUT, Stream, blocks, doubles, normal_doubles

__all__ = ["gamma", "gamma_derivative", "permutation", "poisson"]

Namespace = Any
Array = Any

# Values that are drawn at once.
_CHUNK = 16384


class _Draws:
    """What each of several values has drawn from its part of the stream.

    Draws come in pairs, the second of a pair first, and each kind (uniform or normal) keeps the
    rest of its pair.
    """

    def __init__(self, xp: Namespace, stream: Stream, outputs: Array) -> None:
        self._xp = xp
        self._stream = stream
        self._offsets = outputs * np.uint64(BLOCKS_PER_OUTPUT)
        self._normal = np.empty((len(outputs), 2))
        self._normals_left = np.zeros(len(outputs), np.intp)
        self._uniform = np.empty((len(outputs), 2))
        self._uniforms_left = np.zeros(len(outputs), np.intp)

    def uniform(self, rows: Array) -> Array:
        """The next number in [0, 1) of each of these values."""
        return self._next(rows, self._uniform, self._uniforms_left, doubles)

    def normal(self, rows: Array) -> Array:
        """The next standard normal number of each of these values."""
        return self._next(rows, self._normal, self._normals_left, normal_doubles)

    def _next(
        self, rows: Array, pairs: Array, left: Array, convert: Callable[[Any, Array], Array]
    ) -> Array:
        empty = rows[left[rows] == 0]
        if len(empty):
            offsets = self._offsets[empty]
            words = blocks(self._xp, self._stream, offsets, int(offsets.max()) + 1)
            pairs[empty] = convert(self._xp, words)
            left[empty] = 2
            self._offsets[empty] += np.uint64(1)
        left[rows] -= 1
        return pairs[rows, left[rows]]


def gamma(xp: Namespace, stream: Stream, alpha: Array, samples: int, dtype: Any) -> Array:
    """Draws ``samples`` values of the gamma distribution for each shape parameter.

    Args:
      xp: NumPy, as the array namespace.
      stream: The stream.
      alpha: A vector.
      samples: How many values for each.
      dtype: The dtype of the result, a floating-point one.

    Returns:
      An array of shape ``(samples, len(alpha))``.
    """
    values = _each(xp, stream, alpha.astype(np.float64), samples, _gamma_part)
    if dtype == np.float64:
        return values
    # Values too small for a normal float32 are taken for 0, as on TensorFlow's threads.
    single = values.astype(np.float32)
    single[single < np.finfo(np.float32).tiny] = 0
    return single.astype(dtype)


def poisson(xp: Namespace, stream: Stream, rate: Array, samples: int, dtype: Any) -> Array:
    """Draws ``samples`` values of the Poisson distribution for each rate.

    Args:
      xp: NumPy, as the array namespace.
      stream: The stream.
      rate: A vector.
      samples: How many values for each.
      dtype: The dtype of the result, an integer or a floating-point one.

    Returns:
      An array of shape ``(samples, len(rate))``.
    """
    dtype = np.dtype(dtype)
    most = float(np.iinfo(dtype).max if dtype.kind == "i" else np.finfo(dtype).max)

    def part(draws: _Draws, rates: Array) -> Array:
        result = rates.copy()  # NaN and infinity stay
        large = (rates >= 10) & (rates < np.inf)
        for chosen, sample in ((rates < 10, _poisson_small), (large, _poisson_large)):
            rows = np.flatnonzero(chosen)
            if len(rows):
                result[rows] = sample(draws, rows, rates[rows], most)
        return result

    return _each(xp, stream, rate.astype(np.float64), samples, part).astype(dtype)


def _each(
    xp: Namespace,
    stream: Stream,
    parameters: Array,
    samples: int,
    part: Callable[[_Draws, Array], Array],
) -> Array:
    """Calls ``part`` for stretches of the outputs, all samples of a parameter after one another."""
    total = samples * len(parameters)
    result = np.empty(total)
    for start in range(0, total, _CHUNK):
        outputs = np.arange(start, min(start + _CHUNK, total))
        draws = _Draws(xp, stream, outputs.astype(np.uint64))
        with np.errstate(all="ignore"):
            result[outputs] = part(draws, parameters[outputs // samples])
    return np.ascontiguousarray(result.reshape(len(parameters), samples).T)


def _gamma_part(draws: _Draws, alpha: Array) -> Array:
    """Marsaglia and Tsang's method; an exponential where alpha is 1."""
    result = np.full(len(alpha), np.nan)
    exponential = np.flatnonzero(alpha == 1)
    result[exponential] = -np.log(1 - draws.uniform(exponential))
    small = alpha < 1
    d = alpha + np.where(small, 2.0 / 3, -1.0 / 3)
    c = 1.0 / 3 / np.sqrt(d)
    waiting = np.flatnonzero((alpha > 0) & (alpha != 1))
    while len(waiting):
        x = draws.normal(waiting)
        v = 1 + c[waiting] * x
        positive = v > 0
        rows, x, v = waiting[positive], x[positive], v[positive]
        v = v * v * v
        u = draws.uniform(rows)
        squeeze = u < 1 - 0.0331 * (x * x) * (x * x)
        bound = 0.5 * x * x + d[rows] * (1 - v + np.log(v))
        accepted = squeeze | (np.log(u) < bound)
        done = rows[accepted]
        result[done] = d[done] * v[accepted]
        left = np.ones(len(alpha), bool)
        left[done] = False
        waiting = waiting[left[waiting]]
    boosted = np.flatnonzero(small)
    result[boosted] *= draws.uniform(boosted) ** (1 / alpha[boosted])
    return result


def _poisson_small(draws: _Draws, rows: Array, rate: Array, most: float) -> Array:
    """Knuth's method: how many uniform numbers may be multiplied before exp(-rate) is reached."""
    limit = np.exp(-rate)
    product, count = np.ones(len(rows)), np.zeros(len(rows))
    waiting = np.arange(len(rows))
    while len(waiting):
        product[waiting] *= draws.uniform(rows[waiting])
        ended = (product[waiting] <= limit[waiting]) & (count[waiting] <= most)
        waiting = waiting[~ended]
        count[waiting] += 1
    return count


def _poisson_large(draws: _Draws, rows: Array, rate: Array, most: float) -> Array:
    """Hormann's transformed rejection."""
    log_rate = np.log(rate)
    b = 0.931 + 2.53 * np.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    result = np.empty(len(rows))
    waiting = np.arange(len(rows))
    while len(waiting):
        i = waiting
        u = draws.uniform(rows[i]) - 0.5
        v = draws.uniform(rows[i])
        shifted = 0.5 - np.abs(u)
        k = np.floor((2 * a[i] / shifted + b[i]) * u + rate[i] + 0.43)
        inside = (shifted >= 0.07) & (v <= 0.9277 - 3.6224 / (b[i] - 2))
        outside = (k < 0) | ((shifted < 0.013) & (v > shifted))
        accepted = (k <= most) & inside
        unsure = np.flatnonzero((k <= most) & ~inside & ~outside)
        j, k_unsure, rest = i[unsure], k[unsure], shifted[unsure]
        left = np.log(v[unsure] * inverse_alpha[j] / (a[j] / (rest * rest) + b[j]))
        right = -rate[j] + k_unsure * log_rate[j] - _log_factorial(k_unsure)
        accepted[unsure] = left <= right
        result[i[accepted]] = k[accepted]
        waiting = i[~accepted]
    return result


def _log_factorial(k: Array) -> Array:
    """log(k!), for the few values that are needed."""
    return np.array([lgamma(each + 1) for each in k.tolist()])


def permutation(xp: Namespace, stream: Stream, count: int) -> Array:
    """The order in which Fisher and Yates's method leaves ``count`` things."""
    steps = count - 1
    words = blocks(xp, stream, np.arange(-(-steps // 4), dtype=np.uint64), steps)
    lengths = np.arange(count, 1, -1, dtype=np.uint32)
    jumps = (words.reshape(-1)[:steps] % lengths).tolist()
    order = list(range(count))
    for i, jump in enumerate(jumps):
        order[i], order[i + jump] = order[i + jump], order[i]
    return np.array(order, np.intp)
