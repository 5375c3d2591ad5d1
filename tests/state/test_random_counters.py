"""Random streams of a session's nodes, and the numbers made ahead for their next runs."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from tidefall.array import numpy as xp
from tidefall.array import philox
from tidefall.array.philox import Stream
from tidefall.core.dtypes import as_dtype
from tidefall.state.random_counters import RandomCounters


def words(stream: Stream) -> list[int]:
    drawn: list[int] = philox.uniform_full_int(xp, stream, (4,), "uint32").tolist()
    return drawn


def test_a_run_takes_the_next_part_of_its_nodes_stream() -> None:
    counters = RandomCounters()
    first, second = (counters.reserve("a", 7, 8, 10) for _ in range(2))
    assert words(first) == words(Stream.of(7, 8))
    assert words(second) == words(Stream.of(7, 8, 2560))
    assert words(counters.reserve("b", 7, 8, 10)) == words(Stream.of(7, 8))
    assert words(counters.reserve("a", 7, 8, 3, 1)) == words(Stream.of(7, 8, 5120))
    assert words(counters.reserve("a", 7, 8, 3)) == words(Stream.of(7, 8, 5123))


def test_negative_seeds_are_taken_as_64_bits() -> None:
    drawn = words(RandomCounters().reserve("a", -1, -2, 1))
    assert drawn == words(Stream.of(2**64 - 1, 2**64 - 2))


def test_a_node_of_other_seeds_starts_anew() -> None:
    counters = RandomCounters()
    counters.reserve("a", 1, 2, 10)
    assert words(counters.reserve("a", 3, 4, 10)) == words(Stream.of(3, 4))


def test_without_seeds_each_node_of_each_session_differs() -> None:
    one, two = RandomCounters(), RandomCounters()
    streams = [one.reserve("a", 0, 0, 1), one.reserve("b", 0, 0, 1), two.reserve("a", 0, 0, 1)]
    assert len({tuple(words(stream)) for stream in streams}) == 3
    following = one.reserve("a", 0, 0, 1)
    np.testing.assert_array_equal(following.key, streams[0].key)
    assert following.counter[0] == 256


@pytest.mark.parametrize("name", ["uniform", "normal", "truncated_normal"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_numbers_made_ahead_are_the_same(name: str, dtype: str) -> None:
    draw, kind = getattr(philox, name), as_dtype(dtype).np_dtype
    counters = RandomCounters()
    for run in range(40):
        drawn = draw(xp, counters.reserve("a", 1, 2, 15), (3, 5), kind)
        expected = draw(xp, Stream.of(1, 2, run * 15 * 256), (3, 5), kind)
        assert drawn.tobytes() == expected.tobytes(), run


def test_a_node_may_change_what_it_draws_between_runs() -> None:
    counters = RandomCounters()
    position = 0
    for run in range(60):
        size = (3, 8, 8, 8, 100, 0, 5)[run // 4 % 7]
        high = 10 if run % 3 else 1000
        stream = counters.reserve("a", 1, 2, size)
        drawn = philox.uniform_int(xp, stream, (size,), np.int32(0), np.int32(high))
        expected = philox.uniform_int(
            xp, Stream.of(1, 2, position), (size,), np.int32(0), np.int32(high)
        )
        np.testing.assert_array_equal(drawn, expected)
        position += 256 * size


def test_a_result_may_be_changed_without_harm() -> None:
    counters = RandomCounters()
    for run in range(10):
        drawn = philox.uniform(xp, counters.reserve("a", 1, 2, 4), (4,), np.float32)
        expected = philox.uniform(xp, Stream.of(1, 2, run * 1024), (4,), np.float32)
        np.testing.assert_array_equal(drawn, expected)
        drawn[:] = -1


def test_a_node_that_runs_once_keeps_no_numbers() -> None:
    stream = RandomCounters().reserve("a", 1, 2, 10_000)
    philox.normal(xp, stream, (10_000,), np.float32)
    assert stream.ahead is not None
    kept: Any = stream.ahead.cache._batch
    assert kept[-1].size == 0


def test_threads_share_a_stream_without_overlap() -> None:
    counters = RandomCounters()

    def run(_: int) -> tuple[float, ...]:
        values = philox.uniform(xp, counters.reserve("a", 1, 2, 4), (4,), np.float64)
        return tuple(values.tolist())

    with ThreadPoolExecutor(8) as pool:
        drawn = set(pool.map(run, range(2000)))
    serial = {
        tuple(philox.uniform(xp, Stream.of(1, 2, i * 1024), (4,), np.float64).tolist())
        for i in range(2000)
    }
    assert drawn == serial
