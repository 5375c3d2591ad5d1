"""Python's operators on tensors: values, names, dtypes, and who gives way."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tidefall as tf

BINARY: list[tuple[Callable[..., Any], str, str]] = [
    (operator.add, "add", "AddV2"),
    (operator.sub, "sub", "Sub"),
    (operator.mul, "mul", "Mul"),
    (operator.truediv, "truediv", "RealDiv"),
    (operator.floordiv, "floordiv", "FloorDiv"),
    (operator.mod, "mod", "FloorMod"),
    (operator.pow, "pow", "Pow"),
    (operator.lt, "Less", "Less"),
    (operator.le, "LessEqual", "LessEqual"),
    (operator.gt, "Greater", "Greater"),
    (operator.ge, "GreaterEqual", "GreaterEqual"),
]


def run(tensor: Any) -> Any:
    with tf.Session() as session:
        return session.run(tensor)


@pytest.mark.parametrize(("function", "name", "type_name"), BINARY)
def test_an_operator_is_an_op(function: Callable[..., Any], name: str, type_name: str) -> None:
    x, y = np.array([5.0, 7.0]), np.array([2.0, 3.0])
    result = function(tf.constant(x), tf.constant(y))
    assert (result.op.name, result.op.type) == (name, type_name)
    np.testing.assert_allclose(run(result), function(x, y))


@pytest.mark.parametrize(("function", "name", "type_name"), BINARY)
def test_a_number_takes_the_dtype_of_the_tensor(
    function: Callable[..., Any], name: str, type_name: str
) -> None:
    x = tf.constant([5.0, 7.0], tf.float64)
    np.testing.assert_allclose(run(function(x, 2)), function(np.array([5.0, 7.0]), 2))
    np.testing.assert_allclose(run(function(2, x)), function(2, np.array([5.0, 7.0])))


@pytest.mark.parametrize("function", [operator.and_, operator.or_, operator.xor])
def test_truth_values_combine(function: Callable[..., Any]) -> None:
    p, q = np.array([True, True, False, False]), np.array([True, False, True, False])
    assert run(function(tf.constant(p), tf.constant(q))).tolist() == function(p, q).tolist()
    assert run(function(tf.constant(p), True)).tolist() == function(p, True).tolist()
    assert run(function(False, tf.constant(p))).tolist() == function(False, p).tolist()


def test_operators_of_one_tensor() -> None:
    x = tf.constant([-1.0, 2.0])
    assert run(-x).tolist() == [1.0, -2.0]
    assert run(abs(x)).tolist() == [1.0, 2.0]
    assert run(~tf.constant([True, False])).tolist() == [False, True]


def test_the_product_of_matrices() -> None:
    a = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert run(tf.constant(a) @ a).tolist() == (a @ a).tolist()
    assert run(a @ tf.constant(a)).tolist() == (a @ a).tolist()


def test_an_array_gives_way_to_a_tensor() -> None:
    x = tf.constant([1.0, 2.0], tf.float64)
    for result in (np.ones(2) + x, np.ones(2) * x, np.ones(2) - x, np.float64(1.0) / x):
        assert isinstance(result, tf.Tensor)
    assert run(np.array([5.0, 5.0]) - x).tolist() == [4.0, 3.0]


def test_a_tensor_gives_way_to_a_class_that_knows_better() -> None:
    class Knows:
        def __radd__(self, other: Any) -> str:
            return "mine"

    assert tf.constant(1.0) + Knows() == "mine"


def test_without_such_a_class_the_mistake_is_named() -> None:
    with pytest.raises(TypeError, match="cannot be converted to a tensor"):
        tf.constant(1.0) + object()


def test_tensors_are_equal_to_themselves_only() -> None:
    x, y = tf.constant(1.0), tf.constant(1.0)
    assert x == x
    assert x != y
    assert len({x, y, x}) == 2


def test_a_tensor_has_no_truth_and_no_length() -> None:
    x = tf.constant([1.0])
    with pytest.raises(TypeError, match="symbolic"):
        bool(x > 0)
    with pytest.raises(TypeError, match="symbolic"):
        iter(x)
    with pytest.raises(TypeError, match="no len"):
        len(x)


@pytest.mark.parametrize("use_resource", [False, True])
def test_variables_have_the_operators_of_tensors(use_resource: bool) -> None:
    w = tf.Variable([4.0, 9.0], use_resource=use_resource)
    results = [
        w + 1, 1 - w, w * w, w / 2.0, 2.0 / w, w // 2.0, w % 3.0, w**2, -w, abs(w), w > 5, w[0],
    ]  # fmt: skip
    expected: list[Any] = [
        [5, 10], [-3, -8], [16, 81], [2, 4.5], [0.5, 2 / 9], [2, 4], [1, 0], [16, 81], [-4, -9],
        [4, 9], [False, True], 4,
    ]  # fmt: skip
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for found, wanted in zip(session.run(results), expected, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-6)
