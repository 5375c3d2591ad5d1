"""The least time of a step: operations at the peak, optimizer state at the bandwidth, one call.

Inputs never matter here: they are below 2 MB in every workload. Backward costs two more products
for each layer, one for the first layer, which needs no gradient of its input.
"""

from __future__ import annotations

import math
from itertools import pairwise

from benchmarks.limits.machine import Machine
from benchmarks.workloads import Workload, chains, parameter_shapes

CALL_US = 0.7  # from Python into native code and back, with a few arguments checked
SECOND_LEVEL_BYTES = 2e6  # state below this stays in the second-level caches
ADAM_VALUES = 8  # parameter, both moments and gradient: read and written


def layers(w: Workload) -> list[tuple[int, bool]]:
    """Multiply-adds of the forward pass for one row, and whether a gradient flows to the input."""
    if w.kind in ("mlp", "infer"):
        pairs = zip(w.sizes, w.sizes[1:], strict=False)
        return [(a * b, i > 0) for i, (a, b) in enumerate(pairs)]
    if w.kind == "net":
        return [
            (a * b, i > 0 or bool(w.tables))
            for sizes in chains(w)
            for i, (a, b) in enumerate(pairwise(sizes))
        ]
    if w.kind == "lstm":
        gates = 4 * w.units
        return [
            (w.time * w.inputs * gates, False),
            (w.time * w.units * gates, True),
            (w.units * w.classes, True),
        ]
    return convolution_layers(w) if w.kind == "cnn" else []


def convolution_layers(w: Workload) -> list[tuple[int, bool]]:
    height, width, channels = w.image
    found: list[tuple[int, bool]] = []
    for block in w.blocks:
        for filters in block:
            found.append((height * width * 9 * channels * filters, bool(found)))
            channels = filters
        height, width = height // 2, width // 2
    fan_in = height * width * channels
    for units in (*w.dense, w.classes):
        found.append((fan_in * units, True))
        fan_in = units
    return found


def limit_us(w: Workload, machine: Machine) -> float:
    """Microseconds below which no program on this machine can carry out a step of ``w``."""
    trains = w.kind != "infer"
    products = [(2 + to_input if trains else 1) * count for count, to_input in layers(w)]
    operations = 2 * sum(products) * max(w.batch, 1)
    double = w.dtype == "float64"
    peak = machine.f64_gflops if double else machine.f32_gflops
    values = sum(math.prod(shape) for shape in parameter_shapes(w))
    state = values * (8 if double else 4) * (ADAM_VALUES if trains else 1)
    streamed = state if state > SECOND_LEVEL_BYTES else 0
    return CALL_US + 1e-3 * operations / peak + 1e-3 * streamed / machine.cached_gbs
