"""Orders in which elements leave queues: each program returns lists of numbers.

Only one thread touches a queue at a time, so the order is TensorFlow's own and not chance.
"""

from __future__ import annotations

import contextlib
from typing import Any, List

SEEDS = [(None, 1), (None, 87), (5, None), (5, 6), (0, 0), (2**31 - 1, 3), (123456789, 2**31 - 2)]


def _numbers(fetched: Any) -> List[int]:
    return [int(each) for each in fetched]


def _random_queue(tf: Any, capacity: int, keeps: int, seeds: Any, **options: Any) -> Any:
    tf.set_random_seed(seeds[0])
    return tf.RandomShuffleQueue(capacity, keeps, tf.int32, shapes=[()], seed=seeds[1], **options)


def shuffled_at_once(tf: Any) -> List[List[int]]:
    found = []
    for seeds in SEEDS:
        with tf.Graph().as_default(), tf.Session() as sess:
            queue = _random_queue(tf, 300, 0, seeds)
            sess.run(queue.enqueue_many([list(range(200))]))
            found.append(_numbers(sess.run(queue.dequeue_many(200))))
    return found


def shuffled_one_by_one(tf: Any) -> List[List[int]]:
    found = []
    for seeds in SEEDS:
        with tf.Graph().as_default(), tf.Session() as sess:
            queue = _random_queue(tf, 100, 5, seeds)
            sess.run(queue.enqueue_many([list(range(60))]))
            one, more = queue.dequeue(), queue.dequeue_many(7)
            order = []
            for step in range(5):
                order.append(sess.run(one))
                order += list(sess.run(more))
                sess.run(queue.enqueue_many([[100 + step, 200 + step]]))
            sess.run(queue.close())
            order += list(sess.run(queue.dequeue_up_to(100)))
            found.append(_numbers(order))
    return found


def shared_names(tf: Any) -> List[List[int]]:
    found = []
    for name in ["a", "b", "some/name"]:
        with tf.Graph().as_default(), tf.Session() as sess:
            queue = _random_queue(tf, 50, 0, (7, None), shared_name=name)
            sess.run(queue.enqueue_many([list(range(40))]))
            found.append(_numbers(sess.run(queue.dequeue_many(40))))
    return found


def put_back_when_closed(tf: Any) -> List[List[int]]:
    """A dequeue that fails leaves the elements in another order."""
    with tf.Graph().as_default(), tf.Session() as sess:
        queue = _random_queue(tf, 50, 0, (3, 4))
        sess.run(queue.enqueue_many([list(range(10))]))
        sess.run(queue.close())
        with contextlib.suppress(tf.errors.OutOfRangeError):
            sess.run(queue.dequeue_many(20))
        return [_numbers(sess.run(queue.dequeue_many(10)))]


def equal_priorities(tf: Any) -> List[List[int]]:
    found = []
    for ranks in [[3, 1, 2, 1, 3, 2, 1, 1], [0] * 15, [5, 4, 3, 2, 1, 5, 4, 3, 2, 1, 5, 4]]:
        with tf.Graph().as_default(), tf.Session() as sess:
            queue = tf.PriorityQueue(50, [tf.int32], shapes=[()])
            sess.run(queue.enqueue_many([ranks, list(range(len(ranks)))]))
            first = sess.run(queue.dequeue_many(3))[1]
            sess.run(queue.enqueue([1, 99]))
            rest = [sess.run(queue.dequeue())[1] for _ in range(len(ranks) - 2)]
            found.append(_numbers(list(first) + rest))
    return found


def epochs_of_producers(tf: Any) -> List[List[int]]:
    found = []
    for seeds in [(1, 2), (3, None), (None, 4)]:
        with tf.Graph().as_default():
            tf.set_random_seed(seeds[0])
            rows = tf.train.range_input_producer(13, num_epochs=4, seed=seeds[1])
            (picked,) = tf.train.slice_input_producer([list(range(50, 60))], 3, seed=seeds[1])
            batch = tf.train.batch([picked], 6)
            row = rows.dequeue()
            with tf.Session() as sess:
                sess.run(tf.local_variables_initializer())
                coord = tf.train.Coordinator()
                threads = tf.train.start_queue_runners(sess, coord)
                found.append(_numbers([sess.run(row) for _ in range(52)]))
                found.append(_numbers([x for _ in range(5) for x in sess.run(batch)]))
                coord.request_stop()
                coord.join(threads)
    return found
