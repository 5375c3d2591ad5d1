"""Comparisons, logic, and operations on bits."""

from __future__ import annotations

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, broadcasting, case
from tests.ops.inputs import apart, bools, complex_, floats, given, ints, special, strings
from tidefall.ops.bitwise import population_count
from tidefall.ops.compare import equal_op, not_equal_op

WIDTHS = [np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64]
PAIRS = [
    (tf.less, np.less),
    (tf.less_equal, np.less_equal),
    (tf.greater, np.greater),
    (tf.greater_equal, np.greater_equal),
    (tf.equal, np.equal),
    (tf.not_equal, np.not_equal),
]

CASES: list[Case] = [
    *[each for f, g in PAIRS for each in broadcasting(f, apart, g)],
    *[case(f, ints(4, 3), ints(3), expect=g) for f, g in PAIRS],
    *[case(f, ints(4, dtype=np.uint8), 7, expect=lambda x, g=g: g(x, 7)) for f, g in PAIRS],
    *[case(f, special(np.nan, 1.0), special(np.nan, 1.0), expect=g) for f, g in PAIRS],
    *[case(f, bools(4), bools(4), expect=g) for f, g in PAIRS[4:]],
    *[case(f, complex_(4), complex_(4), expect=g) for f, g in PAIRS[4:]],
    case(tf.equal, strings("a", "b"), strings("a", "c"), expect=np.array([True, False])),
    case(tf.equal, strings("a", "b"), "a", expect=np.array([True, False])),
    case(tf.not_equal, strings("a", "b"), strings("a", "c"), expect=np.array([False, True])),
    case(equal_op, floats(2), floats(3), incompatible_shape_error=False, expect=np.array(False)),
    case(not_equal_op, floats(2), floats(3), incompatible_shape_error=False, expect=np.array(True)),
    case(
        equal_op, given([1, 2]), given([[1], [2]]), incompatible_shape_error=False, expect=np.equal
    ),
    case(
        tf.approximate_equal,
        special(1.0, 2.0),
        special(1.000001, 2.1),
        expect=np.array([True, False]),
    ),
    case(
        lambda x, y: tf.approximate_equal(x, y, tolerance=2.0),
        ints(9),
        ints(9),
        expect=lambda x, y: abs(x - y) < 2,
        label="approximate_equal",
    ),
    case(tf.logical_and, bools(4, 3), bools(3), expect=np.logical_and),
    case(tf.logical_or, bools(4, 3), bools(3), expect=np.logical_or),
    case(tf.logical_xor, bools(4, 3), bools(3), expect=np.logical_xor),
    case(tf.logical_not, bools(4, 3), expect=np.logical_not),
    case(tf.logical_not, bools(), expect=np.logical_not),
    case(tf.logical_and, bools(0), bools(), expect=np.logical_and),
    *[
        case(
            tf.bitwise.bitwise_and,
            ints(4, 3, low=0, dtype=d),
            ints(3, low=0, dtype=d),
            expect=np.bitwise_and,
        )
        for d in WIDTHS
    ],
    *[
        case(
            tf.bitwise.bitwise_or,
            ints(5, low=0, dtype=d),
            ints(low=0, dtype=d),
            expect=np.bitwise_or,
        )
        for d in WIDTHS
    ],
    *[
        case(
            tf.bitwise.bitwise_xor,
            ints(5, low=0, dtype=d),
            ints(5, low=0, dtype=d),
            expect=np.bitwise_xor,
        )
        for d in WIDTHS
    ],
    *[case(tf.bitwise.invert, ints(5, low=0, dtype=d), expect=np.invert) for d in WIDTHS],
    *[
        case(
            tf.bitwise.left_shift,
            ints(5, low=0, dtype=d),
            ints(5, low=0, dtype=d),
            expect=np.left_shift,
        )
        for d in WIDTHS
    ],
    *[
        case(
            tf.bitwise.right_shift,
            ints(5, low=0, dtype=d),
            ints(5, low=0, dtype=d),
            expect=np.right_shift,
        )
        for d in WIDTHS
    ],
    *[case(population_count, ints(5, low=0, dtype=d), expect=np.bitwise_count) for d in WIDTHS],
    case(tf.bitwise.right_shift, given([-8, 8]), given([1, 40]), expect=np.array([-4, 0])),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


def test_comparisons_refuse_complex_numbers() -> None:
    with pytest.raises(TypeError, match="complex64"):
        tf.less(tf.constant([1j], tf.complex64), tf.constant([1j], tf.complex64))
