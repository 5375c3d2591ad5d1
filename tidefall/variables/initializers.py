"""Initializers: what variables begin with.

An initializer is an object that, called with a shape, returns a tensor. Its configuration is a
plain dict, from which an equal one can be made.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from tidefall.core import dtypes
from tidefall.core.dtypes import DType, as_dtype
from tidefall.core.exports import export
from tidefall.ops.constant import constant
from tidefall.ops.filled import ones, zeros
from tidefall.ops.random import random_normal, random_uniform, truncated_normal

#: The standard deviation of a normal distribution cut off at two standard deviations.
_TRUNCATED_STDDEV = 0.87962566103423978


class Initializer:
    """The base class of initializers."""

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        """The initial value.

        Args:
          shape: Its shape.
          dtype: Its dtype; the initializer's own if None.
          partition_info: For a part of a variable, what it is a part of.
        """
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal initializer."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The initializer that `get_config` described."""
        return cls(**config)


@export("zeros_initializer", "initializers.zeros")
class Zeros(Initializer):
    """Makes zeros."""

    def __init__(self, dtype: Any = dtypes.float32) -> None:
        self.dtype = as_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        return zeros(shape, self.dtype if dtype is None else dtype)

    def get_config(self) -> dict[str, Any]:
        return {"dtype": self.dtype.name}


@export("ones_initializer", "initializers.ones")
class Ones(Initializer):
    """Makes ones."""

    def __init__(self, dtype: Any = dtypes.float32) -> None:
        self.dtype = as_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        return ones(shape, self.dtype if dtype is None else dtype)

    def get_config(self) -> dict[str, Any]:
        return {"dtype": self.dtype.name}


@export("constant_initializer", "initializers.constant")
class Constant(Initializer):
    """Makes given values; fewer values than elements repeat the last.

    Args:
      value: A number, list or NumPy array.
      dtype: The dtype where the call gives none.
      verify_shape: Whether the values must have exactly the shape.

    >>> tf.Session().run(tf.constant_initializer([1, 2])([3]))
    array([1., 2., 2.], dtype=float32)
    """

    def __init__(
        self, value: Any = 0, dtype: Any = dtypes.float32, verify_shape: bool = False
    ) -> None:
        if not (np.isscalar(value) or isinstance(value, (list, tuple, np.ndarray))):
            raise TypeError(
                f"a constant initializer takes a number, a list or a NumPy array, not "
                f"{type(value).__name__}: {value!r}."
            )
        self.value = value
        self.dtype = as_dtype(dtype)
        self._verify_shape = verify_shape

    def __call__(
        self, shape: Any, dtype: Any = None, partition_info: Any = None,
        verify_shape: bool | None = None,
    ) -> Any:  # fmt: skip
        return constant(
            self.value,
            dtype=self.dtype if dtype is None else dtype,
            shape=shape,
            verify_shape=self._verify_shape if verify_shape is None else verify_shape,
        )

    def get_config(self) -> dict[str, Any]:
        return {"value": self.value, "dtype": self.dtype.name}


@export("random_uniform_initializer", "initializers.random_uniform")
class RandomUniform(Initializer):
    """Draws uniformly from ``[minval, maxval)``.

    Args:
      minval: The lower bound.
      maxval: The upper bound; 1 for floats if None.
      seed: The seed of the operation. See `tf.set_random_seed`.
      dtype: The dtype where the call gives none.
    """

    def __init__(
        self, minval: Any = 0, maxval: Any = None, seed: int | None = None,
        dtype: Any = dtypes.float32,
    ) -> None:  # fmt: skip
        self.minval = minval
        self.maxval = maxval
        self.seed = seed
        self.dtype = as_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        dtype = self.dtype if dtype is None else dtype
        return random_uniform(shape, self.minval, self.maxval, dtype, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        return {
            "minval": self.minval, "maxval": self.maxval, "seed": self.seed,
            "dtype": self.dtype.name,
        }  # fmt: skip


class _Normal(Initializer):
    def __init__(
        self, mean: Any = 0.0, stddev: Any = 1.0, seed: int | None = None,
        dtype: Any = dtypes.float32,
    ) -> None:  # fmt: skip
        self.mean = mean
        self.stddev = stddev
        self.seed = seed
        self.dtype = floating(dtype)

    def get_config(self) -> dict[str, Any]:
        return {
            "mean": self.mean, "stddev": self.stddev, "seed": self.seed, "dtype": self.dtype.name,
        }  # fmt: skip


@export("random_normal_initializer", "initializers.random_normal")
class RandomNormal(_Normal):
    """Draws from a normal distribution.

    Args:
      mean: Its mean.
      stddev: Its standard deviation.
      seed: The seed of the operation. See `tf.set_random_seed`.
      dtype: The dtype where the call gives none.
    """

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        dtype = self.dtype if dtype is None else dtype
        return random_normal(shape, self.mean, self.stddev, dtype, seed=self.seed)


@export("truncated_normal_initializer", "initializers.truncated_normal")
class TruncatedNormal(_Normal):
    """Draws from a normal distribution, again where it is two standard deviations off.

    Args:
      mean: The mean.
      stddev: The standard deviation before the tails are cut off.
      seed: The seed of the operation. See `tf.set_random_seed`.
      dtype: The dtype where the call gives none.
    """

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        dtype = self.dtype if dtype is None else dtype
        return truncated_normal(shape, self.mean, self.stddev, dtype, seed=self.seed)


@export("uniform_unit_scaling_initializer", "initializers.uniform_unit_scaling")
class UniformUnitScaling(Initializer):
    """Draws uniformly so that a matrix product keeps the scale of its input.

    The bounds are ``±sqrt(3 / inputs) factor``.

    Args:
      factor: A factor for the activation that follows, e.g. 1.43 for relu.
      seed: The seed of the operation. See `tf.set_random_seed`.
      dtype: The dtype where the call gives none.
    """

    def __init__(
        self, factor: float = 1.0, seed: int | None = None, dtype: Any = dtypes.float32
    ) -> None:
        self.factor = factor
        self.seed = seed
        self.dtype = floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        inputs = 1.0
        for size in sizes_of(whole_shape(shape, partition_info))[:-1]:
            inputs *= float(size)
        limit = math.sqrt(3 / max(inputs, 1.0)) * self.factor
        dtype = self.dtype if dtype is None else dtype
        return random_uniform(shape, -limit, limit, dtype, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        return {"factor": self.factor, "seed": self.seed, "dtype": self.dtype.name}


@export("variance_scaling_initializer", "initializers.variance_scaling")
class VarianceScaling(Initializer):
    """Draws with a variance of ``scale`` over the number of inputs, outputs or their mean.

    Args:
      scale: A positive factor.
      mode: ``fan_in``, ``fan_out`` or ``fan_avg``.
      distribution: ``truncated_normal`` (also called ``normal``), ``untruncated_normal`` or
        ``uniform``.
      seed: The seed of the operation. See `tf.set_random_seed`.
      dtype: The dtype where the call gives none.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
        dtype: Any = dtypes.float32,
    ) -> None:
        if scale <= 0.0:
            raise ValueError(f"scale must be positive, not {scale}.")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"mode must be fan_in, fan_out or fan_avg, not {mode!r}.")
        distribution = distribution.lower()
        if distribution not in ("normal", "uniform", "truncated_normal", "untruncated_normal"):
            raise ValueError(
                "distribution must be truncated_normal, untruncated_normal, normal or uniform, "
                f"not {distribution!r}."
            )
        self.scale = scale
        self.mode = mode
        self.distribution = distribution
        self.seed = seed
        self.dtype = floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        dtype = self.dtype if dtype is None else dtype
        fan_in, fan_out = _fans(sizes_of(whole_shape(shape, partition_info)))
        fan = {"fan_in": fan_in, "fan_out": fan_out}.get(self.mode, (fan_in + fan_out) / 2.0)
        variance = self.scale / max(1.0, fan)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return random_uniform(shape, -limit, limit, dtype, seed=self.seed)
        if self.distribution == "untruncated_normal":
            return random_normal(shape, 0.0, math.sqrt(variance), dtype, seed=self.seed)
        stddev = math.sqrt(variance) / _TRUNCATED_STDDEV
        return truncated_normal(shape, 0.0, stddev, dtype, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        return {
            "scale": self.scale, "mode": self.mode, "distribution": self.distribution,
            "seed": self.seed, "dtype": self.dtype.name,
        }  # fmt: skip


@export("glorot_uniform_initializer", "initializers.glorot_uniform")
class GlorotUniform(VarianceScaling):
    """Glorot and Bengio (2010): uniform in ``±sqrt(6 / (inputs + outputs))``.

    Args:
      seed: The seed of the operation. See `tf.set_random_seed`.
      dtype: The dtype where the call gives none.
    """

    def __init__(self, seed: int | None = None, dtype: Any = dtypes.float32) -> None:
        super().__init__(1.0, "fan_avg", "uniform", seed, dtype)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed, "dtype": self.dtype.name}


@export("glorot_normal_initializer", "initializers.glorot_normal")
class GlorotNormal(VarianceScaling):
    """Glorot and Bengio (2010): truncated normal of variance ``2 / (inputs + outputs)``.

    Args:
      seed: The seed of the operation. See `tf.set_random_seed`.
      dtype: The dtype where the call gives none.
    """

    def __init__(self, seed: int | None = None, dtype: Any = dtypes.float32) -> None:
        super().__init__(1.0, "fan_avg", "truncated_normal", seed, dtype)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed, "dtype": self.dtype.name}


@export("initializers.lecun_normal")
def lecun_normal(seed: int | None = None) -> VarianceScaling:
    """Truncated normal of variance ``1 / inputs``."""
    return VarianceScaling(1.0, "fan_in", "truncated_normal", seed)


@export("initializers.lecun_uniform")
def lecun_uniform(seed: int | None = None) -> VarianceScaling:
    """Uniform of variance ``1 / inputs``."""
    return VarianceScaling(1.0, "fan_in", "uniform", seed)


@export("initializers.he_normal")
def he_normal(seed: int | None = None) -> VarianceScaling:
    """Truncated normal of variance ``2 / inputs`` (He et al., 2015)."""
    return VarianceScaling(2.0, "fan_in", "truncated_normal", seed)


@export("initializers.he_uniform")
def he_uniform(seed: int | None = None) -> VarianceScaling:
    """Uniform of variance ``2 / inputs`` (He et al., 2015)."""
    return VarianceScaling(2.0, "fan_in", "uniform", seed)


def floating(dtype: Any) -> DType:
    """A floating-point dtype. Raises ValueError for any other."""
    found = as_dtype(dtype)
    if not found.is_floating:
        raise ValueError(f"this initializer makes floating-point numbers, not {found.name}.")
    return found


def whole_shape(shape: Any, partition_info: Any) -> Any:
    """The shape of the variable that something of ``shape`` is, or is a part of."""
    return shape if partition_info is None else partition_info.full_shape


def sizes_of(shape: Any) -> list[int]:
    """A known shape as numbers."""
    return [int(size) for size in shape]


def _fans(shape: Sequence[int]) -> tuple[int, int]:
    """The numbers of inputs and outputs of a unit; for a convolution, of a receptive field."""
    if len(shape) < 2:
        fan = shape[0] if shape else 1
        return fan, fan
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field
