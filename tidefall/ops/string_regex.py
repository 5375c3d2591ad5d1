"""Regular expressions on strings, in the syntax of RE2, which TensorFlow uses.

Python's expressions are almost the same. What RE2 writes differently is translated: ``\\z``,
``\\Q…\\E``, ``[[:alpha:]]``, and ``$``, which in RE2 means the very end.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.ir.opdef import HOST
from tidefall.ops import shapes
from tidefall.ops.registry import Bool, Namespace, String, op
from tidefall.ops.texts import each, single

_POSIX = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "ascii": r"\x00-\x7f", "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f", "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": " -~",
    "punct": r"!-/:-@\[-`{-~", "space": r"\t\n\v\f\r ", "upper": "A-Z", "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}  # fmt: skip
_TOKEN = re.compile(
    r"\\Q.*?(?:\\E|\Z)|\\x\{[0-9a-fA-F]+\}|\\.|\[\^?\]?|\[:\^?[a-z]+:\]|\$|.", re.DOTALL
)
_IN_SET = re.compile(r"\[:(\^?)([a-z]+):\]|\\x\{([0-9a-fA-F]+)\}|\\.|.", re.DOTALL)


@lru_cache(maxsize=256)
def compiled(pattern: bytes) -> re.Pattern[str]:
    """The expression, for text of UTF-8, or of bytes taken for code points where it is not that.

    Raises:
      ValueError: If it is none, or uses what is not known here.
    """
    text = pattern.decode(errors="surrogateescape")
    try:
        return re.compile(_translated(text), re.ASCII)
    except (re.error, OverflowError) as error:
        raise ValueError(f"{text!r} is not a valid pattern: {error}.") from error


def _translated(pattern: str) -> str:
    result, place = [], 0
    multiline = bool(re.search(r"\(\?[a-z]*m", pattern))
    while place < len(pattern):
        if pattern[place] == "[":
            part, place = _set(pattern, place)
            result.append(part)
            continue
        found = _TOKEN.match(pattern, place)
        assert found is not None
        place = found.end()
        result.append(_token(found[0], multiline))
    return "".join(result)


def _token(token: str, multiline: bool) -> str:
    if token == "$":
        return "$" if multiline else r"\Z"
    if token == r"\z":
        return r"\Z"
    if token.startswith(r"\Q"):
        return re.escape(token[2:].removesuffix(r"\E"))
    if token.startswith(r"\x{"):
        return re.escape(chr(int(token[3:-1], 16)))
    if token in (r"\p", r"\P", r"\C", r"\Z", r"\1", r"\2", r"\3", r"\4", r"\5", r"\6"):
        raise ValueError(f"'{token}' is not supported in a pattern.")
    return token


def _set(pattern: str, place: int) -> tuple[str, int]:
    """A set in brackets, and where it ends."""
    start = place + (2 if pattern[place + 1 : place + 2] == "^" else 1)
    result = [pattern[place:start]]
    place = start
    while place < len(pattern):
        if pattern[place] == "]" and place > start:
            return "".join(result) + "]", place + 1
        found = _IN_SET.match(pattern, place)
        assert found is not None
        place = found.end()
        if found[2]:
            if found[1] or found[2] not in _POSIX:
                raise ValueError(f"'{found[0]}' is not supported in a pattern.")
            result.append(_POSIX[found[2]])
        elif found[3]:
            result.append(re.escape(chr(int(found[3], 16))))
        else:
            result.append(r"\[" if found[0] == "[" else r"\]" if found[0] == "]" else found[0])
    raise ValueError(f"a bracket is not closed in the pattern {pattern!r}.")


def _on_text(function: Callable[[str], str]) -> Callable[[bytes], bytes]:
    """A function of text as one of bytes."""

    def run(data: bytes) -> bytes:
        try:
            return function(data.decode()).encode()
        except UnicodeDecodeError:
            return function(data.decode("latin-1")).encode("latin-1", "replace")

    return run


@lru_cache(maxsize=256)
def _replacement(rewrite: bytes, groups: int) -> Callable[[re.Match[str]], str]:
    """What stands for a match: ``\\0`` is the match, ``\\1`` its first group, ``\\\\`` a stroke.

    Raises:
      ValueError: If it names a group that does not exist.
    """
    parts: list[str | int] = []
    for found in re.finditer(r"\\(.?)|[^\\]+", rewrite.decode(errors="replace"), re.DOTALL):
        if not found[0].startswith("\\"):
            parts.append(found[0])
        elif found[1] == "\\":
            parts.append("\\")
        elif found[1].isdigit() and int(found[1]) <= groups:
            parts.append(int(found[1]))
        else:
            raise ValueError(
                f"the rewrite {rewrite!r} is invalid at {found[0]!r}: the pattern has {groups} "
                "groups; a stroke is written twice."
            )
    return lambda match: "".join([p if isinstance(p, str) else match[p] or "" for p in parts])


def _replaced(value: Any, pattern: bytes, rewrite: bytes, everywhere: bool) -> Any:
    expression = compiled(pattern)
    replacement = _replacement(rewrite, expression.groups)
    count = 0 if everywhere else 1
    return each(_on_text(lambda text: expression.sub(replacement, text, count)), value)


def _matched(value: Any, pattern: bytes) -> Any:
    expression = compiled(pattern)
    array = np.asarray(value, object)
    found = [
        expression.fullmatch(text.decode(errors="surrogateescape")) is not None
        for text in array.reshape(-1).tolist()
    ]
    return np.array(found, np.bool_).reshape(array.shape)


@op("RegexReplace", runs_on=HOST)
def regex_replace_op(
    xp: Namespace, input: String, pattern: String, rewrite: String, *, replace_global: bool = True
) -> String:
    """Strings with what a pattern matches replaced."""
    return _replaced(input, single(pattern), single(rewrite), replace_global)


@regex_replace_op.shape
def _regex_replace_shape(input: Shape, pattern: Shape, rewrite: Shape) -> Shape:
    pattern.with_rank(0)
    rewrite.with_rank(0)
    return input


@op("StaticRegexReplace", runs_on=HOST, shape=shapes.unchanged)
def static_regex_replace_op(
    xp: Namespace, input: String, *, pattern: str, rewrite: str, replace_global: bool = True
) -> String:
    """Strings with what a pattern matches replaced."""
    return _replaced(input, pattern.encode(), rewrite.encode(), replace_global)


@export("regex_replace", "strings.regex_replace")
def regex_replace(
    input: Any, pattern: Any, rewrite: Any, replace_global: bool = True, name: str | None = None
) -> Any:
    """Strings with what a regular expression matches replaced.

    Args:
      input: Strings.
      pattern: An expression in the syntax of RE2.
      rewrite: What stands for a match; ``\\1`` for its first group.
      replace_global: Whether all matches are replaced, or the first of each string.
      name: The name of the node.

    >>> tf.Session().run(tf.strings.regex_replace("a1b22", "[0-9]+", "<\\\\0>"))
    b'a<1>b<22>'
    """
    if isinstance(pattern, (str, bytes)) and isinstance(rewrite, (str, bytes)):
        return static_regex_replace_op(
            input, pattern=pattern, rewrite=rewrite, replace_global=replace_global, name=name
        )
    return regex_replace_op(input, pattern, rewrite, replace_global=replace_global, name=name)


@op("RegexFullMatch", runs_on=HOST)
def regex_full_match_op(xp: Namespace, input: String, pattern: String) -> Bool:
    """Whether a pattern matches each string as a whole."""
    return _matched(input, single(pattern))


@regex_full_match_op.shape
def _regex_full_match_shape(input: Shape, pattern: Shape) -> Shape:
    pattern.with_rank(0)
    return input


@op("StaticRegexFullMatch", runs_on=HOST, shape=shapes.unchanged)
def static_regex_full_match_op(xp: Namespace, input: String, *, pattern: str) -> Bool:
    """Whether a pattern matches each string as a whole."""
    return _matched(input, pattern.encode())


@export("strings.regex_full_match")
def regex_full_match(input: Any, pattern: Any, name: str | None = None) -> Any:
    """Whether a regular expression matches each string as a whole.

    Args:
      input: Strings.
      pattern: An expression in the syntax of RE2.
      name: The name of the node.
    """
    if isinstance(pattern, (str, bytes)):
        return static_regex_full_match_op(input, pattern=pattern, name=name)
    return regex_full_match_op(input, pattern, name=name)
