"""Means and standard deviations of columns in one pass, and what they are for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from tidefall.core.exports import export
from tidefall.ops.cast import cast


@export("hep.Standardisation")
class Standardisation:
    """Shifts and scales columns to mean 0 and standard deviation 1.

    Applied to an element, a dictionary of tensors, it changes the columns it knows and leaves the
    others; so it can be given to `Dataset.map`.

    Args:
      mean: The mean of each column.
      deviation: The standard deviation of each column.

    Attributes:
      mean: The mean of each column.
      deviation: The standard deviation of each column; 1 where a column is constant.
    """

    def __init__(self, mean: Mapping[str, float], deviation: Mapping[str, float]) -> None:
        self.mean = dict(mean)
        self.deviation = {name: value or 1.0 for name, value in deviation.items()}

    def __call__(self, element: Mapping[str, Any]) -> dict[str, Any]:
        result = dict(element)
        for name in self.mean:
            value = element[name]
            moved = value - _as(value, self.mean[name])
            scaled = moved / _as(value, self.deviation[name])
            mask = element.get(f"{name}_mask")
            result[name] = scaled if mask is None else scaled * _cast(mask, value)
        return result

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{name}: {self.mean[name]:.4g} ± {self.deviation[name]:.4g}" for name in self.mean
        )
        return f"<Standardisation {shown}>"


def _as(value: Any, number: float) -> Any:
    dtype = getattr(value.dtype, "np_dtype", value.dtype)
    return np.asarray(number, dtype)


def _cast(mask: Any, value: Any) -> Any:
    if isinstance(mask, np.ndarray):
        return mask.astype(value.dtype)
    return cast(mask, value.dtype)


class _Moments:
    """Weight, mean and sum of squared deviations of what was seen so far."""

    def __init__(self) -> None:
        self.weight = 0.0
        self.mean = 0.0
        self.squares = 0.0

    def add(self, values: Any, weights: Any) -> None:
        """Joins the moments of more numbers, which is exact in the order of the joining."""
        values = values.astype(np.float64)
        total = float(len(values)) if weights is None else float(weights.sum())
        if not total:
            return
        mean = float(np.average(values, weights=weights))
        away = (values - mean) ** 2
        squares = float(away.sum() if weights is None else (away * weights).sum())
        both = self.weight + total
        shift = mean - self.mean
        self.mean += shift * total / both
        self.squares += squares + shift**2 * self.weight * total / both
        self.weight = both


def of_chunks(
    chunks: Iterable[dict[str, Any]], names: list[str], weight: str | None
) -> Standardisation:
    """The moments of columns of chunks of rows; padding does not count."""
    moments = {name: _Moments() for name in names}
    for chunk in chunks:
        weights = None if weight is None else chunk[weight].astype(np.float64)
        for name, found in moments.items():
            values, used = chunk[name], weights
            mask = chunk.get(f"{name}_mask")
            if mask is not None:
                used = (
                    None if weights is None else np.broadcast_to(weights[:, None], mask.shape)[mask]
                )
                values = values[mask]
            found.add(values, used)
    mean = {name: found.mean for name, found in moments.items()}
    deviation = {
        name: float(np.sqrt(found.squares / found.weight)) if found.weight else 1.0
        for name, found in moments.items()
    }
    return Standardisation(mean, deviation)
