"""Learns the exclusive or, the smallest problem that needs a hidden layer.

    python xor.py

prints the network's answers to (0, 0), (0, 1), (1, 0) and (1, 1): 0 1 1 0.
"""

import argparse

import numpy as np

import tidefall as tf

QUESTIONS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float32)
ANSWERS = np.array([[0], [1], [1], [0]], dtype=np.float32)


def build_model(x, hidden_units=8):
    """Returns the network's logit for each row of x."""
    with tf.name_scope("hidden"):
        weights = tf.Variable(tf.random_normal([2, hidden_units]), name="weights")
        bias = tf.Variable(tf.zeros([hidden_units]), name="bias")
        hidden = tf.tanh(tf.matmul(x, weights) + bias)
    with tf.name_scope("output"):
        weights = tf.Variable(tf.random_normal([hidden_units, 1]), name="weights")
        bias = tf.Variable(tf.zeros([1]), name="bias")
        return tf.matmul(hidden, weights) + bias


def main():
    parser = argparse.ArgumentParser(description="Learn the exclusive or.")
    parser.add_argument("--steps", type=int, default=500, help="training steps")
    parser.add_argument("--learning-rate", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    tf.set_random_seed(options.seed)
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    y = tf.placeholder(tf.float32, [None, 1], name="y")
    logits = build_model(x)
    answer = tf.cast(logits > 0, tf.int32, name="answer")
    loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=logits))
    train = tf.train.AdamOptimizer(options.learning_rate).minimize(loss)

    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(options.steps):
            sess.run(train, feed_dict={x: QUESTIONS, y: ANSWERS})
        print(*sess.run(answer, feed_dict={x: QUESTIONS}).ravel())


if __name__ == "__main__":
    main()
