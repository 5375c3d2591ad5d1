"""Serialized sequence examples parsed in the graph."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.dtypes import DType
from tidefall.core.shapes import Shape, unknown
from tidefall.ir.opdef import HOST
from tidefall.ops.example_batch import Group, count, single
from tidefall.ops.example_features import KINDS, Dense, Examples, Sparse
from tidefall.ops.example_wire import KIND_NAMES, Feature, WireError, read_sequence
from tidefall.ops.parsing import FEATURE_DTYPES, as_bytes, columns, without_rows
from tidefall.ops.registry import (
    Int64,
    Namespace,
    String,
    Tcontext_dense,
    TypeList,
    context_sparse_types,
    feature_list_dense_types,
    feature_list_sparse_types,
    op,
)
from tidefall.ops.texts import elements
from tidefall.ops.texts import single as single_text


class Sequences:
    """Serialized sequence examples, ready to be asked for their features.

    Args:
      records: The sequence examples.
      names: What error messages call them; may be empty.

    Raises:
      ValueError: If one is something else.
    """

    def __init__(self, records: list[bytes], names: list[bytes]) -> None:
        self._records = records
        self._names = names
        self._lists: list[dict[bytes, list[Feature]]] = []
        groups = []
        for row, record in enumerate(records):
            try:
                context, lists = read_sequence(record)
            except WireError as error:
                raise ValueError(
                    f"{self._called(row)} is not a serialized SequenceExample: {error}."
                ) from error
            groups.append(Group([row], [record], context))
            self._lists.append(lists)
        self.context = Examples(records, names, groups)

    def _called(self, row: int) -> str:
        name = self._names[row].decode(errors="replace") if row < len(self._names) else ""
        return f"sequence example {row}" + (f" ('{name}')" if name else "")

    def _values(self, row: int, key: bytes, dtype: DType, step: Feature) -> Any:
        if step.kind not in (0, KINDS[dtype]):
            wanted = KIND_NAMES[KINDS[dtype]]
            raise ValueError(
                f"feature list '{key.decode(errors='replace')}' of {self._called(row)} has "
                f"{KIND_NAMES[step.kind]} values, but {wanted} values are expected."
            )
        return single(self._records[row], step) if step.kind else np.zeros(0, dtype.np_dtype)

    def dense(self, key: bytes, dtype: DType, dims: tuple[int, ...], may_miss: bool) -> list[Any]:
        """For each example its steps, an array ``[steps, ...]``."""
        found = []
        size = math.prod(dims)
        for row, lists in enumerate(self._lists):
            steps = lists.get(key)
            if steps is None and not may_miss:
                raise ValueError(
                    f"feature list '{key.decode(errors='replace')}' is required, but "
                    f"{self._called(row)} does not have it. Allow it with allow_missing=True."
                )
            values = np.empty((len(steps or ()), size), dtype.np_dtype)
            for index, step in enumerate(steps or ()):
                if step.kind in (0, KINDS[dtype]) and count(step) != size:
                    raise ValueError(
                        f"step {index} of feature list '{key.decode(errors='replace')}' of "
                        f"{self._called(row)} has {count(step)} values, which is not what shape "
                        f"{list(dims)} needs."
                    )
                values[index] = self._values(row, key, dtype, step)
            found.append(values.reshape(len(values), *dims))
        return found

    def sparse(self, wanted: Sparse) -> tuple[Any, Any, Any]:
        """Values by example, step and place, as the parts of one sparse tensor."""
        places, values = [], [np.zeros(0, wanted.dtype.np_dtype)]
        steps_most = width = 0
        for row, lists in enumerate(self._lists):
            steps = lists.get(wanted.key, [])
            steps_most = max(steps_most, len(steps))
            for index, step in enumerate(steps):
                found = self._values(row, wanted.key, wanted.dtype, step)
                width = max(width, len(found))
                places += [(row, index, place) for place in range(len(found))]
                values.append(found)
        indices = np.array(places, np.int64).reshape(-1, 3)
        shape = np.array([len(self._records), steps_most, width], np.int64)
        return indices, np.concatenate(values), shape


def padded(steps: list[Any], dtype: DType, dims: tuple[int, ...]) -> tuple[Any, Any]:
    """The steps of many examples in one array, filled up with zeros; and their numbers."""
    sizes = np.array([len(each) for each in steps], np.int64)
    zero: Any = b"" if dtype is dtypes.string else 0
    shape = (len(steps), int(sizes.max(initial=0)), *dims)
    result = np.full(shape, zero, dtype.np_dtype)
    for row, each in enumerate(steps):
        result[row, : len(each)] = each
    return result, sizes


def _dims(shape: Shape) -> tuple[int, ...]:
    return tuple([size or 0 for size in shape])


_TYPES = TypeList(FEATURE_DTYPES)


@op(
    "ParseSingleSequenceExample", context_sparse_types=_TYPES, Tcontext_dense=_TYPES,
    feature_list_sparse_types=_TYPES, feature_list_dense_types=_TYPES, runs_on=HOST,
    differentiable=False,
    lengths={
        "context_sparse_keys": "Ncontext_sparse", "context_dense_keys": "Ncontext_dense",
        "feature_list_sparse_keys": "Nfeature_list_sparse",
        "feature_list_dense_keys": "Nfeature_list_dense",
        "context_sparse_indices": "Ncontext_sparse", "context_sparse_shapes": "Ncontext_sparse",
        "feature_list_sparse_indices": "Nfeature_list_sparse",
        "feature_list_sparse_shapes": "Nfeature_list_sparse",
    },
    outputs=(
        "context_sparse_indices", "context_sparse_values", "context_sparse_shapes",
        "context_dense_values", "feature_list_sparse_indices", "feature_list_sparse_values",
        "feature_list_sparse_shapes", "feature_list_dense_values",
    ),
)  # fmt: skip
def parse_single_sequence_example_op(
    xp: Namespace, serialized: String, feature_list_dense_missing_assumed_empty: String,
    context_sparse_keys: list[String], context_dense_keys: list[String],
    feature_list_sparse_keys: list[String], feature_list_dense_keys: list[String],
    context_dense_defaults: list[Tcontext_dense], debug_name: String, *,
    context_sparse_types: list[DType] = [], Tcontext_dense: list[DType] = [],  # noqa: B006
    feature_list_dense_types: list[DType] = [], context_dense_shapes: list[Shape] = [],  # noqa: B006
    feature_list_sparse_types: list[DType] = [],  # noqa: B006
    feature_list_dense_shapes: list[Shape] = [],  # noqa: B006
) -> tuple[list[Int64], list[context_sparse_types], list[Int64], list[Tcontext_dense], list[Int64], list[feature_list_sparse_types], list[Int64], list[feature_list_dense_types]]:  # fmt: skip # noqa: E501
    """The context and the feature lists of one serialized sequence example."""
    examples = Sequences([single_text(serialized)], [single_text(debug_name)])
    context = _context(
        examples, list(map(single_text, context_sparse_keys)), context_sparse_types,
        list(map(single_text, context_dense_keys)), Tcontext_dense, context_dense_shapes,
        context_dense_defaults,
    )  # fmt: skip
    sparse = [
        examples.sparse(Sparse(single_text(key), dtype))
        for key, dtype in zip(feature_list_sparse_keys, feature_list_sparse_types, strict=True)
    ]
    may_miss = set(elements(feature_list_dense_missing_assumed_empty))
    dense = [
        examples.dense(single_text(key), dtype, _dims(shape), single_text(key) in may_miss)[0]
        for key, dtype, shape in zip(
            feature_list_dense_keys, feature_list_dense_types, feature_list_dense_shapes,
            strict=True,
        )
    ]  # fmt: skip
    return (
        *columns([without_rows(each) for each in context[0]]), [each[0] for each in context[1]],
        [indices[:, 1:].copy() for indices, _, _ in sparse], [values for _, values, _ in sparse],
        [shape[1:].copy() for _, _, shape in sparse], dense,
    )  # fmt: skip


def _context(
    examples: Sequences, sparse_keys: list[bytes], sparse_types: list[DType],
    dense_keys: list[bytes], dense_types: list[DType], shapes: list[Shape], defaults: list[Any],
) -> tuple[list[Any], list[Any]]:  # fmt: skip
    """The sparse and the dense features of the contexts."""
    context = examples.context
    sparse = [
        context.sparse(Sparse(key, dtype))
        for key, dtype in zip(sparse_keys, sparse_types, strict=True)
    ]
    parts = zip(dense_keys, dense_types, shapes, defaults, strict=True)
    dense = [context.dense(Dense(key, dtype, tuple(s), given)) for key, dtype, s, given in parts]
    return sparse, dense


@parse_single_sequence_example_op.shape
def _parse_single_sequence_example_shape(
    serialized: Shape, missing: Shape, context_sparse: list[Shape], context_dense: list[Shape],
    list_sparse: list[Shape], list_dense: list[Shape], defaults: list[Shape], debug_name: Shape,
    *, context_dense_shapes: list[Shape], feature_list_dense_shapes: list[Shape],
) -> list[Shape]:  # fmt: skip
    serialized.with_rank(0)
    some, more = len(context_sparse), len(list_sparse)
    return [
        *[Shape((None, 1))] * some, *[unknown(1)] * some, *[Shape((1,))] * some,
        *context_dense_shapes,
        *[Shape((None, 2))] * more, *[unknown(1)] * more, *[Shape((2,))] * more,
        *[Shape((None,)) + shape for shape in feature_list_dense_shapes],
    ]  # fmt: skip


@op(
    "ParseSequenceExample", context_sparse_types=_TYPES, Tcontext_dense=_TYPES,
    feature_list_sparse_types=_TYPES, feature_list_dense_types=_TYPES, runs_on=HOST,
    differentiable=False,
    lengths={
        "context_sparse_indices": "Ncontext_sparse", "context_sparse_shapes": "Ncontext_sparse",
        "feature_list_sparse_indices": "Nfeature_list_sparse",
        "feature_list_sparse_shapes": "Nfeature_list_sparse",
        "feature_list_dense_lengths": "Nfeature_list_dense",
    },
    outputs=(
        "context_sparse_indices", "context_sparse_values", "context_sparse_shapes",
        "context_dense_values", "feature_list_sparse_indices", "feature_list_sparse_values",
        "feature_list_sparse_shapes", "feature_list_dense_values", "feature_list_dense_lengths",
    ),
    extra={"Ncontext_dense": 0},
)  # fmt: skip
def parse_sequence_example_op(
    xp: Namespace, serialized: String, debug_name: String,
    context_dense_defaults: list[Tcontext_dense], *,
    feature_list_dense_missing_assumed_empty: list[str], context_sparse_keys: list[str],
    context_dense_keys: list[str], feature_list_sparse_keys: list[str],
    feature_list_dense_keys: list[str],
    context_sparse_types: list[DType] = [], Tcontext_dense: list[DType] = [],  # noqa: B006
    feature_list_dense_types: list[DType] = [], context_dense_shapes: list[Shape] = [],  # noqa: B006
    feature_list_sparse_types: list[DType] = [],  # noqa: B006
    feature_list_dense_shapes: list[Shape] = [],  # noqa: B006
) -> tuple[list[Int64], list[context_sparse_types], list[Int64], list[Tcontext_dense], list[Int64], list[feature_list_sparse_types], list[Int64], list[feature_list_dense_types], list[Int64]]:  # fmt: skip # noqa: E501
    """The contexts and the feature lists of a vector of serialized sequence examples."""
    examples = Sequences(elements(serialized), elements(debug_name))
    context = _context(
        examples, list(map(as_bytes, context_sparse_keys)), context_sparse_types,
        list(map(as_bytes, context_dense_keys)), Tcontext_dense, context_dense_shapes,
        context_dense_defaults,
    )  # fmt: skip
    sparse = [
        examples.sparse(Sparse(as_bytes(key), dtype))
        for key, dtype in zip(feature_list_sparse_keys, feature_list_sparse_types, strict=True)
    ]
    may_miss = set(map(as_bytes, feature_list_dense_missing_assumed_empty))
    parts = zip(
        feature_list_dense_keys, feature_list_dense_types, feature_list_dense_shapes, strict=True
    )
    dense = [
        padded(
            examples.dense(as_bytes(key), dtype, _dims(shape), as_bytes(key) in may_miss),
            dtype, _dims(shape),
        )
        for key, dtype, shape in parts
    ]  # fmt: skip
    return (
        *columns(context[0]), context[1],
        [indices for indices, _, _ in sparse], [values for _, values, _ in sparse],
        [shape for _, _, shape in sparse],
        [values for values, _ in dense], [sizes for _, sizes in dense],
    )  # fmt: skip


@parse_sequence_example_op.shape
def _parse_sequence_example_shape(
    serialized: Shape, debug_name: Shape, defaults: list[Shape], *,
    context_sparse_keys: list[str], feature_list_sparse_keys: list[str],
    context_dense_shapes: list[Shape], feature_list_dense_shapes: list[Shape],
) -> list[Shape]:  # fmt: skip
    rows = Shape((serialized.with_rank(1)[0],))
    some, more = len(context_sparse_keys), len(feature_list_sparse_keys)
    return [
        *[Shape((None, 2))] * some, *[unknown(1)] * some, *[Shape((2,))] * some,
        *[rows + shape for shape in context_dense_shapes],
        *[Shape((None, 3))] * more, *[unknown(1)] * more, *[Shape((3,))] * more,
        *[rows + Shape((None,)) + shape for shape in feature_list_dense_shapes],
        *[rows] * len(feature_list_dense_shapes),
    ]  # fmt: skip
