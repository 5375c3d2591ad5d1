"""How many rows per second queues with runner threads give, beside TensorFlow.

python -m benchmarks.pipelines --families queues --peers /path/to/python-with-tensorflow
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.pipelines.frame import Family, Workload

ROWS = 60_000
FEATURES = 6
BATCH = 100
THREADS = 4
WARM_UP = 10


def write_files(folder: str) -> None:
    """A CSV file and a TFRecord file of the same rows."""
    random = np.random.default_rng(1)
    x = random.normal(size=(ROWS, FEATURES)).astype(np.float32)
    y = random.integers(0, 2, ROWS)
    lines = [",".join([f"{v:.6g}" for v in row]) + f",{n}\n" for row, n in zip(x, y, strict=True)]
    Path(folder, "rows.csv").write_text("".join(lines), encoding="ascii")
    with open(Path(folder, "rows.tfrecord"), "wb") as file:
        for row, number in zip(x, y, strict=True):
            file.write(record(example(row, int(number))))


def example(row: Any, number: int) -> bytes:
    """A serialized ``Example`` with a feature ``x`` of floats and ``y`` of one integer."""
    floats = _field(2, _field(1, row.tobytes()))
    integers = _field(3, _field(1, bytes([number])))
    features = _feature(b"x", floats) + _feature(b"y", integers)
    return _field(1, features)


def _feature(key: bytes, value: bytes) -> bytes:
    return _field(1, _field(1, key) + _field(2, value))


def _field(number: int, content: bytes) -> bytes:
    """A field of a message that is itself bytes or a message, shorter than 128 bytes."""
    if len(content) > 127:
        raise ValueError("the length takes one byte only")
    return bytes([number << 3 | 2, len(content)]) + content


def record(data: bytes) -> bytes:
    """A record as TFRecord files hold it, with its checksums."""
    length = struct.pack("<Q", len(data))
    return length + _checksum(length) + data + _checksum(data)


def _table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_CRC32C = _table()


def _checksum(data: bytes) -> bytes:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC32C[(crc ^ byte) & 255]
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


# -- pipelines ------------------------------------------------------------------------------------


def _names(tf: Any, folder: str, file: str) -> Any:
    path = os.path.join(folder, file)
    return tf.train.string_input_producer([path], num_epochs=1, shuffle=False)


def lines(tf: Any, folder: str) -> Any:
    """Lines, decoded and put into a queue by four threads."""
    _, line = tf.TextLineReader().read(_names(tf, folder, "rows.csv"))
    fields = tf.decode_csv(line, [[0.0]] * FEATURES + [[0]])
    queue = tf.FIFOQueue(1000, [tf.float32, tf.int32], shapes=[[FEATURES], []])
    enqueue = queue.enqueue([tf.stack(fields[:-1]), fields[-1]])
    tf.train.add_queue_runner(tf.train.QueueRunner(queue, [enqueue] * THREADS))
    return queue.dequeue_many(BATCH)


def _features(tf: Any) -> Any:
    return {
        "x": tf.FixedLenFeature([FEATURES], tf.float32),
        "y": tf.FixedLenFeature([], tf.int64),
    }


def records(tf: Any, folder: str) -> Any:
    """Shuffled batches of records, parsed a batch at a time."""
    _, data = tf.TFRecordReader().read(_names(tf, folder, "rows.tfrecord"))
    batch = tf.train.shuffle_batch([data], BATCH, 4000, 1000, num_threads=THREADS)
    parsed = tf.parse_example(batch, _features(tf))
    return [parsed["x"], parsed["y"]]


def parsed_records(tf: Any, folder: str) -> Any:
    """Shuffled batches of records that the threads parse one by one."""
    _, data = tf.TFRecordReader().read(_names(tf, folder, "rows.tfrecord"))
    parsed = tf.parse_single_example(data, _features(tf))
    return tf.train.shuffle_batch(
        [parsed["x"], parsed["y"]], BATCH, 4000, 1000, num_threads=THREADS
    )


def measured(pipeline: Callable[[Any, str], Any]) -> Callable[[Any, str], float]:
    """From a pipeline to what measures it: all its batches, once."""

    def measure(tf: Any, folder: str) -> float:
        fetches = pipeline(tf, folder)
        with tf.Session() as session:
            session.run(tf.local_variables_initializer())
            coordinator = tf.train.Coordinator()
            threads = tf.train.start_queue_runners(session, coordinator)
            for _ in range(WARM_UP):
                session.run(fetches)
            rows, start = 0, time.perf_counter()
            try:
                while True:
                    rows += len(session.run(fetches)[1])
            except tf.errors.OutOfRangeError:
                seconds = time.perf_counter() - start
            coordinator.request_stop()
            coordinator.join(threads)
        if rows != ROWS - WARM_UP * BATCH:
            raise RuntimeError(f"{rows} rows came, not {ROWS - WARM_UP * BATCH}")
        return rows / seconds

    return measure


FAMILY = Family(
    "benchmarks.pipelines.queues",
    "Queues with runner threads",
    write_files,
    {
        "lines": Workload(measured(lines), "text, decode_csv, FIFOQueue, 4 threads", 5),
        "records": Workload(measured(records), "TFRecords, shuffle_batch, parse_example", 5),
        "parsed_records": Workload(
            measured(parsed_records), "TFRecords, parse_single_example, shuffle_batch", 5
        ),
    },
)

if __name__ == "__main__":
    FAMILY.main()
