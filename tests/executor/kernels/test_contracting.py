"""Contractions: their loops, which sums are part of them, and all ways their operands may lie."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.executor.kernels.watching import watching
from tidefall.array import combining, record
from tidefall.array.record import Array, Instruction, Recording
from tidefall.array.symbols import ROWS
from tidefall.executor.kernels.contracting import Index, contracted, contraction, mirrored
from tidefall.executor.kernels.target import host
from tidefall.executor.kernels.views import derived, whole


def recorded(*shapes: tuple[Any, ...]) -> tuple[Recording, list[Array]]:
    recording = Recording()
    return recording, [recording.input(shape, np.float64) for shape in shapes]


def loops(recording: Recording) -> Any:
    """The loops of the last instruction, with transposes as views."""
    *before, last = recording.instructions
    views = {x: whole(x) for each in recording.instructions for x in each.inputs}
    for each in before:
        view = derived(each, views[each.inputs[0]])
        assert view is not None
        views[each.result] = view
    return contraction(last, views)


def test_the_rows_of_the_first_and_the_columns_of_the_second_are_blocks() -> None:
    recording, (a, b) = recorded((ROWS, 2, 3, 4), (ROWS, 2, 4, 5))
    combining.matmul(a, b)
    found = loops(recording)
    assert found.high == Index(3, 4, 0, 5)
    assert found.wide == Index(5, 0, 1, 1)
    assert found.kept == [Index(2, 12, 20, 15)]
    assert found.gone == [Index(4, 1, 5, 0)]


def test_a_transposed_operand_has_other_strides() -> None:
    recording, (a, b) = recorded((ROWS, 4, 3), (4, 5))
    combining.matmul(record.swapaxes(a, 1, 2), b)
    found = loops(recording)
    assert (found.high.left, found.gone[0].left) == (1, 3)
    assert mirrored(found).wide == Index(3, 0, 1, 5)


def test_a_vector_leaves_out_an_index() -> None:
    recording, (a, b) = recorded((ROWS, 3, 4), (ROWS, 4, 1))
    combining.matmul(a, b)
    found = loops(recording)
    assert found.high == Index(3, 4, 0, 1)
    assert found.wide.size == 1


def contracted_names(recording: Recording, *outside: Array) -> list[tuple[str, Any]]:
    found = contracted(recording.instructions, outside)
    return [(each.name, each.params) for each in found]


def test_a_sum_becomes_part_of_the_product_it_alone_reads() -> None:
    recording, (a, b) = recorded((ROWS, 3, 4), (ROWS, 4, 5))
    total = combining.sum(combining.matmul(a, b), 0)
    assert contracted_names(recording, total) == [("contract", (0,))]


def test_a_product_that_others_read_is_not_summed_anew() -> None:
    recording, (a, b) = recorded((ROWS, 3, 4), (ROWS, 4, 5))
    product = combining.matmul(a, b)
    total = combining.sum(product, 0)
    expected = [("contract", ()), ("sum", (0,))]
    assert contracted_names(recording, product, total) == expected


def test_a_product_of_weights_is_a_contraction_and_one_with_rows_is_not() -> None:
    recording, (x, u, v) = recorded((ROWS, 6), (6, 3), (3, 5))
    y = combining.matmul(x, combining.matmul(u, v))
    assert [name for name, _ in contracted_names(recording, y)] == ["contract", "matmul"]


def test_a_sum_over_columns_too_leaves_the_rest() -> None:
    recording, (a, b) = recorded((ROWS, 3, 4), (ROWS, 4, 5))
    instruction = Instruction("contract", (a, b), (0, 1), recording.input((5,), np.float64))
    views = {x: whole(x) for x in (a, b)}
    found = contraction(instruction, views)
    assert found.high.size == 1
    assert found.wide == Index(5, 0, 1, 1)
    assert found.gone == [Index(3, 4, 0, 0), Index(4, 1, 5, 0)]


SIZES = [(1, 1, 1), (1, 9, 17), (13, 21, 1), (11, 5, 14), (4, 40, 33)]


@pytest.fixture(params=[128, 256, 512], ids=lambda bits: f"{bits}-bit")
def vectors(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Vectors of this width, whatever the CPU has."""
    monkeypatch.setenv("TIDEFALL_VECTOR_BITS", str(request.param))
    host.cache_clear()
    yield
    host.cache_clear()


@pytest.mark.usefixtures("vectors")
@pytest.mark.parametrize("dtype", [tf.float32, tf.float64], ids=["float32", "float64"])
def test_all_ways_operands_may_lie(dtype: Any) -> None:
    draw = np.random.RandomState(3)

    def drawn(*shape: int) -> Any:
        return draw.randint(-4, 5, shape).astype(dtype.as_numpy_dtype)

    count = 37
    results, expected, feeds = [], [], {}
    for (high, deep, wide), turned_a, turned_b in itertools.product(
        SIZES, (False, True), (False, True)
    ):
        a, b = drawn(count, high, deep), drawn(count, deep, wide)
        given = []
        for value, turned in ((a, turned_a), (b, turned_b)):
            value = value.swapaxes(1, 2) if turned else value
            x = tf.placeholder(dtype, [None, *value.shape[1:]])
            feeds[x] = value
            given.append(x)
        u, v = [tf.Variable(feeds[x][0]) for x in given]
        flags = {"transpose_a": turned_a, "transpose_b": turned_b}
        for left, right in itertools.product((given[0], u), (given[1], v)):
            results.append(tf.matmul(left, right, **flags))
            rows = [a if left is given[0] else a[0], b if right is given[1] else b[0]]
            expected.append(np.matmul(*rows))
        summed = tf.reduce_sum(tf.matmul(*given, **flags), 0)
        results.append(summed)
        expected.append(np.matmul(a, b).sum(0))
    config = tf.ConfigProto()
    config.experimental.executor_type = "kernels"
    with tf.Session(config=config) as session, watching() as watch:
        session.run(tf.global_variables_initializer())
        found = session.run(results, feeds)
    assert watch.outside == set()
    assert watch.interpreted == 0
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)  # sums of whole numbers are exact
