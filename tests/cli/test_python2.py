"""Python 2 programs run as Python 2 would have run them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tidefall.cli import python2

Launch = Callable[..., "subprocess.CompletedProcess[str]"]


def run(source: str, old: bool | None = None) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(python2.compile_source(source, "program", old), names)
    return names


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("print 'a'\nv = 7 / 2", 3),
        ("print 'a'\nv = 7 / 2.0", 3.5),
        ("print 'a'\nv = -7 / 2", -4),
        ("from __future__ import division\nprint 'a'\nv = 7 / 2", 3.5),
        ("print 'a'\nv = 7\nv /= 2", 3),
        ("print 'a'\nclass A: x = 9\nA.x /= 2\nv = A.x", 4),
        ("print 'a'\nd = {0: 9}\nd[0] /= 2.0\nv = d[0]", 4.5),
        ("print 'a'\nv = sorted({'b': 1, 'a': 2}.iteritems())", [("a", 2), ("b", 1)]),
        ("print 'a'\nv = map(str, xrange(3))", ["0", "1", "2"]),
        ("print 'a'\nv = {'a': 1}.has_key('a')", True),
        ("try:\n\traise ValueError, 'x'\nexcept ValueError, e:\n        v = str(e)", "x"),
        ("print 'a'\nimport cPickle, urllib2\nv = cPickle.__name__", "pickle"),
        ("print 'a'\nv = u'\\u00e9' + unicode('x')", "éx"),
        ("v = `3` + '1'", "31"),
        ("v = 0777", 511),
        ("from __future__ import print_function\nprint('a', end='')\nv = 5L", 5),
    ],
)
def test_values(source: str, value: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(source)["v"] == value
    assert "runs converted to Python 3, in memory" in capsys.readouterr().err


def test_python3_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("v = 7 / 2")["v"] == 3.5
    assert capsys.readouterr().err == ""


def test_the_first_line_can_say_python2() -> None:
    assert run("#!/usr/bin/env python2.7\nv = 7 / 2")["v"] == 3


def test_what_is_neither_is_a_syntax_error_of_python3() -> None:
    with pytest.raises(SyntaxError) as caught:
        run("x = = 1")
    assert caught.value.lineno == 1


def test_lines_stay_where_they_are() -> None:
    source = "import os, sys\nprint 'a'\n\n\ndef f():\n    print 'b'\n    return 1 / 0\n"
    with pytest.raises(ZeroDivisionError) as caught:
        run(source)["f"]()
    assert caught.traceback[-2].lineno + 1 == 7


def test_arrays_divide_in_place() -> None:
    array = np.array([7, 8])
    assert python2.divide_in_place(array, 2) is array
    assert array.tolist() == [3, 4]
    floats = np.array([7.0])
    assert python2.divide_in_place(floats, 2) is floats
    assert floats.tolist() == [3.5]


def test_tensors_divide_as_in_python2() -> None:
    whole = python2.divide(tf.constant(7), tf.constant(2))
    part = python2.divide(1.0, tf.constant(2.0))
    assert tf.Session().run([whole, part]) == [3, 0.5]


def test_a_program_and_its_modules_are_converted(launch: Launch) -> None:
    program = """
import tensorflow as tf
from helper import half
print "half of 7 is", half(7)
print tf.Session().run(tf.constant(1) + 1)
"""
    helper = "print 'imported'\ndef half(x):\n    return x / 2\n"
    done = launch("run", "p.py", p_dot_py=program, helper_dot_py=helper)
    assert done.stdout == "imported\nhalf of 7 is 3\n2\n", done.stderr
    assert done.stderr.count("is Python 2") == 2


def test_converted_modules_leave_no_compiled_files(launch: Launch, tmp_path: Any) -> None:
    done = launch("run", "p.py", p_dot_py="import helper", helper_dot_py="print 'x'")
    assert done.stdout == "x\n"
    assert not list(tmp_path.rglob("*.pyc"))
