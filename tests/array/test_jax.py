"""The JAX namespace keeps in step with NumPy's."""

from __future__ import annotations

import inspect
from types import ModuleType

import pytest

from tidefall.array import numpy as plain

jax = pytest.importorskip("tidefall.array.jax", reason="needs JAX")

#: Makes the message of an error, which traced kernels never do.
ONLY_NUMPY = {"bad_index"}


def own_functions(module: ModuleType) -> dict[str, inspect.Signature]:
    """The public functions that a namespace adds to its library's."""
    return {
        name: inspect.signature(value)
        for name, value in vars(module).items()
        if inspect.isfunction(value)
        and value.__module__.startswith("tidefall.")
        and not name.startswith("_")
    }


def test_every_function_added_to_numpy_is_there_with_the_same_parameters() -> None:
    wanted, found = own_functions(plain), own_functions(jax)
    missing = sorted(set(wanted) - set(found) - ONLY_NUMPY)
    assert not missing, f"tidefall.array.jax lacks {', '.join(missing)}"
    for name in set(wanted) & set(found):
        assert list(wanted[name].parameters) == list(found[name].parameters), name


def test_the_namespace_says_which_it_is() -> None:
    assert (plain.name, jax.name) == ("numpy", "jax")
