"""Wrong uses of graphs, variables, optimizers and control flow."""

from __future__ import annotations

from typing import Any

import numpy as np


def _f(tf: Any, shape: Any = None, dtype: Any = None) -> Any:
    return tf.placeholder(dtype or tf.float32, shape)


# Graphs


def tensor_of_another_graph(tf: Any) -> None:
    with tf.Graph().as_default():
        other = tf.constant(1.0)
    tf.constant(1.0) + other


def control_dependency_of_another_graph(tf: Any) -> None:
    with tf.Graph().as_default():
        other = tf.constant(1.0)
    with tf.control_dependencies([other]):
        tf.constant(1.0)


def finalized_graph(tf: Any) -> None:
    tf.get_default_graph().finalize()
    tf.constant(1.0)


def unknown_tensor_name(tf: Any) -> None:
    tf.get_default_graph().get_tensor_by_name("nothing:0")


def tensor_name_without_output(tf: Any) -> None:
    tf.constant(1.0, name="a")
    tf.get_default_graph().get_tensor_by_name("a")


def tensor_output_out_of_range(tf: Any) -> None:
    tf.constant(1.0, name="a")
    tf.get_default_graph().get_tensor_by_name("a:1")


def operation_by_tensor_name(tf: Any) -> None:
    tf.constant(1.0, name="a")
    tf.get_default_graph().get_operation_by_name("a:0")


def unknown_operation_name(tf: Any) -> None:
    tf.get_default_graph().get_operation_by_name("nothing")


def name_is_not_a_string(tf: Any) -> None:
    tf.get_default_graph().get_tensor_by_name(3)


def reset_in_nested_graph(tf: Any) -> None:
    with tf.Graph().as_default():
        tf.reset_default_graph()


def import_unknown_input(tf: Any) -> None:
    definition = tf.get_default_graph().as_graph_def()
    tf.import_graph_def(definition, input_map={"missing:0": tf.constant(1.0)})


def import_unknown_element(tf: Any) -> None:
    definition = tf.get_default_graph().as_graph_def()
    tf.import_graph_def(definition, return_elements=["missing:0"])


def import_not_a_graph(tf: Any) -> None:
    tf.import_graph_def("text")


def device_function_not_callable(tf: Any) -> None:
    with tf.device(3):
        tf.constant(1.0)


# Variables


def variable_twice(tf: Any) -> None:
    tf.get_variable("w", [1])
    tf.get_variable("w", [1])


def variable_reused_but_missing(tf: Any) -> None:
    with tf.variable_scope("a", reuse=True):
        tf.get_variable("w", [1])


def variable_reused_with_other_shape(tf: Any) -> None:
    with tf.variable_scope("a"):
        tf.get_variable("w", [1])
    with tf.variable_scope("a", reuse=True):
        tf.get_variable("w", [2])


def variable_reused_with_other_dtype(tf: Any) -> None:
    with tf.variable_scope("a"):
        tf.get_variable("w", [1])
    with tf.variable_scope("a", reuse=True):
        tf.get_variable("w", [1], tf.int32)


def variable_without_shape(tf: Any) -> None:
    tf.get_variable("w")


def variable_with_shape_and_value(tf: Any) -> None:
    tf.get_variable("w", [2], initializer=tf.constant([1.0, 2.0]))


def variable_without_value(tf: Any) -> None:
    tf.Variable()


def variable_of_unknown_shape(tf: Any) -> None:
    tf.Variable(_f(tf))


def variable_inside_loop(tf: Any) -> None:
    tf.while_loop(lambda i: i < 3, lambda i: i + tf.Variable(1), [0])


def variable_default_string(tf: Any) -> None:
    tf.get_variable("w", [1], tf.string)


def variable_as_bool(tf: Any) -> None:
    if tf.Variable(1.0) > 0:
        pass


def variable_item_assigned(tf: Any) -> None:
    tf.Variable([1.0])[0] = 2.0


def variable_augmented(tf: Any) -> None:
    w = tf.Variable([1, 2])
    w += 0.5


def assign_wrong_shape(tf: Any) -> None:
    tf.Variable([1.0, 2.0]).assign([1.0])


def assign_wrong_shape_resource(tf: Any) -> None:
    tf.Variable([1.0, 2.0], use_resource=True).assign([1.0])


def assign_wrong_dtype(tf: Any) -> None:
    tf.Variable([1.0, 2.0]).assign(tf.constant([1, 2]))


def assign_to_tensor(tf: Any) -> None:
    tf.assign(tf.constant(1.0), 2.0)


def assign_sliced_tensor(tf: Any) -> None:
    tf.constant([1.0, 2.0])[0].assign(3.0)


def scatter_wrong_shape(tf: Any) -> None:
    tf.scatter_add(tf.Variable(np.zeros([3, 2], np.float32)), [0], [[1.0, 2.0, 3.0]])


def scope_of_number(tf: Any) -> None:
    with tf.variable_scope(3):
        pass


def scope_without_name(tf: Any) -> None:
    with tf.variable_scope(None):
        pass


def reuse_of_wrong_type(tf: Any) -> None:
    with tf.variable_scope("a", reuse="yes"):
        tf.get_variable("w", [1])


def initializer_of_wrong_kind(tf: Any) -> None:
    tf.get_variable("w", [2], initializer="zeros")


def constant_initializer_too_many(tf: Any) -> None:
    tf.get_variable("w", [2], initializer=tf.constant_initializer([1.0, 2.0, 3.0]))


def constant_initializer_too_few_verified(tf: Any) -> None:
    initializer = tf.constant_initializer([1.0, 2.0], verify_shape=True)
    tf.get_variable("w", [3], initializer=initializer)


def orthogonal_vector(tf: Any) -> None:
    tf.get_variable("w", [3], initializer=tf.orthogonal_initializer())


def identity_of_vector(tf: Any) -> None:
    tf.get_variable("w", [3], initializer=tf.initializers.identity())


def variance_scaling_unknown_mode(tf: Any) -> None:
    tf.variance_scaling_initializer(mode="fan")


def variable_session_free_eval(tf: Any) -> None:
    tf.Variable(1.0).eval()


# Gradients and optimizers


def minimize_without_variables(tf: Any) -> None:
    tf.train.GradientDescentOptimizer(0.1).minimize(tf.square(tf.constant(1.0)))


def minimize_unconnected(tf: Any) -> None:
    tf.Variable(1.0)
    tf.train.GradientDescentOptimizer(0.1).minimize(tf.square(tf.constant(1.0)))


def minimize_int_variable(tf: Any) -> None:
    w = tf.Variable(3)
    tf.train.GradientDescentOptimizer(0.1).minimize(tf.square(w), var_list=[w])


def minimize_tensor(tf: Any) -> None:
    x = tf.constant(1.0)
    tf.train.GradientDescentOptimizer(0.1).minimize(tf.square(x), var_list=[x])


def apply_no_gradients(tf: Any) -> None:
    tf.train.GradientDescentOptimizer(0.1).apply_gradients([])


def apply_only_none(tf: Any) -> None:
    w = tf.Variable(1.0)
    tf.train.GradientDescentOptimizer(0.1).apply_gradients([(None, w)])


def minimize_function(tf: Any) -> None:
    w = tf.Variable(1.0)
    tf.train.GradientDescentOptimizer(0.1).minimize(lambda: tf.square(w))


def minimize_missing_loss(tf: Any) -> None:
    tf.Variable(1.0)
    tf.train.GradientDescentOptimizer(0.1).minimize(None)


def adagrad_negative_accumulator(tf: Any) -> None:
    tf.train.AdagradOptimizer(0.1, initial_accumulator_value=-1.0)


def ftrl_negative_l1(tf: Any) -> None:
    tf.train.FtrlOptimizer(0.1, l1_regularization_strength=-1.0)


def optimizer_unnamed(tf: Any) -> None:
    tf.train.Optimizer(False, "")


def gradient_missing(tf: Any) -> None:
    x = tf.constant([1.0, 2.0])
    tf.gradients(tf.math.nextafter(x, x), x)


def gradient_of_argmax(tf: Any) -> None:
    x = tf.constant([1.0, 2.0])
    tf.gradients(tf.cast(tf.argmax(x), tf.float32), x)


def gradient_of_round(tf: Any) -> None:
    x = tf.constant([1.0, 2.0])
    tf.gradients(tf.round(x), x)


def gradient_of_unconnected(tf: Any) -> None:
    x = tf.constant([1.0, 2.0])
    tf.gradients(tf.constant(1.0), x)


def gradient_of_unknown_aggregation(tf: Any) -> None:
    x = tf.constant([1.0, 2.0])
    tf.gradients([x * x, x + x], x, aggregation_method=17)


def gradient_with_respect_to_number(tf: Any) -> None:
    x = tf.constant([1.0, 2.0])
    tf.gradients(tf.square(x), 3.0)


def gradient_through_overridden_type(tf: Any) -> None:
    x = tf.constant([1.0, 2.0])
    with tf.get_default_graph().gradient_override_map({"Square": "NoSuchGradient"}):
        y = tf.square(x)
    tf.gradients(y, x)


def hessian_of_matrix_loss(tf: Any) -> None:
    x = tf.constant([[1.0, 2.0]])
    tf.hessians(tf.square(x), x)


def gradient_of_py_func(tf: Any) -> None:
    x = tf.constant([1.0])
    tf.gradients(tf.py_func(lambda a: a, [x], tf.float32), x)


def gradient_wrong_grad_ys(tf: Any) -> None:
    x = tf.constant([1.0, 2.0])
    tf.gradients(tf.square(x), x, grad_ys=[tf.ones([2]), tf.ones([2])])


def gradient_grad_ys_wrong_dtype(tf: Any) -> None:
    x = tf.constant([1.0, 2.0])
    tf.gradients(tf.square(x), x, grad_ys=[tf.constant([1, 2])])


def gradient_of_int(tf: Any) -> None:
    x = tf.constant([1, 2])
    tf.gradients(tf.square(x), x)


def gradient_registered_twice(tf: Any) -> None:
    tf.RegisterGradient("Square")(lambda op, grad: grad)


def decay_without_step(tf: Any) -> None:
    tf.train.exponential_decay(0.1, None, 10, 0.5)


def piecewise_wrong_lengths(tf: Any) -> None:
    tf.train.piecewise_constant(tf.constant(1), [1, 2], [0.1, 0.2])


def global_step_twice(tf: Any) -> None:
    tf.train.create_global_step()
    tf.train.create_global_step()


def moving_average_twice(tf: Any) -> None:
    w = tf.Variable(1.0)
    average = tf.train.ExponentialMovingAverage(0.5)
    average.apply([w])
    average.apply([w])


def moving_average_of_int(tf: Any) -> None:
    tf.train.ExponentialMovingAverage(0.5).apply([tf.Variable(1)])


def saver_without_variables(tf: Any) -> None:
    tf.train.Saver()


# Control flow


def cond_not_callable(tf: Any) -> None:
    tf.cond(tf.constant(True), tf.constant(1), tf.constant(2))


def cond_python_bool(tf: Any) -> None:
    tf.cond(True, lambda: tf.constant(1), lambda: tf.constant(2))


def cond_different_lengths(tf: Any) -> None:
    p = _f(tf, [], tf.bool)
    tf.cond(p, lambda: (tf.constant(1), tf.constant(2)), lambda: tf.constant(1))


def cond_different_dtypes(tf: Any) -> None:
    p = _f(tf, [], tf.bool)
    tf.cond(p, lambda: tf.constant(1), lambda: tf.constant(1.0))


def cond_returns_none(tf: Any) -> None:
    p = _f(tf, [], tf.bool)
    tf.cond(p, lambda: None, lambda: tf.constant(1.0))


def cond_of_vector(tf: Any) -> None:
    tf.cond(_f(tf, [2], tf.bool), lambda: tf.constant(1), lambda: tf.constant(2))


def while_shape_changes(tf: Any) -> None:
    tf.while_loop(lambda s: tf.size(s) < 9, lambda s: tf.concat([s, s], 0), [tf.zeros([1])])


def while_dtype_changes(tf: Any) -> None:
    tf.while_loop(lambda i: i < 3, lambda i: tf.cast(i, tf.float32), [tf.constant(0)])


def while_lengths_differ(tf: Any) -> None:
    tf.while_loop(lambda i, j: i < 3, lambda i, j: [i + 1], [0, 0])


def while_without_variables(tf: Any) -> None:
    tf.while_loop(lambda: True, lambda: 1, [])


def while_not_callable(tf: Any) -> None:
    tf.while_loop(True, lambda i: i, [0])


def case_not_a_pair(tf: Any) -> None:
    tf.case([tf.constant(True)])


def case_default_not_callable(tf: Any) -> None:
    tf.case([(tf.constant(True), lambda: tf.constant(1))], default=3)


def tensor_of_inner_context(tf: Any) -> None:
    kept = []

    def body(i: Any) -> Any:
        kept.append(i + 1)
        return kept[-1]

    tf.while_loop(lambda i: i < 3, body, [tf.constant(0)])
    tf.while_loop(lambda i: i < 3, lambda i: i + kept[0], [tf.constant(0)])
