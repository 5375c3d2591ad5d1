"""Loops of LLVM's IR as ``with`` statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any

from tidefall.executor.kernels.llvm import ir

INT64 = ir.IntType(64)


def number(value: Any) -> Any:
    """A 64-bit integer: a constant for a Python int, else the value itself."""
    return INT64(value) if isinstance(value, int) else value


class Loop:
    """Counts an index from ``start`` while it is below ``stop``.

    ``with Loop(builder, 0, n, 4, [x]) as loop:`` builds the body. ``loop.index`` counts;
    ``loop.carried`` are values handed from one turn to the next: set ``loop.following`` in the
    body, and read ``loop.results`` after it. A loop that surely has a turn tests at its end only.
    """

    def __init__(
        self,
        builder: Any,
        start: Any,
        stop: Any,
        step: int = 1,
        carried: Sequence[Any] = (),
        sure: bool = False,
    ) -> None:
        self._builder = builder
        self._start = number(start)
        self._stop = number(stop)
        self._step = step
        self._initial = list(carried)
        self._sure = sure or (isinstance(start, int) and isinstance(stop, int) and start < stop)

    def __enter__(self) -> Loop:
        b = self._builder
        before = b.block
        self._body = b.append_basic_block("loop")
        self._after = b.append_basic_block("after")
        if self._sure:
            b.branch(self._body)
        else:
            b.cbranch(b.icmp_signed("<", self._start, self._stop), self._body, self._after)
        self._before = before
        b.position_at_end(self._body)
        self.index = b.phi(INT64)
        self.index.add_incoming(self._start, before)
        self.carried = []
        for value in self._initial:
            phi = b.phi(value.type)
            phi.add_incoming(value, before)
            self.carried.append(phi)
        self.following = list(self.carried)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            return
        b = self._builder
        index = b.add(self.index, INT64(self._step))
        last = b.block
        self.index.add_incoming(index, last)
        for phi, value in zip(self.carried, self.following, strict=True):
            phi.add_incoming(value, last)
        b.cbranch(b.icmp_signed("<", index, self._stop), self._body, self._after)
        b.position_at_end(self._after)
        self.results = []
        for initial, value in zip(self._initial, self.following, strict=True):
            if self._sure:
                self.results.append(value)
                continue
            phi = b.phi(value.type)
            phi.add_incoming(initial, self._before)
            phi.add_incoming(value, last)
            self.results.append(phi)


def blocks(total: int, size: int) -> Iterator[tuple[int, int, int]]:
    """Cuts ``range(total)`` into stretches of equal blocks: (start, stop, block size).

    At most two stretches come out, with blocks of nearly equal sizes not above ``size``. Each
    stretch is code of its own, so a somewhat smaller size is taken if one stretch then suffices.
    """
    if total <= 0:
        return
    for fitting in range(min(size, total), 3 * size // 4, -1):
        if total % fitting == 0:
            yield 0, total, fitting
            return
    count = -(-total // size)
    small, larger = divmod(total, count)
    if larger:
        yield 0, larger * (small + 1), small + 1
    if larger < count:
        yield larger * (small + 1), total, small
