"""Compiled kernels kept on disk, so that the next process need not compile them again.

:func:`object_code` and :func:`code_of` are all that others need. A file of the cache is code that
we are going to run, so it is believed only from a directory that is ours and closed to others, and
only if its checksum is right; anything else counts as absent. Files come into being under another
name and are renamed, so that processes share a cache without locks.

The directory is ``TIDEFALL_CACHE``, else ``tidefall`` in ``XDG_CACHE_HOME``, else in ``~/.cache``;
kernels lie in a folder ``kernels`` in it. ``TIDEFALL_CACHE=off`` keeps nothing.
"""

from __future__ import annotations

import errno
import functools
import hashlib
import os
import platform
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from tidefall.core import logging
from tidefall.executor.kernels.llvm import VERSION, binding
from tidefall.executor.kernels.loading import compile_object
from tidefall.executor.kernels.target import Target

#: What all files together may take, in bytes.
LIMIT: Final = 256 << 20

_MAGIC: Final = b"tidefall kernel 1\n"
_DIGEST: Final = 32
_SUFFIX: Final = ".kernel"
_UNFINISHED: Final = ".part"
_BLOCK: Final = 4096  # what the smallest file takes

#: Seconds after which an unfinished file has no writer any more.
_ABANDONED: Final = 3600.0

# Never follow a link, never wait for a pipe's other end, never hand the file to a child process.
_CAREFULLY: Final = (
    getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
)


class Unsafe(OSError):
    """A directory that others could write to; the message says how."""


def object_code(text: str, target: Target) -> bytes:
    """The object code of LLVM IR: from the cache, or compiled now and kept.

    Raises:
      KernelError: LLVM refused the text.
    """
    return code_of(text, target, lambda: text)


def code_of(description: str, target: Target, write: Callable[[], str]) -> bytes:
    """Object code by a description of its IR, which is written only if the cache has no code.

    Args:
      description: Differs whenever the IR might.
      target: The machine.
      write: Writes the IR.

    Raises:
      KernelError: LLVM refused the text.
    """
    cache = default_cache()
    name = key(description, target)
    data = cache.get(name) if cache else None
    if data is None:
        data = compile_object(write(), target)
        if cache:
            cache.put(name, data)
    return data


def key(description: str, target: Target) -> str:
    """The name under which code is kept: it differs whenever the code might."""
    versions = (
        f"{sys.implementation.cache_tag} {platform.python_version()} llvmlite {VERSION} "
        f"llvm {binding.llvm_version_info} tidefall {_own_version()}"
    )
    parts = (versions, target.identity, description)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def default_cache() -> ObjectCache | None:
    """The cache that the environment names; None where nothing is to be kept."""
    named = os.environ.get("TIDEFALL_CACHE", "")
    if named.lower() == "off":
        return None
    return _cache_in(Path(named).absolute() if named else _users_directory())


class ObjectCache:
    """A directory of compiled kernels.

    Whatever goes wrong with it is said once, and from then on it is empty and keeps nothing.

    Args:
      directory: Where the files lie; made when first written to.
      limit: What all files may take together; the ones longest not used are dropped beyond.
    """

    def __init__(self, directory: Path, limit: int = LIMIT) -> None:
        self.directory = directory
        self.limit = limit
        self._off = os.name != "posix"

    def get(self, name: str) -> bytes | None:
        """What is kept under a name, or None."""
        if self._off:
            return None
        try:
            with _opened_directory(self.directory) as folder:
                content = _read(folder, name + _SUFFIX, self.limit)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._give_up(error)
            return None
        return _unsealed(name, content)

    def put(self, name: str, data: bytes) -> None:
        """Keeps data under a name, and drops what goes beyond the limit."""
        if self._off:
            return
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _opened_directory(self.directory) as folder:
                _write(folder, name + _SUFFIX, _sealed(name, data))
                _shrink(folder, self.limit)
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self._off = True
        logging.warning(
            "Compiled kernels are not kept in %s: %s. Set TIDEFALL_CACHE to another directory, "
            "or to 'off'.",
            self.directory,
            error.strerror or error,
        )


@functools.cache
def _cache_in(directory: Path) -> ObjectCache:
    return ObjectCache(directory / "kernels")


def _users_directory() -> Path:
    """The user's own directory for what can be made again."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    root = Path(base) if os.path.isabs(base) else Path(os.path.expanduser("~")) / ".cache"
    return root / "tidefall"


def _own_version() -> str:
    """The version of the package that this module belongs to."""
    return str(getattr(sys.modules[__name__.partition(".")[0]], "__version__", ""))


def _sealed(name: str, data: bytes) -> bytes:
    """What a file holds: who wrote it, a checksum over the name and the data, the data."""
    return _MAGIC + _checksum(name, data) + data


def _unsealed(name: str, content: bytes | None) -> bytes | None:
    """The data in a file's content; None if it is not what was written under this name."""
    head = len(_MAGIC) + _DIGEST
    if content is None or len(content) < head or not content.startswith(_MAGIC):
        return None
    data = content[head:]
    return data if content[len(_MAGIC) : head] == _checksum(name, data) else None


def _checksum(name: str, data: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\0" + data).digest()


@contextmanager
def _opened_directory(path: Path) -> Iterator[int]:
    """A directory's descriptor, after a check that only its owner, who is us, gets in.

    Files are then reached through the descriptor: what the path leads to later does not matter.
    """
    folder = os.open(path, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _CAREFULLY)
    try:
        _check_private(os.fstat(folder))
        yield folder
    finally:
        os.close(folder)


def _check_private(status: os.stat_result) -> None:
    """Raises Unsafe unless a directory is ours and closed to others."""
    if status.st_uid != os.geteuid():
        raise Unsafe(errno.EPERM, f"it belongs to the user {status.st_uid}")
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        mode = stat.S_IMODE(status.st_mode)
        raise Unsafe(errno.EPERM, f"others may enter it (mode {mode:o} instead of 700)")


def _read(folder: int, name: str, limit: int) -> bytes | None:
    """The content of a file in a directory, marked as used now; None if it is suspicious."""
    try:
        descriptor = os.open(name, os.O_RDONLY | _CAREFULLY, dir_fd=folder)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):  # a link, or a pipe or socket
            return None
        raise
    try:
        status = os.fstat(descriptor)
        if not _is_believable(status, limit):
            return None
        _mark_used(descriptor, status)
        with open(descriptor, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(descriptor)


def _is_believable(status: os.stat_result, limit: int) -> bool:
    """Whether a file is an ordinary one that only we could have written."""
    ours = status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return ours and stat.S_ISREG(status.st_mode) and status.st_size <= limit


def _mark_used(descriptor: int, status: os.stat_result) -> None:
    """Puts a file's time to now, unless that is so or the file system is read-only."""
    if time.time() - status.st_mtime > 60.0:
        try:
            os.utime(descriptor)
        except OSError:
            return


def _write(folder: int, name: str, content: bytes) -> None:
    """Writes a file of a directory, which appears when it is complete."""
    unfinished = f"{os.urandom(8).hex()}{_UNFINISHED}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _CAREFULLY
    descriptor = os.open(unfinished, flags, 0o600, dir_fd=folder)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
        os.rename(unfinished, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        _remove(folder, unfinished)
        raise


class _Entry(NamedTuple):
    """A file of the cache, in the order in which files are dropped."""

    used: float
    name: str
    size: int


def _shrink(folder: int, limit: int) -> None:
    """Drops abandoned files, and the kernels longest not used beyond the limit."""
    entries = sorted(_entries(folder))
    total = sum(entry.size for entry in entries if entry.name.endswith(_SUFFIX))
    for entry in entries:
        if entry.name.endswith(_UNFINISHED):
            if time.time() - entry.used > _ABANDONED:
                _remove(folder, entry.name)
        elif entry.name.endswith(_SUFFIX) and total > limit:
            _remove(folder, entry.name)
            total -= entry.size


def _entries(folder: int) -> Iterator[_Entry]:
    """The files of a directory; other processes may remove them meanwhile."""
    with os.scandir(folder) as found:
        for entry in found:
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            yield _Entry(status.st_mtime, entry.name, max(status.st_size, _BLOCK))


def _remove(folder: int, name: str) -> None:
    """Removes a file, if it can be and nobody did."""
    try:
        os.unlink(name, dir_fd=folder)
    except OSError:
        return
