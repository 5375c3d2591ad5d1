"""Draws in Python and draws by compiled code are the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.data.reading import elements
from tidefall.array import draws, philox_numpy
from tidefall.array.philox import words_of
from tidefall.array.random_words import Words
from tidefall.data.streams.ring import Ring
from tidefall.executor.kernels.draws import Draws
from tidefall.state.queues import random_shuffle


@pytest.fixture
def switch(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Says who draws from now on: True for compiled code."""
    code = Draws()
    monkeypatch.setattr(draws.compiled, "make", None)

    def choose(compiled: bool) -> None:
        monkeypatch.setattr(draws.compiled, "_found", code if compiled else None)

    return choose


@pytest.mark.parametrize("counter", [0, 2**32 - 2, 2**64 - 5, 7 << 64, 2**128 - 3])
def test_words_are_those_of_numpy(counter: int) -> None:
    key, at = words_of(5, 2), words_of(counter, 4)
    expected = philox_numpy.consecutive(key, at, 3, 50).reshape(-1)
    np.testing.assert_array_equal(Draws().words(key, at, 3, 50), expected)


def test_words_do_not_depend_on_who_makes_them(switch: Any) -> None:
    found = []
    for compiled in (False, True):
        words = Words(1, 2)
        first = words.take(3000).tolist()
        switch(compiled)
        found.append(first + words.take(20_000).tolist() + [words.word()])
        switch(False)
    assert found[0] == found[1]


def _shuffled(change: Any) -> list[int]:
    """Rows drawn from a ring in all ways, with ``change()`` called in between."""
    ring, new = Ring(1000, Words(1, 2)), 1000
    out: list[int] = []
    ring.fill(range(600))
    change()
    ring.fill(range(600, 1000))
    for turn in range(60):
        out += ring.exchange(range(new, new + 37)).tolist()
        out += ring.draw(turn).tolist()
        new += 37
        ring.fill(range(new, new + turn + 1))
        new += turn + 1
        out += ring.exchange(13).tolist()
        ring.fill([new])
        new += 1
    out += ring.draw(2000).tolist()
    return out


def test_a_ring_gives_the_same_rows(switch: Any) -> None:
    plain = _shuffled(lambda: switch(False))
    assert _shuffled(lambda: switch(True)) == plain
    assert len(set(plain)) > 1000


def test_a_saved_ring_goes_on_with_compiled_draws(switch: Any) -> None:
    switch(False)
    ring = Ring(100, Words(3, 4))
    ring.fill(range(100))
    ring.draw(10)
    again = Ring(100, Words(0, 0))
    again.restore(ring.save())
    switch(True)
    compiled = again.draw(50).tolist()
    state = again.save()
    switch(False)
    assert ring.draw(50).tolist() == compiled
    assert ring.save() == state


def _taken(queue: Any) -> list[Any]:
    out: list[Any] = []
    for turn in range(30):
        numbers = np.arange(300.0)[:, None] * np.ones(3) + 1000 * turn
        texts = np.array([str(number) for number in range(300)], object)
        queue.enqueue_many([numbers, texts])
        rows, names = queue.dequeue_many(123 if turn % 2 else 250)
        out += rows[:, 0].tolist() + names.tolist() + [float(queue.dequeue()[0][0])]
    return out


def test_a_queue_gives_the_same_elements(switch: Any) -> None:
    found = []
    for compiled in (False, True):
        switch(compiled)
        kinds = [np.dtype("f8"), np.dtype(object)]
        found.append(_taken(random_shuffle("q", 5000, 10, kinds, [(3,), ()], 5, 6)))
    assert found[0] == found[1]


def test_compiled_code_is_asked_for_once_there_were_many_draws(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []
    monkeypatch.setattr(draws.compiled, "_found", None)
    monkeypatch.setattr(draws.compiled, "_drawn", 0)
    monkeypatch.setattr(draws.compiled, "make", lambda: asked.append(1))
    for _ in range(draws.FEW // 1000 + 5):
        assert draws.compiled(1000) is None
    assert asked == [1]


_KINDS = ("b1", "i1", "f2", "i4", "f4", "f8", "i8")


def test_columns_are_shuffled_the_same(switch: Any) -> None:
    """Columns of all widths, in batches that meet the ends of chunks and a row drawn twice."""
    rows = 1000
    arrays = {kind: (np.arange(rows) % 100).astype(kind) for kind in _KINDS}
    arrays["n"] = np.arange(rows)
    found = []
    for compiled in (False, True):
        switch(compiled)
        table = tf.hep.DataFrameDataset(arrays).shuffle(20, seed=4).repeat(2).batch(64)
        batches = elements(table)
        found.append({name: np.concatenate([each[name] for each in batches]) for name in arrays})
    for name in arrays:
        np.testing.assert_array_equal(found[0][name], found[1][name])
    assert sorted(found[0]["n"]) == sorted([*range(rows)] * 2)
    for kind in _KINDS:
        expected = (found[0]["n"] % 100).astype(kind)
        np.testing.assert_array_equal(found[1][kind], expected)
