"""Wrong uses raise what TensorFlow 1.15.5 raises, since programs catch it."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from typing import Any

import pytest

import tidefall as tf
from tests.oracle import golden_files
from tests.oracle.differences import ERROR_DIFFERENCES, ERROR_GAPS
from tests.oracle.programs import functions_of

FAMILIES = ["values", "shapes", "models", "runs"]
GOLDEN: dict[str, list[str]] = golden_files.read_json(golden_files.path_of("errors.json"))
WRONG_USES: dict[str, Callable[[Any], Any]] = {
    name: function
    for family in FAMILIES
    for name, function in functions_of(
        importlib.import_module(f"tests.oracle.programs.wrong_{family}")
    ).items()
}


def raised(wrong: Callable[[Any], Any]) -> list[str]:
    """The class of the exception and its bases by name, up to ``Exception``; or nothing."""
    with tf.Graph().as_default():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what is only unwise
                wrong(tf)
        except Exception as error:
            names = [base.__name__ for base in type(error).__mro__]
            return names[: names.index("Exception")]
    return []


def cases() -> list[Any]:
    return [
        pytest.param(
            name, marks=[pytest.mark.xfail(reason=ERROR_GAPS[name])] if name in ERROR_GAPS else []
        )
        for name in WRONG_USES
    ]


@pytest.mark.parametrize("name", cases())
def test_wrong_use_raises_what_tensorflow_raises(name: str) -> None:
    expected, _ = ERROR_DIFFERENCES.get(name, (GOLDEN[name], ""))
    ours = raised(WRONG_USES[name])
    if not expected:
        assert not ours
        return
    # A subclass of what TensorFlow raises is caught by the same programs.
    assert expected[0] in ours


def test_every_wrong_use_is_recorded() -> None:
    assert set(WRONG_USES) == set(GOLDEN)
