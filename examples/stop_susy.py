"""Searches for the supersymmetric partner of the top quark with a neural network.

The signal is a pair of stops, each decaying to a top and an invisible neutralino; the background
is a pair of tops. Both are simulated collisions at 13 TeV with one lepton, at least two jets and
missing momentum (see stop_susy/README.md). The network has two hidden layers of 50 units.

    python stop_susy.py                      # the hard one: masses of 600 and 400 GeV
    python stop_susy.py --signal 900_100     # the easy one
    tensorboard --logdir demo-output/log     # what was written on the way
"""

import argparse
import time
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import events
import matplotlib.pyplot as plt
import numpy as np
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

import tidefall as tf

FEATURES = ["HT", "MET", "METPhi", "MT", "MT2W", "n_jet", "n_bjet"]
FEATURES += ["sel_lep_pt0", "sel_lep_eta0", "sel_lep_phi0"]
FEATURES += ["selJet_%s%d" % (name, i) for i in range(3) for name in ("phi", "pt", "eta", "m")]

BLUE, ORANGE = "#0072b2", "#d55e00"


def dense(x, units, name, activation=None):
    """A fully connected layer; its weights start as Glorot and Bengio advise."""
    inputs = x.shape[1].value
    reach = np.sqrt(6.0 / (inputs + units))
    with tf.name_scope(name):
        weights = tf.Variable(tf.random_uniform([inputs, units], -reach, reach), name="weights")
        bias = tf.Variable(tf.zeros([units]), name="bias")
        y = tf.matmul(x, weights) + bias
        return y if activation is None else activation(y)


class Classifier:
    """The graph: from a batch of features to the response, the loss and the training step."""

    def __init__(self, features, hidden_units, learning_rate):
        self.x = tf.placeholder(tf.float32, [None, features], name="features")
        self.y = tf.placeholder(tf.float32, [None], name="signal")
        hidden = dense(self.x, hidden_units, "hidden_1", tf.nn.relu)
        hidden = dense(hidden, hidden_units, "hidden_2", tf.nn.relu)
        logits = tf.squeeze(dense(hidden, 1, "output"), axis=1)
        self.response = tf.sigmoid(logits, name="response")
        with tf.name_scope("loss"):
            entropy = tf.nn.sigmoid_cross_entropy_with_logits(labels=self.y, logits=logits)
            self.loss = tf.reduce_mean(entropy)
        tf.summary.scalar("cross_entropy", self.loss)
        tf.summary.histogram("output/response", self.response)
        for variable in tf.trainable_variables():
            tf.summary.histogram("parameters/" + variable.op.name, variable)
        self.summaries = tf.summary.merge_all()
        self.step = tf.train.get_or_create_global_step()
        optimizer = tf.train.AdamOptimizer(learning_rate)
        self.train = optimizer.minimize(self.loss, global_step=self.step)


def fit(sess, model, train, test, options):
    """Trains for the given number of epochs; returns the losses after each of them."""
    rng = np.random.RandomState(options.seed)
    feeds = [{model.x: x, model.y: y} for x, y in (train, test)]
    writers = [
        tf.summary.FileWriter(str(options.logdir / name), sess.graph if name == "train" else None)
        for name in ("train", "test")
    ]
    history = []
    columns = [
        TextColumn("epoch {task.completed:3.0f}/{task.total:.0f}"),
        BarColumn(),
        TextColumn("loss {task.fields[train]:.4f}, test {task.fields[test]:.4f}"),
        TimeElapsedColumn(),
    ]
    with Progress(*columns) as progress:
        task = progress.add_task("training", total=options.epochs, train=np.nan, test=np.nan)
        for _ in range(options.epochs):
            for x, y in events.batches(rng, options.batch_size, *train):
                sess.run(model.train, feed_dict={model.x: x, model.y: y})
            losses = []
            for feed, writer in zip(feeds, writers, strict=True):
                fetches = [model.loss, model.summaries, model.step]
                loss, summary, step = sess.run(fetches, feed_dict=feed)
                writer.add_summary(summary, step)
                losses.append(float(loss))
            history.append(losses)
            progress.update(task, advance=1, train=losses[0], test=losses[1])
    for writer in writers:
        writer.close()
    return np.array(history)


def roc_curve(response, signal):
    """Returns background and signal efficiency for every threshold that tells events apart."""
    order = np.argsort(-response, kind="stable")
    last_of_ties = np.append(np.diff(response[order]) != 0, True)
    passed_signal = np.cumsum(signal[order])[last_of_ties]
    passed_all = np.flatnonzero(last_of_ties) + 1
    passed_background = passed_all - passed_signal
    return (
        np.append(0.0, passed_background / passed_background[-1]),
        np.append(0.0, passed_signal / passed_signal[-1]),
    )


def area(x, y):
    """The area under a curve of straight pieces."""
    return float(np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2))


def draw_losses(history, path):
    """Draws the loss of both halves against the epoch."""
    figure, axis = plt.subplots(figsize=(6, 4))
    epochs = np.arange(1, len(history) + 1)
    axis.plot(epochs, history[:, 0], color=BLUE, label="training events")
    axis.plot(epochs, history[:, 1], color=ORANGE, linestyle="--", label="test events")
    axis.set_xlabel("epoch")
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.set_ylabel("cross entropy")
    axis.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, dpi=150)
    plt.close(figure)


def draw_response(axis, train, test):
    """Draws the response: training events filled, test events as points with their errors."""
    edges = np.linspace(0, 1, 31)
    centres, width = (edges[1:] + edges[:-1]) / 2, edges[1] - edges[0]
    for label, name, color in ((0, "background", BLUE), (1, "signal", ORANGE)):
        chosen = train[0][train[1] == label]
        axis.hist(
            chosen, edges, density=True, color=color, alpha=0.35, label=name + ", training events"
        )
        chosen = test[0][test[1] == label]
        counts, _ = np.histogram(chosen, edges)
        scale = 1 / (max(len(chosen), 1) * width)
        axis.errorbar(
            centres,
            counts * scale,
            np.sqrt(counts) * scale,
            fmt=".",
            color=color,
            label=name + ", test events",
        )
    axis.set_xlim(0, 1)
    axis.set_ylim(0, 1.3 * axis.get_ylim()[1])
    axis.set_xlabel("response of the network")
    axis.set_ylabel("events, normalised")
    axis.legend(frameon=False, fontsize=9, ncols=2, loc="upper center")


def draw_roc(axis, curves):
    """Draws signal against background efficiency; the legend states the areas."""
    for (name, (background, signal)), color, line in zip(
        curves.items(), (BLUE, ORANGE), ("-", "--"), strict=True
    ):
        text = "%s events, AUC %.3f" % (name, area(background, signal))
        axis.plot(background, signal, line, color=color, label=text)
    axis.plot([0, 1], [0, 1], color="0.6", linestyle=":", label="guessing")
    axis.set_xlim(0, 1)
    axis.set_ylim(0, 1.005)
    axis.set_xlabel("background efficiency")
    axis.set_ylabel("signal efficiency")
    axis.legend(frameon=False, fontsize=9, loc="lower right")


def draw_result(responses, curves, title, path):
    """Draws response and ROC curve side by side."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.4))
    draw_response(left, *responses)
    draw_roc(right, curves)
    left.set_title(title, loc="left", fontsize=11)
    figure.tight_layout()
    figure.savefig(path, dpi=150)
    plt.close(figure)


def parse_arguments():
    parser = argparse.ArgumentParser(description="Tell stop pairs from top pairs.")
    parser.add_argument("--signal", choices=events.SIGNALS, default=events.SIGNALS[0])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch-size", type=int, default=1024)
    parser.add_argument("--hidden", type=int, default=50, help="units of each hidden layer")
    parser.add_argument("--learning-rate", type=float, default=0.003)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, default=Path("demo-output"), help="for the plots")
    parser.add_argument("--logdir", type=Path, help="for TensorBoard; default: OUTPUT/log")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    options.logdir = options.logdir or options.output / "log"
    return options


def main():
    options = parse_arguments()
    data = events.load_events(options.signal, options.seed)
    x_train, x_test = events.halves(events.matrix(data, FEATURES))
    x_train, x_test = events.standardise(x_train, x_test)
    y_train, y_test = events.halves(data["signal"])

    tf.set_random_seed(options.seed)
    model = Classifier(len(FEATURES), options.hidden, options.learning_rate)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        started = time.perf_counter()
        history = fit(sess, model, (x_train, y_train), (x_test, y_test), options)
        seconds = time.perf_counter() - started
        r_train = sess.run(model.response, feed_dict={model.x: x_train})
        r_test = sess.run(model.response, feed_dict={model.x: x_test})

    curves = {"training": roc_curve(r_train, y_train), "test": roc_curve(r_test, y_test)}
    masses = "stop %s GeV, neutralino %s GeV" % tuple(options.signal.split("_"))
    loss_plot, result_plot = options.output / "stop_susy_loss.png", options.output / "stop_susy.png"
    draw_losses(history, loss_plot)
    draw_result([(r_train, y_train), (r_test, y_test)], curves, masses, result_plot)
    print("%s: trained on %d events in %.1f s" % (masses, len(x_train), seconds))
    print("loss: %.4f on training events, %.4f on test events" % tuple(history[-1]))
    areas = tuple(area(*curves[name]) for name in ("training", "test"))
    print("AUC:  %.4f on training events, %.4f on test events" % areas)
    print("plots: %s, %s" % (loss_plot, result_plot))
    print("log:   tensorboard --logdir %s" % options.logdir)


if __name__ == "__main__":
    main()
