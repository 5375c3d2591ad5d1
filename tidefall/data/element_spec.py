"""What the components of a dataset's elements are: `TensorSpec`, `DatasetSpec`, …

An element is a structure whose leaves are tensors, sparse tensors or datasets. A graph carries
each leaf as one tensor (a sparse tensor or a dataset as a variant); its spec knows how.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tidefall.core import dtypes
from tidefall.core.dtypes import DType, as_dtype
from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.core.tensor_shape import TensorShape
from tidefall.data import nesting
from tidefall.ir.conversion import convert
from tidefall.ir.graph import get_default_graph
from tidefall.ir.tensor import Tensor


@export("TypeSpec", "data.experimental.Structure")
class TypeSpec:
    """What a value is before it is known."""

    #: The dtype and shape of the tensor that carries such a value.
    carrier: tuple[DType, Shape]

    def boxed(self, value: Any) -> Tensor:
        """The tensor that carries ``value``."""
        raise AssertionError(f"{type(self).__name__} carries nothing")

    def boxed_rows(self, value: Any) -> Tensor:
        """A tensor whose rows carry the rows of ``value``."""
        return self.boxed(value)

    def unboxed(self, tensor: Tensor) -> Any:
        """The value that ``tensor`` carries."""
        raise AssertionError(f"{type(self).__name__} carries nothing")

    @property
    def legacy(self) -> tuple[Any, Any, Any]:
        """Type, shape and class, as ``output_types`` and its like tell them."""
        raise AssertionError(f"{type(self).__name__} has no type")

    def batched(self, size: int | None) -> TypeSpec:
        """What a stack of ``size`` such values is."""
        raise ValueError(f"values of {self} cannot be batched.")

    def unbatched(self) -> TypeSpec:
        """What a row of such a value is."""
        raise ValueError(f"values of {self} cannot be taken apart.")

    def most_specific_compatible_shape(self, other: TypeSpec) -> TypeSpec:
        """What is known of both."""
        if self == other:
            return self
        raise TypeError(f"{self} and {other} have nothing in common.")

    def is_compatible_with(self, spec_or_value: Any) -> bool:
        """Whether a value, or what another spec describes, may be such a value."""
        other = spec_or_value if isinstance(spec_or_value, TypeSpec) else spec_of(spec_or_value)
        return self._key() == other._key()

    def _key(self) -> tuple[Any, ...]:
        return ()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash((type(self).__name__, repr(self)))


@export("TensorSpec")
class TensorSpec(TypeSpec):
    """A tensor of some dtype and shape.

    Args:
      shape: The shape, as far as it is known.
      dtype: The dtype.
      name: A name for the tensor.
    """

    def __init__(self, shape: Any, dtype: Any = dtypes.float32, name: str | None = None) -> None:
        self._shape = Shape.of(shape)
        self._dtype = as_dtype(dtype)
        self.name = name

    @classmethod
    def from_tensor(cls, tensor: Any, name: str | None = None) -> TensorSpec:
        """The spec of a tensor."""
        return cls(tensor.shape, tensor.dtype, name or tensor.op.name)

    @classmethod
    def from_spec(cls, spec: TensorSpec, name: str | None = None) -> TensorSpec:
        """The same spec with a name."""
        return cls(spec.shape, spec.dtype, name or spec.name)

    @property
    def shape(self) -> TensorShape:
        """The shape."""
        return TensorShape.of(self._shape)

    @property
    def dtype(self) -> DType:
        """The dtype."""
        return self._dtype

    @property
    def carrier(self) -> tuple[DType, Shape]:  # type: ignore[override]
        return self._dtype, self._shape

    @property
    def value_type(self) -> type:
        return Tensor

    def boxed(self, value: Any) -> Tensor:
        return convert(value, self._dtype)  # type: ignore[no-any-return]

    def unboxed(self, tensor: Tensor) -> Any:
        return tensor

    @property
    def legacy(self) -> tuple[Any, Any, Any]:
        return self._dtype, self.shape, Tensor

    def batched(self, size: int | None) -> TypeSpec:
        return TensorSpec(Shape((size,)) + self._shape, self._dtype)

    def unbatched(self) -> TypeSpec:
        if self._shape.rank == 0:
            raise ValueError("a scalar has no rows; each component needs at least one dimension.")
        dims = self._shape.dims
        return TensorSpec(Shape(None if dims is None else dims[1:]), self._dtype)

    def most_specific_compatible_shape(self, other: TypeSpec) -> TypeSpec:
        if not isinstance(other, TensorSpec) or other._dtype is not self._dtype:
            raise TypeError(f"{self} and {other} have nothing in common.")
        shape = self.shape.most_specific_compatible_shape(other.shape)
        return TensorSpec(shape, self._dtype)

    def is_compatible_with(self, spec_or_value: Any) -> bool:
        other = spec_or_value if isinstance(spec_or_value, TypeSpec) else spec_of(spec_or_value)
        return (
            isinstance(other, TensorSpec)
            and other._dtype is self._dtype
            and self._shape.is_compatible_with(other._shape)
        )

    def _key(self) -> tuple[Any, ...]:
        return self._shape.dims, self._dtype

    def __repr__(self) -> str:
        return f"TensorSpec(shape={self.shape}, dtype={self._dtype!r}, name={self.name!r})"


_makers: list[tuple[Callable[[Any], bool], Callable[[Any], TypeSpec]]] = []


def register_spec(is_instance: Callable[[Any], bool], spec: Callable[[Any], TypeSpec]) -> None:
    """Says what the spec of values of another kind is."""
    _makers.append((is_instance, spec))


def spec_of(value: Any) -> TypeSpec:
    """The spec of a value; one that is not a tensor yet is taken for what it converts to."""
    for is_instance, maker in _makers:
        if is_instance(value):
            return maker(value)
    tensor = convert(value)
    return TensorSpec(tensor._shape_value, tensor._dtype.base_dtype)


def normalized(element: Any) -> Any:
    """The element with its leaves as tensors, which are made under TensorFlow's names."""
    leaves = nesting.flatten(element)
    with get_default_graph().name_scope("normalize_element"):
        tensors = [_leaf(value, index) for index, value in enumerate(leaves)]
    return nesting.pack_as(element, tensors)


def _leaf(value: Any, index: int) -> Any:
    if any(is_instance(value) for is_instance, _ in _makers):
        return value
    return convert(value, None, f"component_{index}")


def boxed(spec: Any, element: Any) -> list[Tensor]:
    """The tensors that carry an element of a structure of specs."""
    specs = nesting.flatten(spec)
    return [
        each.boxed(value) for each, value in zip(specs, nesting.up_to(spec, element), strict=True)
    ]


def unboxed(spec: Any, tensors: list[Tensor]) -> Any:
    """The element that tensors carry."""
    specs = nesting.flatten(spec)
    values = [each.unboxed(tensor) for each, tensor in zip(specs, tensors, strict=True)]
    return nesting.pack_as(spec, values)


def flat_types(spec: Any) -> list[DType]:
    """The dtypes of the tensors that carry an element."""
    return [each.carrier[0] for each in nesting.flatten(spec)]


def flat_shapes(spec: Any) -> list[Shape]:
    """The shapes of the tensors that carry an element."""
    return [each.carrier[1] for each in nesting.flatten(spec)]


def from_legacy(types: Any, shapes: Any, classes: Any) -> Any:
    """The structure of specs for types, shapes and classes of a structure."""
    if classes is None:
        classes = nesting.map_structure(lambda _: Tensor, types)
    kinds = nesting.flatten(classes)
    dtypes_ = [as_dtype(each) if each is not None else None for each in nesting.flatten(types)]
    flat = [Shape(None)] * len(kinds) if shapes is None else nesting.up_to(types, shapes)
    made = [
        _from_legacy(dtype, shape, kind)
        for dtype, shape, kind in zip(dtypes_, flat, kinds, strict=True)
    ]
    return nesting.pack_as(types, made)


def _from_legacy(dtype: Any, shape: Any, kind: Any) -> TypeSpec:
    if kind is Tensor:
        return TensorSpec(shape, dtype)
    if isinstance(kind, TypeSpec):
        return kind
    maker = getattr(kind, "_spec_from_legacy", None)
    if maker is None:
        raise TypeError(f"elements of class {kind!r} are not known to datasets.")
    return maker(dtype, shape)  # type: ignore[no-any-return]


def same_types(first: Any, second: Any) -> bool:
    """Whether two structures of specs agree in structure, dtypes and kinds."""
    try:
        nesting.assert_same(first, second)
    except ValueError:
        return False
    pairs = zip(nesting.flatten(first), nesting.flatten(second), strict=True)
    return all(a.legacy[0] is b.legacy[0] and type(a) is type(b) for a, b in pairs)
