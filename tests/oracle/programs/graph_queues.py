"""Queues, runners and the functions of `tf.train` that build pipelines of them."""

from __future__ import annotations

from typing import Any


def fifo(tf: Any) -> None:
    queue = tf.FIFOQueue(10, [tf.float32, tf.string], shapes=[[], [2]], name="q")
    queue.enqueue([1.5, ["a", "b"]])
    queue.enqueue_many([tf.zeros([3]), tf.placeholder(tf.string, [None, 2], "texts")])
    queue.dequeue()
    queue.dequeue_many(4)
    queue.dequeue_many(tf.placeholder(tf.int32, [], "n"), name="some")
    queue.dequeue_up_to(5)
    queue.size()
    queue.close()
    queue.close(cancel_pending_enqueues=True, name="cancel")
    queue.is_closed()


def without_shapes(tf: Any) -> None:
    queue = tf.FIFOQueue(3, tf.int64, shared_name="shared")
    queue.enqueue(7)
    queue.enqueue((8,), name="tuple")
    queue.dequeue(name="first")
    queue.dequeue_many(2)
    with tf.name_scope("scope"):
        other = tf.FIFOQueue(-1, [tf.int32])
        other.enqueue([1])
        other.size()


def named(tf: Any) -> None:
    queue = tf.FIFOQueue(
        10, [tf.float32, tf.int32], shapes=[[], []], names=["x", "label"], name="named"
    )
    queue.enqueue({"label": 3, "x": 1.0})
    queue.enqueue_many({"label": [3, 4], "x": [1.0, 2.0]})
    queue.dequeue()
    queue.dequeue_many(2)


def padding(tf: Any) -> None:
    queue = tf.PaddingFIFOQueue(10, [tf.float32, tf.int64], shapes=[[None, 2], []])
    queue.enqueue([tf.ones([4, 2]), 3])
    queue.dequeue()
    queue.dequeue_many(3)
    queue.dequeue_up_to(3)


def random_shuffle(tf: Any) -> None:
    tf.RandomShuffleQueue(10, 2, tf.float32, shapes=[()])
    tf.RandomShuffleQueue(10, 2, tf.float32, shapes=[()], seed=5, name="seeded")
    tf.set_random_seed(7)
    tf.RandomShuffleQueue(10, 2, [tf.float32], shapes=tf.TensorShape([]))
    tf.RandomShuffleQueue(10, 2, tf.float32, shared_name="name", seed=3)
    tf.RandomShuffleQueue(10, 2, tf.float32, shared_name="name")


def priority(tf: Any) -> None:
    queue = tf.PriorityQueue(10, [tf.string], shapes=[[]])
    queue.enqueue([3, "a"])
    queue.enqueue_many([[1, 2], ["a", "b"]])
    queue.dequeue()
    queue.dequeue_many(2)
    tf.PriorityQueue(10, tf.string, shapes=[], name="bare").dequeue()


def chosen(tf: Any) -> None:
    first = tf.FIFOQueue(3, tf.int32, shapes=[(2,)], name="first")
    second = tf.FIFOQueue(3, tf.int32, shapes=[(3,)], name="second")
    queue = tf.QueueBase.from_list(tf.placeholder(tf.int32, [], "index"), [first, second])
    queue.dequeue()
    queue.size()


def producers(tf: Any) -> None:
    tf.train.input_producer(tf.constant([[1, 2], [3, 4]]), num_epochs=2, shuffle=False)
    tf.train.input_producer(["a", "b"], seed=3, capacity=8, summary_name="full", name="texts")
    tf.train.string_input_producer(["a.csv", "b.csv"], num_epochs=3, name="files")
    tf.train.string_input_producer(tf.placeholder(tf.string, [None], "names"), shuffle=False)
    tf.train.range_input_producer(5, shuffle=False)
    tf.train.range_input_producer(tf.constant(9), num_epochs=1, seed=4)


def slices(tf: Any) -> None:
    tf.train.slice_input_producer([[1, 2, 3], tf.ones([3, 2])], shuffle=False)
    tf.train.slice_input_producer([tf.ones([3, 2])], num_epochs=2, seed=1, capacity=5)
    tf.train.limit_epochs(tf.constant(1.0), num_epochs=4)
    tf.train.limit_epochs(tf.constant(2.0))


def batches(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [3], "x")
    label = tf.placeholder(tf.int32, [], "label")
    tf.train.batch([x, label], 4)
    tf.train.batch([x, label], 4, num_threads=3, capacity=9, name="three")
    tf.train.batch({"x": x, "label": label}, 2, allow_smaller_final_batch=True)
    tf.train.batch([tf.zeros([5, 2])], 2, enqueue_many=True)
    tf.train.batch([tf.placeholder(tf.float32, [None], "ragged")], 2, dynamic_pad=True)
    tf.train.batch([tf.placeholder(tf.float32, None, "any")], 2, shapes=[[2]], shared_name="s")


def shuffled_batches(tf: Any) -> None:
    tf.set_random_seed(3)
    x = tf.placeholder(tf.float32, [3], "x")
    label = tf.placeholder(tf.int32, [], "label")
    tf.train.shuffle_batch([x, label], 4, 50, 10)
    tf.train.shuffle_batch([x, label], 4, 50, 10, num_threads=2, seed=7, name="seeded")
    tf.train.shuffle_batch(
        {"x": tf.zeros([5, 2])}, 2, 20, 5, enqueue_many=True, allow_smaller_final_batch=True
    )


def joined_batches(tf: Any) -> None:
    rows = [[tf.placeholder(tf.float32, [2], "x%d" % i), tf.constant(i)] for i in range(3)]
    tf.train.batch_join(rows, 4)
    tf.train.batch_join([{"a": x, "b": i} for x, i in rows], 2, capacity=8, name="dictionaries")
    tf.train.shuffle_batch_join(rows, 4, 50, 10, seed=2)
    tf.train.batch_join(
        [[tf.zeros([5, None_or_size])] for None_or_size in (2, 2)], 3, enqueue_many=True,
        dynamic_pad=True, allow_smaller_final_batch=True,
    )  # fmt: skip


def kept_batches(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [3], "x")
    keep = tf.placeholder(tf.bool, [], "keep")
    tf.train.maybe_batch([x], keep, 4)
    tf.train.maybe_shuffle_batch([x], 4, 50, 10, keep, seed=1)
    many = tf.placeholder(tf.float32, [8, 2], "many")
    tf.train.maybe_batch([many], tf.placeholder(tf.bool, [8], "which"), 4, enqueue_many=True)
    tf.train.maybe_batch_join([[x], [x + 1]], keep, 4)
    tf.train.maybe_shuffle_batch_join([[x], [x]], 4, 50, 10, tf.constant(False), seed=1)


def runners(tf: Any) -> None:
    queue = tf.FIFOQueue(10, tf.float32, shapes=[[]])
    tf.train.add_queue_runner(tf.train.QueueRunner(queue, [queue.enqueue(1.0)] * 2))
    done, cancel = tf.no_op("done"), tf.no_op("cancel")
    tf.train.QueueRunner(queue, [queue.enqueue(2.0)], close_op=done, cancel_op=cancel)


def pipeline(tf: Any) -> None:
    files = tf.train.string_input_producer(["data.csv"], num_epochs=1)
    reader = tf.TextLineReader(skip_header_lines=1)
    _, line = reader.read(files)
    columns = tf.decode_csv(line, record_defaults=[[0.0], [0.0], [0]])
    features = tf.stack(columns[:2])
    tf.train.shuffle_batch([features, columns[2]], 5, 200, 50, num_threads=4, seed=1)


def accumulators(tf: Any) -> None:
    dense = tf.ConditionalAccumulator(tf.float32, shape=[2], name="dense")
    dense.apply_grad(tf.ones([2]), local_step=1)
    dense.apply_grad([1.0, 2.0], name="apply")
    dense.take_grad(3)
    dense.num_accumulated()
    dense.set_global_step(4)
    tf.ConditionalAccumulator(tf.float64, reduction_type="SUM", shared_name="s").take_grad(
        tf.constant(1), name="take"
    )


def sparse_accumulators(tf: Any) -> None:
    sparse = tf.SparseConditionalAccumulator(tf.float32, shape=[5, 2])
    sparse.apply_grad([1, 3], tf.ones([2, 2]), [5, 2], local_step=2)
    sparse.apply_grad([1], tf.ones([1, 2]), name="partial")
    sparse.apply_indexed_slices_grad(
        tf.IndexedSlices(tf.ones([1, 2]), tf.constant([0]), tf.constant([5, 2]))
    )
    sparse.take_grad(1)
    sparse.take_indexed_slices_grad(2)
    sparse.num_accumulated()
    sparse.set_global_step(tf.constant(3, tf.int64))


def staging(tf: Any) -> None:
    from_contrib = tf.contrib.staging.StagingArea
    area = from_contrib([tf.float32, tf.int32], shapes=[[2], []], capacity=3)
    area.put([tf.ones([2]), tf.constant(1)])
    area.get()
    area.peek(0)
    area.size()
    area.clear()
    named = from_contrib([tf.float32], names=["x"], shared_name="shared", memory_limit=100)
    named.put({"x": tf.ones([2])})
    named.get(name="taken")


def buckets(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None], "x")
    tf.contrib.training.bucket([x], tf.placeholder(tf.int32, [], "which"), 3, 2, dynamic_pad=True)
    tf.contrib.training.bucket_by_sequence_length(
        tf.size(x), [x], 4, [10, 20], num_threads=2, dynamic_pad=True,
        allow_smaller_final_batch=True, bucket_capacities=[4, 5, 6],
    )  # fmt: skip


def sparse_batches(tf: Any) -> None:
    def sparse(name: str) -> Any:
        return tf.SparseTensor(
            tf.placeholder(tf.int64, [None, 1], name + "_indices"),
            tf.placeholder(tf.float32, [None], name + "_values"),
            tf.constant([7], tf.int64),
        )

    tf.train.batch([sparse("a"), tf.constant(1.0)], 3)
    tf.train.shuffle_batch({"x": sparse("b"), "y": tf.constant(2)}, 3, 20, 5, seed=1)
    tf.train.batch_join([[sparse("c")], [sparse("d")]], 2)
    many = tf.SparseTensor(tf.zeros([0, 2], tf.int64), tf.zeros([0]), tf.constant([4, 5], tf.int64))
    tf.train.batch([many], 2, enqueue_many=True)
