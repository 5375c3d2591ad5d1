"""Proton collisions from Pythia 8: the physics processes and what is read from an event."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import awkward as ak
import numpy as np
import pythia8mc
from kinematics import Array
from numpy.typing import NDArray
from selection import Event

STOP, LSP, TOP = 1000006, 1000022, 6
HEAVY_SPARTICLE_MASS = 5000.0
STOP_WIDTH = 1.0

_COMMON = [
    "Beams:eCM = 13000.",
    "Random:setSeed = on",
    "Print:quiet = on",
    # Experiments subtract the underlying event and pile-up from jets. Leaving out the soft
    # extra collisions models the result of that, and makes an event four times cheaper.
    "PartonLevel:MPI = off",
]
_TOP_PAIRS = ["Top:gg2ttbar = on", "Top:qqbar2ttbar = on"]
_STOP_PAIRS = [
    "SUSY:gg2squarkantisquark = on",
    "SUSY:qqbar2squarkantisquark = on",
    f"SUSY:idVecA = {STOP}",
    f"SUSY:idVecB = {STOP}",
]


@dataclass(frozen=True)
class Sample:
    """One table of events: its file name, its label and how Pythia is to make it."""

    name: str
    signal: bool
    seed: int
    stop_mass: float = 0.0
    lsp_mass: float = 0.0


SAMPLES = {
    sample.name: sample
    for sample in (
        Sample("background", signal=False, seed=101),
        Sample("stop_600_400", signal=True, seed=202, stop_mass=600, lsp_mass=400),
        Sample("stop_900_100", signal=True, seed=303, stop_mass=900, lsp_mass=100),
    )
}


class Simulation:
    """A stream of simulated collisions of one sample, always the same for the same seed."""

    def __init__(self, sample: Sample) -> None:
        self._pythia = pythia8mc.Pythia("", False)
        self._filter = _LeptonFilter()
        self._pythia.setUserHooksPtr(self._filter)
        with tempfile.TemporaryDirectory() as folder:
            settings = [*_COMMON, f"Random:seed = {sample.seed}"]
            if sample.signal:
                spectrum = Path(folder) / "spectrum.slha"
                spectrum.write_text(slha(sample.stop_mass, sample.lsp_mass))
                settings += [*_STOP_PAIRS, f"SLHA:file = {spectrum}", "SLHA:verbose = 0"]
            else:
                settings += _TOP_PAIRS
            for line in settings:
                if not self._pythia.readString(line):
                    raise ValueError(f"Pythia does not know the setting {line!r}")
            if not self._pythia.init():
                raise RuntimeError(f"Pythia could not be set up for {sample.name}")

    def batches(self, size: int) -> Iterator[list[Event]]:
        """Yields lists of ``size`` collisions, endlessly."""
        while True:
            yield list(_read(self._pythia.nextBatch(size)))

    @property
    def leptonic_fraction(self) -> float:
        """The share of all collisions in which a W decays to a charged lepton."""
        return self._filter.kept / self._filter.seen

    @property
    def cross_section(self) -> float:
        """The leading-order cross section in pb, all decays of the W included."""
        # Pythia's own figure is that of the collisions which the filter let through.
        return float(self._pythia.infoPython().sigmaGen()) * 1e9 / self.leptonic_fraction


class _LeptonFilter(pythia8mc.UserHooks):  # type: ignore[misc]
    """Drops a collision before the costly steps if neither W decays to e, mu or tau.

    The kinds that pass keep their natural proportions, unlike with forced decays. The names of
    the methods are Pythia's.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0
        self.kept = 0

    def canVetoProcessLevel(self) -> bool:
        return True

    def doVetoProcessLevel(self, process: pythia8mc.Event) -> bool:
        leptonic = any(process[i].idAbs() in (11, 13, 15) for i in range(process.size()))
        self.seen += 1
        self.kept += leptonic
        return not leptonic


def slha(stop_mass: float, lsp_mass: float) -> str:
    """A supersymmetric spectrum in which the only light sparticles are a stop and the LSP.

    Mixing matrices are unity, so the stop is purely left-handed and the LSP a bino. The stop
    always decays to a top and the LSP, evenly in all directions.
    """
    squarks_and_sleptons = [
        1_000_000 * chirality + flavour
        for chirality in (1, 2)
        for flavour in (1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16)
        if (chirality, flavour) not in {(2, 12), (2, 14), (2, 16)}
    ]
    gauginos_and_higgses = [1000021, 1000023, 1000024, 1000025, 1000035, 1000037, 35, 36, 37]
    masses = dict.fromkeys(squarks_and_sleptons + gauginos_and_higgses, HEAVY_SPARTICLE_MASS)
    masses |= {25: 125.0, STOP: stop_mass, LSP: lsp_mass}
    blocks = [
        ["BLOCK MODSEL", " 1 0"],
        ["BLOCK MASS", *(f" {particle} {m:.6e}" for particle, m in sorted(masses.items()))],
        _unit_matrix("NMIX", 4),
        *(_unit_matrix(name, 2) for name in ("UMIX", "VMIX", "STOPMIX", "SBOTMIX", "STAUMIX")),
        ["BLOCK ALPHA", " -0.1"],
        ["BLOCK HMIX", " 1 5.0e+03", " 2 1.0e+01"],
        [f"DECAY {STOP} {STOP_WIDTH}", f" 1.0 2 {LSP} {TOP}"],
        [f"DECAY {LSP} 0.0"],
    ]
    return "\n".join(line for block in blocks for line in block) + "\n"


def _unit_matrix(name: str, size: int) -> list[str]:
    entries = [f" {i} {j} {float(i == j)}" for i in range(1, size + 1) for j in range(1, size + 1)]
    return [f"BLOCK {name}", *entries]


def _read(batch: ak.Array) -> Iterator[Event]:
    """Turns Pythia's records into the particles a detector could see."""
    particles = batch.prt
    sizes = ak.to_numpy(ak.num(particles))
    flat = ak.flatten(particles)
    code = np.abs(ak.to_numpy(flat.id))
    final = ak.to_numpy(flat.status) > 0
    momenta = np.stack([ak.to_numpy(flat.p[name]) for name in ("px", "py", "pz", "e")], axis=-1)
    seen = final & ~np.isin(code, (12, 14, 16, LSP))
    beauty, charm = _is_hadron_with(code, 5), _is_hadron_with(code, 4)
    stops = np.cumsum(sizes)
    for start, stop in zip(stops - sizes, stops, strict=True):
        here = slice(start, stop)
        p: Array = momenta[here]
        yield Event(
            codes=code[here][seen[here]],
            momenta=p[seen[here]],
            b_hadrons=p[beauty[here]],
            c_hadrons=p[charm[here]],
        )


def _is_hadron_with(code: NDArray[np.int64], flavour: int) -> NDArray[np.bool_]:
    """Whether the heaviest quark of a particle, by its number, is of the given flavour.

    A meson's number has its heavier quark in the hundreds, a baryon's in the thousands.
    """
    ordinary = (code > 100) & (code < 1_000_000)
    thousands, hundreds = code // 1000 % 10, code // 100 % 10
    heaviest = np.where(thousands > 0, thousands, hundreds)
    return ordinary & (heaviest == flavour)
