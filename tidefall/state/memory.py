"""Keeping freed memory at hand between steps.

glibc returns large freed blocks to the system and fetches them again, zeroed page by page, for
the next step: on 1 MB arrays that quadruples the time of a NumPy operation. Freeing one block of
31 MB makes it raise its thresholds (``mallopt(3)``, dynamic mmap threshold), so that up to about
64 MB of freed memory stay with the process. Other C libraries take no notice.
"""

from __future__ import annotations

import numpy as np

_LARGEST_DYNAMIC_THRESHOLD = 31 << 20  # just below glibc's DEFAULT_MMAP_THRESHOLD_MAX of 32 MB
_kept = False


def keep_at_hand() -> None:
    """Raises glibc's thresholds, once in a process. The block itself is never touched."""
    global _kept
    if not _kept:
        _kept = True
        np.empty(_LARGEST_DYNAMIC_THRESHOLD, np.uint8)
