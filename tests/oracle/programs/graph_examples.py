"""Whole programs, small: what a physicist's first five networks look like as graphs."""

from __future__ import annotations

from typing import Any

import numpy as np


def xor(tf: Any) -> None:
    x = tf.placeholder(tf.float32, shape=[4, 2], name="x")
    y = tf.placeholder(tf.float32, shape=[4, 1], name="y")
    with tf.name_scope("hidden"):
        w1 = tf.Variable(tf.random_uniform([2, 2], -1, 1, seed=1), name="w")
        b1 = tf.Variable(tf.zeros([2]), name="b")
        hidden = tf.sigmoid(tf.matmul(x, w1) + b1)
    with tf.name_scope("output"):
        w2 = tf.Variable(tf.random_uniform([2, 1], -1, 1, seed=2), name="w")
        b2 = tf.Variable(tf.zeros([1]), name="b")
        out = tf.sigmoid(tf.matmul(hidden, w2) + b2, name="out")
    cost = tf.reduce_mean(-(y * tf.log(out) + (1 - y) * tf.log(1.0 - out)), name="cost")
    tf.train.GradientDescentOptimizer(0.1).minimize(cost)
    tf.global_variables_initializer()


def automatic_differentiation(tf: Any) -> None:
    x = tf.placeholder(tf.float64, [None], name="x")
    y = tf.sin(x, name="sin")
    derivatives = [y]
    for order in range(3):
        (dy,) = tf.gradients(derivatives[-1], x, name="gradients_%d" % order)
        derivatives.append(dy)


def gaussian(tf: Any) -> None:
    tf.set_random_seed(1)
    x = tf.placeholder(tf.float64, [None, 2], name="x")
    y = tf.placeholder(tf.float64, [None, 1], name="y")
    w1 = tf.get_variable("w1", [2, 100], tf.float64, tf.random_normal_initializer())
    b1 = tf.get_variable("b1", [100], tf.float64, tf.zeros_initializer())
    w2 = tf.get_variable("w2", [100, 1], tf.float64, tf.random_normal_initializer())
    b2 = tf.get_variable("b2", [1], tf.float64, tf.zeros_initializer())
    hidden = tf.nn.tanh(tf.add(tf.matmul(x, w1), b1))
    output = tf.nn.sigmoid(tf.matmul(hidden, w2) + b2)
    loss = tf.reduce_mean(tf.square(y - output))
    accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.round(output), y), tf.float32))
    tf.summary.scalar("loss", loss)
    tf.summary.scalar("accuracy", accuracy)
    tf.train.AdamOptimizer(0.01).minimize(loss)
    tf.summary.merge_all()
    tf.global_variables_initializer()


def stop_classifier(tf: Any) -> None:
    tf.set_random_seed(0)
    x = tf.placeholder(tf.float64, [None, 19], name="features")
    y = tf.placeholder(tf.float64, [None, 1], name="target")
    training = tf.placeholder_with_default(False, [], name="training")
    rate = tf.placeholder_with_default(np.float64(0.0), [], name="rate")
    activations = x
    for i, units in enumerate([50, 50]):
        with tf.variable_scope("layer%d" % i):
            w = tf.get_variable("w", [int(activations.shape[1]), units], tf.float64)
            b = tf.get_variable("b", [units], tf.float64, tf.constant_initializer(0.1))
            activations = tf.nn.relu(tf.matmul(activations, w) + b)
            tf.summary.histogram("activations", activations)
        kept = tf.nn.dropout(activations, rate=rate)
        activations = tf.cond(training, lambda k=kept: k, lambda a=activations: a)
    with tf.variable_scope("response"):
        w = tf.get_variable("w", [50, 1], tf.float64)
        b = tf.get_variable("b", [1], tf.float64, tf.zeros_initializer())
        logits = tf.nn.xw_plus_b(activations, w, b)
    tf.sigmoid(logits, name="probability")
    loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=logits))
    step = tf.train.get_or_create_global_step()
    decayed = tf.train.exponential_decay(1e-3, step, 1000, 0.9)
    optimizer = tf.train.AdamOptimizer(decayed)
    pairs = optimizer.compute_gradients(loss)
    optimizer.apply_gradients(pairs, global_step=step)
    tf.global_variables_initializer()


def transverse_mass(tf: Any) -> None:
    x = tf.placeholder("float64", [None, 5])
    y = tf.placeholder("float64", [None, 1])
    mean = tf.Variable(np.arange(5.0), trainable=False, name="mean")
    scale = tf.Variable(np.ones(5), trainable=False, name="scale")
    sizes = [5, 4, 4, 1]
    layer = (x - mean) / scale
    for i in range(3):
        w = tf.Variable(tf.truncated_normal(sizes[i : i + 2], stddev=0.5, dtype=tf.float64, seed=i))
        b = tf.Variable(tf.zeros([sizes[i + 1]], tf.float64))
        layer = tf.matmul(layer, w) + b
        if i < 2:
            layer = tf.nn.tanh(layer)
    loss = tf.reduce_mean((layer - y) ** 2)
    penalty = tf.add_n([tf.nn.l2_loss(v) for v in tf.trainable_variables()])
    tf.train.AdamOptimizer(learning_rate=0.01).minimize(loss + 1e-4 * penalty)
    tf.global_variables_initializer()


def adversarial(tf: Any) -> None:
    def net(x: Any, scope: str, reuse: Any = None) -> Any:
        with tf.variable_scope(scope, reuse=reuse):
            w = tf.get_variable("w", [2, 2])
            b = tf.get_variable("b", [2], initializer=tf.zeros_initializer())
            return tf.nn.leaky_relu(tf.matmul(x, w) + b)

    real = tf.placeholder(tf.float32, [None, 2], name="real")
    noise = tf.random_normal([8, 2], seed=4)
    fake = net(noise, "generator")
    d_real = net(real, "critic")
    d_fake = net(fake, "critic", reuse=True)
    d_loss = tf.reduce_mean(d_fake) - tf.reduce_mean(d_real)
    critic = tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, "critic")
    generator = tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, "generator")
    tf.train.RMSPropOptimizer(5e-5).minimize(d_loss, var_list=critic)
    tf.train.RMSPropOptimizer(5e-5).minimize(-tf.reduce_mean(d_fake), var_list=generator)
    tf.group(*[w.assign(tf.clip_by_value(w, -0.01, 0.01)) for w in critic])


def logistic_regression(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 784])
    y_ = tf.placeholder(tf.float32, [None, 10])
    w = tf.Variable(tf.zeros([784, 10]))
    b = tf.Variable(tf.zeros([10]))
    y = tf.nn.softmax(tf.matmul(x, w) + b)
    cross_entropy = tf.reduce_mean(-tf.reduce_sum(y_ * tf.log(y), reduction_indices=[1]))
    tf.train.GradientDescentOptimizer(0.5).minimize(cross_entropy)
    tf.initialize_all_variables()
    correct = tf.equal(tf.argmax(y, 1), tf.argmax(y_, 1))
    tf.reduce_mean(tf.cast(correct, tf.float32))
