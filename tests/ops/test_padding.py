"""Cases of padding."""

from __future__ import annotations

import re

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, case
from tests.ops.inputs import floats, given, ints, strings

WIDTHS = [[1, 2], [0, 3]]

CASES: list[Case] = [
    case(tf.pad, floats(2, 3), WIDTHS, expect=lambda x: np.pad(x, WIDTHS)),
    case(tf.pad, floats(2, 3), given(WIDTHS), expect=lambda x, w: np.pad(x, w)),
    case(tf.pad, floats(0, 3), WIDTHS, expect=lambda x: np.pad(x, WIDTHS)),
    case(tf.pad, floats(), np.zeros([0, 2], np.int32), expect=lambda x: x),
    case(tf.pad, ints(2, 3), WIDTHS, constant_values=7,
         expect=lambda x: np.pad(x, WIDTHS, constant_values=7)),
    case(tf.pad, floats(2, 3), WIDTHS, constant_values=floats(), needs="rank",
         expect=lambda x, c: np.pad(x, WIDTHS, constant_values=c)),
    case(tf.pad, strings("a"), [[1, 1]], expect=np.array([b"", b"a", b""], object)),
    case(tf.pad, floats(3, 4), WIDTHS, "REFLECT", expect=lambda x: np.pad(x, WIDTHS, "reflect")),
    case(tf.pad, floats(3, 4), WIDTHS, mode="symmetric",
         expect=lambda x: np.pad(x, WIDTHS, "symmetric")),
    case(tf.pad, floats(2), [[2, 2]], "SYMMETRIC", expect=lambda x: np.pad(x, 2, "symmetric")),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


def test_unknown_modes_and_widths() -> None:
    with pytest.raises(ValueError, match="mode is 'WRAP'"):
        tf.pad([1], [[1, 1]], "WRAP")
    with pytest.raises(ValueError, match="at least 0"):
        tf.pad([1], [[-1, 1]])
    with pytest.raises(ValueError, match=re.escape("rank 2, where rank 1 is needed")):
        tf.pad(tf.zeros([2, 2]), [[1, 1]])


def test_a_mirror_image_longer_than_the_tensor() -> None:
    y = tf.pad(tf.placeholder_with_default([1.0, 2.0], [None]), [[2, 0]], "REFLECT")
    with pytest.raises(tf.errors.InvalidArgumentError, match="at most 1 in mode REFLECT"):
        tf.Session().run(y)


def test_paddings_of_which_some_are_known() -> None:
    n = tf.placeholder(tf.int32, [])
    assert tf.pad(tf.zeros([2, 3]), [[1, 1], [n, 2]]).shape.as_list() == [4, None]
