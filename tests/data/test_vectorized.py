"""Functions of columns give what the function of each element gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tidefall.data.streams.vectorized import works_on_columns

ROWS = np.random.default_rng(1).normal(size=(50, 4)).astype(np.float32)
NUMBERS = np.arange(50)

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "arithmetic": lambda x, n: tf.exp(x * 2.0 + [1.0, 2.0, 3.0, 4.0]) / 3.0,
    "several": lambda x, n: (x, {"n": tf.cast(n, tf.float32) + 0.5}),
    "stack": lambda x, n: tf.stack([n, n * n, -n]),
    "part": lambda x, n: x[1:3],
    "one number": lambda x, n: x[2] - x[-1],
    "every other": lambda x, n: x[::2],
    "reshape": lambda x, n: tf.reshape(x, [2, 2]),
    "reshape with an open size": lambda x, n: tf.reshape(x, [-1, 1]),
    "join": lambda x, n: tf.concat([x, x[:1]], axis=0),
    "expand": lambda x, n: (tf.expand_dims(x, 0), tf.expand_dims(x, -1)),
    "one hot": lambda x, n: tf.one_hot(n % 3, 3),
    "choice": lambda x, n: tf.where_v2(x > 0, x, -x),
}
ALONE: dict[str, Callable[..., Any]] = {
    "sum": lambda x, n: tf.reduce_sum(x),
    "random": lambda x, n: x + tf.random_uniform([4], seed=1),
    "growing": lambda x, n: x * tf.ones([3, 1]),
    "scalar and vector": lambda x, n: x + tf.cast(n, tf.float32),
    "constant": lambda x, n: tf.constant(1.0),
    "condition": lambda x, n: tf.cond(n > 3, lambda: x, lambda: -x),
    "python": lambda x, n: tf.py_func(lambda v: v, [x], tf.float32),
}


def _mapped(function: Callable[..., Any]) -> list[Any]:
    dataset = tf.data.Dataset.from_tensor_slices((ROWS, NUMBERS))
    following = dataset.map(function).batch(7).make_one_shot_iterator().get_next()
    found = []
    with tf.Session() as session:
        while True:
            try:
                found.append(session.run(following))
            except tf.errors.OutOfRangeError:
                return found


def _is_vectorized(function: Callable[..., Any]) -> bool:
    dataset = tf.data.Dataset.from_tensor_slices((ROWS, NUMBERS)).map(function)
    return works_on_columns(dataset._variant_tensor.op._attrs["f"])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_columns_give_what_elements_give(name: str) -> None:
    function = FUNCTIONS[name]
    assert _is_vectorized(function)
    batches = _mapped(function)
    x, n = tf.placeholder(tf.float32, [4]), tf.placeholder(tf.int64, [])
    result = function(x, n)
    with tf.Session() as session:
        pairs = zip(ROWS, NUMBERS, strict=True)
        expected = [session.run(result, {x: row, n: number}) for row, number in pairs]
    for index, leaf in enumerate(tf.nest.flatten(result)):
        found = np.concatenate([tf.nest.flatten(batch)[index] for batch in batches])
        wanted = np.stack([tf.nest.flatten(each)[index] for each in expected])
        assert found.dtype == leaf.dtype.as_numpy_dtype
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("name", ALONE)
def test_what_columns_could_change_is_left_alone(name: str) -> None:
    assert not _is_vectorized(ALONE[name])


def test_an_error_comes_where_it_belongs() -> None:
    lines = ["1,2", "3,x", "5,6"]
    dataset = tf.data.Dataset.from_tensor_slices(lines)
    dataset = dataset.map(lambda line: tf.stack(tf.decode_csv(line, [[0], [0]])))
    following = dataset.make_one_shot_iterator().get_next()
    batched = dataset.batch(2).make_one_shot_iterator().get_next()
    with tf.Session() as session:
        assert session.run(following).tolist() == [1, 2]
        with pytest.raises(tf.errors.InvalidArgumentError, match="DecodeCSV"):
            session.run(following)
        assert session.run(following).tolist() == [5, 6]
        with pytest.raises(tf.errors.InvalidArgumentError, match="DecodeCSV"):
            session.run(batched)
        assert session.run(batched).tolist() == [[5, 6]]
