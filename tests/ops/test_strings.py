"""Strings: cases of every op, and values at the edges as under TensorFlow 1.15.5."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, case
from tests.ops.inputs import given, ints, strings
from tests.ops.test_oracle_values import assert_same
from tests.oracle import canonical, golden_files
from tests.oracle.programs import text_values
from tidefall.ir.tensor import Tensor

GOLDEN: dict[str, Any] = golden_files.read_json(golden_files.path_of("texts.json"))


def words(*values: str, shape: Any = None) -> Any:
    result = np.array([*[value.encode() for value in values], None], object)[:-1]
    return result if shape is None else result.reshape(shape)


def parts(function: Any) -> Any:
    """A function that gives a sparse tensor, as one that gives its parts."""

    def run(x: Tensor, **keywords: Any) -> Any:
        found = function(x, **keywords)
        return [found.indices, found.values, found.dense_shape]

    return run


MATRIX = given(words("a", "b", "c", "d", shape=(2, 2)))

CASES: list[Case] = [
    case(lambda x: tf.string_join([x, "z"], "-"), strings("a", "b"), expect=words("a-z", "b-z"),
         label="string_join"),
    case(tf.reduce_join, MATRIX, axis=0, expect=words("ac", "bd")),
    case(tf.reduce_join, MATRIX, expect=np.array(b"abcd", object), label="reduce_join of all"),
    case(tf.strings.unsorted_segment_join, strings("a", "b", "c"), ints(3, low=0, high=1), 2,
         separator="+", expect=words("a+b+c", "")),
    case(parts(tf.string_split), strings("a b", "c"), label="string_split",
         expect=[np.array([[0, 0], [0, 1], [1, 0]]), words("a", "b", "c"), np.array([2, 2])]),
    case(parts(tf.strings.split), strings("a b", "c"), label="strings.split",
         expect=[np.array([[0, 0], [0, 1], [1, 0]]), words("a", "b", "c"), np.array([2, 2])]),
    case(tf.substr, strings("hello", "world"), 1, 2, expect=words("el", "or")),
    case(tf.strings.length, strings("", "abc"), expect=np.array([0, 3], np.int32)),
    case(tf.strings.lower, strings("Ab"), expect=words("ab")),
    case(tf.strings.upper, strings("Ab"), expect=words("AB")),
    case(tf.strings.strip, strings(" a "), expect=words("a")),
    case(tf.string_to_number, strings("1.5", "2"), expect=np.array([1.5, 2], np.float32)),
    case(tf.as_string, ints(3, low=2, high=3), expect=words("2", "2", "2")),
    case(tf.encode_base64, strings("a"), expect=words("YQ")),
    case(tf.decode_base64, strings("YQ"), expect=words("a")),
    case(tf.regex_replace, strings("abc"), "b", "x", expect=words("axc")),
    case(lambda x: tf.regex_replace(x, tf.constant("b"), "x"), strings("abc"),
         expect=words("axc"), label="regex_replace by a tensor"),
    case(tf.strings.regex_full_match, strings("abc", "b"), "b", expect=np.array([False, True])),
    case(lambda x: tf.strings.regex_full_match(x, tf.constant("b")), strings("abc", "b"),
         expect=np.array([False, True]), label="regex_full_match by a tensor"),
    case(tf.string_to_hash_bucket, strings("a", "b"), 1, expect=np.array([0, 0])),
    case(tf.string_to_hash_bucket_fast, strings("a", "b"), num_buckets=1,
         expect=np.array([0, 0])),
    case(tf.string_to_hash_bucket_strong, strings("a", "b"), num_buckets=1, key=[1, 2],
         expect=np.array([0, 0])),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


@pytest.mark.parametrize("expression", text_values.expressions())
def test_value(expression: str) -> None:
    theirs = GOLDEN[expression]
    if isinstance(theirs, dict):
        error = getattr(tf.errors, theirs["error"], None) or getattr(builtins, theirs["error"])
        with pytest.raises(error):
            text_values.run(tf, expression)
        return
    ours = [canonical.array_of(value) for value in text_values.run(tf, expression)]
    assert len(ours) == len(theirs)
    for part, expected in zip(ours, theirs, strict=True):
        assert_same(part, expected)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: tf.string_to_number("1x"), "b'1x' is not a valid float32"),
        (lambda: tf.substr("hello", 9, 1), "pos 9 is out of range for string b'hello'"),
        (lambda: tf.regex_replace("a", "(", ""), "is not a valid pattern"),
        # TensorFlow drops what was matched, and only logs that the rewrite is wrong.
        (lambda: tf.regex_replace("a", "a", "\\1"), "the pattern has 0 groups"),
        (lambda: tf.decode_base64("?"), "base 64"),
        (lambda: tf.as_string(1, precision=3), "precision is for floats, not for int32"),
    ],
)
def test_what_is_wrong_is_said(build: Any, message: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError) as info:
        tf.Session().run(build())
    assert message in str(info.value)


def test_two_names_of_one_argument() -> None:
    with pytest.raises(ValueError, match="one argument"):
        tf.string_to_number("1", input="2")
    with pytest.raises(ValueError, match="one argument"):
        tf.string_split(["a"], sep=",", delimiter=";")
    with pytest.raises(ValueError, match="one argument"):
        tf.reduce_join(["a"], 0, reduction_indices=0)
