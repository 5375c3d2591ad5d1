"""Reads mini-batches from a file through queues that four threads keep full.

    python queues.py

writes a table of points (x, y) to a CSV file, and reads it back the way programs did before
tf.data: a queue of file names feeds a reader, a decoder makes numbers of each line, four threads
put these into a second queue, and the program takes five at a time out of it. A straight line is
fitted to the points on the way.
"""

import argparse
import os
import tempfile

import numpy as np

import tidefall as tf

SLOPE, INTERCEPT = 2.0, -1.0


def write_points(path, count, seed=7):
    """Writes count points near the line y = 2 x - 1, one a line, below a line of names."""
    generator = np.random.RandomState(seed)
    x = generator.uniform(-1, 1, count)
    y = SLOPE * x + INTERCEPT + generator.normal(0, 0.1, count)
    np.savetxt(path, np.column_stack([x, y]), "%.6f", delimiter=",", header="x,y", comments="")


def read_points(path, batch_size, epochs, threads):
    """Returns batches of x and y; they are computed anew each time they are asked for."""
    files = tf.train.string_input_producer([path], num_epochs=epochs, shuffle=False)
    _, line = tf.TextLineReader(skip_header_lines=1).read(files)
    x, y = tf.decode_csv(line, record_defaults=[[0.0], [0.0]])

    queue = tf.FIFOQueue(capacity=50, dtypes=[tf.float32, tf.float32], shapes=[[], []])
    enqueue = queue.enqueue([x, y])
    tf.train.add_queue_runner(tf.train.QueueRunner(queue, [enqueue] * threads))
    return queue.dequeue_many(batch_size)


def main():
    parser = argparse.ArgumentParser(description="Fit a line to points read through queues.")
    parser.add_argument("--points", type=int, default=200, help="points in the file")
    parser.add_argument("--epochs", type=int, default=20, help="how often the file is read")
    parser.add_argument("--batch-size", type=int, default=5)
    parser.add_argument("--threads", type=int, default=4)
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "points.csv")
        write_points(path, options.points)
        x, y = read_points(path, options.batch_size, options.epochs, options.threads)

        slope, intercept = tf.Variable(0.0), tf.Variable(0.0)
        loss = tf.reduce_mean(tf.square(slope * x + intercept - y))
        train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)

        with tf.Session() as sess:
            sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
            coord = tf.train.Coordinator()
            threads = tf.train.start_queue_runners(sess=sess, coord=coord)
            batches = 0
            try:
                while not coord.should_stop():
                    sess.run(train)
                    batches += 1
            except tf.errors.OutOfRangeError:
                print("the file was read %d times" % options.epochs)
            finally:
                coord.request_stop()
                coord.join(threads)
            print("%d batches of %d points" % (batches, options.batch_size))
            print("y = %.2f x %+.2f" % tuple(sess.run([slope, intercept])))


if __name__ == "__main__":
    main()
