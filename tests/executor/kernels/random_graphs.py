"""Random models of what the engine covers, drawn by hypothesis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st

import tidefall as tf

ROWS = (0, 1, 2, 7, 31, 32, 33, 100, 257, 1000)
#: Batches of a fixed size, most of them as large as a layer may be wide.
FIXED = (2, 3, 5, 8, 10, 16, 31, 32, 33, 64, 70, 100, 257)
_ACTIVATIONS = (
    "relu relu6 elu selu leaky_relu softplus softsign sigmoid tanh softmax log_softmax log_sigmoid"
).split()
_FUNCTIONS = "exp expm1 tanh sigmoid sin cos atan erf erfc square negative abs sinh asinh".split()


@dataclass
class Model:
    """A graph and what to run of it.

    Attributes:
      features, labels, classes, weights: The placeholders.
      fetches: What each step fetches.
      train: The op that trains.
      class_count: The number of classes.
      notes: What was drawn, for messages.
    """

    features: Any
    labels: Any
    classes: Any
    weights: Any
    fetches: dict[str, Any] = field(default_factory=dict)
    train: Any = None
    class_count: int = 1
    notes: list[str] = field(default_factory=list)

    def feeds(self, rows: int, seed: int) -> dict[Any, Any]:
        """Random values for a batch."""
        draw = np.random.RandomState(seed)
        result = {}
        for tensor in (self.features, self.labels, self.classes, self.weights):
            if tensor.op.type != "Placeholder":
                continue
            shape = [rows, *tensor.shape.as_list()[1:]]
            if tensor.dtype.is_integer:
                result[tensor] = draw.randint(0, self.class_count, shape).astype(
                    tensor.dtype.as_numpy_dtype
                )
            else:
                result[tensor] = draw.uniform(-2, 2, shape).astype(tensor.dtype.as_numpy_dtype)
        return result


class Builder:
    """Draws one model.

    Args:
      draw: Hypothesis' function.
      rows: The size of batches, if it is fixed; then other sizes are often the same.
    """

    def __init__(self, draw: Callable[[Any], Any], rows: int | None = None) -> None:
        self._draw = draw
        self._rows = rows
        self.dtype = self.one_of([tf.float32, tf.float64])
        self.width = self.size(1, 70)
        same = [rows] * 3 if rows is not None and rows <= 16 else []
        self.outputs = self.one_of([1, 2, 3, 5, 10, *same])
        integer = self.one_of([tf.int32, tf.int64])
        self.model = Model(
            tf.placeholder(self.dtype, [rows, self.width], "features"),
            self.given(self.dtype, [rows, self.outputs], "labels"),
            self.given(integer, [rows], "classes"),
            self.given(self.dtype, [rows], "weights"),
            class_count=self.outputs,
        )
        self._variables = 0

    def given(self, dtype: Any, shape: list[int | None], name: str) -> Any:
        """A placeholder; or, of batches of a fixed size, sometimes something else."""
        ways = ["fed", "fed", "constant", "variable", "trained"]
        how = self.one_of(ways) if self._rows else "fed"
        if how == "trained" and dtype.is_integer:
            how = "variable"
        if how == "constant" and dtype.is_integer and (self._rows or 0) < 8:
            how = "fed"  # so few constant integers may be a shape, and are taken for one
        if how == "fed":
            return tf.placeholder(dtype, shape, name)
        draw = np.random.RandomState(len(name))
        high = self.outputs if dtype.is_integer else 2
        value = draw.uniform(
            0 if dtype.is_integer else -2, high, [int(size or 0) for size in shape]
        )
        value = value.astype(dtype.as_numpy_dtype)
        if how == "constant":
            return tf.constant(value, name=name)
        return tf.Variable(value, trainable=how == "trained", name=name)

    # Drawing

    def size(self, low: int, high: int) -> int:
        """The size of a layer."""
        if self._rows is not None and self._rows <= high and self.maybe():
            return self._rows
        return self.number(low, high)

    def one_of(self, items: Any) -> Any:
        return self._draw(st.sampled_from(list(items)))

    def number(self, low: int, high: int) -> int:
        return int(self._draw(st.integers(low, high)))

    def maybe(self) -> bool:
        return bool(self._draw(st.booleans()))

    def constant(self, value: Any) -> Any:
        return tf.constant(value, self.dtype)

    def variable(self, shape: list[int], scale: float = 1.0) -> Any:
        self._variables += 1
        name = f"v{self._variables}"
        initial = tf.random_uniform_initializer(-scale, scale, seed=self._variables)
        return tf.get_variable(name, shape, self.dtype, initializer=initial)

    # Parts of a model: from a matrix of rows to another one

    def part(self, x: Any) -> Any:
        parts = [
            self.dense, self.dense, self.elementwise, self.chain, self.compare, self.cast,
            self.reduce, self.join, self.cut, self.pick, self.normalize, self.classify,
            self.spread, self.arrange, self.embed, self.noise, self.steps, self.bag, self.run_on,
            self.matrices, self.factored,
        ]  # fmt: skip
        part = self.one_of(parts)
        self.model.notes.append(part.__name__)
        return part(x)

    def dense(self, x: Any, width: int | None = None) -> Any:
        count = int(x.shape[1])
        width = width or self.size(1, 70)
        scale = 1 / np.sqrt(count)
        if self.maybe():
            y = tf.matmul(x, self.variable([count, width], scale))
        else:
            y = tf.matmul(x, self.variable([width, count], scale), transpose_b=True)
        if self.maybe():
            bias = self.variable([width])
            y = tf.nn.bias_add(y, bias) if self.maybe() else y + bias
        return self.activate(y) if self.maybe() else y

    def activate(self, x: Any) -> Any:
        name = self.one_of(_ACTIVATIONS)
        self.model.notes.append(name)
        return tf.log_sigmoid(x) if name == "log_sigmoid" else getattr(tf.nn, name)(x)

    def elementwise(self, x: Any) -> Any:
        name = self.one_of(_FUNCTIONS)
        self.model.notes.append(name)
        bounded = tf.clip_by_value(x, self.constant(-3.0), self.constant(3.0))
        return getattr(tf.math, name)(bounded)

    def chain(self, x: Any) -> Any:
        other: Any = self.one_of(
            [x, x[:, :1], self.variable([int(x.shape[1])]), self.variable([1])]
        )
        f = self.one_of([
            tf.add, tf.subtract, tf.multiply, tf.maximum, tf.minimum, tf.squared_difference,
            lambda a, b: a / (1 + tf.abs(b)), lambda a, b: tf.pow(1 + tf.abs(a), tf.tanh(b)),
            lambda a, b: tf.log1p(tf.abs(a * b)), lambda a, b: tf.sqrt(1 + a * a) * b,
            lambda a, b: tf.math.divide_no_nan(a, tf.nn.relu(b) + 0 * a), tf.atan2,
            lambda a, b: tf.add_n([a, a * b, a]),
        ])  # fmt: skip
        return f(x, other + self.constant(0.1))

    def compare(self, x: Any) -> Any:
        f = self.one_of([tf.greater, tf.less, tf.greater_equal, tf.less_equal])
        test = f(x, self.constant(0.123))
        if self.maybe():
            test = tf.logical_or(tf.logical_not(test), x > self.constant(1.1))
        if self.maybe():
            return tf.where(test, x, -2 * x)
        rows = f(tf.reduce_sum(x, 1), self.constant(0.321))
        return tf.where(rows, x, tf.tanh(x))

    def cast(self, x: Any) -> Any:
        whole = tf.cast(tf.floor(x * 3 + 0.21), self.one_of([tf.int32, tf.int64]))
        f = self.one_of([
            lambda n: n * 3 - 1, lambda n: n // 3, lambda n: n % 5, abs,
            lambda n: tf.maximum(n, -1), lambda n: tf.cast(n > 1, n.dtype) + n,
        ])  # fmt: skip
        return x + self.constant(0.1) * tf.cast(f(whole), self.dtype)

    def reduce(self, x: Any) -> Any:
        f = self.one_of([tf.reduce_sum, tf.reduce_mean, tf.reduce_max, tf.reduce_min,
                         tf.reduce_logsumexp, tf.math.reduce_variance])  # fmt: skip
        axis = self.one_of([1, 0, None])
        if axis != 1 and f in (tf.reduce_sum, tf.reduce_logsumexp):
            f = tf.reduce_mean
        return x - self.constant(0.5) * f(x, axis, keepdims=axis is not None)

    def join(self, x: Any) -> Any:
        other = self.one_of([x, self.model.features, tf.square(x[:, :1])])
        if self.maybe() or other is not x:
            return tf.concat([x, other], 1)
        return tf.reshape(tf.stack([x, -x], self.one_of([1, 2])), [-1, 2 * int(x.shape[1])])

    def cut(self, x: Any) -> Any:
        count = int(x.shape[1])
        if count < 2:
            return x + 1
        first = self.number(1, count - 1)
        if self.maybe():
            a, b = tf.split(x, [first, count - first], 1)
        else:
            a, b = x[:, :first], tf.slice(x, [0, first], [-1, count - first])
        return tf.concat([b, tf.tanh(a)], 1) if self.maybe() else self.one_of([a, b])

    def pick(self, x: Any) -> Any:
        count = int(x.shape[1])
        column = x[:, self.number(0, count - 1)]
        columns = tf.unstack(x, axis=1)
        return tf.stack([column, *columns[: self.number(0, 3)], column * 2], 1)

    def normalize(self, x: Any) -> Any:
        how = self.one_of(["batch", "batch", "rows", "l2"])
        self.model.notes.append(how)
        if how == "l2":
            return tf.nn.l2_normalize(x, 1, epsilon=0.1)
        if how == "rows":
            mean, variance = tf.nn.moments(x, [1], keep_dims=True)
            return (x - mean) * tf.rsqrt(variance + self.constant(0.3))
        mean, variance = tf.nn.moments(x, [0])
        width = int(x.shape[1])
        offset, scale = self.variable([width]), self.variable([width])
        return tf.nn.batch_normalization(x, mean, variance, offset, scale, 0.1)

    def classify(self, x: Any) -> Any:
        best = tf.argmax(x, 1) if self.maybe() else tf.argmin(x, 1, output_type=tf.int32)
        hot = tf.one_hot(best, int(x.shape[1]), dtype=self.dtype)
        return x + hot if self.maybe() else tf.concat([x, hot], 1)

    def embed(self, x: Any) -> Any:
        table = self.variable([self.model.class_count, self.number(1, 9)])
        ids = self.model.classes if self.maybe() else tf.argmax(x, 1) % self.model.class_count
        found = tf.nn.embedding_lookup(table, ids)
        return tf.concat([x, tf.tanh(found) if self.maybe() else found], 1)

    def matrices(self, x: Any) -> Any:
        count = int(x.shape[1])
        inner = self.number(1, min(4, count))
        high = self.number(1, min(6, count // inner))
        cube = tf.reshape(x[:, : high * inner], [-1, high, inner])
        other = tf.tanh(cube) * self.constant(1 / inner)
        f = self.one_of([
            lambda: tf.matmul(cube, other, transpose_b=True),
            lambda: tf.matmul(cube, other, transpose_a=True),
            lambda: tf.matmul(cube, self.variable([inner, 5], 0.5)),
            lambda: tf.matmul(self.variable([3, high], 0.5), cube),
            lambda: tf.matmul(tf.nn.softmax(tf.matmul(cube, other, transpose_b=True)), cube),
            lambda: tf.einsum("bij,bik->bkj", cube, other),
            lambda: tf.einsum("bj,jk,bik->bi", cube[:, 0], self.variable([inner, inner]), other),
            lambda: tf.linalg.matvec(cube, other[:, 0, :]),
        ])  # fmt: skip
        y = f()
        return tf.reshape(y, [-1, int(np.prod(y.shape.as_list()[1:]))])

    def factored(self, x: Any) -> Any:
        count, rank, width = int(x.shape[1]), self.number(1, 5), self.size(1, 20)
        left = self.variable([count, rank], 1 / np.sqrt(count))
        if self.maybe():
            left = left / (1 + tf.norm(tf.matmul(left, left, transpose_a=True)))
        if self.maybe():
            return tf.matmul(x, tf.matmul(left, self.variable([rank, width])))
        right = self.variable([width, rank])
        return tf.matmul(x, tf.matmul(right, left, transpose_b=True), transpose_b=True)

    def noise(self, x: Any) -> Any:
        f = self.one_of([tf.random_normal, tf.truncated_normal, tf.random_uniform, tf.nn.dropout])
        self.model.notes.append(f.__name__)
        if f is tf.nn.dropout:
            return tf.nn.dropout(x, self.constant(0.7))
        drawn = f(tf.shape(x), dtype=self.dtype)
        return x + self.constant(0.3) * drawn if self.maybe() else x * drawn

    def steps(self, x: Any) -> Any:
        """Layers over several vectors for each row."""
        x = x[:, :30]
        count, times = int(x.shape[1]), self.number(2, 4)
        parts = [x * self.constant(1 + i / 3) for i in range(times)]
        y = tf.reshape(tf.concat(parts, 1), [-1, count])
        f = self.one_of([self.dense, self.chain, self.reduce, self.normalize, self.classify])
        self.model.notes.append(f.__name__)
        y = f(y)
        if self.maybe():
            y = self.dense(y, self.number(1, 20))
        width = int(y.shape[1])
        if self.maybe():
            return tf.reshape(y, [-1, times * width])
        f = self.one_of([tf.reduce_mean, tf.reduce_max, tf.reduce_sum])
        return f(tf.reshape(y, [-1, times, width]), 1)

    def bag(self, x: Any) -> Any:
        """Several ids for each row, looked up in one table."""
        width = self.number(1, 5)
        table = self.variable([self.model.class_count, width])
        best = tf.cast(tf.argmax(x, 1), self.model.classes.dtype) % self.model.class_count
        ids = tf.stack([self.model.classes, best, self.model.classes][: self.number(2, 3)], 1)
        found = tf.nn.embedding_lookup(table, ids)
        f = self.one_of([
            lambda y: tf.reduce_sum(y, 1), lambda y: tf.reduce_mean(y, 1),
            lambda y: tf.reshape(y, [-1, width * int(ids.shape[1])]),
        ])  # fmt: skip
        return tf.concat([x, f(found)], 1)

    def run_on(self, x: Any) -> Any:
        f = self.one_of([tf.math.cumsum, tf.math.cumprod, tf.math.cumulative_logsumexp])
        self.model.notes.append(f.__name__)
        x = self.constant(0.3) * tf.tanh(x)
        if f is tf.math.cumprod:
            x = 1 + x
        return f(x, 1, exclusive=f is not tf.math.cumulative_logsumexp and self.maybe(),
                 reverse=self.maybe())  # fmt: skip

    def spread(self, x: Any) -> Any:
        count = int(x.shape[1])
        if self.maybe():
            return tf.tile(x[:, :1], [1, self.number(1, 4)]) + 0.5
        return tf.broadcast_to(x[:, :1], tf.shape(x)) * tf.reshape(x, [tf.shape(x)[0], count])

    def arrange(self, x: Any) -> Any:
        count = int(x.shape[1])
        if self.maybe():
            return tf.reverse(x, [1])
        if count % 2:
            return tf.pad(x, [[0, 0], [self.number(0, 2), self.number(0, 2)]])
        cube = tf.reshape(x, [-1, 2, count // 2])
        return tf.reshape(tf.transpose(cube, [0, 2, 1]) * 0.7, [-1, count])

    # Losses, metrics, training

    def loss(self, logits: Any) -> Any:
        name = self.one_of("sigmoid weighted softmax sparse mse huber absolute weights".split())
        self.model.notes.append(name)
        labels, classes = self.model.labels, self.model.classes
        if name == "softmax":
            labels = tf.nn.softmax(labels)
            f = self.one_of([
                tf.nn.softmax_cross_entropy_with_logits,
                tf.nn.softmax_cross_entropy_with_logits_v2,
            ])  # fmt: skip
            return tf.reduce_mean(f(labels=labels, logits=logits))
        if name == "sparse":
            f = tf.nn.sparse_softmax_cross_entropy_with_logits
            return tf.reduce_mean(f(labels=classes, logits=logits))
        if name == "sigmoid":
            f = tf.nn.sigmoid_cross_entropy_with_logits
            return tf.reduce_mean(f(labels=tf.sigmoid(labels), logits=logits))
        if name == "weighted":
            f = tf.nn.weighted_cross_entropy_with_logits
            return tf.reduce_mean(f(targets=tf.sigmoid(labels), logits=logits, pos_weight=2.5))
        error = logits - labels
        if name == "huber":
            size = tf.abs(error)
            bounded = tf.minimum(size, self.constant(1.0))
            return tf.reduce_mean(bounded * (size - 0.5 * bounded))
        if name == "absolute":
            return tf.reduce_mean(tf.abs(error))
        if name == "weights":
            weights = tf.abs(self.model.weights) + 0.1
            rows = tf.reduce_mean(tf.square(error), 1)
            return tf.reduce_sum(weights * rows) / (tf.reduce_sum(weights) + 1)
        return tf.reduce_mean(tf.square(error))

    def penalty(self) -> Any:
        terms = [tf.nn.l2_loss(v) for v in tf.trainable_variables() if v.shape.ndims == 2]
        return self.constant(0.01) * tf.add_n(terms) if terms else self.constant(0.0)

    def learning_rate(self, step: Any) -> Any:
        rates = tf.train
        return self.one_of([
            lambda: 0.05,
            lambda: rates.exponential_decay(0.05, step, 2, 0.9),
            lambda: rates.exponential_decay(0.05, step, 2, 0.9, staircase=True),
            lambda: rates.polynomial_decay(0.05, step, 5),
            lambda: rates.inverse_time_decay(0.05, step, 2, 0.5),
            lambda: rates.cosine_decay(0.05, step, 10),
        ])()  # fmt: skip

    def optimizer(self, rate: Any) -> Any:
        t = tf.train
        make = self.one_of([
            lambda: t.GradientDescentOptimizer(rate),
            lambda: t.MomentumOptimizer(rate, 0.9),
            lambda: t.MomentumOptimizer(rate, 0.9, use_nesterov=True),
            lambda: t.AdamOptimizer(rate, epsilon=0.01),
            lambda: t.AdagradOptimizer(rate),
            lambda: t.AdadeltaOptimizer(rate, epsilon=0.01),
            lambda: t.RMSPropOptimizer(rate, momentum=0.5, epsilon=0.01),
            lambda: t.RMSPropOptimizer(rate, centered=True, epsilon=0.01),
            lambda: t.FtrlOptimizer(rate, l2_regularization_strength=0.01),
        ])  # fmt: skip
        return make()

    def train(self, loss: Any) -> None:
        step = tf.train.get_or_create_global_step()
        optimizer = self.optimizer(self.learning_rate(step))
        self.model.notes.append(type(optimizer).__name__)
        pairs = optimizer.compute_gradients(loss)
        pairs = [(grad, variable) for grad, variable in pairs if grad is not None]
        if not pairs:
            return
        if self.maybe():
            grads, norm = tf.clip_by_global_norm([grad for grad, _ in pairs], 0.7)
            pairs = list(zip(grads, [variable for _, variable in pairs], strict=True))
            self.model.fetches["norm"] = norm
        train = optimizer.apply_gradients(pairs, step)
        if self.maybe():
            average = tf.train.ExponentialMovingAverage(0.9)
            with tf.control_dependencies([train]):
                train = average.apply([variable for _, variable in pairs])
        self.model.train = train

    def metrics(self, logits: Any) -> None:
        fetches = self.model.fetches
        if self.maybe():
            fetches["logits"] = logits
        if self.maybe():
            right = tf.equal(tf.argmax(logits, 1), tf.argmax(self.model.labels, 1))
            fetches["accuracy"] = tf.reduce_mean(tf.cast(right, self.dtype))
        if self.maybe():
            f = self.one_of([tf.reduce_max, tf.reduce_min, tf.reduce_prod])
            fetches["over rows"] = f(tf.tanh(logits) + 1, self.one_of([0, None]))
        if self.maybe():
            f = self.one_of([tf.reduce_any, tf.reduce_all])
            fetches["some"] = f(logits > self.constant(0.2), self.one_of([0, 1, None]))
        if self.maybe():
            fetches["classes"] = tf.argmax(logits, 1)


def build(draw: Callable[[Any], Any], rows: int | None = None) -> Model:
    """Draws a model, for batches of any size or of one, into the default graph."""
    builder = Builder(draw, rows)
    x = builder.model.features
    for _ in range(builder.number(1, 5)):
        x = builder.part(x)
        if int(x.shape[1]) > 140:
            x = x[:, :70]
    logits = builder.dense(x, builder.outputs)
    loss = builder.loss(logits)
    if builder.maybe():
        loss = loss + builder.penalty()
    builder.model.fetches["loss"] = loss
    builder.metrics(logits)
    builder.train(loss)
    return builder.model
