"""From a ROOT file to a trained classifier, without holding the file in memory.

    python examples/root_pipeline.py [--events 200000] [--steps 2000]

The program writes a tree of simulated events (signal and background, with jets of varying number),
then streams it: a cut, a formula, padded jets, event weights, training and testing events told
apart by event number, features standardised in one pass. A small network learns from the batches.
It needs the extra ``hep``: pip install 'tidefall[hep]'.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from typing import Any

import awkward
import numpy as np
import uproot

import tidefall as tf

JETS = 4
FEATURES = ["met", "ht", "mass"]


def write_events(path: str, events: int) -> None:
    """Writes a tree of simulated events, in pieces."""
    random = np.random.default_rng(7)
    with uproot.recreate(path) as file:
        kinds = {"event": "int64", "signal": "int32", "met": "float32", "px": "float32"}
        kinds |= {"py": "float32", "energy": "float32", "w": "float32", "jet_pt": "var * float32"}
        file.mktree("events", kinds)
        for first in range(0, events, 50_000):
            count = min(50_000, events - first)
            signal = random.integers(0, 2, count)
            jets = random.poisson(2 + signal, count)
            momentum = random.normal(0, 30 + 15 * signal, (2, count))
            total = np.hypot(*momentum)
            file["events"].extend(
                {
                    "event": np.arange(first, first + count, dtype=np.int64),
                    "signal": signal.astype(np.int32),
                    "met": random.exponential(25 + 20 * signal).astype(np.float32),
                    "px": momentum[0].astype(np.float32),
                    "py": momentum[1].astype(np.float32),
                    "energy": np.hypot(total, random.normal(90 + 20 * signal, 20)).astype(
                        np.float32
                    ),
                    "w": random.normal(1, 0.1, count).astype(np.float32),
                    "jet_pt": awkward.unflatten(
                        random.exponential(40, int(jets.sum())).astype(np.float32), jets
                    ),
                }
            )


def dataset(path: str) -> Any:
    """The events, with the columns the network needs."""
    branches = {
        "met": "met",
        "ht": "hypot(px, py)",
        "mass": "sqrt(maximum(energy ** 2 - px ** 2 - py ** 2, 0))",
        "jet_pt": "jet_pt",
        "signal": "signal",
    }
    return tf.hep.RootDataset(
        path, "events", branches, cut="met > 5", weight="w", padded={"jet_pt": JETS},
        chunk_rows=20_000,
    )  # fmt: skip


def logits(batch: dict[str, Any]) -> Any:
    """A network of two layers on the features and the padded jets."""
    columns = [tf.expand_dims(tf.cast(batch[name], tf.float32), 1) for name in FEATURES]
    rows = tf.concat([*columns, batch["jet_pt"]], axis=1)
    size = len(FEATURES) + JETS
    with tf.variable_scope("net", reuse=tf.AUTO_REUSE):
        first = tf.get_variable("w1", [size, 16], initializer=tf.glorot_uniform_initializer(seed=1))
        hidden = tf.nn.relu(tf.matmul(rows, first) + tf.get_variable("b1", [16]))
        last = tf.get_variable("w2", [16, 1], initializer=tf.glorot_uniform_initializer(seed=2))
        return tf.matmul(hidden, last)[:, 0] + tf.get_variable("b2", [])


def train(path: str, steps: int) -> float:
    """Trains on four fifths of the events; the accuracy on the rest."""
    training, testing = dataset(path).split("event", folds=5, fold=0)
    scale = training.standardisation([*FEATURES, "jet_pt"])
    print(scale)
    batches = training.map(scale).shuffle(20_000, seed=1).repeat().batch(256).prefetch(2)
    batch = batches.make_one_shot_iterator().get_next()
    labels = tf.cast(batch["signal"], tf.float32)
    total = weighted_loss(logits(batch), labels, batch["weight"])
    step = tf.train.AdamOptimizer(0.01).minimize(total)

    test = testing.map(scale).batch(4096).make_initializable_iterator()
    held = test.get_next()
    right = tf.equal(logits(held) > 0, tf.cast(held["signal"], tf.bool))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for number in range(steps):
            value, _ = session.run([total, step])
            if number % max(1, steps // 10) == 0:
                print(f"step {number:5d}  loss {value:.3f}")
        session.run(test.initializer)
        found: list[Any] = []
        while True:
            try:
                found.append(session.run(right))
            except tf.errors.OutOfRangeError:
                return float(np.concatenate(found).mean())


def weighted_loss(values: Any, labels: Any, weights: Any) -> Any:
    """The mean cross entropy of weighted events."""
    entropy = tf.nn.sigmoid_cross_entropy_with_logits(logits=values, labels=labels)
    return tf.reduce_sum(entropy * weights) / tf.reduce_sum(weights)


def main() -> None:
    """Writes the events, trains, and tells the accuracy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--steps", type=int, default=2000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "events.root")
        write_events(path, options.events)
        print(f"accuracy on events the network has not seen: {train(path, options.steps):.3f}")


if __name__ == "__main__":
    main()
