"""`tf.app.run`: starts a program that has a ``main``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NoReturn

from tidefall.client import flags
from tidefall.core.exports import export


@export("app.run")
def run(main: Callable[..., Any] | None = None, argv: list[str] | None = None) -> NoReturn:
    """Parses the flags, calls ``main`` with what is left of the command line, and exits.

    Args:
      main: The program; the function ``main`` of the script if None.
      argv: The command line with the program's name; ``sys.argv`` if None.
    """
    from absl import app

    main = main or sys.modules["__main__"].main
    app.run(main, argv, flags_parser=flags.parse)
    raise AssertionError("absl's run() ends by raising SystemExit")
