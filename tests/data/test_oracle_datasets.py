"""Pipelines beside TensorFlow 1.15.5: the same nodes, and the same elements in the same order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import tidefall as tf
from tests.oracle.programs import datasets

GOLDEN: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "oracle" / "golden" / "datasets.json").read_text()
)


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_pipeline(name: str) -> None:
    nodes, elements = datasets.elements(tf, getattr(datasets, name))
    assert elements == GOLDEN[name]["elements"]
    assert nodes == GOLDEN[name]["nodes"]


def test_every_pipeline_is_recorded() -> None:
    assert set(GOLDEN) == set(datasets.programs())
