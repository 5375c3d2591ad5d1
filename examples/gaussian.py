"""Tells two overlapping Gaussians in the plane apart, and draws what was learned.

For known densities the best classifier is their ratio, so the network's answer can be compared
with the truth: the plots show both.

    python gaussian.py --steps 500
"""

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import tidefall as tf

MEANS = np.array([[-0.5, -0.5], [0.5, 0.5]])  # of background and signal
WIDTHS = np.array([1.0, 0.6])


def make_points(rng, events):
    """Draws half of the points from each Gaussian; the label is 1 for the second."""
    labels = np.arange(events) % 2
    points = rng.normal(MEANS[labels], WIDTHS[labels, np.newaxis])
    return points, labels[:, np.newaxis].astype(np.float64)


def best_possible(points):
    """Returns the probability, from the true densities, that a point is signal."""
    squares = np.sum((points[:, np.newaxis] - MEANS) ** 2, axis=-1)
    background, signal = (np.exp(-squares / (2 * WIDTHS**2)) / WIDTHS**2).T
    return signal / (signal + background)


def dense(x, units, activation, name):
    """A fully connected layer, the columns of its weights drawn with a variance to suit."""
    inputs = x.shape[1].value
    with tf.name_scope(name):
        start = tf.random_normal([inputs, units], stddev=inputs**-0.5, dtype=tf.float64)
        weights = tf.Variable(start, name="weights")
        bias = tf.Variable(tf.zeros([units], dtype=tf.float64), name="bias")
        return activation(tf.matmul(x, weights) + bias)


def draw_losses(losses, limit, path):
    """Draws the loss of both sets against the step, with the best possible loss."""
    figure, axis = plt.subplots(figsize=(6, 4))
    steps = np.arange(1, len(losses["train"]) + 1)
    axis.plot(steps, losses["train"], color="#0072b2", label="training points")
    axis.plot(steps, losses["test"], color="#d55e00", linestyle="--", label="test points")
    axis.axhline(limit, color="0.4", linestyle=":", label="true densities, test points")
    axis.set_xlabel("step")
    axis.set_ylabel("cross entropy")
    axis.set_xlim(0, len(steps))
    axis.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, dpi=150)
    plt.close(figure)


def draw_surface(grid, learned, truth, path):
    """Draws the learned function over the plane beside the best possible one."""
    figure = plt.figure(figsize=(10, 4.6))
    for i, (surface, title) in enumerate([(learned, "learned"), (truth, "true densities")]):
        axis = figure.add_subplot(1, 2, i + 1, projection="3d")
        axis.plot_surface(*grid, surface, cmap="viridis", vmin=0, vmax=1, rcount=60, ccount=60)
        axis.set_title(title)
        axis.set_xlabel("$x_1$")
        axis.set_ylabel("$x_2$")
        axis.set_zlabel("signal probability")
        axis.set_zlim(0, 1)
        axis.view_init(elev=32, azim=-125)
    figure.subplots_adjust(left=0.05, right=0.97, bottom=0.06, top=0.94, wspace=0.12)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def main():
    parser = argparse.ArgumentParser(description="Tell two Gaussians apart.")
    parser.add_argument("--steps", type=int, default=300, help="training steps")
    parser.add_argument("--events", type=int, default=20000, help="training points")
    parser.add_argument("--hidden", type=int, default=100, help="hidden units")
    parser.add_argument("--learning-rate", type=float, default=0.02)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, default=Path("demo-output"))
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)

    rng = np.random.RandomState(options.seed)
    train_points, train_labels = make_points(rng, options.events)
    test_points, test_labels = make_points(rng, options.events)

    tf.set_random_seed(options.seed)
    x = tf.placeholder(tf.float64, [None, 2], name="x")
    y = tf.placeholder(tf.float64, [None, 1], name="y")
    hidden = dense(x, options.hidden, tf.tanh, "hidden")
    logits = dense(hidden, 1, tf.identity, "output")
    probability = tf.sigmoid(logits)
    loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=logits))
    train = tf.train.AdamOptimizer(options.learning_rate).minimize(loss)

    side = np.linspace(-3, 3, 121)
    grid = np.meshgrid(side, side)
    plane = np.stack(grid, axis=-1).reshape(-1, 2)

    losses = {"train": [], "test": []}
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(options.steps):
            value, _ = sess.run([loss, train], feed_dict={x: train_points, y: train_labels})
            losses["train"].append(value)
            losses["test"].append(sess.run(loss, feed_dict={x: test_points, y: test_labels}))
        surface = sess.run(probability, feed_dict={x: plane})

    best = best_possible(test_points)[:, np.newaxis]
    limit = -np.mean(np.log(np.where(test_labels == 1, best, 1 - best)))
    truth = best_possible(plane)
    draw_losses(losses, limit, options.output / "gaussian_loss.png")
    draw_surface(
        grid,
        surface.reshape(grid[0].shape),
        truth.reshape(grid[0].shape),
        options.output / "gaussian_function.png",
    )
    print("train loss %.4f" % losses["train"][-1])
    print("test loss  %.4f  (with the true densities %.4f)" % (losses["test"][-1], limit))
    print("plots:", options.output / "gaussian_loss.png", options.output / "gaussian_function.png")


if __name__ == "__main__":
    main()
