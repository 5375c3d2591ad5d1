"""Tracebacks that show the user's code only."""

from __future__ import annotations

import sys
import traceback

from tidefall.core.frames import is_ours


def show(error: BaseException, whole: bool = False) -> None:
    """Prints the traceback of an error to the error stream.

    Args:
      error: The error.
      whole: Whether frames of the library are shown too.
    """
    shown = traceback.TracebackException.from_exception(error)
    if not whole:
        _narrow(shown)
    lines = shown.format() if shown.stack else shown.format_exception_only()
    sys.stderr.writelines(lines)


def _narrow(shown: traceback.TracebackException) -> None:
    kept = [frame for frame in shown.stack if not _is_inner(frame.filename)]
    shown.stack = traceback.StackSummary.from_list(kept)
    for link in ("__cause__", "__context__"):
        before = getattr(shown, link)
        if before is not None:
            _narrow(before)
            if not before.stack:  # it happened within the library only
                setattr(shown, link, None)


def _is_inner(filename: str) -> bool:
    return is_ours(filename) or filename.startswith("<frozen ") or filename.endswith("runpy.py")
