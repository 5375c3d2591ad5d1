"""Summaries against the bytes that TensorFlow 1.15.5 makes of the same values."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.oracle.programs import functions_of, summary_values

EXPECTED: dict[str, Any] = json.loads((Path(__file__).parent / "summaries.json").read_text())


def pixels_of(png: bytes) -> list[int]:
    """The bytes of a PNG whose rows are not filtered, as this library writes them."""
    at, packed, header = 8, b"", b""
    while at < len(png):
        (length,), kind = struct.unpack_from(">I", png, at), png[at + 4 : at + 8]
        data = png[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", png, at + 8 + length)[0] == zlib.crc32(kind + data)
        header = data if kind == b"IHDR" else header
        packed += data if kind == b"IDAT" else b""
        at += length + 12
    height = struct.unpack_from(">II", header)[1]
    rows = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, -1)
    assert not rows[:, 0].any()
    return [int(value) for value in rows[:, 1:].ravel()]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_summary_is_tensorflows(name: str) -> None:
    expected = tf.Summary.FromString(base64.b64decode(EXPECTED[name]["summary"]))
    summary = tf.Summary.FromString(tf.Session().run(functions_of(summary_values)[name](tf)))
    pixels = []
    for value in summary.value:
        if value.HasField("image"):
            pixels.append(pixels_of(value.image.encoded_image_string))
            value.image.ClearField("encoded_image_string")
    for ours, theirs in zip(pixels, EXPECTED[name]["pixels"], strict=True):
        different = np.nonzero(np.subtract(ours, theirs))[0]
        assert len(different) <= 1  # the brightest pixel may fall on either side of a whole number
        assert max(abs(np.subtract(ours, theirs))) <= 1
    for ours, theirs in zip(summary.value, expected.value, strict=True):
        for field in ("sum", "sum_squares") if theirs.HasField("histo") else ():
            # Added up in another order.
            assert getattr(ours.histo, field) == pytest.approx(getattr(theirs.histo, field))
            setattr(ours.histo, field, getattr(theirs.histo, field))
    assert str(summary) == str(expected)


def test_the_golden_file_and_the_programs_agree() -> None:
    assert set(EXPECTED) == set(functions_of(summary_values))


@pytest.mark.parametrize(
    ("make", "value", "message"),
    [
        (lambda x: tf.summary.scalar("v", x), [1.0, 2.0], r"\[\] != \[2\] \(tag 'v'\)"),
        (lambda x: tf.summary.histogram("h", x), [1.0, np.nan], "Nan in summary histogram for: h"),
        (lambda x: tf.summary.histogram("h", x), np.inf, "Infinity in summary histogram for: h"),
        (lambda x: tf.summary.image("i", x), np.ones([1, 4, 4, 2]), r"1, 3, or 4, not \[1,4,4,2\]"),
        (lambda x: tf.summary.audio("a", x, 1.0), [1.0], r"3-D or 2-D, got: \[1\]"),
        (lambda x: tf.summary.audio("a", x, 0.0), [[1.0]], "sample_rate must be > 0"),
        (lambda x: tf.summary.merge([tf.summary.scalar("d", x)] * 2), 1.0, "Duplicate tag d"),
    ],
)
def test_wrong_values(make: Any, value: Any, message: str) -> None:
    x = tf.placeholder(tf.float32)
    summary = make(x)
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        tf.Session().run(summary, {x: value})


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: tf.summary.scalar("s", "text"), TypeError, "values"),
        (lambda: tf.summary.scalar("s", True), TypeError, "bool"),
        (lambda: tf.summary.text("t", tf.constant(1.0)), ValueError, "have dtype string"),
        (lambda: tf.summary.image("i", tf.constant(1.0), 0), ValueError, "at least 1, not 0"),
        (lambda: tf.summary.merge([]), ValueError, "list is empty"),
        (lambda: tf.summary.merge(tf.constant("s")), TypeError, "list of summaries"),
    ],
)
def test_wrong_uses(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_merge_all_of_nothing_is_none() -> None:
    assert tf.summary.merge_all() is None


def test_an_illegal_name_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "tensorflow"):
        tf.summary.scalar("a b", tf.constant(1.0))
    assert "Summary name a b is illegal; using a_b instead." in caplog.text
