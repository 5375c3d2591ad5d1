"""Cases of arithmetic."""

from __future__ import annotations

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, broadcasting, case, elementwise
from tests.ops.inputs import floats

CASES: list[Case] = [
    *broadcasting(tf.add, floats, np.add),
    *elementwise(tf.exp, floats, np.exp),
    case(tf.matmul, floats(2, 3), floats(3, 4), expect=np.matmul),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)
