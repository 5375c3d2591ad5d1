"""NumPy under another name: what is written for every namespace runs on it as it does on JAX."""

from types import SimpleNamespace
from typing import Any

import ml_dtypes  # noqa: F401 (so that NumPy knows bfloat16 by its name)
import numpy as np

from tidefall.array import numpy as xp

plain: Any = SimpleNamespace(**{name: getattr(np, name) for name in np.__all__}, bitcast=xp.bitcast)
plain.name = "plain"
