"""`import tidefall` is light: what it loads is checked, how long it takes is only printed."""

import json
import subprocess
import sys

HEAVY = {
    "IPython",
    "absl",
    "google.protobuf",
    "hypothesis",
    "jax",
    "jaxlib",
    "keras",
    "llvmlite",
    "matplotlib",
    "pandas",
    "pyarrow",
    "rich",
    "scipy",
    "sklearn",
    "tensorboard",
    "tensorflow",
    "torch",
}

PROBE = """
import json, sys, time
start = time.perf_counter()
import tidefall
print(json.dumps({"seconds": time.perf_counter() - start, "modules": sorted(sys.modules)}))
"""


def test_import_loads_nothing_of_weight() -> None:
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROBE], check=True, capture_output=True, text=True
    )
    report = json.loads(run.stdout)
    print(f"import tidefall: {report['seconds']:.3f} s, {len(report['modules'])} modules loaded")
    loaded = HEAVY & set(report["modules"])
    assert not loaded, f"import tidefall loads {', '.join(sorted(loaded))}"
