"""How the rows of a batch are cut: into tiles, and tiles into chunks."""

from __future__ import annotations

from typing import Any

from tidefall.executor.kernels import memory
from tidefall.executor.kernels.body import Body
from tidefall.executor.kernels.loops import INT64


def tiles_of(body: Body, count: Any) -> Any:
    """How many tiles so many rows fill."""
    tile = body.design.tile
    return body.builder.sdiv(body.plus(count, tile - 1), INT64(tile))


def rows_of_tile(body: Body, count: Any, tiles: Any) -> Any:
    """How many rows every tile but the last takes, so that they share the rows evenly."""
    b, lanes = body.builder, body.design.lanes
    some = b.select(b.icmp_signed("<", tiles, INT64(1)), INT64(1), tiles)  # there may be no row
    even = b.sdiv(b.sub(body.plus(count, tiles), INT64(1)), some)
    return b.and_(body.plus(even, lanes - 1), INT64(-lanes))


def chunks_of(body: Body, tiles: Any, largest: int) -> Any:
    """How many chunks so many tiles are cut into."""
    b = body.builder
    return b.select(b.icmp_signed("<", tiles, INT64(largest)), tiles, INT64(largest))


def begin_tile(body: Body, tile: Any, each: Any, count: Any) -> Any:
    """Turns to a tile of ``each`` rows, the last one of what is left of ``count``; its first row.

    Sets how many of its rows are valid, and where what is kept of it lies.
    """
    b = body.builder
    start = b.mul(tile, each)
    left = b.sub(count, start)
    body.valid = b.select(b.icmp_signed("<", each, left), each, left)
    kept = body.pointer(memory.KEPT)
    body.kept_base = body.shifted(kept, body.times(tile, body.design.memory.kept_size))
    return start
