"""JAX as the array namespace of kernels.

All of ``jax.numpy``'s functions are here under their own names; this file adds, in JAX's terms,
what `tidefall.array.numpy` adds to NumPy. Kernels are called with it while a region is traced,
so arrays have shapes and dtypes but no values yet. A check of values cannot raise then: it is
noted (`noting_checks`), computed with everything else, and looked at after the run.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tidefall.array import numpy as concrete
from tidefall.array import philox, samplers  # noqa: F401 (kernels reach them through ``xp``)
from tidefall.array.numpy import is_string, plain  # noqa: F401 (the same here)

name = "jax"


class _Checks(threading.local):
    def __init__(self) -> None:
        self.noted: list[Any] | None = None


_checks = _Checks()


@contextmanager
def noting_checks() -> Iterator[list[Any]]:
    """Collects, as boolean scalars, what kernels require of values inside the block."""
    outer = _checks.noted
    noted: list[Any] = []
    _checks.noted = noted
    try:
        yield noted
    finally:
        _checks.noted = outer


def is_traced(x: Any) -> bool:
    """Whether ``x`` has no value yet."""
    return isinstance(x, jax.core.Tracer)


def require(condition: Any, message: str | Callable[[], str]) -> None:
    """Notes that ``condition`` must hold everywhere; raises ValueError where it is known not to."""
    if not is_traced(condition):
        concrete.require(np.asarray(condition), message)
    elif _checks.noted is not None:
        _checks.noted.append(jnp.all(condition))


def check_range(indices: Any, size: int) -> None:
    """Notes that every index must name one of ``size`` rows, counted from 0."""
    if is_traced(indices):
        require((indices >= 0) & (indices < size), "an index is out of range.")
    else:
        concrete.check_range(np.asarray(indices), size)


def while_loop(goes_on: Any, step: Any, start: Any) -> Any:
    """What ``start`` becomes by ``step`` while ``goes_on`` of it holds."""
    return jax.lax.while_loop(goes_on, step, start)


def bitcast(x: Any, dtype: Any) -> Any:
    """The same bits read as another dtype, along the last dimension where sizes differ."""
    x, dtype = jnp.asarray(x), jnp.dtype(dtype)
    ratio = dtype.itemsize / x.dtype.itemsize
    if ratio > 1:
        x = x.reshape(*x.shape[:-1], -1, int(ratio))
    bits = jax.lax.bitcast_convert_type(x, dtype)
    return bits.reshape(*x.shape[:-1], -1) if ratio < 1 else bits


def complex_of(real: Any, imag: Any) -> Any:
    """Complex numbers of these parts, broadcast."""
    return jax.lax.complex(*jnp.broadcast_arrays(real, imag))


def shape_vector(x: Any, dtype: Any) -> Any:
    """The shape of ``x`` as an array of integers."""
    return np.array(np.shape(x), dtype)


def count(x: Any, dtype: Any, axes: Sequence[int] | None = None) -> Any:
    """How many elements ``x`` has, or has along some axes, as a number of a dtype."""
    total = np.size(x) if axes is None else math.prod([x.shape[axis] for axis in axes])
    return np.dtype(dtype).type(total)


def segment_reduce(how: str, rows: Any, ids: Any, count: int, initial: Any) -> Any:
    """``count`` rows, each starting at ``initial``, combined with the rows of that id.

    Args:
      how: ``add``, ``multiply``, ``minimum`` or ``maximum``.
      rows: An array, its first dimension that of ``ids``.
      ids: For each row, where it goes; negative ids go nowhere.
      count: The number of results.
      initial: What each result starts from.
    """
    start = jnp.full((int(count), *rows.shape[1:]), initial, rows.dtype)
    return _combine(how, start, jnp.where(ids < 0, int(count), ids), rows)


def _combine(how: str, x: Any, indices: Any, updates: Any) -> Any:
    """``x`` with ``updates`` combined in at ``indices``; those beyond the end are dropped."""
    at = x.at[indices]
    change = {
        "set": at.set, "add": at.add, "multiply": at.multiply, "divide": at.divide,
        "subtract": at.subtract, "minimum": at.min, "maximum": at.max,
    }[how]  # fmt: skip
    return change(updates, mode="drop")


def scatter_add(x: Any, indices: Any, updates: Any) -> Any:
    """A copy of ``x`` with ``updates`` added at ``indices`` along the first axis, repeats too."""
    return _combine("add", jnp.asarray(x), indices, updates)


def scatter_set(x: Any, indices: Any, updates: Any) -> Any:
    """A copy of ``x`` with ``updates`` written at ``indices`` along the first axis."""
    return _combine("set", jnp.asarray(x), indices, updates)


def scatter_apply(how: str, x: Any, indices: Any, updates: Any) -> Any:
    """A copy of ``x`` with ``updates`` combined into its elements at ``indices``, repeats too.

    Args:
      how: ``set``, ``add``, ``subtract``, ``multiply``, ``divide``, ``minimum`` or ``maximum``.
      x: The array.
      indices: An index array for the first axis, or a tuple of them for the first axes.
      updates: The rows to combine with.
    """
    x = jnp.asarray(x)
    if how == "divide" and x.dtype.kind in "iu":
        raise NotImplementedError("repeated integer divisions are done one after another.")
    return _combine(how, x, indices, updates)


def update_rows(step: Any, tables: Any, indices: Any, grad: Any) -> list[Any]:
    """Copies of ``tables`` in which ``step`` has changed the rows ``indices``.

    Where an index repeats, its steps are taken one after another.

    Args:
      step: From the rows of each table and of ``grad`` to the new rows of each table.
      tables: Arrays of equally many rows.
      indices: Which rows change.
      grad: One row for each index.
    """
    check_range(indices, tables[0].shape[0])
    indices, grad = jnp.asarray(indices), jnp.asarray(grad)

    def change(tables: Any, rows: Any, grad: Any) -> list[Any]:
        new = step([table[rows] for table in tables], grad)
        return [
            table.at[rows].set(each.astype(table.dtype))
            for table, each in zip(tables, new, strict=True)
        ]

    def one_by_one(tables: Any) -> list[Any]:
        def body(i: Any, tables: Any) -> list[Any]:
            row = jax.lax.dynamic_slice_in_dim(indices, i, 1)
            return change(tables, row, jax.lax.dynamic_slice_in_dim(grad, i, 1))

        return jax.lax.fori_loop(0, indices.shape[0], body, tables)

    start = [jnp.asarray(table) for table in tables]
    if indices.shape[0] < 2:
        return change(start, indices, grad)
    ordered = jnp.sort(indices)
    repeats = jnp.any(ordered[1:] == ordered[:-1])
    return jax.lax.cond(repeats, one_by_one, lambda tables: change(tables, indices, grad), start)


def gather(x: Any, indices: Any, axis: int) -> Any:
    """The slices of ``x`` along ``axis`` that ``indices`` name."""
    check_range(indices, x.shape[axis])
    return jnp.take(jnp.asarray(x), jnp.asarray(indices), axis, mode="fill", fill_value=0)


def placed(shape: tuple[int, ...], index: Any, values: Any, fill: Any = 0) -> Any:
    """An array of ``shape`` filled with ``fill``, with ``values`` written at ``index``."""
    values = jnp.asarray(values)
    return jnp.full(shape, fill, values.dtype).at[index].set(values)


def one_less_at(rows: Any, places: Any) -> Any:
    """``rows`` with 1 subtracted in each row at its place."""
    return rows - jax.nn.one_hot(places, rows.shape[-1], dtype=rows.dtype)


def flat_places(indices: Any, sizes: tuple[int, ...]) -> Any:
    """Rows of indices as places in a flat array, counted as ``sizes`` says."""
    flat = jnp.zeros(indices.shape[:-1], np.int64)
    for axis, size in enumerate(sizes):
        check_range(indices[..., axis], size)
        flat = flat * size + indices[..., axis]
    return flat.reshape(-1)


def one_hot(indices: Any, depth: int, on: Any, off: Any, axis: int) -> Any:
    """``off`` in the shape of ``indices`` with a new dimension, ``on`` where the index is."""
    indices = jnp.expand_dims(jnp.asarray(indices), axis)
    places = jnp.arange(depth, dtype=indices.dtype)
    places = places.reshape([-1 if each == axis else 1 for each in range(indices.ndim)])
    return jnp.where(indices == places, on, off)


def sorted_places(rows: Any, values: Any, side: Any) -> Any:
    """For each row of ``values``, where they would go in the sorted row of ``rows``."""
    return jax.vmap(lambda row, wanted: jnp.searchsorted(row, wanted, side))(
        jnp.asarray(rows), jnp.asarray(values)
    )


def descending_order(x: Any, count: int) -> Any:
    """The places of the ``count`` largest elements of each row; of equal ones, the first first."""
    last = x.shape[-1] - 1
    return last - jnp.argsort(jnp.flip(x, -1), axis=-1, stable=True)[..., ::-1][..., :count]


heap_order = descending_order


def solve_triangular(matrix: Any, rhs: Any, lower: bool) -> Any:
    """Solves triangular systems, which may broadcast against their right-hand sides."""
    batch = jnp.broadcast_shapes(matrix.shape[:-2], rhs.shape[:-2])
    dtype = jnp.result_type(matrix, rhs)
    return jax.scipy.linalg.solve_triangular(
        jnp.broadcast_to(matrix, batch + matrix.shape[-2:]).astype(dtype),
        jnp.broadcast_to(rhs, batch + rhs.shape[-2:]).astype(dtype),
        lower=lower,
    )


def logaddexp_accumulate(x: Any, axis: int) -> Any:
    """The logarithms of the running sums of ``exp(x)`` along ``axis``."""
    return jax.lax.cumlogsumexp(x, axis=axis % x.ndim)


def igamma(a: Any, x: Any) -> Any:
    """The lower regularized incomplete gamma function."""
    a, x = _alike(a, x)
    return jnp.where(a > 0, jax.lax.igamma(a, x), np.nan)


def igammac(a: Any, x: Any) -> Any:
    """The upper regularized incomplete gamma function."""
    a, x = _alike(a, x)
    return jnp.where(a > 0, jax.lax.igammac(a, x), np.nan)


def igamma_grad_a(a: Any, x: Any) -> Any:
    """The derivative of `igamma` with respect to ``a``."""
    return jax.lax.igamma_grad_a(*_alike(a, x))


def zeta(s: Any, q: Any) -> Any:
    """Hurwitz' zeta function; infinite where ``q`` is a pole."""
    s, q = _alike(s, q)
    pole = (q <= 0) & (q == jnp.floor(q)) & (s > 1)
    return jnp.where(pole, np.inf, jax.lax.zeta(s, q))


def betainc(a: Any, b: Any, x: Any) -> Any:
    """The regularized incomplete beta function."""
    return jax.lax.betainc(*_alike(a, b, x))


def _alike(*arrays: Any) -> list[Any]:
    """The arrays, broadcast, of one dtype."""
    dtype = jnp.result_type(*arrays)
    return [each.astype(dtype) for each in jnp.broadcast_arrays(*arrays)]


class linalg:
    """``numpy.linalg``: of symmetric matrices the lower triangle counts; singular ones noted."""

    svd = staticmethod(jnp.linalg.svd)
    qr = staticmethod(jnp.linalg.qr)
    det = staticmethod(jnp.linalg.det)
    slogdet = staticmethod(jnp.linalg.slogdet)

    @staticmethod
    def cholesky(x: Any) -> Any:
        """The lower triangular root."""
        return _finite(jax.lax.linalg.cholesky(x, symmetrize_input=False))

    @staticmethod
    def inv(x: Any) -> Any:
        """The inverse."""
        return _finite(jnp.linalg.inv(x))

    @staticmethod
    def solve(a: Any, b: Any) -> Any:
        """Solutions of linear equations."""
        return _finite(jnp.linalg.solve(a, b))

    @staticmethod
    def eigh(x: Any) -> Any:
        """Eigenvalues, ascending, and eigenvectors."""
        vectors, values = jax.lax.linalg.eigh(x, lower=True, symmetrize_input=False)
        return values, vectors

    @staticmethod
    def eigvalsh(x: Any) -> Any:
        """Eigenvalues, ascending."""
        return linalg.eigh(x)[0]


def _finite(x: Any) -> Any:
    """``x``; notes that NumPy must look whether this is an error, where it is not finite."""
    require(jnp.isfinite(x), "the matrix cannot be factorized.")
    return x


def __getattr__(name: str) -> Any:
    return getattr(jnp, name)
