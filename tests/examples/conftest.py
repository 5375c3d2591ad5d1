"""Makes the modules of the example folders importable by their plain names."""

from __future__ import annotations

import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
sys.path[:0] = [str(EXAMPLES / "stop_susy"), str(EXAMPLES)]
