"""Element types: TensorFlow 1.15's numbers, names and answers."""

import pickle
import subprocess
import sys
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from tidefall.core import dtypes
from tidefall.core.dtypes import DType, as_dtype

ENUMS = {
    "float32": 1,
    "float64": 2,
    "int32": 3,
    "uint8": 4,
    "int16": 5,
    "int8": 6,
    "string": 7,
    "complex64": 8,
    "int64": 9,
    "bool": 10,
    "qint8": 11,
    "quint8": 12,
    "qint32": 13,
    "bfloat16": 14,
    "qint16": 15,
    "quint16": 16,
    "uint16": 17,
    "complex128": 18,
    "float16": 19,
    "resource": 20,
    "variant": 21,
    "uint32": 22,
    "uint64": 23,
}


@pytest.mark.parametrize(("name", "number"), ENUMS.items())
def test_names_and_numbers_are_those_of_tensorflow(name: str, number: int) -> None:
    dtype = as_dtype(name)
    assert (dtype.name, dtype.enum, dtype.as_datatype_enum) == (name, number, number)
    assert as_dtype(number) is as_dtype(dtype) is DType(number) is dtype
    assert repr(dtype) == f"tf.{name}"
    assert str(dtype) == f"<dtype: '{name}'>"


@pytest.mark.parametrize("dtype", dtypes.ALL, ids=repr)
def test_every_type_has_a_reference_twin(dtype: DType) -> None:
    reference = dtype._as_ref
    assert reference.enum == dtype.enum + 100
    assert reference.name == dtype.name + "_ref"
    assert (dtype._is_ref_dtype, reference._is_ref_dtype) == (False, True)
    assert reference.base_dtype is dtype.base_dtype is dtype
    assert reference._as_ref is reference
    assert reference.as_numpy_dtype == dtype.as_numpy_dtype
    assert reference.np_dtype == dtype.np_dtype
    assert reference != dtype


def test_all_lists_every_type_once() -> None:
    assert [dtype.enum for dtype in dtypes.ALL] == sorted(ENUMS.values())


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (np.float32, dtypes.float32),
        (np.dtype(">f8"), dtypes.float64),
        (np.dtype("S3"), dtypes.string),
        (np.dtype("U7"), dtypes.string),
        (np.str_, dtypes.string),
        (np.longlong, dtypes.int64),
        (np.bool_, dtypes.bool_),
        (np.dtype([("qint8", np.int8)]), dtypes.qint8),
        (ml_dtypes.bfloat16, dtypes.bfloat16),
        (np.dtype(ml_dtypes.bfloat16), dtypes.bfloat16),
        (float, dtypes.float32),
        (int, dtypes.int32),
        (bool, dtypes.bool_),
        (complex, dtypes.complex128),
        (str, dtypes.string),
        (bytes, dtypes.string),
        (object, dtypes.string),
        ("half", dtypes.float16),
        ("float", dtypes.float32),
        ("double_ref", dtypes.float64._as_ref),
        ("int32_ref", dtypes.int32._as_ref),
    ],
    ids=str,
)
def test_as_dtype_understands(given: Any, expected: DType) -> None:
    assert as_dtype(given) is expected
    assert expected == given
    assert (expected != given) is False


@pytest.mark.parametrize(
    "given", [None, "float31", [1], {}, 99, np.void, np.dtype([("a", int)]), 3.5, DType]
)
def test_as_dtype_refuses_what_is_no_type(given: Any) -> None:
    with pytest.raises(TypeError, match=r"Cannot convert .* to a DType"):
        as_dtype(given)
    assert (dtypes.float32 == given) is False


@pytest.mark.parametrize(
    ("attribute", "members"),
    [
        ("is_bool", "bool"),
        ("is_complex", "complex64 complex128"),
        ("is_floating", "float16 bfloat16 float32 float64"),
        ("is_unsigned", "uint8 uint16 uint32 uint64"),
        ("is_integer", "int8 int16 int32 int64 uint8 uint16 uint32 uint64"),
        ("is_quantized", "qint8 quint8 qint16 quint16 qint32"),
    ],
)
def test_kinds(attribute: str, members: str) -> None:
    for dtype in (*dtypes.ALL, *(each._as_ref for each in dtypes.ALL)):
        assert getattr(dtype, attribute) == (dtype.base_dtype.name in members.split()), dtype


def test_only_resources_and_variants_have_no_numpy_form() -> None:
    assert [d.name for d in dtypes.ALL if not d.is_numpy_compatible] == ["resource", "variant"]


def test_real_dtype() -> None:
    assert dtypes.complex64.real_dtype is dtypes.float32
    assert dtypes.complex128._as_ref.real_dtype is dtypes.float64
    assert dtypes.int32.real_dtype is dtypes.int32


@pytest.mark.parametrize(
    ("dtype", "least", "greatest"),
    [
        (dtypes.int8, -128, 127),
        (dtypes.uint64, 0, 2**64 - 1),
        (dtypes.float16, -65504, 65504),
        (dtypes.float32, np.finfo(np.float32).min, np.finfo(np.float32).max),
        (dtypes.bfloat16, -3.3895313892515355e38, 3.3895313892515355e38),
        (dtypes.int32._as_ref, -(2**31), 2**31 - 1),
    ],
)
def test_min_and_max(dtype: DType, least: Any, greatest: Any) -> None:
    assert float(dtype.min) == float(least)
    assert float(dtype.max) == float(greatest)


@pytest.mark.parametrize("dtype", [dtypes.bool_, dtypes.string, dtypes.complex64, dtypes.qint8])
def test_types_without_order_have_no_bounds(dtype: DType) -> None:
    with pytest.raises(TypeError, match=r"has no minimum value"):
        _ = dtype.min
    with pytest.raises(TypeError, match=r"has no maximum value"):
        _ = dtype.max


def test_limits() -> None:
    assert dtypes.int8.limits == (0, 127)
    assert dtypes.float64.limits == (0, 1)
    with pytest.raises(KeyError, match="no range of intensities"):
        _ = dtypes.float16.limits


@pytest.mark.parametrize(
    ("dtype", "size"),
    [
        (dtypes.float32, 4),
        (dtypes.bfloat16, 2),
        (dtypes.complex128, 16),
        (dtypes.string, 8),
        (dtypes.variant, 1),
        (dtypes.qint32, 4),
        (dtypes.bool_._as_ref, 1),
    ],
)
def test_size(dtype: DType, size: int) -> None:
    assert dtype.size == size


def test_a_reference_may_stand_for_its_value_but_not_the_reverse() -> None:
    assert dtypes.float32.is_compatible_with(dtypes.float32._as_ref)
    assert not dtypes.float32._as_ref.is_compatible_with(dtypes.float32)
    assert dtypes.float32.is_compatible_with("float32")
    assert not dtypes.float32.is_compatible_with(np.float64)


def test_equality_and_hash_agree_with_tensorflow() -> None:
    assert dtypes.float32 == "float32"
    assert dtypes.float32 == 1
    assert dtypes.float32 != "float64"
    assert dtypes.float32 != None  # noqa: E711 (the operator is what is tested)
    assert hash(dtypes.float32) == int(dtypes.float32) == 1


def test_a_pickled_type_is_the_same_object() -> None:
    for dtype in (dtypes.float32, dtypes.bfloat16, dtypes.int64._as_ref):
        assert pickle.loads(pickle.dumps(dtype)) is dtype


def test_an_unknown_number_is_refused() -> None:
    with pytest.raises(TypeError, match="not a number of a data type: 77"):
        DType(77)


def test_a_misspelt_attribute_is_an_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'is_flaoting'"):
        _ = dtypes.float32.is_flaoting  # type: ignore[attr-defined]


def test_bfloat16_is_imported_only_when_wanted() -> None:
    program = (
        "import sys; from tidefall.core import dtypes; assert 'ml_dtypes' not in sys.modules;"
        "dtypes.as_dtype('bfloat16').size; assert 'ml_dtypes' not in sys.modules;"
        "assert dtypes.bfloat16._as_ref.np_dtype.itemsize == 2; assert 'ml_dtypes' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
