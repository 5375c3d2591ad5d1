"""Configuration of the documentation site."""

import importlib.metadata

project = "tidefall"
author = "The tidefall maintainers"
release = importlib.metadata.version("tidefall")
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.doctest",
    "sphinx.ext.napoleon",
]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "tidefall"
