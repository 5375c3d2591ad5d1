"""Readers and ops on files, step by step as under TensorFlow 1.15.5."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import tidefall as tf
from tests.oracle import golden_files
from tests.oracle.programs import files
from tidefall.core import hooks
from tidefall.state.reader_state import decode, encode
from tidefall.state.readers import ReaderState

GOLDEN: dict[str, Any] = golden_files.read_json(golden_files.path_of("files.json"))


@pytest.mark.parametrize("name", sorted(set(GOLDEN) - {"queries"}))
def test_reader(name: str, tmp_path: Path) -> None:
    assert files.run_case(tf, str(tmp_path), name) == GOLDEN[name]


def test_ops_on_files(tmp_path: Path) -> None:
    assert files.run_queries(tf, str(tmp_path)) == GOLDEN["queries"]


def names_of(paths: list[str]) -> Any:
    queue = tf.FIFOQueue(20, [tf.string], [[]])
    return queue, queue.enqueue_many([paths])


def test_an_error_names_the_file_and_the_line_of_the_program(tmp_path: Path) -> None:
    queue, put = names_of([str(tmp_path / "missing")])
    record = tf.TextLineReader().read(queue)
    with tf.Session() as session:
        session.run(put)
        with pytest.raises(tf.errors.NotFoundError) as info:
            session.run(record)
    assert str(tmp_path / "missing") in str(info.value)
    assert "test_readers.py" in str(info.value)


def test_records_before_a_bad_one_are_delivered(tmp_path: Path) -> None:
    path = str(tmp_path / "records")
    with tf.python_io.TFRecordWriter(path) as writer:
        for text in [b"one", b"two", b"three"]:
            writer.write(text)
    data = bytearray(Path(path).read_bytes())
    data[-1] ^= 1
    Path(path).write_bytes(bytes(data))
    queue, put = names_of([path])
    records = tf.TFRecordReader().read_up_to(queue, 10)
    with tf.Session() as session:
        session.run(put)
        assert session.run(records).values.tolist() == [b"one", b"two"]
        with pytest.raises(tf.errors.DataLossError, match="corrupted record at 50"):
            session.run(records)


def test_a_file_shorter_than_its_header_is_data_lost(tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(b"H")
    queue, put = names_of([str(tmp_path / "short")])
    record = tf.FixedLengthRecordReader(2, header_bytes=2).read(queue)
    with tf.Session() as session:
        session.run(put)
        with pytest.raises(tf.errors.DataLossError, match="1 bytes, less than header_bytes=2"):
            session.run(record)


def test_the_state_of_a_reader_is_saved_and_restored() -> None:
    queue, put = names_of(["a", "b", "c"])
    reader = tf.IdentityReader()
    state = tf.placeholder(tf.string, [])
    key, _ = reader.read(queue)
    save, restore, reset = reader.serialize_state(), reader.restore_state(state), reader.reset()
    count = reader.num_records_produced()
    with tf.Session() as session:
        session.run(put)
        assert session.run(key) == b"a"
        saved = session.run(save)
        assert saved == b'\x08\x01\x10\x01\x18\x01"\x01a'  # as TensorFlow writes it
        session.run(reset)
        assert session.run(count) == 0
        session.run(restore, {state: saved})
        assert session.run(count) == 1
        assert session.run(key) == b"b"
        with pytest.raises(tf.errors.InvalidArgumentError, match="not the state of a reader"):
            session.run(restore, {state: b"\x22\x09a"})


def test_states_survive_being_strings() -> None:
    for state in [ReaderState(0, 0, 0, b""), ReaderState(300, 299, 1 << 40, b"x" * 200)]:
        assert decode(encode(state)) == state


def test_the_state_within_a_file_cannot_be_saved() -> None:
    with pytest.raises(tf.errors.UnimplementedError, match="place inside a file"):
        tf.Session().run(tf.TextLineReader().serialize_state())


def test_a_queue_of_something_else_is_refused() -> None:
    queue = tf.FIFOQueue(3, [tf.int32], [[]])
    with pytest.raises(tf.errors.InvalidArgumentError, match="single string component"):
        tf.Session().run(tf.IdentityReader().read(queue))


def test_looking_ahead_consumes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"".join(b"%d\n" % i for i in range(50_000)))
    reader = hooks.call("new_reader", "TextLineReader", skip_header_lines=0)
    work = iter([os.fsencode(path)])
    assert reader.ahead(10) == []  # no file is open
    assert reader.read(lambda: next(work)) == (b"%b:1" % os.fsencode(path), b"0")
    seen = 1
    while lines := reader.ahead(1000):
        assert lines == [b"%d" % i for i in range(seen, seen + len(lines))]
        assert reader.records_produced == seen
        reader.advance(len(lines))
        seen += len(lines)
    assert (seen, reader.work_finished) == (50_000, 1)
