"""Device names such as ``/job:worker/task:1/device:GPU:0``, and how scopes combine them.

A device name may leave out any of its parts. An operation created under several
``tf.device`` scopes takes each part from the innermost scope that gives it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, Protocol, Self

from tidefall.core.exports import export


class _Parts(NamedTuple):
    job: Any = None
    replica: int | None = None
    task: int | None = None
    device_type: str | None = None
    device_index: int | None = None


class DeviceSpecV2:
    """An immutable device name, taken apart.

    >>> DeviceSpecV2.from_string("/job:worker/gpu:1").device_type
    'GPU'
    """

    __slots__ = ("_parts",)

    def __init__(
        self,
        job: str | None = None,
        replica: int | None = None,
        task: int | None = None,
        device_type: str | None = None,
        device_index: int | None = None,
    ) -> None:
        """Makes a name of its parts; `None` leaves a part open."""
        self._parts = _checked(_Parts(job, replica, task, device_type, device_index))

    @classmethod
    def _of(cls, parts: _Parts) -> Self:
        self = object.__new__(cls)
        self._parts = parts
        return self

    @classmethod
    def from_string(cls, spec: str | None) -> Self:
        """Reads a device name.

        Args:
          spec: A name of the form
            ``/job:<name>/replica:<id>/task:<id>/device:<type>:<id or *>``, where any part
            may be missing, and ``/cpu:<id>`` and ``/gpu:<id>`` are short for ``/device:…``.

        Raises:
          ValueError: If ``spec`` is not such a name.
        """
        return cls._of(_parse(spec or ""))

    def parse_from_string(self, spec: str | None) -> Self:
        """Returns the name that ``spec`` spells; what this object says is not used."""
        return self.from_string(spec)

    def make_merged_spec(self, dev: DeviceSpecV2) -> Self:
        """Returns this name with the parts replaced that ``dev`` gives."""
        return self._of(_merge(self._parts, dev._parts))

    def replace(self, **kwargs: Any) -> Self:
        """Returns this name with the given parts replaced."""
        return type(self)(**{**self._parts._asdict(), **kwargs})

    def to_string(self) -> str:
        """Returns the name as a string, such as ``/job:worker/device:GPU:1``."""
        return _format(self._parts)

    @property
    def job(self) -> Any:
        """The name of the job."""
        return self._parts.job

    @property
    def replica(self) -> int | None:
        """The number of the replica."""
        return self._parts.replica

    @property
    def task(self) -> int | None:
        """The number of the task in its job."""
        return self._parts.task

    @property
    def device_type(self) -> str | None:
        """The kind of device, such as ``CPU`` or ``GPU``."""
        return self._parts.device_type

    @property
    def device_index(self) -> int | None:
        """Which of the devices of this kind, counted from 0."""
        return self._parts.device_index

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._parts == other._parts

    def __hash__(self) -> int:
        return hash(self._parts)

    def __repr__(self) -> str:
        given = (f"{k}={v!r}" for k, v in self._parts._asdict().items() if v is not None)
        return f"DeviceSpec({', '.join(given)})"


def _assignable(part: str) -> Any:
    """The property of `DeviceSpecV2` of that name, made assignable and deletable."""

    def assign(self: DeviceSpec, value: Any) -> None:
        self._set(part, value)

    def forget(self: DeviceSpec) -> None:
        self._set(part, None)

    inherited = getattr(DeviceSpecV2, part)
    return property(inherited.fget, assign, forget, inherited.__doc__)


@export("DeviceSpec")
class DeviceSpec(DeviceSpecV2):
    """A device name, taken apart, whose parts can be assigned to.

    >>> spec = DeviceSpec(job="ps", device_type="CPU")
    >>> spec.task = 2
    >>> spec.to_string()
    '/job:ps/task:2/device:CPU:*'
    """

    __slots__ = ()

    def parse_from_string(self, spec: str | None) -> Self:
        """Changes this object to the name that ``spec`` spells, and returns it."""
        self._parts = _parse(spec or "")
        return self

    def merge_from(self, dev: DeviceSpecV2) -> None:
        """Replaces the parts that ``dev`` gives."""
        self._parts = _merge(self._parts, dev._parts)

    def _set(self, part: str, value: Any) -> None:
        self._parts = _checked(self._parts._replace(**{part: value}))

    job = _assignable("job")
    replica = _assignable("replica")
    task = _assignable("task")
    device_type = _assignable("device_type")
    device_index = _assignable("device_index")


def _checked(parts: _Parts) -> _Parts:
    job, replica, task, kind, index = parts
    return _Parts(
        None if job is None else str(job),
        None if replica is None else int(replica),
        None if task is None else int(task),
        None if kind is None else _kind(kind),
        None if index is None else int(index),
    )


def _kind(name: str) -> str:
    return name.upper() if name.lower() in ("cpu", "gpu") else name


@lru_cache(maxsize=1024)
def _parse(spec: str) -> _Parts:
    found: dict[str, Any] = {}
    for piece in filter(None, spec.split("/")):
        key, *rest = piece.split(":")
        if key == "device" and len(rest) == 2:
            key, rest = rest[0], rest[1:]
            device = True
        else:
            device = key.lower() in ("cpu", "gpu") and len(rest) <= 1
        if device:
            if "device_type" in found:
                raise ValueError(f"Cannot specify multiple device types: {spec}")
            found["device_type"] = _kind(key)
            if rest and rest[0] != "*":
                found["device_index"] = _number(rest[0], spec)
        elif key == "job" and len(rest) == 1:
            found["job"] = rest[0]
        elif key in ("replica", "task") and len(rest) == 1:
            found[key] = _number(rest[0], spec)
        else:
            raise ValueError(
                f"Unknown attribute: {key!r} in {spec!r}. A device name is made of /job:<name>, "
                "/replica:<number>, /task:<number> and /device:<type>:<number>."
            )
    return _Parts(**found)


def _number(text: str, spec: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{text!r} in the device name {spec!r} is not a number.") from None


def _merge(old: _Parts, new: _Parts) -> _Parts:
    pairs = zip(old, new, strict=True)
    return _Parts(*(before if after is None else after for before, after in pairs))


def _format(parts: _Parts) -> str:
    text = "" if parts.job is None else f"/job:{parts.job}"
    if parts.replica is not None:
        text += f"/replica:{parts.replica}"
    if parts.task is not None:
        text += f"/task:{parts.task}"
    if parts.device_type is not None:
        index = "*" if parts.device_index is None else parts.device_index
        text += f"/device:{parts.device_type}:{index}"
    return text


def canonical_name(device: str | DeviceSpecV2 | None) -> str:
    """Returns the full spelling of a device name; ``/gpu:0`` becomes ``/device:GPU:0``."""
    if device is None:
        return ""
    return device.to_string() if isinstance(device, DeviceSpecV2) else _canonical(device)


@lru_cache(maxsize=1024)
def _canonical(device: str) -> str:
    return _format(_parse(device))


@lru_cache(maxsize=4096)
def merge_names(outer: str, inner: str) -> str:
    """Returns the name that takes its parts from ``inner`` and, failing that, from ``outer``."""
    return _format(_merge(_parse(outer), _parse(inner)))


class Placed(Protocol):
    """What a device scope looks at: an operation, with the device that it has so far."""

    @property
    def device(self) -> str: ...


Scope = Callable[[Placed], str]
"""What a ``tf.device`` scope does: given an operation, says its device."""


def merge_device(spec: str | DeviceSpecV2) -> Scope:
    """Returns the function that fills the open parts of an operation's device from ``spec``."""
    name = canonical_name(spec)

    def merge(op: Placed) -> str:
        return merge_names(name, op.device or "")

    return merge


def scope_of(device_name_or_function: Any) -> Scope | None:
    """Returns what ``tf.device(device_name_or_function)`` does to an operation.

    Args:
      device_name_or_function: A name or `DeviceSpec`, whose parts fill what the operation's
        device leaves open; a function from operation to device, which decides alone; or
        `None`, which hides the scopes outside it.

    Returns:
      The function to apply, or `None` for `None`.

    Raises:
      ValueError: If a name is not a device name.
      TypeError: If the argument is of another type.
    """
    given = device_name_or_function
    if given is None:
        return None
    if isinstance(given, str | DeviceSpecV2):
        return merge_device(given)
    if callable(given):
        return lambda op: _name_of(given(op))
    raise TypeError(f"tf.device needs a device name, a DeviceSpec or a function, not {given!r}.")


def _name_of(device: Any) -> str:
    return device.to_string() if isinstance(device, DeviceSpecV2) else str(device or "")


def apply_scopes(scopes: Sequence[Scope | None], op: Any, assign: Callable[[str], None]) -> None:
    """Applies device scopes to a new operation.

    Args:
      scopes: The scopes, the innermost last.
      op: The operation; its ``device`` attribute must show what was assigned.
      assign: Sets the operation's device.
    """
    for scope in reversed(scopes):
        if scope is None:
            return
        assign(scope(op))
