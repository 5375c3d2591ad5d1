"""Variables of both kinds: making, reading, changing."""

from __future__ import annotations

import copy
import inspect
from typing import Any

import numpy as np
import pytest

import tidefall as tf

Array = np.ndarray[Any, Any]


@pytest.fixture(params=[False, True], ids=["reference", "resource"])
def resource(request: pytest.FixtureRequest) -> bool:
    """The kind of variable."""
    return bool(request.param)


def started(*variables: Any) -> tf.Session:
    """A session in which all variables are initialized."""
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    return session


def names(graph: Any = None) -> list[str]:
    return [op.name for op in (graph or tf.get_default_graph()).get_operations()]


# -- making ------------------------------------------------------------------------------------


def test_a_variable_is_of_the_kind_asked_for() -> None:
    assert type(tf.Variable(0.0)).__name__ == "RefVariable"
    assert type(tf.Variable(0.0, use_resource=True)).__name__ == "ResourceVariable"
    assert isinstance(tf.Variable(0.0, use_resource=True), tf.Variable)


def test_resource_variables_can_be_the_default() -> None:
    tf.enable_resource_variables()
    try:
        assert tf.resource_variables_enabled()
        assert tf.Variable(0.0).dtype is tf.float32
        with tf.variable_scope("a", use_resource=False):
            assert tf.get_variable("w", []).dtype.name == "float32_ref"
    finally:
        tf.disable_resource_variables()
    assert tf.Variable(0.0).dtype.name == "float32_ref"


def test_the_signature_is_that_of_the_arguments() -> None:
    names = list(inspect.signature(tf.Variable).parameters)
    assert names[:3] == ["initial_value", "trainable", "collections"]


def test_the_representation_says_name_shape_and_dtype(resource: bool) -> None:
    w = tf.Variable([1.0, 2.0], name="w", use_resource=resource)
    dtype = "float32" if resource else "float32_ref"
    assert repr(w) == f"<tf.Variable 'w:0' shape=(2,) dtype={dtype}>"


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [
        (1.0, None, np.float32(1.0)),
        (1, tf.float64, np.float64(1.0)),
        ([True, False], None, np.array([True, False])),
        (np.arange(3), None, np.arange(3)),
        ("text", None, b"text"),
        (lambda: [1, 2], tf.int64, np.array([1, 2])),
    ],
    ids=["float", "as float64", "bool", "array", "string", "function"],
)
def test_the_initial_value_is_converted(
    value: Any, dtype: Any, expected: Any, resource: bool
) -> None:
    w = tf.Variable(value, dtype=dtype, use_resource=resource)
    got = started().run(w)
    np.testing.assert_array_equal(got, expected)
    if not isinstance(expected, bytes):
        assert np.asarray(got).dtype == np.asarray(expected).dtype


def test_names_are_made_unique_and_follow_the_name_scope(resource: bool) -> None:
    with tf.get_default_graph().name_scope("net"):
        made = [tf.Variable(0.0, name="w", use_resource=resource) for _ in range(2)]
    assert [each.name for each in made] == ["net/w:0", "net/w_1:0"]


def test_collections_are_those_asked_for(resource: bool) -> None:
    w = tf.Variable(0.0, use_resource=resource)
    fixed = tf.Variable(0.0, trainable=False, use_resource=resource)
    local = tf.Variable(
        0.0, collections=[tf.GraphKeys.LOCAL_VARIABLES], trainable=False, use_resource=resource
    )
    assert tf.global_variables() == [w, fixed]
    assert tf.trainable_variables() == [w]
    assert tf.local_variables() == [local]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "needs an initial_value"),
        ({"initial_value": 0.0, "collections": "a"}, "are a list, tuple or set of names, not str"),
        ({"initial_value": 0.0, "constraint": 1.0}, "must be callable, not 1.0"),
        ({"initial_value": 0.0, "aggregation": "sum"}, "not a member of tf.VariableAggregation"),
    ],
    ids=["no value", "collections", "constraint", "aggregation"],
)
def test_arguments_that_cannot_be_used(
    arguments: dict[str, Any], message: str, resource: bool
) -> None:
    with pytest.raises(ValueError, match=message):
        tf.Variable(use_resource=resource, **arguments)


def test_a_shape_that_is_not_known_must_be_allowed() -> None:
    x = tf.placeholder(tf.float32, [None])
    with pytest.raises(ValueError, match=r"'w'.* has shape \(\?,\), which must be fully known"):
        tf.Variable(x, name="w")
    w = tf.Variable(x, name="w", validate_shape=False)
    with tf.Session() as session:
        session.run(w.initializer, {x: [1.0, 2.0, 3.0]})
        np.testing.assert_array_equal(session.run(w), [1, 2, 3])


def test_a_resource_can_have_a_shape_less_definite_than_its_initial_value() -> None:
    w = tf.Variable([1.0], shape=tf.TensorShape([None]), use_resource=True)
    change = w.assign([1.0, 2.0])
    with started() as session:
        session.run(change.op)
        np.testing.assert_array_equal(session.run(w.read_value()), [1, 2])
    with pytest.raises(ValueError, match="contradicts the given shape"):
        tf.Variable([1.0], shape=[2], use_resource=True)


def test_a_creator_can_change_what_is_made() -> None:
    def renamed(make: Any, **arguments: Any) -> Any:
        arguments["name"] = f"own_{arguments['name']}"
        return make(**arguments)

    def fixed(make: Any, **arguments: Any) -> Any:
        assert arguments["name"] == "w"  # the inner creator is asked first
        return make(**{**arguments, "trainable": False})

    with tf.variable_creator_scope(renamed), tf.variable_creator_scope(fixed):
        w = tf.Variable(0.0, name="w")
    assert (w.name, w.trainable) == ("own_w:0", False)
    assert tf.Variable(0.0, name="w").name == "w:0"


def test_a_variable_is_its_own_copy_and_key(resource: bool) -> None:
    w, v = (tf.Variable(0.0, use_resource=resource) for _ in range(2))
    assert copy.copy(w) is w
    assert (w == w, w == v, w != v) == (True, False, True)
    assert {w: 1}[w] == 1
    assert w.experimental_ref() == w.experimental_ref()
    assert w.experimental_ref().deref() is w


# -- initial values that depend on variables ----------------------------------------------------


def test_dependent_variables_are_initialized_in_one_run(resource: bool) -> None:
    a = tf.Variable(3.0, name="a", use_resource=resource)
    b = tf.Variable(a.initialized_value() * 2.0, name="b", use_resource=resource)
    with started() as session:
        assert session.run([a, b]) == [3.0, 6.0]


def test_a_variable_read_by_an_initial_value_is_initialized_first() -> None:
    a = tf.Variable(3.0, name="a")
    b = tf.Variable(a * 2.0 + a, name="b")
    with started() as session:
        assert session.run(b) == 9.0
    assert "mul_b" in names()


def test_an_initial_value_made_inside_cond_is_refused(resource: bool) -> None:
    p = tf.placeholder(tf.bool, [])

    def branch() -> Any:
        return tf.Variable(tf.constant(1.0) + 0.0, name="w", use_resource=resource).read_value()

    with pytest.raises(ValueError, match=r"tf\.Variable\(lambda: …\)"):
        tf.cond(p, branch, lambda: tf.constant(0.0))


# -- reading -----------------------------------------------------------------------------------


def test_every_way_of_reading_gives_the_value(resource: bool) -> None:
    w = tf.Variable([1.0, 2.0], use_resource=resource)
    reads = [w, w.value(), w.read_value(), w.initialized_value(), tf.identity(w), w + 0.0]
    with started() as session:
        for value in session.run(reads):
            np.testing.assert_array_equal(value, [1, 2])
        np.testing.assert_array_equal(w.eval(session), [1, 2])
        assert session.run(tf.is_variable_initialized(w))


def test_reading_before_initialization_names_the_variable(resource: bool) -> None:
    w = tf.Variable(1.0, name="w", use_resource=resource)
    with tf.Session() as session:
        assert not session.run(tf.is_variable_initialized(w))
        with pytest.raises(tf.errors.FailedPreconditionError, match="'w' was read before"):
            session.run(w * 2.0)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (lambda w: w + 1, [3.0, 5.0]),
        (lambda w: 1 + w, [3.0, 5.0]),
        (lambda w: w - 1, [1.0, 3.0]),
        (lambda w: 1 - w, [-1.0, -3.0]),
        (lambda w: w * w, [4.0, 16.0]),
        (lambda w: 8 / w, [4.0, 2.0]),
        (lambda w: w // 3, [0.0, 1.0]),
        (lambda w: w % 3, [2.0, 1.0]),
        (lambda w: w**2, [4.0, 16.0]),
        (lambda w: 2**w, [4.0, 16.0]),
        (lambda w: -w, [-2.0, -4.0]),
        (lambda w: abs(-w), [2.0, 4.0]),
        (lambda w: w < 3, [True, False]),
        (lambda w: w >= 4, [False, True]),
        (lambda w: np.float32(2) * w, [4.0, 8.0]),
        (lambda w: np.array([1, 2], np.float32) * w, [2.0, 8.0]),
        (lambda w: w[1], 4.0),
        (lambda w: w[::-1], [4.0, 2.0]),
    ],
)
def test_operators(expression: Any, expected: Any, resource: bool) -> None:
    w = tf.Variable([2.0, 4.0], use_resource=resource)
    np.testing.assert_array_equal(started().run(expression(w)), expected)


def test_a_variable_cannot_be_iterated_over(resource: bool) -> None:
    w = tf.Variable([1.0], name="w", use_resource=resource)
    with pytest.raises(TypeError, match=r"variable 'w:0' cannot be iterated over.*tf\.unstack"):
        list(w)


def test_a_variable_of_another_dtype_is_refused(resource: bool) -> None:
    w = tf.Variable([1.0], name="w", use_resource=resource)
    with pytest.raises(
        ValueError, match=r"float64 is needed, but variable 'w:0' has dtype float32"
    ):
        tf.convert_to_tensor(w, tf.float64)


def test_rows_and_elements_are_read_and_differentiated(resource: bool) -> None:
    w = tf.Variable([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], use_resource=resource)
    rows = tf.gather(w, [2, 0, 2])
    (grad,) = tf.gradients(rows, [w])
    assert isinstance(grad, tf.IndexedSlices)
    elements = tf.gather_nd(w, [[0, 1], [2, 0]])
    with started() as session:
        np.testing.assert_array_equal(session.run(rows), [[5, 6], [1, 2], [5, 6]])
        np.testing.assert_array_equal(session.run(elements), [2, 5])
        dense = session.run(tf.convert_to_tensor(grad))
    np.testing.assert_array_equal(dense, [[1, 1], [0, 0], [2, 2]])


def test_sparse_reads_are_for_resources() -> None:
    r = tf.Variable([[1.0, 2.0], [3.0, 4.0]], use_resource=True)
    reads = [r.sparse_read([1]), r.gather_nd([[1, 0]])]
    with started() as session:
        rows, elements = session.run(reads)
    np.testing.assert_array_equal(rows, [[3, 4]])
    np.testing.assert_array_equal(elements, [3])
    with pytest.raises(AttributeError):
        tf.Variable([1.0]).sparse_read([0])


# -- changing ----------------------------------------------------------------------------------


def test_assignments(resource: bool) -> None:
    w = tf.Variable([1.0, 2.0], use_resource=resource)
    add, sub, put = w.assign_add([1.0, 1.0]), w.assign_sub([5.0, 0.0]), w.assign([7.0, 8.0])
    with started() as session:
        np.testing.assert_array_equal(session.run(add), [2, 3])
        np.testing.assert_array_equal(session.run(sub), [-3, 3])
        np.testing.assert_array_equal(session.run(put), [7, 8])
        np.testing.assert_array_equal(session.run(tf.assign_add(w, [1.0, 1.0])), [8, 9])
        np.testing.assert_array_equal(session.run(tf.assign(w, [0.0, 1.0])), [0, 1])
        np.testing.assert_array_equal(session.run(tf.assign_sub(w, [0.0, 1.0])), [0, 0])


def test_an_assignment_without_reading_is_an_operation(resource: bool) -> None:
    w = tf.Variable(1.0, use_resource=resource)
    op = w.assign_add(1.0, read_value=False)
    assert isinstance(op, tf.Operation)
    with started() as session:
        assert session.run([op, op])[0] is None
        assert session.run(w) == 2.0


def test_an_assignment_of_another_shape_is_refused(resource: bool) -> None:
    w = tf.Variable([1.0, 2.0], name="w", use_resource=resource)
    with pytest.raises(ValueError, match=r"\(2,\).*\(3,\)"):
        w.assign([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=r"\(2,\).*\(3,\)"):
        w.assign_add([1.0, 2.0, 3.0])


def test_a_fed_value_of_another_shape_fails_and_leaves_the_variable(resource: bool) -> None:
    w = tf.Variable([1.0, 2.0], name="w", use_resource=resource)
    x = tf.placeholder(tf.float32)
    changes = [w.assign(x), w.assign_add(x)]
    with started() as session:
        for change in changes:
            with pytest.raises(tf.errors.InvalidArgumentError, match=r"shape \(1,\)|and the value"):
                session.run(change.op, {x: [1.0]})
        np.testing.assert_array_equal(session.run(w), [1, 2])


def test_tensors_cannot_be_assigned_to() -> None:
    with pytest.raises(AttributeError, match="'Const:0' is a tensor, not a variable"):
        tf.assign(tf.constant(1.0), 2.0)


def test_load_adds_nothing_to_the_graph(resource: bool) -> None:
    w = tf.Variable([1.0, 2.0], use_resource=resource)
    with started() as session:
        before = len(names())
        w.load([5.0, 6.0], session)
        assert len(names()) == before
        np.testing.assert_array_equal(session.run(w), [5, 6])


def test_slices_can_be_assigned_to(resource: bool) -> None:
    w = tf.Variable(np.zeros((3, 2), np.float32), use_resource=resource)
    row, column = w[1].assign([1.0, 2.0]), w[:, 0].assign([7.0, 8.0, 9.0])
    with started() as session:
        np.testing.assert_array_equal(session.run(row), [[0, 0], [1, 2], [0, 0]])
        np.testing.assert_array_equal(session.run(column), [[7, 0], [8, 2], [9, 0]])


ROWS = tf.IndexedSlices


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("scatter_add", [[1, 1], [7, 9], [1, 1]]),
        ("scatter_sub", [[1, 1], [-5, -7], [1, 1]]),
        ("scatter_mul", [[1, 1], [8, 15], [1, 1]]),
        ("scatter_div", [[1, 1], [1 / 8, 1 / 15], [1, 1]]),
        ("scatter_max", [[1, 1], [4, 5], [1, 1]]),
        ("scatter_min", [[1, 1], [1, 1], [1, 1]]),
        ("scatter_update", [[1, 1], [4, 5], [1, 1]]),
    ],
)
def test_scatter_methods_take_repeated_rows(method: str, expected: Any, resource: bool) -> None:
    w = tf.Variable(np.ones((3, 2), np.float32), use_resource=resource)
    delta = tf.IndexedSlices([[2.0, 3.0], [4.0, 5.0]], [1, 1])
    with started() as session:
        np.testing.assert_allclose(session.run(getattr(w, method)(delta)), expected, rtol=1e-6)
    with pytest.raises(TypeError, match=r"must be tf\.IndexedSlices, not list"):
        getattr(w, method)([1.0])


def test_scatter_of_one_number_changes_whole_rows(resource: bool) -> None:
    w = tf.Variable(np.zeros((3, 2), np.float32), use_resource=resource)
    with started() as session:
        result = session.run(tf.scatter_add(w, [0, 2], 5.0))
    np.testing.assert_array_equal(result, [[5, 5], [0, 0], [5, 5]])


def test_scatter_nd_changes_elements_and_slices(resource: bool) -> None:
    w = tf.Variable(np.zeros((3, 2), np.float32), use_resource=resource)
    with started() as session:
        session.run(tf.scatter_nd_add(w, [[0, 1], [0, 1]], [1.0, 2.0]))
        session.run(tf.scatter_nd_update(w, [[1]], [[8.0, 9.0]]))
        result = session.run(w.scatter_nd_sub([[2, 0]], [4.0]))
    np.testing.assert_array_equal(result, [[0, 3], [8, 9], [-4, 0]])


@pytest.mark.parametrize("index", [3, -1])
def test_rows_out_of_range(index: int, resource: bool) -> None:
    w = tf.Variable(np.zeros((3, 2), np.float32), use_resource=resource)
    change = tf.scatter_add(w, [0, index], [[1.0, 1.0], [1.0, 1.0]])
    with (
        started() as session,
        pytest.raises(tf.errors.InvalidArgumentError, match=rf"indices\[1\] = {index} is not in"),
    ):
        session.run(change)


def test_scatter_checks_shapes_when_the_graph_is_built(resource: bool) -> None:
    w = tf.Variable(np.zeros((3, 2), np.float32), use_resource=resource)
    with pytest.raises(ValueError, match=r"\(1, 2\) and \(1, 3\) are not compatible"):
        tf.scatter_add(w, [0], [[1.0, 2.0, 3.0]])
    with pytest.raises(ValueError, match="takes at most 2 indices"):
        tf.scatter_nd_add(w, [[0, 0, 0]], [1.0])


def test_integer_division_of_rows_rounds_towards_zero(resource: bool) -> None:
    w = tf.Variable([7, -7], use_resource=resource)
    zero = tf.scatter_div(w, [0], [0])
    with started() as session:
        with pytest.raises(tf.errors.InvalidArgumentError, match="division by zero"):
            session.run(zero)
        np.testing.assert_array_equal(session.run(tf.scatter_div(w, [0, 1], [2, 2])), [3, -3])


def test_counting(resource: bool) -> None:
    n = tf.Variable(0, use_resource=resource)
    count = n.count_up_to(2)
    with started() as session:
        assert [session.run(count), session.run(count)] == [0, 1]
        with pytest.raises(tf.errors.OutOfRangeError, match="reached its limit of 2"):
            session.run(count)
        assert session.run(n) == 2


def test_augmented_assignment_makes_a_tensor_or_is_refused() -> None:
    w = r = tf.Variable(1.0)
    w += 1.0
    assert isinstance(w, tf.Tensor)
    r = tf.Variable(1.0, use_resource=True)
    with pytest.raises(RuntimeError, match=r"Use variable\.assign_add\(value\)"):
        r += 1.0


def test_set_shape_narrows_what_is_known() -> None:
    w = tf.Variable(tf.placeholder(tf.float32, [None, None]), validate_shape=False)
    w.set_shape([None, 3])
    assert w.shape.as_list() == [None, 3]
    assert w.value().shape.as_list() == [None, 3]
    with pytest.raises(NotImplementedError):
        tf.Variable(0.0, use_resource=True).set_shape([])


def test_a_container_names_where_state_lives() -> None:
    with tf.get_default_graph().container("mine"):
        w, v = tf.Variable(0.0), tf.Variable(0.0, use_resource=True)
    assert w.op.get_attr("container") == b"mine"
    assert v.op.get_attr("container") == b"mine"


def test_a_variable_can_be_had_again_from_its_message(resource: bool) -> None:
    w = tf.get_variable(
        "w", [4], trainable=False, use_resource=resource, caching_device="/cpu:0",
        partitioner=tf.fixed_size_partitioner(2),
    )  # fmt: skip
    part = list(w)[1]
    before = len(names())
    again = tf.Variable.from_proto(part.to_proto())
    assert len(names()) == before
    assert type(again) is type(part)
    assert (again.name, again.dtype, again.trainable) == ("w/part_1:0", part.dtype, False)
    assert again.initializer is part.initializer
    assert again.initial_value is part.initial_value
    assert again._get_save_slice_info().spec == "4 2,2"
    assert again.value() is part.value()
    assert part.to_proto(export_scope="other") is None
