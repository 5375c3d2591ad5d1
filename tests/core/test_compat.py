"""``tf.compat``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tidefall as tf


def test_text_and_bytes() -> None:
    assert tf.compat.as_bytes("é") == tf.compat.as_bytes("é".encode()) == "é".encode()
    assert tf.compat.as_text(b"a") == tf.compat.as_str("a") == "a"
    assert tf.compat.as_bytes("é", "latin-1") == b"\xe9"
    assert [tf.compat.as_str_any(x) for x in (b"a", "b", 3)] == ["a", "b", "3"]
    for convert in (tf.compat.as_bytes, tf.compat.as_text):
        with pytest.raises(TypeError, match="Expected binary or unicode string, got 3"):
            convert(3)


def test_paths() -> None:
    assert tf.compat.path_to_str(Path("a") / "b") == "a/b"
    assert tf.compat.path_to_str("text") == "text"


def test_kinds_of_numbers() -> None:
    assert isinstance(np.int8(1), tf.compat.integral_types)
    assert isinstance(np.float16(1), tf.compat.real_types)
    assert isinstance(1j, tf.compat.complex_types)
    assert isinstance(b"", tf.compat.bytes_or_text_types)
    assert not isinstance(1.0, tf.compat.integral_types)


def test_compatibility_goes_back_only() -> None:
    assert tf.compat.forward_compatible(2018, 1, 1)
    assert not tf.compat.forward_compatible(2021, 1, 1)
