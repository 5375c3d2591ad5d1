"""The state of a reader as a string: TensorFlow's message ``ReaderBaseState``.

It has three numbers (fields 1 to 3) and a string (field 4); what is zero or empty is left out.
"""

from __future__ import annotations

from tidefall.core import errors
from tidefall.state.readers import ReaderState

_NUMBER, _BYTES = 0, 2  # wire types


def encode(state: ReaderState) -> bytes:
    """The state as a message."""
    result = bytearray()
    for field, number in enumerate(state[:3], 1):
        if number:
            result.append(field << 3 | _NUMBER)
            result += _varint(number)
    if state.work:
        result.append(4 << 3 | _BYTES)
        result += _varint(len(state.work)) + state.work
    return bytes(result)


def decode(data: bytes) -> ReaderState:
    """The state that a message holds.

    Raises:
      InvalidArgumentError: If it is no such message.
    """
    numbers, work, place = [0, 0, 0], b"", 0
    try:
        while place < len(data):
            tag = data[place]
            value, place = _read_varint(data, place + 1)
            if tag == 4 << 3 | _BYTES and place + value <= len(data):
                work = data[place : place + value]
                place += value
            elif tag in (1 << 3, 2 << 3, 3 << 3):
                numbers[(tag >> 3) - 1] = value
            else:
                raise IndexError
    except IndexError:
        raise errors.InvalidArgumentError(
            None, None, f"{data[:40]!r} is not the state of a reader; save it with serialize_state."
        ) from None
    return ReaderState(numbers[0], numbers[1], numbers[2], work)


def _varint(number: int) -> bytes:
    result = bytearray()
    while number > 0x7F:
        result.append(number & 0x7F | 0x80)
        number >>= 7
    result.append(number)
    return bytes(result)


def _read_varint(data: bytes, place: int) -> tuple[int, int]:
    number, shift = 0, 0
    while True:
        byte = data[place]
        place += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return number, place
