"""Failures of the file system as ``tf.errors``."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tidefall.core import errors

_CODES = {
    errno.ENOENT: errors.NOT_FOUND,
    errno.EEXIST: errors.ALREADY_EXISTS,
    errno.EACCES: errors.PERMISSION_DENIED,
    errno.EPERM: errors.PERMISSION_DENIED,
    errno.EROFS: errors.PERMISSION_DENIED,
    errno.EISDIR: errors.FAILED_PRECONDITION,
    errno.ENOTDIR: errors.FAILED_PRECONDITION,
    errno.ENOTEMPTY: errors.FAILED_PRECONDITION,
    errno.EBUSY: errors.UNAVAILABLE,
    errno.ENOSPC: errors.RESOURCE_EXHAUSTED,
    errno.EMFILE: errors.RESOURCE_EXHAUSTED,
    errno.ENFILE: errors.RESOURCE_EXHAUSTED,
    errno.ENAMETOOLONG: errors.INVALID_ARGUMENT,
    errno.EINVAL: errors.INVALID_ARGUMENT,
}


@contextmanager
def os_errors(path: str) -> Iterator[None]:
    """Turns an `OSError` of the block into the ``tf.errors`` class TensorFlow raises."""
    try:
        yield
    except OSError as error:
        code = _CODES.get(error.errno or 0, errors.UNKNOWN)
        raise errors.make(code, None, None, f"{path}; {error.strerror or error}") from error


def path_text(path: Any) -> str:
    """A path given as text, bytes or a path object, as text.

    Raises:
      TypeError: If it is none of these.
    """
    try:
        return os.fsdecode(path)
    except TypeError:
        raise TypeError(f"a file name must be a string or bytes, not {path!r}.") from None
