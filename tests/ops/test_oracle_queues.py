"""Elements leave queues in the order in which they leave TensorFlow 1.15.5's."""

from __future__ import annotations

from typing import Any

import pytest

import tidefall as tf
from tests.oracle import golden_files
from tests.oracle.programs import functions_of, queue_orders

EXPECTED: dict[str, Any] = golden_files.read_json(golden_files.path_of("queue_orders.json"))
PROGRAMS = functions_of(queue_orders)


def test_every_order_was_recorded() -> None:
    assert sorted(EXPECTED) == sorted(PROGRAMS)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_order_is_tensorflows(name: str) -> None:
    assert PROGRAMS[name](tf) == EXPECTED[name]
