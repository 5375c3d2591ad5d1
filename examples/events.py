"""Reads the simulated events that the stop examples learn from.

``stop_susy/README.md`` says how they were made and what the columns mean.
"""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

FOLDER = Path(__file__).resolve().parent / "stop_susy"
SIGNALS = ("600_400", "900_100")  # masses of the stop and of the lightest neutralino in GeV


def load_sample(name):
    """Returns one sample, for example "background", as a dict of float32 columns."""
    table = pq.read_table(FOLDER / (name + ".parquet"))
    return {column: table[column].to_numpy() for column in table.column_names}


def load_events(signal, seed=0):
    """Returns background and one signal together, in a random order that the seed decides."""
    background, signal = load_sample("background"), load_sample("stop_" + signal)
    order = np.random.RandomState(seed).permutation(len(background["MET"]) + len(signal["MET"]))
    return {name: np.concatenate([background[name], signal[name]])[order] for name in background}


def matrix(events, columns):
    """Returns the chosen columns side by side, a row for each event."""
    return np.stack([events[name] for name in columns], axis=1)


def halves(array):
    """Splits an array into its first and its second half: to train with, and to test with."""
    middle = len(array) // 2
    return array[:middle], array[middle:]


def standardise(train, test):
    """Shifts and scales each column to mean 0 and width 1, both measured on the first array."""
    mean, width = train.mean(axis=0), train.std(axis=0)
    return (train - mean) / width, (test - mean) / width


def batches(rng, size, *arrays):
    """Yields the rows of the arrays in a new random order, `size` at a time."""
    order = rng.permutation(len(arrays[0]))
    for start in range(0, len(order), size):
        chosen = order[start : start + size]
        yield tuple(array[chosen] for array in arrays)
