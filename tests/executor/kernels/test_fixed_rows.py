"""Batches of a fixed size in kernels: which dimensions are rows, whatever else is as large."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.executor.kernels.watching import Watch, watching
from tidefall.array.combining import concatenate, matmul
from tidefall.array.record import Recording, broadcast_to, reshape
from tidefall.compiler.axes import Axes
from tidefall.compiler.fixed_rows import FixedRows, find_rows
from tidefall.compiler.named_rows import named_rows
from tidefall.compiler.pipeline import make_plan, simplify
from tidefall.compiler.rows_put_in import _repeats
from tidefall.compiler.specialize import specialize
from tidefall.executor import tiers
from tidefall.ir.plan import KERNEL

ROWS = 24
Build = Callable[[], tuple[list[Any], dict[Any, Any]]]


def numbers(*shape: int, seed: int = 0) -> Any:
    return np.random.RandomState(seed).uniform(-1, 1, shape)


def variable(*shape: int) -> Any:
    return tf.Variable(numbers(*shape, seed=sum(shape)) / np.sqrt(shape[0]))


def given(*shape: int) -> Any:
    return tf.placeholder(tf.float64, shape)


def dense(x: Any, width: int, activation: Any = tf.nn.tanh) -> Any:
    y = tf.matmul(x, variable(int(x.shape[1]), width)) + tf.Variable(numbers(width))
    return activation(y)


def trained(loss: Any) -> list[Any]:
    return [loss, tf.train.AdamOptimizer(0.01).minimize(loss)]


def regression(x: Any, y: Any, width: int = 9) -> list[Any]:
    return trained(tf.reduce_mean(tf.square(dense(dense(x, width), int(y.shape[1])) - y)))


def results(build: Build, tier: str, steps: int = 3) -> tuple[list[Any], Watch]:
    """What some steps and then all variables give."""
    tf.reset_default_graph()
    tf.set_random_seed(5)
    config = tf.ConfigProto()
    config.experimental.executor_type = tier
    with watching() as watch, tf.Session(config=config) as session:
        fetches, feeds = build()
        session.run(tf.global_variables_initializer())
        for op in tf.get_collection("fill"):
            session.run(op)
        found = []
        for _ in range(steps):
            values = session.run(fetches, feeds)
            found += [value for value in values if value is not None]
        found += session.run(tf.global_variables())
    return found, watch


def agree(build: Build) -> Watch:
    """Runs a model with NumPy and with kernels; what was watched of the latter."""
    plain, _ = results(build, "numpy")
    fused, watch = results(build, "kernels")
    for a, b in zip(plain, fused, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-11, atol=1e-13)
    return watch


def step_of(watch: Watch) -> tuple[int, set[str]]:
    """Of the step's plan: how many kernels with rows it has, and what NumPy runs of it."""
    plan = max(watch.plans, key=lambda plan: sum(len(n.members) for n in plan.nodes))
    kernels = [node for node in plan.nodes if node.type == KERNEL]
    rows = [node for node in kernels if node.attrs["fused"].count is not None]
    return len(rows), {node.type for node in plan.nodes} - {KERNEL, "Load"}


# -- programs that run in one kernel ---------------------------------------------------------------


def softmax_regression() -> Any:
    x, y = given(ROWS, 30), given(ROWS, 10)
    y_ = tf.nn.softmax(tf.matmul(x, variable(30, 10)) + variable(10))
    loss = tf.reduce_mean(-tf.reduce_sum(y * tf.log(y_), reduction_indices=[1]))
    right = tf.equal(tf.argmax(y_, 1), tf.argmax(y, 1))
    feeds = {x: numbers(ROWS, 30), y: np.eye(10)[np.arange(ROWS) % 10]}
    return [*trained(loss), tf.reduce_mean(tf.cast(right, tf.float32))], feeds


def whole_data_as_constants() -> Any:
    data = numbers(500, 7)
    return regression(tf.constant(data), tf.constant(data[:, :1] ** 2)), {}


def whole_data_in_variables() -> Any:
    data = numbers(500, 7)
    x = tf.Variable(data, trainable=False)
    y = tf.Variable(data[:, :1] ** 2, trainable=False)
    return regression(x, y), {}


def autoencoder() -> Any:
    x = given(ROWS, 40)
    code = dense(dense(x, 20), 5)
    decoded = dense(dense(code, 20), 40)
    return trained(tf.reduce_mean(tf.pow(x - decoded, 2))), {x: numbers(ROWS, 40)}


def queue() -> Any:
    data = numbers(2000, 6)
    waiting = tf.RandomShuffleQueue(9000, 50, [tf.float64, tf.float64], [[6], [1]], seed=1)
    tf.add_to_collection("fill", waiting.enqueue_many([data, data[:, :1]]))
    x, y = waiting.dequeue_many(128)
    return regression(x, y), {}


def data_set() -> Any:
    data = numbers(90, 6)
    batches = tf.data.Dataset.from_tensor_slices((data, data[:, :2]))
    x, y = tf.data.make_one_shot_iterator(batches.batch(ROWS, drop_remainder=True)).get_next()
    return regression(x, y), {}


def train_batch() -> Any:
    example = tf.constant(numbers(6))
    x = tf.train.batch([example], batch_size=ROWS)
    tf.train.start_queue_runners(tf.get_default_session())
    return regression(x, x[:, :2]), {}


def dropout() -> Any:
    x = given(ROWS, 12)
    hidden = tf.nn.dropout(dense(x, ROWS), keep_prob=0.6)
    return regression(hidden, x), {x: numbers(ROWS, 12)}


def noise() -> Any:
    z = tf.random_uniform([ROWS, 12], -1, 1, tf.float64)
    return regression(z, z[:, :3]), {}


def batch_normalization() -> Any:
    x = given(ROWS, ROWS)
    hidden = dense(x, ROWS)
    mean, variance = tf.nn.moments(hidden, [0])
    hidden = tf.nn.batch_normalization(hidden, mean, variance, variable(ROWS), None, 0.1)
    return regression(hidden + x, x, ROWS), {x: numbers(ROWS, ROWS)}


def everything_as_large() -> Any:
    x, labels = given(ROWS, ROWS), tf.placeholder(tf.int32, [ROWS])
    logits = dense(dense(x, ROWS) + x, ROWS, tf.identity)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    penalty = tf.add_n([tf.nn.l2_loss(w) for w in tf.trainable_variables()])
    loss = tf.reduce_mean(losses) + 0.01 * penalty
    return trained(loss), {x: numbers(ROWS, ROWS), labels: np.arange(ROWS)}


def unrolled_recurrence() -> Any:
    x = given(ROWS, 5, 4)
    state = tf.zeros([ROWS, 6], tf.float64)
    inner, outer = variable(6, 6), variable(4, 6)
    for step in tf.unstack(x, axis=1):
        state = tf.tanh(tf.matmul(state, inner) + tf.matmul(step, outer))
    return trained(tf.reduce_mean(tf.square(state - 0.5))), {x: numbers(ROWS, 5, 4)}


def embedding() -> Any:
    """A table with as many rows as the batch has."""
    table, ids, x = variable(ROWS, 6), tf.placeholder(tf.int32, [ROWS]), given(ROWS, 4)
    hidden = tf.concat([tf.nn.embedding_lookup(table, ids), dense(x, 5)], 1)
    return regression(hidden, x), {x: numbers(ROWS, 4), ids: np.arange(ROWS) // 2}


def embedding_with_momentum() -> Any:
    """Sparse update rules, which change only the rows that are named."""
    table, ids, x = variable(40, 6), tf.placeholder(tf.int64, [ROWS]), given(ROWS, 4)
    hidden = tf.concat([tf.nn.embedding_lookup(table, ids), dense(x, 5)], 1)
    loss = tf.reduce_mean(tf.square(dense(hidden, 4) - x))
    step = tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss)
    return [loss, step], {x: numbers(ROWS, 4), ids: np.arange(ROWS) // 2}


def embedding_of_constants() -> Any:
    table, x = variable(40, 6), given(ROWS, 4)
    found = tf.nn.embedding_lookup(table, tf.constant(np.arange(ROWS) // 2))
    loss = tf.reduce_mean(tf.square(dense(tf.concat([found, x], 1), 4) - x))
    return [loss, tf.train.AdagradOptimizer(0.1).minimize(loss)], {x: numbers(ROWS, 4)}


def weights_of_rows() -> Any:
    """Constants with another value for each row, and with one for all."""
    x = given(ROWS, 4)
    weight = tf.constant(np.linspace(0.1, 1, ROWS))
    error = tf.reduce_sum(
        tf.square(dense(x, 4) - tf.fill([ROWS, 1], tf.constant(0.5, tf.float64))), 1
    )
    mean = tf.reduce_sum(weight * error) / tf.reduce_sum(weight)
    return [*trained(mean), tf.gradients(error, x)[0]], {x: numbers(ROWS, 4)}


def steps_in_time() -> Any:
    """Layers of [ROWS * 4, …], with labels and weights of constants for every step."""
    x = given(ROWS, 4, 5)
    classes = tf.placeholder(tf.int32, [ROWS * 4])
    hidden = dense(tf.reshape(x, [ROWS * 4, 5]), ROWS * 4)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=classes, logits=dense(hidden, 6, tf.identity)
    )
    weight = tf.constant(np.linspace(0.1, 1, ROWS * 4))
    mean = tf.reduce_mean(weight * losses) + tf.reduce_mean(tf.reshape(hidden, [ROWS, -1]))
    return trained(mean), {x: numbers(ROWS, 4, 5), classes: np.arange(ROWS * 4) % 6}


def bag_of_words() -> Any:
    """Several lookups for each row, and sparse update rules."""
    table, ids, x = variable(40, 6), tf.placeholder(tf.int64, [ROWS, 3]), given(ROWS, 4)
    noise = tf.random_normal([ROWS * 3, 6], seed=3, dtype=tf.float64)
    found = tf.nn.embedding_lookup(table, ids) + tf.reshape(noise, [ROWS, 3, 6])
    hidden = tf.concat([tf.reduce_mean(found, 1), dense(x, 5)], 1)
    loss = tf.reduce_mean(tf.square(dense(hidden, 4) - x))
    step = tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss)
    return [loss, step], {x: numbers(ROWS, 4), ids: np.arange(ROWS * 3).reshape(ROWS, 3) // 2}


WHOLE: list[Build] = [
    softmax_regression, whole_data_as_constants, whole_data_in_variables, autoencoder, queue,
    data_set, train_batch, dropout, noise, batch_normalization, everything_as_large,
    unrolled_recurrence, embedding, embedding_with_momentum, embedding_of_constants,
    weights_of_rows, steps_in_time, bag_of_words,
]  # fmt: skip


@pytest.mark.parametrize("build", WHOLE, ids=lambda build: build.__name__)
def test_a_step_is_one_kernel(build: Build) -> None:
    watch = agree(build)
    kernels, outside = step_of(watch)
    assert (kernels, outside) == (1, set())
    assert all(each.interpreted == 0 for each in watch.bound)


# -- what mixes rows with something else -----------------------------------------------------------


def similarities() -> Any:
    x = given(ROWS, 10)
    hidden = dense(x, ROWS)
    scores = tf.nn.softmax(tf.matmul(hidden, hidden, transpose_b=True))
    return regression(tf.matmul(scores, hidden), x), {x: numbers(ROWS, 10)}


def graph_network() -> Any:
    x, neighbours = given(ROWS, 10), tf.constant(numbers(ROWS, ROWS, seed=4))
    hidden = tf.nn.relu(tf.matmul(tf.matmul(neighbours, x), variable(10, ROWS)))
    return regression(tf.matmul(neighbours, hidden), x), {x: numbers(ROWS, 10)}


def codes_that_are_trained() -> Any:
    codes, y = variable(ROWS, 3), given(ROWS, 8)
    return regression(dense(codes, 20), y), {y: numbers(ROWS, 8)}


def fed_weights() -> Any:
    x, weights = given(ROWS, ROWS), given(ROWS, 5)
    hidden = tf.tanh(tf.matmul(tf.sin(x), weights))
    return regression(hidden, x), {x: numbers(ROWS, ROWS), weights: numbers(ROWS, 5, seed=1)}


def halves_of_the_batch() -> Any:
    x = given(2 * ROWS, 6)
    first, second = tf.split(x, 2)
    hidden = dense(tf.concat([second, first], 0), 2 * ROWS)
    return regression(hidden + dense(x, 2 * ROWS), x[:, ::2]), {x: numbers(2 * ROWS, 6)}


def pairs() -> Any:
    x = given(ROWS, 4)
    apart = tf.reduce_sum(tf.square(x[:, None, :] - x[None, :, :]), 2)
    return regression(tf.exp(-apart), x, ROWS), {x: numbers(ROWS, 4)}


def moving_sums() -> Any:
    x = given(ROWS, 6)
    return regression(tf.cumsum(dense(x, 6)), tf.reverse(x, [0])), {x: numbers(ROWS, 6)}


def state_between_runs() -> Any:
    x, state = given(ROWS, 5), tf.Variable(numbers(ROWS, 7), trainable=False)
    new = tf.tanh(tf.matmul(state, variable(7, 7)) + dense(x, 7))
    fetches = regression(new, x)
    return [*fetches, tf.assign(state, new)], {x: numbers(ROWS, 5)}


def merged_constants() -> Any:
    """The same zeros for a layer and for the rows."""
    x = given(ROWS, ROWS)
    zeros = tf.constant(np.arange(ROWS) / 7.0)
    rows = tf.reduce_sum(tf.tanh(dense(x, ROWS) + zeros), 1) + zeros
    return trained(tf.reduce_mean(tf.square(rows))), {x: numbers(ROWS, ROWS)}


MIXED: list[Build] = [
    similarities, graph_network, codes_that_are_trained, fed_weights, halves_of_the_batch, pairs,
    moving_sums, state_between_runs, merged_constants,
]  # fmt: skip


@pytest.mark.parametrize("build", MIXED, ids=lambda build: build.__name__)
def test_what_no_kernel_can_run_stays_with_numpy_and_the_rest_does_not(build: Build) -> None:
    watch = agree(build)
    kernels, _ = step_of(watch)
    assert kernels >= 1
    assert all(each.interpreted == 0 for each in watch.bound)


# -- shapes that are not what the graph says -------------------------------------------------------


def test_python_that_makes_other_shapes_than_declared_is_not_believed() -> None:
    """A kernel would read what is not there; the same nodes run in NumPy."""

    def build() -> Any:
        x = given(ROWS, 5)
        doubled = tf.py_func(lambda a: np.concatenate([a, a])[: ROWS + 8], [tf.tanh(x)], tf.float64)
        doubled.set_shape([ROWS, 5])
        return [tf.reduce_sum(tf.square(dense(doubled, 6)))], {x: numbers(ROWS, 5)}

    watch = agree(build)
    assert sum(each.interpreted for each in watch.bound) == 3


def test_nor_is_what_is_computed_of_it() -> None:
    def build() -> Any:
        x = given(ROWS, 5)
        longer = tf.py_func(lambda a: np.concatenate([a, a])[: ROWS + 8], [x], tf.float64)
        longer.set_shape([ROWS, 5])
        sums = tf.cumsum(longer)  # in NumPy
        return [tf.reduce_sum(dense(sums, 6)), tf.reduce_sum(dense(x, 6))], {x: numbers(ROWS, 5)}

    agree(build)


def test_a_variable_of_another_shape_is_not_believed() -> None:
    data = numbers(60, 5)
    states = []
    for tier in ("numpy", "kernels"):
        tf.reset_default_graph()
        config = tf.ConfigProto()
        config.experimental.executor_type = tier
        x = tf.Variable(data, trainable=False)
        smaller = tf.assign(x, data[:20], validate_shape=False)
        total = tf.reduce_sum(tf.square(dense(x, 6)))
        with tf.Session(config=config) as session:
            session.run(tf.global_variables_initializer())
            states.append([session.run(total), session.run(smaller), session.run(total)])
    np.testing.assert_allclose(states[1][0], states[0][0], rtol=1e-12)
    np.testing.assert_allclose(states[1][2], states[0][2], rtol=1e-12)


# -- finding the rows ------------------------------------------------------------------------------


def found_in(fetches: list[Any], feeds: list[Any]) -> FixedRows | None:
    tensors = [f for f in fetches if isinstance(f, tf.Tensor)]
    targets = [f for f in fetches if isinstance(f, tf.Operation)]
    plan, sizes = specialize(simplify(make_plan(feeds, tensors, targets)))
    return find_rows(plan, sizes, named_rows(plan))


def test_weights_as_long_as_the_batch_are_no_rows() -> None:
    x = given(ROWS, ROWS)
    w = variable(ROWS, ROWS)
    found = found_in(trained(tf.reduce_sum(tf.tanh(tf.matmul(x, w) + variable(ROWS)))), [x])
    assert found is not None
    assert found.count == ROWS
    rows = {value.name for value in found.values}
    assert "Placeholder:0" in rows
    assert not any("Variable" in name or "Adam" in name for name in rows)


def test_open_batches_and_plans_without_data_have_no_fixed_rows() -> None:
    x = tf.placeholder(tf.float64, [None, 4])
    assert found_in([tf.matmul(x, variable(4, 8))], [x]) is None
    assert found_in([tf.reduce_sum(variable(16, 8))], []) is None


def test_the_largest_of_what_is_given_tells_the_rows() -> None:
    x, scale = given(40, 9), given(9)
    found = found_in([tf.reduce_sum(tf.tanh(tf.matmul(x * scale, variable(9, 9))))], [x, scale])
    assert found is not None
    assert found.count == 40


def test_rows_that_are_equal_bit_for_bit_are_one_row() -> None:
    assert _repeats(np.full((5, 3), np.nan))
    assert _repeats(np.ones(4))
    assert _repeats(np.zeros((4, 0)))
    assert not _repeats(np.array([[0.0], [-0.0]]))
    assert not _repeats(np.arange(6.0).reshape(3, 2))


def test_equal_sizes_do_not_make_dimensions_one() -> None:
    recording = Recording()
    x, w = recording.input((8, 8), np.float32), recording.input((8, 8), np.float32)
    y = matmul(x, w)
    z = reshape(y + broadcast_to(recording.constant(np.ones(8, np.float32)), (8, 8)), (8, 2, 4))
    joined = concatenate([z, z], 2)
    axes = Axes()
    for instruction in recording.instructions:
        axes.note(instruction)
    assert axes.of(joined, 0) == axes.of(z, 0) == axes.of(x, 0) == axes.of(y, 0)
    assert axes.of(x, 1) == axes.of(w, 0)
    assert axes.of(y, 1) == axes.of(w, 1)
    assert len({axes.of(x, 0), axes.of(x, 1), axes.of(w, 1), axes.of(z, 1)}) == 4
    assert axes.of(joined, 2) != axes.of(z, 2)


# -- promotion -------------------------------------------------------------------------------------


def test_a_fixed_batch_is_promoted_by_its_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    promotions: list[Any] = []

    def seen(compiled: Any, function: Any) -> Any:
        promotions.append(compiled.promotion)
        return function

    monkeypatch.setattr(tiers, "watchers", [seen])
    config = tf.ConfigProto()
    config.experimental.executor_type = "auto"
    x = given(200, 30)
    fetches = regression(x, x, 40)
    with tf.Session(config=config) as session:
        session.run(tf.global_variables_initializer())
        session.run(fetches, {x: numbers(200, 30)})
        promotion = promotions[-1]
        assert promotion.rows((numbers(200, 30),)) == 200
        assert promotion.saving(200) > 1.5 * promotion.saving(50) > 0
        expected = int(promotion.cost / promotion.saving(200)) + 8
        for _ in range(expected + 5):
            session.run(fetches, {x: numbers(200, 30)})
    assert abs(promotion.switched - expected) <= 2
