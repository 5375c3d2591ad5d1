"""Messages read from bytes, and in protobuf's text format."""

from __future__ import annotations

from typing import Any


def parse_bytes(data: bytes, message: Any) -> Any:
    """Merges serialized bytes into a message, which is returned.

    Raises:
      ValueError: If the bytes are not of that kind of message.
    """
    from google.protobuf.message import DecodeError

    try:
        message.MergeFromString(data)
    except DecodeError as error:
        name = message.DESCRIPTOR.full_name
        raise ValueError(f"the bytes are not a {name} message: {error}") from error
    return message


def to_text(message: Any) -> str:
    """A message as text."""
    from google.protobuf import text_format

    return str(text_format.MessageToString(message))


def parse_text(text: str | bytes, message: Any) -> Any:
    """Merges a text into a message, which is returned.

    Raises:
      ValueError: If the text is not of that kind of message.
    """
    from google.protobuf import text_format

    try:
        return text_format.Parse(text, message)
    except text_format.ParseError as error:
        name = message.DESCRIPTOR.full_name
        raise ValueError(f"the text is not a {name} message: {error}") from error
