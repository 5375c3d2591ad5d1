"""``tidefall run`` starts a program as Python would."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Launch = Callable[..., "subprocess.CompletedProcess[str]"]


def test_a_program_finds_what_python_gives_it(launch: Launch, tmp_path: Path) -> None:
    program = """
import sys
import tensorflow as tf
from beside import value
print(tf.__version__, sys.argv, __file__, __name__, __doc__, __spec__, value)
print(sys.path[0])
print(sys.modules["__main__"].__dict__ is globals(), isinstance(__builtins__, type(sys)))
print(tf.Session().run(tf.constant(2.0) * 3.0))
"""
    done = launch(
        "run", "folder/p.py", "one", "--two=2", "-x",
        folder__p_dot_py=program, folder__beside_dot_py="value = 5",
    )  # fmt: skip
    assert done.stdout.splitlines() == [
        "1.15.5 ['folder/p.py', 'one', '--two=2', '-x'] folder/p.py __main__ None None 5",
        str(tmp_path / "folder"),
        "True True",
        "6.0",
    ], done.stderr
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("end", "status", "error"),
    [
        ("import sys; sys.exit(3)", 3, ""),
        ("raise SystemExit('a message')", 1, "a message\n"),
        ("raise SystemExit", 0, ""),
        ("raise KeyboardInterrupt", 130, "KeyboardInterrupt\n"),
        ("1 / 0", 1, "ZeroDivisionError: division by zero\n"),
    ],
)
def test_the_exit_status_is_the_programs(launch: Launch, end: str, status: int, error: str) -> None:
    done = launch("run", "p.py", p_dot_py=end)
    assert done.returncode == status
    assert done.stderr.endswith(error)


def test_a_traceback_shows_the_users_lines_only(launch: Launch) -> None:
    program = """
import tensorflow as tf
def build():
    x = tf.placeholder(tf.float32, [2, 3])
    return tf.matmul(x, x)
build()
"""
    done = launch("run", "p.py", p_dot_py=program)
    lines = [line for line in done.stderr.splitlines() if line.startswith("  File")]
    assert lines == [
        '  File "p.py", line 6, in <module>',
        '  File "p.py", line 5, in build',
    ]
    assert "The above exception" not in done.stderr
    assert "3 != 2" in done.stderr
    whole = launch("run", "--full-traceback", "p.py")
    assert "build.py" in whole.stderr


def test_the_cause_of_an_error_is_shown_if_it_is_the_users(launch: Launch) -> None:
    program = """
try:
    {}["key"]
except KeyError as error:
    raise ValueError("wrapped") from error
"""
    done = launch("run", "p.py", p_dot_py=program)
    assert "KeyError: 'key'" in done.stderr
    assert "direct cause" in done.stderr


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("tf.nn.no_such_thing(1)", "AttributeError: tidefall has no tf.nn.no_such_thing yet"),
        ("tf.nonsense", "AttributeError: tidefall has no tf.nonsense yet"),
        ("from tensorflow import nonsense", "ImportError: tidefall has no tf.nonsense yet"),
        ("import tensorflow.non.sense", "ImportError: tidefall has no tf.non yet"),
        (
            "from tensorflow.python.ops.array_ops import nonsense",
            "ImportError: tidefall has no tensorflow.python.ops.array_ops.nonsense yet",
        ),
    ],
)
def test_a_missing_symbol_is_named_with_its_line(launch: Launch, line: str, message: str) -> None:
    done = launch("run", "p.py", p_dot_py=f"import tensorflow as tf\n\n{line}\n")
    assert message in done.stderr
    assert f'File "p.py", line 3, in <module>\n    {line}' in done.stderr


def test_errors_of_syntax_and_missing_files(launch: Launch) -> None:
    done = launch("run", "p.py", p_dot_py="x = = 1\n")
    assert done.returncode == 1
    assert done.stderr.startswith('  File "p.py", line 1\n')
    assert "SyntaxError" in done.stderr
    done = launch("run", "absent.py")
    assert (done.returncode, done.stderr) == (2, "tidefall run: there is no file 'absent.py'\n")


def test_a_module_runs_like_python_m(launch: Launch) -> None:
    main = "import tensorflow, sys; print(__name__, __package__, sys.argv[1:], tensorflow.VERSION)"
    done = launch(
        "run", "-m", "package", "argument",
        package__main_dot_py="", package__init_dot_py="",
        **{"package______init_____dot_py": ""},
    )  # fmt: skip
    assert done.returncode == 2
    done = launch("run", "-m", "package.inner", "argument", package__inner_dot_py=main)
    assert done.stdout == "__main__ package ['argument'] 1.15.5\n", done.stderr


def test_app_run_finds_main(launch: Launch) -> None:
    program = """
import tensorflow as tf
tf.flags.DEFINE_integer("n", 1, "A number.")
def main(_):
    print("n is", tf.flags.FLAGS.n)
if __name__ == "__main__":
    tf.app.run()
"""
    done = launch("run", "p.py", "--n=4", p_dot_py=program)
    assert (done.stdout, done.returncode) == ("n is 4\n", 0), done.stderr


def test_the_version_and_the_help(launch: Launch) -> None:
    assert launch("--version").stdout.startswith("tidefall ")
    assert "run a TensorFlow 1 program unchanged" in launch("--help").stdout
    assert launch().returncode == 2
