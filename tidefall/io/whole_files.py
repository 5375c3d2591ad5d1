"""Files read and written as a whole, for the ops that do so."""

from __future__ import annotations

import os

from tidefall.core import hooks
from tidefall.io import gfile
from tidefall.io.oserrors import os_errors


@hooks.install("read_file")
def read(name: bytes) -> bytes:
    """The content of a file."""
    path = os.fsdecode(name)
    with os_errors(path), open(path, "rb") as file:
        return file.read()


@hooks.install("write_file")
def write(name: bytes, contents: bytes) -> None:
    """Makes a file, and the folders it is in."""
    path = os.fsdecode(name)
    folder = os.path.dirname(path)
    with os_errors(path):
        if folder:
            os.makedirs(folder, exist_ok=True)
        with open(path, "wb") as file:
            file.write(contents)


@hooks.install("matching_files")
def matching(patterns: list[bytes]) -> list[bytes]:
    """The names of the files that match any of the patterns, sorted."""
    found = [path for pattern in patterns for path in gfile.glob(os.fsdecode(pattern))]
    return sorted(map(os.fsencode, found))
