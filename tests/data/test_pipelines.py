"""Whole pipelines, from arrays to what a session sees."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.data.reading import elements
from tidefall.ops import dataset_transforms as transforms


def test_slices_are_mapped_and_batched() -> None:
    dataset = tf.data.Dataset.from_tensor_slices(
        (np.arange(5, dtype=np.float32), {"a": np.arange(10).reshape(5, 2)})
    )
    batches = elements(dataset.map(lambda x, y: (x * 2, y["a"])).batch(2))
    assert [x.tolist() for x, _ in batches] == [[0, 2], [4, 6], [8]]
    assert [y.shape for _, y in batches] == [(2, 2), (2, 2), (1, 2)]


def test_the_end_of_a_pass_is_an_out_of_range_error_with_the_users_line() -> None:
    following = tf.data.Dataset.range(0).make_one_shot_iterator().get_next()
    with tf.Session() as session, pytest.raises(tf.errors.OutOfRangeError, match="End of seq"):
        session.run(following)


def test_elements_may_be_slowed_down() -> None:
    slowed = tf.data.Dataset.range(3)._then(transforms.sleep_dataset, 10_000)
    begun = time.monotonic()
    assert elements(slowed) == [0, 1, 2]
    assert time.monotonic() - begun >= 0.03


@pytest.mark.parametrize("columns", [True, False], ids=["columns", "elements"])
def test_batches_of_shuffled_rows_have_the_order_of_single_rows(columns: bool) -> None:
    def made() -> Any:
        rows = tf.data.Dataset.range(103)
        rows = rows if columns else rows.map(lambda x: tf.fill([1 + x % 2], x)[0])
        return rows.shuffle(20, seed=5).repeat(3)

    single = [int(number) for number in elements(made(), 400)]
    assert sorted(single) == sorted([*range(103)] * 3)
    batches = elements(made().batch(7), 400)
    assert [len(batch) for batch in batches] == [7] * 44 + [1]
    assert np.concatenate(batches).tolist() == single


def test_two_shuffled_branches_begin_their_passes_in_turns() -> None:
    """The passes share a source of seeds, so making batches ahead must not begin one."""
    shuffled = tf.data.Dataset.range(10).shuffle(10, seed=3).repeat()
    rows = tf.data.Dataset.zip((shuffled, shuffled))
    single = np.array(elements(rows, 60))
    batches = elements(tf.data.Dataset.zip((shuffled.batch(5), shuffled.batch(5))), 12)
    np.testing.assert_array_equal(np.concatenate(batches, 1).T, single)


def test_what_comes_before_a_broken_line_is_given(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("".join(f"{number}\n" for number in range(95)) + "broken\n1\n")
    rows = tf.data.experimental.CsvDataset(str(path), [tf.int32])
    following = rows.shuffle(10, seed=1).batch(5).make_one_shot_iterator().get_next()
    with tf.Session() as session:
        found = [session.run(following)[0] for _ in range(17)]
        with pytest.raises(tf.errors.InvalidArgumentError, match="broken"):
            session.run(following)
    assert len(set(np.concatenate(found).tolist())) == 85
