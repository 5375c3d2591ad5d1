"""What a dataset gives, as a session sees it."""

from __future__ import annotations

from typing import Any

import tidefall as tf


def elements(dataset: Any, most: int = 100) -> list[Any]:
    """The elements of a dataset, or so many of them."""
    following = dataset.make_one_shot_iterator().get_next()
    found: list[Any] = []
    with tf.Session() as session:
        while len(found) < most:
            try:
                found.append(session.run(following))
            except tf.errors.OutOfRangeError:
                break
    return found
