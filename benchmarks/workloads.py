"""The workloads and their data, the same for every provider.

This module also runs under Python 3.7, beside TensorFlow 1.15.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable

import numpy as np


@dataclass(frozen=True)
class Workload:
    """What is trained or run, and how long a timed block of it is."""

    name: str
    kind: (
        str  # mlp, net, cnn, lstm: a training step; infer: one forward pass; floor, const: one run
    )
    about: str
    dtype: str = "float32"
    rows: int = 0
    batch: int = 0  # 0: a different size on every step
    loss: str = ""
    steps: int = 0  # in a timed block
    check: int = 12  # how many first losses are compared between the providers
    sizes: tuple[int, ...] = ()  # mlp, net, infer
    image: tuple[int, ...] = ()  # cnn: height, width, channels
    blocks: tuple[tuple[int, ...], ...] = ()  # cnn: filters of the convolutions before each pooling
    dense: tuple[int, ...] = ()  # cnn: hidden dense layers
    classes: int = 0
    time: int = 0  # lstm: steps, inputs, units
    inputs: int = 0
    units: int = 0
    dynamic: bool = False
    activation: str = "relu"  # net, and what follows
    normalize: bool = False
    dropout: float = 0.0
    l2: float = 0.0
    tables: tuple[int, ...] = ()  # rows of the embedding of each column of identifiers
    width: int = 0  # of an embedded identifier
    towers: bool = False
    rebuild: bool = False  # the rows themselves are wanted
    warm: int = 0  # steps before the first timed block

    @property
    def tolerance(self) -> float:
        if self.dropout:
            return 2e-2
        return 2e-4 if self.dtype == "float64" else 3e-3


_STOP = (19, 50, 50, 1)
_HIGGS = (28, 300, 300, 300, 300, 300, 1)


def _lstm(name: str, about: str, dynamic: bool) -> Workload:
    return Workload(
        name, "lstm", about,
        rows=64 * 6, batch=64, loss="xent", steps=20, check=6,
        classes=10, time=28, inputs=28, units=128, dynamic=dynamic,
    )  # fmt: skip


_ALL = [
    Workload(
        "mt", "mlp", "5-4-4-1, batch 32, f64, MSE, Adam",
        dtype="float64", sizes=(5, 4, 4, 1), rows=32 * 200, batch=32, loss="mse", steps=1000,
        warm=4000,
    ),
    Workload(
        "stop", "mlp", "19-50-50-1, batch 1024, f64, BCE, Adam",
        dtype="float64", sizes=_STOP, rows=1024 * 12, batch=1024, loss="bce", steps=150,
    ),
    Workload(
        "gaussian", "mlp", "2-100-1, 20,000 rows full batch, f64, BCE, Adam",
        dtype="float64", sizes=(2, 100, 1), rows=20000, batch=20000, loss="bce", steps=30,
    ),
    Workload(
        "higgs", "mlp", "28-5x300-1, batch 100, f32, BCE, Adam",
        sizes=_HIGGS, rows=100 * 60, batch=100, loss="bce", steps=120,
    ),
    Workload(
        "wide", "mlp", "784-1024-1024-10, batch 512, f32, MSE, Adam",
        sizes=(784, 1024, 1024, 10), rows=512 * 4, batch=512, loss="mse", steps=15, check=8,
    ),
    Workload(
        "mnist", "cnn", "28x28x1, conv 4, pool, dense 16, batch 100, Adam",
        image=(28, 28, 1), blocks=((4,),), dense=(16,), classes=10,
        rows=100 * 20, batch=100, loss="xent", steps=60, check=8,
    ),
    Workload(
        "cifar", "cnn", "32x32x3, conv 32-32, pool, 64-64, pool, dense 512, batch 32, Adam",
        image=(32, 32, 3), blocks=((32, 32), (64, 64)), dense=(512,), classes=10,
        rows=32 * 6, batch=32, loss="xent", steps=8, check=6,
    ),
    _lstm("lstm", "28 steps x 28, 128 units, batch 64, unrolled, Adam", dynamic=False),
    _lstm("lstm_dyn", "the same through dynamic_rnn", dynamic=True),
    Workload(
        "infer1", "infer", "one row through the stop network",
        dtype="float64", sizes=_STOP, rows=256, batch=1, steps=1000, warm=4000,
    ),
    Workload("floor", "floor", "a + b, two fed scalars", rows=64, batch=1, steps=2000),
    Workload("const", "const", "sess.run of a constant", rows=64, batch=1, steps=4000),
]  # fmt: skip


def _net(
    name: str, about: str, sizes: tuple[int, ...], batch: int, steps: int, loss: str, **more: Any
) -> Workload:
    return Workload(
        name, "net", about,
        sizes=sizes, rows=40 * batch, batch=batch, steps=steps, warm=4 * steps, loss=loss, **more,
    )  # fmt: skip


_SHAPES = [
    _net(
        "softmax10", "40-100-100-10, batch 256, f32, softmax", (40, 100, 100, 10), 256, 150, "xent"
    ),
    _net(
        "small3", "5-3x7-1, batch 64, f64, tanh, MSE", (5, 7, 7, 7, 1), 64, 500, "mse",
        dtype="float64", activation="tanh",
    ),
    _net(
        "big3", "50-3x500-1, batch 128, f32, elu, BCE", (50, 500, 500, 500, 1), 128, 40, "bce",
        activation="elu",
    ),
    _net(
        "deep8", "30-8x64-1, batch 256, f32, tanh, BCE", (30, *8 * (64,), 1), 256, 60, "bce",
        activation="tanh",
    ),
    _net(
        "deep8_f64", "30-8x50-1, batch 256, f64, elu, MSE", (30, *8 * (50,), 1), 256, 60, "mse",
        dtype="float64", activation="elu",
    ),
    _net(
        "odd5", "11-61-33-101-7-1, batch 200, f32, BCE", (11, 61, 33, 101, 7, 1), 200, 150, "bce"
    ),
    _net(
        "dropout", "28-2x128-1, batch 256, f32, half dropped, BCE", (28, 128, 128, 1), 256, 100,
        "bce", dropout=0.5, check=100,
    ),
    _net(
        "batchnorm", "28-2x128-1, batch 256, f32, normalized by batch, BCE", (28, 128, 128, 1),
        256, 100, "bce", normalize=True,
    ),
    _net(
        "l2", "28-2x100-1, batch 256, f64, BCE and L2", (28, 100, 100, 1), 256, 100, "bce",
        dtype="float64", l2=1e-3,
    ),
    _net(
        "embedding", "13 numbers, 8 embeddings 1000x16, 128-64-1, batch 256, f32, BCE",
        (13, 128, 64, 1), 256, 60, "bce", tables=8 * (1000,), width=16,
    ),
    _net(
        "towers", "2 embeddings 2000x32, 2 towers 64-32, their product, batch 256, f32, BCE",
        (16, 64, 32), 256, 60, "bce", tables=(2000, 2000), width=32, towers=True,
    ),
    _net(
        "autoencoder", "64-32-8-32-64, batch 256, f32, tanh, MSE", (64, 32, 8, 32, 64), 256, 150,
        "mse", activation="tanh", rebuild=True,
    ),
    _net(
        "outputs5", "20-2x64-5, batch 256, f64, MSE", (20, 64, 64, 5), 256, 150, "mse",
        dtype="float64",
    ),
]  # fmt: skip

STEADY = {workload.name: workload for workload in [*_ALL, *_SHAPES]}
GROUPS = {"shapes": tuple(workload.name for workload in _SHAPES)}
RAGGED = Workload(
    "ragged", "mlp", "stop network, 200 steps, each with its own batch size of 1 to 200",
    dtype="float64", sizes=_STOP, rows=4096, batch=0, loss="bce", steps=200, check=200,
)  # fmt: skip


def find(name: str) -> Workload:
    return RAGGED if name == "ragged" else STEADY[name]


@dataclass
class Data:
    """Rows, initial parameters, and which rows step number ``i`` uses."""

    x: np.ndarray
    y: np.ndarray
    parameters: list[np.ndarray]
    rows_of: Callable[[int], slice]
    ids: np.ndarray | None = None


def parameter_shapes(w: Workload) -> list[tuple[int, ...]]:
    """Kernel and bias of each layer.

    The rows of an LSTM's kernel are the inputs, then the state; its gates are i, f, g, o.
    """
    shapes: list[tuple[int, ...]] = []
    if w.kind in ("mlp", "infer"):
        for fan_in, fan_out in zip(w.sizes, w.sizes[1:]):
            shapes += [(fan_in, fan_out), (fan_out,)]
    elif w.kind == "cnn":
        height, width, channels = w.image
        for block in w.blocks:
            for filters in block:
                shapes += [(3, 3, channels, filters), (filters,)]
                channels = filters
            height, width = height // 2, width // 2
        fan_in = height * width * channels
        for units in (*w.dense, w.classes):
            shapes += [(fan_in, units), (units,)]
            fan_in = units
    elif w.kind == "net":
        shapes = [(rows, w.width) for rows in w.tables]
        for sizes in chains(w):
            for fan_in, fan_out in zip(sizes, sizes[1:]):
                shapes += [(fan_in, fan_out), (fan_out,)]
    elif w.kind == "lstm":
        gates = 4 * w.units
        shapes = [(w.inputs + w.units, gates), (gates,), (w.units, w.classes), (w.classes,)]
    return shapes


def chains(w: Workload) -> list[tuple[int, ...]]:
    """The sizes along each stack of dense layers of a net."""
    inputs, hidden = w.sizes[0], w.sizes[1:]
    if w.towers:
        return [(inputs + w.width, *hidden), (w.width, *hidden)]
    return [(inputs + w.width * len(w.tables), *hidden)]


def _rows(w: Workload, rng: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    if w.kind in ("mlp", "infer", "net"):
        x = rng.standard_normal((w.rows, w.sizes[0])).astype(w.dtype)
        if w.loss == "xent":
            return x, np.argmax(x[:, : w.sizes[-1]] + x[:, -w.sizes[-1] :], 1).astype("int32")
        noise = 0.5 * rng.standard_normal((w.rows, 1))
        y = (x[:, :1] * x[:, 1:2] + noise > 0).astype(w.dtype)
        if w.loss == "mse" and w.sizes[-1] > 1:
            y = rng.standard_normal((w.rows, w.sizes[-1])).astype(w.dtype)
        return x, y
    if w.kind in ("cnn", "lstm"):
        shape = w.image or (w.time, w.inputs)
        x = rng.standard_normal((w.rows, *shape)).astype(w.dtype)
        return x, rng.randint(0, w.classes, w.rows).astype("int32")
    return rng.standard_normal(w.rows).astype(w.dtype), rng.standard_normal(w.rows).astype(w.dtype)


def _initial(shape: tuple[int, ...], dtype: str, rng: np.random.RandomState) -> np.ndarray:
    if len(shape) == 1:
        return np.zeros(shape, dtype)
    values: np.ndarray = rng.standard_normal(shape) / np.sqrt(np.prod(shape[:-1]))
    return values.astype(dtype)


def _rows_of(w: Workload, rng: np.random.RandomState) -> Callable[[int], slice]:
    if w.batch:
        slices = [slice(k, k + w.batch) for k in range(0, w.rows - w.batch + 1, w.batch)]
    else:
        sizes = rng.randint(1, 201, w.steps)
        starts = rng.randint(0, w.rows - 200, w.steps)
        slices = [slice(int(a), int(a + n)) for a, n in zip(starts, sizes)]
    count = len(slices)
    return lambda i: slices[i % count]


def make_data(w: Workload) -> Data:
    rng = np.random.RandomState(7)
    x, y = _rows(w, rng)
    parameters = [_initial(shape, w.dtype, rng) for shape in parameter_shapes(w)]
    rows_of = _rows_of(w, rng)
    if not w.tables:
        return Data(x, y, parameters, rows_of)
    ids = [rng.randint(0, rows, w.rows) for rows in w.tables]
    return Data(x, y, parameters, rows_of, np.stack(ids, 1).astype("int32"))


def write_csv(folder: str, rows: int, columns: int) -> list[str]:
    """Two files of ``columns`` floats and a 0/1 label each."""
    rng = np.random.RandomState(3)
    paths = []
    for part in range(2):
        values = rng.standard_normal((rows // 2, columns)).round(4)
        labels = rng.randint(0, 2, rows // 2)
        paths.append(f"{folder}/part{part}.csv")
        with open(paths[-1], "w") as file:
            for row, label in zip(values, labels):
                file.write(",".join(f"{v:.4f}" for v in row) + f",{label}\n")
    return paths


def csv_sums(paths: list[str]) -> tuple[int, int, float]:
    """Rows, the sum of the labels and the sum of the first column: each row must arrive once."""
    rows, labels, first = 0, 0, 0.0
    for path in paths:
        with open(path) as file:
            for line in file:
                fields = line.split(",")
                rows, labels, first = rows + 1, labels + int(fields[-1]), first + float(fields[0])
    return rows, labels, first


def slices_data(columns: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.RandomState(5)
    x = rng.standard_normal((50000, columns)).astype("float32")
    return x, rng.randint(0, 2, len(x)).astype("int32")
