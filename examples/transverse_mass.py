r"""Teaches a network the formula of the transverse mass,

    M_T = sqrt(2 MET pt (1 - cos(METPhi - phi))),

from simulated collisions alone: missing momentum and lepton go in, M_T is to come out. What the
network has to find out is that only the difference of the two angles counts.

    python transverse_mass.py --epochs 100
"""

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import events
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm

import tidefall as tf

FEATURES = ["MET", "METPhi", "sel_lep_pt0", "sel_lep_eta0", "sel_lep_phi0"]
SCALE = 100.0  # GeV: the network learns M_T in this unit, so that its output is of order one


def dense(x, units, name, activation=None):
    """A fully connected layer; weights start as large as their number of inputs suggests."""
    inputs = x.shape[1].value
    with tf.variable_scope(name):
        weights = tf.get_variable(
            "weights",
            [inputs, units],
            initializer=tf.random_normal_initializer(stddev=np.sqrt(2.0 / inputs)),
        )
        bias = tf.get_variable("bias", [units], initializer=tf.zeros_initializer())
    y = tf.nn.bias_add(tf.matmul(x, weights), bias)
    return y if activation is None else activation(y)


def draw(truth, prediction, path):
    """Draws prediction against truth, and how far apart they are."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6))
    top = float(np.quantile(truth, 0.995))
    bins = np.linspace(0, top, 101)
    *_, image = left.hist2d(truth, prediction, bins=bins, cmap="viridis", norm=LogNorm())
    left.plot([0, top], [0, top], color="black", linewidth=0.8, linestyle="--")
    figure.colorbar(image, ax=left, label="test events")
    left.set_xlabel("true $M_T$ [GeV]")
    left.set_ylabel("predicted $M_T$ [GeV]")

    error = prediction - truth
    reach = max(3 * float(np.std(error)), 1e-3)
    right.hist(error, np.linspace(-reach, reach, 81), color="#0072b2", alpha=0.8)
    right.axvline(0, color="black", linewidth=0.8, linestyle="--")
    right.set_xlim(-reach, reach)
    right.set_xlabel("predicted $-$ true $M_T$ [GeV]")
    right.set_ylabel("test events")
    figure.tight_layout()
    figure.savefig(path, dpi=150)
    plt.close(figure)


def main():
    parser = argparse.ArgumentParser(description="Learn the transverse mass.")
    parser.add_argument("--signal", choices=events.SIGNALS, default=events.SIGNALS[0])
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--hidden", type=int, default=32, help="units of each hidden layer")
    parser.add_argument("--learning-rate", type=float, default=0.005)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, default=Path("demo-output"))
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)

    data = events.load_events(options.signal, options.seed)
    x_train, x_test = events.standardise(*events.halves(events.matrix(data, FEATURES)))
    y_train, y_test = events.halves(data["MT"] / SCALE)

    tf.set_random_seed(options.seed)
    x = tf.placeholder(tf.float32, [None, len(FEATURES)], name="features")
    y = tf.placeholder(tf.float32, [None], name="mt")
    hidden = dense(x, options.hidden, "hidden_1", tf.nn.relu)
    hidden = dense(hidden, options.hidden, "hidden_2", tf.nn.relu)
    prediction = tf.squeeze(dense(hidden, 1, "output"), axis=1)
    loss = tf.reduce_mean(tf.square(prediction - y))

    # The steps shrink to a hundredth while training, so that it settles.
    step = tf.train.get_or_create_global_step()
    last_step = options.epochs * -(-len(x_train) // options.batch_size)
    rate = tf.train.exponential_decay(options.learning_rate, step, last_step, 0.01)
    train = tf.train.AdamOptimizer(rate).minimize(loss, global_step=step)

    rng = np.random.RandomState(options.seed)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for epoch in range(1, options.epochs + 1):
            for x_batch, y_batch in events.batches(rng, options.batch_size, x_train, y_train):
                sess.run(train, feed_dict={x: x_batch, y: y_batch})
            if epoch % max(options.epochs // 10, 1) == 0:
                losses = [
                    sess.run(loss, feed_dict={x: features, y: truth})
                    for features, truth in ((x_train, y_train), (x_test, y_test))
                ]
                print("epoch %3d: loss %.5f, test %.5f" % (epoch, *losses))
        predicted = sess.run(prediction, feed_dict={x: x_test}) * SCALE

    path = options.output / "transverse_mass.png"
    truth = y_test * SCALE
    draw(truth, predicted, path)
    print("typical error on test events: %.2f GeV" % np.median(np.abs(predicted - truth)))
    print("plot:", path)


if __name__ == "__main__":
    main()
