"""Threads that fill queues move many records at once, and nobody can tell."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tidefall.executor.columns import Columns, NoColumnsError
from tidefall.executor.read_ahead import ReadAhead


def lines_of(path: Path, lines: list[str], name: str = "data.csv") -> str:
    file = path / name
    file.write_text("".join(f"{line}\n" for line in lines))
    return str(file)


def pipeline(files: list[str], width: int = 2, **options: Any) -> tuple[Any, Any]:
    """The elements of CSV files in a queue, one at a time, and the reader."""
    names = tf.train.string_input_producer(files, num_epochs=1, shuffle=False)
    reader = tf.TextLineReader(**options)
    _, line = reader.read(names)
    fields = tf.decode_csv(line, [[0.0]] * width)
    queue = tf.FIFOQueue(7, [tf.float32, tf.float32], shapes=[[width], []])
    enqueue = queue.enqueue([tf.stack(fields), fields[0] * 2.0 + 1.0])
    tf.train.add_queue_runner(tf.train.QueueRunner(queue, [enqueue]))
    return queue, reader


def drained(sess: tf.Session, value: Any) -> tuple[list[Any], Exception | None]:
    """What a queue gives until it ends, and what the coordinator says then."""
    sess.run(tf.local_variables_initializer())
    coord = tf.train.Coordinator()
    threads = tf.train.start_queue_runners(sess, coord)
    found = []
    try:
        while True:
            found.append(sess.run(value))
    except tf.errors.OutOfRangeError:
        coord.request_stop()
    try:
        coord.join(threads)
    except tf.errors.OpError as error:
        return found, error
    return found, None


@pytest.fixture
def moves(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Notes which turns of the threads moved many records."""
    noted: list[bool] = []
    original = ReadAhead.move

    def move(self: ReadAhead) -> bool:
        noted.append(original(self))
        return noted[-1]

    monkeypatch.setattr(ReadAhead, "move", move)
    return noted


def test_the_order_is_that_of_single_runs(tmp_path: Path, moves: list[bool]) -> None:
    files = [
        lines_of(tmp_path, [f"{i},{i * 10}" for i in range(start, start + 2000)], f"{start}.csv")
        for start in (0, 2000, 4000)
    ]
    queue, reader = pipeline(files)
    with tf.Session() as sess:
        found, error = drained(sess, queue.dequeue())
        assert error is None
        assert sess.run(reader.num_records_produced()) == 6000
        assert sess.run(reader.num_work_units_completed()) == 3
    assert [pair.tolist() for pair, _ in found] == [[i, i * 10] for i in range(6000)]
    assert [float(value) for _, value in found] == [i * 2 + 1 for i in range(6000)]
    assert moves.count(True) > 10
    assert moves.count(False) < 20


def test_what_is_read_ahead_is_not_yet_read(tmp_path: Path) -> None:
    queue, reader = pipeline([lines_of(tmp_path, [f"{i},0" for i in range(100)])])
    produced = reader.num_records_produced()
    with tf.Session() as sess:
        sess.run(tf.local_variables_initializer())
        coord = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(sess, coord)
        end = time.monotonic() + 5
        while sess.run(queue.size()) < 7:
            assert time.monotonic() < end
        time.sleep(0.02)
        assert sess.run(produced) in (7, 8)
        coord.request_stop()
        coord.join(threads)
        assert sess.run(produced) in (7, 8)


def test_another_run_may_read_in_between(tmp_path: Path) -> None:
    names = tf.train.string_input_producer(
        [lines_of(tmp_path, [str(i) for i in range(3000)])], num_epochs=1, shuffle=False
    )
    reader = tf.TextLineReader()
    number = tf.decode_csv(reader.read(names)[1], [[0]])[0]
    value = tf.train.batch([number], 10, capacity=50)
    _, other = reader.read(names)
    seen: list[int] = []
    with tf.Session() as sess:
        sess.run(tf.local_variables_initializer())
        coord = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(sess, coord)
        for _ in range(100):
            seen += sess.run(value).tolist()
            seen.append(int(sess.run(other)))
        while len(seen) < 2950:
            seen += sess.run(value).tolist()
        coord.request_stop()
        coord.join(threads)
    assert len(set(seen)) == len(seen)
    assert set(seen) >= set(range(2900))


def test_a_line_that_is_wrong_fails_when_its_turn_comes(tmp_path: Path) -> None:
    lines = [f"{i},{i}" for i in range(500)]
    lines[300] = "300"
    queue, _ = pipeline([lines_of(tmp_path, lines)])
    with tf.Session() as sess:
        found, error = drained(sess, queue.dequeue())
    assert [int(pair[0]) for pair, _ in found] == [*range(300)]
    assert isinstance(error, tf.errors.InvalidArgumentError)
    assert "test_read_ahead.py" in str(error)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    queue, _ = pipeline([lines_of(tmp_path, ["1,2"]), str(tmp_path / "none.csv")])
    with tf.Session() as sess:
        found, error = drained(sess, queue.dequeue())
    assert len(found) == 1
    assert isinstance(error, tf.errors.NotFoundError)
    assert "none.csv" in str(error)


@pytest.mark.parametrize("threads", [1, 4])
def test_shuffled_batches_hold_every_row_once(tmp_path: Path, threads: int) -> None:
    names = tf.train.string_input_producer(
        [lines_of(tmp_path, [f"{i}" for i in range(1003)])], num_epochs=2
    )
    (number,) = tf.decode_csv(tf.TextLineReader().read(names)[1], [[0]])
    value = tf.train.shuffle_batch(
        [number], 50, 200, 100, threads, seed=1, allow_smaller_final_batch=True
    )
    with tf.Session() as sess:
        found, error = drained(sess, value)
    assert error is None
    assert sorted(np.concatenate(found).tolist()) == sorted([*range(1003)] * 2)


def columns(build: Any, value: str, count: int = 3) -> None:
    """Holds the columns of what ``build`` makes of a line against single runs."""
    line = tf.placeholder(tf.string, [])
    results = build(line)
    results = results if isinstance(results, list) else [results]
    texts = np.empty(count, object)
    texts[:] = [value.replace("#", str(i)).encode() for i in range(count)]
    with tf.Session() as sess:
        singles = [sess.run(results, {line: text}) for text in texts]
    found = Columns(line, results).compute(texts)
    for index, column in enumerate(found):
        expected = np.stack([single[index] for single in singles])
        assert column.dtype == expected.dtype
        assert column.shape == expected.shape
        assert column.tolist() == expected.tolist()


def fields(line: Any) -> Any:
    return tf.decode_csv(line, [[0.0], [0.0], [0]])


@pytest.mark.parametrize(
    "build",
    [
        fields,
        lambda line: tf.stack(fields(line)[:2]),
        lambda line: tf.stack([tf.stack(fields(line)[:2]), [1.0, 2.0]], axis=-1),
        lambda line: tf.concat([tf.stack(fields(line)[:2]), [7.0]], 0),
        lambda line: tf.concat([tf.stack([fields(line)[:2]]), [[7.0]]], -1),
        lambda line: tf.stack(fields(line)[:2]) * [1.0, 2.0] + [[1.0], [3.0]],
        lambda line: tf.reshape(tf.stack(fields(line)[:2]), [2, -1]),
        lambda line: tf.expand_dims(tf.expand_dims(fields(line)[0], 0), -1),
        lambda line: tf.squeeze(tf.reshape(tf.stack(fields(line)[:2]), [1, 2, 1])),
        lambda line: tf.squeeze(tf.reshape(tf.stack(fields(line)[:2]), [1, 2, 1]), [0]),
        lambda line: tf.one_hot(fields(line)[2], 4),
        lambda line: tf.gather([5.0, 6.0, 7.0, 8.0], fields(line)[2]),
        lambda line: tf.stack(fields(line)[:2])[1:],
        lambda line: tf.stack(fields(line)[:2])[::-1],
        lambda line: tf.stack(fields(line)[:2])[0],
        lambda line: tf.stack(fields(line)[:2])[tf.newaxis, ..., 1],
        lambda line: tf.cast(fields(line)[0], tf.int64) + 5,
        lambda line: tf.exp(fields(line)[1]) - tf.sqrt(tf.abs(fields(line)[0])),
        lambda line: tf.decode_raw(line, tf.uint8),
    ],
)
def test_columns_are_stacked_rows(build: Any) -> None:
    columns(build, "#.5,-#,#")
    columns(build, "#.25,1,#", count=1)


@pytest.mark.parametrize(
    "build",
    [
        lambda line: tf.py_func(lambda x: x, [line], tf.string),
        lambda line: tf.random_normal([]) + fields(line)[0],
        lambda line: tf.Variable(1.0) + fields(line)[0],
        lambda line: tf.placeholder(tf.float32, []) + fields(line)[0],
        lambda line: tf.constant(1.0),
        lambda line: tf.reduce_sum(tf.stack(fields(line)[:2])),
    ],
)
def test_what_has_no_columns(build: Any) -> None:
    line = tf.placeholder(tf.string, [])
    with pytest.raises(NoColumnsError):
        Columns(line, [build(line)])


def test_control_inputs_have_no_columns() -> None:
    line = tf.placeholder(tf.string, [])
    with tf.control_dependencies([tf.no_op()]):
        result = tf.identity(line)
    with pytest.raises(NoColumnsError):
        Columns(line, [result])
