"""`tf.gfile.GFile`: a file object whose failures are ``tf.errors``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import IO, Any

from tidefall.core import errors
from tidefall.core.exports import export
from tidefall.io.oserrors import os_errors, path_text

_MODES = ("r", "w", "a", "r+", "w+", "a+")


@export("gfile.GFile", "gfile.Open", "io.gfile.GFile")
class GFile:
    """A file, opened when it is first used.

    Sizes and positions count bytes, in text modes too; text is UTF-8, and line ends are left
    as they are.

    Args:
      name: The path.
      mode: ``r``, ``w``, ``a``, ``r+``, ``w+`` or ``a+``; with a ``b``, reading gives bytes.
    """

    def __init__(self, name: Any, mode: str = "r") -> None:
        self._name = name
        self._mode = mode
        self._binary = "b" in mode
        self._plain = mode.replace("b", "")
        if self._plain not in _MODES:
            raise errors.InvalidArgumentError(
                None, None, f"mode is {mode!r}; it must be one of {', '.join(_MODES)}, with or "
                "without 'b'."
            )  # fmt: skip
        self._stream: IO[bytes] | None = None
        self._written = False

    @property
    def name(self) -> Any:
        """The path, as given."""
        return self._name

    @property
    def mode(self) -> str:
        """The mode, as given."""
        return self._mode

    def size(self) -> int:
        """The size of the file in bytes."""
        self._flush_quietly()
        path = path_text(self._name)
        with os_errors(path):
            return os.path.getsize(path)

    def read(self, n: int = -1) -> Any:
        """Reads ``n`` bytes, or all that is left, as bytes or text by the mode."""
        stream = self._reader()
        with os_errors(path_text(self._name)):
            data = stream.read(n)
            return data if self._binary else self._decode(data, stream)

    def readline(self) -> Any:
        """Reads a line with its end; nothing at the end of the file."""
        stream = self._reader()
        with os_errors(path_text(self._name)):
            line = stream.readline()
        return line if self._binary else line.decode("utf-8")

    def readlines(self) -> list[Any]:
        """Reads all lines that are left, each with its end."""
        return list(self)

    def write(self, file_content: Any) -> None:
        """Writes text (as UTF-8) or bytes."""
        if isinstance(file_content, str):
            file_content = file_content.encode("utf-8")
        elif not isinstance(file_content, (bytes, bytearray, memoryview)):
            raise TypeError(f"expected text or bytes to write, not {file_content!r}.")
        stream = self._writer()
        with os_errors(path_text(self._name)):
            stream.write(file_content)

    def seek(self, offset: int | None = None, whence: int = 0, position: int | None = None) -> None:
        """Moves to a place in a file that is read.

        Args:
          offset: How many bytes from the place that ``whence`` says.
          whence: 0 from the start, 1 from here, 2 from the end.
          position: The older name of ``offset``.

        Raises:
          OutOfRangeError: If the place is beyond the end.
          InvalidArgumentError: If ``whence`` is something else.
        """
        stream = self._reader()
        offset = position if offset is None else offset
        if offset is None:
            raise TypeError("seek() needs an offset.")
        if whence not in (0, 1, 2):
            raise errors.InvalidArgumentError(
                None, None, f"whence must be 0 (start), 1 (here) or 2 (end), not {whence}."
            )
        end = self.size()
        target = offset + (0, stream.tell() if whence == 1 else 0, end)[whence]
        if not 0 <= target <= end:
            raise errors.OutOfRangeError(
                None, None, f"{path_text(self._name)}; cannot go to byte {target} of {end}."
            )
        stream.seek(target)

    def seekable(self) -> bool:
        """True: every file can be searched."""
        return True

    def tell(self) -> int:
        """The position in bytes."""
        return self._open().tell()

    def flush(self) -> None:
        """Hands what was written to the operating system."""
        if self._stream is not None:
            with os_errors(path_text(self._name)):
                self._stream.flush()

    def close(self) -> None:
        """Closes the file; reading it again starts anew."""
        if self._stream is not None:
            with os_errors(path_text(self._name)):
                self._stream.close()
            self._stream = None
            self._written = self._plain != "r"

    def __enter__(self) -> GFile:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __del__(self) -> None:
        stream = getattr(self, "_stream", None)
        if stream is not None:  # programs often leave closing to Python
            stream.close()

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def next(self) -> Any:
        """The next line, as ``next(file)``."""
        return next(self)

    def _open(self) -> IO[bytes]:
        if self._stream is None:
            path = path_text(self._name)
            if self._written and self._plain.startswith("w"):
                raise errors.FailedPreconditionError(
                    None, None, f"{path}; the file was closed, and opening it with mode "
                    f"{self._mode!r} again would erase it. Make a new GFile."
                )  # fmt: skip
            with os_errors(path):
                self._stream = open(path, self._plain + "b")  # noqa: SIM115 (closed by close)
                if self._plain == "a+":
                    self._stream.seek(0)
        return self._stream

    def _reader(self) -> IO[bytes]:
        if self._plain in ("w", "a"):
            raise errors.PermissionDeniedError(
                None, None, f"{path_text(self._name)}; the file is open for writing only "
                f"(mode {self._mode!r}). Open it with mode 'r'."
            )  # fmt: skip
        return self._open()

    def _writer(self) -> IO[bytes]:
        if self._plain == "r":
            raise errors.PermissionDeniedError(
                None, None, f"{path_text(self._name)}; the file is open for reading only "
                f"(mode {self._mode!r}). Open it with mode 'w' or 'a'."
            )  # fmt: skip
        return self._open()

    def _flush_quietly(self) -> None:
        if self._stream is not None and self._plain != "r":
            self.flush()

    def _decode(self, data: bytes, stream: IO[bytes]) -> str:
        """The text of ``data``, completed where it ends within a character."""
        for _ in range(3):
            try:
                return data.decode("utf-8")
            except UnicodeDecodeError as error:
                if error.reason != "unexpected end of data":
                    raise
                data += stream.read(1)
        return data.decode("utf-8")


@export("gfile.FastGFile")
class FastGFile(GFile):
    """An older name of `GFile`."""
