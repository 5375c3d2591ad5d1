"""Files and folders behave, and fail, as in TensorFlow 1.15."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tidefall.core import errors
from tidefall.io import gfile
from tidefall.io.gfile_object import GFile


def text_file(folder: Path, text: str = "héllo\nworld\n") -> str:
    path = folder / "text.txt"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_text_and_bytes_written_are_read_again(tmp_path: Path) -> None:
    path = str(tmp_path / "new.txt")
    with GFile(path, "w") as file:
        file.write("héllo\n")
        file.write(b"world")
        assert (file.tell(), file.size()) == (12, 12)
    assert GFile(path).read() == "héllo\nworld"
    assert GFile(path, "rb").read() == "héllo\nworld".encode()
    assert (file.name, file.mode) == (path, "w")


def test_lines(tmp_path: Path) -> None:
    file = GFile(text_file(tmp_path))
    assert file.readline() == "héllo\n"
    assert file.readlines() == ["world\n"]
    assert (file.readline(), file.read()) == ("", "")
    file.seek(0)
    assert list(file) == ["héllo\n", "world\n"]
    with pytest.raises(StopIteration):
        file.next()


def test_reading_counts_bytes_and_never_cuts_a_character(tmp_path: Path) -> None:
    file = GFile(text_file(tmp_path))
    assert file.read(2) == "hé"
    assert file.tell() == 3
    file.seek(-3, whence=2)
    assert file.read() == "ld\n"
    file.seek(position=1)
    assert file.read(2) == "é"


def test_appending(tmp_path: Path) -> None:
    path = text_file(tmp_path, "1")
    with GFile(path, "a") as file:
        file.write("2")
    with GFile(path, "a+") as file:
        assert file.read() == "12"


def test_a_file_is_opened_when_first_used(tmp_path: Path) -> None:
    file = GFile(str(tmp_path / "absent"))
    with pytest.raises(errors.NotFoundError, match="absent; No such file or directory"):
        file.read()


@pytest.mark.parametrize(
    ("mode", "act", "error", "message"),
    [
        ("w", lambda f: f.read(), errors.PermissionDeniedError, "for writing only"),
        ("r", lambda f: f.write("x"), errors.PermissionDeniedError, "for reading only"),
        ("w", lambda f: f.write(3), TypeError, "text or bytes"),
        ("r", lambda f: f.seek(99), errors.OutOfRangeError, "byte 99 of 13"),
        ("r", lambda f: f.seek(0, 5), errors.InvalidArgumentError, "not 5"),
    ],
)
def test_wrong_uses_of_a_file(
    tmp_path: Path, mode: str, act: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message), GFile(text_file(tmp_path), mode) as file:
        act(file)


def test_a_mode_that_is_none() -> None:
    with pytest.raises(errors.InvalidArgumentError, match="mode is 'q'"):
        GFile("x", "q")


def test_writing_after_close_would_erase_and_is_refused(tmp_path: Path) -> None:
    file = GFile(str(tmp_path / "x"), "w")
    file.write("kept")
    file.close()
    with pytest.raises(errors.FailedPreconditionError, match="would erase it"):
        file.write("lost")
    assert GFile(str(tmp_path / "x")).read() == "kept"


def test_folders(tmp_path: Path) -> None:
    deep = str(tmp_path / "a" / "b")
    with pytest.raises(errors.NotFoundError):
        gfile.MkDir(deep)
    gfile.MakeDirs(deep)
    gfile.MakeDirs(deep)
    gfile.MkDir(deep)
    assert gfile.IsDirectory(deep)
    assert not gfile.IsDirectory(deep + "/none")
    assert gfile.ListDirectory(str(tmp_path)) == ["a"]
    with pytest.raises(errors.NotFoundError, match="Could not find directory"):
        gfile.ListDirectory(deep + "/none")
    gfile.DeleteRecursively(str(tmp_path / "a"))
    assert not gfile.Exists(deep)


def test_copy_rename_remove(tmp_path: Path) -> None:
    one, two, three = (str(tmp_path / name) for name in ("one", "two", "three"))
    Path(one).write_text("1")
    gfile.Copy(one, two)
    with pytest.raises(errors.AlreadyExistsError, match="overwrite=True"):
        gfile.Copy(one, two)
    gfile.Copy(one, two, overwrite=True)
    gfile.Rename(two, three)
    with pytest.raises(errors.AlreadyExistsError):
        gfile.Rename(one, three)
    gfile.Rename(one, three, True)
    assert (gfile.Exists(one), gfile.Exists(three)) == (False, True)
    gfile.Remove(three)
    for act in (gfile.Remove, gfile.Stat, gfile.DeleteRecursively):
        with pytest.raises(errors.NotFoundError):
            act(three)
    with pytest.raises(errors.NotFoundError):
        gfile.Copy(one, two)
    with pytest.raises(errors.FailedPreconditionError):
        gfile.DeleteRecursively(text_file(tmp_path))


def test_glob(tmp_path: Path) -> None:
    for name in ("x.txt", "y.txt", ".hidden", "a"):
        (tmp_path / name).write_text("")
    here = str(tmp_path)
    assert gfile.Glob(f"{here}/*.txt") == [f"{here}/x.txt", f"{here}/y.txt"]
    assert gfile.Glob([f"{here}/[xz].txt", f"{here}/a"]) == [f"{here}/x.txt", f"{here}/a"]
    assert f"{here}/.hidden" in gfile.Glob(f"{here}/*")
    assert gfile.Glob(f"{here}/none") == []
    with pytest.raises(errors.NotFoundError):
        gfile.Glob(f"{here}/none/*")


def test_walk_both_ways(tmp_path: Path) -> None:
    (tmp_path / "b" / "c").mkdir(parents=True)
    (tmp_path / "f").write_text("")
    top = str(tmp_path)
    down = [(top, ["b"], ["f"]), (f"{top}/b", ["c"], []), (f"{top}/b/c", [], [])]
    assert list(gfile.Walk(top)) == down
    assert list(gfile.walk(top, topdown=False)) == down[::-1]
    seen: list[errors.OpError] = []
    assert list(gfile.walk(f"{top}/none", onerror=seen.append)) == []
    assert isinstance(seen[0], errors.NotFoundError)


def test_stat_and_names_of_any_kind(tmp_path: Path) -> None:
    path = text_file(tmp_path)
    found = gfile.Stat(path)
    assert (found.length, found.is_directory, found.mtime_nsec > 10**18) == (13, False, True)
    assert gfile.Stat(tmp_path).is_directory
    assert gfile.Exists(path.encode())
    with pytest.raises(TypeError, match="must be a string"):
        gfile.Exists(None)
