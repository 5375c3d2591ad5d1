"""NumPy as the array namespace of kernels.

All of NumPy's functions are here under their own names; this file adds what kernels need beyond
the array API standard, in the form `tidefall.array.jax` offers too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

globals().update({_name: getattr(np, _name) for _name in np.__all__ if _name != "test"})

name = "numpy"


def bitcast(x: Any, dtype: Any) -> Any:
    """The same bits read as another dtype of the same size."""
    return np.asarray(x).view(dtype)


def scatter_add(x: Any, indices: Any, updates: Any) -> Any:
    """A copy of ``x`` with ``updates`` added at ``indices`` along the first axis, repeats too."""
    result = np.array(x)
    np.add.at(result, indices, updates)
    return result


def scatter_set(x: Any, indices: Any, updates: Any) -> Any:
    """A copy of ``x`` with ``updates`` written at ``indices`` along the first axis."""
    result = np.array(x)
    result[indices] = updates
    return result


def __getattr__(name: str) -> Any:
    return getattr(np, name)
