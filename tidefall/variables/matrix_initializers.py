"""Initializers that make matrices: orthogonal ones, and the identity."""

from __future__ import annotations

import math
from typing import Any

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.ops.array import reshape
from tidefall.ops.decompositions import qr_op
from tidefall.ops.diagonal import diag_part
from tidefall.ops.elementwise import sign
from tidefall.ops.linalg import eye, matrix_transpose
from tidefall.ops.random import random_normal
from tidefall.ops.slicing import slice_
from tidefall.variables.initializers import Initializer, floating, sizes_of, whole_shape


@export("orthogonal_initializer", "initializers.orthogonal")
class Orthogonal(Initializer):
    """Makes an orthogonal matrix, from the QR decomposition of normal random numbers.

    More than two dimensions are taken as a matrix of all but the last by the last.

    Args:
      gain: A factor for the matrix.
      seed: The seed of the operation. See `tf.set_random_seed`.
      dtype: The dtype where the call gives none.
    """

    def __init__(
        self, gain: float = 1.0, seed: int | None = None, dtype: Any = dtypes.float32
    ) -> None:
        self.gain = gain
        self.seed = seed
        self.dtype = floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        sizes = sizes_of(shape)
        if len(sizes) < 2:
            raise ValueError(f"an orthogonal matrix needs two dimensions or more, not {sizes}.")
        rows, columns = math.prod(sizes[:-1]), sizes[-1]
        flat = (max(rows, columns), min(rows, columns))
        noise = random_normal(flat, dtype=self.dtype if dtype is None else dtype, seed=self.seed)
        q, r = qr_op(noise, full_matrices=False)
        # The signs make the decomposition unique, and the matrix uniformly distributed.
        q *= sign(diag_part(r))
        if rows < columns:
            q = matrix_transpose(q)
        return self.gain * reshape(q, shape)

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain, "seed": self.seed, "dtype": self.dtype.name}


@export("initializers.identity")
class Identity(Initializer):
    """Makes the identity matrix.

    Args:
      gain: A factor for the matrix.
      dtype: The dtype where the call gives none.
    """

    def __init__(self, gain: float = 1.0, dtype: Any = dtypes.float32) -> None:
        self.gain = gain
        self.dtype = floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        whole = sizes_of(whole_shape(shape, partition_info))
        if len(whole) != 2:
            raise ValueError(f"an identity matrix needs two dimensions, not {whole}.")
        matrix = eye(whole[0], whole[1], dtype=self.dtype if dtype is None else dtype)
        if partition_info is not None:
            matrix = slice_(matrix, partition_info.var_offset, shape)
        return self.gain * matrix

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain, "dtype": self.dtype.name}
