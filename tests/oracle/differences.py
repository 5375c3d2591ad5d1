"""Where tidefall's graphs, values or errors differ from TensorFlow 1.15's, and why.

Deliberate differences are part of the design and stay. Gaps are to be closed: a test listed there
is expected to fail, and says so when it no longer does.

One difference needs no entry: gradient subgraphs keep TensorFlow's scope names but are smaller, so
``canonical.set_gradients_apart`` leaves their nodes out on both sides.
"""

from __future__ import annotations

# Program of a graph -> node -> reason. The named node may differ, or exist on one side only.
GRAPH_DIFFERENCES: dict[str, dict[str, str]] = {}

# Program of a graph -> what is missing.
GRAPH_GAPS: dict[str, str] = {}

# Stream of random numbers -> what is missing.
RANDOM_GAPS: dict[str, str] = {}

# Training run -> what is missing.
TRAINING_GAPS: dict[str, str] = {}

# Program of tests on the order of reads and writes -> what is missing.
ORDER_GAPS: dict[str, str] = {}

# Expression -> what is missing.
VALUE_GAPS: dict[str, str] = {}

# Expression -> reason; TensorFlow's value is expected not to come out.
VALUE_DIFFERENCES: dict[str, str] = {}

# Line of the table of gradients -> what is missing.
GRADIENT_GAPS: dict[str, str] = {}

# Imported graph -> what is missing.
IMPORT_GAPS: dict[str, str] = {}

# Wrong use -> the classes raised here, and the reason.
ERROR_DIFFERENCES: dict[str, tuple[list[str], str]] = {}

# Wrong use -> what is missing.
ERROR_GAPS: dict[str, str] = {}
