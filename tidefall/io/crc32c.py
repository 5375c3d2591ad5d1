"""CRC-32C, the checksum of TensorFlow's record files and checkpoints.

The standard library has only the other CRC-32. A checksum is linear: it is the exclusive or of
what each byte contributes, which depends on the byte and its distance from the end alone. So
NumPy looks up all bytes of a block at once; blocks are then combined in pairs, as the checksum
of a concatenation follows from those of its parts.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

_POLYNOMIAL = 0x82F63B78  # Castagnoli's, bits reversed
_MASK_DELTA = 0xA282EAD8
_SHORT = 96  # bytes; below it a plain loop is faster
_BLOCK = 1024  # bytes
_GROUP = 64  # blocks looked up at once, so that intermediates stay in the cache

Words = NDArray[np.uint32]
Places = NDArray[np.intp]


def crc32c(data: bytes | bytearray | memoryview, value: int = 0) -> int:
    """The CRC-32C of ``data``, or of what has the checksum ``value`` followed by ``data``.

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    octets = data if isinstance(data, bytes) else memoryview(data).cast("B")
    register = value ^ 0xFFFFFFFF
    if len(octets) < _SHORT:
        table = _byte_list()
        for byte in octets:
            register = table[(register ^ byte) & 0xFF] ^ (register >> 8)
    else:
        register = _long(np.frombuffer(octets, np.uint8), register)
    return register ^ 0xFFFFFFFF


def masked_crc32c(data: bytes | bytearray | memoryview) -> int:
    """The checksum as the file formats store it: turned and offset.

    The checksum of a text that holds its own checksum is a constant, which masking prevents.
    """
    return mask(crc32c(data))


def checksums(octets: NDArray[np.uint8], starts: Places, ends: Places) -> Words:
    """The CRC-32C of many parts of ``octets``, which are in order and do not overlap."""
    sizes = ends - starts
    usual = (sizes >= 4) & (sizes <= _BLOCK)
    found = np.zeros(len(starts), np.uint32)
    found[usual] = _of_parts(octets, starts[usual], ends[usual])
    for index in np.flatnonzero(~usual):
        found[index] = crc32c(octets[starts[index] : ends[index]].tobytes())
    return found


def _of_parts(octets: NDArray[np.uint8], starts: Places, ends: Places) -> Words:
    """`checksums` of parts of four bytes up to a block, all looked up at once."""
    if not len(starts):
        return np.zeros(0, np.uint32)
    table, _ = _position_table()
    first = starts[0]
    data = octets[first : ends[-1]].copy()
    bounds = np.stack([starts, ends], 1).ravel() - first  # of parts and the gaps after them
    data[bounds[0::2, np.newaxis] + np.arange(4)] ^= 0xFF  # what the register begins with
    place = np.repeat(
        (_BLOCK - np.repeat(bounds[1::2], 2)) * 256, np.diff(bounds, append=len(data))
    )
    place += np.arange(0, len(data) * 256, 256)  # less what is left of the part, in entries
    place += data
    np.clip(place, 0, len(table) - 1, out=place)  # in gaps, where the result does not matter
    registers: Words = np.bitwise_xor.reduceat(table.take(place), bounds[:-1])[::2]
    return registers ^ np.uint32(0xFFFFFFFF)


def row_checksums(rows: NDArray[np.uint8]) -> Words:
    """The CRC-32C of each row of a matrix, of four to a block's columns; it is overwritten."""
    rows[:, :4] ^= 0xFF
    return _contributions(rows) ^ np.uint32(0xFFFFFFFF)


def masks(crcs: Words) -> Words:
    """The stored forms of checksums."""
    turned: Words = (crcs >> np.uint32(15)) | (crcs << np.uint32(17))
    return turned + np.uint32(_MASK_DELTA)


def mask(crc: int) -> int:
    """The stored form of a checksum."""
    return (((crc >> 15) | (crc << 17)) + _MASK_DELTA) & 0xFFFFFFFF


def unmask(stored: int) -> int:
    """The checksum of which ``stored`` is the stored form."""
    turned = (stored - _MASK_DELTA) & 0xFFFFFFFF
    return ((turned >> 17) | (turned << 15)) & 0xFFFFFFFF


def _long(octets: NDArray[np.uint8], register: int) -> int:
    """The register after ``octets``, of which there are at least four."""
    head = octets[: (octets.size - 4) % _BLOCK + 4].copy()
    head[:4] ^= np.array([register], "<u4").view(np.uint8)  # as if it had come before
    first = _contributions(head[-_BLOCK:])
    if head.size > _BLOCK:  # up to three bytes more than a block
        first = _shift(_shift_table(_BLOCK), _contributions(head[:-_BLOCK])) ^ first
    rest = octets[head.size :].reshape(-1, _BLOCK)
    parts = [_contributions(rest[i : i + _GROUP]) for i in range(0, len(rest), _GROUP)]
    return _join(np.concatenate([first, *parts]))


def _contributions(blocks: NDArray[np.uint8]) -> Words:
    """The register after each block (the last axis, of at most `_BLOCK` bytes), from empty."""
    table, offsets = _position_table()
    found = table.take(blocks + offsets[_BLOCK - blocks.shape[-1] :])
    return np.atleast_1d(np.bitwise_xor.reduce(found, axis=-1))


def _join(registers: Words) -> int:
    """The register after blocks that follow one another."""
    size = _BLOCK
    while len(registers) > 1:
        if len(registers) % 2:  # an empty block in front changes nothing
            registers = np.concatenate([np.zeros(1, np.uint32), registers])
        registers = _shift(_shift_table(size), registers[0::2]) ^ registers[1::2]
        size *= 2
    return int(registers[0])


@cache
def _byte_table() -> Words:
    """What a byte does to an empty register."""
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(_POLYNOMIAL), table >> 1)
    return table


@cache
def _byte_list() -> list[int]:
    return [int(entry) for entry in _byte_table()]


@cache
def _position_table() -> tuple[Words, NDArray[np.intp]]:
    """What each byte does at each place of a block, and where the entries of a place start."""
    table = _byte_table()[np.newaxis]
    while len(table) < _BLOCK:
        table = np.concatenate([_shift(_shift_table(len(table)), table), table])
    return table.ravel(), np.arange(_BLOCK) * 256


@cache
def _shift_table(size: int) -> Words:
    """What ``size`` zero bytes, a power of two, do to each byte of the register."""
    if size > 1:
        half = _shift_table(size // 2)
        return _shift(half, half)
    registers = np.arange(256, dtype=np.uint32) << np.array([[0], [8], [16], [24]], np.uint32)
    shifted: Words = _byte_table()[registers & 0xFF] ^ (registers >> 8)
    return shifted


def _shift(table: Words, registers: Words) -> Words:
    shifted: Words = table[0][registers & 0xFF] ^ table[1][(registers >> 8) & 0xFF]
    shifted ^= table[2][(registers >> 16) & 0xFF] ^ table[3][registers >> 24]
    return shifted
