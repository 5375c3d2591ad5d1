"""Graphs built here run in TensorFlow 1.15.5 and 2.21, and give what they give here.

``tests/oracle/exported.py`` wrote the graphs with this library and had both TensorFlows run
them; the golden values are 1.15.5's.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.oracle import golden_files
from tests.oracle.programs import exported, functions_of

FOLDER = Path(golden_files.path_of("exported"))
VALUES = golden_files.read_arrays(str(FOLDER / "values.npz"))
PROGRAMS: dict[str, Callable[..., Any]] = functions_of(exported)


def committed(name: str) -> Any:
    """The graph that TensorFlow ran."""
    return tf.GraphDef.FromString((FOLDER / f"{name}.pb").read_bytes())


def plain(value: Any) -> Any:
    value = np.asarray(value)
    if value.dtype.kind in "OS":
        return np.frombuffer(b"\0".join(value.ravel().tolist()), np.uint8)
    return value


def check(name: str, graph: Any, runs: Any) -> None:
    with tf.Session(graph=graph) as session:
        for number, (fetches, feeds) in enumerate(runs):
            for fetch, value in zip(fetches, session.run(fetches, feeds), strict=True):
                if value is not None:
                    key = f"{name}/{number}/{fetch}"
                    np.testing.assert_allclose(plain(value), VALUES[key], 1e-5, 1e-6, err_msg=key)
                    assert plain(value).dtype == VALUES[key].dtype


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_the_graph_as_built_gives_tensorflows_values(name: str) -> None:
    with tf.Graph().as_default() as graph:
        runs = PROGRAMS[name](tf)
    check(name, graph, runs)


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_the_graph_as_imported_gives_tensorflows_values(name: str) -> None:
    with tf.Graph().as_default():
        runs = PROGRAMS[name](tf)
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(committed(name), name="")
    check(name, graph, runs)


# The gradients of the training step may become leaner; then it is enough that they agree.
@pytest.mark.parametrize("name", sorted(set(PROGRAMS) - {"training"}))
def test_tensorflow_ran_the_graph_that_is_built_today(name: str) -> None:
    with tf.Graph().as_default() as graph:
        PROGRAMS[name](tf)
    assert graph.as_graph_def() == committed(name), (
        "the graph has changed since TensorFlow ran it; follow tests/oracle/exported.py"
    )
