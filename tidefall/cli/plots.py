"""A matplotlib backend for notebooks: figures become PNG files.

Used as ``MPLBACKEND=module://tidefall.cli.plots``.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from matplotlib import pyplot
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_agg import FigureManagerBase as FigureManager

__all__ = ["FigureCanvas", "FigureManager", "save_open_figures", "show"]

FigureCanvas = FigureCanvasAgg

#: Where figures go, and what their names begin with; set before the first one is shown.
prefix = os.environ.get("TIDEFALL_PLOTS", os.path.join(os.getcwd(), "figure"))
_count = 0


def show(*args: Any, **kwargs: Any) -> None:
    """``plt.show()``: writes the open figures and closes them."""
    save_open_figures()


def save_open_figures() -> None:
    """Writes every open figure to a file of its own, says so, and closes it."""
    global _count
    for number in pyplot.get_fignums():
        figure = pyplot.figure(number)
        _count += 1
        path = f"{prefix}-{_count:02d}.png"
        figure.savefig(path, dpi=100, bbox_inches="tight")
        print(f"tidefall run: plot written to {os.path.basename(path)}", file=sys.stderr)
        pyplot.close(figure)
