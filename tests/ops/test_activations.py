"""Cases of activations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, case, elementwise
from tests.ops.inputs import floats, ints, special


def _elu(x: Any) -> Any:
    return np.where(x < 0, np.expm1(x), x)


def _selu(x: Any) -> Any:
    scale, alpha = 1.0507009873554805, 1.6732632423543772
    return scale * np.where(x < 0, alpha * np.expm1(x), x)


def _softplus(x: Any) -> Any:
    return np.logaddexp(x, 0)


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


_ENDS = special(-1000.0, -100.0, 0.0, 100.0, 1000.0)

CASES: list[Case] = [
    *elementwise(tf.nn.relu, floats, lambda x: np.maximum(x, 0)),
    *elementwise(tf.nn.relu6, lambda *shape: floats(*shape), lambda x: np.clip(x, 0, 6)),
    case(tf.nn.relu6, special(-1.0, 3.0, 7.0), expect=lambda x: np.clip(x, 0, 6)),
    *elementwise(tf.nn.leaky_relu, floats, lambda x: np.where(x > 0, x, np.float32(0.2) * x)),
    case(tf.nn.leaky_relu, floats(3), alpha=1.5, expect=lambda x: np.where(x > 0, x, 1.5 * x)),
    case(tf.nn.leaky_relu, ints(4), expect=lambda x: np.where(x > 0, x, np.float32(0.2) * x)
         .astype(np.float32)),
    *elementwise(tf.nn.elu, floats, _elu),
    case(tf.nn.elu, _ENDS, expect=_elu),
    *elementwise(tf.nn.selu, floats, _selu, tolerance=1e-6),
    *elementwise(tf.nn.softplus, floats, _softplus),
    case(tf.nn.softplus, _ENDS, expect=_softplus),
    *elementwise(tf.nn.softsign, floats, lambda x: x / (np.abs(x) + 1)),
    *elementwise(tf.log_sigmoid, floats, lambda x: -np.logaddexp(-x, 0)),
    *elementwise(tf.nn.swish, floats, lambda x: x * _sigmoid(x)),
    case(tf.nn.crelu, floats(2, 3),
         expect=lambda x: np.concatenate([np.maximum(x, 0), np.maximum(-x, 0)], -1)),
    case(tf.nn.crelu, floats(2, 3), axis=0,
         expect=lambda x: np.concatenate([np.maximum(x, 0), np.maximum(-x, 0)], 0)),
    case(tf.nn.relu, ints(3), expect=lambda x: np.maximum(x, 0)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


def test_relu_keeps_nan_and_infinity() -> None:
    value = tf.Session().run(tf.nn.relu([np.nan, np.inf, -np.inf]))
    assert np.isnan(value[0])
    assert value[1:].tolist() == [np.inf, 0.0]


def test_the_slope_of_leaky_relu_is_a_number() -> None:
    with pytest.raises(TypeError, match="alpha"):
        tf.nn.leaky_relu([1.0], alpha="a")
