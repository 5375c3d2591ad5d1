"""The exceptions of ``tf.errors``."""

import pickle
from types import SimpleNamespace

import pytest

from tidefall.core import errors

CODES = {
    "CancelledError": 1,
    "UnknownError": 2,
    "InvalidArgumentError": 3,
    "DeadlineExceededError": 4,
    "NotFoundError": 5,
    "AlreadyExistsError": 6,
    "PermissionDeniedError": 7,
    "ResourceExhaustedError": 8,
    "FailedPreconditionError": 9,
    "AbortedError": 10,
    "OutOfRangeError": 11,
    "UnimplementedError": 12,
    "InternalError": 13,
    "UnavailableError": 14,
    "DataLossError": 15,
    "UnauthenticatedError": 16,
}


@pytest.mark.parametrize(("name", "code"), CODES.items())
def test_each_class_stands_for_its_code(name: str, code: int) -> None:
    cls = getattr(errors, name)
    error = cls(None, None, "it failed")
    assert isinstance(error, errors.OpError)
    assert (error.error_code, error.message, str(error)) == (code, "it failed", "it failed")
    assert errors.exception_type_from_error_code(code) is cls
    assert errors.error_code_from_exception_type(cls) == code
    assert type(errors.make(code, None, None, "m")) is cls


def test_the_constants_name_the_codes() -> None:
    assert sorted(errors.CODES.values()) == list(range(17))
    assert errors.CODES["DATA_LOSS"] == errors.DATA_LOSS == errors.DataLossError.code


def test_unknown_codes() -> None:
    with pytest.raises(KeyError):
        errors.exception_type_from_error_code(0)
    assert errors.error_code_from_exception_type(ValueError) == errors.UNKNOWN
    odd = errors.make(99, None, None, "m")
    assert (type(odd), odd.error_code) == (errors.UnknownError, 99)


def test_an_error_says_where_its_operation_was_created() -> None:
    op = SimpleNamespace(name="hidden/MatMul", _location="train.py:42: logits = tf.matmul(x, w)")
    error = errors.InvalidArgumentError("node", op, "sizes differ")
    assert str(error) == (
        "sizes differ\n  'hidden/MatMul' was created at train.py:42: logits = tf.matmul(x, w)"
    )
    assert (error.message, error.op, error.node_def) == ("sizes differ", op, "node")


def test_an_error_that_names_its_operation_does_so_once() -> None:
    op = SimpleNamespace(name="a", _location="train.py:42: a = b / c")
    error = errors.InvalidArgumentError(None, op, "'a' (Div): division by zero")
    assert str(error) == "'a' (Div): division by zero\n  created at train.py:42: a = b / c"


def test_an_error_without_a_place_is_its_message() -> None:
    op = SimpleNamespace(name="imported", _location=None)
    assert str(errors.OpError(None, op, "sizes differ", 3)) == "sizes differ"


def test_a_pickled_error_keeps_its_text_and_class() -> None:
    op = SimpleNamespace(name="a", _location="x.py:1: a = 1")
    for error in (
        errors.NotFoundError(None, op, "no file"),
        errors.OpError(None, op, "no file", 5),
        errors.UnknownError(None, op, "no file"),
    ):
        copy = pickle.loads(pickle.dumps(error))
        assert (type(copy), str(copy), copy.error_code) == (
            type(error),
            str(error),
            error.error_code,
        )


def test_a_bad_status_raises_when_its_context_is_left() -> None:
    with errors.raise_exception_on_not_ok_status() as fine:
        fine.message = "nothing happened"
    with (
        pytest.raises(errors.NotFoundError, match="no such thing"),
        errors.raise_exception_on_not_ok_status() as status,
    ):
        status.code, status.message = errors.NOT_FOUND, "no such thing"
