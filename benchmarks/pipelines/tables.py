"""How fast tables are streamed to batches, beside the library that reads their files.

    python -m benchmarks.pipelines.tables [--rows N] [--plot memory.png]

Both sides read the same columns of the same file; the library alone does nothing with them. With
``--plot`` a file four times as large as the memory a process may use is streamed, and its memory
drawn.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

COLUMNS = [f"x{index}" for index in range(16)]
BATCH = 1024
ROUNDS = 5


def write_parquet(path: str, rows: int, at_once: int = 1 << 18) -> None:
    """A file of 32-bit numbers, kept as the library keeps them by default."""
    arrow = importlib.import_module("pyarrow")
    parquet = importlib.import_module("pyarrow.parquet")
    schema = arrow.schema([(name, arrow.float32()) for name in COLUMNS])
    random = np.random.default_rng(1)
    with parquet.ParquetWriter(path, schema) as writer:
        for start in range(0, rows, at_once):
            size = min(at_once, rows - start)
            values = random.random((len(COLUMNS), size), np.float32)
            writer.write_table(arrow.table(list(values), schema=schema))


def write_root(path: str, rows: int, at_once: int = 1 << 18) -> None:
    """The same as a tree of a ROOT file."""
    uproot = importlib.import_module("uproot")
    random = np.random.default_rng(1)
    with uproot.recreate(path) as file:
        file.mktree("events", dict.fromkeys(COLUMNS, "float32"))
        for start in range(0, rows, at_once):
            size = min(at_once, rows - start)
            values = random.random((len(COLUMNS), size), np.float32)
            file["events"].extend(dict(zip(COLUMNS, values, strict=True)))


def parquet_alone(path: str) -> int:
    """Reads the columns with pyarrow."""
    parquet = importlib.import_module("pyarrow.parquet")
    with parquet.ParquetFile(path) as file:
        rows = 0
        for batch in file.iter_batches(1 << 17, columns=COLUMNS):
            arrays = [column.to_numpy() for column in batch.columns]
            rows += len(arrays[0])
        return rows


def root_alone(path: str) -> int:
    """Reads the columns with uproot."""
    uproot = importlib.import_module("uproot")
    chunks = uproot.iterate({path: "events"}, COLUMNS, step_size=1 << 17, library="np")
    return sum(len(chunk[COLUMNS[0]]) for chunk in chunks)


def streamed(kind: str, path: str) -> int:
    """Streams the columns through a session, in batches."""
    tf = importlib.import_module("tidefall")
    with tf.Graph().as_default():
        source = tf.hep.RootDataset if kind == "root" else tf.hep.ParquetDataset
        names = {"branches": COLUMNS} if kind == "root" else {"columns": COLUMNS}
        dataset = source(path, **names).batch(BATCH)
        following = list(dataset.make_one_shot_iterator().get_next().values())
        rows = 0
        with tf.Session() as session:
            while True:
                try:
                    rows += len(session.run(following)[0])
                except tf.errors.OutOfRangeError:
                    return rows


def best(action: Callable[[], int]) -> float:
    """Rows per second, in the best of the rounds."""
    found = 0.0
    for _ in range(ROUNDS):
        gc.collect()
        start = time.perf_counter()
        rows = action()
        found = max(found, rows / (time.perf_counter() - start))
    return found


def compare(rows: int) -> None:
    """Prints a line for each kind of file."""
    with tempfile.TemporaryDirectory() as folder:
        print(f"{'rows per second':16} {'tidefall':>12} {'library':>12} {'ratio':>7}")
        for kind, write, alone in (
            ("root", write_root, root_alone),
            ("parquet", write_parquet, parquet_alone),
        ):
            path = str(Path(folder, f"events.{kind}"))
            write(path, rows)
            theirs = best(lambda path=path, alone=alone: alone(path))  # type: ignore[misc]
            ours = best(lambda path=path, kind=kind: streamed(kind, path))  # type: ignore[misc]
            print(f"{kind:16} {ours:12,.0f} {theirs:12,.0f} {ours / theirs:7.2f}")


def memory(kind: str = "VmRSS") -> float:
    """What this process uses (``VmRSS``), or what ``RLIMIT_DATA`` limits (``VmData``), in MB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return float(next(line for line in lines if line.startswith(kind)).split()[1]) / 1024


def limited(path: str, headroom: int) -> None:
    """Streams a file with so many MB of memory beyond what an empty run needs; prints its use."""
    tf = importlib.import_module("tidefall")
    small = str(Path(path).with_suffix(".small"))
    write_parquet(small, 1 << 12)
    streamed("parquet", small)  # everything is imported and started
    limit = int((memory("VmData") + headroom) * 2**20)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    before = memory()
    dataset = tf.hep.ParquetDataset(path, chunk_rows=1 << 16).batch(BATCH)
    following = dataset.make_one_shot_iterator().get_next()
    rows = 0
    with tf.Session() as session:
        while True:
            try:
                count = len(session.run(following)[COLUMNS[0]])
            except tf.errors.OutOfRangeError:
                break
            if rows // (1 << 17) != (rows + count) // (1 << 17):
                print(rows * len(COLUMNS) * 4 / 2**20, memory() - before, flush=True)
            rows += count
    print("rows", rows)


def plot(target: str, headroom: int = 256) -> None:
    """Draws the memory of a process that streams four times what it may hold."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "events.parquet"))
        rows = 4 * headroom * 2**20 // (4 * len(COLUMNS))
        write_parquet(path, rows)
        size = Path(path).stat().st_size / 2**20
        command = [sys.executable, "-m", "benchmarks.pipelines.tables", "--limited", path]
        command.append(str(headroom))
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    *points, last = done.stdout.splitlines()
    if last != f"rows {rows}":
        raise RuntimeError(f"{rows} rows were written, but: {last}")
    read, used = zip(*[map(float, line.split()) for line in points], strict=True)
    pyplot = importlib.import_module("matplotlib.pyplot")
    figure, axes = pyplot.subplots(figsize=(6, 3.5))
    axes.plot(read, used, label="used by the stream")
    axes.axhline(headroom, color="tab:red", linestyle="--", label="allowed")
    axes.set(xlabel="read so far / MB", ylabel="memory / MB", ylim=(0, headroom * 1.15))
    axes.set_title(f"A file of {size:.0f} MB with {headroom} MB of memory")
    axes.legend()
    figure.tight_layout()
    figure.savefig(target)
    print(f"{rows:,} rows, {size:.0f} MB, streamed in at most {max(used):.0f} MB; see {target}")


def main() -> None:
    """Compares, or draws."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--plot", default="", metavar="FILE")
    parser.add_argument("--limited", nargs=2, default=None, help=argparse.SUPPRESS)
    options, _ = parser.parse_known_args()  # the other families have options of their own
    if options.limited:
        limited(options.limited[0], int(options.limited[1]))
    elif options.plot:
        plot(options.plot)
    else:
        compare(options.rows)


if __name__ == "__main__":
    main()
