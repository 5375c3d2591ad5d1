"""How fast tables are streamed to batches, beside the library that reads their files.

    python -m benchmarks.pipelines --families tables
    python -m benchmarks.pipelines.tables --plot memory.png

All read the same columns of the same file in chunks of the same size, in turns in one process, so
the file lies in the page cache; the library alone does nothing with them. With ``--plot`` a file
four times as large as the memory a process may use is streamed, and its memory drawn.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.pipelines.frame import Cells, Options, asked, rotated, verdict

ROWS = 2_000_000
COLUMNS = [f"x{index}" for index in range(16)]
CHUNK = 1 << 17
BATCH = 1024
SHUFFLED = 10_000
PASSES = 3  # in a round, each way
BAR = 0.8


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
        for batch in file.iter_batches(CHUNK, columns=COLUMNS):
            arrays = [column.to_numpy() for column in batch.columns]
            rows += len(arrays[0])
        return rows


def root_alone(path: str) -> int:
    """Reads the columns with uproot."""
    uproot = importlib.import_module("uproot")
    chunks = uproot.iterate({path: "events"}, COLUMNS, step_size=CHUNK, library="np")
    return sum(len(chunk[COLUMNS[0]]) for chunk in chunks)


def _table(kind: str, path: str) -> Any:
    tf = importlib.import_module("tidefall")
    if kind == "root":
        return tf.hep.RootDataset(path, branches=COLUMNS, chunk_rows=CHUNK)
    return tf.hep.ParquetDataset(path, columns=COLUMNS, chunk_rows=CHUNK)


def chunks(kind: str, path: str) -> int:
    """Takes the chunks as arrays."""
    tf = importlib.import_module("tidefall")
    with tf.Graph().as_default():
        view = _table(kind, path).view
    return sum(len(chunk[COLUMNS[0]]) for chunk in view.chunks())


def streamed(kind: str, path: str, shuffled: bool = False) -> int:
    """Streams the columns through a session, in batches."""
    tf = importlib.import_module("tidefall")
    with tf.Graph().as_default():
        dataset = _table(kind, path)
        if shuffled:
            dataset = dataset.shuffle(SHUFFLED, seed=1)
        following = list(dataset.batch(BATCH).make_one_shot_iterator().get_next().values())
        rows = 0
        with tf.Session() as session:
            while True:
                try:
                    rows += len(session.run(following)[0])
                except tf.errors.OutOfRangeError:
                    return rows


def _alone(kind: str, path: str) -> int:
    return root_alone(path) if kind == "root" else parquet_alone(path)


WAYS: dict[str, Any] = {
    "alone": _alone,
    "chunks": chunks,
    "batches": streamed,
    "shuffled": lambda kind, path: streamed(kind, path, shuffled=True),
}
ABOUT = {
    "chunks": "chunks of arrays",
    "batches": f"batches of {BATCH} from a session",
    "shuffled": f"shuffle, batches of {BATCH} from a session",
}


def measure(kind: str, path: str, rounds: int) -> dict[str, list[float]]:
    """Rows per second of all ways, in turns."""
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    for way in WAYS.values():
        way(kind, path)
    for turn in range(rounds * PASSES):
        for way in rotated(list(WAYS), turn):
            gc.collect()
            start = time.perf_counter()
            rows = WAYS[way](kind, path)
            found[way].append(rows / (time.perf_counter() - start))
    return found


class _Family:
    title = "Tables, beside the library that reads their files (ROOT: uproot, Parquet: pyarrow)"

    def cells(self, options: Options, folder: str) -> Cells:
        """A line for each kind of file and way to read it."""
        head = ["rows per second", "library alone", "tidefall", "median", "fastest", "bar"]
        rows = int(ROWS * options.scale)
        lines = []
        for kind, write in (("root", write_root), ("parquet", write_parquet)):
            if not options.wants(kind):
                continue
            path = str(Path(folder, f"events.{kind}"))
            write(path, rows)
            module = "benchmarks.pipelines.tables"
            command = [sys.executable, "-m", module, "--measure", kind, path, str(options.rounds)]
            lines += _lines(kind, asked(command))
        return [head, *lines]


def _lines(kind: str, found: dict[str, list[float]]) -> list[list[str]]:
    alone = found.pop("alone")
    lines = []
    for way, rates in found.items():
        pairs = zip(rates, alone, strict=True)
        middle = statistics.median([mine / theirs for mine, theirs in pairs])
        medians = [f"{statistics.median(each):,.0f}" for each in (alone, rates)]
        best = max(rates) / max(alone)
        shown = [f"{middle:.2f}", f"{best:.2f}", verdict(middle, BAR)]
        lines.append([f"{kind}: {ABOUT[way]}", *medians, *shown])
    return lines


FAMILY = _Family()


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
    """Measures for who asks, or draws."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", default="", metavar="FILE")
    parser.add_argument("--measure", nargs=3, default=None, help=argparse.SUPPRESS)
    parser.add_argument("--limited", nargs=2, default=None, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        kind, path, rounds = options.measure
        print(json.dumps(measure(kind, path, int(rounds))))
    elif options.limited:
        limited(options.limited[0], int(options.limited[1]))
    elif options.plot:
        plot(options.plot)


if __name__ == "__main__":
    main()
