"""The forms of array primitives the engine has templates for.

Every array of a recording is one of three kinds. A *row* array has the rows of the batch as its
first dimension and lives in tiles; a *free* one has fixed sizes; a *turned* one, rows last, is
only read by a product that sums over the rows. Where there are several for each row, these are a
dimension after the rows (`tidefall.compiler.folded`).
"""

from __future__ import annotations

import functools

from tidefall.array.record import ELEMENTWISE, Array, Instruction
from tidefall.array.symbols import Extent, NotRecordable, Shape

ROW, FREE, TURNED = "row", "free", "turned"

#: Primitives that only say where elements lie.
VIEWS = frozenset({"reshape", "transpose", "broadcast_to", "slice"})
#: Reductions that may run over the rows.
OVER_ROWS = frozenset({"sum", "max", "min", "prod", "all", "any"})
REDUCTIONS = OVER_ROWS | {"argmax", "argmin"}
#: Random numbers, and what drawing one of them costs, in multiply-adds.
DRAWS = {"uniform": 4, "normal": 12, "truncated_normal": 30}

#: A product with more weights than this (in bytes) is left to BLAS.
LARGEST_WEIGHTS = 2 << 20


def kind(x: Array) -> str:
    """Whether an array is a row array, a free one, or a turned one."""
    return _kind(x.shape)


@functools.lru_cache(4096)
def _kind(shape: Shape) -> str:
    places = [axis for axis, size in enumerate(shape) if isinstance(size, Extent)]
    if not places:
        return FREE
    if places == [0]:
        return ROW
    if places == [1] and len(shape) in (2, 3):
        return TURNED
    raise NotRecordable(f"a shape {shape}")


def width(x: Array) -> int:
    """The number of elements, of a row array those of one row."""
    total = 1
    for size in x.shape:
        if not isinstance(size, Extent):
            total *= size
    return total


#: Sums over the rows that are taken after a pass, from rows it has kept.
AFTER_PASS = frozenset({"segment_sum"})


def check(instruction: Instruction) -> None:
    """Raises NotRecordable unless there is a template for this form of the primitive."""
    name, inputs, result = instruction.name, instruction.inputs, instruction.result
    kinds = [kind(each) for each in inputs]
    made = kind(result)
    if name == "matmul":
        _check_product(instruction, kinds)
        return
    if name == "transpose":
        if made == ROW and kinds == [TURNED]:
            raise NotRecordable("turning twice")
        return
    if TURNED in kinds or made == TURNED:
        raise NotRecordable(f"{name} of an array whose rows come last")
    if name in ELEMENTWISE:
        for each, each_kind in zip(inputs, kinds, strict=True):
            if made == ROW and each_kind == ROW and each.ndim != result.ndim:
                raise NotRecordable("rows broadcast against something else")
            fixed = made == ROW and each_kind == FREE and each.ndim == result.ndim
            if fixed and each.shape[:1] != (1,):
                raise NotRecordable("a fixed number of rows")
    elif name in REDUCTIONS:
        if kinds[0] == ROW and 0 in instruction.params and name not in OVER_ROWS:
            raise NotRecordable(f"{name} over the rows")
    elif name == "gather":
        if kinds != [FREE, ROW]:
            raise NotRecordable(f"looking up {kinds[1]} places in a {kinds[0]} array")
    elif name == "segment_sum":
        if kinds != [ROW, ROW] or made != FREE:
            raise NotRecordable("sums by place of what are no rows")
    elif name in DRAWS:
        if made != ROW:
            raise NotRecordable("random numbers that are no rows")
    elif name == "reshape":
        if kinds[0] != made:
            raise NotRecordable("a reshape that moves the rows")
    elif name not in ("broadcast_to", "slice", "concatenate", "placed", "rows"):
        raise NotRecordable(f"no template for {name}")


def _check_product(instruction: Instruction, kinds: list[str]) -> None:
    a, b = instruction.inputs
    if kinds == [ROW, FREE]:
        weights = width(b) * b.dtype.itemsize
    elif kinds == [TURNED, ROW]:
        weights = width(instruction.result) * a.dtype.itemsize
    else:
        raise NotRecordable(f"a product of a {kinds[0]} array and a {kinds[1]} array")
    if weights > LARGEST_WEIGHTS:
        raise NotRecordable("weights that outgrow the cache: BLAS is as fast")


__all__ = ["FREE", "ROW", "TURNED", "check", "kind", "width"]
