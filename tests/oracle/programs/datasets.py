"""Pipelines of `tf.data`: each function makes one; its graph and its elements are recorded."""

from __future__ import annotations

import atexit
import inspect
import os
import shutil
import sqlite3
import tempfile
from typing import Any

import numpy as np

#: Elements that are taken of each.
MOST = 40


def slices(tf: Any) -> Any:
    rows = np.arange(12, dtype=np.float32).reshape(6, 2)
    return tf.data.Dataset.from_tensor_slices((rows, {"b": np.arange(6), "a": ["x"] * 6}))


def tensors(tf: Any) -> Any:
    return tf.data.Dataset.from_tensors({"x": [1, 2], "y": tf.constant(3.5)}).repeat(2)


def ranges(tf: Any) -> Any:
    return tf.data.Dataset.range(10, 0, -3).concatenate(tf.data.Dataset.range(3))


def mapped(tf: Any) -> Any:
    scale = tf.constant([1.0, 2.0])
    data = tf.data.Dataset.range(5).map(lambda x: tf.cast(x, tf.float32) * scale)
    return data.map(lambda v: (v, {"sum": tf.reduce_sum(v)}), num_parallel_calls=2)


def filtered(tf: Any) -> Any:
    data = tf.data.Dataset.range(20).filter(lambda x: tf.equal(x % 3, 0))
    return data.take(5).skip(1).enumerate(7)


def batches(tf: Any) -> Any:
    data = tf.data.Dataset.range(11)
    return tf.data.Dataset.zip((data.batch(3), data.batch(3, drop_remainder=True)))


def batches_of_batches(tf: Any) -> Any:
    return tf.data.Dataset.range(12).batch(2).batch(2).prefetch(1)


def padded(tf: Any) -> Any:
    data = tf.data.Dataset.range(1, 6).map(lambda x: (tf.fill([x], x), tf.fill([x % 2], "t")))
    return data.padded_batch(2, ([None], [None]), (np.int64(-1), "none"))


def padded_to_a_shape(tf: Any) -> Any:
    data = tf.data.Dataset.range(1, 5).map(lambda x: tf.fill([x], x))
    return data.padded_batch(3, [6], drop_remainder=True)


def unbatched(tf: Any) -> Any:
    rows = tf.data.Dataset.range(7).batch(3).unbatch()
    return tf.data.Dataset.range(2).concatenate(rows)


def windows(tf: Any) -> Any:
    data = tf.data.Dataset.range(10).window(3, shift=2, stride=2)
    return data.flat_map(lambda window: window.batch(3))


def whole_windows(tf: Any) -> Any:
    data = tf.data.Dataset.range(10).window(3, shift=4, drop_remainder=True)
    return data.flat_map(lambda window: window.batch(3))


def flat_mapped(tf: Any) -> Any:
    return tf.data.Dataset.range(4).flat_map(
        lambda n: tf.data.Dataset.range(n).map(lambda i: i * n)
    )


def interleaved(tf: Any) -> Any:
    return tf.data.Dataset.range(1, 6).interleave(
        lambda n: tf.data.Dataset.from_tensors(n).repeat(n), cycle_length=3, block_length=2
    )


def interleaved_in_parallel(tf: Any) -> Any:
    return tf.data.Dataset.range(1, 6).interleave(
        lambda n: tf.data.Dataset.from_tensors(n).repeat(n), cycle_length=2, block_length=2,
        num_parallel_calls=2,
    )  # fmt: skip


def shuffled(tf: Any) -> Any:
    return tf.data.Dataset.range(20).shuffle(5, seed=3)


def shuffled_once(tf: Any) -> Any:
    data = tf.data.Dataset.range(12).shuffle(12, seed=8, reshuffle_each_iteration=False)
    return data.repeat(2)


def shuffled_and_repeated(tf: Any) -> Any:
    return tf.data.Dataset.range(10).shuffle(4, seed=1).repeat(3)


def shuffled_then_batched_and_repeated(tf: Any) -> Any:
    return tf.data.Dataset.range(10).shuffle(4, seed=1).batch(3).repeat(3)


def repeated_and_shuffled(tf: Any) -> Any:
    return tf.data.Dataset.range(10).repeat(2).shuffle(15, seed=1)


def shuffled_by_the_graphs_seed(tf: Any) -> Any:
    tf.set_random_seed(42)
    return tf.data.Dataset.range(15).shuffle(6).batch(2).shuffle(3)


def shuffle_and_repeat(tf: Any) -> Any:
    return tf.data.Dataset.range(7).apply(tf.data.experimental.shuffle_and_repeat(3, 4, seed=9))


def shuffled_elements_of_any_shape(tf: Any) -> Any:
    return tf.data.Dataset.range(1, 9).map(lambda x: tf.fill([x], x)).shuffle(3, seed=2)


def shuffled_twice(tf: Any) -> Any:
    data = tf.data.Dataset.from_tensor_slices(np.arange(25)).shuffle(10, seed=4)
    return data.shuffle(3, seed=5).batch(4)


def random_numbers(tf: Any) -> Any:
    data = tf.data.Dataset.range(3).map(lambda x: tf.random_uniform([2], seed=6))
    return tf.data.Dataset.zip((data.repeat(2), tf.data.experimental.RandomDataset(7)))


def random_numbers_by_the_graphs_seed(tf: Any) -> Any:
    tf.set_random_seed(3)
    return tf.data.Dataset.range(4).map(lambda x: tf.random_uniform([], maxval=10.0))


def sharded(tf: Any) -> Any:
    return tf.data.Dataset.range(10).shard(3, 1).cache().repeat(2)


def scanned(tf: Any) -> Any:
    scan = tf.data.experimental.scan(np.int64(1), lambda s, x: (s + x, (s, s * x)))
    return tf.data.Dataset.range(6).apply(scan)


def counted(tf: Any) -> Any:
    return tf.data.experimental.Counter(3, 4).take(5)


def grouped(tf: Any) -> Any:
    group = tf.data.experimental.group_by_window(
        lambda x: x % 3, lambda key, window: window.map(lambda x: (key, x)).batch(2), 4
    )
    return tf.data.Dataset.range(15).apply(group)


def grouped_by_sizes(tf: Any) -> Any:
    group = tf.data.experimental.group_by_window(
        lambda x: x % 2, lambda key, window: window.batch(9), window_size_func=lambda key: key + 2
    )
    return tf.data.Dataset.range(9).apply(group)


def reduced_by_key(tf: Any) -> Any:
    reducer = tf.data.experimental.Reducer(
        lambda key: (key, np.int64(0)),
        lambda state, x: (state[0], state[1] + x),
        lambda key, total: (key, total * 10),
    )
    group = tf.data.experimental.group_by_reducer(lambda x: x % 3, reducer)
    return tf.data.Dataset.range(10).apply(group)


def buckets(tf: Any) -> Any:
    data = tf.data.Dataset.range(1, 11).map(lambda x: tf.fill([(x * 7) % 10 + 1], x))
    return data.apply(
        tf.data.experimental.bucket_by_sequence_length(
            lambda x: tf.shape(x)[0], [3, 6], [2, 3, 2], padding_values=np.int64(-1)
        )
    )


def buckets_to_their_boundaries(tf: Any) -> Any:
    data = tf.data.Dataset.range(1, 8).map(lambda x: tf.fill([x], x))
    return data.apply(
        tf.data.experimental.bucket_by_sequence_length(
            lambda x: tf.shape(x)[0], [4, 9], [2, 2, 2], pad_to_bucket_boundary=True
        )
    )


def map_and_batch(tf: Any) -> Any:
    return tf.data.Dataset.range(7).apply(
        tf.data.experimental.map_and_batch(lambda x: x * x, 3, drop_remainder=True)
    )


def unique(tf: Any) -> Any:
    return tf.data.Dataset.range(12).map(lambda x: x % 5).apply(tf.data.experimental.unique())


def until(tf: Any) -> Any:
    return tf.data.Dataset.range(12).apply(tf.data.experimental.take_while(lambda x: x < 4))


def sampled(tf: Any) -> Any:
    parts = [tf.data.Dataset.range(10 * i, 10 * i + 6) for i in range(3)]
    return tf.data.experimental.sample_from_datasets(parts, [0.5, 0.3, 0.2], seed=11)


def chosen(tf: Any) -> Any:
    parts = [tf.data.Dataset.from_tensors(c).repeat(4) for c in "abc"]
    return tf.data.experimental.choose_from_datasets(parts, tf.data.Dataset.range(3).repeat(3))


def without_errors(tf: Any) -> Any:
    data = tf.data.Dataset.from_tensor_slices([1.0, 0.0, 4.0])
    data = data.map(lambda x: tf.check_numerics(1.0 / x, "infinite"))
    return data.apply(tf.data.experimental.ignore_errors())


def generated(tf: Any) -> Any:
    def pairs(count: Any) -> Any:
        for i in range(count):
            yield i, [float(i)] * i

    return tf.data.Dataset.from_generator(
        pairs, (tf.int64, tf.float32), ([], [None]), args=(np.int32(4),)
    )


def conditional(tf: Any) -> Any:
    data = tf.data.Dataset.range(5)
    return data.map(lambda x: tf.cond(x > 2, lambda: x * 10, lambda: -x))


def looping(tf: Any) -> Any:
    def powers(x: Any) -> Any:
        return tf.while_loop(lambda i, p: i < 3, lambda i, p: (i + 1, p * x), [0, x])[1]

    return tf.data.Dataset.range(4).map(powers)


def with_options(tf: Any) -> Any:
    options = tf.data.Options()
    options.experimental_deterministic = False
    options.experimental_optimization.map_fusion = True
    return tf.data.Dataset.range(3).with_options(options).map(lambda x: x + 1)


def without_rewrites(tf: Any) -> Any:
    options = tf.data.Options()
    options.experimental_optimization.apply_default_optimizations = False
    options.experimental_optimization.autotune = False
    return tf.data.Dataset.range(6).shuffle(3, seed=1).repeat(2).with_options(options)


def _sparse(tf: Any) -> Any:
    return tf.SparseTensor([[0, 1], [2, 0], [2, 3]], [1.5, 2.5, 3.5], [4, 5])


def sparse_tensors(tf: Any) -> Any:
    return tf.data.Dataset.from_tensors((_sparse(tf), {"a": [1, 2]})).repeat(2)


def sparse_value(tf: Any) -> Any:
    value = tf.SparseTensorValue([[0, 1]], np.array([b"x"], object), [2, 2])
    return tf.data.Dataset.from_tensors(value)


def sparse_slices(tf: Any) -> Any:
    return tf.data.Dataset.from_tensor_slices({"s": _sparse(tf), "d": [1, 2, 3, 4]})


def sparse_batches(tf: Any) -> Any:
    return tf.data.Dataset.from_tensor_slices(_sparse(tf)).batch(3)


def sparse_batches_of_batches(tf: Any) -> Any:
    return tf.data.Dataset.from_tensor_slices(_sparse(tf)).batch(2).batch(2)


def sparse_mapped(tf: Any) -> Any:
    def diagonal(n: Any) -> Any:
        places = tf.range(n)
        sizes = tf.stack([n, n])
        return tf.SparseTensor(tf.stack([places, places], 1), places * 2, sizes), n

    return tf.data.Dataset.range(3).map(diagonal).map(lambda s, n: (s, tf.sparse.to_dense(s)))


def sparse_filtered(tf: Any) -> Any:
    data = tf.data.Dataset.from_tensor_slices(_sparse(tf)).shuffle(4, seed=3)
    return data.filter(lambda s: tf.size(s.values) > 0).prefetch(2)


def sparse_unbatched(tf: Any) -> Any:
    data = tf.data.Dataset.from_tensors((_sparse(tf), [1, 2, 3, 4]))
    return data.apply(tf.data.experimental.unbatch())


def sparse_concatenated(tf: Any) -> Any:
    data = tf.data.Dataset.from_tensors(_sparse(tf))
    other = tf.SparseTensor([[0, 0]], [7.0], [2, 5])
    return data.concatenate(tf.data.Dataset.from_tensors(other))


def sparse_rows(tf: Any) -> Any:
    data = tf.data.Dataset.range(1, 6).map(lambda x: tf.fill([x, 2], x))
    return data.apply(tf.data.experimental.dense_to_sparse_batch(2, [6, None]))


def resampled(tf: Any) -> Any:
    data = tf.data.Dataset.range(60).map(lambda x: x % 3)
    resample = tf.data.experimental.rejection_resample(
        lambda x: tf.cast(x, tf.int32), [0.3, 0.3, 0.4], [0.4, 0.3, 0.3], seed=5
    )
    return data.apply(resample)


def resampled_to_one_class(tf: Any) -> Any:
    data = tf.data.Dataset.range(60).map(lambda x: x % 2)
    resample = tf.data.experimental.rejection_resample(
        lambda x: tf.cast(x, tf.int32), [0.0, 1.0], [0.5, 0.5], seed=5
    )
    return data.apply(resample)


def resampled_by_estimates(tf: Any) -> Any:
    data = tf.data.Dataset.range(100).map(lambda x: x % 4)
    resample = tf.data.experimental.rejection_resample(
        lambda x: tf.cast(x, tf.int32), [0.3, 0.2, 0.3, 0.2], seed=7
    )
    return data.apply(resample)


def sampled_by_a_dataset(tf: Any) -> Any:
    parts = [tf.data.Dataset.range(10 * i, 10 * i + 6) for i in range(2)]
    weights = tf.data.Dataset.from_tensors([0.4, 0.6]).repeat()
    return tf.data.experimental.sample_from_datasets(parts, weights, seed=11)


def enumerated(tf: Any) -> Any:
    return tf.data.Dataset.range(3).apply(tf.data.experimental.enumerate_dataset(5))


def _examples(tf: Any) -> Any:
    found = []
    for i in range(5):
        values = {
            "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[i])),
            "x": tf.train.Feature(float_list=tf.train.FloatList(value=[i, 2.5])),
            "many": tf.train.Feature(int64_list=tf.train.Int64List(value=range(i % 3))),
            "at": tf.train.Feature(int64_list=tf.train.Int64List(value=range(i % 3))),
            "text": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"t%d" % i])),
        }
        if i == 3:
            del values["text"]
        features = tf.train.Features(feature=values)
        found.append(tf.train.Example(features=features).SerializeToString())
    return found


def _features(tf: Any) -> Any:
    return {
        "label": tf.FixedLenFeature([], tf.int64),
        "x": tf.FixedLenFeature([2], tf.float32),
        "many": tf.VarLenFeature(tf.int64),
        "text": tf.FixedLenFeature([1], tf.string, "none"),
    }


def parsed_examples(tf: Any) -> Any:
    data = tf.data.Dataset.from_tensor_slices(_examples(tf)).batch(2)
    return data.apply(tf.data.experimental.parse_example_dataset(_features(tf), 2))


def parsed_sparse_features(tf: Any) -> Any:
    data = tf.data.Dataset.from_tensor_slices(_examples(tf)).batch(3)
    features = {
        "s": tf.SparseFeature("at", "many", tf.int64, 6),
        "many": tf.VarLenFeature(tf.int64),
    }
    return data.apply(tf.data.experimental.parse_example_dataset(features))


def parsed_sequences(tf: Any) -> Any:
    data = tf.data.Dataset.from_tensor_slices(_examples(tf)).batch(3)
    features = {"many": tf.FixedLenSequenceFeature([], tf.int64, True, -1)}
    return data.apply(tf.data.experimental.parse_example_dataset(features))


def parsed_in_a_map(tf: Any) -> Any:
    data = tf.data.Dataset.from_tensor_slices(_examples(tf))
    one = data.map(lambda text: tf.parse_single_example(text, _features(tf)))
    return one.batch(2)


def _files(write: Any, count: int) -> str:
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder)
    for i in range(count):
        write(os.path.join(folder, "part%d" % i), i)
    return folder


def _write_records(tf: Any) -> Any:
    def write(path: str, number: int) -> None:
        with tf.python_io.TFRecordWriter(path) as writer:
            for text in _examples(tf)[number:]:
                writer.write(text)

    return write


def batched_features(tf: Any) -> Any:
    pattern = _files(_write_records(tf), 3) + "/part*"
    return tf.data.experimental.make_batched_features_dataset(
        pattern, 3, _features(tf), label_key="label", num_epochs=2, shuffle_seed=4,
        reader_num_threads=2,
    )  # fmt: skip


def batched_features_in_order(tf: Any) -> Any:
    pattern = _files(_write_records(tf), 2) + "/part*"
    return tf.data.experimental.make_batched_features_dataset(
        pattern, 4, _features(tf), num_epochs=1, shuffle=False, drop_final_batch=True
    )


def listed_files(tf: Any) -> Any:
    folder = _files(lambda path, number: open(path, "w").close(), 4)
    data = tf.data.Dataset.list_files([folder + "/part[01]", folder + "/part[23]"], seed=2)
    return data.map(lambda name: tf.strings.regex_replace(name, ".*/", ""))


def _write_table(path: str, number: int) -> None:
    with open(path, "w") as file:
        file.write("a,b,c\n")
        for i in range(5):
            file.write("%d,%.1f,t%d\n" % (10 * number + i, i / 2, i))


def csv_tables(tf: Any) -> Any:
    pattern = _files(_write_table, 2) + "/part*"
    return tf.data.experimental.make_csv_dataset(
        pattern, 3, label_name="c", num_epochs=2, shuffle_seed=1, num_parallel_reads=2
    )


def csv_tables_in_order(tf: Any) -> Any:
    pattern = _files(_write_table, 2) + "/part*"
    return tf.data.experimental.make_csv_dataset(
        pattern, 4, select_columns=["a", "c"], num_epochs=1, shuffle=False, ignore_errors=True
    )


def queried(tf: Any) -> Any:
    def write(path: str, number: int) -> None:
        database = sqlite3.connect(path)
        database.execute("CREATE TABLE run (number INTEGER, name TEXT, x REAL)")
        for i in range(4):
            database.execute("INSERT INTO run VALUES (?, ?, ?)", (i, "n%d" % i, i / 2))
        database.execute("INSERT INTO run VALUES (NULL, NULL, NULL)")
        database.commit()
        database.close()

    path = os.path.join(_files(write, 1), "part0")
    types = (tf.string, tf.int32, tf.float64, tf.bool)
    query = "SELECT name, number, x, number FROM run ORDER BY rowid"
    return tf.data.experimental.SqlDataset("sqlite", path, query, types)


def file_cache(tf: Any) -> Any:
    path = os.path.join(_files(lambda path, number: None, 0), "kept")
    return tf.data.Dataset.range(5).map(lambda x: (x, tf.as_string(x))).cache(path).repeat(2)


def programs() -> Any:
    """The pipelines by name."""
    others = ("programs", "elements")
    found = {name: f for name, f in globals().items() if inspect.isfunction(f)}
    return {name: f for name, f in found.items() if name[0] != "_" and name not in others}


def elements(tf: Any, program: Any) -> Any:
    """The nodes of a pipeline's graph, and its first elements."""
    with tf.Graph().as_default() as graph:
        iterator = program(tf).make_initializable_iterator()
        following = iterator.get_next()
        nodes = [
            [op.name, op.type, [each.name for each in op.inputs]] for op in graph.get_operations()
        ]
        found: Any = []
        with tf.Session() as session:
            session.run(iterator.initializer)
            while len(found) < MOST:
                try:
                    found.append(session.run(following))
                except tf.errors.OutOfRangeError:
                    break
    return nodes, [_plain(each) for each in found]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(value[key]) for key in sorted(value)}
    if isinstance(value, (tuple, list)):
        return [_plain(each) for each in value]
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, np.ndarray) and value.dtype.kind == "O":
        return [_plain(each) for each in value.tolist()]
    return value.tolist()
