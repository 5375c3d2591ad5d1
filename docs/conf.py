"""Configuration of the documentation site."""

import importlib.metadata
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

project = "tidefall"
author = "The tidefall maintainers"
release = importlib.metadata.version("tidefall")
extensions = [
    "api_pages",
    "myst_parser",
    "sphinx.ext.napoleon",
]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "tidefall"
