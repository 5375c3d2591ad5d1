"""Random ops: what is drawn from where. Streams are compared in test_oracle_random."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, case
from tests.ops.inputs import positive
from tidefall.ops.random_rejection import random_gamma_grad_op, random_gamma_op

CASES = [
    # The expected numbers are TensorFlow 1.15.5's.
    case(
        tf.random.stateless_uniform, [5], np.array([1, 2]),
        expect=np.array([0.8440604, 0.19204533, 0.9962232, 0.1603874, 0.27199018]),
        label="uniform",
    ),
    case(
        tf.random.stateless_uniform, [2, 2], np.array([-5, 2**40]), -3, 9, tf.int64,
        expect=np.array([[8, 4], [4, 7]]), label="integers",
    ),
    case(
        tf.random.stateless_normal, [3], np.array([1, 2]), 0.0, 1.0, tf.float64,
        expect=np.array([-0.1423118100189212, 0.7406072461585091, -1.469047669443883]),
        label="normal",
    ),
    case(
        tf.random.stateless_truncated_normal, [5], np.array([0, 0]),
        expect=np.array([-1.697034, -0.4813767, -0.6622369, 0.08701119, -0.26579794]),
        label="truncated",
    ),
    case(
        tf.random.stateless_categorical, np.array([[1.0, 2.0, 0.5]]), 7, [1, 2], tf.int32,
        expect=np.array([[1, 2, 0, 1, 1, 1, 1]]), label="categories",
    ),
    case(
        tf.random.stateless_multinomial, np.array([[1.0, 2.0, 0.5]]), 7, [-5, 2**40],
        expect=np.array([[1, 0, 1, 1, 0, 1, 1]]), label="multinomial",
    ),
    case(
        random_gamma_grad_op, positive(2), positive(3, 2),
        no_gradient="samples have a first derivative only",
    ),
]  # fmt: skip


@pytest.mark.parametrize("each", CASES, ids=str)
def test_op(each: Case, tier: str) -> None:
    each.check(tier)


def draws(build: Callable[[], Any], runs: int = 3, feeds: Any = None) -> list[Any]:
    """What several runs of a tensor give in one session."""
    tensor = build()
    with tf.Session() as session:
        return [session.run(tensor, feeds) for _ in range(runs)]


EVERY_OP: list[Callable[..., Any]] = [
    lambda **seed: tf.random_uniform([3], **seed),
    lambda **seed: tf.random_uniform([3], maxval=2**30, dtype=tf.int32, **seed),
    lambda **seed: tf.random_normal([3], **seed),
    lambda **seed: tf.truncated_normal([3], **seed),
    lambda **seed: tf.random_shuffle(tf.range(100), **seed),
    lambda **seed: tf.multinomial(tf.zeros([1, 100]), 9, **seed),
    lambda **seed: tf.random.categorical(tf.zeros([1, 100]), 9, **seed),
    lambda **seed: tf.random_gamma([3], 2.0, **seed),
    lambda **seed: tf.random_poisson(1e5, [3], **seed),
]


@pytest.mark.parametrize("build", EVERY_OP)
def test_numbers_differ_from_run_to_run(build: Callable[..., Any]) -> None:
    first, second, third = (values.tolist() for values in draws(build))
    assert first != second != third != first


@pytest.mark.parametrize("build", EVERY_OP)
def test_a_seeded_op_repeats_in_every_session(build: Callable[..., Any]) -> None:
    tensor, twin = build(seed=3), build(seed=3)
    runs = []
    for _ in range(2):
        with tf.Session() as session:
            runs.append([session.run([tensor, twin]) for _ in range(3)])
    for one, two in zip(*runs, strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one[0], one[1])


@pytest.mark.parametrize("build", EVERY_OP)
def test_an_unseeded_op_differs_from_session_to_session(build: Callable[..., Any]) -> None:
    tensor, twin = build(), build()
    runs = []
    for _ in range(2):
        with tf.Session() as session:
            runs += [values.tolist() for values in session.run([tensor, twin])]
    assert len({str(values) for values in runs}) == 4


@pytest.mark.parametrize("build", EVERY_OP)
def test_a_graph_seed_gives_every_op_a_seed_of_its_own(build: Callable[..., Any]) -> None:
    tf.set_random_seed(5)
    tensor, twin = build(), build()
    runs = []
    for _ in range(2):
        with tf.Session() as session:
            runs.append([values.tolist() for values in session.run([tensor, twin])])
    assert runs[0] == runs[1]
    assert runs[0][0] != runs[0][1]


@pytest.mark.parametrize(
    ("graph_seed", "op_seed", "expected"),
    [
        (None, None, (None, None)),
        (None, 5, (87654321, 5)),
        (None, 0, (87654321, 0)),
        (7, 5, (7, 5)),
        (0, 0, (0, 2**31 - 1)),
        (0, 2**31 - 1, (0, 2**31 - 1)),
        (2**31 + 9, -1, (10, 2**31 - 2)),
    ],
)
def test_get_seed(graph_seed: int | None, op_seed: int | None, expected: Any) -> None:
    tf.set_random_seed(graph_seed)
    assert tf.get_seed(op_seed) == tf.random.get_seed(op_seed) == expected


def test_the_graphs_size_is_the_seed_of_an_op_without_one() -> None:
    tf.set_random_seed(4)
    assert tf.get_seed(None) == (4, 0)
    tf.constant(1)
    tf.constant(2)
    assert tf.get_seed(None) == (4, 2)


def test_the_seed_belongs_to_the_graph() -> None:
    tf.set_random_seed(4)
    assert tf.get_default_graph().seed == 4
    with tf.Graph().as_default() as other:
        assert other.seed is None
    tf.set_random_seed(None)
    assert tf.get_default_graph().seed is None


@pytest.mark.parametrize(
    ("build", "shape"),
    [
        (lambda n: tf.random_uniform([2, 3]), [2, 3]),
        (lambda n: tf.random_uniform([]), []),
        (lambda n: tf.random_normal(tf.TensorShape([4])), [4]),
        (lambda n: tf.random_normal([n, 3]), [None, 3]),
        (lambda n: tf.random_normal(tf.stack([n, 3])), [None, 3]),
        (lambda n: tf.truncated_normal([tf.Dimension(2), 1]), [2, 1]),
        (lambda n: tf.random_normal(np.array([2, 2])), [2, 2]),
        (lambda n: tf.random_normal(tf.constant([2], tf.int64)), [2]),
        (lambda n: tf.random_shuffle(tf.zeros([5, 2])), [5, 2]),
        (lambda n: tf.multinomial(tf.zeros([2, 3]), 4), [2, 4]),
        (lambda n: tf.multinomial(tf.zeros([2, 3]), n), [2, None]),
        (lambda n: tf.random_gamma([5], [1.0, 2.0]), [5, 2]),
        (lambda n: tf.random_gamma([], [[1.0], [2.0]], [1.0, 2.0]), [2, 2]),
        (lambda n: tf.random_poisson([1.0, 2.0], [n, 5]), [None, 5, 2]),
        (lambda n: tf.random_poisson(1.0, []), []),
    ],
)
def test_shapes(build: Callable[[Any], Any], shape: list[int | None]) -> None:
    n = tf.placeholder(tf.int32, [])
    tensor = build(n)
    assert tensor.shape.as_list() == shape
    with tf.Session() as session:
        assert list(session.run(tensor, {n: 7}).shape) == [7 if s is None else s for s in shape]


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16, tf.float32, tf.float64])
def test_mean_and_deviation(dtype: Any) -> None:
    uniform = tf.random_uniform([2000], -3.0, 5.0, dtype, seed=1)
    normal = tf.random_normal([2000], 10.0, 0.5, dtype, seed=1)
    truncated = tf.truncated_normal([2000], -1.0, 2.0, dtype, seed=1)
    values = [v.astype(np.float64) for v in tf.Session().run([uniform, normal, truncated])]
    assert -3 <= values[0].min() < values[0].max() <= 5
    assert abs(values[0].mean() - 1) < 0.2
    assert abs(values[1].mean() - 10) < 0.05
    assert abs(values[1].std() - 0.5) < 0.05
    assert np.abs(values[2] + 1).max() <= 4.1


def test_integers_reach_both_ends_of_their_range() -> None:
    values = tf.Session().run(tf.random_uniform([1000], 3, 9, tf.int32, seed=1))
    assert sorted(set(values.tolist())) == [3, 4, 5, 6, 7, 8]


def test_shuffle_moves_whole_rows() -> None:
    rows = np.arange(20).reshape(10, 2)
    shuffled = tf.Session().run(tf.random_shuffle(tf.constant(rows), seed=1))
    assert sorted(shuffled.tolist()) == rows.tolist()
    assert shuffled.tolist() != rows.tolist()


@pytest.mark.parametrize("value", [3.0, [5], [[1, 2]], np.zeros([0, 3]), np.zeros([3, 0])])
def test_shuffling_nothing(value: Any) -> None:
    np.testing.assert_array_equal(tf.Session().run(tf.random_shuffle(value)), value)


def test_strings_can_be_shuffled() -> None:
    shuffled = tf.Session().run(tf.random_shuffle(["a", "b", "c"], seed=1))
    assert sorted(shuffled.tolist()) == [b"a", b"b", b"c"]


def test_impossible_classes_are_never_drawn() -> None:
    logits = tf.log([[0.0, 0.5, 0.5, 0.0]])
    drawn = tf.Session().run(tf.multinomial(logits, 500, seed=1))
    assert set(drawn.ravel().tolist()) == {1, 2}


def test_the_derivative_of_gamma_samples_is_tensorflows() -> None:
    alpha = tf.constant([[0.5, 1.0, 3.7]], tf.float64)
    (slope,) = tf.gradients(random_gamma_op([2], alpha, seed=5, seed2=6), [alpha])
    assert slope.shape.as_list() == [1, 3]
    expected = [[1.40649998, 3.18324047, 1.93880327]]
    np.testing.assert_allclose(tf.Session().run(slope), expected, rtol=1e-8)


def test_gamma_samples_have_no_second_derivative() -> None:
    alpha = tf.constant([0.5, 1.0])
    (slope,) = tf.gradients(random_gamma_op([2], alpha, seed=5, seed2=6), [alpha])
    with pytest.raises(LookupError, match="first derivative only"):
        tf.gradients(slope, [alpha])


def test_random_numbers_are_constants_to_derivatives() -> None:
    scale = tf.constant(3.0)
    (slope,) = tf.gradients(tf.random_normal([4], stddev=scale, seed=1), [scale])
    drawn = tf.random_normal([4], seed=1)
    slope_value, drawn_value = tf.Session().run([slope, tf.reduce_sum(drawn)])
    np.testing.assert_allclose(slope_value, drawn_value, rtol=1e-6)


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: tf.random_uniform([2], dtype=tf.int32), ValueError, "int32 need a maxval"),
        (lambda: tf.random_uniform([2], dtype=tf.uint8), ValueError, "float32, float64"),
        (lambda: tf.random_normal([2], dtype=tf.int32), TypeError, "int32"),
        (lambda: tf.multinomial([1.0], 2), ValueError, "rank 1, where rank 2 is needed"),
        (lambda: tf.multinomial([[1.0]], -2), ValueError, "must not be negative, but is -2"),
        (lambda: tf.random.stateless_uniform([2], [1, 2, 3]), ValueError, "not compatible"),
        (lambda: tf.random.stateless_uniform([2], [1, 2], dtype=tf.int32), ValueError, "maxval"),
    ],
)
def test_what_cannot_be_built(
    build: Callable[[], Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=re.escape(message)):
        build()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: tf.random_uniform([-1]), "no negative sizes, but [-1] was given"),
        (lambda: tf.random_uniform([2], 5, 5, tf.int32), "5 is not less than 5"),
        (lambda: tf.random_gamma([-2], 1.0), "no negative sizes"),
        (lambda: tf.multinomial(tf.zeros([2, 0]), 1), "there is no class to draw"),
    ],
)
def test_what_cannot_be_run(build: Callable[[], Any], message: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=re.escape(message)):
        tf.Session().run(build())


def test_an_empty_range_of_no_integers_is_allowed() -> None:
    assert tf.Session().run(tf.random_uniform([0], 5, 5, tf.int32)).shape == (0,)


def test_a_crop_is_a_part_of_the_tensor() -> None:
    whole = np.arange(20.0).reshape(4, 5)
    for part in draws(lambda: tf.random_crop(whole, [2, 3], seed=123), 5):
        i, j = divmod(int(part[0, 0]), 5)
        np.testing.assert_array_equal(part, whole[i : i + 2, j : j + 3])


def test_a_crop_cannot_be_larger_than_the_tensor() -> None:
    crop = tf.random_crop(tf.placeholder(tf.float32), [3])
    with pytest.raises(tf.errors.InvalidArgumentError, match="Need value"):
        tf.Session().run(crop, {crop.op.inputs[0]: np.zeros(2)})
