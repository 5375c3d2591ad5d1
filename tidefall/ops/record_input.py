"""`RecordInput`: batches of the records of files, in random order, without end."""

from __future__ import annotations

from typing import Any

from tidefall.core import hooks
from tidefall.core.runtime import RunContext
from tidefall.core.shapes import Shape
from tidefall.ir.opdef import HOST
from tidefall.ops.registry import Namespace, String, op
from tidefall.ops.texts import texts


@op("RecordInput", runs_on=HOST, stateful=True, effects=True, differentiable=False,
    outputs=("records",), export="raw_ops.RecordInput")  # fmt: skip
def record_input(
    xp: Namespace, run: RunContext, *, file_pattern: str, file_random_seed: int = 301,
    file_shuffle_shift_ratio: float = 0.0, file_buffer_size: int = 10000,
    file_parallelism: int = 16, batch_size: int = 32, compression_type: str = "",
) -> String:  # fmt: skip
    """The next records of files, in random order; after the last one they come again.

    Args:
      file_pattern: The names of the files.
      file_random_seed: The seed of the order.
      file_shuffle_shift_ratio: Which part of the files is moved from the front to the end.
      file_buffer_size: From how many records the next one is drawn.
      file_parallelism: Has no effect: the run itself reads.
      batch_size: How many records a run takes.
      compression_type: "GZIP", "ZLIB", or "" for none.
    """
    if batch_size <= 0 or file_buffer_size <= 0:
        raise ValueError(
            f"batch_size {batch_size} and file_buffer_size {file_buffer_size} must be positive."
        )
    if not 0 <= file_shuffle_shift_ratio <= 1:
        raise ValueError(
            f"file_shuffle_shift_ratio must be from 0 to 1, not {file_shuffle_shift_ratio}."
        )

    def begun() -> Any:
        return hooks.call(
            "shuffled_records", file_pattern, file_random_seed, file_shuffle_shift_ratio,
            file_buffer_size, compression_type,
        )  # fmt: skip

    records = run.resource(("RecordInput", run.node_name), begun)
    return texts(records.take(batch_size))


@record_input.shape
def _record_input_shape(*, batch_size: int) -> Shape:
    return Shape((batch_size,))
