"""Functions of one tensor, element by element."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, broadcasting, case, elementwise
from tests.ops.inputs import (
    between,
    complex_,
    floats,
    given,
    ints,
    positive,
    special,
    unit,
)
from tidefall.ops import elementwise as ops
from tidefall.ops import trigonometry

above_one = functools.partial(between, 1.1, 3.0)
no_bfloat16 = ("float16",)


def logistic(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


CASES: list[Case] = [
    *elementwise(tf.abs, floats, np.abs),
    *elementwise(tf.square, floats, np.square),
    *elementwise(tf.sqrt, positive, np.sqrt),
    *elementwise(tf.rsqrt, positive, lambda x: 1 / np.sqrt(x)),
    *elementwise(tf.reciprocal, floats, lambda x: 1 / x),
    *elementwise(ops.inv, floats, lambda x: 1 / x),
    *elementwise(tf.exp, floats, np.exp),
    *elementwise(tf.expm1, floats, np.expm1),
    *elementwise(tf.log, positive, np.log),
    *elementwise(tf.log1p, positive, np.log1p),
    *elementwise(tf.sin, floats, np.sin),
    *elementwise(tf.cos, floats, np.cos),
    *elementwise(tf.tan, unit, np.tan),
    *elementwise(tf.asin, unit, np.arcsin),
    *elementwise(tf.acos, unit, np.arccos),
    *elementwise(tf.atan, floats, np.arctan),
    *elementwise(tf.sinh, floats, np.sinh),
    *elementwise(tf.cosh, floats, np.cosh),
    *elementwise(tf.tanh, floats, np.tanh),
    *elementwise(tf.asinh, floats, np.arcsinh),
    *elementwise(tf.acosh, above_one, np.arccosh),
    *elementwise(tf.atanh, unit, np.arctanh),
    *elementwise(tf.sigmoid, floats, logistic),
    *elementwise(tf.sign, floats, np.sign),
    *elementwise(tf.ceil, floats, np.ceil, halves=()),
    *elementwise(tf.floor, floats, np.floor, halves=()),
    *elementwise(tf.rint, floats, np.rint, halves=()),
    *elementwise(tf.round, floats, np.rint, halves=()),
    *elementwise(tf.is_nan, floats, np.isnan),
    *elementwise(tf.is_inf, floats, np.isinf),
    *elementwise(tf.is_finite, floats, np.isfinite),
    *[
        case(function, complex_(2, 3), expect=reference, tolerance=1e-11)
        for function, reference in [
            (tf.square, np.square),
            (tf.sqrt, np.sqrt),
            (tf.rsqrt, lambda z: 1 / np.sqrt(z)),
            (tf.reciprocal, lambda z: 1 / z),
            (ops.inv, lambda z: 1 / z),
            (tf.exp, np.exp),
            (tf.expm1, np.expm1),
            (tf.log, np.log),
            (tf.log1p, np.log1p),
            (tf.sin, np.sin),
            (tf.cos, np.cos),
            (tf.tan, np.tan),
            (tf.asin, np.arcsin),
            (tf.acos, np.arccos),
            (tf.atan, np.arctan),
            (tf.sinh, np.sinh),
            (tf.cosh, np.cosh),
            (tf.tanh, np.tanh),
            (tf.asinh, np.arcsinh),
            (tf.acosh, np.arccosh),
            (tf.atanh, np.arctanh),
            (tf.sigmoid, logistic),
            (tf.abs, np.abs),
            (tf.sign, lambda z: z / np.abs(z)),
            (tf.angle, np.angle),
            (tf.round, np.rint),
        ]
    ],
    case(tf.abs, special(-0.0, -3.0, np.nan, -np.inf), expect=np.abs),
    case(tf.abs, ints(5), expect=np.abs),
    case(tf.abs, ints(5, dtype=np.int8), expect=np.abs),
    case(tf.sign, ints(5), expect=np.sign),
    case(tf.sign, special(0.0, -0.0, np.inf, np.nan), expect=np.sign),
    case(tf.sign, given(np.array([3 + 4j, 0, -2j])), expect=np.array([0.6 + 0.8j, 0, -1j])),
    case(tf.square, ints(5), expect=np.square),
    case(tf.round, ints(5), expect=np.asarray),
    case(ops.round_op, ints(5), expect=np.asarray),
    case(tf.round, special(0.5, 1.5, 2.5, -0.5, -1.5, np.inf, np.nan), expect=np.rint),
    case(tf.rint, special(0.5, 1.5, 2.5, -0.5, -1.5, np.inf, np.nan), expect=np.rint),
    case(tf.sigmoid, special(-1e3, -100.0, 0.0, 100.0, 1e3, np.nan), expect=logistic),
    case(tf.tanh, special(-1e3, -9.0, -1e-8, 0.0, 1e-8, 9.0, 1e3, np.nan), expect=np.tanh),
    case(tf.log, special(0.0, 1.0, np.inf, -1.0), expect=np.log),
    case(tf.sqrt, special(-1.0, 0.0, -0.0, 4.0, np.inf), expect=np.sqrt),
    case(tf.is_nan, special(np.nan, np.inf, -np.inf, 1.0), expect=np.isnan),
    case(tf.is_inf, special(np.nan, np.inf, -np.inf, 1.0), expect=np.isinf),
    case(tf.is_finite, special(np.nan, np.inf, -np.inf, 1.0), expect=np.isfinite),
    case(tf.angle, floats(3), expect=np.zeros_like),
    *broadcasting(tf.atan2, floats, np.arctan2),
    case(tf.atan2, special(0.0, -0.0, 1.0, 0.0), special(-1.0, -1.0, 0.0, 0.0), expect=np.arctan2),
    *broadcasting(tf.math.xdivy, floats, np.divide, halves=no_bfloat16),
    *broadcasting(tf.math.xlogy, positive, lambda x, y: x * np.log(y), halves=no_bfloat16),
    case(
        tf.math.xdivy,
        special(0.0, 1.0, 0.0),
        special(0.0, 2.0, np.nan),
        expect=np.array([0, 0.5, 0]),
    ),
    case(
        tf.math.xlogy,
        special(0.0, 2.0, 0.0),
        special(0.0, 1.0, np.nan),
        expect=np.array([0.0, 0, 0]),
    ),
    case(tf.math.xdivy, complex_(3), complex_(3), expect=np.divide),
    case(tf.math.xlogy, complex_(3), complex_(3), expect=lambda x, y: x * np.log(y)),
    *[
        case(function, kind(3), kind(3), expect=reference)
        for function, reference in [
            (ops.reciprocal_grad, lambda y, dy: -dy * np.conj(y) ** 2),
            (ops.inv_grad, lambda y, dy: -dy * np.conj(y) ** 2),
            (ops.sqrt_grad, lambda y, dy: dy / 2 / np.conj(y)),
            (ops.rsqrt_grad, lambda y, dy: -dy / 2 * np.conj(y) ** 3),
            (ops.sigmoid_grad, lambda y, dy: dy * y * (1 - y)),
            (trigonometry.tanh_grad, lambda y, dy: dy * (1 - y * y)),
        ]
        for kind in (floats, complex_)
    ],
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


def test_derivatives_of_sine_are_exact_to_the_eighth_order() -> None:
    points = np.linspace(-4, 4, 41)
    x = tf.constant(points)
    y = tf.sin(x)
    with tf.Session() as session:
        for order in range(1, 9):
            (y,) = tf.gradients(y, x)
            sine = np.sin(points) if order % 2 == 0 else np.cos(points)
            np.testing.assert_array_equal(session.run(y), -sine if order % 4 > 1 else sine)


def test_a_function_of_floats_refuses_integers() -> None:
    with pytest.raises(TypeError, match=r"'Reciprocal' .*int32"):
        tf.reciprocal([1, 2])


def test_a_function_of_numbers_refuses_truth_values() -> None:
    with pytest.raises(TypeError, match="bool"):
        tf.exp(tf.constant([True]))
