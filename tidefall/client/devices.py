"""What programs ask about devices: ``tf.test.is_gpu_available`` and its like."""

from __future__ import annotations

from typing import Any

from tidefall.core.exports import export
from tidefall.executor.devices import DeviceAttributes, local_devices, names_of


def list_local_devices(session_config: Any = None) -> list[DeviceAttributes]:
    """The devices of this machine, as TensorFlow's ``device_lib`` lists them."""
    return local_devices()


@export("test.gpu_device_name")
def gpu_device_name() -> str:
    """The name of a GPU that can be used, such as ``/device:GPU:0``; empty without one."""
    names = names_of(local_devices(), "GPU")
    return names[0] if names else ""


@export("test.is_gpu_available")
def is_gpu_available(
    cuda_only: bool = False, min_cuda_compute_capability: tuple[int, int] | None = None
) -> bool:
    """Whether there is a GPU that can be used.

    Args:
      cuda_only: Whether only NVIDIA's count.
      min_cuda_compute_capability: The oldest generation that counts, as (major, minor).
    """
    return bool(names_of(local_devices(), "GPU"))


@export("test.is_built_with_cuda")
def is_built_with_cuda() -> bool:
    """Whether GPUs of NVIDIA can be used."""
    return is_gpu_available()


@export("test.is_built_with_gpu_support")
def is_built_with_gpu_support() -> bool:
    """Whether GPUs can be used."""
    return is_gpu_available()


@export("test.is_built_with_rocm")
def is_built_with_rocm() -> bool:
    """Whether GPUs of AMD can be used; they are not."""
    return False
