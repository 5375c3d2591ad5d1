"""``tf.flags`` (also ``tf.app.flags``): command-line flags, those of the library absl.

TensorFlow 1.15's flags are absl's with two habits of older programs: other names for
the arguments of ``DEFINE_…``, and flags that may be read before anything parsed the command
line. Programs of that time also import absl themselves and expect to find their flags in
``tf.flags``, which only the same library can give; it is imported when a flag is first used.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from typing import Any

from tidefall.core.exports import export_value

for _name in ("flags", "app.flags"):
    export_value(_name, sys.modules[__name__])

_OLD_NAMES = {"flag_name": "name", "default_value": "default", "docstring": "help"}


class Flags:
    """The values of all flags; reading one parses ``sys.argv`` if nothing has yet."""

    def __getattr__(self, name: str) -> Any:
        values = _absl().FLAGS
        if not values.is_parsed():
            parse(sys.argv)
        return getattr(values, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(_absl().FLAGS, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(_absl().FLAGS, name)

    def __dir__(self) -> list[str]:
        return dir(_absl().FLAGS)

    def __getitem__(self, name: str) -> Any:
        return _absl().FLAGS[name]

    def __setitem__(self, name: str, flag: Any) -> None:
        _absl().FLAGS[name] = flag

    def __contains__(self, name: object) -> bool:
        return name in _absl().FLAGS

    def __iter__(self) -> Iterator[str]:
        return iter(_absl().FLAGS)

    def __len__(self) -> int:
        return len(_absl().FLAGS)

    def __call__(self, argv: Any = None, known_only: bool = False) -> list[str]:
        """Parses a command line, its first element being the program; returns the rest."""
        rest: list[str] = _absl().FLAGS(sys.argv if argv is None else argv, known_only=known_only)
        return rest

    def __repr__(self) -> str:
        return repr(_absl().FLAGS)


FLAGS = Flags()


def parse(argv: list[str]) -> list[str]:
    """Parses the flags that are defined; returns what is left, unknown flags included."""
    return FLAGS(argv, known_only=True)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    try:
        found = getattr(_absl(), name)
    except AttributeError:
        raise AttributeError(f"tidefall has no tf.flags.{name}.") from None
    if name.startswith("DEFINE_") and callable(found):
        found = _with_old_names(found)
    globals()[name] = found
    return found


@functools.cache
def _absl() -> Any:
    from absl import flags

    flags.disclaim_key_flags()  # a flag belongs to the module that calls DEFINE_…, not to this

    return flags


def _with_old_names(define: Callable[..., Any]) -> Callable[..., Any]:
    """``DEFINE_…`` that takes its arguments under their older names too."""

    @functools.wraps(define)
    def defined(*args: Any, **kwargs: Any) -> Any:
        renamed = {_OLD_NAMES.get(key, key): value for key, value in kwargs.items()}
        return define(*args, **renamed)

    return defined
