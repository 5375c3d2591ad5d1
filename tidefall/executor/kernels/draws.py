"""Native code for drawing at random from a buffer: see `tidefall.array.draws`.

Three loops without vectors: each draw depends on the ones before. They are called through ctypes
with the GIL released, a thousand draws at a time.
"""

from __future__ import annotations

import ctypes
from typing import Any, Final

import numpy as np

from tidefall.array.philox_numpy import MULTIPLIERS, ROUNDS, WEYL
from tidefall.executor.kernels.cache import object_code
from tidefall.executor.kernels.loading import load_object
from tidefall.executor.kernels.target import host

_NOTHING, _NUMBERS, _ITSELF = range(3)

_RING: Final = """
define void @ring(ptr %rows, i64 %size, i64 %start, i64 %left, i64 %shrink, i64 %count,
                  ptr %words, i64 %mode, ptr %numbers, ptr %out) {
entry:
  %any = icmp sgt i64 %count, 0
  br i1 %any, label %loop, label %end
loop:
  %i = phi i64 [0, %entry], [%next, %done]
  %at = phi i64 [%start, %entry], [%following, %done]
  %now = phi i64 [%left, %entry], [%fewer, %done]
  %word_at = getelementptr i32, ptr %words, i64 %i
  %word = load i32, ptr %word_at
  %few = trunc i64 %now to i32
  %offset32 = urem i32 %word, %few
  %offset = zext i32 %offset32 to i64
  %place0 = add i64 %at, %offset
  %beyond = sub i64 %place0, %size
  %over = icmp sge i64 %place0, %size
  %place = select i1 %over, i64 %beyond, i64 %place0
  %place_at = getelementptr i64, ptr %rows, i64 %place
  %drawn = load i64, ptr %place_at
  %out_at = getelementptr i64, ptr %out, i64 %i
  store i64 %drawn, ptr %out_at
  %first_at = getelementptr i64, ptr %rows, i64 %at
  %first = load i64, ptr %first_at
  store i64 %first, ptr %place_at
  switch i64 %mode, label %done [i64 1, label %refill  i64 2, label %reuse]
refill:
  %number_at = getelementptr i64, ptr %numbers, i64 %i
  %number = load i64, ptr %number_at
  store i64 %number, ptr %first_at
  br label %done
reuse:
  store i64 %drawn, ptr %first_at
  br label %done
done:
  %after = add i64 %at, 1
  %wraps = icmp eq i64 %after, %size
  %following = select i1 %wraps, i64 0, i64 %after
  %fewer = sub i64 %now, %shrink
  %next = add i64 %i, 1
  %again = icmp slt i64 %next, %count
  br i1 %again, label %loop, label %end
end:
  ret void
}
"""

_BAG: Final = """
define void @bag(ptr %places, i64 %left, i64 %count, ptr %words, ptr %out) {
entry:
  %any = icmp sgt i64 %count, 0
  br i1 %any, label %loop, label %end
loop:
  %i = phi i64 [0, %entry], [%next, %loop]
  %now = phi i64 [%left, %entry], [%last, %loop]
  %word_at = getelementptr i32, ptr %words, i64 %i
  %word = load i32, ptr %word_at
  %few = trunc i64 %now to i32
  %index32 = urem i32 %word, %few
  %index = zext i32 %index32 to i64
  %last = sub i64 %now, 1
  %place_at = getelementptr i64, ptr %places, i64 %index
  %last_at = getelementptr i64, ptr %places, i64 %last
  %drawn = load i64, ptr %place_at
  %filler = load i64, ptr %last_at
  store i64 %filler, ptr %place_at
  %out_at = getelementptr i64, ptr %out, i64 %i
  store i64 %drawn, ptr %out_at
  %next = add i64 %i, 1
  %again = icmp slt i64 %next, %count
  br i1 %again, label %loop, label %end
end:
  ret void
}
"""

# Columns whose rows are numbers of one width: each row that is drawn goes out, and a new one takes
# its place. A table holds four words for each column: its address, those of the new rows and of the
# rows that go out, and the width.
_SWAP: Final = """
define internal void @swap_$W(ptr %column, ptr %new, ptr %out, ptr %rows, i64 %count,
                              i64 %fresh, i64 %first) {
entry:
  %put = icmp sge i64 %first, 0
  br i1 %put, label %begin, label %start
begin:
  %begin_at = getelementptr i$W, ptr %column, i64 %first
  %begin_value = load i$W, ptr %new
  store i$W %begin_value, ptr %begin_at
  br label %start
start:
  %skip = zext i1 %put to i64
  br label %loop
loop:
  %i = phi i64 [0, %start], [%next, %done]
  %row_at = getelementptr i64, ptr %rows, i64 %i
  %row = load i64, ptr %row_at
  %place = getelementptr i$W, ptr %column, i64 %row
  %drawn = load i$W, ptr %place
  %out_at = getelementptr i$W, ptr %out, i64 %i
  store i$W %drawn, ptr %out_at
  %number = add i64 %i, %skip
  %more = icmp slt i64 %number, %fresh
  br i1 %more, label %refill, label %done
refill:
  %new_at = getelementptr i$W, ptr %new, i64 %number
  %value = load i$W, ptr %new_at
  store i$W %value, ptr %place
  br label %done
done:
  %next = add i64 %i, 1
  %again = icmp slt i64 %next, %count
  br i1 %again, label %loop, label %end
end:
  ret void
}
"""

_SWAP_ALL: Final = """
define void @swap(ptr %table, i64 %columns, ptr %rows, i64 %count, i64 %fresh, i64 %first) {
entry:
  br label %loop
loop:
  %c = phi i64 [0, %entry], [%next, %done]
  %line = mul i64 %c, 32
  %column_at = getelementptr i8, ptr %table, i64 %line
  %new_at = getelementptr i8, ptr %column_at, i64 8
  %out_at = getelementptr i8, ptr %column_at, i64 16
  %width_at = getelementptr i8, ptr %column_at, i64 24
  %column = load ptr, ptr %column_at
  %new = load ptr, ptr %new_at
  %out = load ptr, ptr %out_at
  %width = load i64, ptr %width_at
  switch i64 %width, label %done [i64 1, label %w8  i64 2, label %w16
                                  i64 4, label %w32  i64 8, label %w64]
$CALLS
done:
  %next = add i64 %c, 1
  %again = icmp slt i64 %next, %columns
  br i1 %again, label %loop, label %end
end:
  ret void
}
"""

_SWAP_CALL: Final = """
w$W:
  call void @swap_$W(ptr %column, ptr %new, ptr %out, ptr %rows, i64 %count, i64 %fresh,
                     i64 %first)
  br label %done
"""

#: Widths of numbers in columns, in bytes.
_WIDTHS: Final = (1, 2, 4, 8)

_WORDS_HEAD: Final = """
define void @words(i32 %k0.0, i32 %k1.0, i64 %low, i64 %high, i64 %count, ptr %out) {
entry:
  %any = icmp sgt i64 %count, 0
  br i1 %any, label %loop, label %end
loop:
  %i = phi i64 [0, %entry], [%next, %loop]
  %near = add i64 %low, %i
  %wrapped = icmp ult i64 %near, %low
  %carry = zext i1 %wrapped to i64
  %far = add i64 %high, %carry
  %near.high = lshr i64 %near, 32
  %far.high = lshr i64 %far, 32
  %c0.0 = and i64 %near, 4294967295
  %c1.0 = add i64 %near.high, 0
  %c2.0 = and i64 %far, 4294967295
  %c3.0 = add i64 %far.high, 0
"""

# The four words of a block are kept in 64 bits each, since every round multiplies two of them.
_ROUND: Final = """
  %key0.{r} = zext i32 %k0.{r} to i64
  %key1.{r} = zext i32 %k1.{r} to i64
  %m0.{r} = mul i64 %c0.{r}, {first}
  %m1.{r} = mul i64 %c2.{r}, {second}
  %h0.{r} = lshr i64 %m0.{r}, 32
  %h1.{r} = lshr i64 %m1.{r}, 32
  %x0.{r} = xor i64 %h1.{r}, %c1.{r}
  %x2.{r} = xor i64 %h0.{r}, %c3.{r}
  %c0.{s} = xor i64 %x0.{r}, %key0.{r}
  %c1.{s} = and i64 %m1.{r}, 4294967295
  %c2.{s} = xor i64 %x2.{r}, %key1.{r}
  %c3.{s} = and i64 %m0.{r}, 4294967295
  %k0.{s} = add i32 %k0.{r}, {weyl0}
  %k1.{s} = add i32 %k1.{r}, {weyl1}
"""

_WORDS_TAIL: Final = """
  %u1 = shl i64 %c1.{r}, 32
  %u3 = shl i64 %c3.{r}, 32
  %pair0 = or i64 %c0.{r}, %u1
  %pair1 = or i64 %c2.{r}, %u3
  %at = mul i64 %i, 2
  %out0 = getelementptr i64, ptr %out, i64 %at
  %out1 = getelementptr i64, ptr %out0, i64 1
  store i64 %pair0, ptr %out0
  store i64 %pair1, ptr %out1
  %next = add i64 %i, 1
  %again = icmp slt i64 %next, %count
  br i1 %again, label %loop, label %end
end:
  ret void
}}
"""


def text() -> str:
    """The code of all loops."""
    first, second = MULTIPLIERS
    rounds = [
        _ROUND.format(r=r, s=r + 1, first=first, second=second, weyl0=WEYL[0], weyl1=WEYL[1])
        for r in range(ROUNDS)
    ]
    words = _WORDS_HEAD + "".join(rounds) + _WORDS_TAIL.format(r=ROUNDS)
    bits = [str(8 * width) for width in _WIDTHS]
    swaps = "".join([_SWAP.replace("$W", each) for each in bits])
    calls = "".join([_SWAP_CALL.replace("$W", each) for each in bits])
    return _RING + _BAG + swaps + _SWAP_ALL.replace("$CALLS", calls) + words


_POINTER, _NUMBER, _WORD = ctypes.c_void_p, ctypes.c_int64, ctypes.c_uint32
_SIGNATURES: Final[dict[str, tuple[Any, ...]]] = {
    "ring": (_POINTER, *[_NUMBER] * 5, _POINTER, _NUMBER, _POINTER, _POINTER),
    "bag": (_POINTER, _NUMBER, _NUMBER, _POINTER, _POINTER),
    "swap": (_POINTER, _NUMBER, _POINTER, _NUMBER, _NUMBER, _NUMBER),
    "words": (_WORD, _WORD, ctypes.c_uint64, ctypes.c_uint64, _NUMBER, _POINTER),
}


class Draws:
    """The loops, loaded into this process; a `tidefall.array.draws.Compiled`.

    Raises:
      UnsupportedTarget: If kernels cannot be made for this machine.
    """

    def __init__(self) -> None:
        code = object_code(text(), host())
        self._loaded = {name: load_object(code, name) for name in _SIGNATURES}
        made = {
            name: ctypes.CFUNCTYPE(None, *kinds)(self._loaded[name].address)
            for name, kinds in _SIGNATURES.items()
        }
        self._ring, self._bag = made["ring"], made["bag"]
        self._swap, self._words = made["swap"], made["words"]

    def words(self, key: Any, counter: Any, start: int, count: int) -> Any:
        """See `tidefall.array.draws.Compiled`."""
        first, second = key.tolist()
        c0, c1, c2, c3 = counter.tolist()
        at = (c0 | c1 << 32 | c2 << 64 | c3 << 96) + start
        out = np.empty(4 * count, np.uint32)
        self._words(first, second, at % 2**64, at >> 64 & 2**64 - 1, count, _address(out))
        return out

    def ring(self, rows: Any, start: int, left: int, shrinks: bool, words: Any, refill: Any) -> Any:
        """See `tidefall.array.draws.Compiled`."""
        count = len(words)
        out = np.empty(count, np.int64)
        mode, numbers = _NOTHING, None
        if refill is True:
            mode = _ITSELF
        elif refill is not None:
            mode, numbers = _NUMBERS, _address(refill)
        self._ring(
            _address(rows), len(rows), start, left, int(shrinks), count, _address(words), mode,
            numbers, _address(out),
        )  # fmt: skip
        return out

    def bag(self, places: Any, left: int, words: Any) -> Any:
        """See `tidefall.array.draws.Compiled`."""
        out = np.empty(len(words), np.int64)
        self._bag(_address(places), left, len(words), _address(words), _address(out))
        return out

    def swap(self, columns: Any, rows: Any, new: Any, first: int) -> Any:
        """See `tidefall.array.draws.Compiled`."""
        count = len(rows)
        out = [np.empty(count, column.dtype) for column in columns]
        new = [np.ascontiguousarray(each) for each in new]
        parts = zip(columns, new, out, strict=True)
        table = np.array([(*map(_address, each), each[0].itemsize) for each in parts], np.int64)
        self._swap(_address(table), len(columns), _address(rows), count, len(new[0]), first)
        return out


def _address(array: Any) -> int:
    return array.__array_interface__["data"][0]  # type: ignore[no-any-return]
