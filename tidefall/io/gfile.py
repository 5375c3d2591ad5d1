"""``tf.gfile`` and ``tf.io.gfile``: files and folders, with failures as ``tf.errors``."""

from __future__ import annotations

import glob as _glob
import os
import shutil
import stat as _stat
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from tidefall.core import errors
from tidefall.core.exports import export
from tidefall.io.oserrors import os_errors, path_text

Walked = tuple[str, list[str], list[str]]


class FileStatistics(NamedTuple):
    """What `stat` tells of a file."""

    length: int
    mtime_nsec: int
    is_directory: bool


@export("io.gfile.exists")
def exists(path: Any) -> bool:
    """Whether a file or folder of that name exists."""
    return os.path.exists(path_text(path))


@export("io.gfile.isdir")
def isdir(path: Any) -> bool:
    """Whether ``path`` is a folder."""
    return os.path.isdir(path_text(path))


@export("io.gfile.mkdir")
def mkdir(path: Any) -> None:
    """Makes a folder in one that exists; it may exist already."""
    text = path_text(path)
    if not os.path.isdir(text):
        with os_errors(text):
            os.mkdir(text)


@export("io.gfile.makedirs")
def makedirs(path: Any) -> None:
    """Makes a folder and those it lies in; it may exist already."""
    text = path_text(path)
    with os_errors(text):
        os.makedirs(text, exist_ok=True)


@export("io.gfile.remove")
def remove(path: Any) -> None:
    """Removes a file."""
    text = path_text(path)
    with os_errors(text):
        os.remove(text)


@export("io.gfile.rmtree")
def rmtree(path: Any) -> None:
    """Removes a folder and everything in it."""
    text = path_text(path)
    with os_errors(text):
        shutil.rmtree(text)


@export("io.gfile.copy")
def copy(src: Any, dst: Any, overwrite: bool = False) -> None:
    """Copies the content of a file.

    Raises:
      AlreadyExistsError: If ``dst`` exists and ``overwrite`` is false.
    """
    source, target = path_text(src), path_text(dst)
    _check_free(target, overwrite)
    with os_errors(source):
        shutil.copyfile(source, target)


@export("io.gfile.rename")
def rename(src: Any, dst: Any, overwrite: bool = False) -> None:
    """Renames or moves a file or folder.

    Raises:
      AlreadyExistsError: If ``dst`` exists and ``overwrite`` is false.
    """
    source, target = path_text(src), path_text(dst)
    _check_free(target, overwrite)
    with os_errors(source):
        os.replace(source, target)


@export("io.gfile.stat")
def stat(path: Any) -> FileStatistics:
    """The size in bytes, time of change in nanoseconds, and whether it is a folder."""
    text = path_text(path)
    with os_errors(text):
        found = os.stat(text)
    return FileStatistics(found.st_size, found.st_mtime_ns, _stat.S_ISDIR(found.st_mode))


@export("io.gfile.listdir")
def listdir(path: Any) -> list[str]:
    """The names in a folder, sorted.

    Raises:
      NotFoundError: If ``path`` is no folder.
    """
    text = path_text(path)
    if not os.path.isdir(text):
        raise errors.NotFoundError(None, None, f"Could not find directory {text}")
    with os_errors(text):
        return sorted(os.listdir(text))


@export("io.gfile.glob")
def glob(pattern: Any) -> list[str]:
    """The paths that match a pattern, or any pattern of a list, sorted for each.

    ``*`` and ``?`` stand for characters of a name, ``[…]`` for one of several.

    Raises:
      NotFoundError: If the folder that the pattern starts with does not exist.
    """
    if isinstance(pattern, (list, tuple)):
        return [path for each in pattern for path in glob(each)]
    text = path_text(pattern)
    folder = _fixed_folder(text)
    if folder and not os.path.isdir(folder):
        raise errors.NotFoundError(None, None, f"{folder}; No such file or directory")
    return sorted(_glob.glob(text, include_hidden=True))


@export("io.gfile.walk")
def walk(
    top: Any, topdown: bool = True, onerror: Callable[[errors.OpError], Any] | None = None
) -> Iterator[Walked]:
    """Goes through a folder and all below it.

    Args:
      top: The folder.
      topdown: Whether a folder comes before those in it.
      onerror: Called with the error of a folder that cannot be listed.

    Yields:
      For every folder its path, the names of its folders, and the names of its files.
    """
    text = path_text(top)
    try:
        names = listdir(text)
    except errors.OpError as error:
        if onerror is not None:
            onerror(error)
        return
    folders = [name for name in names if os.path.isdir(os.path.join(text, name))]
    files = [name for name in names if name not in set(folders)]
    if topdown:
        yield text, folders, files
    for name in folders:
        yield from walk(os.path.join(text, name), topdown, onerror)
    if not topdown:
        yield text, folders, files


@export("gfile.Exists")
def Exists(filename: Any) -> bool:
    """Whether a file or folder of that name exists."""
    return exists(filename)


@export("gfile.IsDirectory")
def IsDirectory(dirname: Any) -> bool:
    """Whether ``dirname`` is a folder."""
    return isdir(dirname)


@export("gfile.MkDir")
def MkDir(dirname: Any) -> None:
    """Makes a folder in one that exists; it may exist already."""
    mkdir(dirname)


@export("gfile.MakeDirs")
def MakeDirs(dirname: Any) -> None:
    """Makes a folder and those it lies in; it may exist already."""
    makedirs(dirname)


@export("gfile.Remove")
def Remove(filename: Any) -> None:
    """Removes a file."""
    remove(filename)


@export("gfile.DeleteRecursively")
def DeleteRecursively(dirname: Any) -> None:
    """Removes a folder and everything in it."""
    rmtree(dirname)


@export("gfile.Copy")
def Copy(oldpath: Any, newpath: Any, overwrite: bool = False) -> None:
    """Copies the content of a file; see `tf.io.gfile.copy`."""
    copy(oldpath, newpath, overwrite)


@export("gfile.Rename")
def Rename(oldname: Any, newname: Any, overwrite: bool = False) -> None:
    """Renames or moves a file or folder; see `tf.io.gfile.rename`."""
    rename(oldname, newname, overwrite)


@export("gfile.Stat")
def Stat(filename: Any) -> FileStatistics:
    """Size, time of change and kind of a file; see `tf.io.gfile.stat`."""
    return stat(filename)


@export("gfile.ListDirectory")
def ListDirectory(dirname: Any) -> list[str]:
    """The names in a folder, sorted."""
    return listdir(dirname)


@export("gfile.Glob")
def Glob(filename: Any) -> list[str]:
    """The paths that match a pattern; see `tf.io.gfile.glob`."""
    return glob(filename)


@export("gfile.Walk")
def Walk(top: Any, in_order: bool = True) -> Iterator[Walked]:
    """Goes through a folder and all below it; see `tf.io.gfile.walk`."""
    return walk(top, in_order)


def _check_free(target: str, overwrite: bool) -> None:
    if not overwrite and os.path.exists(target):
        raise errors.AlreadyExistsError(
            None, None, f"{target}; the file already exists. Pass overwrite=True to replace it."
        )


def _fixed_folder(pattern: str) -> str:
    """The folder of a pattern, as far as it has no wildcards."""
    if not _glob.has_magic(pattern):
        return os.path.dirname(pattern)
    while _glob.has_magic(pattern):
        pattern = os.path.dirname(pattern)
    return pattern
