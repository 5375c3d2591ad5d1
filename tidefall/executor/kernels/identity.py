"""What the text of a kernel follows from, said in full.

Code on disk is found by this description, not by the text itself, which takes a hundred times
longer to write. Equal descriptions must mean equal texts: arrays are numbered in the order in
which they appear, and everything else is said by its value. What the engine does with a recording
is said by the state of its source files.
"""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from tidefall.array import philox, record, single
from tidefall.array.record import Array, Recording
from tidefall.array.symbols import Rows
from tidefall.compiler import primitives
from tidefall.compiler.recorder import Fused, PackedRule
from tidefall.executor.kernels.layout import ArrayLayout

_LONGEST_SPELLED = 64


def identity(fused: Fused, layout: ArrayLayout) -> str:
    """The description of a recording before it is scheduled, as one line for each part."""
    words = _Words()
    lines = [
        f"sources {sources()}",
        f"arrays {layout}",
        f"inputs {words.arrays(fused.inputs.values())}",
        f"cells {words.arrays(fused.cells.values())}",
        f"streams {words.arrays([draw.words for draw in fused.streams])}",
        *words.instructions(fused.recording),
        *[
            f"write {words.array(fused.cells[key])} {words.array(x)}"
            for key, x in fused.writes.items()
        ],
        f"checks {words.arrays(fused.recording.checks)}",
        f"outputs {words.arrays(fused.outputs.values())}",
    ]
    for rule, shared, gradients in fused.packed:
        lines += words.rule(rule)
        lines.append(f"given {words.arrays(shared)} gradients {words.arrays(gradients)}")
    return "\n".join(lines)


class _Words:
    """Names for arrays: a number, and at its first appearance what it is."""

    def __init__(self) -> None:
        self._numbers: dict[Array, int] = {}

    def array(self, x: Array) -> str:
        known = self._numbers.get(x)
        if known is not None:
            return f"%{known}"
        number = self._numbers[x] = len(self._numbers)
        value = "" if x.value is None else f"={_bytes(x.value)}"
        return f"%{number}:{x.dtype.str}{_plain(x.shape)}{value}"

    def arrays(self, arrays: Iterable[Array]) -> str:
        return " ".join([self.array(x) for x in arrays])

    def instructions(self, recording: Recording) -> list[str]:
        return [
            f"{self.array(each.result)} {each.name} {self.arrays(each.inputs)} "
            f"{_plain(each.params)}"
            for each in recording.instructions
        ]

    def rule(self, rule: PackedRule) -> list[str]:
        return [
            f"rule {self.arrays(rule.states)} shared {self.arrays(rule.shared)} "
            f"gradient {self.array(rule.gradient)}",
            *self.instructions(rule.recording),
            f"results {self.arrays(rule.results)} sizes {rule.sizes}",
        ]


def _plain(value: Any) -> str:
    """A parameter by its value; what has none that can be said is refused."""
    if isinstance(value, (tuple, list)):
        return f"({','.join([_plain(each) for each in value])})"
    if isinstance(value, np.ndarray):
        return f"{value.dtype.str}{value.shape}{_bytes(value)}"
    if isinstance(value, np.generic):
        return repr(value.item())
    if value is None or isinstance(value, (int, float, str, Rows, np.dtype)):
        return repr(value)
    raise TypeError(f"a kernel cannot be described: a parameter of type {type(value).__name__}")


def _bytes(value: np.ndarray) -> str:
    data = np.ascontiguousarray(value).tobytes()
    return data.hex() if len(data) <= _LONGEST_SPELLED else hashlib.sha256(data).hexdigest()


@functools.cache
def sources() -> str:
    """Sizes and times of the files that turn a recording into code."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    files += [Path(module.__file__ or "") for module in (record, primitives, philox, single)]
    words = []
    for file in files:
        try:
            status = os.stat(file)
        except OSError:  # a package without files: its version has to do
            continue
        words.append(f"{file.name} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256("\n".join(words).encode()).hexdigest()
