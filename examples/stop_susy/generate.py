"""Simulates the events of the stop search and writes one Parquet file per sample.

    pip install pythia8mc==8.317.2 fastjet numpy pyarrow
    python generate.py                 # all three samples, about half an hour
    python generate.py background      # one of them

The files it makes are committed beside it, so only who wants other events needs to run it.
The same seed gives the same events.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import awkward as ak
import fastjet
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from detector import Detector
from kinematics import Array
from selection import (
    JET_RADIUS,
    SOFT_JET_PT,
    LeptonEvent,
    Selected,
    select,
    single_lepton,
    table,
)
from simulation import SAMPLES, Sample, Simulation

ANTI_KT = fastjet.JetDefinition(fastjet.antikt_algorithm, JET_RADIUS)


def main() -> None:
    """Reads the command line and makes the samples one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("samples", nargs="*", default=[*SAMPLES], help=", ".join(SAMPLES))
    parser.add_argument("--events", type=int, default=25_000, help="selected events per sample")
    parser.add_argument("--batch", type=int, default=500, help="collisions simulated at a time")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent)
    options = parser.parse_args()
    for name in options.samples:
        make(SAMPLES[name], options.events, options.batch, options.output)


def make(sample: Sample, wanted: int, batch: int, folder: Path) -> None:
    """Simulates until enough events are selected, then writes them."""
    started = time.perf_counter()
    detector = Detector(np.random.default_rng(sample.seed))
    simulation = Simulation(sample)
    selected: list[Selected] = []
    collisions = with_lepton = 0
    for events in simulation.batches(batch):
        found = [lepton for event in events if (lepton := single_lepton(event, detector))]
        passed = [select(e, jets, detector) for e, jets in zip(found, cluster(found), strict=True)]
        selected += [event for event in passed if event is not None]
        collisions += len(events)
        with_lepton += len(found)
        seconds = time.perf_counter() - started
        print(f"{sample.name}: {len(selected)} of {collisions}, {seconds:.0f} s", flush=True)
        if len(selected) >= wanted:
            break
    share = simulation.leptonic_fraction
    print(
        f"{sample.name}: a lepton from a W in {share:.4f} of all collisions; of these one good "
        f"lepton in {with_lepton / collisions:.4f}, selected {len(selected) / collisions:.4f} "
        f"(of all {share * len(selected) / collisions:.4f}); "
        f"leading-order cross section {simulation.cross_section:.4g} pb"
    )
    write(table(selected[:wanted], signal=sample.signal), folder / f"{sample.name}.parquet")


def cluster(events: list[LeptonEvent]) -> Iterator[Array]:
    """Anti-kt jets above ``SOFT_JET_PT`` of each event, as ``[n, 4]`` momenta."""
    if not events:
        return
    flat = np.concatenate([event.rest for event in events])
    fields = {name: flat[:, i] for i, name in enumerate(("px", "py", "pz", "E"))}
    particles = ak.unflatten(ak.zip(fields), [len(event.rest) for event in events])
    jets = fastjet.ClusterSequence(particles, ANTI_KT).inclusive_jets(min_pt=SOFT_JET_PT)
    sizes = ak.to_numpy(ak.num(jets))
    momenta = np.stack([ak.to_numpy(ak.flatten(jets[name])) for name in fields], axis=-1)
    yield from np.split(momenta, np.cumsum(sizes)[:-1])


def write(columns: dict[str, np.ndarray], path: Path) -> None:
    """Writes float32 columns, grouped by bytes of equal weight and compressed."""
    pq.write_table(
        pa.table(columns),
        path,
        compression="zstd",
        compression_level=19,
        use_dictionary=["signal", "n_jet", "n_bjet"],
        column_encoding={
            name: "BYTE_STREAM_SPLIT"
            for name in columns
            if name not in {"signal", "n_jet", "n_bjet"}
        },
    )
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
