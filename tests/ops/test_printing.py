"""`tf.Print` and `tf.print`: what is written, and when."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, case
from tests.ops.inputs import floats, given
from tidefall.ops.summarize import layout, summary

CASES: list[Case] = [
    case(lambda x: tf.Print(x, [x], "values: "), floats(2, 3), expect=lambda x: x, label="Print"),
    case(tf.strings.format, "{} of {}", [given(1), given([1, 2])],
         expect=np.array(b"1 of [1 2]", object)),
    case(tf.strings.format, "#", given(np.arange(9.0)), placeholder="#", summarize=1,
         expect=np.array(b"[0 ... 8]", object)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


@pytest.mark.parametrize(
    ("value", "most", "text"),
    [
        (np.array([0.1, 1, 1e10, 1e-7], np.float32), 3, "0.1 1 1e+10..."),
        (np.array([np.nan, -np.inf, -0.0, 1 / 3], np.float32), -1, "nan -inf -0 0.333333343"),
        (np.array([0.1, 1 / 3], np.float64), 3, "0.1 0.33333333333333331"),
        (np.array([0.1], np.float16), 3, "0.0999755859"),
        (np.array([True, False]), 3, "1 0"),
        (np.array([b"a", b"b c"], object), 3, "a b c"),
        (np.arange(24).reshape(2, 3, 4), 3, "[[0 1 2...]]..."),
        (np.arange(24).reshape(2, 3, 4), 10, "[[0 1 2 3][4 5 6 7][8 9...]]..."),
        (np.arange(8).reshape(2, 2, 2), -1, "[[0 1][2 3]][[4 5][6 7]]"),
        (np.arange(6).reshape(3, 2), 3, "[0 1][2...]..."),
        (np.float32(3.5), 3, "3.5"),
        (np.float32(3.5), 0, "..."),
        (np.zeros([0, 3]), 3, ""),
        (b"text", 3, "text"),
        (np.array([200], np.uint8), 3, "200"),
        (np.array([1j], np.complex64), 3, "?"),
    ],
)
def test_summaries_as_tensorflow_writes_them(value: Any, most: int, text: str) -> None:
    assert summary(value, most) == text


@pytest.mark.parametrize(
    ("value", "at_ends", "text"),
    [
        (np.arange(8.0), 3, "[0 1 2 ... 5 6 7]"),
        (np.arange(3), 1, "[0 ... 2]"),
        (np.arange(6).reshape(3, 2), 3, "[[0 1]\n [2 3]\n [4 5]]"),
        (np.arange(6).reshape(3, 2), 1, "[[0 1]\n ...\n [4 5]]"),
        (np.arange(8).reshape(2, 2, 2), 3, "[[[0 1]\n  [2 3]]\n\n [[4 5]\n  [6 7]]]"),
        (np.array([[b"a"]], object), 3, '[["a"]]'),
        (np.float32(3.5), 3, "3.5"),
        (np.arange(9), -1, "[0 1 2 3 4 5 6 7 8]"),
    ],
)
def test_layouts_as_tensorflow_writes_them(value: Any, at_ends: int, text: str) -> None:
    assert layout(value, at_ends) == text


def test_print_writes_to_the_error_stream(capsys: pytest.CaptureFixture[str]) -> None:
    x = tf.placeholder(tf.int32, [None])
    y = tf.Print(x, [x, tf.constant("a")], "x = ", summarize=2)
    tf.Session().run(y, {x: [1, 2, 3]})
    assert capsys.readouterr().err == "x = [1 2...][a]\n"


def test_print_the_first_times_only(capsys: pytest.CaptureFixture[str]) -> None:
    x = tf.placeholder(tf.int32, [])
    y = tf.Print(x, [x], first_n=2)
    with tf.Session() as session:
        for i in range(4):
            session.run(y, {x: i})
    assert capsys.readouterr().err == "[0]\n[1]\n"


def test_the_gradient_passes_through_print(capsys: pytest.CaptureFixture[str]) -> None:
    x = tf.constant(3.0)
    assert tf.Session().run(tf.gradients(tf.Print(x, [x]) ** 2, x)) == [6.0]
    assert capsys.readouterr().err == "[3]\n"


def test_print_of_structures(capsys: pytest.CaptureFixture[str]) -> None:
    c = tf.constant
    values = {"k": c(1.5), "j": c("s")}, [c(1), "x", 2.5], (c(2),)
    operation = tf.print("a", c([1, 2]), 3, *values, sep="|", end="END\n")
    assert operation.type == "PrintV2"
    tf.Session().run(operation)
    assert capsys.readouterr().err == ("a|[1 2]|3|{'j': \"s\", 'k': 1.5}|[1, 'x', 2.5]|(2,)END\n")


def test_print_of_braces(capsys: pytest.CaptureFixture[str]) -> None:
    tf.Session().run(tf.print("{} is", tf.constant(3), output_stream=sys.stdout))
    assert capsys.readouterr().out == "{} is 3\n"


def test_print_of_one_text(capsys: pytest.CaptureFixture[str]) -> None:
    tf.Session().run([tf.print(tf.constant("text")), tf.print("only")])
    assert capsys.readouterr().err == "text\nonly\n"


def test_print_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    operation = tf.print(tf.constant([1, 2]), output_stream=f"file://{path}")
    with tf.Session() as session:
        session.run(operation)
        session.run(operation)
    assert path.read_text() == "[1 2]\n[1 2]\n"


def test_streams_and_arguments_that_do_not_exist() -> None:
    with pytest.raises(ValueError, match="Unsupported output stream"):
        tf.print("a", output_stream="nowhere")
    with pytest.raises(ValueError, match="Unrecognized keyword"):
        tf.print("a", color="red")


def test_print_runs_where_something_waits_for_it(capsys: pytest.CaptureFixture[str]) -> None:
    x = tf.constant(1.0)
    with tf.control_dependencies([tf.print("x is", x)]):
        y = tf.identity(x)
    tf.Session().run(y)
    assert capsys.readouterr().err == "x is 1\n"
