"""Files as a whole: reading, writing, finding them."""

from __future__ import annotations

from tidefall.core import hooks
from tidefall.core.shapes import Shape, unknown
from tidefall.ir.opdef import HOST
from tidefall.ops.registry import Namespace, String, op
from tidefall.ops.texts import elements, single, text, texts


@op("ReadFile", runs_on=HOST, stateful=True, outputs=("contents",),
    export=("read_file", "io.read_file"))  # fmt: skip
def read_file(xp: Namespace, filename: String) -> String:
    """The content of a file.

    Args:
      filename: Its name.
      name: The name of the node.

    Returns:
      A string. A run raises `tf.errors.NotFoundError` if there is no such file.
    """
    return text(hooks.call("read_file", single(filename)))


@read_file.shape
def _read_file_shape(filename: Shape) -> Shape:
    return filename.with_rank(0)


@op("WriteFile", runs_on=HOST, effects=True, stateful=True,
    export=("write_file", "io.write_file"))  # fmt: skip
def write_file(xp: Namespace, filename: String, contents: String) -> None:
    """Writes a file; folders that do not exist are made.

    Args:
      filename: Its name.
      contents: What it shall contain.
      name: The name of the operation.
    """
    hooks.call("write_file", single(filename), single(contents))


@write_file.shape
def _write_file_shape(filename: Shape, contents: Shape) -> tuple[Shape, ...]:
    filename.with_rank(0)
    contents.with_rank(0)
    return ()


@op("MatchingFiles", runs_on=HOST, stateful=True, outputs=("filenames",),
    export=("matching_files", "io.matching_files"))  # fmt: skip
def matching_files(xp: Namespace, pattern: String) -> String:
    """The names of the files that match a pattern.

    Args:
      pattern: A name in which ``*`` and ``?`` stand for characters of the last part, ``[...]``
        for one of several; or a vector of such.
      name: The name of the node.

    Returns:
      A vector of names, sorted.
    """
    return texts(hooks.call("matching_files", elements(pattern)))


@matching_files.shape
def _matching_files_shape(pattern: Shape) -> Shape:
    if pattern.rank is not None and pattern.rank > 1:
        raise ValueError(
            f"pattern must be a string or a vector of strings, not of shape {pattern}."
        )
    return unknown(1)
