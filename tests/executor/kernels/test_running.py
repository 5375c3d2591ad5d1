"""How kernels behave in sessions: variables, feeds, threads, errors; always as NumPy does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.executor.kernels.watching import Watch, watching
from tidefall.compiler import fuse, primitives
from tidefall.core import logging
from tidefall.executor import promotion
from tidefall.executor.kernels import engine, target
from tidefall.executor.kernels.loading import KernelError
from tidefall.executor.promotion import Warming


@pytest.fixture
def watch() -> Iterator[Watch]:
    with watching() as watch:
        yield watch


def session(tier: str = "kernels", threads: int = 0) -> Any:
    config = tf.ConfigProto(intra_op_parallelism_threads=threads)
    config.experimental.executor_type = tier
    return tf.Session(config=config)


class Net:
    """A small network that is trained with Adam."""

    def __init__(self, features: int = 5, hidden: int = 7, validate: bool = True) -> None:
        tf.set_random_seed(3)
        self.x = tf.placeholder(tf.float64, [None, features])
        self.y = tf.placeholder(tf.float64, [None, 1])
        self.w = tf.get_variable("w", [features, hidden], tf.float64)
        self.v = tf.get_variable("v", [hidden, 1], tf.float64)
        self.logits = tf.matmul(tf.nn.tanh(tf.matmul(self.x, self.w)), self.v)
        self.loss = tf.reduce_mean(tf.square(self.logits - self.y))
        self.train = tf.train.AdamOptimizer(0.01).minimize(self.loss)
        self.other = tf.train.GradientDescentOptimizer(0.1).minimize(self.loss)
        self.init = tf.global_variables_initializer()

    def feeds(self, rows: int = 20, seed: int = 0) -> dict[Any, Any]:
        draw = np.random.RandomState(seed)
        x = draw.uniform(-1, 1, (rows, int(self.x.shape[1])))
        return {self.x: x, self.y: x[:, :1] ** 2}


def both(steps: Any) -> tuple[Any, Any]:
    """What ``steps``, given a session, gives with NumPy and with kernels."""
    results = []
    for tier in ("numpy", "kernels"):
        with session(tier) as s:
            results.append(steps(s))
    return results[0], results[1]


def agree(steps: Any) -> None:
    plain, fused = both(steps)
    for a, b in zip(plain, fused, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-11, atol=1e-13)


# -- repeating -------------------------------------------------------------------------------------


def test_a_run_gives_the_same_bits_whatever_the_number_of_threads() -> None:
    net = Net(19, 50)
    feeds = net.feeds(4000)

    def bits(threads: int) -> bytes:
        with session(threads=threads) as s:
            s.run(net.init)
            for _ in range(6):
                s.run([net.train, net.loss], feeds)
            return b"".join(x.tobytes() for x in s.run([net.w, net.v]))

    first = bits(1)
    assert all(bits(threads) == first for threads in (1, 2, 2, 2, 4))


def test_wide_layers_repeat_too() -> None:
    tf.set_random_seed(1)
    x = tf.placeholder(tf.float32, [None, 28])
    h = x
    for number, width in enumerate((300, 300, 1)):
        h = tf.nn.relu(tf.matmul(h, tf.get_variable(f"w{number}", [int(h.shape[1]), width])))
    train = tf.train.AdamOptimizer(1e-3).minimize(tf.reduce_mean(tf.square(h - 1)))
    data = np.random.RandomState(0).randn(100, 28).astype(np.float32)

    def bits() -> list[bytes]:
        with session() as s:
            s.run(tf.global_variables_initializer())
            for _ in range(10):
                s.run(train, {x: data})
            return [w.tobytes() for w in s.run(tf.trainable_variables())]

    first = bits()
    assert all(bits() == first for _ in range(4))


# -- variables -------------------------------------------------------------------------------------


def test_variables_may_be_assigned_and_initialised_again_between_runs() -> None:
    net = Net()
    new = tf.placeholder(tf.float64, net.w.shape)
    assign = tf.assign(net.w, new)

    def steps(s: Any) -> list[Any]:
        found = []
        s.run(net.init)
        for number in range(3):
            found.append(s.run([net.loss, net.train], net.feeds(10 + number))[0])
        s.run(assign, {new: np.full((5, 7), 0.25)})
        found.append(s.run([net.loss, net.train], net.feeds())[0])
        s.run(net.w.initializer)
        found.append(s.run([net.loss, net.train], net.feeds())[0])
        net.v.load(np.full((7, 1), 0.5), s)
        found.append(s.run([net.loss, net.train], net.feeds())[0])
        return [*found, *s.run([net.w, net.v])]

    agree(steps)


def test_two_training_operations_and_an_evaluation_share_variables() -> None:
    net = Net()

    def steps(s: Any) -> list[Any]:
        found = []
        s.run(net.init)
        for number in range(4):
            feeds = net.feeds(30, number)
            s.run(net.train, feeds)
            found.append(s.run(net.loss, feeds))
            s.run(net.other, feeds)
            found.append(s.run(net.logits, feeds))
        return [*found, *s.run([net.w, net.v])]

    agree(steps)


def test_a_variable_may_change_its_shape() -> None:
    x = tf.placeholder(tf.float64, [None, 3])
    w = tf.Variable(np.ones((3, 2)), validate_shape=False)
    wider = tf.assign(w, np.full((3, 4), 2.0), validate_shape=False)
    y = tf.tanh(tf.matmul(x, w)) * 2 + 1
    data = np.random.RandomState(0).randn(9, 3)

    def steps(s: Any) -> list[Any]:
        s.run(tf.global_variables_initializer())
        first = s.run(y, {x: data})
        s.run(wider)
        return [first, s.run(y, {x: data})]

    agree(steps)


def test_sessions_have_variables_of_their_own(watch: Watch) -> None:
    net = Net()
    with session() as a, session() as b:
        a.run(net.init)
        b.run(net.init)
        start = b.run(net.w)
        for _ in range(3):
            a.run(net.train, net.feeds())
        assert np.array_equal(b.run(net.w), start)
        for _ in range(3):
            b.run(net.train, net.feeds())
        assert a.run(net.w).tobytes() == b.run(net.w).tobytes()
    assert watch.kernels
    assert watch.interpreted == 0


def test_a_fetch_is_no_view_of_a_variable_or_of_scratch_memory() -> None:
    net = Net()
    gradient = tf.gradients(net.loss, net.w)[0]
    with session() as s:
        s.run(net.init)
        found = s.run([net.train, net.w, gradient, net.logits], net.feeds())[1:]
        kept = [x.copy() for x in found]
        for number in range(3):
            s.run([net.train, net.w, gradient, net.logits], net.feeds(20, number + 1))
        for x, y in zip(found, kept, strict=True):
            assert np.array_equal(x, y)
        before = s.run(net.w)
        for x in found:
            x[...] = 1e9
        assert np.array_equal(s.run(net.w), before)


def test_uninitialised_variables_are_named_as_numpy_names_them() -> None:
    net = Net()
    messages = []
    for tier in ("numpy", "kernels"):
        with session(tier) as s, pytest.raises(tf.errors.FailedPreconditionError) as caught:
            s.run(net.train, net.feeds())
        messages.append(str(caught.value))
    assert messages[0] == messages[1]


# -- feeds -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [0, 1, 7, 31, 32, 33, 1000])
def test_every_number_of_rows(rows: int) -> None:
    net = Net()

    def steps(s: Any) -> list[Any]:
        s.run(net.init)
        with np.errstate(all="ignore"):
            return [s.run(net.logits, net.feeds(rows)), s.run(net.loss, net.feeds(rows))]

    agree(steps)


def test_feeds_may_lie_apart_and_have_other_dtypes(watch: Watch) -> None:
    net = Net()
    draw = np.random.RandomState(0)
    wide = draw.randn(40, 10)
    feeds = [wide[::2, ::2], np.asfortranarray(wide[:20, :5]), wide[:20, 5:].astype(np.float32)]
    lists = wide[:20, :5].tolist()
    labels = np.zeros((20, 1))

    def steps(s: Any) -> list[Any]:
        s.run(net.init)
        return [s.run(net.logits, {net.x: x, net.y: labels}) for x in (*feeds, lists)]

    agree(steps)
    assert watch.kernels
    assert watch.interpreted == 0


def test_feeds_with_different_rows_are_run_by_numpy() -> None:
    x = tf.placeholder(tf.float64, [None, 3])
    y = tf.placeholder(tf.float64, [None, 3])
    total = tf.reduce_sum(tf.tanh(x) * 2 + 1) + tf.reduce_sum(tf.exp(y) - 3)
    broadcast = tf.tanh(x) * 2 + tf.exp(y)
    a, b = np.ones((6, 3)), np.ones((1, 3))
    agree(lambda s: [s.run(total, {x: a, y: b}), s.run(broadcast, {x: a, y: b}),
                     s.run(broadcast, {x: a, y: a})])  # fmt: skip


def test_nan_and_infinity_come_through() -> None:
    x = tf.placeholder(tf.float64, [None, 4])
    fetches = [
        tf.nn.relu(x) * 2, tf.maximum(x, 0.5), tf.reduce_max(x, 1), tf.reduce_sum(x, 0),
        tf.argmax(x, 1), tf.nn.softmax(x), tf.is_nan(x), tf.clip_by_value(x, -1.0, 1.0),
        tf.reduce_min(x), tf.sign(x), tf.sqrt(x), tf.log(x), tf.exp(x), 1 / x,
    ]  # fmt: skip
    data = np.random.RandomState(0).randn(40, 4)
    data[3, 1], data[7, 0], data[12, 2], data[33] = np.nan, np.inf, -np.inf, [0.0, -0.0, 1, 2]
    agree(lambda s: s.run(fetches, {x: data}))


# -- checks of values ------------------------------------------------------------------------------


def test_a_wrong_label_changes_nothing_and_is_named(watch: Watch) -> None:
    x = tf.placeholder(tf.float64, [None, 5])
    y = tf.placeholder(tf.int32, [None])
    w = tf.get_variable("w", [5, 4], tf.float64)
    f = tf.nn.sparse_softmax_cross_entropy_with_logits
    loss = tf.reduce_mean(f(labels=y, logits=tf.matmul(x, w)))
    step = tf.train.get_or_create_global_step()
    train = tf.train.AdamOptimizer(0.1).minimize(loss, step)
    data, labels = np.random.RandomState(0).randn(600, 5), np.arange(600) % 4
    wrong = labels.copy()
    wrong[577] = 4
    with session() as s:
        s.run(tf.global_variables_initializer())
        s.run(train, {x: data, y: labels})
        before = s.run([w, step])
        for _ in range(2):
            with pytest.raises(tf.errors.InvalidArgumentError, match=r"in \[0, 4\)"):
                s.run([train, loss], {x: data, y: wrong})
        after = s.run([w, step])
        s.run(train, {x: data, y: labels})
        assert s.run(step) == 2
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert watch.interpreted == 2


def test_integer_division_by_zero_is_an_error() -> None:
    x = tf.placeholder(tf.int32, [None, 3])
    y = tf.placeholder(tf.int32, [None, 3])
    quotient = tf.abs(x // y) + x % 7
    ones = np.ones((40, 3), np.int32)
    zero = ones.copy()
    zero[38, 2] = 0
    with session() as s:
        assert np.array_equal(s.run(quotient, {x: ones, y: ones}), 2 * ones)
        with pytest.raises(tf.errors.InvalidArgumentError, match="division by zero"):
            s.run(quotient, {x: ones, y: zero})


# -- threads, widths, refusals ---------------------------------------------------------------------


def test_eight_threads_run_one_session() -> None:
    net = Net(19, 50)
    batches = [net.feeds(rows, rows) for rows in (5, 33, 900, 2000, 7, 64, 300, 1)]
    wrong = []
    with session() as s:
        s.run(net.init)
        expected = [s.run(net.logits, feeds) for feeds in batches]

        def work(number: int) -> None:
            for _ in range(30):
                found = s.run(net.logits, batches[number])
                if not np.array_equal(found, expected[number]):
                    wrong.append(number)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong


@pytest.mark.parametrize("bits", [128, 256, 512])
def test_vectors_of_every_width(bits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    other = target.host().with_vector_bits(bits)
    monkeypatch.setattr(engine, "host", lambda: other)
    net = Net(11, 13)

    def steps(s: Any) -> list[Any]:
        s.run(net.init)
        found = [s.run([net.loss, net.train], net.feeds(rows, rows))[0] for rows in (1, 40, 333)]
        return [*found, *s.run([net.w, net.v])]

    agree(steps)


@pytest.mark.parametrize("tier", ["kernels", "auto"])
def test_a_kernel_that_llvm_refuses_leaves_the_run_to_numpy(
    tier: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> bytes:
        raise KernelError("LLVM does not like it")

    lines: list[str] = []
    monkeypatch.setattr(engine, "code_of", refuse)
    monkeypatch.setattr(promotion, "COST", 0.0)
    monkeypatch.setattr(promotion, "COST_OF_NODE", 1.0)
    monkeypatch.setattr(logging, "warning", lambda *text: lines.append(text[0] % text[1:]))
    net = Net()
    with session(tier) as s:
        s.run(net.init)
        lines.clear()
        losses = [s.run([net.loss, net.train], net.feeds())[0] for _ in range(30)]
    assert losses[-1] < losses[0]
    assert len(lines) == 1
    assert "LLVM does not like it" in lines[0]


# -- promotion -------------------------------------------------------------------------------------


def promoted(net: Net, steps: int) -> tuple[int, list[float]]:
    """At which run kernels took over, and the losses."""
    found: list[Warming] = []
    with pytest.MonkeyPatch.context() as patch:
        make = Warming.__init__

        def note(self: Warming, *arguments: Any) -> None:
            found.append(self)
            make(self, *arguments)

        patch.setattr(Warming, "__init__", note)
        with session("auto") as s:
            s.run(net.init)
            losses = [
                s.run([net.loss, net.train], net.feeds(50, number))[0] for number in range(steps)
            ]
    (training,) = [each for each in found if each.switched]
    return training.switched, losses


def test_promotion_comes_at_the_same_run_with_a_warm_cache(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDEFALL_CACHE", str(tmp_path))
    monkeypatch.setattr(promotion, "COST", 2_000.0)
    monkeypatch.setattr(promotion, "COST_OF_NODE", 1.0)
    net = Net()
    cold, first = promoted(net, 200)
    warm, second = promoted(net, 200)
    assert cold == warm
    assert 10 < cold < 200
    assert first == second
    with session("numpy") as s:
        s.run(net.init)
        plain = [s.run([net.loss, net.train], net.feeds(50, number))[0] for number in range(200)]
    np.testing.assert_allclose(first, plain, rtol=1e-10)


def test_layers_too_large_for_kernels(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large products stand between kernels, and the mean's size is known before all of them."""
    monkeypatch.setattr(primitives, "LARGEST_WEIGHTS", 1000)
    monkeypatch.setattr(fuse, "FEWEST_NODES", 6)  # so that a few early nodes make no kernel
    tf.set_random_seed(1)
    x, y = tf.placeholder(tf.float32, [None, 30]), tf.placeholder(tf.float32, [None, 10])
    sizes = [(30, 40), (40, 40), (40, 10)]
    u, v, w = [tf.get_variable(f"w{n}", size) for n, size in enumerate(sizes)]
    a, b, c = [tf.get_variable(f"b{n}", size[1:]) for n, size in enumerate(sizes)]
    hidden = tf.nn.relu(tf.matmul(tf.nn.relu(tf.matmul(x, u) + a), v) + b)
    loss = tf.reduce_mean(tf.square(tf.matmul(hidden, w) + c - y))
    optimizer = tf.train.AdamOptimizer(0.01)
    gradients = optimizer.compute_gradients(loss)
    train = optimizer.apply_gradients(gradients)
    draw = np.random.RandomState(0)
    feeds = {x: draw.randn(17, 30), y: draw.randn(17, 10)}

    def steps(s: Any) -> Any:
        """Losses, and a gradient that later runs must not write to."""
        s.run(tf.global_variables_initializer())
        gradient = s.run([gradients[1][0], train], feeds)[0]
        return [*[s.run([loss, train], feeds)[0] for _ in range(5)], *gradient[0]]

    numpy, kernels = both(steps)
    np.testing.assert_allclose(kernels, numpy, rtol=1e-4, atol=1e-6)
    assert watch.kernels >= 1
    assert watch.interpreted == 0
