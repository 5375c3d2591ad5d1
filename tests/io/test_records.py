"""Record files against bytes that TensorFlow 1.15.5 wrote."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidefall.core import errors
from tidefall.io.records import (
    TFRecordCompressionType,
    TFRecordOptions,
    TFRecordWriter,
    tf_record_iterator,
)

RECORDS = [b"rec0", b"rec1", b"rec2"]
# What TF 1.15.5 wrote for RECORDS, by compression type.
WRITTEN_BY_TENSORFLOW = {
    "": "BAAAAAAAAABCRVIEcmVjMFripNkEAAAAAAAAAEJFUgRyZWMxLf6o0wQAAAAAAAAAQkVSBHJlYzLMIFF5",
    "GZIP": ("H4sIAAAAAAAAA2JhgAAn1yCWotRkg6hHS26yoIoZ6v5bcRlNzOiMQmAlQIABAApIBoE8AAAA"),
    "ZLIB": "eJxiYYAAJ9cglqLUZIOoR0tusqCKGer+W3EZTczojEJgJUCAAQB2cQ36",
}


def plain() -> bytes:
    return base64.b64decode(WRITTEN_BY_TENSORFLOW[""])


def read(folder: Path, data: bytes, options: Any = None) -> list[bytes]:
    path = folder / "file.tfrecord"
    path.write_bytes(data)
    return list(tf_record_iterator(path, options))


@pytest.mark.parametrize("kind", sorted(WRITTEN_BY_TENSORFLOW))
def test_tensorflows_files_are_read(tmp_path: Path, kind: str) -> None:
    data = base64.b64decode(WRITTEN_BY_TENSORFLOW[kind])
    assert read(tmp_path, data, TFRecordOptions(kind)) == RECORDS


def test_a_plain_file_is_written_as_tensorflow_writes_it(tmp_path: Path) -> None:
    with TFRecordWriter(str(tmp_path / "a")) as writer:
        for record in RECORDS:
            writer.write(record)
    assert (tmp_path / "a").read_bytes() == plain()


@pytest.mark.parametrize(
    "options",
    [
        TFRecordOptions("GZIP"),
        TFRecordOptions(TFRecordCompressionType.ZLIB),
        "GZIP",
        TFRecordOptions("ZLIB", compression_level=9, mem_level=9, window_bits=12),
        None,
    ],
)
def test_round_trip(tmp_path: Path, options: Any) -> None:
    records = [b"", b"x" * 5, b"\0" * 100_000, bytes(range(256)) * 10]
    path = str(tmp_path / "a")
    writer = TFRecordWriter(path, options)
    for record in records:
        writer.write(record)
        writer.flush()
    writer.close()
    writer.close()
    assert list(tf_record_iterator(path, options)) == records


@settings(max_examples=30)
@given(records=st.lists(st.binary(max_size=300), max_size=5))
def test_any_records_round_trip(tmp_path_factory: pytest.TempPathFactory, records: Any) -> None:
    path = str(tmp_path_factory.mktemp("records") / "a")
    with TFRecordWriter(path) as writer:
        for record in records:
            writer.write(record)
    assert list(tf_record_iterator(path)) == records


def spoil(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (plain()[:-2], "truncated record at 40"),
        (spoil(plain(), 13), "corrupted record at 12"),
        (spoil(plain(), 0), "corrupted record at 0"),
        (spoil(plain(), 21), "corrupted record at 20"),
    ],
)
def test_damage_is_found(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(errors.DataLossError, match=message):
        read(tmp_path, data)


def test_a_header_not_yet_complete_ends_the_file(tmp_path: Path) -> None:
    assert read(tmp_path, plain() + b"abc") == RECORDS
    assert read(tmp_path, b"") == []


@pytest.mark.parametrize("kind", ["GZIP", "ZLIB"])
def test_the_wrong_compression_is_said(tmp_path: Path, kind: str) -> None:
    with pytest.raises(errors.DataLossError, match="compression_type"):
        read(tmp_path, plain(), kind)


def test_wrong_uses(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Not a valid compression_type: 'BLA'"):
        TFRecordOptions("BLA")
    with pytest.raises(errors.NotFoundError):
        list(tf_record_iterator(str(tmp_path / "none")))
    with pytest.raises(errors.NotFoundError):
        TFRecordWriter(str(tmp_path / "none" / "x"))
    writer = TFRecordWriter(str(tmp_path / "x"))
    with pytest.raises(TypeError, match="expected bytes, str found"):
        writer.write("x")  # type: ignore[arg-type]
    writer.close()
    with pytest.raises(errors.FailedPreconditionError, match="was closed"):
        writer.write(b"x")
    with pytest.raises(errors.FailedPreconditionError, match="was closed"):
        writer.flush()


def test_compression_names() -> None:
    name = TFRecordOptions.get_compression_type_string
    assert [name(x) for x in (None, "", "ZLIB", 2, TFRecordOptions(2))] == [
        *("", "", "ZLIB", "GZIP", "GZIP")
    ]
