"""``TIDEFALL_DUMP`` writes what a kernel consists of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tidefall as tf


def run() -> float:
    tf.reset_default_graph()
    x = tf.placeholder(tf.float64, [None, 3], name="x")
    y = tf.nn.relu(x) * 2.0 + tf.square(x) - 1.0
    total = tf.reduce_sum(y / (1.0 + tf.square(x)), name="grand/total")
    return float(tf.Session().run(total, {x: np.ones((4, 3))}))


@pytest.fixture(autouse=True)
def kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEFALL_TIER", "kernels")


def test_a_kernel_is_written_as_text_and_as_assembly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "made" / "here"
    monkeypatch.setenv("TIDEFALL_DUMP", str(folder))
    run()
    assembly, text = sorted(folder.iterdir(), reverse=True)
    assert text.stem == assembly.stem
    assert (text.suffix, assembly.suffix) == (".ll", ".s")
    written = text.read_text()
    assert written.startswith(";")
    assert "each tile" in written
    assert "define internal void @pass0" in written.replace('"', "")
    assert "entry:" in assembly.read_text()


def test_a_kernel_is_the_same_file_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDEFALL_DUMP", str(tmp_path))
    run()
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    run()
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_directory_that_cannot_be_written_is_said_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    expected = run()
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TIDEFALL_DUMP", str(tmp_path / "file"))
    assert run() == expected
    assert "TIDEFALL_DUMP: " in caplog.text
