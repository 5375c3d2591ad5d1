"""Pictures as PNG and sounds as WAV."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_COLOUR = {1: 0, 2: 4, 3: 2, 4: 6}  # channels: grey, grey and alpha, RGB, RGBA
_ALMOST_ZERO = 1e-6


def encode_png(pixels: Array) -> bytes:
    """A PNG file of an array of bytes of shape (height, width, channels)."""
    height, width, channels = pixels.shape
    rows = np.zeros((height, 1 + width * channels), np.uint8)  # each row starts with its filter
    rows[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, _PNG_COLOUR[channels], 0, 0, 0)
    return b"".join(
        (
            _PNG_SIGNATURE,
            _png_chunk(b"IHDR", header),
            _png_chunk(b"IDAT", zlib.compress(rows.tobytes())),
            _png_chunk(b"IEND", b""),
        )
    )


def encode_wav(samples: Array, rate: int) -> bytes:
    """A WAV file, 16 bits a sample, of an array in [-1, 1] of shape (frames, channels)."""
    scaled = np.sign(samples) * np.floor(np.abs(samples) * 32768.0 + 0.5)  # halves away from zero
    data = np.clip(scaled, -32768, 32767).astype("<i2").tobytes()
    channels = samples.shape[1]
    block = 2 * channels
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * block, block, 16)
    body = b"WAVE" + _riff_chunk(b"fmt ", form) + _riff_chunk(b"data", data)
    return _riff_chunk(b"RIFF", body)


def as_pixels(image: Array, bad_colour: Array) -> Array:
    """A picture of numbers as bytes, scaled so that its range is well used.

    Without negative numbers, the largest becomes 255 and zero stays 0; with negative ones, the
    largest in size becomes 127 steps and zero 128. Pixels that are not finite get
    ``bad_colour``.
    """
    if image.dtype == np.uint8:
        return image
    numbers = image.astype(np.float32)
    finite = np.isfinite(numbers).all(axis=-1)
    good = numbers[finite]
    low, high = (float(good.min()), float(good.max())) if good.size else (0.0, 0.0)
    offset, steps = (128.0, 127.0) if low < 0 else (0.0, 255.0)
    largest = max(abs(low), abs(high)) if low < 0 else high
    scale = np.float32(0.0 if largest < _ALMOST_ZERO else np.float32(steps) / np.float32(largest))
    pixels = np.empty(numbers.shape, np.uint8)
    pixels[finite] = (good * scale + np.float32(offset)).astype(np.uint8)
    pixels[~finite] = bad_colour[: numbers.shape[-1]]
    return pixels


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _riff_chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
