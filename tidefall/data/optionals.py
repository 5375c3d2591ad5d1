"""Elements that may be missing: `Optional`, and optionals as components of an element."""

from __future__ import annotations

from typing import Any

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.data import element_spec, nesting
from tidefall.data.dataset import flat_attrs
from tidefall.data.element_spec import Kind, TypeSpec, register_kind
from tidefall.ir.graph import get_default_graph
from tidefall.ir.tensor import Tensor
from tidefall.ops import iterators


@export("data.experimental.Optional")
class Optional:
    """An element that may be missing.

    Args:
      variant: The tensor that stands for it.
      spec: What it is made of.
    """

    def __init__(self, variant: Any, spec: Any) -> None:
        self._variant_tensor = variant
        self._value_structure = spec

    @property
    def value_structure(self) -> Any:
        """What the value is made of."""
        return self._value_structure

    @staticmethod
    def from_value(value: Any) -> Optional:
        """An optional that has a value."""
        with get_default_graph().name_scope("optional") as scope:
            with get_default_graph().name_scope("value"):
                spec = nesting.map_structure(element_spec.spec_of, value)
                tensors = element_spec.boxed(spec, value)
            made = iterators.optional_from_value(tensors, name=scope)
        return Optional(made, spec)

    @staticmethod
    def none_from_structure(value_structure: Any) -> Optional:
        """An optional that has none."""
        return Optional(iterators.optional_none(), value_structure)

    def has_value(self, name: str | None = None) -> Any:
        """Whether there is a value."""
        return iterators.optional_has_value(self._variant_tensor, name=name)

    def get_value(self, name: str | None = None) -> Any:
        """The value; running it is an error where there is none."""
        tensors = iterators.optional_get_value(
            self._variant_tensor, name=name, **flat_attrs(self.value_structure)
        )
        return element_spec.unboxed(self.value_structure, list(tensors))


@export("data.experimental.get_next_as_optional")
def get_next_as_optional(iterator: Any) -> Optional:
    """The next element of an iterator, or none at its end."""
    spec = iterator.element_spec
    variant = iterators.iterator_get_next_as_optional(
        iterator._iterator_resource, **flat_attrs(spec)
    )
    return Optional(variant, spec)


@export("OptionalSpec", "data.experimental.OptionalStructure")
class OptionalSpec(TypeSpec):
    """An optional as a component of an element.

    Args:
      value_structure: What its value is made of.
    """

    carrier = (dtypes.variant, Shape(()))

    def __init__(self, value_structure: Any) -> None:
        self._value_structure = value_structure

    @staticmethod
    def from_value(value: Any) -> OptionalSpec:
        """The spec of an optional."""
        return OptionalSpec(value.value_structure)

    @property
    def value_type(self) -> type:
        return Optional

    def boxed(self, value: Any) -> Tensor:
        return value._variant_tensor  # type: ignore[no-any-return]

    def unboxed(self, tensor: Tensor) -> Any:
        return Optional(tensor, self._value_structure)

    @property
    def legacy(self) -> tuple[Any, Any, Any]:
        return self, self, self

    def _key(self) -> tuple[Any, ...]:
        return (self._value_structure,)

    def __repr__(self) -> str:
        return f"OptionalSpec({self._value_structure!r})"


register_kind(Kind(Optional, lambda value: isinstance(value, Optional), OptionalSpec.from_value))
