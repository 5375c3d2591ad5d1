"""The layout of the code: who imports whom, how long a file is, what it may be called.

The table below is the one of docs/design/0001-layers-and-lasting-decisions.md.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "tidefall"
MAX_LINES = 620
GENERATED = {"tidefall/core/index.py"}  # one name a line, as it reads best in a review

_GRAPH = {"core", "ir"}
_MODELS = {"losses", "metrics", "layers", "data", "summary"}
_TO_OPS = _GRAPH | {"ops", "proto", "array"}
_TO_EXECUTOR = _TO_OPS | {"compiler", "state", "executor"}
_TO_CLIENT = _TO_EXECUTOR | {"gradients", "client"}
_TO_IO = _TO_CLIENT | {"variables", "flow", "io"}
_TO_TRAIN = _TO_IO | _MODELS | {"train"}

# What the modules of a folder may import from tidefall, besides their own folder.
LAYERS: dict[str, set[str]] = {
    "core": set(),
    "array": {"core"},
    "proto": {"core"},
    "ir": {"core"},
    "ops": _GRAPH | {"proto", "state"},
    "gradients": _GRAPH | {"ops"},
    "compiler": _GRAPH | {"ops", "array.numpy", "array.record", "array.symbolic", "array.symbols"},
    "state": {"core", "array"},
    "executor": _TO_EXECUTOR,
    "client": _TO_CLIENT,
    "variables": _GRAPH | {"ops", "gradients"},
    "flow": _GRAPH | {"ops", "gradients"},
    "io": _GRAPH | {"ops", "proto", "state", "client", "variables", "flow"},
    **{
        name: _GRAPH | {"ops", "proto", "gradients", "variables", "flow", "io"}
        for name in sorted(_MODELS)
    },
    "data": _GRAPH | {"array", "state", "ops", "proto", "gradients", "variables", "flow", "io"},
    "train": _TO_TRAIN,
    "keras": _TO_TRAIN,
    "contrib": _TO_TRAIN,
    "cli": _TO_TRAIN | {"keras", "contrib", "namespace", ""},  # "" is the package itself
}

# Libraries besides the standard one: the folders or modules that may import them.
LIBRARIES: dict[str, set[str]] = {
    "numpy": set(LAYERS),
    "ml_dtypes": {"core", "array", "ops", "proto", "executor", "io"},
    "google": {"proto"},
    "absl": {"client.app", "client.flags"},
    "jax": {"array.jax", "executor.xla"},
    "jaxlib": {"array.jax", "executor.xla"},
    "llvmlite": {"executor.kernels"},
    "keras": {"keras"},
    "tensorboard": {"keras", "cli"},
    "fissix": {"cli"},
    "nbformat": {"cli"},
    "rich": {"cli"},
    "matplotlib": {"cli"},
    "onnx": {"io"},
    "PIL": {"io.images"},
    "pyarrow": {"data"},
    "uproot": {"data"},
    "awkward": {"data"},
}

# Modules of tidefall that may be imported inside a function, since they load something heavy.
LAZY = {"array.jax", "executor.xla", "executor.kernels", "proto"}


class Import(NamedTuple):
    """One imported module, and where."""

    importer: str  # dotted, without the leading "tidefall."
    target: str  # dotted, as from the top
    path: Path
    line: int
    inside_function: bool

    @property
    def where(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}"


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def targets(node: ast.AST, importer: str, is_package: bool) -> list[str]:
    """The modules that an import statement names.

    ``from package import name`` counts as ``package.name`` where that is a module.
    """
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    base = node.module or ""
    if node.level:
        here = ["tidefall", *filter(None, importer.split("."))]
        up = node.level - 1 if is_package else node.level
        base = ".".join([*here[: len(here) - up], *filter(None, [node.module])])
    return [name_or_module(base, alias.name) for alias in node.names]


def name_or_module(base: str, name: str) -> str:
    path = ROOT.joinpath(*base.split("."), name)
    is_module = path.with_suffix(".py").exists() or path.is_dir()
    return f"{base}.{name}" if is_module else base


def walk(tree: ast.AST, inside: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    for node in ast.iter_child_nodes(tree):
        yield node, inside
        is_function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        yield from walk(node, inside or is_function)


def imports_of(path: Path) -> Iterator[Import]:
    importer = module_name(path)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node, inside in walk(tree):
        for target in targets(node, importer, path.name == "__init__.py"):
            yield Import(importer, target, path, getattr(node, "lineno", 0), inside)


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def all_imports() -> list[Import]:
    return [found for path in sources() for found in imports_of(path)]


def covers(names: set[str], module: str) -> bool:
    """Whether ``module`` is one of ``names`` or lies inside one."""
    return any(module == name or module.startswith(name + ".") for name in names)


def violation(found: Import) -> str | None:
    """What is wrong with an import, or None. The package's own face may import anything."""
    folder = found.importer.split(".")[0]
    if folder not in LAYERS:  # tidefall/__init__.py and the public namespaces beside it
        return None
    top, _, rest = found.target.partition(".")
    if top == "tidefall":
        if covers(LAYERS[folder] | {folder}, rest):
            return None
        return f"{folder} may not import {rest or 'tidefall itself'}"
    if top in sys.stdlib_module_names or covers(LIBRARIES.get(top, set()), found.importer):
        return None
    return f"{found.importer} may not import {top}"


def test_every_import_follows_the_table_of_layers() -> None:
    wrong = [f"{found.where}: {text}" for found in all_imports() if (text := violation(found))]
    assert not wrong, "\n".join(["imports against the table of layers:", *wrong])


def test_every_folder_has_a_layer() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and any(path.glob("*.py"))}
    assert folders <= set(LAYERS), f"no layer for {sorted(folders - set(LAYERS))}"


def test_imports_stand_at_the_top_of_the_file() -> None:
    wrong = [
        f"{found.where}: {found.target}"
        for found in all_imports()
        if found.inside_function
        and found.target.startswith("tidefall.")
        and not covers(LAZY, found.target.removeprefix("tidefall."))
    ]
    assert not wrong, "\n".join(["imports inside a function (is it misplaced?):", *wrong])


def test_files_are_short() -> None:
    folders = ["tidefall", "tests", "benchmarks", "examples"]
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    long = {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > MAX_LINES}
    wrong = [f"{path}: {n}" for path, n in long.items() if path not in GENERATED]
    assert not wrong, "\n".join([f"more than {MAX_LINES} lines (two concepts?):", *wrong])


def test_no_file_is_called_utils() -> None:
    assert not [path for path in sources() if path.stem in {"utils", "util", "helpers", "misc"}]


@pytest.mark.parametrize(
    ("importer", "target", "allowed"),
    [
        ("core.shape", "numpy", True),
        ("core.shape", "jax", False),
        ("core.shape", "tidefall.ir.graph", False),
        ("ops.math", "tidefall.ops.registry", True),
        ("ops.math", "tidefall.executor.reference", False),
        ("compiler.fold", "tidefall.array.numpy", True),
        ("compiler.fold", "tidefall.array.jax", False),
        ("array.jax", "jax.numpy", True),
        ("executor.kernels.emit", "llvmlite.ir", True),
        ("executor.straightline", "llvmlite", False),
        ("layers.core", "tidefall.losses", False),
        ("core.shape", "tidefall", False),
        ("", "tidefall.cli.main", True),
    ],
)
def test_the_rule_itself(importer: str, target: str, allowed: bool) -> None:
    found = Import(importer, target, ROOT / "x.py", 1, False)
    assert (violation(found) is None) is allowed
