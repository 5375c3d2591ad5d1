"""A kernel's code is found by what it follows from, in every process the same."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tidefall.array.record import Recording
from tidefall.array.symbols import ROWS
from tidefall.compiler.recorder import Fused
from tidefall.executor.kernels.identity import identity
from tidefall.executor.kernels.layout import ArrayLayout, array_layout

PROGRAM = """
import json, sys
import numpy as np
import tidefall as tf
from tidefall.executor.kernels import cache, engine, kernel

kernels, written = [], []
make, write = engine.make, kernel._written
engine.make = lambda *given: kernels.append(make(*given)) or kernels[-1]
kernel._written = lambda made: written.append(1) or write(made)

tf.set_random_seed(1)
x = tf.placeholder(tf.float64, [None, 3])
h = x
for number in range(2):
    w = tf.get_variable(f"w{number}", [h.shape[1], 3], tf.float64)
    h = tf.nn.relu(tf.matmul(h, w) + tf.get_variable(f"b{number}", [3], tf.float64))
spread = h - tf.reduce_mean(h, 0)
loss = tf.reduce_mean(tf.square(spread)) + tf.reduce_max(tf.reduce_sum(spread / 3.0, 0))
train = tf.train.AdamOptimizer().minimize(loss)
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    losses = [session.run([loss, train], {x: np.arange(30.0).reshape(10, 3) / 30})[0]
              for _ in range(3)]
print(json.dumps({
    "losses": losses,
    "identities": [each.identity for each in kernels],
    "layouts": [
        [list(places.values()) for places in
         (each.memory.free, each.memory.tiles, each.memory.kept, each.memory.constants)]
        for each in kernels
    ],
    "written": len(written),
    "texts": [each.text for each in kernels],
}))
"""


def run(cache: Path, seed: int) -> Any:
    environment = {
        **os.environ,
        "TIDEFALL_TIER": "kernels",
        "TIDEFALL_CACHE": str(cache),
        "PYTHONHASHSEED": str(seed),
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_a_second_process_loads_the_kernel_without_writing_it(tmp_path: Path) -> None:
    first, second = run(tmp_path, 1), run(tmp_path, 2)
    assert first["written"] == len(first["identities"]) > 0
    assert second["written"] == 0
    for part in ("losses", "identities", "layouts", "texts"):
        assert second[part] == first[part], part


def described(build: Any) -> str:
    """The identity of what ``build`` records with one row input."""
    fused = Fused()
    x = fused.recording.input((ROWS, 2), np.dtype(np.float32))
    fused.inputs[object()] = x  # type: ignore[index]
    result = build(fused.recording, x)
    fused.outputs[object()] = result  # type: ignore[index]
    layout = array_layout()
    assert layout is not None
    return identity(fused, layout)


BUILDS = {
    "add": lambda recording, x: x + np.float32(1),
    "another constant": lambda recording, x: x + np.float32(2),
    "another primitive": lambda recording, x: x * np.float32(1),
    "another order": lambda recording, x: np.float32(1) - x,
    "axis 0": lambda recording, x: recording.add("sum", [x], (2,), x.dtype, (0,)),
    "axis 1": lambda recording, x: recording.add("sum", [x], (ROWS,), x.dtype, (1,)),
    "a large constant": lambda recording, x: x + recording.constant(np.ones(64, np.float32))[:2],
    "its last number": lambda recording, x: (
        x + recording.constant(np.arange(64, dtype=np.float32))[:2]
    ),
}


def test_recordings_that_differ_are_described_differently() -> None:
    names = [described(build) for build in BUILDS.values()]
    assert len(set(names)) == len(names)
    assert names == [described(build) for build in BUILDS.values()]


def test_a_parameter_without_a_value_is_refused() -> None:
    with pytest.raises(TypeError, match="a parameter of type object"):
        described(lambda recording, x: recording.add("sum", [x], (2,), x.dtype, object()))


def test_the_description_knows_every_part_of_a_recording() -> None:
    """A new field must be said in `identity` too, and then here."""
    known = {"recording", "inputs", "cells", "streams", "writes", "packed", "outputs"}
    # nor ``fixed``: the code is for any number of rows; ``times`` follows from the graph's shapes
    not_in_the_text = {"count", "times"}
    assert {field.name for field in dataclasses.fields(Fused)} == known | not_in_the_text
    assert isinstance(array_layout(), ArrayLayout)
    assert set(vars(Recording())) == {"instructions", "checks", "_constants", "fixed"}
