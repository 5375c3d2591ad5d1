"""What readers and parsers give, step by step, and how they fail, as plain data.

Each function gets ``tf`` and an empty folder, and returns a list of outcomes.
"""

from __future__ import annotations

import os
from functools import partial
from typing import Any, Callable, Dict, List

FILES = {
    "a": b"h\na1\r\na\r2\n\na4", "b": b"h\nb1\nb2\n", "empty": b"", "head": b"h", "last": b"x\r",
    "pieces": b"HHaabbccddFT", "blank": b"\r\n\r\n\r",
}  # fmt: skip


def _write(tf: Any, folder: str) -> None:
    for name, data in FILES.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
    records = os.path.join(folder, "records")
    for kind in ["", "GZIP", "ZLIB"]:
        options = tf.python_io.TFRecordOptions(kind) if kind else None
        with tf.python_io.TFRecordWriter(records + kind, options) as writer:
            for i in range(4):
                writer.write(b"rec%d" % i * i)
    with open(records, "rb") as file:
        data = file.read()
    spoilt = {"short": data[:-3], "shorter": data[:-14], "longer": data + b"abc"}
    for name, place in [("bad_data", -6), ("bad_length", 16), ("bad_sum", -1)]:
        wrong = bytearray(data)
        wrong[place] ^= 1
        spoilt[name] = bytes(wrong)
    for name, content in spoilt.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)


def outcome(tf: Any, folder: str, run: Callable[[], Any]) -> Any:
    """The result of a run as plain data, or the class of its error."""
    try:
        return plain(run(), folder)
    except tf.errors.OpError as error:
        return "error: " + type(error).__name__


def plain(value: Any, folder: str) -> Any:
    """A fetched value as plain data, without the name of the folder."""
    if isinstance(value, bytes):
        return value.replace(folder.encode(), b"<folder>").decode("latin-1")
    if isinstance(value, (list, tuple)):
        return [plain(each, folder) for each in value]
    return plain(value.tolist(), folder) if hasattr(value, "tolist") else value


def _read(
    tf: Any, folder: str, make: Callable[[], Any], names: List[str], count: Any, times: int
) -> List[Any]:
    with tf.Graph().as_default():
        queue = tf.FIFOQueue(20, [tf.string], [[]])
        put = queue.enqueue_many([[os.path.join(folder, name) for name in names]])
        close = queue.close()
        reader = make()
        record = reader.read(queue) if count is None else reader.read_up_to(queue, count)
        counts = [reader.num_records_produced(), reader.num_work_units_completed()]
        steps = []
        with tf.Session() as session:
            session.run(put)
            session.run(close)
            for _ in range(times):
                for fetches in (record, counts):
                    steps.append(outcome(tf, folder, partial(session.run, fetches)))
        return steps


def cases(tf: Any) -> Dict[str, Any]:
    """The reader, files, records at once and times of each case."""

    def pieces(*args: Any, **kwargs: Any) -> Callable[[], Any]:
        return lambda: tf.FixedLengthRecordReader(*args, **kwargs)

    def records(kind: str) -> Callable[[], Any]:
        return lambda: tf.TFRecordReader(options=tf.python_io.TFRecordOptions(kind))

    lines, record = tf.TextLineReader, tf.TFRecordReader
    table = {
        "lines": (lines, ["a", "b"], None, 9),
        "lines without headers": (lambda: lines(1), ["a", "empty", "head", "b"], None, 8),
        "many headers": (lambda: lines(3), ["b", "a", "b"], None, 4),
        "ends of lines": (lines, ["last", "blank", "last"], None, 6),
        "lines together": (lines, ["a", "b"], 5, 4),
        "a missing file": (lines, ["a", "missing", "b"], None, 8),
        "a missing file, together": (lines, ["a", "missing", "b"], 3, 5),
        "whole files": (tf.WholeFileReader, ["a", "empty"], None, 3),
        "a missing whole file": (tf.WholeFileReader, ["a", "missing", "b"], None, 3),
        "whole files together": (tf.WholeFileReader, ["a", "b"], 4, 3),
        "names": (tf.IdentityReader, ["a", "b"], None, 3),
        "names together": (tf.IdentityReader, ["a", "b"], 2, 3),
        "records": (record, ["records", "records"], None, 9),
        "records together": (record, ["records", "records"], 3, 5),
        "pieces": (pieces(2, 2, 2), ["pieces", "pieces"], None, 9),
        "pieces that overlap": (pieces(2, 2, 2, 1), ["pieces", "pieces"], None, 9),
        "pieces that leave a rest": (pieces(3, 2, 2), ["pieces", "pieces"], None, 5),
        "pieces together": (pieces(4, 2, 2, 3), ["pieces", "pieces"], 5, 3),
        "pieces too large": (pieces(20), ["pieces", "empty"], None, 2),
        "negative header": (pieces(2, -1), ["pieces"], None, 1),
        "negative hop": (pieces(2, 0, 0, -1), ["pieces"], None, 1),
    }
    for kind in ["GZIP", "ZLIB"]:
        table[kind] = (records(kind), ["records" + kind], None, 5)
        table[kind + " of a plain file"] = (records(kind), ["records"], None, 1)
    for name in ["short", "shorter", "longer", "bad_data", "bad_length", "bad_sum"]:
        table[name + " records"] = (record, [name, "records"], None, 6)
    return table


def run_case(tf: Any, folder: str, name: str) -> List[Any]:
    """The steps of one case."""
    _write(tf, folder)
    make, names, count, times = cases(tf)[name]
    return _read(tf, folder, make, names, count, times)


def _run_built(session: Any, build: Callable[[], Any]) -> Any:
    return session.run(build())


def run_queries(tf: Any, folder: str) -> List[Any]:
    """Files found, read and written by ops."""
    _write(tf, folder)

    def path(name: str) -> str:
        return os.path.join(folder, name)

    builders = [
        lambda: tf.matching_files(path("*e*")),
        lambda: tf.matching_files(path("rec[a-z]*")),
        lambda: tf.matching_files([path("b"), path("a*")]),
        lambda: tf.matching_files(path("?")),
        lambda: tf.matching_files(path("nothing*")),
        lambda: tf.matching_files(path("no/such/*")),
        lambda: tf.read_file(path("a")),
        lambda: tf.read_file(path("missing")),
        lambda: tf.read_file(folder),
        lambda: tf.write_file(path("new/folder/file"), "content"),
        lambda: tf.read_file(path("new/folder/file")),
        lambda: tf.write_file(folder, "content"),
    ]
    steps = []
    for build in builders:
        with tf.Graph().as_default(), tf.Session() as session:
            steps.append(outcome(tf, folder, partial(_run_built, session, build)))
    return steps
