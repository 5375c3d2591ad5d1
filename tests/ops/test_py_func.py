"""Python functions as operations."""

from __future__ import annotations

import gc
import itertools
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, case
from tests.ops.inputs import floats, strings

_NONE = "the derivative of a Python function is not known"

CASES: list[Case] = [
    case(lambda x: tf.py_func(np.sin, [x], x.dtype), floats(2, 3), expect=np.sin,
         no_gradient=_NONE, label="py_func"),
    case(lambda x: tf.py_func(np.sin, [x], x.dtype, stateful=False), floats(2, 3), expect=np.sin,
         no_gradient=_NONE, label="py_func without state"),
    case(lambda x, y: tf.py_func(lambda a, b: (a + b, a), [x, y], [x.dtype] * 2), floats(3),
         floats(), expect=lambda x, y: (x + y, x), no_gradient=_NONE, label="py_func of two"),
    case(lambda x: tf.numpy_function(lambda a: a[::-1], [x], tf.string), strings("a", "b"),
         expect=lambda x: x[::-1]),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


def run(function: Any, inputs: Any, dtypes: Any) -> Any:
    return tf.Session().run(tf.py_func(function, inputs, dtypes))


def test_what_the_function_is_given() -> None:
    given: list[Any] = []

    def note(*values: Any) -> Any:
        given.extend(values)
        return np.float32(0)

    run(note, [tf.constant(1.0), [1, 2], "abc", ["a", "b"], True], tf.float32)
    assert type(given[0]) is np.float32
    assert type(given[1]) is np.ndarray
    assert given[2] == b"abc"
    assert given[3].tolist() == [b"a", b"b"]
    assert type(given[4]) is np.bool_


def test_texts_come_back_as_bytes() -> None:
    assert run(lambda: "abc", [], tf.string) == b"abc"
    assert run(lambda: [["a", "b"]], [], [tf.string])[0].tolist() == [b"a", b"b"]
    assert run(lambda: np.array(["a", "b"]), [], tf.string).tolist() == [b"a", b"b"]


def test_a_function_without_results_is_an_operation() -> None:
    seen = []
    operation = tf.py_func(lambda x: seen.append(x), [1], [])
    assert isinstance(operation, tf.Operation)
    tf.Session().run(operation)
    assert seen == [1]


def test_a_function_runs_every_time() -> None:
    counter = itertools.count(1)
    y = tf.py_func(lambda: np.int64(next(counter)), [], tf.int64)
    with tf.Session() as session:
        assert [session.run(y) for _ in range(3)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("function", "dtypes", "message"),
    [
        (
            lambda: 1.5,
            tf.float32,
            "result 0 .* float64, but Tout says float32",
        ),
        (lambda: (1.0, 2.0), [tf.float64], "returned 2 values where Tout names 1"),
        (lambda: None, tf.float32, "returned 0 values where Tout names 1"),
    ],
)
def test_results_other_than_promised(function: Any, dtypes: Any, message: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        run(function, [], dtypes)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError("boom"), tf.errors.InvalidArgumentError),
        (TypeError("boom"), tf.errors.InvalidArgumentError),
        (StopIteration("boom"), tf.errors.OutOfRangeError),
        (MemoryError("boom"), tf.errors.ResourceExhaustedError),
        (NotImplementedError("boom"), tf.errors.UnimplementedError),
        (KeyError("boom"), tf.errors.UnknownError),
        (ZeroDivisionError("boom"), tf.errors.UnknownError),
    ],
)
def test_errors_of_the_function(error: Exception, expected: Any) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(expected, match="boom") as caught:
        run(fail, [], tf.float32)
    assert type(caught.value) is expected
    assert "raise error" in caught.value.message
    assert type(error).__name__ in caught.value.message


def test_no_gradient_passes_a_function() -> None:
    x = tf.placeholder(tf.float32, [])
    assert tf.gradients(tf.py_func(lambda a: a, [x], tf.float32), x) == [None]


def test_the_function_lives_as_long_as_the_graph() -> None:
    graph = tf.Graph()
    with graph.as_default():
        y = tf.py_func(lambda: np.float32(7), [], tf.float32)
    gc.collect()
    assert tf.Session(graph=graph).run(y) == 7.0


def test_a_function_of_another_process() -> None:
    with tf.Graph().as_default() as graph:
        tf.py_func(lambda: np.float32(7), [], tf.float32, name="f")
        message = graph.as_graph_def()
    message.node[0].attr["token"].s = b"pyfunc_of_yesterday"
    (y,) = tf.import_graph_def(message, return_elements=["f:0"])
    with pytest.raises(tf.errors.InvalidArgumentError, match="not known in this process"):
        tf.Session().run(y)


def test_results_belong_to_the_run() -> None:
    kept = np.zeros(2, np.float32)
    y = tf.py_func(lambda: kept, [], tf.float32)
    value = tf.Session().run(y)
    value[0] = 5.0
    assert kept.tolist() == [0.0, 0.0]
