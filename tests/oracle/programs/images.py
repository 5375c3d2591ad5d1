"""Small image files that TensorFlow wrote, and the pixels that it reads from them."""

from __future__ import annotations

from typing import Any, Dict

import numpy as np


def pixels() -> Any:
    """A picture of noise and a ramp, with four channels."""
    noise = np.random.RandomState(0).randint(0, 256, (6, 5, 4))
    return np.concatenate([noise, np.arange(120).reshape(6, 5, 4) * 2], 1).astype(np.uint8)


def files_and_pixels(tf: Any) -> Dict[str, Any]:
    """Files as arrays of bytes; pixels by file, channels and dtype."""
    picture = pixels()
    record: Dict[str, Any] = {}
    with tf.Session() as session:
        files = {"jpeg": session.run(tf.image.encode_jpeg(picture[:, :, :3]))}
        for count, name in enumerate(["grey", "grey with opacity", "colours", "all"], 1):
            files[name] = session.run(tf.image.encode_png(picture[:, :, :count]))
        for name, data in files.items():
            record["file/" + name] = np.frombuffer(data, np.uint8)
            for channels in [0, 1, 3] + ([4] if name != "jpeg" else []):
                for dtype in ["uint8"] + (["uint16"] if name != "jpeg" else []):
                    key = "%s/%d/%s" % (name, channels, dtype)
                    record[key] = session.run(decoded(tf, name, data, channels, dtype))
    return record


def decoded(tf: Any, name: str, data: bytes, channels: int, dtype: str) -> Any:
    """The picture of a file."""
    if name == "jpeg":
        return tf.image.decode_jpeg(data, channels=channels, dct_method="INTEGER_ACCURATE")
    return tf.image.decode_png(data, channels=channels, dtype=dtype)
