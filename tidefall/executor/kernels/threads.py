"""The helper threads that share the work of a kernel, one pool for the process.

A kernel calls ``parallel(pool, fn, arg, chunks, threads)`` by its address, where ``pool`` is the
address of the control block: ``fn(arg, chunk, worker)`` is then called once for each chunk from 0
to ``chunks - 1``, by the caller (worker 0) and at most ``threads - 1`` helpers. ``parallel``
returns when all are done. Which worker does which chunk differs from call to call, so a result that
must not differ is kept per chunk, and scratch memory per worker.

Helpers are made when first wanted, sleep when there is nothing to do, and end with the process.
While one thread uses the pool, another one that calls ``parallel`` does its chunks alone; so does
a chunk that calls it. A process made by ``fork`` starts with no helpers and makes its own. How it
works is told in ``pool_code.py``.
"""

from __future__ import annotations

import ctypes
import functools
import mmap
import os
import sys
from typing import Final, NamedTuple

from tidefall.executor.kernels import pool_code
from tidefall.executor.kernels.cache import object_code
from tidefall.executor.kernels.loading import load_object
from tidefall.executor.kernels.target import host

# Linux: a child gets these pages filled with zeros instead of a copy.
_MADV_WIPEONFORK: Final = 18


class Pool(NamedTuple):
    """Addresses for kernels.

    Attributes:
      parallel: Of the function ``void parallel(ptr, ptr, ptr, i64, i64)``.
      control: Of the control block, its first argument.
    """

    parallel: int
    control: int


@functools.cache
def pool() -> Pool:
    """The pool of this process. It makes no thread before a kernel wants one.

    Raises:
      UnsupportedTarget: Kernels cannot be made for this machine.
    """
    target = host()
    code = object_code(pool_code.text(target.architecture, sys.platform), target)
    loaded = load_object(code, "parallel").kept_forever()
    return Pool(loaded.address, _control_block())


def available(limit: int = 0) -> int:
    """How many threads a kernel may use: one for each CPU that this process may run on.

    Args:
      limit: The most that the user wants (``intra_op_parallelism_threads``); 0 for no limit.
    """
    affinity = getattr(os, "sched_getaffinity", None)
    cpus = len(affinity(0)) if affinity else os.cpu_count() or 1
    wanted = min(cpus, limit) if limit > 0 else cpus
    return min(wanted, pool_code.MOST_WORKERS)


def _control_block() -> int:
    """The address of zeroed memory that is never freed, since helpers look at it until the end."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    protection = mmap.PROT_READ | mmap.PROT_WRITE
    private = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    address = libc.mmap(None, pool_code.SIZE, protection, private, -1, 0)
    if address in (None, ctypes.c_void_p(-1).value):
        raise MemoryError("no memory for the control block of the threads.")
    libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    if libc.madvise(address, pool_code.SIZE, _MADV_WIPEONFORK) != 0:
        os.register_at_fork(
            after_in_child=functools.partial(ctypes.memset, address, 0, pool_code.SIZE)
        )
    return int(address)
