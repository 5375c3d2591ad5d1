"""Device names, compared with what TensorFlow 1.15.5 answers."""

from types import SimpleNamespace
from typing import Any

import pytest

from tidefall.core import devices
from tidefall.core.devices import DeviceSpec, DeviceSpecV2


@pytest.mark.parametrize(
    ("given", "canonical"),
    [
        ("", ""),
        ("/cpu:0", "/device:CPU:0"),
        ("cpu:0", "/device:CPU:0"),
        ("/device:cpu:0", "/device:CPU:0"),
        ("/gpu", "/device:GPU:*"),
        ("/GPU:*", "/device:GPU:*"),
        ("/device:XLA_CPU:0", "/device:XLA_CPU:0"),
        ("/task:3", "/task:3"),
        ("/job:w//task:1", "/job:w/task:1"),
        ("/job:a/job:b", "/job:b"),
        ("/job:*", "/job:*"),
        (
            "/job:worker/replica:1/task:2/device:GPU:3",
            "/job:worker/replica:1/task:2/device:GPU:3",
        ),
        ("/gpu:1/job:w", "/job:w/device:GPU:1"),
    ],
)
def test_names_are_read_and_spelt_out(given: str, canonical: str) -> None:
    assert DeviceSpec.from_string(given).to_string() == canonical
    assert DeviceSpecV2.from_string(given).to_string() == canonical
    assert devices.canonical_name(given) == canonical
    assert devices.canonical_name(DeviceSpec.from_string(given)) == canonical


def test_no_name_is_the_empty_name() -> None:
    assert devices.canonical_name(None) == ""
    assert DeviceSpec.from_string(None).to_string() == ""


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("/foo:0", "Unknown attribute: 'foo' in '/foo:0'"),
        ("/device:CPU", "Unknown attribute: 'device'"),
        ("/tpu:0", "Unknown attribute: 'tpu'"),
        ("/cpu:x", "'x' in the device name '/cpu:x' is not a number"),
        ("/task:x", "is not a number"),
        ("/cpu:0/gpu:1", "multiple device types: /cpu:0/gpu:1"),
    ],
)
def test_malformed_names(given: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DeviceSpec.from_string(given)


def test_parts() -> None:
    spec = DeviceSpec("worker", "1", 2, "gpu", 3)  # type: ignore[arg-type]
    assert (spec.job, spec.replica, spec.task) == ("worker", 1, 2)
    assert (spec.device_type, spec.device_index) == ("GPU", 3)
    assert repr(DeviceSpec(job="w", task=1)) == "DeviceSpec(job='w', task=1)"


@pytest.mark.parametrize(
    ("old", "new", "merged"),
    [
        ("/job:a", "/task:1", "/job:a/task:1"),
        ("/cpu:0", "/gpu:1", "/device:GPU:1"),
        ("/cpu:0", "/gpu", "/device:GPU:0"),
        ("/job:w/cpu:0", "/job:*", "/job:*/device:CPU:0"),
    ],
)
def test_merging(old: str, new: str, merged: str) -> None:
    spec = DeviceSpec.from_string(old)
    assert spec.make_merged_spec(DeviceSpec.from_string(new)).to_string() == merged
    assert spec.to_string() == devices.canonical_name(old)
    spec.merge_from(DeviceSpec.from_string(new))
    assert spec.to_string() == merged
    assert devices.merge_names(old, new) == merged


def test_the_first_version_can_be_changed() -> None:
    spec = DeviceSpec(job="a")
    spec.task = 3
    spec.job = 5
    spec.device_type = "cpu"
    assert spec.to_string() == "/job:5/task:3/device:CPU:*"
    del spec.job
    assert spec.to_string() == "/task:3/device:CPU:*"
    assert spec.parse_from_string("/job:z") is spec
    assert spec.to_string() == "/job:z"


def test_the_second_version_cannot() -> None:
    spec = DeviceSpecV2(job="a")
    with pytest.raises(AttributeError, match="no setter"):
        spec.job = "b"  # type: ignore[misc]
    assert spec.parse_from_string("/job:z").to_string() == "/job:z"
    assert spec.replace(task=2).to_string() == "/job:a/task:2"
    assert spec.to_string() == "/job:a"
    with pytest.raises(TypeError, match="unexpected keyword argument 'bad'"):
        spec.replace(bad=1)


def test_equality() -> None:
    assert DeviceSpec(job="w") == DeviceSpec(job="w")
    assert hash(DeviceSpec(job="w")) == hash(DeviceSpec(job="w"))
    assert DeviceSpec(job="w") != DeviceSpec(job="v")
    assert DeviceSpec(job="w") != DeviceSpecV2(job="w")
    assert DeviceSpec() != None  # noqa: E711 (the operator is what is tested)


def placed(*scopes: Any) -> str:
    """The device of an operation made under ``scopes``, the innermost last."""
    op = SimpleNamespace(device="", type="MatMul")
    stack = [devices.scope_of(scope) for scope in scopes]
    devices.apply_scopes(stack, op, lambda name: setattr(op, "device", name))
    return str(op.device)


@pytest.mark.parametrize(
    ("scopes", "device"),
    [
        ([], ""),
        (["/gpu:1"], "/device:GPU:1"),
        (["/job:w", "/gpu:1"], "/job:w/device:GPU:1"),
        (["/cpu:0", "/gpu:1"], "/device:GPU:1"),
        (["/job:w", None, "/gpu:1"], "/device:GPU:1"),
        (["/cpu:0", None], ""),
        (["/job:w", DeviceSpec(task=1)], "/job:w/task:1"),
        ([lambda op: "/gpu:7" if op.type == "MatMul" else "/cpu:0"], "/gpu:7"),
        (["/cpu:0", lambda op: ""], "/device:CPU:0"),
        ([lambda op: "/job:seen" + op.device, "/cpu:0"], "/job:seen/device:CPU:0"),
        ([lambda op: DeviceSpec(job="w")], "/job:w"),
    ],
)
def test_scopes_fill_what_inner_scopes_leave_open(scopes: list[Any], device: str) -> None:
    assert placed(*scopes) == device


def test_a_scope_needs_a_device() -> None:
    with pytest.raises(TypeError, match="needs a device name, a DeviceSpec or a function, not 3"):
        devices.scope_of(3)
    with pytest.raises(ValueError, match="Unknown attribute"):
        devices.scope_of("/foo:1")
