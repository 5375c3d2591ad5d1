"""Images in the formats of cameras and the web, by the library Pillow (extra ``images``)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from tidefall.core import errors, hooks

if TYPE_CHECKING:
    from PIL import Image

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_FORMATS = ("PNG", "JPEG", "GIF", "BMP")


def _library() -> Any:
    try:
        from PIL import Image  # loaded when the first image is decoded
    except ImportError as error:
        raise errors.UnimplementedError(
            None, None, "images are decoded by Pillow: pip install 'tidefall[images]'."
        ) from error
    return Image


def _opened(data: bytes, formats: tuple[str, ...]) -> Image.Image:
    try:
        image: Image.Image = _library().open(io.BytesIO(data), formats=formats)
        image.load()
    except (OSError, SyntaxError, ValueError) as error:
        names = ", ".join(formats)
        raise ValueError(
            f"{len(data)} bytes that begin with {data[:16]!r} are no complete image in one of the "
            f"formats {names}."
        ) from error
    return image


@hooks.install("decode_image_file")
def decode(data: bytes, channels: int, dtype: np.dtype[Any], formats: tuple[str, ...]) -> Any:
    """One picture as an array ``[height, width, channels]``.

    Args:
      data: The content of the file.
      channels: 1, 3 or 4; as many as the file has, if 0.
      dtype: uint8 or uint16.
      formats: The formats it may be in.
    """
    if channels == 1 and data[:2] == b"\xff\xd8":
        image = _library().open(io.BytesIO(data), formats=formats)
        image.draft("L", None)  # the brightness, as it is stored
        image.load()
    else:
        image = _opened(data, formats)
    if image.mode.startswith("I"):
        return _of_sixteen_bits(image, channels, dtype)
    if dtype == np.uint16 and data[:4] == b"\x89PNG" and data[24] == 16:
        raise errors.UnimplementedError(
            None, None, "of PNG files with 16 bits, only those of one channel are read as uint16."
        )
    array = _channels(image, channels)
    return array.astype(np.uint16) * 257 if dtype == np.uint16 else array


def _of_sixteen_bits(image: Image.Image, channels: int, dtype: np.dtype[Any]) -> Any:
    array = np.asarray(image).astype(np.uint16)[:, :, np.newaxis]
    if channels > 1:
        array = np.repeat(array, 3, 2)
    if channels == 4:
        array = np.concatenate([array, np.full_like(array[:, :, :1], 65535)], 2)
    return array if dtype == np.uint16 else (array >> 8).astype(np.uint8)


def _channels(image: Image.Image, channels: int) -> Any:
    """The picture with so many channels; transparency is dropped where it is not wanted."""
    if channels == 0:
        has_alpha = image.mode in ("LA", "RGBA", "PA") or "transparency" in image.info
        if image.mode in ("1", "L", "LA"):
            array = np.asarray(image.convert("LA" if has_alpha else "L"))
            return np.array(array.reshape(image.height, image.width, -1))
        channels = 4 if has_alpha else 3
    if channels == 1:
        return _grey(image)
    if image.mode in ("RGBA", "LA", "PA") and channels == 3:
        image = image.convert("RGBA").convert("RGB")
    array = np.asarray(image.convert(_MODES[channels]))
    return np.array(array.reshape(image.height, image.width, channels))


def _grey(image: Image.Image) -> Any:
    """The brightness of the pixels, with the weights and the rounding of libpng."""
    if image.mode in ("1", "L", "LA"):
        grey = np.asarray(image.convert("LA"))[:, :, :1]
        return np.array(grey)
    colours = np.asarray(image.convert("RGBA")).astype(np.int32)
    weighted = colours[:, :, 0] * 9798 + colours[:, :, 1] * 19234 + colours[:, :, 2] * 3736
    return (weighted >> 15).astype(np.uint8)[:, :, np.newaxis]


@hooks.install("decode_animation")
def decode_animation(data: bytes) -> Any:
    """All pictures of a GIF file, ``[pictures, height, width, 3]``; of another format, one."""
    image = _opened(data, _FORMATS)
    frames = []
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        frames.append(np.asarray(image.convert("RGB")))
    return np.stack(frames)


@hooks.install("encode_image_file")
def encode(pixels: Any, kind: str, options: dict[str, Any]) -> bytes:
    """An array ``[height, width, channels]`` as a file in the format PNG or JPEG."""
    array = np.asarray(pixels)
    squeezed = array[:, :, 0] if array.shape[2] == 1 else array
    if array.dtype == np.uint16 and array.shape[2] != 1:
        raise errors.UnimplementedError(
            None, None, "of images with 16 bits, only those of one channel are written."
        )
    file = io.BytesIO()
    _library().fromarray(squeezed).save(file, kind, **options)
    return file.getvalue()


@hooks.install("image_size")
def size_of(data: bytes) -> tuple[int, int, int]:
    """Height, width and number of channels of a JPEG file, whose pixels are not decoded."""
    image = _library().open(io.BytesIO(data), formats=("JPEG",))
    return image.height, image.width, len(image.getbands())
