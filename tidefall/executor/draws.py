"""Compiled code for `tidefall.array.draws`, where the tier and the machine allow it."""

from __future__ import annotations

import importlib

from tidefall.array import draws
from tidefall.core import hooks, logging
from tidefall.executor.tiers import chosen


@hooks.install("compiled_draws")
def made() -> draws.Compiled | None:
    """Compiled draws, or None where there are none."""
    if chosen() not in ("auto", "kernels"):
        return None
    try:
        found: draws.Compiled = importlib.import_module("tidefall.executor.kernels.draws").Draws()
    except Exception as error:  # whatever happens here, Python can draw
        logging.info("No compiled draws, Python goes on: %s: %s", type(error).__name__, error)
        return None
    return found
