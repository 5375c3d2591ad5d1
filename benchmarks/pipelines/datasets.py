"""Pipelines of `tf.data`: files and arrays, shuffled and batched."""

from __future__ import annotations

import importlib
import itertools
import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.pipelines.frame import Family, Workload

ROWS = 400_000
FEATURES = 8
BATCH = 1024
SHUFFLED = 10_000
SECONDS = 1.5
WARM_UP = 12


def write_files(folder: str) -> None:
    """The CSV file both sides read."""
    rows = np.random.default_rng(1).normal(size=(ROWS // 4, FEATURES)).astype(np.float32)
    lines = [
        ",".join([f"{value:.5g}" for value in row]) + f",{i % 2}" for i, row in enumerate(rows)
    ]
    Path(folder, "events.csv").write_text("\n".join(lines) + "\n", encoding="ascii")


def csv(tf: Any, folder: str) -> Any:
    """(c) a CSV file → shuffle → batch → prefetch."""
    kinds = [tf.float32] * FEATURES + [tf.int32]
    data = tf.data.experimental.CsvDataset(os.path.join(folder, "events.csv"), kinds)
    data = data.map(lambda *fields: (tf.stack(fields[:-1]), fields[-1]))
    return data.repeat().shuffle(SHUFFLED, seed=1).batch(BATCH).prefetch(2)


def lines(tf: Any, folder: str) -> Any:
    """Lines of text → decode_csv → shuffle → batch → prefetch."""

    def decode(line: Any) -> Any:
        fields = tf.decode_csv(line, [[0.0]] * FEATURES + [[0]])
        return tf.stack(fields[:-1]), fields[-1]

    data = tf.data.TextLineDataset(os.path.join(folder, "events.csv")).map(decode)
    return data.repeat().shuffle(SHUFFLED, seed=1).batch(BATCH).prefetch(2)


def _arrays() -> tuple[Any, Any]:
    generator = np.random.default_rng(1)
    x = generator.normal(size=(ROWS, 19)).astype(np.float32)
    return x, generator.integers(0, 2, ROWS)


def slices(tf: Any, folder: str) -> Any:
    """(d) arrays → shuffle → batch."""
    data = tf.data.Dataset.from_tensor_slices(_arrays())
    return data.shuffle(SHUFFLED, seed=1).repeat().batch(BATCH)


def slices_mapped(tf: Any, folder: str) -> Any:
    """Arrays → a function of each element → shuffle → batch → prefetch."""
    x, _ = _arrays()
    data = tf.data.Dataset.from_tensor_slices(x).map(lambda row: tf.tanh(row * 2.0))
    return data.shuffle(SHUFFLED, seed=1).repeat().batch(BATCH).prefetch(2)


def _measured(make: Callable[[Any, str], Any]) -> Callable[[Any, str], float]:
    """Rows per second of the dataset that ``make`` makes."""

    def measure(tf: Any, folder: str) -> float:
        iterator = make(tf, folder).make_initializable_iterator()
        following = iterator.get_next()
        with tf.Session() as session:
            session.run(iterator.initializer)
            for _ in range(WARM_UP):
                session.run(following)
            rows, start = 0, time.perf_counter()
            while time.perf_counter() - start < SECONDS:
                element = session.run(following)
                rows += len(element[0] if isinstance(element, tuple) else element)
            return rows / (time.perf_counter() - start)

    return measure


def torch_csv(folder: str) -> float:
    """The file through an ``IterableDataset`` with a shuffle buffer, in batches."""
    torch = importlib.import_module("torch")

    class Events(torch.utils.data.IterableDataset):  # type: ignore[misc, name-defined]
        def __iter__(self) -> Any:
            generator = random.Random(1)
            kept: list[Any] = []
            while True:
                with open(os.path.join(folder, "events.csv"), encoding="ascii") as file:
                    for line in file:
                        fields = line.split(",")
                        element = torch.tensor([float(each) for each in fields[:-1]])
                        kept.append((element, int(fields[-1])))
                        if len(kept) > SHUFFLED:
                            place = generator.randrange(len(kept))
                            kept[place], kept[-1] = kept[-1], kept[place]
                            yield kept.pop()

    return _torch_rate(torch, torch.utils.data.DataLoader(Events(), batch_size=BATCH))


def torch_slices(folder: str) -> float:
    """A ``TensorDataset`` in random order, in batches."""
    torch = importlib.import_module("torch")
    arrays = _arrays()
    data = torch.utils.data.TensorDataset(*[torch.from_numpy(each) for each in arrays])
    loader = torch.utils.data.DataLoader(data, batch_size=BATCH, shuffle=True)
    return _torch_rate(torch, loader)


def _torch_rate(torch: Any, loader: Any) -> float:
    """Rows per second of a loader that is begun again at its end."""
    batches = itertools.chain.from_iterable(itertools.repeat(loader))
    for _ in range(WARM_UP):
        next(batches)
    rows, start = 0, time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        rows += len(next(batches)[0])
    return rows / (time.perf_counter() - start)


FAMILY = Family(
    module="benchmarks.pipelines.datasets",
    title="tf.data",
    write_files=write_files,
    workloads={
        "csv": Workload(
            _measured(csv), "CsvDataset, shuffle, batch, prefetch", bar=1.5, torch=torch_csv
        ),
        "lines": Workload(_measured(lines), "TextLineDataset, decode_csv, shuffle, batch", bar=1.5),
        "slices": Workload(
            _measured(slices), "arrays, shuffle, batch", bar=1.5, torch=torch_slices
        ),
        "slices_mapped": Workload(_measured(slices_mapped), "arrays, map, shuffle, batch"),
    },
)

if __name__ == "__main__":
    FAMILY.main()
