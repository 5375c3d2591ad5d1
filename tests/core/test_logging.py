"""``tf.logging`` writes what TensorFlow 1.15 writes, and names the caller's line."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest

import tidefall as tf

PROGRAM = """
import tidefall as tf
tf.logging.info("hidden")
tf.logging.warn("warned %d", 3)
tf.logging.set_verbosity(tf.logging.INFO)
tf.logging.info("shown %s", "x")
tf.logging.error("e")
tf.logging.fatal("f")
tf.logging.debug("hidden")
tf.logging.log(tf.logging.INFO, "logged")
tf.logging.vlog(tf.logging.WARN, "v")
for i in range(4):
    tf.logging.log_first_n(tf.logging.INFO, "first %d", 2, i)
    tf.logging.log_every_n(tf.logging.INFO, "every %d", 2, i)
tf.logging.log_if(tf.logging.INFO, "if %s", True, "a")
tf.logging.log_if(tf.logging.INFO, "hidden", False)
tf.logging.TaskLevelStatusMessage("task")
tf.logging.flush()
"""


@pytest.fixture(autouse=True)
def _level() -> Iterator[None]:
    before = tf.logging.get_verbosity()
    yield
    logging.getLogger("tensorflow").setLevel(before)


def test_the_lines_are_tensorflows() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert done.stderr.splitlines() == [
        "WARNING:tensorflow:warned 3",
        "INFO:tensorflow:shown x",
        "ERROR:tensorflow:e",
        "CRITICAL:tensorflow:f",
        "INFO:tensorflow:logged",
        "WARNING:tensorflow:v",
        "INFO:tensorflow:first 0",
        "INFO:tensorflow:every 0",
        "INFO:tensorflow:first 1",
        "INFO:tensorflow:every 2",
        "INFO:tensorflow:if a",
        "ERROR:tensorflow:task",
    ]
    assert done.stdout == ""


def test_a_record_names_the_callers_line(caplog: pytest.LogCaptureFixture) -> None:
    tf.logging.warning("here")
    assert caplog.records[0].pathname == __file__
    assert caplog.records[0].funcName == "test_a_record_names_the_callers_line"


def test_the_level_is_that_of_the_logger_tensorflow() -> None:
    tf.logging.set_verbosity("DEBUG")
    assert tf.logging.get_verbosity() == tf.logging.DEBUG == 10
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    assert tf.logging.get_verbosity() == tf.logging.ERROR
