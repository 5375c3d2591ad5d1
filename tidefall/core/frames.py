"""Where in the user's program a node was made.

Every node remembers the innermost frame outside tidefall, as a code object and an instruction
offset, which costs well under a microsecond; line number and text are looked up only when an
error is written.
"""

from __future__ import annotations

import linecache
import os
import sys
from types import CodeType
from typing import NamedTuple

#: Frames of files below this folder are ours, not the user's.
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_ours: dict[str, bool] = {}


class Location(NamedTuple):
    """A place in a program, resolved only when read."""

    code: CodeType
    instruction: int

    @property
    def filename(self) -> str:
        return self.code.co_filename

    @property
    def line(self) -> int:
        """The line number, from 1."""
        for start, stop, line in self.code.co_lines():
            if start <= self.instruction < stop and line is not None:
                return line
        return self.code.co_firstlineno

    @property
    def text(self) -> str:
        """The source line without indentation, or '' where the source is not to be had."""
        return linecache.getline(self.filename, self.line).strip()

    def __str__(self) -> str:
        name = os.path.basename(self.filename)
        text = self.text
        return f"{name}:{self.line}: {text}" if text else f"{name}:{self.line}"


def is_ours(filename: str) -> bool:
    """Whether a source file belongs to tidefall itself (or to Python's own contextlib)."""
    ours = _ours.get(filename)
    if ours is None:
        ours = filename.startswith(ROOT) or filename.endswith(("contextlib.py", "functools.py"))
        _ours[filename] = ours
    return ours


def capture(depth: int = 2) -> Location | None:
    """The innermost place outside tidefall, as seen from ``depth`` calls up."""
    frame = sys._getframe(depth)
    known = _ours.get
    while frame is not None:
        name = frame.f_code.co_filename
        ours = known(name)
        if ours is None:
            ours = is_ours(name)
        if not ours:
            return Location(frame.f_code, frame.f_lasti)
        frame = frame.f_back  # type: ignore[assignment]
    return None
