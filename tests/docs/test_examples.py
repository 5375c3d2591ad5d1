"""Every example in the documentation runs: Markdown pages, the README, and docstrings."""

from __future__ import annotations

import doctest
import importlib
import re
import types
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import tidefall as tf
from tidefall.core import exports
from tidefall.ir.opdef import OpDef

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("[!_]*/**/*.md"))]
PAGES += sorted((ROOT / "docs").glob("*.md"))
SOURCES = [p for p in sorted((ROOT / "tidefall").rglob("*.py")) if ">>> " in p.read_text()]
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
Names = Callable[[], dict[str, object]]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
OPS = {
    name: thing
    for name, thing in exports.TABLE.items()
    if isinstance(thing, OpDef) and ">>> " in (thing.doc or "")
}
OPTIONAL = {"jax", "jaxlib", "keras", "fissix", "rich", "matplotlib", "pyarrow", "onnx", "nbformat"}


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.fixture
def names(request: pytest.FixtureRequest) -> Names:
    """Makes what an example may use without saying so, in a fresh default graph."""

    def fresh() -> dict[str, object]:
        tf.reset_default_graph()
        known = {"tf": tf, "np": np, "getfixture": request.getfixturevalue}
        return {**known, "__name__": "example"}

    return fresh


def check(test: doctest.DocTest) -> None:
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    with np.printoptions(legacy="1.25"):  # a scalar reads 3.0, not np.float32(3.0)
        result = runner.run(test, out=said.append)
    assert not result.failed, "".join(said)


@pytest.mark.parametrize("path", PAGES, ids=relative)
def test_page(path: Path, names: Names) -> None:
    text = path.read_text(encoding="utf-8")
    for block in BLOCK.finditer(text):
        line = text[: block.start()].count("\n") + 1
        code = block.group(1)
        if code.lstrip().startswith(">>>"):
            parser = doctest.DocTestParser()
            check(parser.get_doctest(code, names(), path.name, str(path), line))
        else:
            exec(compile("\n" * line + code, str(path), "exec"), names())


def module_of(path: Path) -> types.ModuleType:
    parts = path.relative_to(ROOT).with_suffix("").parts
    try:
        return importlib.import_module(".".join(p for p in parts if p != "__init__"))
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in OPTIONAL:
            raise
        pytest.skip(f"needs {error.name}")


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_docstrings(path: Path, names: Names) -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    for test in finder.find(module_of(path)):
        if test.examples:
            test.globs = {**test.globs, **names()}
            check(test)


@pytest.mark.parametrize("name", sorted(OPS))
def test_op_docstring(name: str, names: Names) -> None:
    """Ops are objects, in which doctest looks for nothing."""
    text = OPS[name].doc or ""
    check(doctest.DocTestParser().get_doctest(text, names(), name, None, 0))
