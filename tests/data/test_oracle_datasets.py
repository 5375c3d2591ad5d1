"""Pipelines beside TensorFlow 1.15.5: the same nodes, and the same elements in the same order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.oracle.programs import datasets
from tidefall.data import nesting

GOLDEN: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "oracle" / "golden" / "datasets.json").read_text()
)


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_pipeline(name: str) -> None:
    nodes, elements = datasets.elements(tf, getattr(datasets, name))
    assert elements == GOLDEN[name]["elements"]
    assert nodes == GOLDEN[name]["nodes"]


@pytest.mark.parametrize("name", sorted(set(GOLDEN) - {"generated"}))  # its Python stays behind
def test_pipeline_from_its_graph_def(name: str) -> None:
    with tf.Graph().as_default() as built:
        iterator = getattr(datasets, name)(tf).make_initializable_iterator()
        names = [tensor.name for tensor in tensors_of(iterator.get_next())]
    with tf.Graph().as_default(), tf.Session() as session:
        tf.import_graph_def(built.as_graph_def(), name="")
        session.run(iterator.initializer.name)
        found: list[Any] = []
        while len(found) < datasets.MOST:
            try:
                found.append([np.asarray(each).tolist() for each in session.run(names)])
            except tf.errors.OutOfRangeError:
                break
    assert leaves(found) == leaves(GOLDEN[name]["elements"])


def tensors_of(element: Any) -> list[Any]:
    """The tensors of an element, in the order in which its parts are recorded."""
    if isinstance(element, tf.SparseTensor):
        return [element.indices, element.values, element.dense_shape]
    if not nesting.is_structure(element):
        return [element]
    return [part for each in nesting.parts_of(element) for part in tensors_of(each)]


def leaves(value: Any) -> list[Any]:
    """The numbers and texts in lists and dictionaries, in order."""
    if isinstance(value, dict):
        value = [value[key] for key in sorted(value)]
    if isinstance(value, list):
        return [leaf for each in value for leaf in leaves(each)]
    return [value.decode() if isinstance(value, bytes) else value]


def test_every_pipeline_is_recorded() -> None:
    assert set(GOLDEN) == set(datasets.programs())
