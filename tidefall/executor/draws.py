"""Compiled code for `tidefall.array.draws`, where the tier and the machine allow it."""

from __future__ import annotations

import importlib

from tidefall.array import draws
from tidefall.core import logging
from tidefall.executor.tiers import chosen


def _made() -> draws.Compiled | None:
    if chosen() not in ("auto", "kernels"):
        return None
    try:
        found: draws.Compiled = importlib.import_module("tidefall.executor.kernels.draws").Draws()
    except Exception as error:  # whatever happens here, Python can draw
        logging.info("No compiled draws, Python goes on: %s: %s", type(error).__name__, error)
        return None
    return found


draws.compiled.make = _made
