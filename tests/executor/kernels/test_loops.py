"""How loops are cut into blocks."""

from __future__ import annotations

import pytest

from tidefall.executor.kernels.loops import blocks


@pytest.mark.parametrize("total", range(60))
@pytest.mark.parametrize("size", range(1, 13))
def test_blocks_cover_everything_once_in_two_stretches_at_most(total: int, size: int) -> None:
    stretches = list(blocks(total, size))
    covered = [i for start, stop, step in stretches for i in range(start, stop, step)]
    assert covered == sorted(covered)
    assert sum(step * len(range(a, b, step)) for a, b, step in stretches) == total
    assert all((stop - start) % step == 0 and step <= size for start, stop, step in stretches)
    assert len(stretches) <= 2


@pytest.mark.parametrize(
    ("total", "size", "expected"),
    [
        (50, 6, [(0, 50, 5)]),
        (50, 4, [(0, 44, 4), (44, 50, 3)]),
        (300, 6, [(0, 300, 6)]),
        (7, 12, [(0, 7, 7)]),
    ],
)
def test_one_stretch_is_preferred(
    total: int, size: int, expected: list[tuple[int, int, int]]
) -> None:
    assert list(blocks(total, size)) == expected
