"""Initializers: their values, their configuration, and what they refuse.

Their random numbers are compared with TensorFlow's in tests/ops/test_oracle_random.py.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import tidefall as tf

Array = np.ndarray[Any, Any]


def value_of(initializer: Any, *args: Any, **kwargs: Any) -> Array:
    value: Array = tf.Session().run(initializer(*args, **kwargs))
    return value


def test_constants_fill_the_shape() -> None:
    np.testing.assert_array_equal(value_of(tf.zeros_initializer(), [2]), np.zeros(2, np.float32))
    assert value_of(tf.ones_initializer(tf.float64), [2]).dtype == np.float64
    constant = tf.constant_initializer([1, 2, 3])
    np.testing.assert_array_equal(value_of(constant, [2, 2]), [[1, 2], [3, 3]])
    assert value_of(constant, [3], tf.int32).dtype == np.int32


def test_a_constant_may_insist_on_its_shape() -> None:
    with pytest.raises(TypeError):
        tf.constant_initializer([1, 2], verify_shape=True)([3])
    with pytest.raises(TypeError, match="takes a number, a list or a NumPy array, not Tensor"):
        tf.constant_initializer(tf.constant(1.0))


@pytest.mark.parametrize(
    ("initializer", "shape", "variance"),
    [
        (tf.random_normal_initializer(stddev=2.0, seed=1), [100, 100], 4.0),
        (tf.random_uniform_initializer(-1.0, 1.0, seed=1), [100, 100], 1 / 3),
        (tf.truncated_normal_initializer(stddev=2.0, seed=1), [100, 100], 4.0 * 0.7737),
        (tf.glorot_uniform_initializer(seed=1), [50, 150], 1 / 100),
        (tf.glorot_normal_initializer(seed=1), [50, 150], 1 / 100),
        (tf.variance_scaling_initializer(seed=1), [50, 150], 1 / 50),
        (tf.variance_scaling_initializer(3.0, "fan_out", "uniform", seed=1), [50, 150], 3 / 150),
        (tf.variance_scaling_initializer(1.0, "fan_avg", "untruncated_normal", 1), [50, 150], 0.01),
        (tf.initializers.he_normal(seed=1), [5, 5, 10, 20], 2 / 250),
        (tf.initializers.he_uniform(seed=1), [5, 5, 10, 20], 2 / 250),
        (tf.initializers.lecun_normal(seed=1), [5, 5, 10, 20], 1 / 250),
        (tf.initializers.lecun_uniform(seed=1), [5, 5, 10, 20], 1 / 250),
        (tf.uniform_unit_scaling_initializer(1.5, seed=1), [10, 20, 30], 1.5**2 / 200),
    ],
    ids=lambda value: getattr(value, "distribution", None) or type(value).__name__,
)
def test_random_numbers_have_the_variance(initializer: Any, shape: Any, variance: float) -> None:
    numbers = value_of(initializer, shape)
    assert numbers.shape == tuple(shape)
    assert np.var(numbers) == pytest.approx(variance, rel=0.1)
    assert abs(np.mean(numbers)) < 5 * math.sqrt(variance / numbers.size)


def test_fans_of_vectors_and_scalars() -> None:
    limit = math.sqrt(3 / 4)
    assert np.abs(value_of(tf.glorot_uniform_initializer(seed=1), [4])).max() <= limit
    assert np.shape(value_of(tf.glorot_uniform_initializer(seed=1), [])) == ()


@pytest.mark.parametrize("shape", [[4, 4], [2, 5], [5, 2], [2, 3, 4]], ids=str)
def test_orthogonal_matrices(shape: Any) -> None:
    matrix = value_of(tf.orthogonal_initializer(gain=2.0, seed=3), shape, tf.float64)
    flat = matrix.reshape(-1, shape[-1])
    if flat.shape[0] < flat.shape[1]:
        flat = flat.T
    np.testing.assert_allclose(flat.T @ flat, 4.0 * np.eye(flat.shape[1]), atol=1e-12)


def test_identity_matrices() -> None:
    np.testing.assert_array_equal(
        value_of(tf.initializers.identity(gain=2.0), [2, 3]), 2.0 * np.eye(2, 3)
    )
    with pytest.raises(ValueError, match=r"needs two dimensions, not \[2\]"):
        tf.initializers.identity()([2])


def test_a_part_of_a_variable_is_initialized_as_a_part() -> None:
    identity = tf.get_variable(
        "w", [4, 4], initializer=tf.initializers.identity(),
        partitioner=tf.fixed_size_partitioner(2),
    )  # fmt: skip
    scaled = tf.get_variable(
        "v", [1000, 1], initializer=tf.uniform_unit_scaling_initializer(seed=1),
        partitioner=tf.fixed_size_partitioner(2),
    )  # fmt: skip
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        np.testing.assert_array_equal(session.run(identity.as_tensor()), np.eye(4))
        whole = session.run(scaled.as_tensor())
    assert np.abs(whole).max() <= math.sqrt(3 / 1000)


@pytest.mark.parametrize(
    "initializer",
    [
        tf.zeros_initializer(tf.int32),
        tf.ones_initializer(),
        tf.constant_initializer([1, 2], tf.int64),
        tf.random_uniform_initializer(-1, 2, seed=3),
        tf.random_normal_initializer(1.0, 2.0, 3, tf.float64),
        tf.truncated_normal_initializer(1.0, 2.0, 3),
        tf.uniform_unit_scaling_initializer(2.0, 3),
        tf.variance_scaling_initializer(2.0, "fan_out", "uniform", 3),
        tf.glorot_uniform_initializer(3),
        tf.glorot_normal_initializer(3, tf.float64),
        tf.orthogonal_initializer(2.0, 3),
        tf.initializers.identity(2.0),
    ],
    ids=lambda value: type(value).__name__,
)
def test_configurations_make_equal_initializers(initializer: Any) -> None:
    config = initializer.get_config()
    again = type(initializer).from_config(config)
    assert again.get_config() == config
    np.testing.assert_array_equal(value_of(again, [2, 2]), value_of(initializer, [2, 2]))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: tf.random_normal_initializer(dtype=tf.int32), "floating-point numbers, not int32"),
        (lambda: tf.variance_scaling_initializer(0.0), "scale must be positive"),
        (lambda: tf.variance_scaling_initializer(1.0, "fan"), "mode must be fan_in"),
        (lambda: tf.variance_scaling_initializer(distribution="x"), "distribution must be"),
        (lambda: tf.orthogonal_initializer()([3]), "needs two dimensions or more"),
    ],
    ids=["dtype", "scale", "mode", "distribution", "rank"],
)
def test_what_initializers_refuse(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
