"""Where the values of a serialized ``Example`` lie in its bytes.

An example is a few nested protobuf messages. Reading the bytes directly tells for every feature
its kind and where its values are, without making an object for each. Records that one program
wrote mostly differ in their values alone, so what was found for one holds for many; see
`tidefall.ops.example_batch`.
"""

from __future__ import annotations

from typing import NamedTuple

#: Kinds of features, by the field number of their list.
BYTES, FLOAT, INT64 = 1, 2, 3
KIND_NAMES = {BYTES: "bytes", FLOAT: "float", INT64: "int64"}

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_SKIPPED = {_FIXED64: 8, _FIXED32: 4}

Span = tuple[int, int]


class Feature(NamedTuple):
    """One feature.

    Attributes:
      kind: `BYTES`, `FLOAT` or `INT64`; 0 if it has no list at all.
      spans: Where the values lie: each string, each integer, or each run of floats.
    """

    kind: int
    spans: list[Span]


#: What stands for a feature that is there and says nothing.
NO_FEATURE = Feature(0, [])


class WireError(ValueError):
    """Bytes that are no serialized example."""


def read_example(data: bytes) -> dict[bytes, Feature]:
    """The features of a serialized ``Example``, by name.

    Raises:
      WireError: If the bytes are something else.
    """
    features: dict[bytes, Feature] = {}
    for start, end in _submessages(data, 0, len(data), 1):
        read_features(data, start, end, features)
    return features


def read_sequence(
    data: bytes,
) -> tuple[dict[bytes, Feature], dict[bytes, list[Feature]]]:
    """The context and the feature lists of a serialized ``SequenceExample``.

    Raises:
      WireError: If the bytes are something else.
    """
    context: dict[bytes, Feature] = {}
    lists: dict[bytes, list[Feature]] = {}
    for start, end in _submessages(data, 0, len(data), 1):
        read_features(data, start, end, context)
    for start, end in _submessages(data, 0, len(data), 2):
        for place, stop in _submessages(data, start, end, 1):
            name, value = _entry(data, place, stop)
            lists[name] = [
                _feature(data, a, b)
                for first, last in value
                for a, b in _submessages(data, first, last, 1)
            ]
    return context, lists


def read_features(data: bytes, start: int, end: int, features: dict[bytes, Feature]) -> None:
    """Adds the entries of a ``Features`` message; of two of one name, the last counts."""
    for place, stop in _submessages(data, start, end, 1):
        name, value = _entry(data, place, stop)
        features[name] = _feature(data, *value[-1]) if value else NO_FEATURE


def _entry(data: bytes, start: int, end: int) -> tuple[bytes, list[Span]]:
    """The key and the value of an entry of a map."""
    name, value = b"", []
    while start < end:
        tag = data[start]
        if tag == 0x0A or tag == 0x12:  # fields 1 and 2, both with a length
            size, place = _varint(data, start + 1, end)
            start = place + size
            if start > end:
                raise WireError("a field is longer than what it is in")
            if tag == 0x0A:
                name = data[place:start]
            else:
                value.append((place, start))
        else:
            start = _after(data, start, end)
    return name, value


def _feature(data: bytes, start: int, end: int) -> Feature:
    found = NO_FEATURE
    while start < end:
        tag = data[start]
        kind = tag >> 3
        if tag & 7 == _LENGTH and BYTES <= kind <= INT64:
            size, place = _varint(data, start + 1, end)
            start = place + size
            if start > end:
                raise WireError("a list is longer than its feature")
            spans = found.spans if found.kind == kind else []
            found = Feature(kind, spans + _READERS[kind](data, place, start))
        else:
            start = _after(data, start, end)
    return found


def _strings(data: bytes, start: int, end: int) -> list[Span]:
    return list(_submessages(data, start, end, 1))


def _floats(data: bytes, start: int, end: int) -> list[Span]:
    spans = []
    while start < end:
        tag = data[start]
        if tag == 0x0A:  # packed
            size, place = _varint(data, start + 1, end)
            start = place + size
            if start > end or size % 4:
                raise WireError("a list of floats has a wrong size")
            spans.append((place, start))
        elif tag == 0x0D:  # one by one
            spans.append((start + 1, start + 5))
            start += 5
            if start > end:
                raise WireError("a list of floats ends within one")
        else:
            start = _after(data, start, end)
    return spans


def _integers(data: bytes, start: int, end: int) -> list[Span]:
    spans: list[Span] = []
    while start < end:
        tag = data[start]
        if tag == 0x0A:  # packed
            size, start = _varint(data, start + 1, end)
            stop = start + size
            if stop > end:
                raise WireError("a list of integers has a wrong size")
        elif tag == 0x08:  # one
            start += 1
            stop = _varint(data, start, end)[1]
        else:
            start = _after(data, start, end)
            continue
        while start < stop:
            place = start
            while data[start] > 0x7F:
                start += 1
                if start >= stop:
                    raise WireError("a list ends within an integer")
            start += 1
            spans.append((place, start))
    return spans


_READERS = {BYTES: _strings, FLOAT: _floats, INT64: _integers}


def _submessages(data: bytes, start: int, end: int, field: int) -> list[Span]:
    """Where the occurrences of a field with a length lie."""
    spans = []
    wanted = field << 3 | _LENGTH
    while start < end:
        if data[start] == wanted:
            size, place = _varint(data, start + 1, end)
            start = place + size
            if start > end:
                raise WireError("a message is longer than what it is in")
            spans.append((place, start))
        else:
            start = _after(data, start, end)
    return spans


def _varint(data: bytes, place: int, end: int) -> Span:
    """An integer, and where it ends."""
    if place >= end:
        raise WireError("the bytes end too early")
    byte = data[place]
    place += 1
    if byte < 0x80:
        return byte, place
    number, shift = byte & 0x7F, 7
    while place < end and shift < 70:
        byte = data[place]
        place += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, place
        shift += 7
    raise WireError("an integer does not end")


def _after(data: bytes, place: int, end: int) -> int:
    """Where a field that is not looked at ends."""
    tag, place = _varint(data, place, end)
    kind = tag & 7
    if not tag >> 3:
        raise WireError("there is a field without a number")
    if kind == _VARINT:
        place = _varint(data, place, end)[1]
    elif kind == _LENGTH:
        size, place = _varint(data, place, end)
        place += size
    elif kind in _SKIPPED:
        place += _SKIPPED[kind]
    else:
        raise WireError("there is a field of no known kind")
    if place > end:
        raise WireError("the bytes end within a field")
    return place
