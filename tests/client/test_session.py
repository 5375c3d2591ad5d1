"""The corners of `Session`: what can be fetched and fed, and what belongs to whom afterwards."""

from __future__ import annotations

import collections
from typing import Any, NamedTuple

import numpy as np
import pytest

import tidefall as tf


class Pair(NamedTuple):
    first: Any
    second: Any


@pytest.fixture(autouse=True)
def _tier(tier: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEFALL_TIER", tier)


def network() -> tuple[Any, Any, Any]:
    x = tf.placeholder(tf.float32, [], name="x")
    y = tf.multiply(x, 2.0, name="y")
    return x, y, tf.add(y, 1.0, name="z")


# Fetching


def test_fetches_come_back_in_their_structure() -> None:
    x, y, z = network()
    ordered = collections.OrderedDict([("b", y), ("a", z)])
    fetches = {"list": [x, (y, z)], "pair": Pair(y, [z, z]), "ordered": ordered, "op": z.op}
    with tf.Session() as sess:
        result = sess.run(fetches, {x: 3.0})
        assert sess.run(fetches, {x: 3.0}) == result
    assert result == {
        "list": [3.0, (6.0, 7.0)],
        "pair": Pair(6.0, [7.0, 7.0]),
        "ordered": collections.OrderedDict([("b", 6.0), ("a", 7.0)]),
        "op": None,
    }
    assert list(result["ordered"]) == ["b", "a"]
    assert type(result["ordered"]) is collections.OrderedDict
    assert isinstance(result["pair"], Pair)
    assert type(result["list"][1]) is tuple


def test_empty_structures() -> None:
    network()
    with tf.Session() as sess:
        assert sess.run([]) == []
        assert sess.run({}) == {}
        assert sess.run([[], {}, ()]) == [[], {}, ()]


def test_names_fetch_tensors_and_operations() -> None:
    x, _, _ = network()
    with tf.Session() as sess:
        assert sess.run("z:0", {x: 3.0}) == 7.0
        assert sess.run(b"z:0", {x: 3.0}) == 7.0  # type: ignore[arg-type, unused-ignore]
        assert sess.run(["y:0", "z"], {x: 3.0}) == [6.0, None]


@pytest.mark.parametrize("fetch", [{1}, object(), iter([])], ids=["set", "object", "iterator"])
def test_what_cannot_be_fetched(fetch: Any) -> None:
    network()
    with tf.Session() as sess, pytest.raises(TypeError, match="cannot be fetched"):
        sess.run(fetch)


def test_indexed_slices_are_fetched_by_parts() -> None:
    slices = tf.IndexedSlices(tf.constant([[1.0, 2.0]]), tf.constant([4]), tf.constant([9, 2]))
    with tf.Session() as sess:
        value = sess.run([slices])[0]
    assert isinstance(value, tf.IndexedSlicesValue)
    assert value.values.tolist() == [[1.0, 2.0]]
    assert (value.indices.tolist(), value.dense_shape.tolist()) == ([4], [9, 2])


def test_variables_are_fetched_at_the_end() -> None:
    weight = tf.Variable([1.0, 2.0])
    add = weight.assign_add([1.0, 1.0])
    with tf.Session() as sess:
        sess.run(weight.initializer)
        value, _ = sess.run([weight, add.op])
        assert value.tolist() == [2.0, 3.0]


# Feeding


def test_any_tensor_is_fed_by_itself_or_by_name() -> None:
    x, y, z = network()
    with tf.Session() as sess:
        assert sess.run(z, {"x:0": 1.0}) == 3.0
        assert sess.run(z, {y: 10.0}) == 11.0
        assert sess.run([x, z], {x: 1.0, y: 10.0}) == [1.0, 11.0]
        assert sess.run(x, {x: 5.0}) == 5.0
        with pytest.raises(TypeError, match="'x' names an operation"):
            sess.run(z, {"x": 1.0})


def test_a_tuple_of_tensors_is_fed_a_tuple_of_values() -> None:
    x, y, z = network()
    with tf.Session() as sess:
        assert sess.run([x, z], {(x, y): (3.0, 4.0)}) == [3.0, 5.0]


def test_indexed_slices_are_fed_by_parts() -> None:
    slices = tf.IndexedSlices(tf.constant([[1.0]]), tf.constant([4]), tf.constant([9, 1]))
    fed = tf.IndexedSlicesValue(np.array([[5.0]]), np.array([2]), np.array([3, 1]))
    with tf.Session() as sess:
        assert sess.run(tf.convert_to_tensor(slices), {slices: fed}).tolist() == [[0], [0], [5]]
        with pytest.raises(ValueError, match="3 values are needed"):
            sess.run(slices, {slices: 1.0})


def test_of_two_feeds_of_one_tensor_the_last_counts() -> None:
    x, _, _ = network()
    with tf.Session() as sess:
        assert sess.run(x, {x: 3.0, "x:0": 4.0}) == 4.0


def test_feeding_a_variable_changes_it_for_one_run() -> None:
    weight = tf.Variable([1.0, 2.0])
    doubled = weight * 2.0
    with tf.Session() as sess:
        sess.run(weight.initializer)
        fed = sess.run([weight, doubled], {weight: [5.0, 6.0]})
        assert [value.tolist() for value in fed] == [[5.0, 6.0], [10.0, 12.0]]
        assert sess.run(weight).tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("dtype", "value", "becomes"),
    [
        (tf.int32, 1.0, 1),
        (tf.int32, True, 1),
        (tf.int32, np.int64(7), 7),
        (tf.int32, "3", 3),
        (tf.bool, 1, True),
        (tf.float32, "3", 3.0),
        (tf.float32, True, 1.0),
        (tf.float32, 1e300, np.inf),
        (tf.string, "a", b"a"),
    ],
)
def test_values_are_converted_as_numpy_does(dtype: tf.DType, value: Any, becomes: Any) -> None:
    x = tf.placeholder(dtype, [])
    with tf.Session() as sess:
        assert sess.run(tf.identity(x), {x: value}) == becomes


@pytest.mark.parametrize(
    ("value", "becomes"),
    [(1.5, 1), (np.float64(2.5), 2), (np.int64(2**40), 0), (np.array(1.5), 1)],
)
def test_numbers_that_are_cut_are_said(value: Any, becomes: int) -> None:
    x = tf.placeholder(tf.int32, [], name="count")
    with tf.Session() as sess:
        with pytest.warns(RuntimeWarning, match="'count:0'.*int32") as caught:
            result = sess.run(tf.identity(x), {x: value})
        assert caught[0].filename == __file__
    assert result == becomes


def test_numbers_that_fit_are_not_worth_a_word() -> None:
    x = tf.placeholder(tf.int32, [None])
    with tf.Session() as sess:
        assert sess.run(x, {x: [1.0, 2.0]}).tolist() == [1, 2]
        assert sess.run(x, {x: np.array([1.0, 2.0])}).tolist() == [1, 2]
        assert sess.run(x, {x: []}).tolist() == []


# What belongs to whom


@pytest.mark.parametrize("use_resource", [False, True])
def test_changing_a_fetched_array_changes_nothing(use_resource: bool) -> None:
    weight = tf.Variable(np.ones((3,), np.float32), use_resource=use_resource)
    constant = tf.constant([1.0, 2.0])
    fetches = [
        weight, weight.read_value(), tf.identity(weight), tf.reshape(weight, [3, 1]), weight[1:],
        tf.transpose(tf.reshape(weight, [1, 3])), constant, tf.identity(constant), constant[:1],
    ]  # fmt: skip
    with tf.Session() as sess:
        sess.run(weight.initializer)
        before = [value.copy() for value in sess.run(fetches)]
        for value in sess.run(fetches):
            value[...] = 99.0
        for value in (sess.run(fetch) for fetch in fetches):
            value[...] = 99.0
        for value, old in zip(sess.run(fetches), before, strict=True):
            assert value.tolist() == old.tolist()


def test_the_result_of_an_update_is_a_copy() -> None:
    weights = [tf.Variable(np.ones((3,), np.float32)) for _ in range(2)]
    loss = tf.add_n([tf.reduce_sum(weight) for weight in weights])
    step = tf.train.GradientDescentOptimizer(1.0).minimize(loss)
    add = weights[0].assign_add([1.0, 1.0, 1.0])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(step)
        kept = sess.run([*weights, add])
        kept_before = [value.copy() for value in kept]
        sess.run([step, add])
        for value, old in zip(kept, kept_before, strict=True):
            assert value.tolist() == old.tolist()
        kept[0][...] = 99.0
        assert 99.0 not in sess.run(weights[0])


def test_a_fed_array_stays_the_callers() -> None:
    x = tf.placeholder(tf.float32, [2])
    weight = tf.Variable([0.0, 0.0])
    assign = weight.assign(x)
    fetched = [x, tf.identity(x), tf.reshape(x, [2, 1]), x[:1]]
    with tf.Session() as sess:
        value = np.array([1.0, 2.0], np.float32)
        sess.run(assign, {x: value})
        results = sess.run(fetched, {x: value})
        for result in results:
            assert not np.shares_memory(result, value)
        value[...] = 99.0
        assert sess.run(weight).tolist() == [1.0, 2.0]
        assert results[0].tolist() == [1.0, 2.0]
        squares = tf.square(x) + 1.0
        sess.run(squares, {x: value})
        assert value.tolist() == [99.0, 99.0]


# make_callable


def test_a_callable_takes_values_in_order() -> None:
    x, y, z = network()
    with tf.Session() as sess:
        assert sess.make_callable(z, [x])(3.0) == 7.0
        assert sess.make_callable([y, {"z": z}], ["x:0"])(3.0) == [6.0, {"z": 7.0}]
        assert sess.make_callable(z.op, [x])(3.0) is None
        assert sess.make_callable(tf.constant(4.0))() == 4.0
        options = sess.make_callable(z, [x], accept_options=True)
        assert options(3.0, options=tf.RunOptions(), run_metadata=tf.RunMetadata()) == 7.0
        with pytest.raises(ValueError, match=r"\(2,\).*'x:0'"):
            sess.make_callable(z, [x])([3.0, 4.0])
        with pytest.raises(tf.errors.InvalidArgumentError, match="'x:0'"):
            sess.make_callable(z, [x])()
        with pytest.raises(TypeError, match="feed_list"):
            sess.make_callable(z, x)
        call = sess.make_callable(z, [x])
    with pytest.raises(RuntimeError, match="closed"):
        call(3.0)


# partial_run


def test_a_step_in_several_goes() -> None:
    a, b, c = (tf.placeholder(tf.float32, [], name=name) for name in "abc")
    first = a + b
    second = first * c
    with tf.Session() as sess:
        for _ in range(2):
            step = sess.partial_run_setup([first, second], [a, b, c])
            assert isinstance(step, str)
            assert sess.partial_run(step, first, {a: 1.0, b: 2.0}) == 3.0
            assert sess.partial_run(step, [], {c: 4.0}) == []
            assert sess.partial_run(step, {"product": [second]}) == {"product": [12.0]}
            with pytest.raises(tf.errors.InvalidArgumentError, match="partial_run_setup"):
                sess.partial_run(step, second)


def test_an_update_happens_once_in_a_step() -> None:
    x, y = tf.placeholder(tf.float32, []), tf.placeholder(tf.float32, [])
    total = tf.Variable(1.0)
    added = total.assign_add(x)
    product = added * y
    with tf.Session() as sess:
        sess.run(total.initializer)
        step = sess.partial_run_setup([added.op, product], [x, y])
        sess.partial_run(step, added.op, {x: 5.0})
        assert sess.partial_run(step, product, {y: 2.0}) == 12.0
        assert sess.run(total) == 6.0


@pytest.mark.parametrize(
    ("goes", "message"),
    [
        ([("first", "ab"), ("first", "")], "'add:0'.*fetched already"),
        ([("first", "ab"), ("second", "ac")], "'a:0'.*fed already"),
        ([("second", "ab")], "'c:0' must be fed"),
        ([("third", "abc")], "'sub:0' was not among the fetches"),
        ([("first", "abd")], "'d:0' was not among the feeds"),
    ],
)
def test_goes_that_do_not_fit(goes: list[tuple[str, str]], message: str) -> None:
    feeds = {name: tf.placeholder(tf.float32, [], name=name) for name in "abcd"}
    first = feeds["a"] + feeds["b"]
    fetches = {"first": first, "second": first * feeds["c"], "third": first - feeds["c"]}
    with tf.Session() as sess:
        announced = [feeds[name] for name in "abc"]
        step = sess.partial_run_setup([fetches["first"], fetches["second"]], announced)
        *before, (fetch, fed) = goes
        for earlier, given in before:
            sess.partial_run(step, fetches[earlier], {feeds[name]: 1.0 for name in given})
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            sess.partial_run(step, fetches[fetch], {feeds[name]: 1.0 for name in fed})


def test_a_step_needs_something_to_fetch() -> None:
    network()
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError, match="at least one"):
        sess.partial_run_setup([], [])


# Default sessions, closing, arguments


def test_default_sessions_nest() -> None:
    constant = tf.constant(5.0)
    assert tf.get_default_session() is None
    with tf.Session() as outer:
        inner = tf.Session()
        with inner.as_default():
            assert tf.get_default_session() is inner
            with outer.as_default():
                assert tf.get_default_session() is outer
            assert constant.eval() == 5.0
        assert tf.get_default_session() is outer
        assert inner.run(constant) == 5.0  # as_default closes nothing
        inner.close()
        inner.close()
    assert tf.get_default_session() is None


def test_a_session_is_entered_once() -> None:
    constant = tf.constant(5.0)
    sess = tf.Session()
    with sess:
        with pytest.raises(RuntimeError, match="as_default"):
            sess.__enter__()
        assert sess.run(constant) == 5.0
    with sess, pytest.raises(RuntimeError, match="closed"):
        sess.run(constant)


def test_an_interactive_session_is_the_default_until_it_is_closed() -> None:
    constant = tf.constant(5.0)
    sess = tf.InteractiveSession()
    try:
        assert tf.get_default_session() is sess
        assert constant.eval() == 5.0
    finally:
        sess.close()
    assert tf.get_default_session() is None


def test_a_session_brings_its_graph() -> None:
    graph = tf.Graph()
    with tf.Session(graph=graph) as sess:
        constant = tf.constant(5.0, name="five")
        assert constant.graph is graph
        assert [node.name for node in sess.graph_def.node] == ["five"]
        assert sess.graph is graph


def test_options_are_accepted() -> None:
    x, _, z = network()
    config = tf.ConfigProto(
        allow_soft_placement=True,
        log_device_placement=False,
        intra_op_parallelism_threads=1,
        gpu_options=tf.GPUOptions(allow_growth=True),
    )
    options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE, timeout_in_ms=1000)
    with tf.Session(config=config) as sess:
        assert sess.run(z, {x: 1.0}, options=options, run_metadata=tf.RunMetadata()) == 3.0


def test_the_tier_is_chosen_by_configuration() -> None:
    config = tf.ConfigProto(experimental=tf.ConfigProto.Experimental(executor_type="reference"))
    assert tf.Session(config=config)._tier == "reference"
    config.experimental.executor_type = "no such tier"
    with pytest.raises(ValueError, match=r"'no such tier'.*reference, numpy"):
        tf.Session(config=config)
