"""Draws the distributions of all samples, to see whether they look as physics says.

python control_plots.py --output plots
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

SAMPLES = {
    "background": (r"$t\bar{t}$", "0.75"),
    "stop_600_400": (r"$\tilde{t}$ 600, $\tilde{\chi}$ 400 GeV", "#0072b2"),
    "stop_900_100": (r"$\tilde{t}$ 900, $\tilde{\chi}$ 100 GeV", "#d55e00"),
}
MAIN = {
    "HT": (0, 1500),
    "MET": (0, 800),
    "MT": (0, 500),
    "MT2W": (80, 500),
    "n_jet": (-0.5, 10.5),
    "n_bjet": (-0.5, 5.5),
    "sel_lep_pt0": (0, 300),
    "sel_lep_eta0": (-3, 3),
}
ANGLES = {"METPhi": (-np.pi, np.pi), "sel_lep_phi0": (-np.pi, np.pi)}
JETS = {
    f"selJet_{name}{i}": limits
    for i in range(3)
    for name, limits in {
        "pt": (0, 600 - 150 * i),
        "eta": (-3, 3),
        "phi": (-np.pi, np.pi),
        "m": (0, 80 - 20 * i),
    }.items()
}
LANDMARKS = {"MT": (80.4, "$m_W$"), "MT2W": (172.5, "$m_t$"), "MET": (80.0, "cut")}

Tables = dict[str, dict[str, NDArray[np.float32]]]


def main() -> None:
    """Reads the samples beside this file and draws three pages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--input", type=Path, default=Path(__file__).parent)
    parser.add_argument("--output", type=Path, default=Path("plots"))
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    tables = {
        name: {column: table[column].to_numpy() for column in table.column_names}
        for name in SAMPLES
        if (options.input / f"{name}.parquet").exists()
        for table in [pq.read_table(options.input / f"{name}.parquet")]
    }
    for page, columns in (("main", MAIN), ("angles", ANGLES), ("jets", JETS)):
        draw(tables, columns, options.output / f"control_{page}.png")
    describe(tables)


def draw(tables: Tables, columns: dict[str, tuple[float, float]], path: Path) -> None:
    """Draws one panel for each column, all samples scaled to the same area.

    The last bin also holds what lies beyond it.
    """
    rows = (len(columns) + 3) // 4
    figure, axes = plt.subplots(rows, 4, figsize=(16, 3.4 * rows), squeeze=False)
    for axis, (column, (low, high)) in zip(axes.flat, columns.items(), strict=False):
        bins = np.arange(low, high + 1) if column.startswith("n_") else np.linspace(low, high, 61)
        for name, table in tables.items():
            label, color = SAMPLES[name]
            filled = name == "background"
            axis.hist(
                np.clip(table[column], bins[0], bins[-1]),
                bins,
                density=True,
                histtype="stepfilled" if filled else "step",
                color=color,
                label=label,
            )
        if column in LANDMARKS:
            position, text = LANDMARKS[column]
            axis.axvline(position, color="black", linestyle=":", linewidth=1)
            axis.annotate(f" {text}", (position, 0.92), xycoords=("data", "axes fraction"))
        if not column.endswith(("eta0", "phi0", "eta1", "phi1", "eta2", "phi2", "Phi")):
            axis.set_yscale("log")
        axis.set_xlabel(column)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, frameon=False, ncols=3, loc="upper center")
    for axis in axes.flat[len(columns) :]:
        axis.set_visible(False)
    figure.tight_layout(rect=(0, 0, 1, 0.97))
    figure.savefig(path, dpi=100)
    plt.close(figure)


def describe(tables: Tables) -> None:
    """Prints the numbers that the README quotes."""
    for name, table in tables.items():
        b_jets = np.bincount(table["n_bjet"].astype(int))[:4] / len(table["MT"])
        counts = ", ".join(f"{share:.3f}" for share in b_jets)
        print(
            f"{name}: {len(table['MT'])} events; MET median {np.median(table['MET']):.0f}, "
            f"HT median {np.median(table['HT']):.0f}, "
            f"MT > 120: {np.mean(table['MT'] > 120):.3f}, "
            f"MT2W > 200: {np.mean(table['MT2W'] > 200):.3f}, "
            f"n_bjet 0, 1, 2, 3: {counts}; "
            f"two jets only: {np.mean(table['n_jet'] == 2):.3f}; "
            f"finite: {all(np.isfinite(c).all() for c in table.values())}"
        )


if __name__ == "__main__":
    main()
