"""`tf.image.decode_image`: the picture of a file in whichever format it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tidefall.core import dtypes
from tidefall.core.dtypes import as_dtype
from tidefall.core.exports import export
from tidefall.flow.assertion import assert_true
from tidefall.flow.cond import cond
from tidefall.ir.graph import get_default_graph
from tidefall.ops.cast import cast
from tidefall.ops.compare import equal, logical_and, not_equal
from tidefall.ops.image_files import decode_bmp, decode_gif, decode_jpeg_op, decode_png, is_jpeg
from tidefall.ops.strings import substr


@export("image.decode_image", "io.decode_image")
def decode_image(
    contents: Any,
    channels: int | None = None,
    dtype: Any = dtypes.uint8,
    name: str | None = None,
    expand_animations: bool = True,
) -> Any:
    """The picture of a file: PNG, JPEG, GIF or BMP, as its first bytes tell.

    Args:
      contents: The content of the file, a string.
      channels: 1 for grey, 3 for colours, 4 for colours and opacity; as in the file, if None.
      dtype: uint8; uint16; or float32, from 0 to 1.
      name: The name scope of the nodes.
      expand_animations: Whether a GIF gives all its pictures, in one more dimension, or the first.

    Returns:
      A tensor ``[height, width, channels]``, of a GIF ``[pictures, height, width, 3]``. Its shape
      is not known before the run.

    Raises:
      ValueError: If channels or dtype are others than these.
    """
    kind = as_dtype(dtype)
    if channels not in (None, 0, 1, 3, 4):
        raise ValueError(f"channels must be None, 0, 1, 3 or 4, not {channels}.")
    if kind not in (dtypes.float32, dtypes.uint8, dtypes.uint16):
        raise ValueError(f"dtype must be float32, uint8 or uint16, not {kind.name}.")
    with get_default_graph().name_scope(name or "decode_image"):
        start = substr(contents, 0, 3)
        count = channels or 0

        def bmp() -> Any:
            signature = substr(contents, 0, 2)
            checks = [
                assert_true(
                    equal(signature, "BM", name="is_bmp"),
                    ["the bytes are no image in one of the formats JPEG, PNG, GIF, BMP."],
                ),
                _allowed(not_equal(count, 1, name="check_channels"), "BMP"),
            ]
            return _checked(checks, lambda: _converted(decode_bmp(contents), kind))

        def gif() -> Any:
            other = not_equal(count, 1, name="check_gif_channels")
            good = logical_and(other, not_equal(count, 4, name="check_gif_channels"))

            def decoded() -> Any:
                result = _converted(decode_gif(contents), kind)
                return result if expand_animations else result[0]

            return _checked([_allowed(good, "GIF")], decoded)

        def gif_or_bmp() -> Any:
            return cond(equal(start, b"GIF", name="is_gif"), gif, bmp, name="cond_gif")

        def png() -> Any:
            own = dtypes.uint16 if kind is dtypes.uint16 else dtypes.uint8
            return _converted(decode_png(contents, channels=count, dtype=own), kind)

        def not_jpeg() -> Any:
            return cond(_is_png(contents), png, gif_or_bmp, name="cond_png")

        def jpeg() -> Any:
            good = not_equal(count, 4, name="check_jpeg_channels")
            return _checked(
                [_allowed(good, "JPEG")],
                lambda: _converted(decode_jpeg_op(contents, channels=count), kind),
            )

        return cond(is_jpeg(contents), jpeg, not_jpeg, name="cond_jpeg")


def _is_png(contents: Any) -> Any:
    with get_default_graph().name_scope("is_png"):
        return equal(substr(contents, 0, 3), b"\x89PN", name="Equal")


def _allowed(condition: Any, kind: str) -> Any:
    return assert_true(condition, [f"channels is not possible for a {kind} image."])


def _checked(checks: list[Any], build: Callable[[], Any]) -> Any:
    with get_default_graph().control_dependencies(checks):
        return build()


def _converted(image: Any, kind: Any) -> Any:
    """Pixels of another dtype, of the same brightness."""
    if image.dtype is kind:
        return image
    if kind is dtypes.uint16:
        return cast(image, dtypes.uint16) * 256
    return cast(image, dtypes.float32) * (1.0 / image.dtype.max)
