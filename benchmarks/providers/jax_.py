"""JAX: one jitted update (loss, gradients, Adam) whose state is donated."""

from __future__ import annotations

import time
from typing import Any, ClassVar, Iterator

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import nets
from benchmarks.providers import NotOffered, Provider, Step
from benchmarks.workloads import Data, Workload

LAYOUT = ("NHWC", "HWIO", "NHWC")


def dense(parameters: list[Any], h: Any) -> Any:
    last = len(parameters) - 2
    for k in range(0, len(parameters), 2):
        h = h @ parameters[k] + parameters[k + 1]
        if k < last:
            h = jnp.maximum(h, 0)
    return h


def convolutions(w: Workload, parameters: list[Any], h: Any) -> Any:
    rest = list(parameters)
    for block in w.blocks:
        for _ in block:
            kernel, bias = rest.pop(0), rest.pop(0)
            z = jax.lax.conv_general_dilated(h, kernel, (1, 1), "SAME", dimension_numbers=LAYOUT)
            h = jnp.maximum(z + bias, 0)
        window = (1, 2, 2, 1)
        h = jax.lax.reduce_window(h, -jnp.inf, jax.lax.max, window, window, "VALID")
    return dense(rest, h.reshape(h.shape[0], -1))


def recurrent(w: Workload, parameters: list[Any], x: Any) -> Any:
    kernel, bias, head, head_bias = parameters

    def cell(state: Any, at_time: Any) -> Any:
        c, h = state
        gates = jnp.concatenate([at_time, h], 1) @ kernel + bias
        i, f, g, o = jnp.split(gates, 4, 1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return (c, jax.nn.sigmoid(o) * jnp.tanh(c)), None

    zeros = jnp.zeros((x.shape[0], w.units), x.dtype)
    (_, h), _ = jax.lax.scan(cell, (zeros, zeros), x.transpose(1, 0, 2))
    return h @ head + head_bias


def forward(w: Workload, parameters: list[Any], x: Any) -> Any:
    if w.kind in ("mlp", "infer"):
        return dense(parameters, x)
    return (convolutions if w.kind == "cnn" else recurrent)(w, parameters, x)


def loss_of(w: Workload, output: Any, wanted: Any) -> Any:
    if w.loss == "mse":
        return jnp.mean((output - wanted) ** 2)
    if w.loss == "bce":
        tail = jnp.log1p(jnp.exp(-jnp.abs(output)))
        return jnp.mean(jnp.maximum(output, 0) - output * wanted + tail)
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(output), wanted[:, None], 1))


class Functions:
    """What a net is made of."""

    activations: ClassVar[dict[str, Any]] = {
        "relu": jax.nn.relu,
        "tanh": jnp.tanh,
        "elu": jax.nn.elu,
    }

    def __init__(self, w: Workload, key: Any) -> None:
        self.w, self.key = w, key

    def loss(self, output: Any, wanted: Any) -> Any:
        return loss_of(self.w, output, wanted)

    def dense(self, h: Any, kernel: Any, bias: Any) -> Any:
        return h @ kernel + bias

    def normalized(self, h: Any, kernel: Any, bias: Any) -> Any:
        z = h @ kernel
        centred = z - z.mean(0)
        return centred * jax.lax.rsqrt((centred**2).mean(0) + nets.EPSILON) + bias

    def dropout(self, h: Any, rate: float) -> Any:
        self.key, key = jax.random.split(self.key)
        return jnp.where(jax.random.bernoulli(key, 1 - rate, h.shape), h / (1 - rate), 0)

    def lookup(self, table: Any, ids: Any) -> Any:
        return table[ids]

    def join(self, parts: list[Any]) -> Any:
        return jnp.concatenate(parts, 1)

    def dot(self, a: Any, b: Any) -> Any:
        return (a * b).sum(1, keepdims=True)

    def half_squares(self, kernel: Any) -> Any:
        return (kernel**2).sum() / 2


def adam(p: Any, m: Any, v: Any, g: Any, rate: Any) -> Any:
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g * g
    return (p - rate * m / (jnp.sqrt(v) + 1e-8)).astype(p.dtype), m, v


class Library(Provider):
    distributions = ("jax",)

    def __init__(self, name: str) -> None:
        super().__init__(name)
        jax.config.update("jax_enable_x64", True)

    def train(self, w: Workload, data: Data) -> Step:
        x, y, rows_of = data.x, data.y, data.rows_of
        if w.kind == "const":
            raise NotOffered("no session")
        if w.kind == "floor":
            add = jax.jit(lambda a, b: a + b)
            return lambda i: float(add(x[i % 64], y[i % 64]))
        parameters = [jnp.array(p) for p in data.parameters]
        if w.kind == "infer":
            infer = jax.jit(lambda rows: jax.nn.sigmoid(forward(w, parameters, rows)))
            return lambda i: float(np.asarray(infer(x[rows_of(i)]))[0, 0])
        update = jax.jit(self.update_of(w), donate_argnums=0)
        zeros = [jnp.zeros_like(p) for p in parameters]
        state = (parameters, zeros, [jnp.zeros_like(p) for p in parameters], jnp.zeros((), w.dtype))

        arrays = nets.arrays(w, data) if w.kind == "net" else [x, y]

        def step(i: int) -> float:
            nonlocal state
            rows = rows_of(i)
            loss, state = update(state, *[array[rows] for array in arrays])
            return float(loss)

        return step

    def update_of(self, w: Workload) -> Any:
        def total(parameters: Any, count: Any, inputs: Any) -> Any:
            if w.kind == "net":
                key = jax.random.fold_in(jax.random.key(1), count.astype(int))
                return nets.loss(Functions(w, key), w, parameters, inputs)
            return loss_of(w, forward(w, parameters, inputs[0]), inputs[1])

        def update(state: Any, *inputs: Any) -> Any:
            p, m, v, count = state
            loss, g = jax.value_and_grad(total)(p, count, inputs)
            count = count + 1
            rate = 0.001 * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
            new = [adam(*each, rate) for each in zip(p, m, v, g)]
            p, m, v = ([each[k] for each in new] for k in range(3))
            return loss, (p, m, v, count)

        return update

    def chain(self, length: int) -> Iterator[dict[str, Any]]:
        clock = time.perf_counter

        def total(x: Any) -> Any:
            y = x
            for _ in range(length // 4):
                y = jnp.tanh(y * x + x) + x
            return y.sum()

        x = np.linspace(-0.1, 0.1, 16).astype("float32")
        start = clock()
        traced = jax.jit(jax.grad(total)).trace(x)
        yield {"build_s": clock() - start, "grad_s": 0.0}
        start = clock()
        run = traced.lower().compile()
        value = np.asarray(run(x))
        first = clock() - start
        times = []
        for _ in range(3):
            start = clock()
            np.asarray(run(x))
            times.append(clock() - start)
        check = float(value.sum())
        yield {"first_run_s": first, "run_ms": 1e3 * sorted(times)[1], "check": check}
