"""Many serialized examples decoded at once.

Records are grouped by where their values lie. The first of a group is read byte by byte (see
`tidefall.ops.example_wire`); of the others only those bytes are looked at that say where things
are, all together, and the values are taken from all records in one go.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidefall.ops.example_wire import BYTES, FLOAT, INT64, Feature, read_example

Octets = NDArray[np.uint8]


class Group:
    """Records whose values lie at the same places.

    Attributes:
      rows: Which of the records.
      records: The records.
      features: Where the values of each feature lie.
    """

    def __init__(
        self, rows: list[int], records: list[bytes], features: dict[bytes, Feature]
    ) -> None:
        self.rows = rows
        self.records = records
        self.features = features
        self._matrix: Octets | None = None

    @property
    def matrix(self) -> Octets:
        """The bytes of the records, a row each."""
        if self._matrix is None:
            self._matrix = _matrix(self.records)
        return self._matrix

    def values(self, feature: Feature) -> Any:
        """The values of a feature: a row for each record."""
        if len(self.records) == 1:
            return single(self.records[0], feature)[np.newaxis]
        if feature.kind == FLOAT:
            parts = [self.matrix[:, start:end] for start, end in feature.spans]
            both = parts[0] if len(parts) == 1 else np.concatenate(parts, 1)
            return np.ascontiguousarray(both).view("<f4")
        if feature.kind == INT64:
            return _integers(self.matrix, feature)
        found = np.empty((len(self.records), len(feature.spans)), object)
        for column, (start, end) in enumerate(feature.spans):
            found[:, column] = [record[start:end] for record in self.records]
        return found


def groups(records: list[bytes]) -> list[Group]:
    """The records in groups.

    Raises:
      WireError: If a record is no serialized example.
    """
    if len(records) == 1:
        return [Group([0], records, read_example(records[0]))]
    by_size: dict[int, list[int]] = {}
    for row, record in enumerate(records):
        by_size.setdefault(len(record), []).append(row)
    found: list[Group] = []
    for rows in by_size.values():
        _group_equal_sizes(records, rows, found)
    return found


def _group_equal_sizes(records: list[bytes], rows: list[int], found: list[Group]) -> None:
    """Adds the groups of records of one size."""
    while rows:
        first = records[rows[0]]
        features = read_example(first)
        if len(rows) == 1:
            found.append(Group(rows, [first], features))
            return
        some = records if len(rows) == len(records) else [records[row] for row in rows]
        matters = _matters(len(first), features)
        if _all_have_layout(some, matters):
            found.append(Group(rows, some, features))
            return
        matrix = _matrix(some)
        same = ~(((matrix ^ matrix[0]) & np.frombuffer(matters, np.uint8)).any(1))
        kept = [row for row, is_same in zip(rows, same, strict=True) if is_same]
        group = Group(kept, [records[row] for row in kept], features)
        group._matrix = matrix[same]
        found.append(group)
        rows = [row for row, is_same in zip(rows, same, strict=True) if not is_same]


def _matters(size: int, features: dict[bytes, Feature]) -> bytes:
    """Which bits of a record say where its values lie."""
    matters = bytearray(b"\xff") * size
    for feature in features.values():
        mask = b"\x80" if feature.kind == INT64 else b"\0"  # the bit that says: it goes on
        for start, end in feature.spans:
            matters[start:end] = mask * (end - start)
    return bytes(matters)


def _all_have_layout(records: list[bytes], matters: bytes) -> bool:
    """Whether all records have their values where the first one has them.

    Long integers do this without letting go of the interpreter's lock, which a thread may have to
    wait long to get back.
    """
    count = len(records)
    different = _as_integer(b"".join(records)) ^ _as_integer(records[0] * count)
    return not different & _as_integer(matters * count)


def _as_integer(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _matrix(records: list[bytes]) -> Octets:
    return np.frombuffer(b"".join(records), np.uint8).reshape(len(records), -1)


def _integers(matrix: Octets, feature: Feature) -> NDArray[np.int64]:
    if all(end - start == 1 for start, end in feature.spans):
        return matrix[:, [start for start, _ in feature.spans]].astype(np.int64)
    result = np.zeros((len(matrix), len(feature.spans)), np.uint64)
    for column, (start, end) in enumerate(feature.spans):
        for place in range(start, min(end, start + 10)):
            bits = (matrix[:, place] & 0x7F).astype(np.uint64)
            result[:, column] |= bits << np.uint64(7 * (place - start))
    return result.view(np.int64)


def count(feature: Feature) -> int:
    """How many values a feature has."""
    if feature.kind == FLOAT:
        return sum(end - start for start, end in feature.spans) // 4
    return len(feature.spans)


def single(record: bytes, feature: Feature) -> Any:
    """The values of a feature of one record, a vector."""
    if feature.kind == FLOAT:
        return np.frombuffer(b"".join([record[a:b] for a, b in feature.spans]), "<f4")
    if feature.kind == BYTES:
        found = np.empty(len(feature.spans), object)
        found[:] = [record[a:b] for a, b in feature.spans]
        return found
    return np.array([_integer(record, a, b) for a, b in feature.spans], np.int64)


def _integer(record: bytes, start: int, end: int) -> int:
    number = 0
    for place in range(end - 1, start - 1, -1):
        number = number << 7 | record[place] & 0x7F
    number &= (1 << 64) - 1
    return number - (1 << 64) if number >> 63 else number
