"""Cases of the same elements in another order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, case
from tests.ops.inputs import complex_, floats, given, strings


def _sequences(x: Any, lengths: list[int]) -> Any:
    result = np.array(x)
    for row, length in enumerate(lengths):
        result[row, :length] = result[row, :length][::-1]
    return result


CASES: list[Case] = [
    case(tf.transpose, floats(2, 3, 4), expect=np.transpose),
    case(tf.transpose, floats(2, 3, 4), [1, 2, 0], expect=lambda x: x.transpose(1, 2, 0)),
    case(tf.transpose, floats(2, 3), given([1, 0]), expect=lambda x, _: x.T),
    case(tf.transpose, floats(), expect=lambda x: x),
    case(tf.transpose, floats(0, 3), expect=np.transpose),
    case(tf.transpose, complex_(2, 3), conjugate=True, expect=lambda x: x.conj().T),
    case(tf.transpose, complex_(2, 3), conjugate=False, expect=np.transpose),
    case(tf.transpose, floats(2, 3), conjugate=True, expect=np.transpose),
    case(tf.reverse, floats(2, 3), [1], expect=lambda x: x[:, ::-1]),
    case(tf.reverse, floats(2, 3), [0, -1], expect=lambda x: x[::-1, ::-1]),
    case(tf.reverse, floats(2, 3), given([0], np.int64), expect=lambda x, _: x[::-1]),
    case(tf.reverse, strings("a", "b"), [0], expect=lambda x: x[::-1]),
    case(tf.reverse, floats(2), np.zeros(0, np.int32), expect=lambda x: x),
    case(tf.reverse_sequence, floats(3, 4), [2, 0, 4], seq_axis=1,
         expect=lambda x: _sequences(x, [2, 0, 4])),
    case(tf.reverse_sequence, floats(4, 2, 3), [3, 1, 4], seq_dim=0, batch_dim=-1,
         expect=lambda x: _sequences(x.transpose(2, 0, 1), [3, 1, 4]).transpose(1, 2, 0)),
    case(tf.roll, floats(5), 2, 0, expect=lambda x: np.roll(x, 2)),
    case(tf.roll, floats(3, 4), [1, -2], [0, 1], expect=lambda x: np.roll(x, (1, -2), (0, 1))),
    case(tf.roll, floats(3, 4), [1, 1], [0, 0], expect=lambda x: np.roll(x, 2, 0)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: tf.transpose(tf.zeros([2, 3]), [0, 0]), "each of the 2 dimensions"),
        (lambda: tf.transpose(tf.zeros([2, 3]), [1]), "each of the 2 dimensions"),
        (lambda: tf.reverse(tf.zeros([2]), [1]), "out of range"),
        (lambda: tf.reverse(tf.zeros([2]), [0, -1]), "only once"),
        (lambda: tf.reverse_sequence(tf.zeros([2, 3]), [1, 1], seq_axis=0), "must differ"),
        (lambda: tf.reverse_sequence(tf.zeros([2, 3]), [1], seq_axis=1), "2 != 1"),
        (lambda: tf.reverse_sequence(tf.zeros([2, 3]), [1, 1]), "seq_axis"),
    ],
)
def test_what_cannot_be_rearranged(build: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()


def test_a_sequence_longer_than_its_row() -> None:
    y = tf.reverse_sequence(tf.zeros([1, 3]), tf.placeholder_with_default([4], [1]), seq_axis=1)
    with pytest.raises(tf.errors.InvalidArgumentError, match="between 0 and 3"):
        tf.Session().run(y)
