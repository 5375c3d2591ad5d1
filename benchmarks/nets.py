"""Nets of many shapes, written once over the functions of each provider.

This module also runs under Python 3.7, beside TensorFlow 1.15.
"""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np

from benchmarks.workloads import Data, Workload, chains

EPSILON = 1e-3  # added to the variance of a batch


def arrays(w: Workload, data: Data) -> list[np.ndarray]:
    """What a step is fed: numbers, identifiers where there are embeddings, what is wanted."""
    found = [data.x]
    if data.ids is not None:
        found.append(data.ids)
    return found if w.rebuild else [*found, data.y]


def loss(f: Any, w: Workload, parameters: Sequence[Any], inputs: Sequence[Any]) -> Any:
    """The loss of a batch; ``f`` has the provider's functions."""
    total = f.loss(output(f, w, list(parameters), inputs), inputs[0 if w.rebuild else -1])
    if w.l2:
        kernels = [p for p in parameters if len(p.shape) == 2]
        total = total + w.l2 * sum(f.half_squares(kernel) for kernel in kernels)
    return total


def output(f: Any, w: Workload, parameters: list[Any], inputs: Sequence[Any]) -> Any:
    x = inputs[0]
    embedded = [f.lookup(parameters.pop(0), inputs[1][:, k]) for k in range(len(w.tables))]
    layers = [len(sizes) - 1 for sizes in chains(w)]
    if w.towers:
        first = stack(f, w, parameters, f.join([embedded[0], x]), layers[0])
        return f.dot(first, stack(f, w, parameters, embedded[1], layers[1]))
    return stack(f, w, parameters, f.join([x, *embedded]) if embedded else x, layers[0])


def stack(f: Any, w: Workload, parameters: list[Any], h: Any, layers: int) -> Any:
    """Dense layers; takes their kernels and biases from the front of the parameters."""
    dense = f.normalized if w.normalize else f.dense
    for _ in range(layers - 1):
        kernel, bias = parameters.pop(0), parameters.pop(0)
        h = f.activations[w.activation](dense(h, kernel, bias))
        if w.dropout:
            h = f.dropout(h, w.dropout)
    return f.dense(h, parameters.pop(0), parameters.pop(0))
