"""What the components of a dataset's elements are: `TensorSpec`, `DatasetSpec`, …

An element is a structure whose leaves are tensors, sparse tensors or datasets. A graph carries
each leaf as one tensor (a sparse tensor or a dataset as a variant); its spec knows how.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

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
    def value_type(self) -> type:
        """The class of such values."""
        raise AssertionError(f"{type(self).__name__} has no class")

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

    def most_specific_compatible_type(self, other: TypeSpec) -> TypeSpec:
        """What is known of both.

        Raises:
          TypeError: If they are of different kinds.
        """
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


class ShapedSpec(TypeSpec):
    """Values of some dtype and shape, as far as it is known."""

    def __init__(self, shape: Any, dtype: Any) -> None:
        self._shape = Shape.of(shape)
        self._dtype = as_dtype(dtype)

    def _with_shape(self, shape: Shape) -> TypeSpec:
        return type(self)(shape, self._dtype)

    @property
    def shape(self) -> TensorShape:
        """The shape."""
        return TensorShape.of(self._shape)

    @property
    def dtype(self) -> DType:
        """The dtype."""
        return self._dtype

    @property
    def legacy(self) -> tuple[Any, Any, Any]:
        return self._dtype, self.shape, self.value_type

    def batched(self, size: int | None) -> TypeSpec:
        return self._with_shape(Shape((size,)) + self._shape)

    def unbatched(self) -> TypeSpec:
        if self._shape.rank == 0:
            raise ValueError("a scalar has no rows; each component needs at least one dimension.")
        dims = self._shape.dims
        return self._with_shape(Shape(None if dims is None else dims[1:]))

    def most_specific_compatible_type(self, other: TypeSpec) -> TypeSpec:
        if not self._is_alike(other):
            raise TypeError(f"{self} and {other} have nothing in common.")
        shape = self.shape.most_specific_compatible_shape(other.legacy[1])
        return self._with_shape(Shape.of(shape))

    def is_compatible_with(self, spec_or_value: Any) -> bool:
        other = spec_or_value if isinstance(spec_or_value, TypeSpec) else spec_of(spec_or_value)
        return self._is_alike(other) and self._shape.is_compatible_with(Shape.of(other.legacy[1]))

    def _is_alike(self, other: TypeSpec) -> bool:
        return type(other) is type(self) and other.legacy[0] is self._dtype

    def _key(self) -> tuple[Any, ...]:
        return self._shape.dims, self._dtype


@export("TensorSpec")
class TensorSpec(ShapedSpec):
    """A tensor of some dtype and shape.

    Args:
      shape: The shape, as far as it is known.
      dtype: The dtype.
      name: A name for the tensor.
    """

    def __init__(self, shape: Any, dtype: Any = dtypes.float32, name: str | None = None) -> None:
        super().__init__(shape, dtype)
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
    def carrier(self) -> tuple[DType, Shape]:  # type: ignore[override]
        return self._dtype, self._shape

    @property
    def value_type(self) -> type:
        return Tensor

    def boxed(self, value: Any) -> Tensor:
        return convert(value, self._dtype)  # type: ignore[no-any-return]

    def unboxed(self, tensor: Tensor) -> Any:
        return tensor

    def __repr__(self) -> str:
        return f"TensorSpec(shape={self.shape}, dtype={self._dtype!r}, name={self.name!r})"


class Kind(NamedTuple):
    """Values that are no tensors, but may be components of an element.

    Attributes:
      value_type: Their class.
      is_instance: Whether a value is one of them, or can become one.
      spec: The spec of such a value.
      normal: The value as one of the class.
      from_legacy: The spec for a dtype and a shape; None where these say nothing.
    """

    value_type: type
    is_instance: Callable[[Any], bool]
    spec: Callable[[Any], TypeSpec]
    normal: Callable[[Any], Any] = lambda value: value
    from_legacy: Callable[[Any, Any], TypeSpec] | None = None


_kinds: list[Kind] = []


def register_kind(kind: Kind) -> None:
    """Makes values of another kind possible."""
    _kinds.append(kind)


def kind_of(value: Any) -> Kind | None:
    """The kind of a value; None if it is, or becomes, a tensor."""
    return next((kind for kind in _kinds if kind.is_instance(value)), None)


def spec_of(value: Any) -> TypeSpec:
    """The spec of a value; one that is not a tensor yet is taken for what it converts to."""
    kind = kind_of(value)
    if kind is not None:
        return kind.spec(value)
    tensor = convert(value)
    return TensorSpec(tensor._shape_value, tensor._dtype.base_dtype)


def normalized(element: Any) -> Any:
    """The element with its leaves as tensors, which are made under TensorFlow's names."""
    leaves = nesting.flatten(element)
    with get_default_graph().name_scope("normalize_element"):
        tensors = [_leaf(value, index) for index, value in enumerate(leaves)]
    return nesting.pack_as(element, tensors)


def _leaf(value: Any, index: int) -> Any:
    kind = kind_of(value)
    if kind is None:
        return convert(value, None, f"component_{index}")
    kind.spec(value)  # TensorFlow asks for it first: a sparse value becomes constants twice
    return kind.normal(value)


def boxed(spec: Any, element: Any) -> list[Tensor]:
    """The tensors that carry an element of a structure of specs."""
    specs = nesting.flatten(spec)
    return [
        each.boxed(value) for each, value in zip(specs, nesting.up_to(spec, element), strict=True)
    ]


def boxed_rows(spec: Any, element: Any) -> list[Tensor]:
    """Tensors whose rows carry the rows of an element of a structure of specs."""
    specs = nesting.flatten(spec)
    return [
        each.boxed_rows(value)
        for each, value in zip(specs, nesting.up_to(spec, element), strict=True)
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


def _from_legacy(dtype: Any, shape: Any, value_type: Any) -> TypeSpec:
    if value_type is Tensor:
        return TensorSpec(shape, dtype)
    if isinstance(value_type, TypeSpec):
        return value_type
    kind = next((each for each in _kinds if each.value_type is value_type), None)
    if kind is None or kind.from_legacy is None:
        raise TypeError(f"elements of class {value_type!r} are not known to datasets.")
    return kind.from_legacy(dtype, shape)


def same_types(first: Any, second: Any) -> bool:
    """Whether two structures of specs agree in structure, dtypes and kinds."""
    try:
        nesting.assert_same(first, second)
    except ValueError:
        return False
    pairs = zip(nesting.flatten(first), nesting.flatten(second), strict=True)
    return all(a.legacy[0] is b.legacy[0] and type(a) is type(b) for a, b in pairs)


def common(first: Any, second: Any) -> Any:
    """What is known of the elements of two structures of specs of the same types."""
    return nesting.map_structure(lambda a, b: a.most_specific_compatible_type(b), first, second)


class OfElements:
    """What is made of elements of one kind: a dataset, an iterator."""

    _spec: Any

    @property
    def element_spec(self) -> Any:
        """What an element is made of: a structure of `tf.TypeSpec`."""
        return self._spec

    @property
    def output_types(self) -> Any:
        """The dtypes of an element."""
        return nesting.map_structure(lambda each: each.legacy[0], self._spec)

    @property
    def output_shapes(self) -> Any:
        """The shapes of an element."""
        return nesting.map_structure(lambda each: each.legacy[1], self._spec)

    @property
    def output_classes(self) -> Any:
        """The classes of the components of an element."""
        return nesting.map_structure(lambda each: each.legacy[2], self._spec)
