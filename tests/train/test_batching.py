"""`tf.train.batch` and its kin, buckets and producers, run with their threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tidefall as tf


def drained(fetches: Any) -> list[Any]:
    """All batches, until the input ends."""
    found = []
    with tf.Session() as sess:
        sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        coord = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(sess, coord)
        try:
            while True:
                found.append(sess.run(fetches))
        except tf.errors.OutOfRangeError:
            coord.request_stop()
        coord.join(threads)
    return found


def rows(count: int, epochs: int = 1) -> Any:
    return tf.train.range_input_producer(count, epochs, shuffle=False).dequeue()


def test_the_last_batch_may_be_smaller_or_is_dropped() -> None:
    row = rows(10)
    assert [len(each) for each in drained(tf.train.batch([row], 4))] == [4, 4]
    with tf.Graph().as_default():
        batch = tf.train.batch([rows(10)], 4, allow_smaller_final_batch=True)
        assert [each.tolist() for each in drained(batch)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_dictionaries() -> None:
    row = rows(4)
    batch = tf.train.batch({"row": row, "twice": row * 2}, 2)
    assert drained(batch)[1]["twice"].tolist() == [4, 6]
    with tf.Graph().as_default():
        (single,) = drained(tf.train.batch({"row": rows(2)}, 2))
        assert single["row"].tolist() == [0, 1]


def test_many_at_once() -> None:
    row = rows(6)
    many = tf.stack([row * 10, row * 10 + 1, row * 10 + 2])
    batches = drained(tf.train.batch([many], 4, enqueue_many=True))
    assert np.concatenate(batches).tolist()[:5] == [0, 1, 2, 10, 11]


def test_padding() -> None:
    row = rows(4)
    batches = drained(tf.train.batch([tf.range(row)], 2, dynamic_pad=True))
    assert [each.tolist() for each in batches] == [[[0], [0]], [[0, 1, 0], [0, 1, 2]]]


def test_only_some_elements_are_kept() -> None:
    row = rows(20)
    batches = drained(tf.train.maybe_batch([row], tf.equal(row % 3, 0), 2))
    assert np.concatenate(batches).tolist() == [0, 3, 6, 9, 12, 15]
    with tf.Graph().as_default():
        row = rows(5)
        many = tf.stack([row, row + 100])
        batches = drained(tf.train.maybe_batch([many], many >= 100, 1, enqueue_many=True))
        assert np.concatenate(batches).tolist() == [100, 101, 102, 103, 104]
    with tf.Graph().as_default():
        row = rows(20)
        batches = drained(
            tf.train.maybe_shuffle_batch(
                [row], 5, 12, 4, row >= 10, seed=1, allow_smaller_final_batch=True
            )
        )
        assert sorted(np.concatenate(batches).tolist()) == [*range(10, 20)]


def test_several_sources() -> None:
    lists = [[rows(7), tf.constant(index)] for index in range(3)]
    found = drained(tf.train.batch_join(lists, 3))
    pairs = [
        (int(a), int(b)) for first, second in found for a, b in zip(first, second, strict=True)
    ]
    assert sorted(pairs) == [(row, index) for row in range(7) for index in range(3)]
    with tf.Graph().as_default():
        lists = [[rows(6)], [rows(6) + 10]]
        found = drained(tf.train.shuffle_batch_join(lists, 4, 20, 5, seed=1))
        assert sorted(np.concatenate(found).tolist()) == [*range(6), *range(10, 16)]


def test_rows_of_several_arrays_stay_together() -> None:
    x = np.arange(12, dtype=np.float32).reshape(6, 2)
    first, second = tf.train.slice_input_producer([x, np.arange(6)], 2, seed=3)
    found = drained([first, second])
    assert sorted(int(number) for _, number in found) == sorted([*range(6)] * 2)
    assert all(pair.tolist() == x[int(number)].tolist() for pair, number in found)


def test_an_empty_list_of_files() -> None:
    with pytest.raises(ValueError, match="requires a non-null input tensor"):
        tf.train.string_input_producer([])
    names = tf.placeholder_with_default(tf.constant([], tf.string), [None])
    value = tf.train.string_input_producer(names).dequeue()
    with tf.Session() as sess:
        coord = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(sess, coord)
        with pytest.raises(tf.errors.OutOfRangeError):
            sess.run(value)
        with pytest.raises(tf.errors.InvalidArgumentError, match="non-null input"):
            coord.join(threads)


def test_wrong_arguments() -> None:
    unknown = tf.placeholder(tf.float32, None)
    wrong: list[tuple[Any, Any, str]] = [
        (lambda: tf.train.batch([], 3), ValueError, "at least one tensor"),
        (lambda: tf.train.batch([unknown], 3), ValueError, "the rank of"),
        (lambda: tf.train.batch_join([], 3), ValueError, "at least one list"),
        (lambda: tf.train.batch_join([[1], [2.0]], 3), TypeError, "must have the same dtypes"),
        (lambda: tf.train.batch_join([{"a": 1}, {"b": 1}], 3), ValueError, "the same keys"),
        (lambda: tf.train.shuffle_batch([1], 2, 5, 5), ValueError, "must be larger than"),
        (lambda: tf.train.maybe_batch([1], [True], 2), ValueError, "must be one truth value"),
        (lambda: tf.train.limit_epochs(1, 0), ValueError, "must be positive"),
        (lambda: tf.train.input_producer(unknown), ValueError, "must be known"),
        (lambda: tf.train.slice_input_producer([]), ValueError, "at least one tensor"),
    ]
    for build, error, message in wrong:
        with pytest.raises(error, match=message):
            build()


def test_epochs_are_counted_in_each_session() -> None:
    value = tf.train.limit_epochs(tf.constant(5), 2)
    for _ in range(2):
        with tf.Session() as sess:
            sess.run(tf.local_variables_initializer())
            assert [sess.run(value), sess.run(value)] == [5, 5]
            with pytest.raises(tf.errors.OutOfRangeError):
                sess.run(value)


def test_buckets_hold_sequences_of_similar_lengths() -> None:
    length = rows(12)
    lengths, found = tf.contrib.training.bucket_by_sequence_length(
        length, [tf.range(length)], 2, [4, 8], dynamic_pad=True, allow_smaller_final_batch=True
    )
    batches = drained([lengths, found[0] if isinstance(found, list) else found])
    seen = []
    for sizes, sequences in batches:
        assert len({0 if size < 4 else 1 if size < 8 else 2 for size in sizes}) == 1
        assert sequences.shape == (len(sizes), max(sizes))
        seen += sizes.tolist()
    assert sorted(seen) == [*range(12)]


def test_buckets_by_number() -> None:
    row = rows(9)
    which, (value, text) = tf.contrib.training.bucket(
        [row, tf.as_string(row)], row % 3, [1, 2, 3], 3
    )
    found: dict[int, list[int]] = {}
    for number, values, texts in drained([which, value, text]):
        assert len(values) == number + 1
        assert set(values % 3) == {number}
        assert [int(each) for each in texts] == values.tolist()
        found.setdefault(int(number), []).extend(values.tolist())
    assert found == {0: [0, 3, 6], 1: [1, 4], 2: [2, 5, 8]}
    with pytest.raises(ValueError, match="one item for each of 3 buckets"):
        tf.contrib.training.bucket([row], row, [1, 2], 3)
    with pytest.raises(ValueError, match="must increase"):
        tf.contrib.training.bucket_by_sequence_length(row, [row], 1, [3, 3])


def test_sparse_tensors() -> None:
    row = rows(6)
    sparse = tf.SparseTensor(
        tf.expand_dims(tf.range(tf.cast(row, tf.int64)), -1),
        tf.fill([row], row),
        tf.cast(tf.stack([row + 1]), tf.int64),
    )
    found = drained(tf.train.batch([row, sparse], 3))
    (first, values), (second, more) = found
    assert first.tolist() == [0, 1, 2]
    assert values.dense_shape.tolist() == [3, 3]
    assert values.indices.tolist() == [[1, 0], [2, 0], [2, 1]]
    assert values.values.tolist() == [1, 2, 2]
    assert second.tolist() == [3, 4, 5]
    assert more.values.tolist() == [3] * 3 + [4] * 4 + [5] * 5


def test_sparse_tensors_of_many_elements_and_of_some() -> None:
    row = rows(4)
    keep = tf.equal(row % 2, 0)
    sparse = tf.SparseTensor([[0, 1], [1, 0], [1, 1]], tf.stack([row, row, row]), [2, 2])
    batches = drained(tf.train.maybe_batch([sparse], keep, 2, enqueue_many=True))
    assert [each.values.tolist() for each in batches] == [[0, 0, 0], [2, 2, 2]]
    assert batches[0].indices.tolist() == [[0, 1], [1, 0], [1, 1]]
    with tf.Graph().as_default():
        row = rows(3)
        sparse = tf.SparseTensor([[0, 1], [1, 0], [1, 1]], tf.stack([row, row, row]), [2, 2])
        which = tf.constant([False, True])
        batches = drained(tf.train.maybe_batch([sparse], which, 1, enqueue_many=True))
        assert [each.values.tolist() for each in batches] == [[0, 0], [1, 1], [2, 2]]


def test_sparse_tensors_of_several_sources() -> None:
    lists = [[tf.SparseTensor([[0]], tf.stack([rows(5) + 10 * index]), [2])] for index in range(3)]
    batches = drained(tf.train.batch_join(lists, 3))
    values = np.concatenate([each.values for each in batches])
    assert sorted(values.tolist()) == [10 * index + row for index in range(3) for row in range(5)]
    with pytest.raises(ValueError, match="in different places"):
        tf.train.batch_join([[lists[0][0]], [tf.constant(1)]], 2)
