"""Notebooks run cell by cell."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tidefall.cli import notebook

Launch = Callable[..., "subprocess.CompletedProcess[str]"]


def document(*cells: str, version: str = "3.6.1") -> str:
    made: list[dict[str, Any]] = [{"cell_type": "markdown", "source": ["# Title"]}]
    made += [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    metadata = {"language_info": {"version": version}}
    return json.dumps({"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 2})


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("!pip install x", "pass"),
        ("if x:\n    %time f()\n    y", "if x:\n    pass\n    y"),
        ("files = !ls\nfiles", "files = []\nfiles"),
        ("tf.matmul?\nx", "pass\nx"),
        ("%%time\nx = 1", "\nx = 1"),
        ("%%bash\nls", ""),
        ("print('%d'\n  % 3)", "print('%d'\n  % 3)"),
        ("s = '''\n%time\n'''", "s = '''\n%time\n'''"),
    ],
)
def test_magics_are_ignored(source: str, expected: str) -> None:
    assert notebook.without_magics(source, 1) == expected


def test_cells_of_both_formats_are_found() -> None:
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["a\n", "b"]}]}]}
    assert list(notebook.code_cells(old)) == [notebook.Cell(1, "a\nb")]
    new = json.loads(document("x", "y"))
    assert [cell.number for cell in notebook.code_cells(new)] == [1, 2]


def test_values_of_last_expressions_are_shown(launch: Launch) -> None:
    cells = ("x = 3; x", "x;", "None", "print('p')\nx + 1  # comment", "_ * 2\n", "'text'")
    done = launch("run", "n.ipynb", n_dot_ipynb=document(*cells))
    assert done.stdout == "3\np\n4\n8\ntext\n", done.stderr


def test_an_error_names_the_cell_and_its_line(launch: Launch) -> None:
    cells = (
        "import tensorflow as tf",
        "x = 1\n\ndef f():\n    return tf.nonsense\nf()",
        "print(1)",
    )
    done = launch("run", "n.ipynb", n_dot_ipynb=document(*cells))
    assert done.returncode == 1
    assert done.stdout == ""
    assert 'File "n.ipynb, cell 2", line 5, in <module>\n    f()' in done.stderr
    assert 'File "n.ipynb, cell 2", line 4, in f\n    return tf.nonsense' in done.stderr


def test_plots_become_files_and_data_are_found_beside_the_notebook(
    launch: Launch, tmp_path: Path
) -> None:
    cells = (
        "import matplotlib.pyplot as plt\n%matplotlib inline",
        "plt.plot([1, 2])\nplt.show()\nplt.figure()\nplt.plot([2, 1])\nprint(open('data').read())",
        "from IPython.display import Image, display\ndisplay('shown')\nget_ipython().magic('ls')",
    )
    done = launch("run", "f/n.ipynb", f__n_dot_ipynb=document(*cells), f__data="data!")
    assert done.stdout.startswith("data!\n"), done.stderr
    assert done.stdout.endswith("shown\n")
    for name in ("n-01.png", "n-02.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
        assert f"plot written to {name}" in done.stderr


def test_python2_notebooks(launch: Launch) -> None:
    text = document("print 'old', 7 / 2", "v = 7 / 2\nprint(v)", version="2.7.12")
    done = launch("run", "n.ipynb", n_dot_ipynb=text)
    assert done.stdout == "old 3\n3\n", done.stderr


@pytest.mark.parametrize("text", ["{", "[]", '{"a": 1}'])
def test_what_is_no_notebook_is_said(launch: Launch, text: str) -> None:
    done = launch("run", "n.ipynb", n_dot_ipynb=text)
    assert done.returncode == 2
    assert "n.ipynb is no notebook" in done.stderr
