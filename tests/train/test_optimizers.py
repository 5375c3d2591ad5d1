"""Optimizers: slots and names, gradients in and out, own subclasses, and what is refused.

That every optimizer takes TensorFlow's steps is in test_oracle_training.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tidefall as tf

OPTIMIZERS = {
    "GradientDescent": (lambda: tf.train.GradientDescentOptimizer(0.1), []),
    "Momentum": (lambda: tf.train.MomentumOptimizer(0.1, 0.9), ["w/Momentum"]),
    "Adam": (lambda: tf.train.AdamOptimizer(0.1), ["beta1_power", "beta2_power", "w/Adam",
                                                   "w/Adam_1"]),
    "Adagrad": (lambda: tf.train.AdagradOptimizer(0.1), ["w/Adagrad"]),
    "Adadelta": (lambda: tf.train.AdadeltaOptimizer(0.1), ["w/Adadelta", "w/Adadelta_1"]),
    "RMSProp": (lambda: tf.train.RMSPropOptimizer(0.1), ["w/RMSProp", "w/RMSProp_1"]),
    "centered RMSProp": (
        lambda: tf.train.RMSPropOptimizer(0.1, centered=True),
        ["w/RMSProp", "w/RMSProp_1", "w/RMSProp_2"],
    ),
    "Ftrl": (lambda: tf.train.FtrlOptimizer(0.1), ["w/Ftrl", "w/Ftrl_1"]),
    "Ftrl named": (
        lambda: tf.train.FtrlOptimizer(0.1, accum_name="a", linear_name="l"), ["w/a", "w/l"]
    ),
    "ProximalGradientDescent": (lambda: tf.train.ProximalGradientDescentOptimizer(0.1), []),
    "ProximalAdagrad": (lambda: tf.train.ProximalAdagradOptimizer(0.1), ["w/ProximalAdagrad"]),
    "AdagradDA": (
        lambda: tf.train.AdagradDAOptimizer(0.1, tf.train.get_or_create_global_step()),
        ["w/AdagradDA", "w/AdagradDA_1"],
    ),
}  # fmt: skip


@pytest.fixture(params=[False, True], ids=["reference", "resource"])
def resource(request: pytest.FixtureRequest) -> bool:
    """The kind of variable."""
    return bool(request.param)


def started() -> tf.Session:
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    return session


def square(w: Any) -> Any:
    return tf.reduce_sum(tf.square(w), name="loss")


@pytest.mark.parametrize(("make", "own"), OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_slots_are_named_as_in_checkpoints(make: Any, own: list[str], resource: bool) -> None:
    w = tf.Variable([1.0, -2.0], name="w", use_resource=resource)
    optimizer = make()
    optimizer.minimize(square(w))
    assert [each.op.name for each in optimizer.variables()] == own
    assert all(isinstance(each, type(w)) and not each.trainable for each in optimizer.variables())
    for slot in optimizer.get_slot_names():
        assert optimizer.get_slot(w, slot).shape.as_list() == [2]
    assert optimizer.get_slot(w, "no such slot") is None


@pytest.mark.parametrize(("make", "own"), OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_the_loss_falls(make: Any, own: list[str], resource: bool) -> None:
    w = tf.Variable([1.0, -2.0], use_resource=resource)
    loss = square(w)
    train = make().minimize(loss)
    with started() as session:
        before = session.run(loss)
        for _ in range(10):
            session.run(train)
        assert session.run(loss) < before


def test_the_train_operation_counts_the_global_step(resource: bool) -> None:
    w = tf.Variable([1.0], use_resource=resource)
    step = tf.Variable(5, trainable=False, name="step", use_resource=resource)
    train = tf.train.GradientDescentOptimizer(0.1).minimize(square(w), step, name="train")
    assert isinstance(train, tf.Operation)
    assert train.name == "train"
    assert tf.get_collection(tf.GraphKeys.TRAIN_OP) == [train]
    with started() as session:
        session.run(train)
        assert session.run(step) == 6


def test_gradients_can_be_changed_before_they_are_applied(resource: bool) -> None:
    w = tf.Variable([3.0, 0.1], use_resource=resource)
    optimizer = tf.train.GradientDescentOptimizer(1.0)
    pairs = optimizer.compute_gradients(square(w))
    train = optimizer.apply_gradients([(tf.minimum(g, 1.0), v) for g, v in pairs])
    with started() as session:
        session.run(train)
        np.testing.assert_allclose(session.run(w), [2.0, -0.1], rtol=1e-6)


def test_variables_without_gradient_are_left_alone() -> None:
    w, v = tf.Variable(1.0, name="w"), tf.Variable(1.0, name="v")
    optimizer = tf.train.MomentumOptimizer(0.5, 0.9)
    pairs = optimizer.compute_gradients(tf.square(w))
    assert [g is None for g, _ in pairs] == [False, True]
    train = optimizer.apply_gradients(pairs)
    assert optimizer.get_slot(v, "momentum") is None
    with started() as session:
        session.run(train)
        assert session.run([w, v]) == [0.0, 1.0]


def test_some_variables_only() -> None:
    w, v = tf.Variable(1.0), tf.Variable(1.0)
    train = tf.train.GradientDescentOptimizer(0.5).minimize(tf.square(w * v), var_list=[v])
    with started() as session:
        session.run(train)
        assert session.run([w, v]) == [1.0, 0.0]


def test_two_optimizers_have_slots_of_their_own() -> None:
    w = tf.Variable(1.0, name="w")
    loss = tf.square(w)
    first, second = tf.train.AdamOptimizer(0.1), tf.train.AdamOptimizer(0.2)
    third = tf.train.MomentumOptimizer(0.1, 0.9, name="Third")
    for optimizer in (first, second, third):
        optimizer.minimize(loss)
    assert [v.op.name for v in first.variables()] == [
        "beta1_power", "beta2_power", "w/Adam", "w/Adam_1",
    ]  # fmt: skip
    assert [v.op.name for v in second.variables()] == [
        "beta1_power_1", "beta2_power_1", "w/Adam_2", "w/Adam_3",
    ]  # fmt: skip
    assert [v.op.name for v in third.variables()] == ["w/Third"]


def test_one_optimizer_keeps_its_slots_over_two_calls() -> None:
    w = tf.Variable(1.0, name="w")
    optimizer = tf.train.AdamOptimizer(0.1)
    for loss in (tf.square(w), tf.exp(w)):
        optimizer.minimize(loss)
    assert len(optimizer.variables()) == 4


def test_slots_follow_the_variable_scope() -> None:
    w = tf.get_variable("w", [1])
    with tf.variable_scope("training"):
        optimizer = tf.train.AdamOptimizer(0.1)
        optimizer.minimize(square(w))
    assert optimizer.get_slot(w, "m").op.name == "training/w/Adam"
    assert optimizer.variables()[0].op.name == "training/beta1_power"


def test_an_optimizer_serves_several_graphs() -> None:
    optimizer = tf.train.AdamOptimizer(0.1)
    for _ in range(2):
        with tf.Graph().as_default():
            optimizer.minimize(tf.square(tf.Variable(1.0, name="w")))
            assert len(optimizer.variables()) == 4


@pytest.mark.parametrize("gate", [0, 1, 2], ids=["none", "op", "graph"])
def test_gates_do_not_change_the_result(gate: int) -> None:
    w, v = tf.Variable([[1.0, 2.0]]), tf.Variable([[3.0], [4.0]])
    train = tf.train.GradientDescentOptimizer(0.1).minimize(
        tf.reduce_sum(tf.matmul(w, v)), gate_gradients=gate
    )
    with started() as session:
        session.run(train)
        np.testing.assert_allclose(session.run(w), [[0.7, 1.6]], rtol=1e-6)
        np.testing.assert_allclose(session.run(v), [[2.9], [3.8]], rtol=1e-6)


def test_hyperparameters_may_be_tensors_or_functions(resource: bool) -> None:
    w = tf.Variable([1.0], use_resource=resource)
    rate = tf.placeholder(tf.float32, [])
    optimizer = tf.train.MomentumOptimizer(rate, lambda: tf.constant(0.5))
    train = optimizer.minimize(square(w))
    with started() as session:
        session.run(train, {rate: 0.25})
        assert session.run(w) == [0.5]


def test_hyperparameters_take_the_dtype_of_the_variable(resource: bool) -> None:
    w = tf.Variable(np.array([1.0]), use_resource=resource)
    with started_after(tf.train.AdamOptimizer(0.1).minimize(square(w))) as (session, train):
        session.run(train)
        assert session.run(w).dtype == np.float64


class started_after:
    """A session in which everything is initialized, and the operation given."""

    def __init__(self, train: Any) -> None:
        self.train, self.session = train, started()

    def __enter__(self) -> tuple[tf.Session, Any]:
        return self.session, self.train

    def __exit__(self, *error: object) -> None:
        self.session.close()


def test_the_loss_may_be_a_function() -> None:
    w = tf.Variable(3.0, use_resource=True)
    train = tf.train.GradientDescentOptimizer(0.25).minimize(lambda: tf.square(w - 1.0))
    with started() as session:
        session.run(train)
        assert session.run(w) == 2.0
    tf.reset_default_graph()
    v = tf.Variable(1.0)
    with pytest.raises(ValueError, match="where the loss is a function"):
        tf.train.GradientDescentOptimizer(0.25).minimize(lambda: tf.square(v))


def test_constraints_hold_after_every_step(resource: bool) -> None:
    w = tf.get_variable(
        "w", initializer=tf.constant([0.5, 3.0]), use_resource=resource,
        constraint=lambda v: tf.maximum(v, 1.0),
    )  # fmt: skip
    with started_after(tf.train.GradientDescentOptimizer(0.1).minimize(square(w))) as (
        session, train,
    ):  # fmt: skip
        session.run(train)
        np.testing.assert_allclose(session.run(w), [1.0, 2.4], rtol=1e-6)


# -- rows --------------------------------------------------------------------------------------


def _slices(values: Any, indices: Any) -> tf.IndexedSlices:
    return tf.IndexedSlices(tf.constant(values), tf.constant(indices), tf.constant([3, 2]))


@pytest.mark.parametrize(("make", "own"), OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_repeated_rows_are_summed(make: Any, own: list[str], resource: bool) -> None:
    start = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], np.float32)
    w = tf.Variable(start, name="w", use_resource=resource)
    v = tf.Variable(start, name="v", use_resource=resource)
    rows = _slices([[1.0, 1.0], [0.5, 0.25], [1.0, 1.0]], [1, 2, 1])
    summed = _slices([[2.0, 2.0], [0.5, 0.25]], [1, 2])
    trains = [make().apply_gradients([(g, x)]) for g, x in ((rows, w), (summed, v))]
    with started() as session:
        for train in trains:
            session.run(train)
        got, expected = session.run([w, v])
    np.testing.assert_allclose(got, expected, rtol=1e-6)
    np.testing.assert_array_equal(got[0], start[0])
    assert not np.array_equal(got[1], start[1])


def test_a_constraint_on_rows_is_refused() -> None:
    w = tf.get_variable("w", [3, 2], constraint=lambda v: v)
    rows = _slices([[1.0, 1.0]], [0])
    with pytest.raises(RuntimeError, match="'w:0' has a constraint"):
        tf.train.GradientDescentOptimizer(0.1).apply_gradients([(rows, w)])


# -- own optimizers ----------------------------------------------------------------------------


class SignDescent(tf.train.Optimizer):  # type: ignore[misc]
    """An optimizer as a program of 2018 would write it."""

    def __init__(self, rate: float, name: str = "SignDescent") -> None:
        super().__init__(False, name)
        self._rate = rate
        self.finished_in: str | None = None

    def _prepare(self) -> None:
        self._rate_t = tf.convert_to_tensor(self._rate, name="rate")

    def _create_slots(self, var_list: Any) -> None:
        for v in var_list:
            self._zeros_slot(v, "count", self._name)

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        count = self.get_slot(var, "count").assign_add(tf.ones_like(grad))
        step = var.assign_sub(tf.cast(self._rate_t, var.dtype.base_dtype) * tf.sign(grad))
        return tf.group(step, count)

    _resource_apply_dense = _apply_dense

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        delta = tf.IndexedSlices(self._rate_t * tf.sign(grad.values), grad.indices)
        return var.scatter_sub(delta)

    def _finish(self, update_ops: list[Any], name_scope: str) -> Any:
        self.finished_in = name_scope
        return super()._finish(update_ops, name_scope)


def test_a_subclass_says_how_one_variable_changes(resource: bool) -> None:
    w = tf.Variable([1.0, -2.0], name="w", use_resource=resource)
    optimizer = SignDescent(0.5)
    train = optimizer.minimize(square(w))
    assert optimizer.finished_in == "SignDescent/"
    with started() as session:
        session.run(train)
        np.testing.assert_array_equal(session.run(w), [0.5, -1.5])
        np.testing.assert_array_equal(session.run(optimizer.get_slot(w, "count")), [1, 1])
    assert "SignDescent/update_w/mul" in [op.name for op in tf.get_default_graph().get_operations()]


def test_a_subclass_is_given_rows_once_each() -> None:
    w = tf.Variable(np.zeros((3, 1), np.float32))
    rows = _slices([[1.0], [-3.0], [5.0]], [1, 1, 2])
    train = SignDescent(0.5).apply_gradients([(rows, w)])
    with started() as session:
        session.run(train)
        np.testing.assert_array_equal(session.run(w), [[0.0], [0.5], [-0.5]])


def test_a_subclass_without_rules_is_refused(resource: bool) -> None:
    w = tf.Variable(1.0, use_resource=resource)
    name = "_resource_apply_dense" if resource else "_apply_dense"
    with pytest.raises(NotImplementedError, match=f"Optimizer has no {name}"):
        tf.train.Optimizer(False, "Own").minimize(tf.square(w))


# -- mistakes ----------------------------------------------------------------------------------


def mistakes() -> dict[str, tuple[Any, type[Exception], str]]:
    def descent() -> Any:
        return tf.train.GradientDescentOptimizer(0.1)

    def unrelated() -> Any:
        tf.Variable(1.0, name="w")
        return descent().minimize(tf.constant(1.0, name="loss"))

    def integers() -> Any:
        return descent().minimize(tf.Variable(1, name="n") * 2)

    def tensor() -> Any:
        x = tf.constant(1.0)
        return descent().minimize(tf.square(x), var_list=[x])

    return {
        "no name": (lambda: tf.train.Optimizer(False, ""), ValueError, "needs a name"),
        "no variables": (
            lambda: descent().minimize(tf.constant(1.0)), ValueError, "no variables to optimize",
        ),
        "unrelated": (unrelated, ValueError, r"'loss:0' depends on none of the variables 'w:0'"),
        "integers": (integers, ValueError, "'mul:0' has dtype int32; an optimizer takes"),
        "tensor": (tensor, NotImplementedError, "'Const:0' is a tensor, not a variable"),
        "gate": (
            lambda: descent().compute_gradients(tf.Variable(1.0) * 1.0, gate_gradients=3),
            ValueError, "must be GATE_NONE, GATE_OP or GATE_GRAPH, not 3",
        ),
        "empty": (lambda: descent().apply_gradients([]), ValueError, "was given no variables"),
        "no gradient": (
            lambda: descent().apply_gradients([(None, tf.Variable(1.0, name="w"))]),
            ValueError, "no gradient for any of 'w:0'",
        ),
        "not a gradient": (
            lambda: descent().apply_gradients([(object(), tf.Variable(1.0))]),
            TypeError, "must be a tensor, tf.IndexedSlices or None",
        ),
        "Adagrad": (
            lambda: tf.train.AdagradOptimizer(0.1, 0.0), ValueError, "must be positive, not 0.0",
        ),
        "Ftrl": (
            lambda: tf.train.FtrlOptimizer(0.1, learning_rate_power=1.0), ValueError,
            "learning_rate_power must be at most 0, not 1.0",
        ),
    }  # fmt: skip


@pytest.mark.parametrize(("make", "error", "message"), mistakes().values(), ids=mistakes())
def test_mistakes(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()
