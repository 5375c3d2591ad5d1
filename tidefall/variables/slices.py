"""`SaveSliceInfo`: which part of a larger variable a variable is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tidefall.core import hooks


class SaveSliceInfo:
    """Which part of a larger variable a variable is, so that checkpoints hold them as one.

    Args:
      full_name: The name of the larger variable.
      full_shape: Its shape.
      var_offset: Where the part begins, one number for each dimension.
      var_shape: The shape of the part.
      save_slice_info_def: A ``SaveSliceInfoDef`` message to read all this from instead.
      import_scope: A name scope to put before the name in that message.
    """

    def __init__(
        self,
        full_name: str | None = None,
        full_shape: Sequence[int] | None = None,
        var_offset: Sequence[int] | None = None,
        var_shape: Sequence[int] | None = None,
        save_slice_info_def: Any = None,
        import_scope: str | None = None,
    ) -> None:
        if save_slice_info_def is not None:
            name = save_slice_info_def.full_name
            full_name = f"{import_scope}/{name}" if import_scope else name
            full_shape = list(save_slice_info_def.full_shape)
            var_offset = list(save_slice_info_def.var_offset)
            var_shape = list(save_slice_info_def.var_shape)
        self.full_name = full_name
        self.full_shape = full_shape
        self.var_offset = var_offset
        self.var_shape = var_shape

    @property
    def spec(self) -> str:
        """The text by which checkpoints know the part: ``<full shape> <offset>,<size>:…``."""
        whole = "".join([f"{size} " for size in self.full_shape or ()])
        parts = zip(self.var_offset or (), self.var_shape or (), strict=True)
        return whole + ":".join([f"{offset},{size}" for offset, size in parts])

    def to_proto(self, export_scope: str | None = None) -> Any:
        """This as a ``SaveSliceInfoDef`` message; None if it lies outside ``export_scope``."""
        return hooks.call("save_slice_info_to_proto", self, export_scope)
