"""`tf.parse_example`, `tf.parse_single_example`, and the same for sequence examples."""

from __future__ import annotations

from typing import Any

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.sparse_tensor import SparseTensor
from tidefall.ops.array import expand_dims, squeeze
from tidefall.ops.feature_specs import (
    FixedLenFeature,
    FixedLenSequenceFeature,
    VarLenFeature,
    Wanted,
    named,
    with_sparse_features,
)
from tidefall.ops.parsing import parse_example_op, parse_single_example_op
from tidefall.ops.sequence_parsing import (
    parse_sequence_example_op,
    parse_single_sequence_example_op,
)


def _wanted(features: Any) -> Wanted:
    if not features:
        raise ValueError("features must name at least one feature.")
    return Wanted(features).with_entries(features)


@export("parse_example", "io.parse_example")
def parse_example(
    serialized: Any, features: Any, name: str | None = None, example_names: Any = None
) -> dict[str, Any]:
    """The features of serialized ``tf.train.Example`` messages.

    Args:
      serialized: A vector of strings.
      features: From the name of a feature to what it is: `tf.FixedLenFeature`,
        `tf.FixedLenSequenceFeature`, `tf.VarLenFeature` or `tf.SparseFeature`.
      name: The name scope of the nodes.
      example_names: What error messages call the examples, a vector of strings.

    Returns:
      From the name of each feature to a tensor whose first dimension counts the examples, or a
      sparse tensor.

    Raises:
      ValueError: If there are no features, or one makes no sense.
    """
    wanted = _wanted(features)
    with get_default_graph().name_scope(name or "ParseExample"):
        defaults = wanted.default_tensors()
        found = parse_example_op(
            serialized,
            [] if example_names is None else example_names,
            list(wanted.sparse),
            list(wanted.dense),
            defaults,
            sparse_types=list(wanted.sparse.values()),
            dense_shapes=wanted.shapes(),
            Tdense=wanted.types(),
            Nsparse=len(wanted.sparse),
            Ndense=len(wanted.dense),
            name=name,
        )
        result = named(wanted, *found)
    return with_sparse_features(features, result)


@export("parse_single_example", "io.parse_single_example")
def parse_single_example(
    serialized: Any, features: Any, name: str | None = None, example_names: Any = None
) -> dict[str, Any]:
    """The features of one serialized ``tf.train.Example``.

    Args:
      serialized: A string.
      features: See `tf.parse_example`.
      name: The name scope of the nodes.
      example_names: What error messages call the example, a string.

    Returns:
      From the name of each feature to a tensor or a sparse tensor.

    Raises:
      ValueError: If there are no features, or one makes no sense.
    """
    wanted = _wanted(features)
    if example_names is not None:
        return _by_name(serialized, features, name, example_names)
    with get_default_graph().name_scope(name or "ParseSingleExample"):
        text = convert_to_tensor(serialized, dtypes.string, "serialized")
        found = parse_single_example_op(
            text,
            wanted.default_tensors(),
            num_sparse=len(wanted.sparse),
            sparse_keys=list(wanted.sparse),
            dense_keys=list(wanted.dense),
            sparse_types=list(wanted.sparse.values()),
            dense_shapes=wanted.shapes(),
            Tdense=wanted.types(),
            name=name,
        )
        result = named(wanted, *found)
    return with_sparse_features(features, result)


def _by_name(serialized: Any, features: Any, name: str | None, example_name: Any) -> Any:
    """One example parsed as a batch of one, since only that op knows names."""
    with get_default_graph().name_scope(name or "ParseSingleExample"):
        batch = parse_example(
            expand_dims(serialized, 0), features, None, expand_dims(example_name, 0)
        )
        return {key: _first(value) for key, value in batch.items()}


def _first(value: Any) -> Any:
    """What belongs to the only example of a batch."""
    if not isinstance(value, SparseTensor):
        return squeeze(value, [0])
    return SparseTensor(value.indices[:, 1:], value.values, value.dense_shape[1:])


def _both_wanted(context_features: Any, sequence_features: Any) -> tuple[Wanted, Wanted]:
    if not (context_features or sequence_features):
        raise ValueError("context_features or sequence_features must name a feature.")
    context = Wanted(context_features, (VarLenFeature, FixedLenFeature))
    return context, Wanted(sequence_features, (VarLenFeature, FixedLenSequenceFeature))


@export("parse_single_sequence_example", "io.parse_single_sequence_example")
def parse_single_sequence_example(
    serialized: Any,
    context_features: Any = None,
    sequence_features: Any = None,
    example_name: Any = None,
    name: str | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The features of one serialized ``tf.train.SequenceExample``.

    Args:
      serialized: A string.
      context_features: Features of the whole: `tf.FixedLenFeature` or `tf.VarLenFeature` by name.
      sequence_features: Features of each step: `tf.FixedLenSequenceFeature` or
        `tf.VarLenFeature` by name.
      example_name: What error messages call it, a string.
      name: The name scope of the nodes.

    Returns:
      Two dictionaries of tensors: the context, and the steps, whose first dimension counts them.

    Raises:
      ValueError: If there are no features, or one makes no sense.
    """
    context, lists = _both_wanted(context_features, sequence_features)
    with get_default_graph().name_scope(name or "ParseSingleSequenceExample"):
        found = parse_single_sequence_example_op(
            serialized,
            lists.missing_allowed,
            list(context.sparse),
            list(context.dense),
            list(lists.sparse),
            list(lists.dense),
            context.default_tensors(),
            "" if example_name is None else example_name,
            context_sparse_types=list(context.sparse.values()),
            Tcontext_dense=context.types(),
            context_dense_shapes=context.shapes(),
            feature_list_sparse_types=list(lists.sparse.values()),
            feature_list_dense_types=lists.types(),
            feature_list_dense_shapes=lists.shapes(),
            Ncontext_sparse=len(context.sparse),
            Ncontext_dense=len(context.dense),
            Nfeature_list_sparse=len(lists.sparse),
            Nfeature_list_dense=len(lists.dense),
            name=name,
        )
        return named(context, *found[:4]), named(lists, *found[4:])


@export("io.parse_sequence_example")
def parse_sequence_example(
    serialized: Any,
    context_features: Any = None,
    sequence_features: Any = None,
    example_names: Any = None,
    name: str | None = None,
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The features of a vector of serialized ``tf.train.SequenceExample`` messages.

    Args:
      serialized: A vector of strings.
      context_features: Features of the whole; see `tf.io.parse_single_sequence_example`.
      sequence_features: Features of each step.
      example_names: What error messages call them, a vector of strings.
      name: The name scope of the nodes.

    Returns:
      Three dictionaries of tensors, whose first dimension counts the examples: the context, the
      steps, filled up to the longest, and how many each example has.

    Raises:
      ValueError: If there are no features, or one makes no sense.
    """
    context, lists = _both_wanted(context_features, sequence_features)
    with get_default_graph().name_scope(name or "ParseSequenceExample"):
        found = parse_sequence_example_op(
            serialized,
            [] if example_names is None else example_names,
            context.default_tensors(),
            feature_list_dense_missing_assumed_empty=lists.missing_allowed,
            context_sparse_keys=list(context.sparse),
            context_dense_keys=list(context.dense),
            feature_list_sparse_keys=list(lists.sparse),
            feature_list_dense_keys=list(lists.dense),
            Ncontext_sparse=len(context.sparse),
            Ncontext_dense=len(context.dense),
            Nfeature_list_sparse=len(lists.sparse),
            Nfeature_list_dense=len(lists.dense),
            context_sparse_types=list(context.sparse.values()),
            Tcontext_dense=context.types(),
            context_dense_shapes=context.shapes(),
            feature_list_sparse_types=list(lists.sparse.values()),
            feature_list_dense_types=lists.types(),
            feature_list_dense_shapes=lists.shapes(),
            name=name,
        )
        lengths = dict(zip(lists.dense, found[8], strict=True))
        return named(context, *found[:4]), named(lists, *found[4:8]), lengths
