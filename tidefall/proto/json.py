"""Messages read from JSON."""

from __future__ import annotations

from typing import Any


def from_json(text: str | bytes, message: Any) -> Any:
    """Merges JSON into a message, which is returned.

    Raises:
      ValueError: If the text is not the JSON of that kind of message.
    """
    from google.protobuf import json_format

    try:
        return json_format.Parse(text, message)
    except (json_format.ParseError, UnicodeDecodeError) as error:
        name = message.DESCRIPTOR.full_name
        raise ValueError(f"the text is not the JSON of a {name} message: {error}") from error
