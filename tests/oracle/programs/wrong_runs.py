"""Mistakes that only show when a session runs: what each raises in TensorFlow 1.15."""

from __future__ import annotations

from typing import Any

import numpy as np


def _f(tf: Any, shape: Any = None, dtype: Any = None) -> Any:
    return tf.placeholder(dtype or tf.float32, shape)


def _run(tf: Any, fetches: Any, feeds: Any = None) -> Any:
    with tf.Session() as session:
        return session.run(fetches, feeds)


def eval_without_session(tf: Any) -> None:
    tf.constant(1.0).eval()


def run_operation_without_session(tf: Any) -> None:
    tf.no_op().run()


def run_unfed_placeholder(tf: Any) -> None:
    _run(tf, _f(tf, [2]) + 1.0)


def run_unfed_placeholder_fetched(tf: Any) -> None:
    _run(tf, _f(tf))


def run_feed_wrong_shape(tf: Any) -> None:
    x = _f(tf, [None, 3])
    _run(tf, x, {x: np.zeros([2, 4])})


def run_feed_wrong_rank(tf: Any) -> None:
    x = _f(tf, [None, 3])
    _run(tf, x, {x: np.zeros([3])})


def run_feed_string(tf: Any) -> None:
    x = _f(tf, [])
    _run(tf, x, {x: "text"})


def run_feed_float_for_int(tf: Any) -> None:
    x = _f(tf, [], tf.int32)
    _run(tf, x, {x: 1.5})


def run_feed_none(tf: Any) -> None:
    x = _f(tf, [])
    _run(tf, x, {x: None})


def run_feed_ragged(tf: Any) -> None:
    x = _f(tf)
    _run(tf, x, {x: [[1.0], [1.0, 2.0]]})


def run_feed_tensor(tf: Any) -> None:
    x = _f(tf, [])
    _run(tf, x, {x: tf.constant(1.0)})


def run_feed_large_integer(tf: Any) -> None:
    x = _f(tf, [], tf.int32)
    _run(tf, x, {x: 2**40})


def run_feed_unknown_name(tf: Any) -> None:
    _run(tf, tf.constant(1.0), {"nothing:0": 1.0})


def run_feed_number_key(tf: Any) -> None:
    _run(tf, tf.constant(1.0), {3: 1.0})


def run_feed_not_a_dictionary(tf: Any) -> None:
    _run(tf, tf.constant(1.0), [1.0])


def run_feed_operation(tf: Any) -> None:
    _run(tf, tf.constant(1.0), {tf.no_op(): 1.0})


def run_feed_unfeedable(tf: Any) -> None:
    x = tf.constant(1.0)
    tf.get_default_graph().prevent_feeding(x)
    _run(tf, x, {x: 2.0})


def run_fetch_none(tf: Any) -> None:
    tf.constant(1.0)
    _run(tf, None)


def run_fetch_number(tf: Any) -> None:
    tf.constant(1.0)
    _run(tf, 3)


def run_fetch_none_in_list(tf: Any) -> None:
    _run(tf, [tf.constant(1.0), None])


def run_fetch_unknown_name(tf: Any) -> None:
    tf.constant(1.0)
    _run(tf, "nothing:0")


def run_fetch_name_without_output(tf: Any) -> None:
    tf.constant(1.0, name="a")
    _run(tf, "a:1")


def run_fetch_of_another_graph(tf: Any) -> None:
    with tf.Graph().as_default():
        other = tf.constant(1.0)
    tf.constant(1.0)
    _run(tf, other)


def run_fetch_unfetchable(tf: Any) -> None:
    x = tf.constant(1.0)
    tf.get_default_graph().prevent_fetching(x.op)
    _run(tf, x)


def run_fetch_function(tf: Any) -> None:
    tf.constant(1.0)
    _run(tf, lambda: 1)


def run_empty_graph(tf: Any) -> None:
    with tf.Session() as session:
        session.run([])


def run_closed_session(tf: Any) -> None:
    x = tf.constant(1.0)
    session = tf.Session()
    session.close()
    session.run(x)


def run_session_of_wrong_graph(tf: Any) -> None:
    tf.Session(graph="graph")


def run_session_of_wrong_config(tf: Any) -> None:
    tf.Session(config={"threads": 1})


def run_session_of_graph_as_target(tf: Any) -> None:
    tf.Session(tf.Graph())


def run_uninitialised_variable(tf: Any) -> None:
    _run(tf, tf.Variable(1.0, name="w") + 1.0)


def run_uninitialised_resource(tf: Any) -> None:
    _run(tf, tf.Variable(1.0, name="w", use_resource=True) + 1.0)


def run_uninitialised_fetch(tf: Any) -> None:
    _run(tf, tf.Variable(1.0, name="w"))


def run_uninitialised_train(tf: Any) -> None:
    w = tf.Variable(1.0, name="w")
    _run(tf, tf.train.GradientDescentOptimizer(0.1).minimize(tf.square(w)))


def run_uninitialised_assign_add(tf: Any) -> None:
    _run(tf, tf.assign_add(tf.Variable(1.0, name="w"), 1.0))


def run_initializer_needs_variable(tf: Any) -> None:
    a = tf.Variable(1.0)
    b = tf.Variable(a.read_value() * 2.0)
    _run(tf, b.initializer)


def run_assign_of_wrong_shape(tf: Any) -> None:
    w = tf.Variable([1.0, 2.0])
    x = _f(tf)
    _run(tf, w.assign(x), {x: [1.0]})


def run_matmul_wrong_shapes(tf: Any) -> None:
    x = _f(tf)
    _run(tf, tf.matmul(x, x), {x: np.zeros([2, 3])})


def run_add_wrong_shapes(tf: Any) -> None:
    x, y = _f(tf), _f(tf)
    _run(tf, x + y, {x: np.zeros(2), y: np.zeros(3)})


def run_concat_wrong_shapes(tf: Any) -> None:
    x, y = _f(tf), _f(tf)
    _run(tf, tf.concat([x, y], 0), {x: np.zeros([1, 2]), y: np.zeros([1, 3])})


def run_reshape_wrong_size(tf: Any) -> None:
    x = _f(tf)
    _run(tf, tf.reshape(x, [2, 2]), {x: np.zeros(3)})


def run_slice_out_of_range(tf: Any) -> None:
    x = _f(tf, [None])
    _run(tf, x[5], {x: np.zeros(3)})


def run_gather_out_of_range(tf: Any) -> None:
    _run(tf, tf.gather([1.0, 2.0], [2]))


def run_embedding_out_of_range(tf: Any) -> None:
    table = tf.constant([[1.0], [2.0]])
    _run(tf, tf.nn.embedding_lookup(table, [-1]))


def run_integer_division_by_zero(tf: Any) -> None:
    _run(tf, tf.constant(1) // tf.constant(0))


def run_singular_inverse(tf: Any) -> None:
    _run(tf, tf.matrix_inverse(tf.zeros([2, 2])))


def run_singular_solve(tf: Any) -> None:
    _run(tf, tf.matrix_solve(tf.zeros([2, 2]), tf.ones([2, 1])))


def run_cholesky_negative(tf: Any) -> None:
    _run(tf, tf.cholesky([[-1.0]]))


def run_label_out_of_range(tf: Any) -> None:
    _run(tf, tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[3], logits=[[1.0, 2.0]]))


def run_check_numerics(tf: Any) -> None:
    _run(tf, tf.check_numerics(tf.log(tf.constant(-1.0)), "logarithm"))


def run_assertion(tf: Any) -> None:
    _run(tf, tf.Assert(tf.constant(1.0) > 2.0, ["value", 1.0]))


def run_assert_equal(tf: Any) -> None:
    x = _f(tf, [])
    _run(tf, tf.assert_equal(x, 1.0), {x: 2.0})


def run_string_to_number(tf: Any) -> None:
    _run(tf, tf.string_to_number("pi"))


def run_py_func_raises(tf: Any) -> None:
    def broken(x: Any) -> Any:
        raise ValueError("inside")

    _run(tf, tf.py_func(broken, [1.0], tf.float32))


def run_py_func_wrong_dtype(tf: Any) -> None:
    _run(tf, tf.py_func(lambda: np.float64(1.0), [], tf.float32))


def run_py_func_wrong_count(tf: Any) -> None:
    _run(tf, tf.py_func(lambda: np.float32(1.0), [], [tf.float32, tf.float32]))


def run_py_func_type_error(tf: Any) -> None:
    _run(tf, tf.py_func(lambda x: x + "a", [1.0], tf.float32))


def run_random_empty_range(tf: Any) -> None:
    _run(tf, tf.random_uniform([2], 5, 5, tf.int32))


def run_negative_shape(tf: Any) -> None:
    n = _f(tf, [], tf.int32)
    _run(tf, tf.fill([n], 1.0), {n: -3})


def run_unstack_wrong_number(tf: Any) -> None:
    x = _f(tf)
    _run(tf, tf.unstack(x, num=2), {x: np.zeros(3)})


def run_squeeze_wrong_size(tf: Any) -> None:
    x = _f(tf)
    _run(tf, tf.squeeze(x, [0]), {x: np.zeros(3)})


def run_case_two_true(tf: Any) -> None:
    yes = tf.constant(True)
    pairs = [(yes, lambda: tf.constant(1)), (tf.logical_not(~yes), lambda: tf.constant(2))]
    _run(tf, tf.case(pairs, exclusive=True))


def run_case_none_true(tf: Any) -> None:
    no = tf.constant(False)
    _run(tf, tf.case([(no, lambda: tf.constant(1)), (no & no, lambda: tf.constant(2))]))


def run_cond_of_vector(tf: Any) -> None:
    p = _f(tf, None, tf.bool)
    choice = tf.cond(p, lambda: tf.constant(1), lambda: tf.constant(2))
    _run(tf, choice, {p: [True, False]})


def run_count_up_to_limit(tf: Any) -> None:
    n = tf.Variable(3)
    count = tf.count_up_to(n, 3)
    with tf.Session() as session:
        session.run(n.initializer)
        session.run(count)


def run_partial_without_setup(tf: Any) -> None:
    with tf.Session() as session:
        session.partial_run("handle", tf.constant(1.0))


def run_feed_variable_wrong_shape(tf: Any) -> None:
    w = tf.Variable([1.0, 2.0])
    _run(tf, w * 1.0, {w: [1.0, 2.0, 3.0]})
