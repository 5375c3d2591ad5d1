"""Encoded text as code points, and back: what the Unicode ops have in common.

Where bytes are no text, a mark stands in place of a code point: one for each part that could not be
read, the longest that might have begun a character, as Unicode recommends.
"""

from __future__ import annotations

import codecs
from typing import Any, NamedTuple

import numpy as np

#: Stands for bytes that are no text.
MALFORMED = -1
#: The largest code point.
LARGEST = 0x10FFFF
#: Names by which other libraries know an encoding.
_OTHER_NAMES = {"shiftjis": "cp932", "sjis": "cp932", "macintosh": "mac_roman"}
OUTPUT_ENCODINGS = {"UTF-8": "utf-8", "UTF-16-BE": "utf-16-be", "UTF-32-BE": "utf-32-be"}
ERRORS = ("strict", "replace", "ignore")


class Policy(NamedTuple):
    """What is done about what is no text.

    Attributes:
      errors: "strict", "replace" or "ignore".
      replacement: The code point that stands for it.
      control: Whether control characters count as such.
    """

    errors: str
    replacement: int
    control: bool = False

    def applied(self, points: Any) -> tuple[Any, Any]:
        """The code points that remain, and which of the given ones they are (None for all)."""
        wrong = points == MALFORMED
        if self.control:
            wrong |= (points >= 0) & (points <= 0x1F)
        if not wrong.any():
            return points, None
        if self.errors == "strict":
            raise ValueError(
                f"character {int(np.argmax(wrong))} of a text cannot be read in its encoding, or "
                'is a control character. Set errors to "replace" or "ignore".'
            )
        if self.errors == "replace":
            return np.where(wrong, np.int32(self.replacement), points), None
        kept = ~wrong
        return points[kept], kept


def policy(errors: Any, replacement_char: int, replace_control_characters: bool = False) -> Policy:
    """The policy of an op's attributes.

    Raises:
      ValueError: If one is not allowed.
    """
    name = errors.decode() if isinstance(errors, bytes) else str(errors)
    if not 0 <= replacement_char <= LARGEST:
        raise ValueError(f"replacement_char {replacement_char} is no code point of Unicode.")
    return Policy(name, replacement_char, replace_control_characters)


def codec_of(encoding: Any) -> str:
    """Python's name of an encoding.

    Raises:
      ValueError: If it is not known.
    """
    name = encoding.decode() if isinstance(encoding, bytes) else str(encoding)
    plain = name.lower().replace("-", "").replace("_", "").replace(" ", "")
    try:
        return codecs.lookup(_OTHER_NAMES.get(plain, name)).name
    except LookupError:
        raise ValueError(f"the input encoding {name!r} is not known.") from None


def decoded(data: bytes, codec: str) -> tuple[Any, Any]:
    """The code points of a text, `MALFORMED` where it is none, and the byte each begins at."""
    mark, codec = _byte_order(data, codec)
    parts: list[Any] = []
    starts: list[Any] = []
    at = mark
    while at < len(data):
        try:
            text, end, wrong = data[at:].decode(codec), len(data), 0
        except UnicodeDecodeError as error:
            end = at + error.start
            text, wrong = data[at:end].decode(codec), max(error.end - error.start, 1)
        parts.append(np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.int32))
        starts.append(at + _places(text, codec))
        if wrong:
            parts.append(np.array([_unread(data[end], codec)], np.int32))
            starts.append(np.array([end], np.int64))
        at = end + wrong
    if not parts:
        return np.empty(0, np.int32), np.empty(0, np.int64)
    places = np.concatenate(starts)
    places[:1] = 0  # the mark of the byte order belongs to the first character
    return np.concatenate(parts), places


def _byte_order(data: bytes, codec: str) -> tuple[int, str]:
    """How many bytes say in which order bytes come, and the encoding that this means."""
    if codec not in ("utf-16", "utf-32"):
        return 0, codec
    for order in ("-le", "-be"):
        mark = "\ufeff".encode(codec + order)
        if data.startswith(mark):
            return len(mark), codec + order
    return 0, f"{codec}-be"


def _unread(byte: int, codec: str) -> int:
    """What stands for bytes that were not read; Windows' pages have controls in their gaps."""
    return byte if codec.startswith("cp125") and 0x80 <= byte < 0xA0 else MALFORMED


def _places(text: str, codec: str) -> Any:
    """The byte at which each character of a text begins."""
    if text.isascii() and codec in ("utf-8", "ascii", "iso8859-1"):
        return np.arange(len(text), dtype=np.int64)
    sizes = np.array([len(character.encode(codec)) for character in text], np.int64)
    return np.cumsum(sizes) - sizes


def encoded(points: Any, encoding: Any) -> bytes:
    """Code points as bytes. Surrogates have no place in UTF-8, and are replaced there."""
    codec = OUTPUT_ENCODINGS[encoding.decode() if isinstance(encoding, bytes) else str(encoding)]
    if codec == "utf-8":
        points = np.where((points >= 0xD800) & (points <= 0xDFFF), 0xFFFD, points)
    text = np.asarray(points, "<i4").tobytes().decode("utf-32-le", "surrogatepass")
    return text.encode(codec, "surrogatepass")
