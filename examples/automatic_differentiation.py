"""Differentiates sin eight times and draws every derivative.

A gradient is more graph, so it can be differentiated again. Nothing here is approximated by
differences: each curve is exact to rounding, which the last lines check.

    python automatic_differentiation.py --order 8
"""

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import tidefall as tf


def derivatives(y, x, order):
    """Returns [y, dy/dx, d2y/dx2, ...] up to the given order."""
    chain = [y]
    for _ in range(order):
        (y,) = tf.gradients(y, x)
        chain.append(y)
    return chain


def title(n):
    """Names the n-th derivative."""
    power = "^{%d}" % n if n > 1 else ""
    return r"$\mathrm{d}%s\sin x\,/\,\mathrm{d}x%s$" % (power, power) if n else r"$\sin x$"


def draw(x, curves, path):
    """Draws one panel for each curve, all with the same axes."""
    rows = (len(curves) + 2) // 3
    figure, axes = plt.subplots(
        rows, 3, figsize=(10, 2.2 * rows), sharex=True, sharey=True, squeeze=False
    )
    colors = plt.get_cmap("viridis")(np.linspace(0, 0.85, len(curves)))
    for n, (axis, curve) in enumerate(zip(axes.flat, curves, strict=False)):
        axis.plot(x, curve, color=colors[n], linewidth=2)
        axis.axhline(0, color="0.8", linewidth=0.8, zorder=0)
        axis.set_title(title(n), fontsize=11)
    for axis in axes.flat[len(curves) :]:
        axis.set_visible(False)
    for axis in axes[-1]:
        axis.set_xlabel("$x$")
    axes[0, 0].set_xticks([-2 * np.pi, 0, 2 * np.pi], [r"$-2\pi$", "0", r"$2\pi$"])
    figure.tight_layout()
    figure.savefig(path, dpi=150)
    plt.close(figure)


def main():
    parser = argparse.ArgumentParser(description="Differentiate sin again and again.")
    parser.add_argument("--order", type=int, default=8, help="highest derivative")
    parser.add_argument("--points", type=int, default=401, help="points on each curve")
    parser.add_argument("--output", type=Path, default=Path("demo-output"))
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)

    x = tf.placeholder(tf.float64, [None], name="x")
    chain = derivatives(tf.sin(x), x, options.order)

    points = np.linspace(-2 * np.pi, 2 * np.pi, options.points)
    with tf.Session() as sess:
        curves = sess.run(chain, feed_dict={x: points})

    path = options.output / "automatic_differentiation.png"
    draw(points, curves, path)
    for n, curve in enumerate(curves):
        error = np.max(np.abs(curve - np.sin(points + n * np.pi / 2)))
        print("order %d: largest error %.1e" % (n, error))
    print("plot:", path)


if __name__ == "__main__":
    main()
