"""The TF1 graph API: the same source for tensorflow.compat.v1, TensorFlow 1.15 and tidefall."""

from __future__ import annotations

import importlib
import time
from typing import Any, Callable, Iterator

import numpy as np

from benchmarks import nets
from benchmarks.providers import NotOffered, Provider, Step, drain
from benchmarks.workloads import Data, Workload, slices_data


class Cell:
    """A hand-written LSTM cell (gates i, f, g, o) that ``tf.nn.dynamic_rnn`` accepts."""

    def __init__(self, tf: Any, kernel: Any, bias: Any, units: int) -> None:
        self.tf, self.kernel, self.bias = tf, kernel, bias
        self.output_size = units
        self.state_size = (units, units)

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        zeros = self.tf.zeros(self.tf.stack([batch_size, self.output_size]), dtype)
        return (zeros, zeros)

    def __call__(self, x: Any, state: Any, scope: Any = None) -> Any:
        tf = self.tf
        c, h = state
        gates = tf.matmul(tf.concat([x, h], 1), self.kernel) + self.bias
        i, f, g, o = tf.split(gates, 4, 1)
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        h = tf.sigmoid(o) * tf.tanh(c)
        return h, (c, h)


class Functions:
    """What a net is made of."""

    def __init__(self, tf: Any, loss: Any) -> None:
        self.tf, self.loss = tf, loss
        self.activations = {"relu": tf.nn.relu, "tanh": tf.tanh, "elu": tf.nn.elu}

    def dense(self, h: Any, kernel: Any, bias: Any) -> Any:
        return self.tf.matmul(h, kernel) + bias

    def normalized(self, h: Any, kernel: Any, bias: Any) -> Any:
        z = self.tf.matmul(h, kernel)
        mean, variance = self.tf.nn.moments(z, [0])
        return self.tf.nn.batch_normalization(z, mean, variance, bias, None, nets.EPSILON)

    def dropout(self, h: Any, rate: float) -> Any:
        return self.tf.nn.dropout(h, rate=rate)

    def lookup(self, table: Any, ids: Any) -> Any:
        return self.tf.nn.embedding_lookup(table, ids)

    def join(self, parts: list[Any]) -> Any:
        return self.tf.concat(parts, 1)

    def dot(self, a: Any, b: Any) -> Any:
        return self.tf.reduce_sum(a * b, 1, keepdims=True)

    def half_squares(self, kernel: Any) -> Any:
        return self.tf.nn.l2_loss(kernel)


class Library(Provider):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        module, _, variant = name.partition("-")
        self.xla = variant == "xla"
        if module == "tf115":
            tf = importlib.import_module("tensorflow")
        elif module == "tf1":
            tf = importlib.import_module("tensorflow.compat.v1")
        else:
            tf = importlib.import_module(module)
        if hasattr(tf, "disable_eager_execution"):
            tf.disable_eager_execution()
        self.tf: Any = tf
        real = module in ("tf1", "tf115")
        self.distributions = ["tensorflow", "tensorflow_cpu"] if real else [module]
        self.sess: Any = None
        self.init: Any = None

    def session(self) -> Any:
        tf = self.tf
        if not self.xla:
            return tf.Session()
        config = tf.ConfigProto()
        config.graph_options.optimizer_options.global_jit_level = tf.OptimizerOptions.ON_1
        return tf.Session(config=config)

    def initialize(self) -> None:
        if self.init is not None:
            self.sess.run(self.init)

    def train(self, w: Workload, data: Data) -> Step:
        tf = self.tf
        tf.reset_default_graph()
        x, y, rows_of = data.x, data.y, data.rows_of
        if w.kind == "const":
            return self.constant(w)
        if w.kind == "floor":
            return self.add_fed(w, data)
        variables = [tf.Variable(p, name=f"v{i}") for i, p in enumerate(data.parameters)]
        if w.kind == "net":
            return self.train_net(w, data, variables)
        inputs = tf.placeholder(w.dtype, (None, *x.shape[1:]))
        wanted = tf.placeholder("int32" if w.loss == "xent" else w.dtype, (None, *y.shape[1:]))
        output = self.forward(w, variables, inputs)
        if w.kind == "infer":
            result = tf.sigmoid(output)
            sess = self.open()
            return lambda i: float(sess.run(result, {inputs: x[rows_of(i)]})[0, 0])
        loss = self.loss(w, output, wanted)
        update = tf.train.AdamOptimizer(learning_rate=0.001).minimize(loss)
        sess = self.open()

        def step(i: int) -> float:
            rows = rows_of(i)
            return float(sess.run([loss, update], {inputs: x[rows], wanted: y[rows]})[0])

        return step

    def train_net(self, w: Workload, data: Data, variables: list[Any]) -> Step:
        tf = self.tf
        arrays, rows_of = nets.arrays(w, data), data.rows_of
        places = [tf.placeholder(a.dtype, (None, *a.shape[1:])) for a in arrays]
        functions = Functions(tf, lambda output, wanted: self.loss(w, output, wanted))
        loss = nets.loss(functions, w, variables, places)
        update = tf.train.AdamOptimizer(learning_rate=0.001).minimize(loss)
        sess = self.open()

        def step(i: int) -> float:
            rows = rows_of(i)
            feeds = {place: array[rows] for place, array in zip(places, arrays)}
            return float(sess.run([loss, update], feeds)[0])

        return step

    def open(self) -> Any:
        self.init = self.tf.global_variables_initializer()
        self.sess = self.session()
        return self.sess

    def constant(self, w: Workload) -> Step:
        constant = self.tf.constant(1.5, w.dtype)
        sess = self.sess = self.session()
        return lambda i: float(sess.run(constant))

    def add_fed(self, w: Workload, data: Data) -> Step:
        a, b = self.tf.placeholder(w.dtype, []), self.tf.placeholder(w.dtype, [])
        total = a + b
        sess = self.sess = self.session()
        x, y = data.x, data.y
        return lambda i: float(sess.run(total, {a: x[i % 64], b: y[i % 64]}))

    def loss(self, w: Workload, output: Any, wanted: Any) -> Any:
        tf = self.tf
        if w.loss == "mse":
            return tf.reduce_mean(tf.square(output - wanted))
        if w.loss == "bce":
            each = tf.nn.sigmoid_cross_entropy_with_logits(labels=wanted, logits=output)
        else:
            each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=wanted, logits=output)
        return tf.reduce_mean(each)

    def forward(self, w: Workload, variables: list[Any], x: Any) -> Any:
        if w.kind in ("mlp", "infer"):
            return self.dense(variables, x)
        if w.kind == "cnn":
            return self.convolutions(w, variables, x)
        return self.recurrent(w, variables, x)

    def dense(self, variables: list[Any], h: Any) -> Any:
        tf = self.tf
        last = len(variables) - 2
        for k in range(0, len(variables), 2):
            h = tf.matmul(h, variables[k]) + variables[k + 1]
            if k < last:
                h = tf.nn.relu(h)
        return h

    def convolutions(self, w: Workload, variables: list[Any], h: Any) -> Any:
        tf = self.tf
        rest = list(variables)
        for block in w.blocks:
            for _ in block:
                kernel, bias = rest.pop(0), rest.pop(0)
                z = tf.nn.conv2d(h, kernel, strides=[1, 1, 1, 1], padding="SAME")
                h = tf.nn.relu(z + bias)
            h = tf.nn.max_pool(h, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="VALID")
        h = tf.reshape(h, [-1, int(np.prod(h.get_shape().as_list()[1:]))])
        return self.dense(rest, h)

    def recurrent(self, w: Workload, variables: list[Any], x: Any) -> Any:
        tf = self.tf
        dtype = tf.as_dtype(w.dtype)
        cell = Cell(tf, variables[0], variables[1], w.units)
        if w.dynamic:
            _, (_, h) = tf.nn.dynamic_rnn(cell, x, dtype=dtype)
        else:
            state = cell.zero_state(tf.shape(x)[0], dtype)
            for at_time in tf.unstack(x, w.time, 1):
                h, state = cell(at_time, state)
        return tf.matmul(h, variables[2]) + variables[3]

    def chain(self, length: int) -> Iterator[dict[str, Any]]:
        tf = self.tf
        tf.reset_default_graph()
        clock = time.perf_counter
        start = clock()
        x = tf.placeholder("float32", [16])
        y = x
        for _ in range(length // 4):
            y = tf.tanh(y * x + x) + x
        built = clock()
        (gradient,) = tf.gradients(y, [x])
        yield {"build_s": built - start, "grad_s": clock() - built}
        sess = self.sess = self.session()
        feeds = {x: np.linspace(-0.1, 0.1, 16).astype("float32")}
        times = []
        for _ in range(4):
            start = clock()
            value = sess.run(gradient, feeds)
            times.append(clock() - start)
        check = float(np.sum(value))
        yield {"first_run_s": times[0], "run_ms": 1e3 * sorted(times[1:])[1], "check": check}

    def adds(self, length: int) -> Callable[[], Any]:
        tf = self.tf

        def build() -> Any:
            graph = tf.Graph()
            with graph.as_default():
                x = tf.placeholder("float32", [16])
                y = x
                for _ in range(length):
                    y = y + x
            return graph

        return build

    def small_graph(self) -> None:
        tf = self.tf
        with tf.Graph().as_default():
            x = tf.placeholder("float32", [None, 4])
            w = tf.Variable(np.ones((4, 3), "float32"))
            loss = tf.reduce_mean(tf.square(tf.matmul(x, w)))
            update = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
            init = tf.global_variables_initializer()
            with self.session() as sess:
                sess.run(init)
                sess.run([loss, update], {x: np.ones((2, 4), "float32")})

    def pipe(self, what: str, paths: list[str], columns: int, batch: int) -> dict[str, Any]:
        self.tf.reset_default_graph()
        if what == "queue":
            return self.pipe_queue(paths, columns, batch)
        dataset = self.text(paths, columns) if what == "text" else self.slices(columns)
        return self.run_dataset(dataset.batch(batch).prefetch(2))

    def text(self, paths: list[str], columns: int) -> Any:
        tf = self.tf

        def parse(line: Any) -> Any:
            record = tf.decode_csv(line, record_defaults=[[0.0]] * columns + [[0]])
            return tf.stack(record[:-1]), record[-1]

        return tf.data.TextLineDataset(paths).map(parse, num_parallel_calls=2).shuffle(4000)

    def slices(self, columns: int) -> Any:
        x, y = slices_data(columns)
        return self.tf.data.Dataset.from_tensor_slices((x, y)).shuffle(len(x))

    def run_dataset(self, dataset: Any) -> dict[str, Any]:
        tf = self.tf
        if not hasattr(tf.data, "make_one_shot_iterator"):
            raise NotOffered("no one-shot iterator")
        batch = tf.data.make_one_shot_iterator(dataset).get_next()
        with self.session() as sess:
            return drain(self.until_end(sess, batch), time.perf_counter)

    def until_end(self, sess: Any, fetches: Any) -> Iterator[Any]:
        while True:
            try:
                yield sess.run(fetches)
            except self.tf.errors.OutOfRangeError:
                return

    def pipe_queue(self, paths: list[str], columns: int, batch: int) -> dict[str, Any]:
        """The queue pipeline of the TF1 guides, with four threads."""
        tf = self.tf
        names = tf.train.string_input_producer(paths, num_epochs=1, shuffle=False)
        _, line = tf.TextLineReader().read(names)
        record = tf.decode_csv(line, record_defaults=[[0.0]] * columns + [[0]])
        fetches = tf.train.shuffle_batch(
            [tf.stack(record[:-1]), record[-1]],
            batch_size=batch,
            capacity=4000,
            min_after_dequeue=1000,
            num_threads=4,
            allow_smaller_final_batch=True,
        )
        with self.session() as sess:
            sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
            coordinator = tf.train.Coordinator()
            threads = tf.train.start_queue_runners(sess=sess, coord=coordinator)
            report = drain(self.until_end(sess, fetches), time.perf_counter)
            coordinator.request_stop()
            coordinator.join(threads, stop_grace_period_secs=5, ignore_live_threads=True)
        return report
