"""The exceptions that a run can raise, ``tf.errors``.

Each class stands for one error code of TensorFlow, so programs can catch what they caught
there. An error that knows its operation says where the user's program created it.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Final

from tidefall.core.exports import export, export_value

OK: Final = 0
CANCELLED: Final = 1
UNKNOWN: Final = 2
INVALID_ARGUMENT: Final = 3
DEADLINE_EXCEEDED: Final = 4
NOT_FOUND: Final = 5
ALREADY_EXISTS: Final = 6
PERMISSION_DENIED: Final = 7
RESOURCE_EXHAUSTED: Final = 8
FAILED_PRECONDITION: Final = 9
ABORTED: Final = 10
OUT_OF_RANGE: Final = 11
UNIMPLEMENTED: Final = 12
INTERNAL: Final = 13
UNAVAILABLE: Final = 14
DATA_LOSS: Final = 15
UNAUTHENTICATED: Final = 16

CODES: Final[dict[str, int]] = {
    "OK": OK,
    "CANCELLED": CANCELLED,
    "UNKNOWN": UNKNOWN,
    "INVALID_ARGUMENT": INVALID_ARGUMENT,
    "DEADLINE_EXCEEDED": DEADLINE_EXCEEDED,
    "NOT_FOUND": NOT_FOUND,
    "ALREADY_EXISTS": ALREADY_EXISTS,
    "PERMISSION_DENIED": PERMISSION_DENIED,
    "RESOURCE_EXHAUSTED": RESOURCE_EXHAUSTED,
    "FAILED_PRECONDITION": FAILED_PRECONDITION,
    "ABORTED": ABORTED,
    "OUT_OF_RANGE": OUT_OF_RANGE,
    "UNIMPLEMENTED": UNIMPLEMENTED,
    "INTERNAL": INTERNAL,
    "UNAVAILABLE": UNAVAILABLE,
    "DATA_LOSS": DATA_LOSS,
    "UNAUTHENTICATED": UNAUTHENTICATED,
}
for _name, _code in CODES.items():
    export_value(f"errors.{_name}", _code)


@export("OpError", "errors.OpError")
class OpError(Exception):
    """What went wrong when an operation ran.

    Attributes:
      op: The `Operation` that failed, or `None` if it is not known or not in the graph.
      node_def: Its ``NodeDef``, or `None`.
      message: What went wrong, without the place.
      error_code: TensorFlow's number for this kind of error.
    """

    def __init__(self, node_def: Any, op: Any, message: str, error_code: int) -> None:
        super().__init__()
        self._node_def = node_def
        self._op = op
        self._message = message
        self._error_code = error_code

    @property
    def message(self) -> str:
        """What went wrong."""
        return self._message

    @property
    def op(self) -> Any:
        """The operation that failed, if it is known."""
        return self._op

    @property
    def error_code(self) -> int:
        """The number of this kind of error."""
        return self._error_code

    @property
    def node_def(self) -> Any:
        """The ``NodeDef`` of the operation that failed, if it is known."""
        return self._node_def

    def __str__(self) -> str:
        """The message, and where the user created the operation that failed."""
        location = getattr(self._op, "_location", None)
        if location is None:
            return self._message
        named = f"'{self._op.name}'"
        what = "created" if named in self._message else f"{named} was created"
        return f"{self._message}\n  {what} at {location}"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles the message; an operation belongs to its graph and stays behind."""
        if type(self) is OpError:
            return OpError, (None, None, str(self), self._error_code)
        return type(self), (None, None, str(self))


class OperatorNotAllowedInGraphError(TypeError):
    """Python asked for the truth or the elements of a tensor, which are not known yet."""


class NoArrayInGraphError(TypeError, NotImplementedError):
    """Python asked for the array of a tensor, which is not known yet.

    NumPy's functions get a NotImplementedError in TensorFlow, but a TypeError where they ask for
    an array of a dtype; this is both.
    """


class InaccessibleTensorError(ValueError):
    """A tensor or operation was fetched that may not be fetched from outside."""


class _CodedError(OpError):
    """An `OpError` whose class says the code."""

    code: int

    def __init__(self, node_def: Any, op: Any, message: str) -> None:
        super().__init__(node_def, op, message, self.code)


@export("errors.CancelledError")
class CancelledError(_CodedError):
    """The operation or step was cancelled, for instance by closing its session or queue."""

    code = CANCELLED


@export("errors.UnknownError")
class UnknownError(OpError):
    """An error of no other kind, for instance an exception of the user's own function."""

    code: int = UNKNOWN

    def __init__(self, node_def: Any, op: Any, message: str, error_code: int = UNKNOWN) -> None:
        super().__init__(node_def, op, message, error_code)


@export("errors.InvalidArgumentError")
class InvalidArgumentError(_CodedError):
    """An operation received a value that it cannot accept, whatever the state of things."""

    code = INVALID_ARGUMENT


@export("errors.DeadlineExceededError")
class DeadlineExceededError(_CodedError):
    """The time allowed for a step ran out before it was done."""

    code = DEADLINE_EXCEEDED


@export("errors.NotFoundError")
class NotFoundError(_CodedError):
    """Something asked for, a file or a checkpoint's tensor, does not exist."""

    code = NOT_FOUND


@export("errors.AlreadyExistsError")
class AlreadyExistsError(_CodedError):
    """Something that was to be created exists already."""

    code = ALREADY_EXISTS


@export("errors.PermissionDeniedError")
class PermissionDeniedError(_CodedError):
    """The caller may not do what it asked for, for instance read a file."""

    code = PERMISSION_DENIED


@export("errors.UnauthenticatedError")
class UnauthenticatedError(_CodedError):
    """The request carries no valid credentials."""

    code = UNAUTHENTICATED


@export("errors.ResourceExhaustedError")
class ResourceExhaustedError(_CodedError):
    """Memory, disk space or another resource ran out."""

    code = RESOURCE_EXHAUSTED


@export("errors.FailedPreconditionError")
class FailedPreconditionError(_CodedError):
    """The state does not allow the operation, for instance a variable without a value."""

    code = FAILED_PRECONDITION


@export("errors.AbortedError")
class AbortedError(_CodedError):
    """The operation gave way to another one; it may succeed when tried again."""

    code = ABORTED


@export("errors.OutOfRangeError")
class OutOfRangeError(_CodedError):
    """The input has ended: a queue is closed and empty, or a dataset is exhausted."""

    code = OUT_OF_RANGE


@export("errors.UnimplementedError")
class UnimplementedError(_CodedError):
    """The operation is not supported for these arguments."""

    code = UNIMPLEMENTED


@export("errors.InternalError")
class InternalError(_CodedError):
    """Something that must hold did not: a fault of the library, not of the program."""

    code = INTERNAL


@export("errors.UnavailableError")
class UnavailableError(_CodedError):
    """A service cannot be reached at present; trying again later may help."""

    code = UNAVAILABLE


@export("errors.DataLossError")
class DataLossError(_CodedError):
    """Stored data are damaged beyond repair, for instance a truncated record file."""

    code = DATA_LOSS


_CLASSES: Final[dict[int, type[OpError]]] = {
    each.code: each
    for each in (
        CancelledError,
        UnknownError,
        InvalidArgumentError,
        DeadlineExceededError,
        NotFoundError,
        AlreadyExistsError,
        PermissionDeniedError,
        UnauthenticatedError,
        ResourceExhaustedError,
        FailedPreconditionError,
        AbortedError,
        OutOfRangeError,
        UnimplementedError,
        InternalError,
        UnavailableError,
        DataLossError,
    )
}


@export("errors.exception_type_from_error_code")
def exception_type_from_error_code(error_code: int) -> type[OpError]:
    """Returns the exception class of an error code.

    Raises:
      KeyError: If no class has the code.
    """
    return _CLASSES[error_code]


@export("errors.error_code_from_exception_type")
def error_code_from_exception_type(cls: type[BaseException]) -> int:
    """Returns the error code of an exception class, `UNKNOWN` for any other class."""
    for code, known in _CLASSES.items():
        if cls is known:
            return code
    return UNKNOWN


def make(error_code: int, node_def: Any, op: Any, message: str) -> OpError:
    """Returns the exception for an error code, an `UnknownError` if no class has it."""
    known = _CLASSES.get(error_code)
    if known is None:
        return UnknownError(node_def, op, message, error_code)
    return known(node_def, op, message)  # type: ignore[call-arg]


class Status:
    """The outcome of a call: `OK`, or an error code with a message."""

    __slots__ = ("code", "message")

    def __init__(self) -> None:
        self.code: int = OK
        self.message: str = ""


@export("errors.raise_exception_on_not_ok_status")
class raise_exception_on_not_ok_status:
    """A context whose target is a `Status`; leaving it raises if the status is an error."""

    def __enter__(self) -> Status:
        self.status = Status()
        return self.status

    def __exit__(
        self,
        type_arg: type[BaseException] | None,
        value_arg: BaseException | None,
        traceback_arg: TracebackType | None,
    ) -> None:
        if self.status.code != OK:
            raise make(self.status.code, None, None, self.status.message)
