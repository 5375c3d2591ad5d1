"""How much memory a process holds, and how much disk a library and what it requires take.

This module also runs under Python 3.7, beside TensorFlow 1.15.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import re
from typing import Any, Sequence


def _status(key: str) -> float:
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith(key):
                return int(line.split()[1]) / 1024.0
    return 0.0


def resident() -> float:
    """Megabytes in memory now."""
    return _status("VmRSS")


def resident_bytes() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def peak() -> float:
    """The most megabytes in memory since ``reset_peak``."""
    return _status("VmHWM")


def reset_peak() -> None:
    with contextlib.suppress(OSError), open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def installed(roots: Sequence[str]) -> dict[str, int]:
    """Bytes of each installed distribution that one of ``roots`` needs, itself included."""
    try:
        from importlib import metadata
    except ImportError:  # Python 3.7
        return _installed_by_pkg_resources(roots[0])
    from pip._vendor.packaging.requirements import Requirement

    sizes: dict[str, int] = {}
    waiting = list(roots)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in sizes:
            continue
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        sizes[name] = sum(_size(found.locate_file(file)) for file in found.files or ())
        for text in found.requires or ():
            needed = Requirement(text)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                waiting.append(needed.name)
    return sizes


def _size(path: Any) -> int:
    return os.path.getsize(str(path)) if os.path.isfile(str(path)) else 0


def _installed_by_pkg_resources(root: str) -> dict[str, int]:
    pkg_resources = importlib.import_module("pkg_resources")

    sizes: dict[str, int] = {}
    for found in pkg_resources.require(root):
        records = found.get_metadata_lines("RECORD") if found.has_metadata("RECORD") else ()
        paths = [os.path.join(found.location, line.split(",")[0]) for line in records]
        sizes[found.key] = sum(_size(path) for path in paths)
    return sizes
