"""Keras 3: ``compile`` and ``train_on_batch``, on TensorFlow ("keras"), JAX or PyTorch."""

from __future__ import annotations

import os
from typing import Any

from benchmarks.providers import NotOffered, Provider, Step
from benchmarks.workloads import Data, Workload

DISTRIBUTIONS = {"tensorflow": ["tensorflow", "tensorflow_cpu"], "jax": ["jax"], "torch": ["torch"]}


class Library(Provider):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.backend = {"keras": "tensorflow"}.get(name, name.split("-")[-1])
        os.environ["KERAS_BACKEND"] = self.backend
        import keras

        self.keras: Any = keras
        self.distributions = ["keras"] + DISTRIBUTIONS[self.backend]

    def train(self, w: Workload, data: Data) -> Step:
        keras = self.keras
        if w.kind == "const":
            raise NotOffered("no session")
        if w.kind == "net":
            raise NotOffered("no nets of every shape")
        keras.config.set_floatx(w.dtype)
        if w.dtype == "float64" and self.backend == "jax":
            import jax

            jax.config.update("jax_enable_x64", True)
        x, y, rows_of = data.x, data.y, data.rows_of
        if w.kind == "floor":
            return lambda i: float(keras.ops.add(x[i % 64], y[i % 64]))
        model = keras.Sequential([keras.Input(x.shape[1:], dtype=w.dtype), *self.layers(w)])
        model.set_weights(self.weights(w, data))
        if w.kind == "infer":
            return lambda i: float(model.predict_on_batch(x[rows_of(i)])[0, 0])
        losses = {
            "bce": keras.losses.BinaryCrossentropy(from_logits=True),
            "mse": "mse",
            "xent": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        }
        adam = keras.optimizers.Adam(0.001, epsilon=1e-8)
        model.compile(adam, losses[w.loss], run_eagerly=False)

        def step(i: int) -> float:
            rows = rows_of(i)
            return float(model.train_on_batch(x[rows], y[rows]))

        return step

    def layers(self, w: Workload) -> list[Any]:
        layers = self.keras.layers
        if w.kind == "lstm":
            return [layers.LSTM(w.units), layers.Dense(w.classes)]
        if w.kind == "cnn":
            made: list[Any] = []
            for block in w.blocks:
                made += [layers.Conv2D(f, 3, padding="same", activation="relu") for f in block]
                made.append(layers.MaxPooling2D())
            made.append(layers.Flatten())
            made += [layers.Dense(units, activation="relu") for units in w.dense]
            return [*made, layers.Dense(w.classes)]
        hidden = [layers.Dense(units, activation="relu") for units in w.sizes[1:-1]]
        last = "sigmoid" if w.kind == "infer" else None
        return [*hidden, layers.Dense(w.sizes[-1], activation=last)]

    def weights(self, w: Workload, data: Data) -> list[Any]:
        if w.kind != "lstm":
            return data.parameters
        kernel, bias, head, head_bias = data.parameters
        return [kernel[: w.inputs], kernel[w.inputs :], bias, head, head_bias]
