"""Graphs that TensorFlow 1.15.5 wrote, with its own gradients and loops, run here alike."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.oracle import golden_files
from tests.oracle.differences import IMPORT_GAPS

FOLDER = Path(golden_files.path_of("imported"))
RUNS: dict[str, Any] = golden_files.read_json(str(FOLDER / "runs.json"))
VALUES = golden_files.read_arrays(str(FOLDER / "values.npz"))


def imported(name: str) -> tf.Graph:
    definition = tf.GraphDef()
    definition.ParseFromString(gzip.decompress((FOLDER / f"{name}.pb.gz").read_bytes()))
    graph = tf.Graph()
    with graph.as_default():
        tf.import_graph_def(definition, name="")
    return graph


def cases() -> list[Any]:
    return [
        pytest.param(
            name, marks=[pytest.mark.xfail(reason=IMPORT_GAPS[name])] if name in IMPORT_GAPS else []
        )
        for name in sorted(RUNS)
    ]


@pytest.mark.parametrize("name", cases())
def test_an_imported_graph_gives_what_it_gave(name: str) -> None:
    with tf.Session(graph=imported(name)) as session:
        for number, (fetches, fed) in enumerate(RUNS[name]):
            key = f"{name}/{number:02d}"
            feeds = {feed: VALUES[f"{key}/feed {feed}"] for feed in fed}
            for fetch, value in zip(fetches, session.run(fetches, feeds), strict=True):
                if value is None:
                    continue
                expected = VALUES[f"{key}/{fetch}"]
                np.testing.assert_allclose(value, expected, rtol=2e-6, atol=1e-6, err_msg=key)
                assert np.asarray(value).dtype == expected.dtype
