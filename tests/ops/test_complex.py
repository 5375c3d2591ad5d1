"""Complex numbers, and conversions between dtypes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, case
from tests.ops.inputs import bools, complex_, floats, given, ints, special

INTS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
FLOATS = ["float16", "float32", "float64"]


def as_dtype(name: str) -> Any:
    return lambda x: np.asarray(x).astype(name)


CASES: list[Case] = [
    case(tf.complex, floats(4, 3), floats(3), expect=lambda x, y: x + 1j * y),
    case(tf.complex, floats(), floats(2), expect=lambda x, y: x + 1j * y),
    case(tf.complex, special(np.inf, 1.0), special(1.0, np.inf), expect=None),
    case(tf.real, complex_(2, 3), expect=np.real),
    case(tf.imag, complex_(2, 3), expect=np.imag),
    case(tf.conj, complex_(2, 3), expect=np.conj),
    case(tf.real, complex_(), expect=np.real),
    case(tf.imag, complex_(0), expect=np.imag),
    case(tf.real, floats(3), expect=np.real),
    case(tf.imag, floats(3), expect=np.imag),
    case(tf.conj, floats(3), expect=np.conj),
    case(tf.conj, ints(3), expect=np.conj),
    *[
        case(tf.cast, ints(5, dtype=a), b, expect=as_dtype(b))
        for a in INTS
        for b in ("uint8", "int64", "float32")
    ],
    *[
        case(tf.cast, floats(2, 3), name, expect=as_dtype(name))
        for name in ("int32", "int8", "bool", "complex64")
    ],
    *[
        case(tf.cast, floats(2, 3, dtype=np.float64), name, expect=as_dtype(name))
        for name in FLOATS
    ],
    case(tf.cast, floats(3, dtype=np.float64), "bfloat16", expect=None),
    case(tf.cast, floats(3), "float64", dtypes=("bfloat16",), expect=np.asarray),
    case(tf.cast, floats(), tf.float64, expect=np.asarray),
    case(tf.cast, floats(0), tf.int32, expect=as_dtype("int32")),
    case(tf.cast, complex_(3), tf.float64, expect=np.real),
    case(tf.cast, complex_(3), tf.complex128, expect=np.asarray),
    case(tf.cast, bools(3), tf.float32, expect=as_dtype("float32")),
    case(tf.cast, given([300.0, -1.0, 255.9]), tf.uint8, expect=np.array([44, 255, 255], np.uint8)),
    case(tf.cast, given([1.9, -1.9, 0.5, -0.5]), tf.int32, expect=np.array([1, -1, 0, 0])),
    case(tf.cast, special(np.nan, np.inf, -np.inf), tf.int32, expect=np.full(3, -(2**31))),
    case(tf.to_float, ints(3), expect=as_dtype("float32")),
    case(tf.to_double, ints(3), expect=as_dtype("float64")),
    case(tf.to_int32, special(2.7, -2.7), expect=as_dtype("int32")),
    case(tf.to_int64, special(2.7, -2.7), expect=as_dtype("int64")),
    case(tf.to_complex64, ints(3), expect=as_dtype("complex64")),
    case(tf.to_complex128, ints(3), expect=as_dtype("complex128")),
    case(tf.to_bfloat16, ints(3), expect=None),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


def test_infinite_parts_do_not_mix() -> None:
    with tf.Session() as session:
        value = session.run(tf.complex([np.inf, 1.0], [1.0, np.inf]))
    assert value[0] == complex(np.inf, 1.0)
    assert value[1] == complex(1.0, np.inf)


def test_the_parts_of_a_complex_number_have_one_dtype() -> None:
    with pytest.raises(TypeError, match="real is float32 and imag is float64"):
        tf.complex(tf.zeros([2]), tf.zeros([2], tf.float64))


def test_a_cast_to_the_same_dtype_adds_nothing() -> None:
    x = tf.placeholder(tf.float32)
    assert tf.cast(x, tf.float32) is x
    assert tf.to_float(x) is x
