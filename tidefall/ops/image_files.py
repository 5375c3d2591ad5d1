"""Image files decoded and encoded: PNG, JPEG, GIF, BMP."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes, hooks
from tidefall.core.dtypes import DType
from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.ir.graph import get_default_graph
from tidefall.ir.inference import ShapeContext
from tidefall.ir.opdef import HOST
from tidefall.ops import shapes
from tidefall.ops.compare import equal
from tidefall.ops.registry import (
    INDICES,
    Int32,
    Namespace,
    String,
    T,
    TypeAttr,
    UInt8,
    dtype,
    op,
    output_type,
)
from tidefall.ops.strings import substr
from tidefall.ops.texts import single, text

_PIXELS = TypeAttr((dtypes.uint8, dtypes.uint16), dtypes.uint8)
#: What the ops for PNG, JPEG and GIF take, whatever they are called.
_ANY = ("PNG", "JPEG", "GIF")


def _check_channels(channels: int, allowed: tuple[int, ...] = (0, 1, 3, 4)) -> None:
    if channels not in allowed:
        raise ValueError(f"channels must be one of {allowed}, not {channels}.")


def _picture_shape(contents: Shape, *, channels: int) -> Shape:
    contents.with_rank(0)
    return Shape((None, None, channels or None))


@op("DecodePng", dtype=_PIXELS, runs_on=HOST, shape=_picture_shape, outputs=("image",),
    differentiable=False, export=("image.decode_png", "io.decode_png"))  # fmt: skip
def decode_png(xp: Namespace, contents: String, *, channels: int = 0, dtype: DType) -> dtype:
    """The picture of a PNG file.

    Args:
      contents: The content of the file, a string.
      channels: 1 for grey, 3 for colours, 4 for colours and opacity; as in the file, if 0.
      dtype: uint8 or uint16.
      name: The name of the node.

    Returns:
      A tensor of shape ``[height, width, channels]``.
    """
    _check_channels(channels)
    return hooks.call("decode_image_file", single(contents), channels, dtype.np_dtype, _ANY)


_JPEG: dict[str, Any] = {
    "ratio": 1, "fancy_upscaling": True, "try_recover_truncated": False,
    "acceptable_fraction": 1.0, "dct_method": "",
}  # fmt: skip


@op("DecodeJpeg", runs_on=HOST, shape=_picture_shape, outputs=("image",), extra=_JPEG)
def decode_jpeg_op(xp: Namespace, contents: String, *, channels: int = 0) -> UInt8:
    """The picture of a JPEG file."""
    _check_channels(channels, (0, 1, 3))
    data = single(contents)
    return hooks.call("decode_image_file", data, channels, np.dtype(np.uint8), _ANY)


@export("image.decode_jpeg", "io.decode_jpeg")
def decode_jpeg(
    contents: Any,
    channels: int = 0,
    ratio: int = 1,
    fancy_upscaling: bool = True,
    try_recover_truncated: bool = False,
    acceptable_fraction: float = 1,
    dct_method: str = "",
    name: str | None = None,
) -> Any:
    """The picture of a JPEG file.

    Args:
      contents: The content of the file, a string.
      channels: 1 for grey, 3 for colours; as in the file, if 0.
      ratio: How many times smaller the picture shall be; only 1 is supported.
      fancy_upscaling: Accepted and ignored, as are those that are not explained here.
      try_recover_truncated: Accepted and ignored.
      acceptable_fraction: Accepted and ignored.
      dct_method: Accepted and ignored.
      name: The name of the node.

    Returns:
      A tensor of uint8 of shape ``[height, width, channels]``.

    Raises:
      ValueError: If ``ratio`` is not 1.
    """
    if ratio != 1:
        raise ValueError(f"ratio {ratio} is not supported; decode with 1 and resize.")
    return decode_jpeg_op(
        contents, channels=channels, fancy_upscaling=fancy_upscaling,
        try_recover_truncated=try_recover_truncated, acceptable_fraction=acceptable_fraction,
        dct_method=dct_method, name=name,
    )  # fmt: skip


@op("DecodeAndCropJpeg", runs_on=HOST, outputs=("image",), extra=_JPEG)
def decode_and_crop_jpeg_op(
    xp: Namespace, contents: String, crop_window: Int32, *, channels: int = 0
) -> UInt8:
    """A part of the picture of a JPEG file."""
    _check_channels(channels, (0, 1, 3))
    data = single(contents)
    whole = hooks.call("decode_image_file", data, channels, np.dtype(np.uint8), _ANY)
    top, left, height, width = np.asarray(crop_window).tolist()
    fits = top >= 0 and left >= 0 and height > 0 and width > 0
    if not fits or top + height > whole.shape[0] or left + width > whole.shape[1]:
        raise ValueError(
            f"the window {[top, left, height, width]} is not inside the picture of "
            f"{whole.shape[0]} x {whole.shape[1]} pixels."
        )
    return np.array(whole[top : top + height, left : left + width])


@decode_and_crop_jpeg_op.shape
def _crop_shape(ctx: ShapeContext, contents: Shape, window: Shape, *, channels: int) -> Shape:
    contents.with_rank(0)
    window.merge_with(Shape((4,)))
    known = ctx.constant(1)
    height, width = (None, None) if known is None else known.tolist()[2:]
    return Shape((height, width, channels or None))


@export("image.decode_and_crop_jpeg", "io.decode_and_crop_jpeg")
def decode_and_crop_jpeg(
    contents: Any,
    crop_window: Any,
    channels: int = 0,
    ratio: int = 1,
    fancy_upscaling: bool = True,
    try_recover_truncated: bool = False,
    acceptable_fraction: float = 1,
    dct_method: str = "",
    name: str | None = None,
) -> Any:
    """A part of the picture of a JPEG file; see `tf.io.decode_jpeg`.

    Args:
      contents: The content of the file, a string.
      crop_window: Top, left, height and width of the part, in pixels.
      channels: 1 for grey, 3 for colours; as in the file, if 0.
      ratio: Only 1 is supported.
      fancy_upscaling: Accepted and ignored, as are those that are not explained here.
      try_recover_truncated: Accepted and ignored.
      acceptable_fraction: Accepted and ignored.
      dct_method: Accepted and ignored.
      name: The name of the node.
    """
    if ratio != 1:
        raise ValueError(f"ratio {ratio} is not supported; decode with 1 and resize.")
    return decode_and_crop_jpeg_op(
        contents, crop_window, channels=channels, fancy_upscaling=fancy_upscaling,
        try_recover_truncated=try_recover_truncated, acceptable_fraction=acceptable_fraction,
        dct_method=dct_method, name=name,
    )  # fmt: skip


@op("DecodeGif", runs_on=HOST, outputs=("image",), export=("image.decode_gif", "io.decode_gif"))
def decode_gif(xp: Namespace, contents: String) -> UInt8:
    """The pictures of a GIF file.

    Args:
      contents: The content of the file, a string.
      name: The name of the node.

    Returns:
      A tensor of shape ``[pictures, height, width, 3]``.
    """
    return hooks.call("decode_animation", single(contents))


@decode_gif.shape
def _gif_shape(contents: Shape) -> Shape:
    contents.with_rank(0)
    return Shape((None, None, None, 3))


@op("DecodeBmp", runs_on=HOST, shape=_picture_shape, outputs=("image",),
    export=("image.decode_bmp", "io.decode_bmp"))  # fmt: skip
def decode_bmp(xp: Namespace, contents: String, *, channels: int = 0) -> UInt8:
    """The picture of a BMP file.

    Args:
      contents: The content of the file, a string.
      channels: 3 for colours, 4 for colours and opacity; as in the file, if 0.
      name: The name of the node.
    """
    _check_channels(channels)
    kind = np.dtype(np.uint8)
    return hooks.call("decode_image_file", single(contents), channels, kind, ("BMP",))


@op("EncodePng", T=_PIXELS, runs_on=HOST, shape=shapes.scalar, outputs=("contents",),
    differentiable=False, export="image.encode_png")  # fmt: skip
def encode_png(xp: Namespace, image: T, *, compression: int = -1) -> String:
    """A picture as a PNG file.

    Args:
      image: Pixels of uint8 or uint16, ``[height, width, channels]``: grey, grey with opacity,
        colours, or colours with opacity.
      compression: 0 to 9, the best; -1 for the usual one.
      name: The name of the node.
    """
    options = {"compress_level": 6 if compression < 0 else compression}
    return text(hooks.call("encode_image_file", image, "PNG", options))


@op("EncodeJpeg", runs_on=HOST, shape=shapes.scalar, outputs=("contents",),
    allowed={"format": ("", "grayscale", "rgb"), "density_unit": ("in", "cm")},
    extra={"xmp_metadata": ""}, export=("image.encode_jpeg", "io.encode_jpeg"))  # fmt: skip
def encode_jpeg(
    xp: Namespace, image: UInt8, *, format: str = "", quality: int = 95,
    progressive: bool = False, optimize_size: bool = False, chroma_downsampling: bool = True,
    density_unit: str = "in", x_density: int = 300, y_density: int = 300,
) -> String:  # fmt: skip
    """A picture as a JPEG file.

    Args:
      image: Pixels of uint8, ``[height, width, channels]``: grey or colours.
      format: ``"grayscale"``, ``"rgb"``, or what the pixels are if empty.
      quality: 0 to 100, the best.
      progressive: Whether the file can be shown before it is complete.
      optimize_size: Whether to spend time on a smaller file.
      chroma_downsampling: Whether colours are stored with fewer pixels.
      density_unit: ``"in"`` or ``"cm"``, the unit of the densities.
      x_density: Pixels in a unit.
      y_density: The same, downwards.
      xmp_metadata: Accepted and ignored.
      name: The name of the node.
    """
    wanted = {"": (1, 3), "grayscale": (1,), "rgb": (3,)}[format]
    if image.ndim != 3 or image.shape[2] not in wanted:
        raise ValueError(
            f"the format {format!r} needs pixels of shape [height, width, channels] with "
            f"{' or '.join(map(str, wanted))} channels, not {list(image.shape)}."
        )
    factor = 1.0 if density_unit == "in" else 2.54
    options = {
        "quality": quality, "progressive": progressive, "optimize": optimize_size,
        "subsampling": 2 if chroma_downsampling else 0,
        "dpi": (round(x_density * factor), round(y_density * factor)),
    }  # fmt: skip
    return text(hooks.call("encode_image_file", image, "JPEG", options))


@op("ExtractJpegShape", output_type=TypeAttr(INDICES, dtypes.int32), runs_on=HOST,
    outputs=("image_shape",),
    export=("image.extract_jpeg_shape", "io.extract_jpeg_shape"))  # fmt: skip
def extract_jpeg_shape(xp: Namespace, contents: String, *, output_type: DType) -> output_type:
    """The shape of the picture of a JPEG file, which is not decoded.

    Args:
      contents: The content of the file, a string.
      output_type: int32 or int64.
      name: The name of the node.
    """
    return np.array(hooks.call("image_size", single(contents)), output_type.np_dtype)


@extract_jpeg_shape.shape
def _extract_shape(contents: Shape) -> Shape:
    contents.with_rank(0)
    return Shape((3,))


@export("image.is_jpeg", "io.is_jpeg")
def is_jpeg(contents: Any, name: str | None = None) -> Any:
    """Whether a string is the content of a JPEG file.

    Args:
      contents: A string.
      name: The name scope of the nodes.
    """
    with get_default_graph().name_scope(name or "is_jpeg"):
        return equal(substr(contents, 0, 3), b"\xff\xd8\xff", name="Equal")
