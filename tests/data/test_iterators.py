"""Iterators: made, begun, begun again, fed by name, saved."""

from __future__ import annotations

import pickle
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tidefall as tf


def rest(session: Any, following: Any) -> list[Any]:
    """What is left of a pass."""
    found = []
    while True:
        try:
            found.append(np.asarray(session.run(following)).tolist())
        except tf.errors.OutOfRangeError:
            return found


def test_an_initializable_iterator_begins_again_with_what_is_fed() -> None:
    limit = tf.placeholder(tf.int64, [])
    iterator = tf.data.Dataset.range(limit).make_initializable_iterator()
    following = iterator.get_next()
    with tf.Session() as session:
        for count in (3, 2):
            session.run(iterator.initializer, {limit: count})
            assert rest(session, following) == list(range(count))


def test_an_iterator_that_was_not_begun_says_what_to_run() -> None:
    iterator = tf.data.Dataset.range(3).make_initializable_iterator()
    following = iterator.get_next()
    with tf.Session() as session, pytest.raises(tf.errors.FailedPreconditionError, match="initial"):
        session.run(following)


def test_a_reinitializable_iterator_takes_several_datasets() -> None:
    iterator = tf.data.Iterator.from_structure(tf.int64, [])
    first = iterator.make_initializer(tf.data.Dataset.range(2))
    second = iterator.make_initializer(tf.data.Dataset.range(5, 8), name="second")
    following = iterator.get_next()
    assert second.name == "second"
    with tf.Session() as session:
        session.run(first)
        assert rest(session, following) == [0, 1]
        session.run(second)
        assert rest(session, following) == [5, 6, 7]


def test_another_structure_is_refused() -> None:
    iterator = tf.data.Iterator.from_structure(tf.int64, [])
    with pytest.raises(TypeError, match="types"):
        iterator.make_initializer(tf.data.Dataset.from_tensors(1.0))
    with pytest.raises(TypeError, match="shapes"):
        iterator.make_initializer(tf.data.Dataset.range(4).batch(2))


def test_a_feedable_iterator_reads_the_iterator_that_is_fed() -> None:
    handle = tf.placeholder(tf.string, [])
    following = tf.data.Iterator.from_string_handle(handle, tf.int64, []).get_next()
    small = tf.data.Dataset.range(3).make_one_shot_iterator()
    large = tf.data.Dataset.range(100, 103).make_initializable_iterator()
    with tf.Session() as session:
        names = session.run([small.string_handle(), large.string_handle()])
        session.run(large.initializer)
        taken = [session.run(following, {handle: names[i]}) for i in (0, 1, 0, 1)]
        assert taken == [0, 100, 1, 101]
        with pytest.raises(tf.errors.InvalidArgumentError, match="names no iterator"):
            session.run(following, {handle: "something"})


def test_iterators_of_one_shared_name_are_one() -> None:
    first = tf.data.Dataset.range(4).make_initializable_iterator(shared_name="s")
    second = tf.data.Iterator.from_structure(tf.int64, [], shared_name="s")
    values = first.get_next(), second.get_next()
    with tf.Session() as session:
        session.run(first.initializer)
        assert [session.run(values[0]), session.run(values[1])] == [0, 1]


def test_sessions_have_iterators_of_their_own() -> None:
    following = tf.data.Dataset.range(3).make_one_shot_iterator().get_next()
    with tf.Session() as first, tf.Session() as second:
        assert [first.run(following), first.run(following), second.run(following)] == [0, 1, 0]


def test_one_shot_iterators_refuse_what_cannot_be_copied() -> None:
    limit = tf.placeholder(tf.int64, [], name="limit")
    with pytest.raises(ValueError, match="placeholder 'limit'"):
        tf.data.Dataset.range(limit).make_one_shot_iterator()
    variable = tf.Variable(1, dtype=tf.int64)
    with pytest.raises(ValueError, match="make_initializable_iterator"):
        tf.data.Dataset.range(3).map(lambda x: x + variable).make_one_shot_iterator()
    with pytest.raises(ValueError, match="no initializer"):
        _ = tf.data.Dataset.range(3).make_one_shot_iterator().initializer


def test_a_function_reads_variables_as_its_kind_of_variable_does() -> None:
    resource = tf.get_variable("r", initializer=np.int64(10), use_resource=True)
    reference = tf.Variable(np.int64(1))
    dataset = tf.data.Dataset.range(3).map(lambda x: x + resource + reference)
    iterator = dataset.make_initializable_iterator()
    following = iterator.get_next()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(iterator.initializer)
        assert session.run(following) == 11
        session.run([resource.assign(20), reference.assign(5)])
        # The resource is read for each element, the reference when the iterator began.
        assert session.run(following) == 22


def test_two_get_nexts_of_one_run_take_two_elements() -> None:
    iterator = tf.data.Dataset.range(10).make_one_shot_iterator()
    pair = iterator.get_next(), iterator.get_next()
    with tf.Session() as session:
        assert sorted(session.run(pair)) == [0, 1]
        assert sorted(session.run(pair)) == [2, 3]


def test_what_is_fetched_belongs_to_the_program() -> None:
    iterator = tf.data.Dataset.from_tensors(np.zeros(3)).repeat().make_one_shot_iterator()
    following = iterator.get_next()
    with tf.Session() as session:
        session.run(following)[:] = 7
        assert session.run(following).tolist() == [0, 0, 0]


PIPELINES = {
    "slices": lambda: tf.data.Dataset.from_tensor_slices(np.arange(40)).batch(3),
    "shuffled slices": lambda: (
        tf.data.Dataset.from_tensor_slices(np.arange(40)).shuffle(7, seed=1).batch(3)
    ),
    "shuffled numbers": lambda: tf.data.Dataset.range(40).shuffle(7, seed=1).repeat(2).batch(3),
    "reshuffled": lambda: tf.data.Dataset.range(40).shuffle(7, seed=1).batch(3).repeat(2),
    "mapped": lambda: tf.data.Dataset.range(40).map(lambda x: x * x).skip(2).take(30).shard(2, 1),
    "flat": lambda: tf.data.Dataset.range(9).flat_map(lambda n: tf.data.Dataset.range(n)),
    "turns": lambda: tf.data.Dataset.range(9).interleave(
        lambda n: tf.data.Dataset.range(n), cycle_length=3
    ),
    "ahead": lambda: tf.data.Dataset.range(40).batch(2).prefetch(3),
    "kept": lambda: tf.data.Dataset.range(10).cache().repeat(3),
    "windows": lambda: (
        tf.data.Dataset.range(20).window(3, 1).flat_map(lambda window: window.batch(3))
    ),
    "scan": lambda: tf.data.Dataset.range(20).apply(
        tf.data.experimental.scan(np.int64(0), lambda s, x: (s + x, s))
    ),
    "generated": lambda: tf.data.Dataset.from_generator(
        lambda: iter(range(12)), tf.int32, []
    ).repeat(2),
    "grouped": lambda: tf.data.Dataset.range(30).apply(
        tf.data.experimental.group_by_window(
            lambda x: x % 3, lambda key, window: window.map(lambda x: x + key), 4
        )
    ),
    "reduced": lambda: tf.data.Dataset.range(30).apply(
        tf.data.experimental.group_by_reducer(
            lambda x: x % 7,
            tf.data.experimental.Reducer(lambda key: key, lambda s, x: s + x, lambda s: s),
        )
    ),
    "buckets": lambda: (
        tf.data.Dataset.range(30)
        .map(lambda x: tf.fill([x % 7 + 1], x))
        .apply(
            tf.data.experimental.bucket_by_sequence_length(
                lambda x: tf.shape(x)[0], [3, 5], [2, 3, 2]
            )
        )
    ),
    "sparse": lambda: (
        tf.data.Dataset.range(1, 20)
        .map(lambda x: tf.SparseTensor([[x - 1]], [x], [x]))
        .batch(2)
        .map(lambda s: tf.sparse.to_dense(s))
    ),
    "shuffled batches": lambda: tf.data.Dataset.range(100).shuffle(20, seed=1).repeat(2).batch(7),
    "unique": lambda: (
        tf.data.Dataset.range(40).map(lambda x: x % 9).apply(tf.data.experimental.unique())
    ),
    "sampled": lambda: tf.data.experimental.sample_from_datasets(
        [tf.data.Dataset.range(10), tf.data.Dataset.range(10, 20)], seed=3
    ),
    "resampled": lambda: (
        tf.data.Dataset.range(60)
        .map(lambda x: x % 2)
        .apply(
            tf.data.experimental.rejection_resample(
                lambda x: tf.cast(x, tf.int32), [0.4, 0.6], [0.5, 0.5], seed=3
            )
        )
        .map(lambda number, x: x * 10 + tf.cast(number, tf.int64))
    ),
    "padded": lambda: (
        tf.data.Dataset.range(20)
        .map(lambda x: tf.fill([x], x))
        .shuffle(4, seed=2)
        .padded_batch(4, [None])
    ),
}


@pytest.mark.parametrize("name", PIPELINES)
def test_a_pass_goes_on_where_its_state_was_saved(name: str) -> None:
    check_state(PIPELINES[name]())


def test_a_pass_over_files_goes_on(tmp_path: Path) -> None:
    lines, database = tmp_path / "lines", tmp_path / "database"
    lines.write_text("".join(f"{number}\n" for number in range(20)))
    with sqlite3.connect(database) as made:
        made.execute("CREATE TABLE t (x INTEGER)")
        made.executemany("INSERT INTO t VALUES (?)", [(number,) for number in range(20)])
    made.close()
    check_state(tf.data.TextLineDataset([str(lines)] * 2).batch(3))
    query = ("sqlite", str(database), "SELECT x FROM t", tf.int64)
    check_state(tf.data.experimental.SqlDataset(*query).repeat(2))
    cached = tf.data.Dataset.range(20).cache(str(tmp_path / "cache"))
    check_state(cached.repeat(2))
    check_state(cached.shuffle(5, seed=1))


def check_state(dataset: Any) -> None:
    """Saves the state of a pass, goes on, and goes on from there once more."""
    iterator = dataset.make_initializable_iterator()
    following = iterator.get_next()
    saved = tf.raw_ops.SerializeIterator(resource_handle=iterator._iterator_resource)
    value = tf.placeholder(tf.variant, [])
    restored = tf.raw_ops.DeserializeIterator(
        resource_handle=iterator._iterator_resource, serialized=value
    )
    with tf.Session() as session:
        session.run(iterator.initializer)
        for _ in range(4):
            session.run(following)
        state = pickle.loads(pickle.dumps(session.run(saved)))
        expected = rest(session, following)
    with tf.Session() as session:
        session.run(iterator.initializer)
        session.run(restored, {value: state})
        assert rest(session, following) == expected
    assert expected


def test_errors_name_the_operation_in_the_function_and_the_pass_goes_on() -> None:
    rows = tf.data.Dataset.from_tensor_slices(np.array([4, 0, 2], np.int32))
    following = rows.map(lambda x: 8 // x).make_one_shot_iterator().get_next()
    with tf.Session() as session:
        assert session.run(following) == 2
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"rows\.map") as caught:
            session.run(following)
        assert "FloorDiv" in str(caught.value)
        assert session.run(following) == 4


def test_optionals_tell_the_end() -> None:
    iterator = tf.data.Dataset.range(1).make_one_shot_iterator()
    optional = tf.data.experimental.get_next_as_optional(iterator)
    present, value = optional.has_value(), optional.get_value()
    with tf.Session() as session:
        assert session.run([present, value]) == [True, 0]
        assert not session.run(present)
        with pytest.raises(tf.errors.InvalidArgumentError, match="no value"):
            session.run(value)


@pytest.mark.parametrize(
    ("make", "size"),
    [
        (lambda: tf.data.Dataset.range(10).batch(3), 4),
        (lambda: tf.data.Dataset.range(10).batch(3, drop_remainder=True).repeat(2), 6),
        (lambda: tf.data.Dataset.range(3).repeat(), -1),
        (lambda: tf.data.Dataset.range(3).filter(lambda x: x > 1), -2),
        (
            lambda: (
                tf.data.Dataset.range(7)
                .map(lambda x: tf.fill([x], x))
                .apply(tf.data.experimental.dense_to_sparse_batch(3, [None]))
            ),
            3,
        ),
        (
            lambda: tf.data.Dataset.from_sparse_tensor_slices(
                tf.SparseTensor([[0, 0]], [1.0], [4, 2])
            ),
            4,
        ),
        (lambda: tf.data.Dataset.range(10).skip(4).take(9).shard(4, 1), 2),
    ],
)
def test_cardinality(make: Any, size: int) -> None:
    with tf.Session() as session:
        assert session.run(tf.data.experimental.cardinality(make())) == size


def test_a_reduction_and_a_single_element() -> None:
    numbers = tf.data.Dataset.range(5)
    total = numbers.reduce(np.int64(0), lambda s, x: s + x)
    only = tf.data.experimental.get_single_element(numbers.skip(4))
    two = tf.data.experimental.get_single_element(numbers.skip(3))
    with tf.Session() as session:
        assert session.run([total, only]) == [10, 4]
        with pytest.raises(tf.errors.InvalidArgumentError, match="more than one"):
            session.run(two)
