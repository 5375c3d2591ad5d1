"""Variable scopes and get_variable: names, sharing, defaults, and what is refused."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

import tidefall as tf


def name_scope() -> str:
    return str(tf.get_default_graph().get_name_scope())


# -- sharing -----------------------------------------------------------------------------------


def test_a_scope_that_reuses_gives_the_same_variable() -> None:
    with tf.variable_scope("net"):
        w = tf.get_variable("w", [2])
    with tf.variable_scope("net", reuse=True):
        assert tf.get_variable("w") is w
        assert tf.get_variable("w", [2], tf.float32) is w
        with tf.variable_scope("inner"), pytest.raises(ValueError, match="does not exist"):
            tf.get_variable("w")  # reuse reaches inwards


def test_auto_reuse_makes_what_is_missing() -> None:
    for _ in range(2):
        with tf.variable_scope("net", reuse=tf.AUTO_REUSE):
            tf.get_variable("w", [2])
    assert [v.name for v in tf.global_variables()] == ["net/w:0"]


def test_a_variable_cannot_be_made_twice() -> None:
    tf.get_variable("w", [2])
    with pytest.raises(ValueError, match=r"(?s)'w' exists already, made at test_scope\.py:\d+: .*"
                       r"reuse=tf\.AUTO_REUSE"):  # fmt: skip
        tf.get_variable("w", [2])


def test_a_variable_that_is_missing_is_named_with_its_like() -> None:
    with tf.variable_scope("net"):
        tf.get_variable("w", [2])
    with (
        tf.variable_scope("other", reuse=True),
        pytest.raises(ValueError, match=r"'other/w' does not exist.* There is 'net/w'\."),
    ):
        tf.get_variable("w", [2])


def test_variables_made_otherwise_are_not_shared() -> None:
    tf.Variable(0.0, name="w")
    with (
        tf.variable_scope(tf.get_variable_scope(), reuse=True),
        pytest.raises(ValueError, match=r"was not made with tf\.get_variable"),
    ):
        tf.get_variable("w", [])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"shape": [3]}, r"has shape \(2,\), but is asked for with shape \(3,\)"),
        ({"shape": [2], "dtype": tf.float64}, "has dtype float32, but is asked for with .*float64"),
        ({"shape": [2], "initializer": 1.0}, "both a shape and an initializer that is a value"),
    ],
    ids=["shape", "dtype", "shape of a value"],
)
def test_a_shared_variable_must_fit(arguments: dict[str, Any], message: str) -> None:
    tf.get_variable("w", [2])
    tf.get_variable_scope().reuse_variables()
    with pytest.raises(ValueError, match=message):
        tf.get_variable("w", **arguments)


def test_shape_and_dtype_must_be_known() -> None:
    with pytest.raises(ValueError, match=r"'w' has shape <unknown>, which its initializer needs"):
        tf.get_variable("w")
    with pytest.raises(ValueError, match="'c' of dtype complex64 needs an initializer"):
        tf.get_variable("c", [1], tf.complex64)
    with pytest.raises(ValueError, match="initializer is a value of dtype float32"):
        tf.get_variable("d", dtype=tf.float64, initializer=tf.constant(1.0))


def test_variables_made_in_a_loop_or_branch_are_lifted_out() -> None:
    def body(i: Any, total: Any) -> Any:
        with tf.variable_scope("body", reuse=tf.AUTO_REUSE):
            w = tf.get_variable("w", initializer=lambda: tf.constant(2.0))
        return i + 1, total + w

    loop = tf.while_loop(lambda i, total: i < 3, body, [tf.constant(0), tf.constant(0.0)])
    p = tf.placeholder(tf.bool, [])
    branch = tf.cond(p, lambda: tf.get_variable("v", [], initializer=tf.ones_initializer()) + 0.0,
                     lambda: tf.constant(5.0))  # fmt: skip
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(loop) == (3, 6.0)
        assert [session.run(branch, {p: side}) for side in (True, False)] == [1.0, 5.0]


def test_every_thread_begins_at_the_top_scope() -> None:
    names = []
    graph = tf.get_default_graph()

    def work() -> None:
        with graph.as_default():
            names.append(tf.get_variable("w", [1]).name)

    with tf.variable_scope("outer"):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        names.append(tf.get_variable("w", [1]).name)
    assert names == ["w:0", "outer/w:0"]


# -- names -------------------------------------------------------------------------------------


def test_scopes_prefix_variables_and_operations() -> None:
    with tf.variable_scope("a"), tf.variable_scope("b") as scope:
        w = tf.get_variable("w", [1])
        c = tf.constant(1.0, name="c")
    assert (scope.name, scope.original_name_scope) == ("a/b", "a/b/")
    assert (w.name, c.name) == ("a/b/w:0", "a/b/c:0")


def test_a_name_scope_does_not_prefix_got_variables() -> None:
    with tf.get_default_graph().name_scope("names"):
        assert tf.get_variable("w", [1]).name == "w:0"
        assert tf.Variable(0.0, name="v").name == "names/v:0"


def test_a_scope_entered_again_opens_a_new_name_scope() -> None:
    with tf.variable_scope("a") as scope:
        pass
    with tf.variable_scope(scope):
        assert name_scope() == "a_1"
        assert tf.get_variable("w", [1]).name == "a/w:0"
    with tf.variable_scope(scope, auxiliary_name_scope=False):
        assert name_scope() == ""
    with tf.variable_scope("b"), tf.variable_scope(scope):
        assert name_scope() == "b/a"
        assert tf.get_variable("v", [1]).name == "a/v:0"


def test_default_names_are_made_unique() -> None:
    made = []
    for _ in range(2):
        with tf.variable_scope(None, "block"):
            made.append(tf.get_variable("w", [1]).name)
    with tf.variable_scope("outer"), tf.variable_scope(None, "block"):
        made.append(tf.get_variable("w", [1]).name)
    with tf.variable_scope("given", "block"):
        made.append(tf.get_variable("w", [1]).name)
    assert made == ["block/w:0", "block_1/w:0", "outer/block/w:0", "given/w:0"]


def test_a_scope_object_can_be_used_twice() -> None:
    scope = tf.variable_scope("a", reuse=tf.AUTO_REUSE)
    with scope:
        w = tf.get_variable("w", [1])
    with scope:
        assert tf.get_variable("w", [1]) is w


def test_leaving_a_scope_by_an_error_restores_the_outer_one() -> None:
    with pytest.raises(RuntimeError, match="mine"), tf.variable_scope("a"):
        raise RuntimeError("mine")
    assert tf.get_variable_scope().name == ""
    assert name_scope() == ""


def test_scopes_belong_to_their_graph() -> None:
    with tf.variable_scope("a"), tf.Graph().as_default():
        assert tf.get_variable_scope().name == ""
        assert tf.get_variable("w", [1]).name == "w:0"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((None,), TypeError, "needs a name_or_scope, or a default_name"),
        (("a", None, None, None, None, None, None, None, 3), ValueError, "reuse must be True"),
    ],
    ids=["no name", "reuse"],
)
def test_scopes_that_cannot_be(arguments: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        tf.variable_scope(*arguments)


def test_a_new_default_name_cannot_be_reused() -> None:
    with (
        pytest.raises(ValueError, match="reuse needs the name"),
        tf.variable_scope(None, "a", reuse=True),
    ):
        pass


# -- defaults ----------------------------------------------------------------------------------


def test_defaults_reach_inwards() -> None:
    start = tf.constant_initializer(0.5)
    with tf.variable_scope("a", initializer=start, dtype=tf.float64, use_resource=True):
        with tf.variable_scope("b"):
            w = tf.get_variable("w", [2])
        v = tf.get_variable("v", [2], tf.float32, initializer=tf.zeros_initializer())
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        np.testing.assert_array_equal(session.run(w), [0.5, 0.5])
        np.testing.assert_array_equal(session.run(v), [0, 0])
    assert (w.dtype, v.dtype) == (tf.float64, tf.float32)
    assert tf.get_variable("u", [1]).dtype is tf.float32._as_ref


def test_regularizers_add_losses() -> None:
    with tf.variable_scope("a", regularizer=lambda w: tf.reduce_sum(w) * 0.5):
        tf.get_variable("w", initializer=tf.constant([1.0, 2.0]))
        tf.get_variable("v", initializer=tf.constant([1.0]), regularizer=tf.no_regularizer)
        with tf.variable_scope("b", reuse=tf.AUTO_REUSE):
            for _ in range(2):  # a shared variable adds its loss once
                tf.get_variable("w", initializer=tf.constant([3.0]))
    losses = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    assert [loss.op.name for loss in losses] == ["a/w/Regularizer/mul", "a/b/w/Regularizer/mul"]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(losses) == [1.5, 1.5]


def test_custom_getters_are_asked_from_the_inside_out() -> None:
    asked = []

    def noting(label: str) -> Any:
        def getter(getter: Any, name: str, *args: Any, **kwargs: Any) -> Any:
            asked.append((label, name))
            return getter(name + label, *args, **kwargs)

        return getter

    inner = tf.variable_scope("b", custom_getter=noting("_inner"))
    with tf.variable_scope("a", custom_getter=noting("_outer")), inner:
        w = tf.get_variable("w", [1])
    assert asked == [("_inner", "a/b/w"), ("_outer", "a/b/w_inner")]
    assert w.name == "a/b/w_inner_outer:0"
    with pytest.raises(ValueError, match="custom_getter must be callable"):
        tf.get_variable("v", [1], custom_getter=3)


def test_a_getter_may_return_something_else() -> None:
    def doubled(getter: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        return getter(name, *args, **kwargs) * 2.0

    with tf.variable_scope("a", custom_getter=doubled):
        w = tf.get_variable("w", initializer=tf.constant(3.0))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(w) == 6.0


def test_local_variables_are_neither_trained_nor_saved() -> None:
    w = tf.get_local_variable("w", [1])
    assert tf.local_variables() == [w]
    assert tf.global_variables() == tf.trainable_variables() == []


def test_collections_of_a_scope() -> None:
    with tf.variable_scope("a") as scope:
        w = tf.get_variable("w", [1])
        v = tf.get_variable("v", [1], trainable=False)
    tf.get_variable("ab", [1])
    assert scope.global_variables() == [w, v]
    assert scope.trainable_variables() == [w]
    assert tf.trainable_variables("a/") == [w]


def test_setters_change_the_open_scope() -> None:
    scope = tf.get_variable_scope()
    scope.set_initializer(tf.ones_initializer())
    scope.set_dtype(tf.float64)
    scope.set_use_resource(True)
    scope.set_regularizer(lambda w: None)
    assert (scope.initializer.get_config(), scope.dtype, scope.use_resource) == (
        {"dtype": "float32"}, tf.float64, True,
    )  # fmt: skip
    assert tf.get_variable("w", [1]).dtype is tf.float64
    assert tf.Variable(0.0).dtype is tf.float32  # resource too


# -- templates ---------------------------------------------------------------------------------


def test_a_template_shares_its_variables_between_calls() -> None:
    def scaled(x: Any, by: float) -> Any:
        return x * tf.get_variable("k", initializer=tf.constant(by))

    template = tf.make_template("scale", scaled, by=3.0)
    other = tf.make_template("scale", scaled, by=5.0)
    results = [template(1.0), template(2.0), other(1.0)]
    assert [v.name for v in tf.global_variables()] == ["scale/k:0", "scale_1/k:0"]
    assert template.trainable_variables == [tf.global_variables()[0]]
    assert template.variable_scope_name == "scale/"
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(results) == [3.0, 6.0, 5.0]


def test_a_template_that_makes_variables_at_every_call_is_refused() -> None:
    template = tf.make_template("t", lambda: tf.Variable(0.0))
    template()
    with pytest.raises(ValueError, match=r"'t', made at test_scope.*made the variable 't_1/Var"):
        template()


# -- partitioned variables ---------------------------------------------------------------------


def test_parts_together_are_the_variable() -> None:
    start = np.arange(10.0).reshape(5, 2)
    w = tf.get_variable("w", initializer=tf.constant(start), partitioner=halves)
    assert [part.name for part in w] == ["w/part_0:0", "w/part_1:0"]
    assert [part.shape.as_list() for part in w] == [[3, 2], [2, 2]]
    assert [part._get_save_slice_info().spec for part in w] == ["5 2 0,3:0,2", "5 2 3,2:0,2"]
    put = w.assign(tf.constant(-start))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        np.testing.assert_array_equal(session.run(tf.convert_to_tensor(w)), start)
        session.run(put)
        np.testing.assert_array_equal(session.run(w.as_tensor()), -start)
    assert len(w) == 2
    tf.get_variable_scope().reuse_variables()
    assert tf.get_variable("w", partitioner=halves, shape=[5, 2], dtype=tf.float64) is w


def halves(shape: Any, **unused: Any) -> list[int]:
    return list(tf.fixed_size_partitioner(2)(shape=shape))


def test_partitioned_and_whole_variables_do_not_mix() -> None:
    tf.get_variable("w", [4], partitioner=halves)
    with pytest.raises(ValueError, match="'w' was made with a partitioner"):
        tf.get_variable("w", [4])
    tf.get_variable("v", [4])
    with pytest.raises(ValueError, match="'v' was made without a partitioner"):
        tf.get_variable("v", [4], partitioner=halves)
    with pytest.raises(ValueError, match="the partitioner gave"):
        tf.get_variable("u", [4, 4], partitioner=lambda shape, dtype: [2, 2])


def test_partitioners_say_how_many_parts() -> None:
    shape = tf.TensorShape([1000, 64])
    by_size = tf.variable_axis_size_partitioner(64 * 4 * 100)
    assert by_size(shape, tf.float32) == [10, 1]
    assert tf.variable_axis_size_partitioner(64, max_shards=3)(shape, tf.float32) == [3, 1]
    assert tf.min_max_variable_partitioner(8, min_slice_size=64 * 4 * 250)(shape, tf.float32) == [
        4,
        1,
    ]
    assert tf.fixed_size_partitioner(3, axis=1)(shape) == [1, 3]


def test_the_older_way_to_partitioned_variables() -> None:
    parts = tf.create_partitioned_variables([4, 2], [2, 1], tf.ones_initializer(), name="w")
    assert [part.name for part in parts] == ["w/part_0:0", "w/part_1:0"]
