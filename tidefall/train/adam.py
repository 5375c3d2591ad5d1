"""Adam."""

from __future__ import annotations

from typing import Any

from tidefall.core.exports import export
from tidefall.gradients.walk import gradients
from tidefall.ir.graph import get_default_graph
from tidefall.ops.array import no_op
from tidefall.ops.math import mul
from tidefall.ops.state import assign
from tidefall.ops.training import adam
from tidefall.variables.listing import trainable_variables
from tidefall.variables.variable import Variable


@export("train.AdamOptimizer")
class AdamOptimizer:
    """Adam (Kingma and Ba, 2015)."""

    def __init__(
        self, learning_rate: Any = 0.001, beta1: float = 0.9, beta2: float = 0.999,
        epsilon: float = 1e-8, use_locking: bool = False, name: str = "Adam",
    ) -> None:  # fmt: skip
        self.learning_rate, self.beta1, self.beta2, self.epsilon = (
            learning_rate,
            beta1,
            beta2,
            epsilon,
        )

    def minimize(self, loss: Any) -> Any:
        """An operation that does one step."""
        import numpy as np

        variables = trainable_variables()
        grads = gradients(loss, variables)
        dtype = variables[0].dtype.base_dtype.np_dtype
        b1p = Variable(np.asarray(self.beta1, dtype), trainable=False, name="beta1_power")
        b2p = Variable(np.asarray(self.beta2, dtype), trainable=False, name="beta2_power")
        graph = get_default_graph()
        updates = []
        for variable, grad in zip(variables, grads, strict=True):
            zeros = np.zeros(variable.shape.as_list(), dtype)
            m = Variable(zeros, trainable=False, name=variable.op.name + "/Adam")
            v = Variable(zeros, trainable=False, name=variable.op.name + "/Adam_1")
            updates.append(adam.ref(
                variable._ref(), m._ref(), v._ref(), b1p, b2p, self.learning_rate, self.beta1,
                self.beta2, self.epsilon, grad,
            ).op)  # fmt: skip
        with graph.control_dependencies(updates):
            updates.append(assign(b1p._ref(), mul(b1p, self.beta1)).op)
            updates.append(assign(b2p._ref(), mul(b2p, self.beta2)).op)
        with graph.control_dependencies(updates):
            return no_op(name="Adam")
