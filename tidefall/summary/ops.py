"""The ops that turn tensors into ``Summary`` messages, as bytes."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall import proto
from tidefall.core import dtypes, errors
from tidefall.core.dtypes import as_dtype
from tidefall.core.shapes import SCALAR, Shape
from tidefall.io import tensor_proto
from tidefall.ir.opdef import HOST
from tidefall.ops.registry import (
    REALS,
    Array,
    Float32,
    Namespace,
    String,
    T,
    TypeAttr,
    op,
)
from tidefall.summary import media
from tidefall.summary.histogram import histogram_proto

_RED = np.array([255, 0, 0, 255], np.uint8)
_PICTURES = TypeAttr((dtypes.uint8, dtypes.float32, dtypes.float16, dtypes.float64), dtypes.float32)


def _scalar_shape(*_: Any) -> Shape:
    return SCALAR


@op(
    "ScalarSummary", T=REALS, shape=_scalar_shape, runs_on=HOST, differentiable=False,
    outputs=("summary",),
)  # fmt: skip
def scalar_summary(xp: Namespace, tags: String, values: T) -> String:
    """A summary of one number for each tag."""
    if np.shape(tags) != np.shape(values):
        first = np.ravel(tags)[:1]
        tag = f" (tag '{_text(first[0])}')" if first.size else ""
        raise _invalid(
            f"tags and values not the same shape: {_dims(tags)} != {_dims(values)}{tag}. "
            "Summarize one number, for instance tf.reduce_mean of the tensor."
        )
    summary = proto.Summary()
    for tag, value in zip(np.ravel(tags), np.ravel(values), strict=True):
        summary.value.add(tag=_text(tag), simple_value=_as_float32(value))
    return _packed(summary)


@op(
    "HistogramSummary", T=TypeAttr(REALS, dtypes.float32), shape=_scalar_shape, runs_on=HOST,
    differentiable=False, outputs=("summary",),
)  # fmt: skip
def histogram_summary(xp: Namespace, tag: String, values: T) -> String:
    """A summary of how the elements of a tensor are distributed."""
    numbers = np.asarray(values).astype(np.float64)
    for wrong, name in ((np.isnan, "Nan"), (np.isinf, "Infinity")):
        if wrong(numbers).any():
            raise _invalid(
                f"{name} in summary histogram for: {_tag(tag)}. Find where it comes from with "
                "tf.add_check_numerics_ops() or tf.check_numerics."
            )
    summary = proto.Summary()
    summary.value.add(tag=_tag(tag)).histo.CopyFrom(histogram_proto(numbers))
    return _packed(summary)


@op(
    "ImageSummary", T=_PICTURES, shape=_scalar_shape, runs_on=HOST, differentiable=False,
    outputs=("summary",),
)  # fmt: skip
def image_summary(
    xp: Namespace, tag: String, tensor: T, *, max_images: int = 3, bad_color: Array = _RED
) -> String:
    """A summary of pictures, one for each of the first entries of a batch."""
    shape = np.shape(tensor)
    if len(shape) != 4 or shape[3] not in (1, 3, 4):
        raise _invalid(f"Tensor must be 4-D with last dim 1, 3, or 4, not {_dims(tensor)}")
    summary = proto.Summary()
    images = np.asarray(tensor)[:max_images]
    for index, image in enumerate(images):
        value = summary.value.add(tag=_numbered(_tag(tag), "image", index, max_images))
        value.image.height, value.image.width, value.image.colorspace = image.shape
        value.image.encoded_image_string = media.encode_png(media.as_pixels(image, bad_color))
    return _packed(summary)


@op(
    "AudioSummaryV2", shape=_scalar_shape, runs_on=HOST, differentiable=False,
    outputs=("summary",),
)  # fmt: skip
def audio_summary(
    xp: Namespace, tag: String, tensor: Float32, sample_rate: Float32, *, max_outputs: int = 3
) -> String:
    """A summary of sounds, one for each of the first entries of a batch."""
    if np.ndim(tensor) not in (2, 3):
        raise _invalid(f"Tensor must be 3-D or 2-D, got: {_dims(tensor)}")
    rate = float(np.asarray(sample_rate))
    if rate <= 0:
        raise _invalid(f"sample_rate must be > 0, not {rate}")
    summary = proto.Summary()
    for index, sound in enumerate(np.asarray(tensor)[:max_outputs]):
        frames = sound.reshape(len(sound), -1)
        value = summary.value.add(tag=_numbered(_tag(tag), "audio", index, max_outputs))
        value.audio.sample_rate, value.audio.content_type = rate, "audio/wav"
        value.audio.length_frames, value.audio.num_channels = frames.shape
        value.audio.encoded_audio_string = media.encode_wav(frames, round(rate))
    return _packed(summary)


@op(
    "TensorSummaryV2", shape=_scalar_shape, runs_on=HOST, differentiable=False,
    outputs=("summary",),
)  # fmt: skip
def tensor_summary(
    xp: Namespace, tag: String, tensor: T, serialized_summary_metadata: String
) -> String:
    """A summary that holds a whole tensor, for a plugin of TensorBoard."""
    array = np.asarray(tensor)
    dtype = dtypes.string if array.dtype.kind == "O" else as_dtype(array.dtype)
    summary = proto.Summary()
    value = summary.value.add(tag=_tag(tag))
    value.tensor.CopyFrom(tensor_proto.encode(array, dtype))
    value.metadata.MergeFromString(np.asarray(serialized_summary_metadata).item())
    return _packed(summary)


@op("MergeSummary", shape=_scalar_shape, runs_on=HOST, differentiable=False, outputs=("summary",))
def merge_summary(xp: Namespace, inputs: list[String]) -> String:
    """One summary with the values of several."""
    merged = proto.Summary()
    for each in inputs:
        for data in np.ravel(each):
            merged.MergeFromString(data)
    seen: set[str] = set()
    for value in merged.value:
        if value.tag in seen:
            raise _invalid(
                f"Duplicate tag {value.tag} found in summary inputs. Give the summaries "
                "different names."
            )
        seen.add(value.tag)
    return _packed(merged)


def _packed(summary: Any) -> Any:
    result = np.empty((), object)
    result[()] = summary.SerializeToString()
    return result


def _tag(tag: Any) -> str:
    if np.size(tag) != 1:
        raise _invalid(f"the tag of a summary must be a scalar, not of shape {_dims(tag)}")
    return _text(np.asarray(tag).item())


def _text(tag: bytes) -> str:
    return tag.decode("utf-8", "replace")


def _numbered(tag: str, kind: str, index: int, most: int) -> str:
    return f"{tag}/{kind}/{index}" if most > 1 else f"{tag}/{kind}"


def _dims(value: Any) -> str:
    return str(list(np.shape(value))).replace(" ", "")


def _as_float32(value: Any) -> float:
    with np.errstate(over="ignore"):
        return float(np.float32(value))


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)
