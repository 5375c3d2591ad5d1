"""``tf.flags`` and ``tf.app.run`` as TensorFlow 1.15's programs use them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import tidefall as tf

ROOT = Path(tf.__file__).parent.parent

PROGRAM = '''
"""What the program does."""
import tidefall as tf

flags = tf.app.flags
flags.DEFINE_string("name", "default", "A name.")
flags.DEFINE_integer(flag_name="count", default_value=3, docstring="A count.")
flags.DEFINE_float("rate", 0.5, "A rate.")
flags.DEFINE_boolean("quiet", False, "Whether.")
tf.flags.DEFINE_enum("kind", "a", ["a", "b"], "A kind.")
tf.flags.DEFINE_list("items", ["x"], "A list.")
FLAGS = tf.app.flags.FLAGS


def main(argv):
    print(argv[1:], FLAGS.name, FLAGS.count, FLAGS.rate, FLAGS.quiet, FLAGS.kind, FLAGS.items)
    return 7


if __name__ == "__main__":
    tf.app.run()
'''


def run(folder: Path, program: str, *args: str) -> subprocess.CompletedProcess[str]:
    path = folder / "program.py"
    path.write_text(program)
    return subprocess.run(
        [sys.executable, str(path), *args],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_flags_are_parsed_and_main_gets_the_rest(tmp_path: Path) -> None:
    done = run(tmp_path, PROGRAM, "--name=n", "left", "--count", "5", "--quiet", "--kind=b")
    assert done.stdout == "['left'] n 5 0.5 True b ['x']\n", done.stderr
    assert done.returncode == 7


def test_a_flag_can_be_switched_off_and_unknown_ones_go_to_main(tmp_path: Path) -> None:
    done = run(tmp_path, PROGRAM, "--noquiet", "--items=a,b", "--unknown=1")
    assert done.stdout == "['--unknown=1'] default 3 0.5 False a ['a', 'b']\n", done.stderr


def test_help_lists_the_flags(tmp_path: Path) -> None:
    done = run(tmp_path, PROGRAM, "--help")
    assert "What the program does." in done.stdout
    assert "--count: A count." in done.stdout


def test_a_wrong_value_ends_the_program(tmp_path: Path) -> None:
    done = run(tmp_path, PROGRAM, "--count=many")
    assert done.returncode == 1
    assert "count" in done.stderr
    assert "many" in done.stderr


def test_flags_may_be_read_before_anything_parsed_them(tmp_path: Path) -> None:
    program = PROGRAM.replace("tf.app.run()", "print(FLAGS.name, 'name' in FLAGS, len(FLAGS) > 5)")
    done = run(tmp_path, program, "--name=early", "--other")
    assert done.stdout == "early True True\n", done.stderr


def test_absl_sees_the_same_flags(tmp_path: Path) -> None:
    program = PROGRAM.replace(
        "tf.app.run()",
        "from absl import app, flags as absl_flags\n"
        "    absl_flags.DEFINE_string('own', 'o', 'x')\n"
        "    app.run(lambda argv: print(FLAGS.own, absl_flags.FLAGS.name))",
    )
    done = run(tmp_path, program, "--name=shared")
    assert done.stdout == "o shared\n", done.stderr


def test_main_and_argv_can_be_given() -> None:
    seen: list[list[str]] = []
    with pytest.raises(SystemExit):
        tf.app.run(main=seen.append, argv=["program", "argument"])
    assert seen == [["program", "argument"]]


def test_a_missing_name_is_said() -> None:
    with pytest.raises(AttributeError, match=r"no tf\.flags\.DEFINE_nonsense"):
        _ = tf.flags.DEFINE_nonsense
