"""Decoders: CSV, raw numbers, compressed strings, serialized tensors, JSON."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, case
from tests.ops.inputs import given, strings
from tidefall.core import dtypes
from tidefall.ops.csv import decode
from tidefall.ops.csv_fields import Format
from tidefall.ops.number_text import numbers


def words(*values: bytes) -> Any:
    return np.array([*values, None], object)[:-1]


_COMPRESSED = {"GZIP": gzip.compress(b"abc", mtime=0), "ZLIB": zlib.compress(b"abc"), "": b"abc"}

CASES: list[Case] = [
    case(tf.decode_csv, strings("1,a", ",b", '3,"c,""d"'), record_defaults=[[7], ["x"]],
         expect=[np.array([1, 7, 3], np.int32), words(b"a", b"b", b'c,"d')]),
    case(tf.decode_csv, strings("1;NA;2.5"), record_defaults=[[9.0], [0.0]], field_delim=";",
         na_value="NA", select_cols=[1, 2],
         expect=[np.array([9], np.float32), np.array([2.5], np.float32)]),
    case(tf.decode_raw, strings(b"\1\0\2\0", b"\3\0\0\1"), out_type=tf.int16,
         expect=np.array([[1, 2], [3, 256]], np.int16)),
    case(tf.decode_raw, strings(b"\1\0\2\0"), out_type=tf.uint16, little_endian=False,
         expect=np.array([[256, 512]], np.uint16)),
    *[case(tf.decode_compressed, strings(data, data), compression_type=kind,
           expect=words(b"abc", b"abc")) for kind, data in _COMPRESSED.items()],
    case(tf.serialize_tensor, given(np.array([1.0], np.float32)), needs="shape",
         expect=np.array(b'\x08\x01\x12\x04\x12\x02\x08\x01"\x04\x00\x00\x80?', object)),
    case(tf.parse_tensor, given(np.array(
        b'\x08\x01\x12\x04\x12\x02\x08\x01"\x04\x00\x00\x80?', object)), out_type=tf.float32,
         expect=np.array([1], np.float32)),
    case(tf.decode_json_example,
         strings('{"features": {"feature": {"a": {"int64List": {"value": ["1"]}}}}}'),
         expect=words(b"\n\x0c\n\n\n\x01a\x12\x05\x1a\x03\n\x01\x01")),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


@pytest.mark.parametrize("dtype", [tf.bool, tf.string, tf.float64, tf.int8, tf.complex64])
def test_tensors_survive_being_strings(dtype: Any) -> None:
    x = tf.constant([["a", "b"]]) if dtype is tf.string else tf.cast([[1, 0], [2, 1]], dtype)
    y = tf.parse_tensor(tf.serialize_tensor(x), dtype)
    there, back = tf.Session().run([x, y])
    assert there.tolist() == back.tolist()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1", "record 0 has 1 fields, but record_defaults names 2: b'1'"),
        ("1,2,3", "has 3 fields"),
        ("x,2", "field 0 of record 0: b'x' is not a valid int32"),
        ("1,", "field 1 of record 0: is empty, and record_defaults has no value"),
        ('1,"2', "closing quote is missing"),
        ('1,"2"x', "not written twice"),
        ('1,a"b', "inside a field that is not in quotes"),
        ("2147483648,2", "is not a valid int32"),
    ],
)
def test_a_bad_line_is_explained(line: str, message: str) -> None:
    fields = tf.decode_csv(tf.placeholder(tf.string, name="line"), [[0], tf.constant([], tf.int64)])
    with pytest.raises(tf.errors.InvalidArgumentError) as info:
        tf.Session().run(fields, {"line:0": line})
    assert message in str(info.value)
    assert "test_decoding.py" in str(info.value)


def test_the_first_bad_line_of_many_is_named() -> None:
    fields = tf.decode_csv(["1,1", "2,x", "y,2"], [[0], [0]])
    with pytest.raises(tf.errors.InvalidArgumentError, match="field 1 of record 1: b'x'"):
        tf.Session().run(fields)


def test_wrong_arguments_of_decode_csv() -> None:
    with pytest.raises(ValueError, match="strictly increasing"):
        tf.decode_csv("1,2", [[0], [0]], select_cols=[1, 0])
    with pytest.raises(ValueError, match="names 1 fields"):
        tf.decode_csv("1,2", [[0], [0]], select_cols=[1])
    with pytest.raises(ValueError, match="must not be negative"):
        tf.decode_csv("1,2", [[0]], select_cols=[-1])
    with pytest.raises(ValueError, match="at most one"):
        tf.decode_csv("1,2", [[0, 1]])


def test_many_lines_at_once_are_as_one_by_one() -> None:
    rng = np.random.default_rng(0)
    lines = [b"%r,%d,t%d" % (float(x), x * 100, x) for x in rng.normal(size=200) * 1000]
    lines[17] = b'"1.5",3,"a,b"'
    lines[50] = b"\n1,,x"
    defaults = [np.zeros(1, np.float32), np.zeros(1, np.int64), np.array([b"?"], object)]
    layout = Format(b",", True, ())
    together = decode(lines, defaults, layout, b"")
    apart = [decode([line], defaults, layout, b"") for line in lines]
    for column, parts in zip(together, zip(*apart, strict=True), strict=True):
        assert column.tolist() == [part[0] for part in parts]


def test_a_float32_is_rounded_once() -> None:
    # Half way between two float32, and a little more: rounding to float64 first would lose that.
    texts = [b"16777217", b"16777217.0000000001", b"16777216.9999999999", b"-16777217.0000000001"]
    assert numbers(texts, dtypes.float32).tolist() == [16777216, 16777218, 16777216, -16777218]


def test_serialized_nonsense() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="out_type is int32"):
        tf.Session().run(tf.parse_tensor(tf.serialize_tensor([1.0]), tf.int32))
    with pytest.raises(tf.errors.InvalidArgumentError, match="TensorProto"):
        tf.Session().run(tf.parse_tensor("\xff\xff", tf.int32))
    with pytest.raises(tf.errors.InvalidArgumentError, match="not compressed with GZIP"):
        tf.Session().run(tf.decode_compressed("abc", "GZIP"))
    with pytest.raises(tf.errors.InvalidArgumentError, match="JSON"):
        tf.Session().run(tf.decode_json_example("{"))
    with pytest.raises(tf.errors.InvalidArgumentError, match="no whole number of int32"):
        tf.Session().run(tf.decode_raw("abc", tf.int32))
    with pytest.raises(tf.errors.InvalidArgumentError, match="element 1 has 2 bytes"):
        tf.Session().run(tf.decode_raw(["a", "bc"], tf.uint8))
