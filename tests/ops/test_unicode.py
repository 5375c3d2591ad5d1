"""Unicode text, messages and crossed features beside TensorFlow 1.15.5."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, case
from tests.ops.inputs import given, strings
from tests.ops.test_oracle_values import assert_same
from tests.ops.test_strings import words
from tests.oracle import canonical, golden_files
from tests.oracle.programs import unicode_values

GOLDEN: dict[str, Any] = golden_files.read_json(golden_files.path_of("unicode.json"))

POINTS = np.array([97, 233, 98], np.int32)


def crossed(x: Any, **keywords: Any) -> Any:
    """Crossed features as a list of parts."""
    found = tf.sparse.cross_hashed([x], **keywords) if keywords else tf.sparse.cross([x, x])
    return [found.indices, found.values, found.dense_shape]


CASES: list[Case] = [
    case(tf.strings.unicode_transcode, strings("a"), "UTF-8", "UTF-16-BE",
         expect=np.array([b"\0a"], object)),
    case(lambda x: list(tf.raw_ops.UnicodeDecode(input=x, input_encoding="UTF-8")),
         strings("aé", "b"), label="UnicodeDecode", expect=[np.array([0, 2, 3]), POINTS]),
    case(lambda x: list(tf.raw_ops.UnicodeDecodeWithOffsets(input=x, input_encoding="UTF-8")),
         strings("aé", "b"), label="UnicodeDecodeWithOffsets",
         expect=[np.array([0, 2, 3]), POINTS, np.array([0, 1, 0])]),
    case(lambda x: tf.raw_ops.UnicodeEncode(input_values=x, input_splits=[0, 2, 3],
                                            output_encoding="UTF-8"),
         given(POINTS), label="UnicodeEncode", expect=words("aé", "b")),
    case(tf.strings.unicode_script, given(POINTS), expect=np.array([25, 25, 25], np.int32)),
    case(lambda x: tf.io.decode_proto(x, "tensorflow.Int64List", ["value"], [tf.int64])[1][0],
         given(np.array([b"\n\x02\x03\x04"], object)), label="decode_proto",
         expect=np.array([[3, 4]])),
    case(lambda x: tf.io.encode_proto([[2]], [x], ["value"], "tensorflow.Int64List"),
         given(np.array([[3, 4]])), label="encode_proto",
         expect=np.array([b"\n\x02\x03\x04"], object)),
    case(crossed, given(words("a", "b", shape=(2, 1))), label="cross",
         expect=[np.array([[0, 0], [1, 0]]), words("a_X_a", "b_X_b"), np.array([2, 1])]),
    case(crossed, given(words("a", "b", shape=(2, 1))), num_buckets=1, label="cross_hashed",
         expect=[np.array([[0, 0], [1, 0]]), np.array([0, 0]), np.array([2, 1])]),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


@pytest.mark.parametrize("expression", unicode_values.expressions())
def test_value(expression: str) -> None:
    theirs = GOLDEN[expression]
    if isinstance(theirs, dict):
        error = getattr(tf.errors, theirs["error"], None) or getattr(builtins, theirs["error"])
        with pytest.raises(error):
            unicode_values.run(tf, expression)
        return
    ours = [canonical.array_of(value) for value in unicode_values.run(tf, expression)]
    assert len(ours) == len(theirs)
    for part, expected in zip(ours, theirs, strict=True):
        assert_same(part, expected)
