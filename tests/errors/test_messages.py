"""The messages of wrong uses: the node, what was wanted, what was given, the remedy, the line."""

from __future__ import annotations

import importlib
import inspect
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tidefall as tf
from tests.errors.messages import BUILDING, FEEDING, LINE, RUNNING
from tests.oracle.programs import functions_of

WRONG_USES: dict[str, Callable[[Any], Any]] = {
    name: function
    for family in ("values", "shapes", "models", "runs")
    for name, function in functions_of(
        importlib.import_module(f"tests.oracle.programs.wrong_{family}")
    ).items()
}
#: How TensorFlow's texts begin; ours are our own.
NOT_OURS = ("Dimensions must be equal", "Cannot interpret feed_dict", "Can not squeeze")


def raised(wrong: Callable[[Any], Any]) -> Exception:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            wrong(tf)
        except Exception as error:
            return error
    raise AssertionError(f"{wrong.__name__} raised nothing")


def check(name: str, wanted: tuple[str, ...]) -> None:
    wrong = WRONG_USES[name]
    message = str(raised(wrong))
    for part in wanted:
        if part is not LINE:
            assert part in message
    if LINE in wanted:
        check_line(wrong, message)
    assert not any(text in message for text in NOT_OURS)


def check_line(wrong: Callable[[Any], Any], message: str) -> None:
    """The message ends with a line of the program, and quotes it."""
    program = Path(inspect.getsourcefile(wrong) or "")
    found = re.search(rf"created at {re.escape(program.name)}:(\d+): (.+)\Z", message)
    assert found, f"no line of {program.name} in: {message}"
    line = program.read_text().splitlines()[int(found[1]) - 1]
    assert found[2] == line.strip()
    lines, start = inspect.getsourcelines(wrong)
    inside = start <= int(found[1]) < start + len(lines)
    assert inside or "tf.placeholder(" in found[2]  # placeholders are made by a helper


@pytest.mark.parametrize("name", BUILDING)
def test_building(name: str) -> None:
    check(name, BUILDING[name])


@pytest.mark.parametrize("name", FEEDING)
def test_feeding(name: str, tier: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEFALL_TIER", tier)
    check(name, FEEDING[name])


@pytest.mark.parametrize("name", RUNNING)
def test_running(name: str, tier: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEFALL_TIER", tier)
    check(name, RUNNING[name])


@pytest.mark.parametrize("name", RUNNING)
def test_the_failed_operation_is_in_the_error(name: str) -> None:
    error = raised(WRONG_USES[name])
    assert isinstance(error, tf.errors.OpError)
    assert error.op is not None
    assert error.op.name in str(error)


def test_the_table_is_long() -> None:
    assert len({*BUILDING, *FEEDING, *RUNNING}) >= 150
    assert all(LINE in wanted for wanted in RUNNING.values())
