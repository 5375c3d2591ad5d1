"""Compiled kernels kept on disk."""

from __future__ import annotations

import ctypes
import errno
import multiprocessing
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tidefall as tf
from tidefall.core import logging
from tidefall.executor.kernels import cache as module
from tidefall.executor.kernels.cache import ObjectCache, default_cache, key, object_code
from tidefall.executor.kernels.loading import KernelError, load_object
from tidefall.executor.kernels.target import host

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kernels are kept on POSIX systems")

ANSWER = "define i64 @entry() {\n ret i64 42\n}\n"
DATA = bytes(range(256)) * 40


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The warnings that were logged."""
    lines: list[str] = []
    monkeypatch.setattr(logging, "warning", lambda text, *args: lines.append(text % args))
    return lines


@pytest.fixture
def cache(tmp_path: Path) -> ObjectCache:
    return ObjectCache(tmp_path / "kernels")


def file_of(cache: ObjectCache, name: str) -> Path:
    return cache.directory / f"{name}.kernel"


def test_what_is_put_is_got(cache: ObjectCache, said: list[str]) -> None:
    assert cache.get("a") is None
    cache.put("a", DATA)
    cache.put("b", b"")
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == (DATA, b"", None)
    assert ObjectCache(cache.directory).get("a") == DATA
    cache.put("a", b"newer")
    assert cache.get("a") == b"newer"
    assert not said


def test_the_directory_and_its_files_are_private(cache: ObjectCache) -> None:
    old = os.umask(0)
    try:
        cache.put("a", DATA)
    finally:
        os.umask(old)
    assert cache.directory.stat().st_mode & 0o777 == 0o700
    assert file_of(cache, "a").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in cache.directory.iterdir()) == ["a.kernel"]


def test_the_second_time_nothing_is_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDEFALL_CACHE", str(tmp_path))
    first = object_code(ANSWER, host())
    monkeypatch.setattr(module, "compile_object", lambda *_: pytest.fail("compiled again"))
    assert object_code(ANSWER, host()) == first
    loaded = load_object(first, "entry")
    assert ctypes.CFUNCTYPE(ctypes.c_int64)(loaded.address)() == 42


def test_what_llvm_refuses_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEFALL_CACHE", str(tmp_path))
    with pytest.raises(KernelError):
        object_code("nonsense", host())
    assert not list(tmp_path.rglob("*.kernel"))


def test_the_key_depends_on_all_that_code_depends_on(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {key(ANSWER, host()), key(ANSWER + " ", host())}
    keys.add(key(ANSWER, host().with_vector_bits(512)))
    keys.add(key(ANSWER, host().with_vector_bits(128)))
    monkeypatch.setattr(module, "VERSION", "0.0")
    keys.add(key(ANSWER, host()))
    monkeypatch.setattr(module, "_own_version", lambda: "0.0")
    keys.add(key(ANSWER, host()))
    monkeypatch.setattr(platform, "python_version", lambda: "3.99.0")
    keys.add(key(ANSWER, host()))
    assert len(keys) == 6 + (host().vector_bits == 256)


def test_the_key_knows_the_version_of_the_package() -> None:
    assert module._own_version() == tf.__version__


def test_the_environment_names_the_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def directory() -> Path:
        found = default_cache()
        assert found is not None
        return found.directory

    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("TIDEFALL_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert directory() == tmp_path / "home/.cache/tidefall/kernels"
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    assert directory() == tmp_path / "home/.cache/tidefall/kernels"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert directory() == tmp_path / "xdg/tidefall/kernels"
    monkeypatch.setenv("TIDEFALL_CACHE", str(tmp_path / "own"))
    assert directory() == tmp_path / "own/kernels"
    assert default_cache() is default_cache()
    monkeypatch.setenv("TIDEFALL_CACHE", "off")
    assert default_cache() is None


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)


def link(path: Path) -> None:
    elsewhere = path.with_name("elsewhere")
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def open_to_others(path: Path) -> None:
    path.chmod(0o666)


def sparse(path: Path) -> None:
    os.truncate(path, module.LIMIT + 1)


@pytest.mark.parametrize(
    "spoil", [truncate, lengthen, empty, flip, link, pipe, folder, open_to_others, sparse]
)
def test_a_spoiled_file_counts_as_absent(
    cache: ObjectCache, spoil: Callable[[Path], None], said: list[str]
) -> None:
    cache.put("a", DATA)
    cache.put("b", DATA)
    spoil(file_of(cache, "a"))
    assert cache.get("a") is None
    assert cache.get("b") == DATA
    assert not said


def test_a_file_under_another_name_counts_as_absent(cache: ObjectCache) -> None:
    cache.put("a", DATA)
    file_of(cache, "a").rename(file_of(cache, "b"))
    assert cache.get("b") is None


def test_a_spoiled_file_is_replaced(cache: ObjectCache) -> None:
    cache.put("a", DATA)
    truncate(file_of(cache, "a"))
    cache.put("a", DATA)
    assert cache.get("a") == DATA


@given(st.data())
def test_no_change_of_a_file_goes_unnoticed(data: st.DataObject) -> None:
    content = bytearray(module._sealed("name", DATA[:300]))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    assert module._unsealed("name", bytes(content)) is None


@given(st.binary(max_size=200))
def test_no_stranger_is_believed(content: bytes) -> None:
    assert module._unsealed("name", content) is None
    assert module._unsealed("name", module._MAGIC + content) is None


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o705, 0o750])
def test_a_directory_open_to_others_is_not_used(
    cache: ObjectCache, mode: int, said: list[str]
) -> None:
    cache.put("a", DATA)
    cache.directory.chmod(mode)
    assert cache.get("a") is None
    cache.put("b", DATA)
    assert cache.get("a") is None
    assert not file_of(cache, "b").exists()
    assert len(said) == 1
    assert str(cache.directory) in said[0]
    assert f"mode {mode:o}" in said[0]


def test_a_directory_of_somebody_else_is_not_used(
    cache: ObjectCache, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    cache.put("a", DATA)
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    assert cache.get("a") is None
    assert f"the user {me}" in said[0]


def test_a_link_in_place_of_the_directory_is_not_followed(
    cache: ObjectCache, tmp_path: Path, said: list[str]
) -> None:
    cache.put("a", DATA)
    (tmp_path / "link").symlink_to(cache.directory)
    linked = ObjectCache(tmp_path / "link")
    assert linked.get("a") is None
    linked.put("b", DATA)
    assert cache.get("b") is None
    assert len(said) == 1


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path, said: list[str]) -> None:
    (tmp_path / "file").write_text("no directory")
    cache = ObjectCache(tmp_path / "file" / "kernels")
    for _ in range(3):
        cache.put("a", DATA)
        assert cache.get("a") is None
    assert len(said) == 1
    assert "TIDEFALL_CACHE" in said[0]


def test_a_full_disk_leaves_no_pieces(
    cache: ObjectCache, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    cache.put("a", DATA)
    monkeypatch.setattr(os, "rename", full)
    cache.put("b", DATA)
    assert [path.name for path in cache.directory.iterdir()] == ["a.kernel"]
    assert "no space left" in said[0]


def test_the_kernels_longest_not_used_are_dropped(tmp_path: Path) -> None:
    cache = ObjectCache(tmp_path / "kernels", limit=5 * 12_000)
    for i, name in enumerate("abcde"):
        cache.put(name, DATA)
        age = time.time() - 1000 + i
        os.utime(file_of(cache, name), (age, age))
    assert cache.get("a") == DATA  # used again: now the youngest
    cache.put("f", DATA)
    assert [name for name in "abcdef" if cache.get(name)] == ["a", "c", "d", "e", "f"]


def test_abandoned_pieces_are_removed(cache: ObjectCache) -> None:
    cache.put("a", DATA)
    old, young, other = (cache.directory / name for name in ("1.part", "2.part", "notes"))
    for path in (old, young, other):
        path.write_bytes(b"half")
    os.utime(old, (1.0, 1.0))
    os.utime(other, (1.0, 1.0))
    cache.put("b", DATA)
    assert (old.exists(), young.exists(), other.exists()) == (False, True, True)


def hammer(directory: Path, number: int) -> None:
    """Puts and gets the same few names as other processes do, in a cache that overflows."""
    cache = ObjectCache(directory, limit=40_000)
    for i in range(150):
        name = f"k{(i * 7 + number) % 5}"
        found = cache.get(name)
        assert found is None or found == name.encode() * 4000
        cache.put(name, name.encode() * 4000)


def test_processes_share_a_cache(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    directory = tmp_path / "kernels"
    workers = [context.Process(target=hammer, args=(directory, n)) for n in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert not list(directory.glob("*.part"))
    assert sum(path.stat().st_size for path in directory.iterdir()) <= 40_000
