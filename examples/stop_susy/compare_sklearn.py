"""Trains scikit-learn's MLPClassifier on the demo's events: the AUC the demo should reach.

    pip install scikit-learn
    python compare_sklearn.py --seeds 5

Shape, optimizer, batches, epochs and the two halves of the events are those of
``../stop_susy.py``; early stopping is off and the penalty on weights is zero. The spread over
seeds, which change the split, the first weights and the order of events, is what a difference
has to be measured against.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import roc_auc_score
from sklearn.neural_network import MLPClassifier

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import events


def main() -> None:
    """Prints the AUC of every seed, their mean and their standard deviation."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--signal", choices=events.SIGNALS, nargs="*", default=events.SIGNALS)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--learning-rate", type=float, default=0.003)
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)  # the number of epochs is chosen
    for signal in options.signal:
        areas = []
        for seed in range(1, options.seeds + 1):
            started = time.perf_counter()
            areas.append(auc(signal, seed, options.epochs, options.learning_rate))
            seconds = time.perf_counter() - started
            print(f"{signal} seed {seed}: AUC {areas[-1]:.4f}, {seconds:.1f} s", flush=True)
        print(f"{signal}: {np.mean(areas):.4f} +- {np.std(areas, ddof=1):.4f}")


def auc(signal: str, seed: int, epochs: int, learning_rate: float) -> float:
    """The area under the ROC curve of the test half."""
    data = events.load_events(signal, seed)
    features = [name for name in data if name != "signal"]
    x_train, x_test = events.standardise(*events.halves(events.matrix(data, features)))
    y_train, y_test = events.halves(data["signal"])
    network = MLPClassifier(
        hidden_layer_sizes=(50, 50),
        activation="relu",
        solver="adam",
        alpha=0.0,
        batch_size=1024,
        learning_rate_init=learning_rate,
        max_iter=epochs,
        n_iter_no_change=epochs,
        random_state=seed,
    )
    network.fit(x_train, y_train)
    return float(roc_auc_score(y_test, network.predict_proba(x_test)[:, 1]))


if __name__ == "__main__":
    main()
