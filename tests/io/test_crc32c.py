"""CRC-32C against the values of RFC 3720 and against itself cut in pieces."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidefall.io.crc32c import (
    checksums,
    crc32c,
    mask,
    masked_crc32c,
    masks,
    row_checksums,
    unmask,
)


def bit_by_bit(data: bytes) -> int:
    register = 0xFFFFFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = (register >> 1) ^ (0x82F63B78 if register & 1 else 0)
    return register ^ 0xFFFFFFFF


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", 0),
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
    ],
)
def test_known_values(data: bytes, expected: int) -> None:
    assert crc32c(data) == expected


@pytest.mark.parametrize("size", [95, 96, 1023, 1024, 1025, 1027, 1028, 1029, 4096, 5000, 70001])
def test_long_data_give_what_bits_one_by_one_give(size: int) -> None:
    data = np.random.default_rng(size).bytes(size)
    assert crc32c(data) == bit_by_bit(data)
    assert crc32c(memoryview(bytearray(data))) == crc32c(data)


def test_a_chunk_boundary_changes_nothing() -> None:
    data = np.random.default_rng(0).bytes((1 << 18) + 77)
    assert crc32c(data) == crc32c(data[1000:], crc32c(data[:1000]))


@settings(max_examples=50)
@given(st.binary(max_size=2000), st.integers(0, 2000))
def test_checksums_continue(data: bytes, at: int) -> None:
    assert crc32c(data[at:], crc32c(data[:at])) == bit_by_bit(data)


def test_masking_and_back() -> None:
    assert unmask(mask(0xE3069283)) == 0xE3069283
    assert masked_crc32c(b"123456789") != 0xE3069283
    # The stored checksum of the length 24 in a record file that TensorFlow 1.15 wrote.
    assert masked_crc32c((24).to_bytes(8, "little")) == 0x224B7FA3


@pytest.mark.parametrize("longest", [5, 40, 1024, 3000])
def test_many_parts_at_once_are_as_each_alone(longest: int) -> None:
    rng = np.random.default_rng(longest)
    sizes = rng.integers(0, longest + 1, 50)
    gaps = rng.integers(0, 30, 50)
    ends = np.cumsum(sizes + gaps)
    octets = rng.integers(0, 256, ends[-1] + 7).astype(np.uint8)
    wanted = [crc32c(octets[b - n : b].tobytes()) for b, n in zip(ends, sizes, strict=True)]
    assert checksums(octets, ends - sizes, ends).tolist() == wanted
    assert masks(np.array(wanted, np.uint32)).tolist() == [mask(each) for each in wanted]


def test_rows_at_once_are_as_each_alone() -> None:
    rows = np.random.default_rng(0).integers(0, 256, (5, 8)).astype(np.uint8)
    wanted = [crc32c(row.tobytes()) for row in rows]
    assert row_checksums(rows).tolist() == wanted
