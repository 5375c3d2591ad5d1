"""Printing values while a graph runs."""

from __future__ import annotations

import os
import pprint
import random
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from tidefall.core import dtypes, logging, nest
from tidefall.core.exports import export
from tidefall.core.runtime import RunContext
from tidefall.core.shapes import Shape
from tidefall.ir.opdef import HOST
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import shapes
from tidefall.ops.registry import Namespace, String, T, TypeList, U, op
from tidefall.ops.static_value import is_tensor
from tidefall.ops.summarize import layout, summary

# -- tf.Print -------------------------------------------------------------------------------------


@op("Print", U=TypeList(), runs_on=HOST, effects=True, view=True)
def print_op(
    xp: Namespace, run: RunContext, input: T, data: list[U], *, message: str = "",
    first_n: int = -1, summarize: int = 3,
) -> T:  # fmt: skip
    """Its input; writes ``data`` to the standard error stream."""
    if _may_print(run, first_n):
        text = message + "".join([f"[{summary(value, summarize)}]" for value in data])
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    return input


def _may_print(run: RunContext, first_n: int) -> bool:
    """Whether this is one of the first runs, counted in the session."""
    if first_n < 0:
        return True
    count = run.resource(("print", run.node_name), lambda: [0])
    count[0] += 1
    return bool(count[0] <= first_n)


@print_op.shape
def _print_shape(input: Shape, data: list[Shape]) -> Shape:
    return input


@print_op.gradient
def _print_grad(op: Operation, grad: Tensor, *_: Any) -> list[Any]:
    return [grad, *[None] * (len(op.inputs) - 1)]


@export("Print")
def print_tensors(
    input_: Any,
    data: Any,
    message: str | None = None,
    first_n: int | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> Any:
    """``input_``; whenever it is computed, ``data`` is written to the standard error stream.

    Args:
      input_: What is passed on.
      data: A list of tensors to print.
      message: A text to print first.
      first_n: Only the first so many times; always if None.
      summarize: How many elements of each tensor; 3 if None, all if negative.
      name: The name of the node.
    """
    return print_op(
        input_,
        data,
        message=message or "",
        first_n=-1 if first_n is None else first_n,
        summarize=3 if summarize is None else summarize,
        name=name,
    )


# -- tf.print -------------------------------------------------------------------------------------


@op("StringFormat", T=TypeList(), runs_on=HOST, differentiable=False)
def string_format(
    xp: Namespace, inputs: list[T], *, template: str = "%s", placeholder: str = "%s",
    summarize: int = 3,
) -> String:  # fmt: skip
    """The template with each placeholder replaced by a picture of an input."""
    parts = template.split(placeholder)
    text = parts[0]
    for value, part in zip(inputs, parts[1:], strict=True):
        text += layout(value, summarize) + part
    return np.array(text.encode(), object)


string_format.shape(lambda inputs: Shape(()))


@export("strings.format")
def format_strings(
    template: str,
    inputs: Any,
    placeholder: str = "{}",
    summarize: int = 3,
    name: str | None = None,
) -> Any:
    """A text with tensors in it, printed as NumPy prints arrays.

    Args:
      template: The text.
      inputs: A tensor, or a list of tensors.
      placeholder: What stands for a tensor in ``template``.
      summarize: How many elements at each end of a dimension; -1 for all.
      name: The name of the node.

    Raises:
      ValueError: If there are not as many placeholders as tensors.

    >>> tf.Session().run(tf.strings.format("{} of {}", [tf.constant(1), tf.range(3)]))
    b'1 of [0 1 2]'
    """
    tensors = [inputs] if is_tensor(inputs) else inputs
    if template.count(placeholder) != len(tensors):
        raise ValueError(
            f"the template has {template.count(placeholder)} placeholders {placeholder!r} for "
            f"{len(tensors)} tensors."
        )
    return string_format(
        tensors, template=template, placeholder=placeholder, summarize=summarize, name=name
    )


@op("PrintV2", runs_on=HOST, effects=True, stateful=True, shape=shapes.none)
def print_v2_op(
    xp: Namespace, input: String, *, output_stream: str = "stderr", end: str = "\n"
) -> None:
    """Writes a text to a stream, a log or a file."""
    value: Any = np.asarray(input, object)[()]
    _writer(output_stream)(value.decode("utf-8", "replace"), end)


def _writer(stream: str) -> Callable[[str, str], None]:
    if stream.startswith("file://"):
        return lambda text, end: _append(stream[len("file://") :], text + end)
    if stream in _LOGS:
        return lambda text, end: _LOGS[stream](text)
    if stream not in ("stdout", "stderr"):
        raise ValueError(f"'{stream}' is not a stream that can be printed to.")

    def write(text: str, end: str) -> None:
        target = sys.stdout if stream == "stdout" else sys.stderr
        target.write(text + end)
        target.flush()

    return write


def _append(path: str, text: str) -> None:
    with open(path, "a", encoding="utf-8") as file:
        file.write(text)


_LOGS: dict[str, Callable[[str], None]] = {
    "log(info)": logging.info,
    "log(warning)": logging.warning,
    "log(error)": logging.error,
}
_LEVELS = {
    logging.INFO: "log(info)", logging.WARN: "log(warning)", logging.ERROR: "log(error)",
    logging.info: "log(info)", logging.warning: "log(warning)", logging.warn: "log(warning)",
    logging.error: "log(error)",
}  # fmt: skip


@export("print")
def print_values(*inputs: Any, **kwargs: Any) -> Any:
    """An operation that prints ``inputs``: texts, tensors, and nested structures of them.

    Args:
      *inputs: What is printed.
      output_stream: ``sys.stderr`` (the default), ``sys.stdout``, a level or function of
        `tf.logging`, or ``"file://..."``.
      summarize: How many elements at each end of a dimension; 3, or -1 for all.
      sep: What stands between the inputs; a blank.
      end: What is printed last; a line break.
      name: The name of the operation.

    Raises:
      ValueError: If the stream is none of these.
    """
    stream = _stream_name(kwargs.pop("output_stream", sys.stderr))
    name, summarize = kwargs.pop("name", None), kwargs.pop("summarize", 3)
    sep, end = kwargs.pop("sep", " "), kwargs.pop("end", os.linesep)
    if kwargs:
        raise ValueError(f"Unrecognized keyword arguments for tf.print: {kwargs}")
    if len(inputs) == 1 and _is_text(inputs[0]):
        text = inputs[0]
    else:
        text = _formatted(inputs, sep, summarize, f"{name}_format" if name else None)
    return print_v2_op(text, output_stream=stream, end=end, name=name)


def _stream_name(stream: Any) -> str:
    if isinstance(stream, str) and stream.startswith("file://"):
        return stream
    if stream is sys.stdout:
        return "stdout"
    if stream is sys.stderr:
        return "stderr"
    name = _LEVELS.get(stream) if isinstance(stream, int) or callable(stream) else None
    if name is None:
        raise ValueError(
            f"Unsupported output stream, logging level, or file: {stream}. Use sys.stdout, "
            "sys.stderr, tf.logging.info, tf.logging.warning, tf.logging.error or 'file://<path>'."
        )
    return name


def _is_text(value: Any) -> bool:
    return (
        isinstance(value, Tensor) and value._shape_value.rank == 0 and value.dtype is dtypes.string
    )


def _formatted(inputs: Any, sep: str, summarize: int, name: str | None) -> Any:
    """A node that writes the inputs as one text."""
    plain = nest.map_structure(lambda x: "" if is_tensor(x) else x, inputs)
    mark = _placeholder_for(" ".join(pprint.pformat(x) for x in plain))
    tensors: list[Any] = []
    templates = []
    for each in inputs:
        marks = []
        for x in nest.flatten(each):
            if is_tensor(x):
                tensors.append(x)
            marks.append(mark if is_tensor(x) else x)
        packed = each if isinstance(each, str) else nest.pack_sequence_as(each, marks)
        templates.append(packed if isinstance(each, str) else pprint.pformat(packed))
    template = sep.join(templates).replace(f"'{mark}'", mark)
    return string_format(
        tensors, template=template, placeholder=mark, summarize=summarize, name=name
    )


def _placeholder_for(text: str) -> str:
    """A mark that does not occur in ``text``."""
    mark, digits = "{}", random.Random(5)
    while mark in text:
        mark += str(digits.randint(0, 9))
    return mark
