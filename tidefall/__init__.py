"""The TensorFlow 1.x graph programming model, for today's Python.

A program builds a static graph of operations, feeds placeholders, keeps its parameters in
variables, and runs any part of the graph in a session.
"""

from __future__ import annotations

import sys as _sys
from typing import Any as _Any

from tidefall import namespace as _namespace
from tidefall.client import session as _session
from tidefall.core import exports as _exports
from tidefall.gradients import walk as _walk
from tidefall.ops import math as _math
from tidefall.ops import nn as _nn
from tidefall.ops import state as _state
from tidefall.ops import training as _training
from tidefall.train import adam as _adam
from tidefall.variables import variable as _variable

__version__ = "0.1.0"

_IMPORTED = (_session, _walk, _math, _nn, _state, _training, _adam, _variable)

_namespace.build(_sys.modules[__name__], _exports.TABLE)


def __getattr__(name: str) -> _Any:
    raise AttributeError(f"tidefall has no tf.{name}.")
