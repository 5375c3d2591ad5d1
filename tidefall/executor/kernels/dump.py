"""``TIDEFALL_DUMP=directory``: every kernel's IR and assembly as files to read.

A kernel is written under the name of its first operation and a part of the name under which its
code is kept, so that the same kernel is the same file in every process. At the head of a file
stands what ``tidefall explain`` says.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from tidefall.core import logging
from tidefall.executor.kernels import cache, describe
from tidefall.executor.kernels.kernel import Kernel
from tidefall.executor.kernels.loading import assembly
from tidefall.ir.plan import Node


def dump(node: Node, kernel: Kernel) -> None:
    """Writes a kernel to the directory that the environment names, if it names one."""
    directory = os.environ.get("TIDEFALL_DUMP", "")
    if not directory:
        return
    text = kernel.text
    start = re.sub(r"[^\w.-]", "_", node.op.name)[:60]
    name = f"{start}-{cache.key(kernel.identity, kernel.target)[:12]}"
    mark = {"x86_64": "#", "aarch64": "//"}.get(kernel.target.architecture, "#")
    try:
        folder = Path(directory)
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / f"{name}.ll", ";", node, kernel, text)
        _write(folder / f"{name}.s", mark, node, kernel, assembly(text, kernel.target))
    except OSError as error:
        logging.warning("TIDEFALL_DUMP: %s was not written: %s", name, error.strerror or error)


def _write(path: Path, mark: str, node: Node, kernel: Kernel, text: str) -> None:
    head = [f"{mark} {label:<10} {fact}" for label, fact in describe.facts(node, kernel)]
    path.write_text("\n".join([*head, "", text]), encoding="utf-8")
