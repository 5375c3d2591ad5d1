"""Variables of both kinds, their scopes, their initializers and assignments."""

from __future__ import annotations

from typing import Any

import numpy as np


def reference_variables(tf: Any) -> None:
    tf.Variable(0.0)
    tf.Variable([1, 2, 3], name="ints")
    tf.Variable(tf.zeros([2, 3]), name="matrix", trainable=False)
    tf.Variable(np.ones([2]), name="numpy")
    tf.Variable(3, dtype=tf.float64, name="five")
    tf.Variable(lambda: tf.ones([2]), name="lazy")
    tf.Variable(lambda: 2.0, dtype=tf.float32, name="lazy_scalar")
    tf.Variable(tf.random_normal([2, 2], stddev=0.35), name="weights")
    tf.Variable(False, name="flag")
    tf.Variable("text", name="text")
    tf.Variable(tf.placeholder(tf.float32, [None]), validate_shape=False, name="open")
    tf.Variable(0.0, name="open", collections=[])
    tf.Variable(0, trainable=False, name="global_step", collections=["a", "b"])
    tf.Variable(initial_value=[1.0], expected_shape=[1], name="expected")
    tf.global_variables_initializer()


def resource_variables(tf: Any) -> None:
    w = tf.Variable(0.0, use_resource=True)
    v = tf.Variable(tf.zeros([2, 3]), name="matrix", use_resource=True)
    tf.Variable(lambda: tf.ones([2]), name="lazy", use_resource=True)
    i = tf.get_variable("i", [], tf.int64, tf.zeros_initializer(), use_resource=True)
    w.read_value()
    w.value()
    tf.identity(w)
    w.assign(1.0)
    w.assign_add(2.0)
    w.assign_sub(3.0, name="down")
    tf.assign(v, tf.ones([2, 3]), name="set")
    tf.assign_add(i, 1)
    v.initialized_value()
    tf.is_variable_initialized(w)
    tf.global_variables_initializer()


def got_variables(tf: Any) -> None:
    tf.get_variable("default", [2, 3])
    tf.get_variable("default_int", [2], tf.int32)
    tf.get_variable("default_bool", [2], tf.bool)
    tf.get_variable("zeros", [2], initializer=tf.zeros_initializer())
    tf.get_variable("class", [2], initializer=tf.ones_initializer)
    tf.get_variable("constant", initializer=tf.constant([1.0, 2.0]))
    tf.get_variable("number", initializer=3.0)
    tf.get_variable("array", initializer=np.zeros([2, 2], np.float32))
    tf.get_variable(
        "function", [2], initializer=lambda shape, dtype, partition_info: tf.ones(shape)
    )
    tf.get_variable("fixed", (), trainable=False, dtype=tf.float64)
    tf.get_variable("local", [1], collections=[tf.GraphKeys.LOCAL_VARIABLES])
    tf.get_variable("regular", [2], regularizer=lambda w: tf.reduce_sum(w * w))
    tf.get_variable("constrained", [2], constraint=lambda w: tf.nn.relu(w))
    tf.get_local_variable("own", [2])
    tf.global_variables_initializer()
    tf.local_variables_initializer()


def got_resource_variables(tf: Any) -> None:
    with tf.variable_scope("r", use_resource=True):
        w = tf.get_variable("w", [3, 2])
        tf.get_variable("b", [2], initializer=tf.zeros_initializer())
        tf.matmul(tf.zeros([1, 3]), w)
        tf.get_variable("reg", [2], regularizer=lambda w: tf.reduce_sum(w * w))
    tf.get_variable("plain", [2])
    tf.variables_initializer(tf.global_variables())


def variable_scopes(tf: Any) -> None:
    with tf.variable_scope("a") as a:
        tf.get_variable("w", [2])
        tf.constant(1.0, name="c")
        with tf.variable_scope("b"):
            tf.get_variable("w", [2])
            tf.constant(1.0, name="c")
    with tf.variable_scope(a, reuse=True):
        tf.get_variable("w", [2])
        tf.constant(1.0, name="c")
    with tf.variable_scope(a, reuse=tf.AUTO_REUSE):
        tf.get_variable("w")
        tf.get_variable("v", [1])
    with tf.variable_scope("a", reuse=True):
        tf.get_variable("w")
    with tf.variable_scope("a/b", reuse=True):
        tf.get_variable("w", [2])
    with tf.variable_scope(a, auxiliary_name_scope=False):
        tf.constant(1.0, name="aux")
    with tf.variable_scope("a", auxiliary_name_scope=False):
        tf.constant(1.0, name="aux")
    with tf.name_scope("names"):
        tf.get_variable("free", [1])
        tf.Variable(1.0, name="bound")
        with tf.variable_scope("inner"):
            tf.get_variable("w", [1])
            tf.Variable(1.0, name="bound")
    with tf.variable_scope("a"):
        with tf.variable_scope(tf.get_variable_scope()):
            tf.constant(1.0, name="same")
        tf.get_variable_scope().reuse_variables()
        tf.get_variable("w")


def variable_scope_defaults(tf: Any) -> None:
    for _ in range(2):
        with tf.variable_scope(None, default_name="block"):
            tf.get_variable("w", [1])
    with tf.variable_scope(
        "typed", initializer=tf.constant_initializer(0.4), dtype=tf.float64, caching_device="/cpu:0"
    ):
        tf.get_variable("w", [2])
        tf.get_variable("v", [2], initializer=tf.zeros_initializer())
    with tf.variable_scope("regular", regularizer=lambda w: tf.nn.l2_loss(w)):
        tf.get_variable("w", [2])
        tf.get_variable("v", [2], regularizer=tf.no_regularizer)

    def getter(getter: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        kwargs["trainable"] = False
        return getter(name + "_custom", *args, **kwargs) * 2.0

    with tf.variable_scope("custom", custom_getter=getter):
        tf.get_variable("w", [2])
    with tf.variable_op_scope([tf.constant(1.0)], "old", "default"):
        tf.get_variable("w", [2])
    with tf.variable_scope("outer"), tf.variable_scope("", reuse=tf.AUTO_REUSE):
        tf.get_variable("root", [1])
    template = tf.make_template("shared", lambda x: x * tf.get_variable("k", []))
    template(1.0)
    template(2.0)


def partitioned_variables(tf: Any) -> None:
    w = tf.get_variable("w", [6, 2], partitioner=tf.fixed_size_partitioner(3))
    tf.convert_to_tensor(w)
    with tf.variable_scope("p", partitioner=tf.fixed_size_partitioner(2, axis=1)):
        tf.get_variable("v", [2, 4], initializer=tf.zeros_initializer())


def initializers(tf: Any) -> None:
    made = {
        "zeros": tf.zeros_initializer(),
        "ones": tf.ones_initializer(),
        "constant": tf.constant_initializer(0.5),
        "constant_list": tf.constant_initializer([1, 2, 3, 4, 5, 6]),
        "normal": tf.random_normal_initializer(0.0, 0.1),
        "normal_seed": tf.random_normal_initializer(stddev=2.0, seed=3),
        "truncated": tf.truncated_normal_initializer(stddev=0.02),
        "uniform": tf.random_uniform_initializer(-0.1, 0.1),
        "uniform_default": tf.random_uniform_initializer(),
        "glorot_uniform": tf.glorot_uniform_initializer(),
        "glorot_normal": tf.glorot_normal_initializer(seed=1),
        "scaling": tf.variance_scaling_initializer(),
        "scaling_fan_out": tf.variance_scaling_initializer(2.0, "fan_out", "uniform"),
        "scaling_normal": tf.variance_scaling_initializer(1.0, "fan_avg", "untruncated_normal"),
        "unit_scaling": tf.uniform_unit_scaling_initializer(factor=1.43),
        "orthogonal": tf.orthogonal_initializer(),
        "identity": tf.initializers.identity(gain=2.0),
        "lecun_normal": tf.initializers.lecun_normal(),
        "lecun_uniform": tf.initializers.lecun_uniform(),
        "he_normal": tf.initializers.he_normal(),
        "he_uniform": tf.initializers.he_uniform(seed=5),
    }
    for name, initializer in made.items():
        tf.get_variable(name, [2, 3], initializer=initializer)
    tf.get_variable("conv", [3, 3, 2, 4], initializer=tf.orthogonal_initializer(gain=1.1))
    tf.get_variable("conv_glorot", [3, 3, 2, 4])
    tf.get_variable("double", [4, 2], tf.float64, tf.glorot_normal_initializer())
    tf.get_variable("vector", [4])
    tf.get_variable("scalar", [])
    tf.glorot_uniform_initializer()([2, 2])
    tf.random_normal_initializer(dtype=tf.float64)([2])


def initializers_with_graph_seed(tf: Any) -> None:
    tf.set_random_seed(42)
    tf.get_variable("w", [2, 3])
    tf.get_variable("v", [2, 3], initializer=tf.truncated_normal_initializer(stddev=0.1))
    tf.get_variable("u", [2, 3], initializer=tf.random_normal_initializer(seed=9))
    tf.Variable(tf.random_uniform([2], -1.0, 1.0), name="t")
    tf.get_variable("r", [2], use_resource=True)
    tf.get_variable("o", [2, 2], initializer=tf.orthogonal_initializer())


def assignments(tf: Any) -> None:
    w = tf.Variable([1.0, 2.0], name="w")
    x = tf.placeholder(tf.float32, [2], name="x")
    w.assign(x)
    w.assign([3.0, 4.0])
    w.assign_add(x)
    w.assign_sub([1.0, 1.0])
    tf.assign(w, x, name="set")
    tf.assign(w, x, validate_shape=False, use_locking=False)
    tf.assign_add(w, x)
    tf.assign_sub(w, x, use_locking=True, name="less")
    w.assign(w * 2.0)
    w.assign(1.0 + w.assign(x))
    w.read_value()
    w.value()
    w.initialized_value()
    tf.identity(w)
    tf.Variable(w.initialized_value() * 2.0, name="doubled")
    tf.is_variable_initialized(w)
    tf.report_uninitialized_variables()
    tf.assert_variables_initialized()
    tf.variables_initializer([w], name="only_w")
    tf.variables_initializer([], name="none")
    tf.initialize_all_variables()
    with tf.control_dependencies([w.assign(x)]):
        tf.identity(w, name="after")
        w.read_value()


def scatters(tf: Any) -> None:
    w = tf.Variable(np.zeros([4, 2], np.float32), name="w")
    r = tf.Variable(np.zeros([4, 2], np.float32), name="r", use_resource=True)
    rows = [[1.0, 2.0]]
    for name in ["update", "add", "sub", "mul", "div", "min", "max"]:
        function = getattr(tf, "scatter_" + name)
        function(w, [1], rows)
        function(r, [1], rows)
    tf.scatter_nd_update(w, [[0, 1]], [5.0])
    tf.scatter_nd_add(w, [[0, 1]], [5.0])
    tf.scatter_nd_sub(w, [[0, 1]], [5.0], name="less")
    w.scatter_sub(tf.IndexedSlices(tf.constant(rows), tf.constant([2])))
    tf.count_up_to(tf.Variable(0, name="n"), 3)


def variables_initialised_from_variables(tf: Any) -> None:
    a = tf.Variable(tf.random_normal([2]), name="a")
    tf.Variable(a.initialized_value(), name="b")
    tf.get_variable("d", initializer=a.initialized_value())
    tf.Variable(lambda: a.initialized_value() * 3.0, name="e")
    tf.global_variables_initializer()
