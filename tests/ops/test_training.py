"""The update rules: every op type of a rule computes the same, and the rare ones what they say.

The rules that optimizers use are compared with recorded runs in tests/train.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tidefall.ir.opdef import OPS
from tidefall.ops import training
from tidefall.ops.updates import UpdateRule

Array = np.ndarray[Any, Any]

RULES = {name: rule for name, rule in vars(training).items() if isinstance(rule, UpdateRule)}
WITH_ROWS = {name: rule for name, rule in RULES.items() if rule.sparse is not None}

NUMBERS = {
    "lr": 0.1, "alpha": 0.1, "rho": 0.9, "momentum": 0.5, "epsilon": 0.01, "beta1": 0.9,
    "beta2": 0.8, "beta1_power": 0.81, "beta2_power": 0.64, "l1": 0.02, "l2": 0.03,
    "l2_shrinkage": 0.04, "lr_power": -0.5, "sign_decay": 0.7, "beta": 0.6, "logbase": 1.5,
    "global_step": 3,
}  # fmt: skip

GRADIENT = np.array([[0.5, -1.0], [0.0, 2.0], [-0.25, 0.125]])


def start(index: int) -> Array:
    """What the variable (0) or one of its slots begins with."""
    if index == 0:
        return np.array([[1.0, -2.0], [0.5, 0.0], [-1.0, 3.0]])
    return np.array([[0.3, 0.2], [0.5, 0.9], [0.7, 0.1]]) + index


def run(
    op_type: str, grad: Array, indices: Any = None, dtype: Any = np.float64
) -> tuple[list[Array], list[Array]]:
    """The variables before and after one step of an update op."""
    op = OPS[op_type]
    resource = op_type.startswith("Resource")
    count = len(op.updates)
    with tf.Graph().as_default(), tf.Session() as session:
        states = [
            tf.Variable(start(i).astype(dtype), name=f"state_{i}", use_resource=resource)
            for i in range(count)
        ]
        inputs: list[Any] = [each.handle if resource else each for each in states]
        for arg in op.inputs[count:]:
            if arg.name in ("grad", "delta"):
                inputs.append(grad.astype(dtype))
            else:
                value = indices if arg.name == "indices" else NUMBERS[arg.name]
                inputs.append(dtype(value) if arg.type_attr == "T" else value)
        step = op(*inputs)
        session.run(tf.global_variables_initializer())
        before = session.run(states)
        session.run(step)
        return before, session.run(states)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_the_op_for_resources_does_what_the_op_for_references_does(rule: UpdateRule) -> None:
    _, ref = run(rule.ref.name, GRADIENT)
    _, resource = run(rule.resource.name, GRADIENT)
    np.testing.assert_array_equal(ref, resource)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_step_changes_the_variable_and_keeps_the_dtype(rule: UpdateRule) -> None:
    for dtype in (np.float32, np.float64):
        before, after = run(rule.ref.name, GRADIENT, dtype=dtype)
        assert not np.array_equal(before[0], after[0])
        assert all(each.dtype == dtype for each in after)


@pytest.mark.parametrize("rule", WITH_ROWS.values(), ids=WITH_ROWS)
def test_rows_change_as_in_the_dense_update_and_others_stay(rule: UpdateRule) -> None:
    before, dense = run(rule.ref.name, GRADIENT)
    for op_type in (rule.sparse.name, rule.resource_sparse.name):
        _, sparse = run(op_type, GRADIENT[[2, 0]], indices=[2, 0])
        for i, state in enumerate(sparse):
            np.testing.assert_array_equal(state[[0, 2]], dense[i][[0, 2]])
            np.testing.assert_array_equal(state[1], before[i][1])


@pytest.mark.parametrize("rule", WITH_ROWS.values(), ids=WITH_ROWS)
def test_a_repeated_row_is_updated_twice(rule: UpdateRule) -> None:
    _, once = run(rule.sparse.name, GRADIENT[[0]], indices=[1])
    _, twice = run(rule.sparse.name, GRADIENT[[0, 0]], indices=[1, 1])
    assert not np.array_equal(once[0][1], twice[0][1])
    np.testing.assert_array_equal(once[0][[0, 2]], twice[0][[0, 2]])


def test_rows_out_of_range_are_named() -> None:
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"indices\[1\] = 3 is not in \[0, 3\)"
    ):
        run("SparseApplyAdagrad", GRADIENT[:2], indices=[0, 3])


def test_ada_max_by_hand() -> None:
    (var, m, v), (new_var, new_m, new_v) = run("ApplyAdaMax", GRADIENT)
    g = GRADIENT
    np.testing.assert_allclose(new_m, 0.9 * m + 0.1 * g, rtol=1e-14)
    np.testing.assert_allclose(new_v, np.maximum(0.8 * v, np.abs(g)), rtol=1e-14)
    step = 0.1 / (1 - 0.81) * new_m / (new_v + 0.01)
    np.testing.assert_allclose(new_var, var - step, rtol=1e-14)


def test_add_sign_and_power_sign_by_hand() -> None:
    sizes: dict[str, Callable[[Array], Array]] = {
        "ApplyAddSign": lambda agreement: 0.1 + 0.7 * agreement,
        "ApplyPowerSign": lambda agreement: np.exp(1.5 * 0.7 * agreement),
    }
    for op_type, size in sizes.items():
        (var, m), (new_var, new_m) = run(op_type, GRADIENT)
        np.testing.assert_allclose(new_m, 0.6 * m + 0.4 * GRADIENT, rtol=1e-14)
        agreement = np.sign(GRADIENT) * np.sign(new_m)
        step = 0.1 * size(agreement) * GRADIENT
        np.testing.assert_allclose(new_var, var - step, rtol=1e-14)


def test_adagrad_v2_adds_epsilon_outside_the_root() -> None:
    (var, accum), (new_var, new_accum) = run("ApplyAdagradV2", GRADIENT)
    np.testing.assert_allclose(new_accum, accum + GRADIENT**2, rtol=1e-14)
    step = 0.1 * GRADIENT / (np.sqrt(new_accum) + 0.01)
    np.testing.assert_allclose(new_var, var - step, rtol=1e-14)


def test_adam_with_nesterov_looks_ahead() -> None:
    w, m, v = (tf.Variable(value) for value in (1.0, 0.5, 0.25))
    step = training.adam.ref(w, m, v, 0.81, 0.64, 0.1, 0.9, 0.8, 0.01, 2.0, use_nesterov=True)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        result = session.run(step)
    new_m, new_v = 0.5 + 1.5 * 0.1, 0.25 + 3.75 * 0.2
    alpha = 0.1 * math.sqrt(0.36) / 0.19
    expected = 1.0 - alpha * (2.0 * 0.1 + 0.9 * new_m) / (math.sqrt(new_v) + 0.01)
    assert result == pytest.approx(expected, rel=1e-6)


def test_adagrad_can_leave_its_slots_alone() -> None:
    w, accum = tf.Variable([1.0]), tf.Variable([4.0])
    step = training.adagrad.ref(w, accum, 1.0, [2.0], update_slots=False)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(step) == [0.0]
        assert session.run(accum) == [4.0]


def test_a_gradient_of_another_shape_is_refused_when_the_graph_is_built() -> None:
    w = tf.Variable(np.zeros((2, 3)), name="w")
    with pytest.raises(ValueError, match=r"\(2, 3\) and \(3, 2\) are not compatible"):
        training.gradient_descent.ref(w, 0.1, np.zeros((3, 2)))
    r = tf.Variable(tf.zeros((2, 3)), name="r", use_resource=True)
    with pytest.raises(ValueError, match=r"\(2, 3\) and \(3, 2\) are not compatible"):
        training.gradient_descent.resource(r.handle, 0.1, np.zeros((3, 2)))


def test_a_hyperparameter_is_one_number() -> None:
    w = tf.Variable([1.0, 2.0], name="w")
    with pytest.raises(ValueError, match=r"'alpha' must be a single number, but has shape \(2,\)"):
        training.gradient_descent.ref(w, [0.1, 0.2], [1.0, 1.0])


def test_numbers_of_another_dtype_than_the_resource_are_refused() -> None:
    r = tf.Variable(np.zeros(2), name="r", use_resource=True)
    with pytest.raises(TypeError, match=r"'r' has dtype float64, but the other inputs .* float32"):
        training.gradient_descent.resource(r.handle, 0.1, np.zeros(2))
