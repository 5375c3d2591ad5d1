"""The generator and the distributions; the oracle's streams are compared in tests/ops."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.array.plain import plain
from tidefall.array import numpy as xp
from tidefall.array import philox, philox_numpy
from tidefall.array.philox import Stream

FLOATS = ["float16", "bfloat16", "float32", "float64"]


# From the authors' known answers: counter, key, block.
@pytest.mark.parametrize(
    ("counter", "key", "block"),
    [
        (
            "00000000 00000000 00000000 00000000",
            "00000000 00000000",
            "6627e8d5 e169c58d bc57ac4c 9b00dbd8",
        ),
        (
            "ffffffff ffffffff ffffffff ffffffff",
            "ffffffff ffffffff",
            "408f276d 41c83b0e a20bc7c6 6d5451fd",
        ),
        (
            "243f6a88 85a308d3 13198a2e 03707344",
            "a4093822 299f31d0",
            "d16cfe09 94fdcceb 5001e420 24126ea1",
        ),
    ],
)
def test_known_answers(counter: str, key: str, block: str) -> None:
    k, c = (np.array([int(w, 16) for w in text.split()], np.uint32) for text in (key, counter))
    for namespace in (xp, plain):
        found = philox.blocks(namespace, Stream(k, c), np.zeros(1, np.uint64), 1)
        assert " ".join(f"{word:08x}" for word in found[0]) == block


EDGES = [0, 1, 2**32 - 3, 2**32, 2**40, 2**64 - 3, 2**64 - 1]


@given(
    st.integers(0, 2**64 - 1),
    st.one_of(st.sampled_from(EDGES), st.integers(0, 2**64 - 1)),
    st.one_of(st.sampled_from(EDGES), st.integers(0, 2**64 - 1)),
    st.integers(1, 9),
)
def test_the_counter_carries_from_word_to_word(seed: int, low: int, seed2: int, count: int) -> None:
    whole = Stream.of(seed, seed2, low)
    found = philox.blocks(xp, whole, np.arange(count, dtype=np.uint64), count)
    for i in range(count):
        one = Stream.of(seed, seed2, low + i)
        expected = philox.blocks(plain, one, np.zeros(1, np.uint64), 1)
        np.testing.assert_array_equal(found[i], expected[0])


def test_blocks_may_be_anywhere() -> None:
    stream = Stream.of(3, 4)
    offsets = np.array([[5, 0], [2**33, 7]], np.uint64)
    found = philox.blocks(xp, stream, offsets, 2**33 + 1)
    np.testing.assert_array_equal(found, philox.blocks(plain, stream, offsets, 0))
    assert found.shape == (2, 2, 4)


DRAWS = [
    *[(name, dtype) for name in ("uniform", "normal", "truncated_normal") for dtype in FLOATS],
    *[("uniform_full_int", dtype) for dtype in ("int32", "uint32", "int64", "uint64")],
]


@pytest.mark.parametrize(("name", "dtype"), DRAWS)
@pytest.mark.parametrize("shape", [(), (0,), (1,), (5,), (3, 7), (2, 0, 3), (40_001,)])
def test_both_ways_draw_the_same(name: str, dtype: str, shape: tuple[int, ...]) -> None:
    draw = getattr(philox, name)
    stream = Stream.of(87654321, 42, 2**32 - 1000)
    fast, slow = draw(xp, stream, shape, dtype), draw(plain, stream, shape, dtype)
    assert (fast.dtype, fast.shape) == (np.dtype(dtype), shape)
    assert fast.tobytes() == np.asarray(slow, fast.dtype).tobytes()


@pytest.mark.parametrize("dtype", ["int32", "int64"])
@pytest.mark.parametrize(
    ("low", "high"), [(-7, 1000), (5, 6), (0, 2**20), (-(2**31), 2**31 - 1), (2**31 - 2, 2**31 - 1)]
)
def test_integers_are_remainders_of_words(dtype: str, low: int, high: int) -> None:
    stream = Stream.of(1, 2)
    kind: Any = np.dtype(dtype).type
    fast = philox.uniform_int(xp, stream, (1001,), kind(low), kind(high))
    slow = philox.uniform_int(plain, stream, (1001,), kind(low), kind(high))
    words = philox.uniform_full_int(xp, stream, (1001,), "u" + dtype)
    expected = [low + int(word) % (high - low) for word in words]
    assert fast.dtype == dtype
    assert fast.tolist() == slow.tolist() == expected


@pytest.mark.parametrize("dtype", FLOATS)
def test_uniform_numbers_fill_the_unit_interval(dtype: str) -> None:
    values = philox.uniform(xp, Stream.of(5, 6), (100_000,), dtype).astype(np.float64)
    assert values.min() >= 0
    assert values.max() < 1
    assert abs(values.mean() - 0.5) < 0.01
    assert abs(values.var() - 1 / 12) < 0.01


@pytest.mark.parametrize("dtype", FLOATS)
def test_normal_numbers_have_the_moments_of_the_normal_distribution(dtype: str) -> None:
    values = philox.normal(xp, Stream.of(5, 6), (100_000,), dtype).astype(np.float64)
    assert abs(values.mean()) < 0.02
    assert abs(values.var() - 1) < 0.02
    assert np.abs(values).max() > 3.5


@pytest.mark.parametrize("dtype", FLOATS)
def test_truncated_numbers_lie_within_two_deviations(dtype: str) -> None:
    values = philox.truncated_normal(xp, Stream.of(5, 6), (100_000,), dtype).astype(np.float64)
    assert np.abs(values).max() <= 2
    assert abs(values.mean()) < 0.02
    assert abs(values.std() - 0.8796) < 0.01


def test_a_truncated_value_is_the_first_accepted_one_of_its_group() -> None:
    groups = 3000
    words = philox.blocks(
        plain, Stream.of(9, 9), np.arange(groups * 256, dtype=np.uint64).reshape(groups, 256), 0
    )
    normals = philox.normal(plain, Stream.of(9, 9), (groups * 1024,), "float32")
    assert words.shape == (groups, 256, 4)
    found = philox.truncated_normal(xp, Stream.of(9, 9), (groups, 4), "float32")
    for row, candidates in zip(found, normals.reshape(groups, 1024), strict=True):
        np.testing.assert_array_equal(row, candidates[np.abs(candidates) < 2][:4])


@pytest.mark.parametrize("namespace", [xp, plain], ids=lambda n: str(n.name))
def test_categories(namespace: Any) -> None:
    logits = np.array([[0.1, -0.5, 2, 1.5], [-np.inf, 0, np.nan, -1], [5, 5, 5, 5]])
    drawn = philox.categorical(namespace, Stream.of(1, 2), logits, 50_000, np.int32)
    assert (drawn.dtype, drawn.shape) == (np.int32, (3, 50_000))
    weights = np.exp(np.where(np.isfinite(logits), logits, -np.inf))
    expected = weights / weights.sum(1, keepdims=True)
    found = [np.bincount(row, minlength=4) / 50_000 for row in drawn]
    np.testing.assert_allclose(found, expected, atol=0.01)


def test_categories_read_one_double_each() -> None:
    logits = np.log(np.array([[0.5, 0.25, 0.25], [0.1, 0.2, 0.7]], np.float32))
    drawn = philox.categorical(xp, Stream.of(1, 2), logits, 7, np.int64)
    unit = philox.uniform(xp, Stream.of(1, 2), (2, 7), np.float64)
    cumulated = np.cumsum(np.exp(logits.astype(np.float64)), 1)
    expected = [
        np.searchsorted(row, u * row[-1], "right") for row, u in zip(cumulated, unit, strict=True)
    ]
    np.testing.assert_array_equal(drawn, expected)


@pytest.mark.parametrize("count", [1, 5, 4096, 8192, 8193, 20_000])
def test_pieces_join_without_a_seam(count: int) -> None:
    stream = Stream.of(11, 12)
    whole = philox.uniform_full_int(xp, stream, (4 * count,), "uint32")
    words = philox_numpy.at_offsets(
        stream.key, stream.counter, np.arange(count, dtype=np.uint64), count
    )
    np.testing.assert_array_equal(whole, words.reshape(-1))
