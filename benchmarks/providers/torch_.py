"""PyTorch: eager with fused Adam ("torch"), or with the loss compiled ("torch-compile")."""

from __future__ import annotations

import time
from typing import Any, ClassVar, Iterator

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from benchmarks import nets
from benchmarks.providers import NotOffered, Provider, Step, drain
from benchmarks.workloads import Data, Workload, slices_data

LOSSES = {
    "bce": functional.binary_cross_entropy_with_logits,
    "mse": functional.mse_loss,
    "xent": functional.cross_entropy,
}


def linear(kernel: Any, bias: Any) -> Any:
    layer = nn.Linear(*kernel.shape).to(kernel.dtype)
    layer.weight.data, layer.bias.data = kernel.T.contiguous(), bias
    return layer


def dense(parameters: list[Any]) -> list[Any]:
    layers: list[Any] = []
    for k in range(0, len(parameters), 2):
        layers += [linear(parameters[k], parameters[k + 1]), nn.ReLU()]
    return layers[:-1]


class Convolutions(nn.Module):  # type: ignore[misc]
    def __init__(self, w: Workload, parameters: list[Any]) -> None:
        super().__init__()
        rest = list(parameters)
        layers: list[Any] = []
        for block in w.blocks:
            for filters in block:
                kernel, bias = rest.pop(0), rest.pop(0)
                conv = nn.Conv2d(kernel.shape[2], filters, 3, padding=1)
                conv = conv.to(memory_format=torch.channels_last)
                weight = kernel.permute(3, 2, 0, 1)
                conv.weight.data = weight.contiguous(memory_format=torch.channels_last)
                conv.bias.data = bias
                layers += [conv, nn.ReLU()]
            layers.append(nn.MaxPool2d(2))
        self.conv = nn.Sequential(*layers)
        self.dense = nn.Sequential(*dense(rest))

    def forward(self, x: Any) -> Any:
        h = self.conv(x.permute(0, 3, 1, 2))
        return self.dense(h.permute(0, 2, 3, 1).flatten(1))


class Recurrent(nn.Module):  # type: ignore[misc]
    def __init__(self, w: Workload, parameters: list[Any]) -> None:
        super().__init__()
        kernel, bias, head, head_bias = parameters
        self.lstm = nn.LSTM(w.inputs, w.units, batch_first=True)
        self.lstm.weight_ih_l0.data = kernel[: w.inputs].T.contiguous()
        self.lstm.weight_hh_l0.data = kernel[w.inputs :].T.contiguous()
        self.lstm.bias_ih_l0.data = bias.clone()
        self.lstm.bias_hh_l0.data = torch.zeros_like(bias)
        self.lstm.bias_hh_l0.requires_grad = False
        self.head = linear(head, head_bias)

    def forward(self, x: Any) -> Any:
        return self.head(self.lstm(x)[0][:, -1])


class Net(nn.Module):  # type: ignore[misc]
    """A net whose call is its loss."""

    activations: ClassVar[dict[str, Any]] = {
        "relu": functional.relu,
        "tanh": torch.tanh,
        "elu": functional.elu,
    }
    dense = staticmethod(lambda h, kernel, bias: torch.addmm(bias, h, kernel))
    dropout = staticmethod(functional.dropout)
    join = staticmethod(lambda parts: torch.cat(parts, 1))
    dot = staticmethod(lambda a, b: (a * b).sum(1, keepdim=True))
    half_squares = staticmethod(lambda kernel: kernel.square().sum() / 2)

    def __init__(self, w: Workload, parameters: list[Any]) -> None:
        super().__init__()
        self.w, self.loss = w, LOSSES[w.loss]
        self.all = nn.ParameterList(parameters)

    def normalized(self, h: Any, kernel: Any, bias: Any) -> Any:
        z = h @ kernel
        return functional.batch_norm(z, None, None, None, bias, training=True, eps=nets.EPSILON)

    def lookup(self, table: Any, ids: Any) -> Any:
        return functional.embedding(ids, table)

    def forward(self, *inputs: Any) -> Any:
        return nets.loss(self, self.w, list(self.all), inputs)


class Lines(torch.utils.data.IterableDataset):  # type: ignore[misc]
    def __init__(self, paths: list[str]) -> None:
        self.paths = paths

    def __iter__(self) -> Iterator[Any]:
        for path in self.paths:
            with open(path) as file:
                for line in file:
                    fields = line.split(",")
                    yield torch.tensor([float(v) for v in fields[:-1]]), int(fields[-1])


class Library(Provider):
    distributions = ("torch",)

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.compile = name.endswith("-compile")

    def model(self, w: Workload, data: Data) -> Any:
        parameters = [torch.tensor(p) for p in data.parameters]
        if w.kind in ("mlp", "infer"):
            return nn.Sequential(*dense(parameters))
        return {"cnn": Convolutions, "lstm": Recurrent, "net": Net}[w.kind](w, parameters)

    def train(self, w: Workload, data: Data) -> Step:
        x, y, rows_of = data.x, data.y, data.rows_of
        if w.kind == "const":
            raise NotOffered("no session")
        if w.kind == "floor":
            return lambda i: float(torch.as_tensor(x[i % 64]) + torch.as_tensor(y[i % 64]))
        model = self.model(w, data)
        if w.kind == "infer":
            return self.infer(model, data)
        trained = [p for p in model.parameters() if p.requires_grad]
        optimizer = torch.optim.Adam(trained, lr=0.001, fused=True)
        of_output = LOSSES[w.loss]

        def of_rows(a: Any, b: Any) -> Any:
            return of_output(model(a), b)

        loss_of: Any = model if w.kind == "net" else of_rows

        if self.compile:
            loss_of = torch.compile(loss_of)
        integers = w.loss == "xent"
        arrays = nets.arrays(w, data) if w.kind == "net" else [x, y]

        def step(i: int) -> float:
            rows = rows_of(i)
            inputs = [torch.from_numpy(array[rows]) for array in arrays]
            if integers:
                inputs[-1] = inputs[-1].long()
            optimizer.zero_grad()
            loss = loss_of(*inputs)
            loss.backward()
            optimizer.step()
            return float(loss.item())

        return step

    def infer(self, model: Any, data: Data) -> Step:
        forward = torch.compile(model) if self.compile else model
        x, rows_of = data.x, data.rows_of

        def step(i: int) -> float:
            with torch.no_grad():
                return float(torch.sigmoid(forward(torch.from_numpy(x[rows_of(i)])))[0, 0])

        return step

    def chain(self, length: int) -> Iterator[dict[str, Any]]:
        clock = time.perf_counter
        x = torch.tensor(np.linspace(-0.1, 0.1, 16).astype("float32"), requires_grad=True)

        def forward() -> Any:
            y = x
            for _ in range(length // 4):
                y = torch.tanh(y * x + x) + x
            return y.sum()

        start = clock()
        y = forward()
        built = clock()
        (gradient,) = torch.autograd.grad(y, x)
        yield {"build_s": built - start, "grad_s": clock() - built}
        times = []
        for _ in range(3):
            start = clock()
            (gradient,) = torch.autograd.grad(forward(), x)
            times.append(clock() - start)
        check = float(gradient.sum())
        yield {"first_run_s": 0.0, "run_ms": 1e3 * sorted(times)[1], "check": check}

    def pipe(self, what: str, paths: list[str], columns: int, batch: int) -> dict[str, Any]:
        if what == "queue":
            raise NotOffered("no queues")
        load = torch.utils.data.DataLoader
        if what == "text":
            return drain(load(Lines(paths), batch_size=batch), time.perf_counter)
        x, y = (torch.from_numpy(a) for a in slices_data(columns))
        dataset = torch.utils.data.TensorDataset(x, y)
        return drain(load(dataset, batch_size=batch, shuffle=True), time.perf_counter)
