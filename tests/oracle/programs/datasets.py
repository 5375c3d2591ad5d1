"""Pipelines of `tf.data`: each function makes one; its graph and its elements are recorded."""

from __future__ import annotations

import inspect
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
