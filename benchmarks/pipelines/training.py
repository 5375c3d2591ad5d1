"""Training from a pipeline beside training on the same data in memory.

    python -m benchmarks.pipelines --families training --peers /path/to/python-with-tensorflow

The classifier of the workload ``stop`` is trained in one process in several ways, a block of steps
of each in turns: from slices of arrays that are fed, and from pipelines. What counts is how fast a
pipeline is beside the feeding: of slices, which costs nothing, for a pipeline that keeps the order;
of rows in random order, taken from the arrays a batch at a time, for one that shuffles.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from benchmarks.pipelines.frame import Cells, Options, asked, library, rotated, verdict

ROWS = 51_200
SIZES = (19, 50, 50, 1)
BATCH = 1024
BUFFER = 10_000
STEPS = 50
BLOCKS = 40
WARM_UP = 600
BAR = 0.95


class Way(NamedTuple):
    """How the network gets its data.

    Attributes:
      batch: From a library and the arrays to the tensors of a batch.
      about: What it is, in a few words.
      beside: The way it is compared with.
    """

    batch: Callable[[Any, Any, Any], Any]
    about: str
    beside: str = "memory"


def _fed(tf: Any, x: Any, y: Any) -> Any:
    """Placeholders, for slices of the arrays."""
    shapes = [None, SIZES[0]], [None, 1]
    return tuple([tf.placeholder(tf.float64, shape) for shape in shapes])


def _dataset(tf: Any, x: Any, y: Any) -> Any:
    return tf.data.Dataset.from_tensor_slices((x, y))


def _following(tf: Any, data: Any) -> Any:
    iterator = data.make_initializable_iterator()
    tf.add_to_collection(tf.GraphKeys.TABLE_INITIALIZERS, iterator.initializer)
    return iterator.get_next()


def _plain(tf: Any, x: Any, y: Any) -> Any:
    return _following(tf, _dataset(tf, x, y).repeat().batch(BATCH).prefetch(2))


def _shuffled(tf: Any, x: Any, y: Any) -> Any:
    data = _dataset(tf, x, y).shuffle(BUFFER, seed=1).repeat()
    return _following(tf, data.batch(BATCH).prefetch(2))


def _queue(tf: Any, x: Any, y: Any, **options: Any) -> Any:
    tensors = [tf.constant(x), tf.constant(y)]
    return tf.train.shuffle_batch(
        tensors, BATCH, 2 * BUFFER, BUFFER, 2, enqueue_many=True, seed=1, **options
    )


def _queue_up_to(tf: Any, x: Any, y: Any) -> Any:
    return _queue(tf, x, y, allow_smaller_final_batch=True)


WAYS = {
    "memory": Way(_fed, "slices of arrays, fed"),
    "memory_shuffled": Way(_fed, "shuffled rows of arrays, fed"),
    "data": Way(_plain, "tf.data: slices, repeat, batch, prefetch"),
    "shuffled": Way(
        _shuffled, "tf.data: slices, shuffle, repeat, batch, prefetch", "memory_shuffled"
    ),
    "queue": Way(_queue, "shuffle_batch of arrays, 2 threads", "memory_shuffled"),
    "queue_up_to": Way(_queue_up_to, "the same, with a smaller final batch", "memory_shuffled"),
}


def _network(tf: Any, x: Any, y: Any) -> Any:
    """The loss of the classifier, and its training step."""
    for index, (size, units) in enumerate(itertools.pairwise(SIZES)):
        bound = float(np.sqrt(6 / (size + units)))
        start = tf.random_uniform_initializer(-bound, bound, seed=index)
        weights = tf.get_variable(f"w{index}", [size, units], tf.float64, start)
        bias = tf.get_variable(f"b{index}", [units], tf.float64, tf.zeros_initializer())
        x = tf.matmul(x, weights) + bias
        if units > 1:
            x = tf.nn.relu(x)
    loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(logits=x, labels=y))
    return loss, tf.train.AdamOptimizer().minimize(loss)


class Trained:
    """One way to train, in a graph and a session of its own.

    Args:
      tf: The library.
      way: Where the data come from.
      x: The inputs.
      y: The labels.
      shuffled: Whether rows that are fed are fed in random order.
    """

    def __init__(self, tf: Any, way: Way, x: Any, y: Any, shuffled: bool) -> None:
        self._arrays = x, y
        self._random = np.random.default_rng(1) if shuffled else None
        self._order: Any = None
        self._graph = tf.Graph()
        with self._graph.as_default():
            self._tensors = way.batch(tf, x, y)
            self._fetches = list(_network(tf, *self._tensors))
            begun = tf.get_collection(tf.GraphKeys.TABLE_INITIALIZERS)
            start = [tf.global_variables_initializer(), *begun]
            self._session = tf.Session()
            self._session.run(start)
            self._coordinator = tf.train.Coordinator()
            self._threads = []
            if tf.get_collection(tf.GraphKeys.QUEUE_RUNNERS):
                self._threads = tf.train.start_queue_runners(self._session, self._coordinator)
        self._is_fed = self._tensors[0].op.type == "Placeholder"
        self._at = 0
        self.losses: list[float] = []

    def block(self, steps: int) -> float:
        """Trains for so many steps; the seconds of one."""
        start = time.perf_counter()
        for _ in range(steps):
            feeds = self._slices() if self._is_fed else None
            loss = self._session.run(self._fetches, feeds)[0]
        seconds = (time.perf_counter() - start) / steps
        self.losses.append(float(loss))
        return seconds

    def _slices(self) -> Any:
        part: Any = slice(self._at, self._at + BATCH)
        if self._random is not None:
            if self._at == 0:
                self._order = self._random.permutation(ROWS)
            part = self._order[part]
        self._at = (self._at + BATCH) % ROWS
        values = [array[part] for array in self._arrays]
        return dict(zip(self._tensors, values, strict=True))

    def close(self) -> None:
        """Ends the threads."""
        self._coordinator.request_stop()
        self._session.close()
        self._coordinator.join(self._threads, stop_grace_period_secs=5)


def data() -> tuple[Any, Any]:
    """Rows that can be learned: the label is the sign of a weighted sum, mostly."""
    random = np.random.default_rng(1)
    x = random.normal(size=(ROWS, SIZES[0]))
    score = x @ random.normal(size=(SIZES[0], 1)) + random.normal(size=(ROWS, 1))
    return x, (score > 0).astype(np.float64)


def measure(tf: Any, names: list[str], blocks: int) -> dict[str, list[float]]:
    """For each way the seconds of a step in all its blocks, which were done in turns."""
    x, y = data()
    trained = {name: Trained(tf, WAYS[name], x, y, name == "memory_shuffled") for name in names}
    for each in trained.values():
        each.block(WARM_UP)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    gc.collect()
    for turn in range(blocks):
        for name in rotated(names, turn):
            seconds[name].append(trained[name].block(STEPS))
    for name, each in trained.items():
        each.close()
        if each.losses[-1] > 0.5 * each.losses[0] and each.losses[-1] > 0.35:
            raise RuntimeError(f"{name} did not learn: {each.losses}")
    return seconds


class _Family:
    title = "Training steps, with data from memory and from pipelines"

    def cells(self, options: Options, folder: str) -> Cells:
        """A line for each library and way to give it data."""
        names = [name for name in WAYS if name.startswith("memory") or options.wants(name)]
        head = ["us of a step", "median", "fastest", "to slices", "to the like in memory", "bar"]
        if len(names) == 2:
            return [head]
        lines = []
        for provider in ("tidefall", "tensorflow"):
            python = sys.executable if provider == "tidefall" else options.peers
            blocks = str(max(2, int(BLOCKS * options.scale)))
            arguments = ["--measure", provider, ",".join(names), blocks]
            found = asked([python, "-m", "benchmarks.pipelines.training", *arguments])
            lines += _lines(provider, found)
        return [head, *lines]


def _lines(provider: str, seconds: dict[str, list[float]]) -> list[list[str]]:
    """Microseconds of a step, and the speed beside the fed arrays."""
    lines = []
    for name, blocks in seconds.items():
        like = WAYS[name].beside
        slices, alike = [_speed(seconds[other], blocks) for other in ("memory", like)]
        figures = [f"{1e6 * each:.1f}" for each in (statistics.median(blocks), min(blocks))]
        measured = not name.startswith("memory")
        shown = [f"{slices:.1%}", f"{alike:.1%}" if measured else ""]
        held = verdict(alike, BAR) if measured and provider == "tidefall" else ""
        lines.append([f"{provider}, {name}: {WAYS[name].about}", *figures, *shown, held])
    return lines


def _speed(fed: list[float], piped: list[float]) -> float:
    """The median of the ratios within each turn."""
    return statistics.median([a / b for a, b in zip(fed, piped, strict=True)])


FAMILY = _Family()


def main() -> None:
    """Measures for who asks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measure", nargs=3, metavar=("PROVIDER", "WAYS", "BLOCKS"))
    provider, ways, blocks = parser.parse_args().measure
    print(json.dumps(measure(library(provider), ways.split(","), int(blocks))))


if __name__ == "__main__":
    main()
