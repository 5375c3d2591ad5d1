"""The with-blocks of the default graph."""

from __future__ import annotations

import pytest

import tidefall as tf


def names_in(*args: object) -> tuple[str, str]:
    with tf.name_scope(*args) as scope:
        return scope, tf.constant(1, name="c").name


def test_scopes_are_named_as_in_tensorflow() -> None:
    assert names_in("a") == ("a/", "a/c:0")
    assert names_in("a") == ("a_1/", "a_1/c:0")
    assert names_in("a/") == ("a/", "a/c_1:0")
    assert names_in(None, "d") == ("d/", "d/c:0")
    assert names_in(None) == ("", "c:0")
    assert names_in("") == ("", "c_1:0")
    assert names_in("n", None, [None, 3, "x"]) == ("n/", "n/c:0")
    assert tf.name_scope("asked for").name == "asked for"


def test_scopes_nest_and_end_with_errors() -> None:
    with tf.name_scope("outer"):
        with pytest.raises(KeyError), tf.name_scope("inner"):
            raise KeyError
        assert tf.constant(1).name == "outer/Const:0"
    assert tf.constant(1).name == "Const:0"


def test_the_graph_is_that_of_the_values() -> None:
    with tf.Graph().as_default() as other:
        x = tf.constant(1)
    with tf.name_scope("n", "d", [[x]]):
        assert tf.constant(2).graph is other
    assert tf.constant(2).graph is not other
    with pytest.raises(ValueError, match="must be from the same graph"):
        names_in("n", "d", [x, tf.constant(1)])


def test_wrong_names() -> None:
    with pytest.raises(ValueError, match="At least one of name"):
        names_in(None, None, [])
    with pytest.raises(ValueError, match="'_a' is not a valid scope name"):
        names_in("_a")
    with pytest.raises(TypeError, match="must be a string, not 3"):
        names_in(3)
    assert tf.constant(1).name == "Const:0"


def test_op_scope_has_its_arguments_in_another_order() -> None:
    with tf.op_scope([tf.constant(1)], None, "default") as scope:
        assert scope == "default/"


def test_the_graphs_blocks() -> None:
    first = tf.no_op()
    with tf.control_dependencies([first]), tf.device("/cpu:0"), tf.container("c"):
        inside = tf.placeholder(tf.float32).op
    with tf.colocate_with(inside):
        beside = tf.constant(1).op
    assert inside.control_inputs == [first]
    assert inside.device == "/device:CPU:0"
    assert beside.colocation_groups() == [f"loc:@{inside.name}".encode()]
    with tf.control_dependencies([first]), tf.control_dependencies(None):
        assert tf.no_op().control_inputs == []
