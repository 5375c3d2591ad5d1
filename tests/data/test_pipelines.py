"""Whole pipelines, from arrays to what a session sees."""

from __future__ import annotations

import time

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
