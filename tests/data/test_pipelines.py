"""Whole pipelines, from arrays to what a session sees."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tidefall as tf


def elements(dataset: Any, most: int = 100) -> list[Any]:
    """The elements of a dataset, as a session gives them."""
    following = dataset.make_one_shot_iterator().get_next()
    found: list[Any] = []
    with tf.Session() as session:
        while len(found) < most:
            try:
                found.append(session.run(following))
            except tf.errors.OutOfRangeError:
                break
    return found


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


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield
