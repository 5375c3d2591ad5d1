"""Updates of several variables at once."""

import numpy as np

import tidefall as tf


def test_large_variables_are_trained_together() -> None:
    """Their new values have no name in the generated function, so none may be dropped there."""
    x = tf.placeholder(tf.float32, [None, 30])
    first = tf.Variable(np.full((30, 20), 0.1, np.float32))
    second = tf.Variable(np.full((20, 30), 0.1, np.float32))
    loss = tf.reduce_mean(tf.square(tf.matmul(tf.matmul(x, first), second)))
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        losses = [sess.run([loss, train], {x: np.ones((4, 30))})[0] for _ in range(3)]
        weights = sess.run(first)
    assert losses[0] > losses[1] > losses[2]
    assert weights.shape == (30, 20)
    assert np.all(weights < 0.1)
