"""Image files decoded and encoded, compared with TensorFlow 1.15.5."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, case
from tests.ops.inputs import given
from tests.oracle import golden_files
from tests.oracle.programs import images

Image = pytest.importorskip("PIL.Image")

GOLDEN: dict[str, Any] = golden_files.read_arrays(golden_files.path_of("images.npz"))
PICTURE = images.pixels()


def file(name: str) -> bytes:
    data: bytes = GOLDEN[f"file/{name}"].tobytes()
    return data


def written(kind: str, *pictures: Any) -> bytes:
    """A file that Pillow wrote."""
    first, *rest = [Image.fromarray(picture) for picture in pictures]
    target = io.BytesIO()
    more = {"save_all": True, "append_images": rest} if kind == "GIF" else {}
    first.save(target, kind, **more)
    return target.getvalue()


def content(data: bytes) -> Any:
    return given(np.array(data, object))


COLOURS = np.ascontiguousarray(PICTURE[:, :, :3])
FLAT = [np.full((4, 5, 3), value, np.uint8) for value in ((255, 0, 0), (0, 0, 255))]

CASES: list[Case] = [
    case(tf.image.decode_png, content(file("colours")), label="png", expect=COLOURS),
    case(tf.image.decode_jpeg, content(file("jpeg")), label="jpeg",
         expect=GOLDEN["jpeg/0/uint8"]),
    case(tf.image.decode_and_crop_jpeg, content(file("jpeg")), [1, 2, 3, 4], label="crop",
         expect=GOLDEN["jpeg/0/uint8"][1:4, 2:6]),
    case(tf.image.decode_bmp, content(written("BMP", COLOURS)), label="bmp", expect=COLOURS),
    case(tf.image.decode_gif, content(written("GIF", *FLAT)), label="gif",
         expect=np.stack(FLAT)),
    case(tf.image.extract_jpeg_shape, content(file("jpeg")), label="shape",
         expect=np.array([6, 10, 3], np.int32)),
    case(lambda x: tf.image.decode_png(tf.image.encode_png(x)), given(PICTURE), label="encode_png",
         expect=PICTURE),
    case(lambda x: tf.shape(tf.image.decode_jpeg(tf.image.encode_jpeg(x))), given(COLOURS),
         label="encode_jpeg", expect=np.array([6, 10, 3], np.int32)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


@pytest.mark.parametrize("key", [key for key in GOLDEN if not key.startswith("file/")])
def test_pixels(key: str) -> None:
    name, channels, dtype = key.split("/")
    found = tf.Session().run(images.decoded(tf, name, file(name), int(channels), dtype))
    assert found.dtype == GOLDEN[key].dtype
    assert found.tolist() == GOLDEN[key].tolist()


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (file("colours"), COLOURS),
        (file("jpeg"), GOLDEN["jpeg/0/uint8"]),
        (written("BMP", COLOURS), COLOURS),
        (written("GIF", *FLAT), np.stack(FLAT)),
    ],
    ids=["png", "jpeg", "bmp", "gif"],
)
def test_an_image_in_any_format(data: bytes, wanted: Any) -> None:
    text = tf.placeholder(tf.string, [])
    outputs = [tf.image.decode_image(text), tf.image.decode_image(text, dtype=tf.float32)]
    plain, bright = tf.Session().run(outputs, {text: data})
    assert plain.tolist() == wanted.tolist()
    np.testing.assert_allclose(bright, wanted / 255.0, rtol=1e-6)


def test_the_first_picture_of_an_animation() -> None:
    picture = tf.image.decode_image(written("GIF", *FLAT), expand_animations=False)
    assert tf.Session().run(picture).tolist() == FLAT[0].tolist()


def test_sixteen_bits_of_grey() -> None:
    grey = (np.arange(60, dtype=np.uint16) * 1000).reshape(6, 10, 1)
    data = tf.image.encode_png(tf.constant(grey))
    assert tf.Session().run(tf.image.decode_png(data, dtype=tf.uint16)).tolist() == grey.tolist()
    half = tf.Session().run(tf.image.decode_png(data))
    assert half.tolist() == (grey >> 8).tolist()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: tf.image.decode_png("abc"), "begin with b'abc' are no complete image"),
        (lambda: tf.image.decode_png(file("grey")[:50]), "no complete image"),
        (lambda: tf.image.decode_png(file("grey"), channels=2), "channels must be one of"),
        (lambda: tf.image.decode_and_crop_jpeg(file("jpeg"), [0, 0, 99, 1]), "is not inside"),
        (lambda: tf.image.decode_image("abc"), "no image in one of the formats"),
        (lambda: tf.image.encode_jpeg(np.zeros([2, 2, 4], np.uint8)), "1 or 3 channels"),
    ],
)
def test_what_is_no_image(build: Any, message: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError) as info:
        tf.Session().run(build())
    assert message in str(info.value)


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match="ratio 2 is not supported"):
        tf.image.decode_jpeg("", ratio=2)
    with pytest.raises(ValueError, match="channels must be None"):
        tf.image.decode_image("", channels=2)
    with pytest.raises(ValueError, match="dtype must be float32"):
        tf.image.decode_image("", dtype=tf.int32)
