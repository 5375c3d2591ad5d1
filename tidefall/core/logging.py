"""``tf.logging``: messages of a program, on Python's logger ``tensorflow``.

The logger keeps TensorFlow's name, since programs look it up to silence it.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from tidefall.core.exports import export, export_value

if TYPE_CHECKING:
    from logging import Logger

# Python's own numbers; its module is imported when something is first logged.
DEBUG: Final = 10
INFO: Final = 20
WARN: Final = 30
ERROR: Final = 40
FATAL: Final = 50

for _name in ("DEBUG", "INFO", "WARN", "ERROR", "FATAL"):
    export_value(f"logging.{_name}", globals()[_name])

_logger: Logger | None = None
_lock = threading.Lock()
_counts: Counter[tuple[str, int]] = Counter()


def logger() -> Logger:
    """The logger, prepared to write to the error stream unless the program set up its own."""
    import logging as _logging

    global _logger
    with _lock:
        if _logger is None:
            found = _logging.getLogger("tensorflow")
            if not _logging.getLogger().handlers:
                interactive = bool(getattr(sys, "ps1", sys.flags.interactive))
                if interactive:
                    found.setLevel(INFO)
                handler = _logging.StreamHandler(sys.stdout if interactive else sys.stderr)
                handler.setFormatter(_logging.Formatter(_logging.BASIC_FORMAT))
                found.addHandler(handler)
            _logger = found
        return _logger


@export("logging.log")
def log(level: int, msg: Any, *args: Any, **kwargs: Any) -> None:
    """Logs ``msg % args`` at a level."""
    _write(level, msg, args, kwargs)


@export("logging.debug")
def debug(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Logs ``msg % args`` at level DEBUG."""
    _write(DEBUG, msg, args, kwargs)


@export("logging.info")
def info(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Logs ``msg % args`` at level INFO."""
    _write(INFO, msg, args, kwargs)


@export("logging.warn")
def warn(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Logs ``msg % args`` at level WARN."""
    _write(WARN, msg, args, kwargs)


@export("logging.warning")
def warning(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Logs ``msg % args`` at level WARN."""
    _write(WARN, msg, args, kwargs)


@export("logging.error")
def error(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Logs ``msg % args`` at level ERROR."""
    _write(ERROR, msg, args, kwargs)


@export("logging.fatal")
def fatal(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Logs ``msg % args`` at level FATAL; the program goes on."""
    _write(FATAL, msg, args, kwargs)


@export("logging.vlog")
def vlog(level: int, msg: Any, *args: Any, **kwargs: Any) -> None:
    """Logs ``msg % args`` at a level, the same as `log`."""
    _write(level, msg, args, kwargs)


@export("logging.log_if")
def log_if(level: int, msg: Any, condition: Any, *args: Any) -> None:
    """Logs ``msg % args`` if ``condition`` holds."""
    if condition:
        _write(level, msg, args, {})


@export("logging.log_every_n")
def log_every_n(level: int, msg: Any, n: int, *args: Any) -> None:
    """Logs ``msg % args`` the first time this line is reached, and every ``n``-th from then."""
    if _times_before() % n == 0:
        _write(level, msg, args, {})


@export("logging.log_first_n")
def log_first_n(level: int, msg: Any, n: int, *args: Any) -> None:
    """Logs ``msg % args`` the first ``n`` times this line is reached."""
    if _times_before() < n:
        _write(level, msg, args, {})


@export("logging.TaskLevelStatusMessage")
def task_level_status_message(msg: Any) -> None:
    """Logs ``msg`` at level ERROR."""
    _write(ERROR, msg, (), {})


@export("logging.flush")
def flush() -> None:
    """Does nothing: each message is written at once."""


@export("logging.get_verbosity")
def get_verbosity() -> int:
    """The least level of messages that are written."""
    return logger().getEffectiveLevel()


@export("logging.set_verbosity")
def set_verbosity(v: int | str) -> None:
    """Sets the least level of messages that are written."""
    logger().setLevel(v)


def _write(level: int, msg: Any, args: tuple[Any, ...], options: dict[str, Any]) -> None:
    """Logs on behalf of the caller's caller, whose line the record then names."""
    logger().log(level, msg, *args, **{"stacklevel": 3, **options})


def _times_before() -> int:
    """How often the line that called the caller was here before."""
    frame = sys._getframe(2)
    place = (frame.f_code.co_filename, frame.f_lineno)
    count = _counts[place]
    _counts[place] = count + 1
    return count
