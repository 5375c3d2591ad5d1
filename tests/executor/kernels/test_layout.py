"""Where NumPy keeps the parts of an array."""

from __future__ import annotations

import ctypes
from dataclasses import fields, replace

import numpy as np
import pytest

from tidefall.core import logging
from tidefall.executor.kernels import layout
from tidefall.executor.kernels.layout import ArrayLayout, array_layout


def test_this_numpy_has_the_expected_layout() -> None:
    found = array_layout()
    assert found is not None
    array = np.arange(6.0)
    address = ctypes.c_void_p.from_address(id(array) + found.data).value
    assert address == array.ctypes.data
    assert ctypes.c_void_p.from_address(id(array) + found.dtype).value == id(np.dtype(float))


@pytest.mark.parametrize("field", [field.name for field in fields(ArrayLayout)])
def test_a_wrong_offset_is_noticed(field: str) -> None:
    right = layout._expected(object.__basicsize__)
    wrong = replace(right, **{field: getattr(right, field) + ctypes.sizeof(ctypes.c_void_p)})
    assert all(layout._holds(right, array) for array in layout._samples())
    assert not all(layout._holds(wrong, array) for array in layout._samples())


def test_an_unknown_layout_turns_kernels_off(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(layout, "_holds", lambda *_: False)
    monkeypatch.setattr(logging, "warning", lambda text, *args: said.append(text % args))
    assert array_layout.__wrapped__() is None
    assert len(said) == 1
    assert np.__version__ in said[0]
