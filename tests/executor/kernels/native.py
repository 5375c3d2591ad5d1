"""Runs a template over whole arrays: the smallest kernel there is."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable, Sequence
from typing import Any

import ml_dtypes
import numpy as np

from tidefall.executor.kernels import loading, target
from tidefall.executor.kernels.elementwise import TEMPLATES, result_dtype
from tidefall.executor.kernels.llvm import ir
from tidefall.executor.kernels.vectors import Vectors

Build = Callable[..., Any]


@functools.cache
def primitive(name: str, dtype: Any) -> Build:
    """What builds a primitive for operands of ``dtype``."""
    return lambda v, *operands: TEMPLATES[name](v, dtype, *operands)


def evaluate(name: str, *arrays: np.ndarray, lanes: int = 8) -> np.ndarray:
    """A primitive of arrays of one dtype and length."""
    dtype = arrays[0].dtype
    return run(primitive(name, dtype), *arrays, out=result_dtype(name, dtype), lanes=lanes)


def run(build: Build, *arrays: np.ndarray, out: Any = None, lanes: int = 8) -> np.ndarray:
    """What ``build(v, *operands)`` gives for each element of ``arrays``.

    Args:
      build: Builds the result from a `Vectors` and one vector of each array.
      *arrays: Arrays of one length.
      out: The dtype of the result; that of the first array unless given.
      lanes: The number of lanes.
    """
    dtypes = tuple(each.dtype for each in arrays)
    result_dtype = np.dtype(out) if out is not None else dtypes[0]
    count = arrays[0].size
    padded = [_padded(each, lanes) for each in arrays]
    result = np.zeros(padded[0].size, result_dtype)
    function = compiled(build, dtypes, result_dtype, lanes)
    pointers = [each.ctypes.data for each in (*padded, result)]
    function(padded[0].size, *pointers)
    return result[:count]


def facts(dtype: Any) -> Any:
    """The limits of a floating-point dtype, of the narrow ones too."""
    return ml_dtypes.finfo(dtype)  # type: ignore[no-untyped-call]


def _padded(array: np.ndarray, lanes: int) -> np.ndarray:
    rest = -array.size % lanes
    tail = np.full(rest, array.flat[0], array.dtype) if array.size else np.zeros(rest, array.dtype)
    return np.concatenate([array.reshape(-1), tail])


@functools.cache
def compiled(build: Build, dtypes: Sequence[Any], result_dtype: Any, lanes: int) -> Build:
    """The kernel as a function of a count and addresses."""
    text = source(build, dtypes, result_dtype, lanes)
    loaded = loading.load_object(loading.compile_object(text, target.host()), "kernel")
    kinds = [ctypes.c_int64] + [ctypes.c_void_p] * (len(dtypes) + 1)
    function = ctypes.CFUNCTYPE(None, *kinds)(loaded.address)
    function.loaded = loaded  # type: ignore[attr-defined]
    return function


def source(build: Build, dtypes: Sequence[Any], result_dtype: Any, lanes: int) -> str:
    """The IR of the kernel."""
    module = ir.Module("test")
    pointer = ir.PointerType()
    signature = ir.FunctionType(ir.VoidType(), [ir.IntType(64)] + [pointer] * (len(dtypes) + 1))
    function = ir.Function(module, signature, "kernel")
    entry, loop, done = (function.append_basic_block(name) for name in ("entry", "loop", "done"))
    builder = ir.IRBuilder(entry)
    builder.branch(loop)
    builder.position_at_end(loop)
    index = builder.phi(ir.IntType(64))
    index.add_incoming(ir.IntType(64)(0), entry)
    v = Vectors(builder, module, lanes)
    count, *addresses = function.args
    operands = [
        v.load(dtype, v.at(dtype, address, index))
        for dtype, address in zip(dtypes, addresses, strict=False)
    ]
    v.store(result_dtype, build(v, *operands), v.at(result_dtype, addresses[-1], index))
    following = builder.add(index, ir.IntType(64)(lanes))
    index.add_incoming(following, builder.block)
    builder.cbranch(builder.icmp_signed("<", following, count), loop, done)
    builder.position_at_end(done)
    builder.ret_void()
    return str(module)
