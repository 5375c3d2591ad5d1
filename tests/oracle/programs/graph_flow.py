"""Control flow, Python functions, printing and assertions."""

from __future__ import annotations

from typing import Any

import numpy as np


def conds(tf: Any) -> None:
    p = tf.placeholder(tf.bool, [], name="p")
    x = tf.placeholder(tf.float32, [None], name="x")
    y = tf.constant(2.0, name="y")
    tf.cond(p, lambda: x + y, lambda: x - y)
    tf.cond(p, lambda: x, lambda: y * x, name="choice")
    tf.cond(p, lambda: (x, y), lambda: (y + 1.0, y))
    tf.cond(p, lambda: [tf.constant(1), tf.constant(2.0)], lambda: [3, 4.0])
    tf.cond(x[0] > 0, lambda: tf.constant(1), lambda: tf.constant(2))
    tf.cond(p, true_fn=lambda: {"a": x}, false_fn=lambda: {"a": -x})
    tf.cond(p, lambda: 1.0, lambda: 2.0, strict=True)
    tf.cond(p, lambda: tf.no_op(), lambda: tf.group(tf.identity(x)))
    with tf.name_scope("scoped"):
        tf.cond(p, lambda: tf.square(x), lambda: tf.sqrt(x))
    with tf.control_dependencies([y]):
        tf.cond(p, lambda: x * 2.0, lambda: x)


def nested_conds(tf: Any) -> None:
    p = tf.placeholder(tf.bool, [], name="p")
    q = tf.placeholder(tf.bool, [], name="q")
    x = tf.placeholder(tf.float32, [], name="x")

    def inner() -> Any:
        return tf.cond(q, lambda: x + 1.0, lambda: x * 3.0)

    z = tf.cond(p, inner, lambda: x - 1.0)
    tf.cond(tf.logical_and(p, q), lambda: inner() * z, inner)


def cond_with_assignment(tf: Any) -> None:
    w = tf.Variable(1.0, name="w")
    v = tf.Variable(1.0, name="v", use_resource=True)
    p = tf.placeholder(tf.bool, [], name="p")
    tf.cond(p, lambda: tf.assign(w, 2.0), lambda: tf.assign_add(w, 1.0))
    tf.cond(p, lambda: w * 2.0, lambda: w.read_value())
    tf.cond(p, lambda: v.assign(2.0), lambda: v.read_value())
    tf.cond(p, lambda: w, lambda: tf.constant(0.0))


def cond_with_variable_inside(tf: Any) -> None:
    p = tf.placeholder(tf.bool, [], name="p")

    def make() -> Any:
        with tf.variable_scope("inside"):
            return tf.get_variable("w", [2], initializer=tf.zeros_initializer()) + 1.0

    tf.cond(p, make, lambda: tf.zeros([2]))


def cases(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [], name="x")
    tf.case([(x < 0, lambda: -x), (x < 1, lambda: x * x)], default=lambda: x)
    tf.case(
        [(x < 0, lambda: -x), (x > 1, lambda: x)], exclusive=True, default=lambda: x, name="one"
    )
    tf.case({x < 0: lambda: tf.constant(1)}, default=lambda: tf.constant(2), exclusive=False)
    tf.case([(x < 0, lambda: -x), (x >= 0, lambda: x)])


def switch_cases(tf: Any) -> None:
    i = tf.placeholder(tf.int32, [], name="i")
    tf.switch_case(i, [lambda: tf.constant(1), lambda: tf.constant(2), lambda: tf.constant(3)])


def while_loops(tf: Any) -> None:
    n = tf.placeholder(tf.int32, [], name="n")
    x = tf.placeholder(tf.float32, [3], name="x")
    tf.while_loop(lambda i: i < 10, lambda i: i + 1, [0])
    tf.while_loop(lambda i: tf.less(i, n), lambda i: [tf.add(i, 1)], [tf.constant(0)])
    tf.while_loop(
        lambda i, total: i < n,
        lambda i, total: (i + 1, total + x),
        (tf.constant(0), tf.zeros([3])),
        name="sum",
    )
    tf.while_loop(
        lambda i, s: i < 3,
        lambda i, s: (i + 1, s * 2.0),
        [0, x],
        back_prop=False,
        parallel_iterations=1,
    )
    tf.while_loop(lambda i: i < 10, lambda i: i + 1, [0], maximum_iterations=3)
    tf.while_loop(
        lambda i, s: i < 3,
        lambda i, s: [i + 1, tf.concat([s, [1.0]], 0)],
        [0, x],
        shape_invariants=[tf.TensorShape([]), tf.TensorShape([None])],
    )
    tf.while_loop(lambda s: s["i"] < 3, lambda s: [{"i": s["i"] + 1}], [{"i": tf.constant(0)}])


def nested_while_loops(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [], name="x")

    def outer(i: Any, s: Any) -> Any:
        _, t = tf.while_loop(lambda j, t: j < i, lambda j, t: (j + 1, t + x), (0, s))
        return i + 1, t

    tf.while_loop(lambda i, s: i < 3, outer, (tf.constant(0), tf.constant(0.0)))


def cond_in_while(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [], name="x")

    def body(i: Any, s: Any) -> Any:
        s = tf.cond(s > 10.0, lambda: s - x, lambda: s + x)
        return i + 1, s

    tf.while_loop(lambda i, s: i < 3, body, (0, 0.0))


def while_in_cond(tf: Any) -> None:
    p = tf.placeholder(tf.bool, [], name="p")
    x = tf.placeholder(tf.float32, [], name="x")
    tf.cond(
        p,
        lambda: tf.while_loop(lambda s: s < 10.0, lambda s: s + x, [0.0]),
        lambda: tf.constant(1.0),
    )


def while_with_variable(tf: Any) -> None:
    w = tf.Variable(1.0, name="w")
    v = tf.Variable(1.0, name="v", use_resource=True)

    def body(i: Any) -> Any:
        with tf.control_dependencies([tf.assign_add(w, 1.0), v.assign_add(w)]):
            return i + 1

    tf.while_loop(lambda i: i < 3, body, [0])


def functional_loops(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [4, 2], name="x")
    tf.map_fn(lambda row: row * 2.0, x)
    tf.foldl(lambda a, row: a + row, x)
    tf.foldr(lambda a, row: a + row, x)
    tf.scan(lambda a, row: a + row, x)


def tensor_arrays(tf: Any) -> None:
    array = tf.TensorArray(tf.float32, 3)
    array = array.write(0, 1.0)
    array = array.write(1, 2.0)
    array.read(0)
    array.stack()
    array.size()
    other = tf.TensorArray(tf.float32, size=0, dynamic_size=True, clear_after_read=False, name="t")
    other = other.unstack([[1.0, 2.0], [3.0, 4.0]])
    other.gather([0])
    other.concat()


def python_functions(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [2], name="x")
    tf.py_func(lambda a: np.sin(a), [x], tf.float32)
    tf.py_func(lambda a, b: (a + b, a), [x, 1.0], [tf.float32, tf.float32], name="both")
    tf.py_func(lambda: np.int64(3), [], tf.int64, stateful=False)
    tf.py_func(lambda a: None, [x], [])


def python_functions_of_tensors(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [2], name="x")
    tf.py_function(lambda a: a * 2.0, [x], tf.float32)


def printing(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [2], name="x")
    tf.Print(x, [x])
    tf.Print(x, [x, tf.shape(x)], "message: ", first_n=3, summarize=10, name="show")
    with tf.control_dependencies([tf.print("value", x)]):
        tf.identity(x)


def assertions(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None], name="x")
    tf.Assert(tf.reduce_all(x > 0), [x])
    tf.Assert(x[0] > 0, ["x is", x], summarize=5, name="check")
    tf.Assert(True, [1])
    with tf.control_dependencies([tf.Assert(x[0] > 0, [x])]):
        tf.identity(x)


def check_ops(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    n = tf.placeholder(tf.int32, [], name="n")
    tf.assert_equal(n, 3)
    tf.assert_positive(x)
    tf.assert_negative(x, message="not negative")
    tf.assert_non_negative(x, data=[n])
    tf.assert_non_positive(x)
    tf.assert_less(x, 1.0)
    tf.assert_less_equal(x, 1.0, name="bounded")
    tf.assert_greater(x, 0.0, summarize=2)
    tf.assert_greater_equal(x, 0.0)
    tf.assert_none_equal(x, 0.0)
    tf.debugging.assert_near(x, 1.0)
    tf.assert_rank(x, 2)
    tf.assert_rank(tf.placeholder(tf.float32), 2)
    tf.assert_rank(x, n)
    tf.assert_rank_at_least(x, 1)
    tf.assert_rank_in(x, [1, 2])
    tf.assert_type(x, tf.float32)
    tf.assert_integer(n)
    tf.assert_scalar(n)
    tf.is_numeric_tensor(x)
    tf.is_non_decreasing(x)
    tf.is_strictly_increasing(x)
    tf.assert_equal(tf.constant([1, 2]), tf.constant([1, 2]))
    tf.check_numerics(x, "bad")
    tf.verify_tensor_all_finite(x, "bad")


def numeric_checks(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [2], name="x")
    tf.cast(tf.square(x) + 1.0, tf.int32)
    tf.cast(tf.sqrt(x), tf.float64)
    tf.add_check_numerics_ops()


def asserts_without_assertions(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [2], name="x")
    with tf.control_dependencies([tf.assert_non_negative(x)]):
        y = tf.sqrt(x)
    with tf.control_dependencies([tf.assert_equal(tf.shape(y), [2])]):
        tf.identity(y)
