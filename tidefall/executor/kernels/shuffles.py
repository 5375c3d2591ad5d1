"""Vectors whose lanes change places."""

from __future__ import annotations

from typing import Any

from tidefall.executor.kernels.llvm import ir


def turned(builder: Any, square: list[Any]) -> list[Any]:
    """The transpose of as many vectors as each has lanes, in rounds of exchanging halves."""
    count = len(square)
    half = count // 2
    while half:
        low = [p for start in range(0, count, 2 * half) for p in (*range(start, start + half),
               *range(count + start, count + start + half))]  # fmt: skip
        high = [p + half for p in low]
        following = list(square)
        for i in range(count):
            if i & half:
                continue
            first, second = square[i], square[i + half]
            following[i] = builder.shuffle_vector(first, second, _places(low))
            following[i + half] = builder.shuffle_vector(first, second, _places(high))
        square = following
        half //= 2
    return square


def _places(places: list[int]) -> Any:
    index = ir.IntType(32)
    return ir.Constant(ir.VectorType(index, len(places)), [index(place) for place in places])
