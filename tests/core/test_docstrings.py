"""The examples in the docstrings of the value types."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize("name", ["dtypes", "shapes", "tensor_shape", "errors", "nest", "devices"])
def test_examples(name: str) -> None:
    module = importlib.import_module(f"tidefall.core.{name}")
    assert doctest.testmod(module).failed == 0
