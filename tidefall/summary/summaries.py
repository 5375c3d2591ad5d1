"""``tf.summary``: functions that add summaries of tensors to the graph."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tidefall import proto
from tidefall.core import dtypes, logging
from tidefall.core.exports import export
from tidefall.ir.collections import GraphKeys
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import add_to_collection, get_collection, get_default_graph
from tidefall.summary import ops

_NOT_IN_TAGS = re.compile(r"[^-/\w.]")


@export("summary.scalar")
def scalar(name: str, tensor: Any, collections: Any = None, family: str | None = None) -> Any:
    """A summary of one number.

    Args:
      name: The name of the node and, with the open name scopes, the tag in TensorBoard.
      tensor: The number.
      collections: The collections to add the summary to; ``SUMMARIES`` if None.
      family: A prefix of the tag, by which TensorBoard groups summaries.

    Returns:
      A tensor of one string, a serialized ``Summary``.
    """
    with _summary_scope(name, family) as (tag, scope):
        summary = ops.scalar_summary(tags=tag, values=tensor, name=scope)
    return _collect(summary, collections, [GraphKeys.SUMMARIES])


@export("summary.histogram")
def histogram(name: str, values: Any, collections: Any = None, family: str | None = None) -> Any:
    """A summary of how the elements of a tensor are distributed.

    Args:
      name: The name of the node and, with the open name scopes, the tag in TensorBoard.
      values: Numbers, in a tensor of any shape.
      collections: The collections to add the summary to; ``SUMMARIES`` if None.
      family: A prefix of the tag, by which TensorBoard groups summaries.

    Returns:
      A tensor of one string, a serialized ``Summary``. Running it raises InvalidArgumentError
      if a value is not finite.
    """
    with _summary_scope(name, family) as (tag, scope):
        summary = ops.histogram_summary(tag=tag, values=values, name=scope)
    return _collect(summary, collections, [GraphKeys.SUMMARIES])


@export("summary.image")
def image(
    name: str,
    tensor: Any,
    max_outputs: int = 3,
    collections: Any = None,
    family: str | None = None,
) -> Any:
    """A summary of pictures.

    Args:
      name: The name of the node and, with the open name scopes, the tag in TensorBoard.
      tensor: A tensor of shape ``[batch, height, width, channels]`` with 1 (grey), 3 (RGB) or
        4 (RGBA) channels, of bytes or of floats, which are scaled.
      max_outputs: How many entries of the batch are written.
      collections: The collections to add the summary to; ``SUMMARIES`` if None.
      family: A prefix of the tag, by which TensorBoard groups summaries.

    Returns:
      A tensor of one string, a serialized ``Summary``.
    """
    _check_positive("max_outputs", max_outputs)
    with _summary_scope(name, family) as (tag, scope):
        summary = ops.image_summary(tag=tag, tensor=tensor, max_images=max_outputs, name=scope)
    return _collect(summary, collections, [GraphKeys.SUMMARIES])


@export("summary.audio")
def audio(
    name: str,
    tensor: Any,
    sample_rate: Any,
    max_outputs: int = 3,
    collections: Any = None,
    family: str | None = None,
) -> Any:
    """A summary of sounds.

    Args:
      name: The name of the node and, with the open name scopes, the tag in TensorBoard.
      tensor: A float tensor of shape ``[batch, frames, channels]`` or ``[batch, frames]``, with
        values in [-1, 1].
      sample_rate: Frames per second.
      max_outputs: How many entries of the batch are written.
      collections: The collections to add the summary to; ``SUMMARIES`` if None.
      family: A prefix of the tag, by which TensorBoard groups summaries.

    Returns:
      A tensor of one string, a serialized ``Summary``.
    """
    _check_positive("max_outputs", max_outputs)
    with _summary_scope(name, family) as (tag, scope):
        rate = convert_to_tensor(sample_rate, dtypes.float32, name="sample_rate")
        summary = ops.audio_summary(
            tag=tag, tensor=tensor, sample_rate=rate, max_outputs=max_outputs, name=scope
        )
    return _collect(summary, collections, [GraphKeys.SUMMARIES])


@export("summary.text")
def text(name: str, tensor: Any, collections: Any = None) -> Any:
    """A summary of text, which TensorBoard shows as Markdown.

    Args:
      name: The name of the node and, with the open name scopes, the tag in TensorBoard.
      tensor: A string, or a table of strings.
      collections: The collections to add the summary to; ``SUMMARIES`` if None.

    Returns:
      A tensor of one string, a serialized ``Summary``.

    Raises:
      ValueError: If ``tensor`` is not of strings.
    """
    tensor = convert_to_tensor(tensor)
    if tensor.dtype is not dtypes.string:
        raise ValueError(f"Expected tensor {tensor.name} to have dtype string, got {tensor.dtype}")
    metadata = proto.SummaryMetadata(
        plugin_data=proto.SummaryMetadata.PluginData(plugin_name="text")
    )
    return tensor_summary(name, tensor, summary_metadata=metadata, collections=collections)


@export("summary.tensor_summary")
def tensor_summary(
    name: str,
    tensor: Any,
    summary_description: str | None = None,
    collections: Any = None,
    summary_metadata: Any = None,
    family: str | None = None,
    display_name: str | None = None,
) -> Any:
    """A summary that holds a whole tensor.

    Args:
      name: The name of the node and, if ``display_name`` is None, in TensorBoard.
      tensor: A tensor of any type and shape.
      summary_description: What it shows, in Markdown.
      collections: The collections to add the summary to; ``SUMMARIES`` if None.
      summary_metadata: A ``SummaryMetadata`` message, which says the plugin that shows it.
      family: A prefix of the tag, by which TensorBoard groups summaries.
      display_name: Its name in TensorBoard.

    Returns:
      A tensor of one string, a serialized ``Summary``.
    """
    metadata = proto.SummaryMetadata()
    if summary_metadata is not None:
        metadata.MergeFromString(summary_metadata.SerializeToString())
    if display_name is not None:
        metadata.display_name = display_name
    if summary_description is not None:
        metadata.summary_description = summary_description
    with _summary_scope(name, family) as (tag, scope):
        summary = ops.tensor_summary(
            tag=tag,
            tensor=tensor,
            serialized_summary_metadata=metadata.SerializeToString(),
            name=scope,
        )
    return _collect(summary, collections, [GraphKeys.SUMMARIES])


@export("summary.merge")
def merge(inputs: Any, collections: Any = None, name: str | None = None) -> Any:
    """One summary with the values of several.

    Args:
      inputs: Summaries, in a list.
      collections: The collections to add the result to; none if None.
      name: The name scope of the node, ``"Merge"`` if None.

    Returns:
      A tensor of one string, a serialized ``Summary``. Running it raises InvalidArgumentError
      if two summaries have one tag.

    Raises:
      ValueError: If ``inputs`` is empty.
    """
    if not isinstance(inputs, (list, tuple)):
        raise TypeError(f"merge() takes a list of summaries, not {inputs!r}.")
    if not inputs:
        raise ValueError("merge() needs at least one summary, and the list is empty.")
    with get_default_graph().name_scope(name or "Merge"):
        summary = ops.merge_summary(list(inputs), name=name)
    return _collect(summary, collections, [])


@export("summary.merge_all")
def merge_all(
    key: str = GraphKeys.SUMMARIES, scope: str | None = None, name: str | None = None
) -> Any:
    """One summary with the values of all summaries of a collection.

    Args:
      key: The collection.
      scope: A regular expression that the summaries' names must match at their start.
      name: The name scope of the node, ``"Merge"`` if None.

    Returns:
      A tensor of one string, or None if there are no summaries.
    """
    summaries = get_collection(key, scope)
    return merge(summaries, name=name) if summaries else None


@contextmanager
def _summary_scope(name: str, family: str | None) -> Iterator[tuple[str, str]]:
    """Opens the name scope of a summary; yields its tag and the scope."""
    name = _clean_tag(name)
    family = None if family is None else _clean_tag(family)
    base = name if family is None else f"{family}/{name}"
    with get_default_graph().name_scope(base) as scope:
        tag = scope.rstrip("/")
        yield (tag if family is None else f"{family}/{tag}"), scope


def _clean_tag(name: str) -> str:
    """``name`` with what a tag cannot hold replaced by underscores."""
    clean = _NOT_IN_TAGS.sub("_", name).lstrip("/")
    if clean != name:
        logging.info("Summary name %s is illegal; using %s instead.", name, clean)
    return clean


def _collect(summary: Any, collections: Any, default: list[str]) -> Any:
    for key in default if collections is None else collections:
        add_to_collection(key, summary)
    return summary


def _check_positive(name: str, value: int) -> None:
    if value < 1:
        raise ValueError(f"{name} must be at least 1, not {value}.")
