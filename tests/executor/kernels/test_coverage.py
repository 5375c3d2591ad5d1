"""What kernels cover: op by op, with gradients; and what is left to NumPy, with the reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.executor.kernels.watching import watching
from tidefall.compiler import fuse

Build = Callable[[], list[Any]]


def rows(width: int = 6, dtype: Any = tf.float64) -> Any:
    return tf.placeholder(dtype, [None, width])


def column(dtype: Any = tf.int32) -> Any:
    return tf.placeholder(dtype, [None])


def weights(*shape: int) -> Any:
    draw = np.random.RandomState(sum(shape))
    return tf.Variable(draw.uniform(-1, 1, shape))


def with_gradient(function: Callable[..., Any], *inputs: Any) -> list[Any]:
    y = function(*inputs)
    return [y, *tf.gradients(y * y, inputs)]


def of(name: str) -> Any:
    for module in (tf.math, tf.nn, tf):
        found = getattr(module, name, None)
        if found is not None:
            return found
    raise AssertionError(name)


def unary(name: str) -> Build:
    return lambda: with_gradient(of(name), tf.clip_by_value(tf.abs(rows()), 0.1, 0.9))


def plain(name: str) -> Build:
    return lambda: [of(name)(rows())]


def binary(name: str) -> Build:
    def build() -> list[Any]:
        f, x = of(name), rows()
        positive = tf.abs(x) + 0.5
        return [
            *with_gradient(f, positive, weights(6) + 2),
            *with_gradient(f, positive, tf.abs(rows()) + 0.5),
            *with_gradient(lambda a: f(a, a[:, :1]), positive),
        ]

    return build


def comparison(name: str) -> Build:
    return lambda: [of(name)(rows(), weights(6)), of(name)(rows(), rows())]


def integer(name: str) -> Build:
    f = getattr(tf.bitwise, name, None) or of(name)
    return lambda: [
        f(rows(6, tf.int32), [3, 2, 1, 4, 5, 7]),
        f(rows(6, tf.int64), rows(6, tf.int64)),
    ]


def reduction(name: str) -> Build:
    def build() -> list[Any]:
        f, x = of(f"reduce_{name}"), rows()
        if name in ("all", "any"):
            return [f(x > 0.1, axis) for axis in (0, 1, None)]
        along = with_gradient(lambda x: f(x, 1), x) if name != "prod" else [f(x, 1)]
        over = with_gradient(lambda x: f(x, 0), x) if name != "prod" else [f(x, 0)]
        return [*along, *over, f(x), f(x, 1, keepdims=True)]

    return build


def loss(function: Callable[[Any, Any], Any]) -> Build:
    def build() -> list[Any]:
        x, y = rows(), rows()
        total = tf.reduce_mean(function(x, y))
        return [total, *tf.gradients(total, x)]

    return build


def batch_norm() -> list[Any]:
    x, scale, offset = rows(), weights(6), weights(6)
    mean, variance = tf.nn.moments(x, [0])
    y = tf.nn.batch_normalization(x, mean, variance, offset, scale, 1e-3)
    total = tf.reduce_mean(tf.square(y - 0.3) * rows())
    return [y, mean, variance, *tf.gradients(total, [x, scale, offset])]


def clipped() -> list[Any]:
    x, w, b = rows(), weights(6, 3), weights(3)
    grads = tf.gradients(tf.reduce_mean(tf.square(tf.matmul(x, w) + b)), [w, b])
    results, norm = tf.clip_by_global_norm(grads, 0.1)
    return [norm, *results]


def training(make: Callable[[], Any]) -> Build:
    def build() -> list[Any]:
        w, b = weights(6, 3), weights(3)
        total = tf.reduce_mean(tf.square(tf.matmul(rows(), w) + b - 1))
        step = tf.train.get_or_create_global_step()
        return [total, make().minimize(total, step)]

    return build


def looked_up(*shape: int, ids: Callable[[], Any] = column) -> Build:
    def build() -> list[Any]:
        table, which = weights(*shape), ids()
        y = tf.gather(table, which)
        dense = tf.convert_to_tensor(tf.gradients(y * y * y, table)[0])
        return [y, tf.tanh(y) + 1, dense, 2 * dense]

    return build


def several(function: Callable[[Any], Any]) -> Build:
    """A function of a matrix that holds four rows for each row of the batch, and its gradients."""

    def build() -> list[Any]:
        x = tf.placeholder(tf.float64, [None, 4, 5])
        y = function(tf.reshape(x, [-1, 5]))
        back = tf.reshape(y, [-1, 4, *y.shape.as_list()[1:]])
        total = tf.reduce_mean(tf.square(tf.cast(back, tf.float64) + 1))
        inputs = [x, *tf.trainable_variables()]
        found = [grad for grad in tf.gradients(total, inputs) if grad is not None]
        return [y, 2 * back, total, *[tf.convert_to_tensor(each) for each in found]]

    return build


def stepwise(*widths: int) -> Build:
    """Layers for each step of a sequence, trained."""

    def build() -> list[Any]:
        h = tf.reshape(tf.placeholder(tf.float64, [None, 3, 5]), [-1, 5])
        for width in widths:
            h = tf.nn.relu(tf.matmul(h, weights(int(h.shape[1]), width)) + weights(width))
        means = tf.reduce_mean(tf.reshape(h, [-1, 3, widths[-1]]), 1)
        total = tf.reduce_mean(tf.square(means - 1))
        return [total, h, t.AdamOptimizer(0.01).minimize(total)]

    return build


def standardized(x: Any) -> Any:
    mean, variance = tf.nn.moments(x, [0])
    return tf.nn.batch_normalization(x, mean, variance, weights(5), weights(5), 1e-3)


def several_embedded(
    combine: Callable[[Any], Any], make: Callable[[], Any], width: int = 4
) -> Build:
    """A bag of three words for each row."""

    def build() -> list[Any]:
        table, ids = weights(7, width), rows(3, tf.int32)
        x = combine(tf.nn.embedding_lookup(table, ids))
        w = weights(int(x.shape[1]), 3)
        total = tf.reduce_mean(tf.square(tf.matmul(tf.tanh(x), w) - 1))
        return [total, make().minimize(total)]

    return build


def embedded(make: Callable[[], Any]) -> Build:
    def build() -> list[Any]:
        table, w, ids = weights(7, 4), weights(10, 3), column()
        x = tf.concat([rows(), tf.nn.embedding_lookup(table, ids)], 1)
        total = tf.reduce_mean(tf.square(tf.matmul(x, w) - 1))
        return [total, make().minimize(total)]

    return build


def noise(draw: Callable[..., Any]) -> Build:
    def build() -> list[Any]:
        x = rows()
        tf.set_random_seed(5)
        return with_gradient(lambda x: x * draw(tf.shape(x), dtype=tf.float64), x)

    return build


def decay(rate: Callable[[Any], Any]) -> Build:
    step = tf.train.get_or_create_global_step
    return training(lambda: tf.train.MomentumOptimizer(rate(step()), 0.9))


t = tf.train
COVERED: dict[str, Build] = {
    **{name: unary(name) for name in """
        exp expm1 log log1p sqrt rsqrt tanh sigmoid square abs negative sin cos tan asin acos atan
        sinh cosh asinh erf erfc reciprocal softplus softsign log_sigmoid relu relu6 elu selu
        leaky_relu softmax log_softmax crelu
    """.split()},
    **{name: plain(name) for name in "sign floor ceil rint round is_nan is_inf is_finite".split()},
    **{name: binary(name) for name in """
        add subtract multiply divide maximum minimum pow squared_difference atan2 divide_no_nan
        truediv
    """.split()},
    **{name: comparison(name) for name in """
        equal not_equal less less_equal greater greater_equal floordiv mod
    """.split()},
    **{f"{name} of integers": integer(name) for name in """
        add subtract multiply floordiv mod maximum minimum truncatediv truncatemod equal less
        bitwise_and bitwise_or bitwise_xor left_shift right_shift
    """.split()},
    **{f"reduce {name}": reduction(name) for name in """
        sum mean max min prod all any logsumexp std variance euclidean_norm
    """.split()},
    "logical": lambda: (lambda a, b: [
        tf.logical_and(a, b), tf.logical_or(a, b), tf.logical_xor(a, b), tf.logical_not(a),
    ])(rows() > 0, rows() > 0),
    "cast": lambda: (lambda x, n: [
        tf.cast(x, tf.int32), tf.cast(x, tf.float32), tf.cast(x > 0, tf.float64), tf.to_float(n),
        tf.cast(n, tf.bool), tf.cast(n, tf.uint8), tf.cast(n, tf.int64),
    ])(rows(), rows(6, tf.int32)),
    "where": lambda: [
        *with_gradient(lambda x, y: tf.where(x > 0, x, y), rows(), rows()),
        tf.where(column(tf.float64) > 0, rows(), rows()),
        tf.where_v2(rows() > 0, rows(), 0.0),
    ],
    "clip": lambda: with_gradient(lambda x: tf.clip_by_value(x, -0.5, 0.5), rows()),
    "clip by norm": lambda: [tf.clip_by_norm(rows(), 1.0, axes=[1]), tf.clip_by_norm(rows(), 1.0)],
    "l2 normalize": lambda: with_gradient(lambda x: tf.nn.l2_normalize(x, 1), rows()),
    "l2 loss": lambda: with_gradient(tf.nn.l2_loss, rows()),
    "add n": lambda: [tf.add_n([rows(), rows(), rows()])],
    "matmul": lambda: [
        *with_gradient(tf.matmul, rows(), weights(6, 5)),
        *with_gradient(lambda x, w: tf.matmul(x, w, transpose_b=True), rows(), weights(5, 6)),
        tf.matmul(rows(), rows(3), transpose_a=True),
    ],
    "bias": lambda: with_gradient(tf.nn.bias_add, rows(), weights(6)),
    "concat": lambda: with_gradient(lambda x, y: tf.concat([x, y], 1), rows(), rows(3)),
    "split": lambda: (lambda x: [
        *tf.split(x, 3, 1), *tf.split(x, [1, 2, 3], 1),
        *tf.gradients(tf.split(x, 3, 1)[1] ** 2, x),
    ])(rows()),
    "slice": lambda: (lambda x: [
        part for f in (
            lambda x: x[:, 1:3], lambda x: x[:, 2], lambda x: x[:, ::2], lambda x: x[:, -1:],
            lambda x: tf.slice(x, [0, 1], [-1, 2]), lambda x: x[..., 1],
        ) for part in with_gradient(f, x)
    ])(rows()),
    "stack": lambda: with_gradient(lambda x, y: tf.stack([x, y], 1), rows(), rows()),
    "unstack": lambda: (lambda x: [
        *tf.unstack(x, axis=1), *tf.gradients(tf.unstack(x, axis=1)[1] ** 2, x),
    ])(rows()),
    "tile": lambda: with_gradient(lambda x: tf.tile(x, [1, 3]), rows()),
    "reverse": lambda: with_gradient(lambda x: tf.reverse(x, [1]), rows()),
    "pad": lambda: with_gradient(lambda x: tf.pad(x, [[0, 0], [1, 2]]), rows()),
    "reshape": lambda: (lambda x: [
        tf.transpose(tf.reshape(x, [-1, 2, 3]), [0, 2, 1]), tf.reshape(x, [tf.shape(x)[0], -1]) + 1,
        tf.expand_dims(x, 1) + 1, tf.squeeze(x[:, :1], 1) + 1, tf.zeros_like(x) + 2 * x,
        tf.fill([tf.shape(x)[0], 2], tf.constant(2.0, tf.float64)) + x[:, :2],
        tf.broadcast_to(x[:, :1], tf.shape(x)) + 1, x / tf.cast(tf.shape(x)[0], tf.float64),
    ])(rows()),
    "one hot": lambda: [tf.one_hot(column(), 5), tf.one_hot(column(tf.int64), 5, dtype=tf.float64)],
    "argmax": lambda: [
        tf.argmax(rows(), 1), tf.argmin(rows(), 1), tf.argmax(rows(), 1, output_type=tf.int32),
    ],
    "accuracy": lambda: (lambda x, y: [
        tf.reduce_mean(tf.cast(tf.equal(tf.argmax(x, 1), tf.argmax(y, 1)), tf.float32)),
        tf.reduce_mean(tf.cast(tf.nn.in_top_k(tf.to_float(x), column(), 1), tf.float32)),
    ])(rows(), rows()),
    "sigmoid loss": loss(lambda x, y: tf.nn.sigmoid_cross_entropy_with_logits(
        labels=tf.sigmoid(y), logits=x)),
    "weighted loss": loss(lambda x, y: tf.nn.weighted_cross_entropy_with_logits(
        targets=tf.sigmoid(y), logits=x, pos_weight=2.0)),
    "softmax loss": loss(lambda x, y: tf.nn.softmax_cross_entropy_with_logits_v2(
        labels=tf.nn.softmax(y), logits=x)),
    "sparse softmax loss": loss(lambda x, y: tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=column(), logits=x)),
    "poisson loss": loss(lambda x, y: tf.nn.log_poisson_loss(tf.abs(y), x)),
    "moments": lambda: list(tf.nn.moments(rows(), [1], keep_dims=True)),
    "batch normalization": batch_norm,
    "global norm": clipped,
    "gradient descent": training(lambda: t.GradientDescentOptimizer(0.1)),
    "momentum": training(lambda: t.MomentumOptimizer(0.1, 0.9)),
    "nesterov": training(lambda: t.MomentumOptimizer(0.1, 0.9, use_nesterov=True)),
    "adam": training(lambda: t.AdamOptimizer(0.1)),
    "adagrad": training(lambda: t.AdagradOptimizer(0.1)),
    "adadelta": training(lambda: t.AdadeltaOptimizer(0.1)),
    "rmsprop": training(lambda: t.RMSPropOptimizer(0.01)),
    "centered rmsprop": training(lambda: t.RMSPropOptimizer(0.01, centered=True)),
    "ftrl": training(lambda: t.FtrlOptimizer(0.1)),
    "dual averaging": training(
        lambda: t.AdagradDAOptimizer(0.1, t.get_or_create_global_step())),
    "gather": looked_up(7, 5),
    "gather of numbers": looked_up(7),
    "gather of matrices": looked_up(7, 3, 2, ids=lambda: column(tf.int64)),
    "gather by several": looked_up(7, 3, ids=lambda: rows(3, tf.int32)),
    "gather of numbers by several": looked_up(7, ids=lambda: rows(3, tf.int32)),
    "gather by columns": looked_up(7, 3, ids=lambda: rows(3, tf.int32)[:, 1]),
    "gather by results": looked_up(7, 3, ids=lambda: tf.argmax(rows(), 1)),
    "gather and batch norm": lambda: [
        tf.nn.moments(tf.gather(weights(7, 3), column()) * rows(3), [0])[1],
    ],
    "segment sum": lambda: with_gradient(
        lambda x: tf.unsorted_segment_sum(x * x, column() - 1, 6), rows()),
    "embedding, gradient descent": embedded(lambda: t.GradientDescentOptimizer(0.1)),
    "embedding, adam": embedded(lambda: t.AdamOptimizer(0.1)),
    **{f"embedding, {name}": embedded(make) for name, make in {
        "momentum": lambda: t.MomentumOptimizer(0.1, 0.9),
        "nesterov": lambda: t.MomentumOptimizer(0.1, 0.9, use_nesterov=True),
        "adagrad": lambda: t.AdagradOptimizer(0.1),
        "adadelta": lambda: t.AdadeltaOptimizer(0.1),
        "rmsprop": lambda: t.RMSPropOptimizer(0.01, momentum=0.5),
        "centered rmsprop": lambda: t.RMSPropOptimizer(0.01, centered=True),
        "ftrl": lambda: t.FtrlOptimizer(0.1, l1_regularization_strength=0.01),
        "dual averaging": lambda: t.AdagradDAOptimizer(0.1, t.get_or_create_global_step()),
    }.items()},
    "normal noise": noise(tf.random_normal),
    "truncated noise": noise(tf.truncated_normal),
    "uniform noise": noise(tf.random_uniform),
    "bag of words, sum": several_embedded(
        lambda x: tf.reduce_sum(x, 1), lambda: t.AdamOptimizer(0.1)),
    "bag of words, mean": several_embedded(
        lambda x: tf.reduce_mean(x, 1), lambda: t.GradientDescentOptimizer(0.1)),
    "words in order": several_embedded(
        lambda x: tf.reshape(x, [-1, 12]), lambda: t.AdagradOptimizer(0.1)),
    "numbers in order": several_embedded(
        lambda x: tf.reshape(x, [-1, 3]), lambda: t.RMSPropOptimizer(0.01), 1),
    "steps, layers": stepwise(7, 3),
    "steps, wide layers": stepwise(20, 30),
    "steps, one column": stepwise(7, 1),
    "steps, tensordot": lambda: (lambda x, w: with_gradient(
        lambda x, w: tf.tanh(tf.tensordot(x, w, [[2], [0]]) + 1), x, w))(
        tf.placeholder(tf.float64, [None, 4, 5]), weights(5, 3)),
    **{f"several, {name}": several(function) for name, function in {
        "product": lambda x: tf.matmul(x, weights(5, 3)),
        "transposed product": lambda x: tf.matmul(x, weights(3, 5), transpose_b=True),
        "product to one": lambda x: tf.matmul(x, weights(5, 1)),
        "bias": lambda x: tf.nn.bias_add(x, weights(5)),
        "softmax": tf.nn.softmax,
        "sparse loss": lambda x: tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=tf.reshape(rows(4, tf.int32) - 1, [-1]), logits=x),
        "argmax": lambda x: tf.argmax(x, 1),
        "batch normalization": standardized,
        "columns": lambda x: tf.pad(tf.concat([x[:, 1:3], x, x[:, ::2]], 1), [[0, 0], [1, 2]]),
        "column": lambda x: x[:, 2] * 3,
        "maximum": lambda x: x - tf.reduce_max(x, 0) + tf.reduce_max(x, 1, keepdims=True),
        "where": lambda x: tf.where(x[:, 0] > 0, x, -x),
        "one hot": lambda x: x * tf.one_hot(tf.argmax(x, 1), 5, dtype=tf.float64),
        "gather": lambda x: x * tf.gather(weights(7, 5), tf.argmax(x, 1)),
        "noise": lambda x: x * tf.random_normal(tf.shape(x), seed=4, dtype=tf.float64),
        "number": lambda x: x / tf.cast(tf.shape(x)[0], tf.float64),
        "elements": lambda x: x / tf.cast(tf.size(x), tf.float64),
        "fill": lambda x: x + tf.fill(tf.shape(x), tf.constant(2.0, tf.float64)),
        "folded again": lambda x: tf.reshape(tf.tanh(tf.reshape(x, [-1, 2, 10])), [-1, 5]),
        "flat": lambda x: tf.reshape(tf.sigmoid(tf.reshape(x, [-1])), [-1, 5]),
    }.items()},
    "exponential decay": decay(lambda step: t.exponential_decay(0.1, step, 10, 0.9)),
    "polynomial decay": decay(lambda step: t.polynomial_decay(0.1, step, 10)),
    "inverse decay": decay(lambda step: t.inverse_time_decay(0.1, step, 10, 0.5)),
    "natural decay": decay(lambda step: t.natural_exp_decay(0.1, step, 10, 0.5)),
    "cosine decay": decay(lambda step: t.cosine_decay(0.1, step, 10)),
}  # fmt: skip

#: What NumPy does beside kernels: the nodes, and why.
LEFT_OUT: dict[str, tuple[Build, str, str]] = {
    "cumsum": (lambda: [tf.cumsum(tf.exp(rows()), 1)], "Cumsum", "the function 'cumsum'"),
    "lgamma": (lambda: [tf.lgamma(tf.exp(rows()))], "Lgamma", "the function 'round'"),
    "lgamma of several": (
        lambda: [1 + tf.reshape(
            tf.tanh(tf.lgamma(2 + tf.tanh(tf.reshape(rows(), [-1, 2])))), [-1, 6])],
        "Lgamma", "the function 'round'",
    ),
    "free product": (
        lambda: [tf.matmul(rows(), tf.matmul(weights(6, 4), weights(4, 3)))],
        "MatMul", "a product of a free array and a free array",
    ),
    "softmax over rows": (
        lambda: [tf.nn.softmax(rows(), axis=0)], "Softmax", "do not come first",
    ),
    "some rows": (lambda: [tf.exp(rows())[:5] + 1], "StridedSlice", "slicing the rows"),
}  # fmt: skip


def feeds(count: int) -> dict[Any, Any]:
    draw = np.random.RandomState(count)
    result = {}
    for op in tf.get_default_graph().get_operations():
        if op.type == "Placeholder":
            tensor = op.outputs[0]
            shape = [count, *tensor.shape.as_list()[1:]]
            dtype = tensor.dtype.as_numpy_dtype
            drawn = draw.randint(1, 5, shape) if tensor.dtype.is_integer else draw.randn(*shape)
            result[tensor] = drawn.astype(dtype)
    return result


def run(tier: str, fetches: list[Any]) -> list[Any]:
    config = tf.ConfigProto()
    config.experimental.executor_type = tier
    results = []
    with tf.Session(config=config) as session:
        session.run(tf.global_variables_initializer())
        for count in (17, 64, 0, 5):
            results += [x for x in session.run(fetches, feeds(count)) if x is not None]
        results += session.run(tf.global_variables()) if tf.global_variables() else []
    return results


@pytest.mark.parametrize("name", COVERED)
def test_a_kernel_does_it_all(name: str) -> None:
    fetches = COVERED[name]()
    plain = run("numpy", fetches)
    with watching() as watch:
        fused = run("kernels", fetches)
    assert watch.outside == set()
    assert watch.kernels
    assert watch.interpreted == 0
    for a, b in zip(plain, fused, strict=True):
        assert np.asarray(a).dtype == np.asarray(b).dtype
        narrow = np.asarray(a).dtype == np.float32 or name.endswith("decay")
        np.testing.assert_allclose(
            b, a, rtol=1e-5 if narrow else 1e-10, atol=1e-7 if narrow else 1e-12
        )


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_is_left_to_numpy(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    build, node, reason = LEFT_OUT[name]
    fetches = build()
    plain = run("numpy", fetches)
    monkeypatch.setattr(fuse, "FEWEST_NODES", 1)
    with watching() as watch:
        fused = run("kernels", fetches)
    assert node in watch.outside
    lines = [line for plan in watch.plans for line in plan.report]
    assert any(node in line and reason in line for line in lines) or not watch.kernels
    for a, b in zip(plain, fused, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-10)
