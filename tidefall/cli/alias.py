"""``import tensorflow`` gives tidefall, in programs that the launcher runs.

The alias is installed by the launcher only: it stands before any TensorFlow that is
installed, and a program that imports tidefall itself never meets it.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from tidefall.cli import names

_NAME = "tensorflow"
_TUTORIALS = {
    "examples": None,
    "examples.tutorials": None,
    "examples.tutorials.mnist": None,
    "examples.tutorials.mnist.input_data": "tidefall.cli.mnist",
}


class TensorFlowModule(ModuleType):
    """A module of TensorFlow, whose contents are looked up in tidefall."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__version__":
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        path = self.__name__.removeprefix(_NAME).removeprefix(".")
        if _is_submodule(path, name):
            return importlib.import_module(f"{self.__name__}.{name}")
        value = names.find(path, name)
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        path = self.__name__.removeprefix(_NAME).removeprefix(".")
        own = [name for name in super().__dir__() if not name.startswith("_")]
        return own if names.is_private(path) else sorted({*own, *names.public_names(path)})


class TensorFlowFinder(MetaPathFinder, Loader):
    """Finds ``tensorflow`` and everything below it."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of a module of TensorFlow; None for any other module.

        Raises:
          ImportError: If tidefall has nothing of that name.
        """
        if fullname != _NAME and not fullname.startswith(f"{_NAME}."):
            return None
        inner = fullname.removeprefix(_NAME).removeprefix(".")
        if inner not in _TUTORIALS and not names.has_module(inner):
            raise ImportError(_not_there(inner), name=inner)
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        inner = spec.name.removeprefix(_NAME).removeprefix(".")
        real = _TUTORIALS.get(inner)
        return importlib.import_module(real) if real else TensorFlowModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing has to run: contents are looked up when they are used."""


def install() -> None:
    """Makes ``import tensorflow`` give tidefall, from now on, in this process."""
    if not any(isinstance(finder, TensorFlowFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, TensorFlowFinder())


def _is_submodule(path: str, name: str) -> bool:
    """Whether a name that was not imported yet is a module to import."""
    inner = f"{path}.{name}" if path else name
    if inner in _TUTORIALS or inner in ("compat", "compat.v1"):
        return True
    if names.is_private_package(path):
        return name.islower() or name.startswith("pywrap")
    return False


def _not_there(inner: str) -> str:
    what = f"tensorflow.{inner}" if names.is_private(inner) else f"tf.{inner}"
    return f"tidefall has no {what} yet"
