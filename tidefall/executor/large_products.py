"""Large products of matrices, shared among threads of our own.

Where there are kernels, our own code computes those that suit it (`executor.kernels.multiply`);
its blocks are small, so that a thread that is held up leaves the other little to wait for. Else
each thread has BLAS compute some rows of the result, with one thread. OpenBLAS can share a product
itself, but its threads wait for one another in loops, several times in a product: two of them
reached 137 GFLOP/s where one by itself reaches 85, and on a machine that does anything else they
took twice as long as they do here (512 x 1024 x 1024, float32, two cores).
"""

from __future__ import annotations

import functools
import itertools
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tidefall.executor.numerics import LARGE_PRODUCT, one_thread, quiet, undo

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

Product = Callable[..., Any]


def product(limit: int = 0, native: bool = False) -> Product:
    """A function like ``numpy.dot`` for two matrices of a dtype that BLAS knows, and a result.

    Args:
      limit: The most threads it may use; 0 for one for each CPU.
      native: Whether there are kernels, and so code of our own for products.
    """
    return functools.partial(_product, limit, native)


def _product(limit: int, native: bool, a: Any, b: Any, out: Any = None) -> Any:
    rows, depth = a.shape
    if rows * depth * b.shape[1] < LARGE_PRODUCT:
        return np.dot(a, b, out)
    if native and (multiply := _multiply()) and multiply.pays() and multiply.suits(a, b):
        return multiply.multiply(a, b, limit, out)
    threads = _threads(limit)
    if threads < 2 or a.dtype is not b.dtype:
        return np.dot(a, b, out)
    return _in_parts(threads, a, b, out)


def _multiply() -> Any:
    """The module of that name, which only loads where kernels run."""
    return sys.modules.get("tidefall.executor.kernels.multiply")


def _in_parts(threads: int, a: Any, b: Any, out: Any) -> Any:
    """The product by BLAS, some rows in each thread."""
    rows = a.shape[0]
    result = np.empty((rows, b.shape[1]), a.dtype) if out is None else out
    bounds = [rows * part // threads for part in range(threads + 1)]
    parts = [slice(*pair) for pair in itertools.pairwise(bounds)]
    others: list[Future[None]] = []
    try:
        for part in parts[1:]:
            others.append(_helpers().submit(_rows, a[part], b, result[part]))
        np.matmul(a[parts[0]], b, out=result[parts[0]])
    except RuntimeError:  # the interpreter is ending, and no thread takes work any more
        return np.dot(a, b, out)
    finally:
        for each in others:
            each.result()
    return result


def _rows(a: Any, b: Any, result: Any) -> None:
    state = quiet()  # the setting belongs to a thread
    try:
        np.matmul(a, b, out=result)
    finally:
        undo(state)


def _threads(limit: int) -> int:
    """As many as there are CPUs, or as the user allows to us or to BLAS."""
    wanted = min(_cpus(), one_thread.before)
    return min(wanted, limit) if limit > 0 else wanted


@functools.cache
def _cpus() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


@functools.cache
def _helpers() -> ThreadPoolExecutor:
    from concurrent.futures import ThreadPoolExecutor  # which most programs never need

    return ThreadPoolExecutor(max(1, _cpus() - 1), "tidefall-product")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_helpers.cache_clear)  # threads do not survive it
