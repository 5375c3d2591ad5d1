"""Every example is run as a user runs it, with few steps."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
PNG = b"\x89PNG\r\n\x1a\n"


def run(script: str, *arguments: object) -> str:
    """Runs an example with warnings as errors and returns what it printed."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-W", "error", str(ROOT / "examples" / script), *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    assert found, f"no {pattern!r} in\n{text}"
    return float(found[1])


def is_plot(path: Path) -> bool:
    content = path.read_bytes()
    return content.startswith(PNG) and len(content) > 10_000


def test_xor_prints_its_truth_table() -> None:
    assert run("xor.py") == "0 1 1 0\n"


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3])
def test_xor_does_not_depend_on_a_lucky_start(seed: int) -> None:
    assert run("xor.py", "--seed", seed) == "0 1 1 0\n"


def test_a_root_file_is_streamed_to_a_network() -> None:
    pytest.importorskip("uproot")
    text = run("root_pipeline.py", "--events", 20000, "--steps", 100)
    accuracy = float(text.split()[-1])
    assert 0.65 < accuracy < 0.95


def test_queues_read_the_whole_file_as_often_as_is_said() -> None:
    text = run("queues.py", "--points", 100, "--epochs", 10)
    assert "the file was read 10 times" in text
    assert "200 batches of 5 points" in text
    assert abs(number(r"y = (\S+) x", text) - 2) < 0.1
    assert abs(number(r"x (\S+)$", text) + 1) < 0.1


@pytest.mark.slow
def test_automatic_differentiation_is_exact_to_rounding(tmp_path: Path) -> None:
    text = run("automatic_differentiation.py", "--output", tmp_path)
    errors = [float(error) for error in re.findall(r"largest error (\S+)", text)]
    assert len(errors) == 9
    assert max(errors) < 1e-14
    assert is_plot(tmp_path / "automatic_differentiation.png")


@pytest.mark.slow
def test_gaussian_nears_the_best_possible_loss(tmp_path: Path) -> None:
    text = run("gaussian.py", "--steps", 80, "--events", 4000, "--output", tmp_path)
    limit = number(r"true densities (\S+)\)", text)
    assert limit - 0.01 < number(r"test loss +(\S+)", text) < limit + 0.02
    assert is_plot(tmp_path / "gaussian_loss.png")
    assert is_plot(tmp_path / "gaussian_function.png")


@pytest.mark.slow
@pytest.mark.parametrize(("signal", "least"), [("600_400", 0.74), ("900_100", 0.96)])
def test_stop_susy_separates_signal_from_background(
    signal: str, least: float, tmp_path: Path
) -> None:
    text = run("stop_susy.py", "--signal", signal, "--epochs", 4, "--output", tmp_path)
    assert number(r"AUC: .* (\S+) on test events", text) > least
    assert number(r"loss: .* (\S+) on test events", text) < np.log(2)
    assert is_plot(tmp_path / "stop_susy.png")
    assert is_plot(tmp_path / "stop_susy_loss.png")
    for half in ("train", "test"):
        assert len(list((tmp_path / "log" / half).glob("events.out.tfevents.*"))) == 1


@pytest.mark.slow
def test_stop_susy_repeats_itself(tmp_path: Path) -> None:
    def outcome() -> list[str]:
        text = run("stop_susy.py", "--epochs", 2, "--output", tmp_path)
        return [line for line in text.splitlines() if line.startswith(("loss", "AUC"))]

    assert outcome() == outcome()


@pytest.mark.slow
def test_transverse_mass_is_learned(tmp_path: Path) -> None:
    text = run("transverse_mass.py", "--epochs", 6, "--output", tmp_path)
    assert number(r"typical error on test events: (\S+) GeV", text) < 16  # the mean: over 40
    assert is_plot(tmp_path / "transverse_mass.png")


def test_roc_curve_treats_ties_as_one_step() -> None:
    stop_susy = pytest.importorskip("stop_susy")
    response = np.array([0.9, 0.8, 0.8, 0.3])
    signal = np.array([1.0, 1.0, 0.0, 0.0])
    background_efficiency, signal_efficiency = stop_susy.roc_curve(response, signal)
    np.testing.assert_allclose(background_efficiency, [0, 0, 0.5, 1])
    np.testing.assert_allclose(signal_efficiency, [0, 0.5, 1, 1])
    # Of the four pairs three are ordered and one is a tie, which counts half.
    assert stop_susy.area(background_efficiency, signal_efficiency) == pytest.approx(3.5 / 4)


def test_guessing_has_half_the_area() -> None:
    stop_susy = pytest.importorskip("stop_susy")
    rng = np.random.default_rng(0)
    curve = stop_susy.roc_curve(rng.random(20_000), rng.integers(0, 2, 20_000))
    assert stop_susy.area(*curve) == pytest.approx(0.5, abs=0.02)
