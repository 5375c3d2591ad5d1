"""`tf.import_graph_def`: the nodes of a ``GraphDef`` added to a graph."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tidefall import proto
from tidefall.core import errors
from tidefall.core.devices import DeviceSpec
from tidefall.core.dtypes import DType
from tidefall.core.exports import export
from tidefall.core.shapes import UNKNOWN, Shape
from tidefall.io import attr_value
from tidefall.io.function_bodies import body_of
from tidefall.io.graph_def import PRODUCER
from tidefall.io.graph_order import Edge, Node, order, parse_tensor_name, read_nodes
from tidefall.ir import build
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.function import Function, FunctionGraph
from tidefall.ir.graph import Graph, get_default_graph
from tidefall.ir.opdef import OPS, OpDef
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor

_COLOCATED = b"loc:@"
_UNKNOWN_SCALAR_BEFORE = 24  # producers that wrote a scalar shape for an unknown one


@export("import_graph_def", "graph_util.import_graph_def")
def import_graph_def(
    graph_def: Any,
    input_map: dict[str, Any] | None = None,
    return_elements: Sequence[str] | None = None,
    name: str | None = None,
    op_dict: Any = None,
    producer_op_list: Any = None,
) -> list[Any] | None:
    """Adds the nodes of a ``GraphDef`` to the default graph.

    Args:
      graph_def: The ``GraphDef``.
      input_map: Tensors of the default graph to be read instead of tensors of ``graph_def``,
        by the name these have there.
      return_elements: Names of operations (``"out"``) and tensors (``"out:0"``) of
        ``graph_def`` to be returned.
      name: The name scope of the nodes, ``"import"`` if None; none at all if ``""``.
      op_dict: Ignored, as in TensorFlow 1.15.
      producer_op_list: The ``OpList`` of the program that made ``graph_def``. Attributes that
        are unknown here and have their default there are dropped.

    Returns:
      The operations and tensors asked for, or None if none were.

    Raises:
      TypeError: If an argument is of the wrong kind.
      ValueError: If ``graph_def`` is not a valid graph, or a name is not in it.
      NotFoundError: If tidefall has no such op type.
    """
    message = _graph_message(graph_def)
    mapped = _checked_map(input_map)
    wanted = _checked_names(return_elements)
    graph = get_default_graph()
    with graph.name_scope("import" if name is None else name) as scope:
        if mapped and not all(isinstance(value, Tensor) for value in mapped.values()):
            mapped = _as_tensors(graph, mapped, bool(scope))
        library = _Library(message, graph)
        defaults = _defaults(producer_op_list)
        importer = Importer(graph, message, mapped, scope, defaults, library)
    importer.run()
    importer.check_map_used()
    return None if wanted is None else [importer.element(each) for each in wanted]


class Importer:
    """One call of `import_graph_def`."""

    def __init__(
        self,
        graph: Graph,
        message: Any,
        mapped: dict[Edge, Tensor],
        scope: str,
        defaults: dict[str, dict[str, Any]],
        library: _Library,
    ) -> None:
        if message.versions.min_consumer > PRODUCER:
            raise ValueError(
                f"the GraphDef asks for a reader of version {message.versions.min_consumer} at "
                f"least, and this is version {PRODUCER}, TensorFlow 1.15.5's."
            )
        self._graph = graph
        self._producer = message.versions.producer
        self._mapped = mapped
        self._scope = scope
        self._defaults = defaults
        self._library = library
        self._nodes = read_nodes(message)
        self._ops: dict[str, Operation] = {}
        self._names = {each: self._new_name(scope + each) for each in self._nodes}

    def run(self) -> None:
        """Adds all nodes."""
        loops: list[tuple[Operation, int, Edge]] = []
        for node in order(self._nodes):
            loops += self._add(node)
        for merge, index, edge in loops:
            merge._update_input(index, self._tensor(edge, merge.name))

    def element(self, name: str) -> Any:
        """The operation or tensor of a name in the ``GraphDef``."""
        if ":" not in name:
            if name not in self._ops:
                raise ValueError(
                    f"return_elements asks for '{name}', which is not in the graph_def."
                )
            return self._ops[name]
        edge = parse_tensor_name(name)
        if edge in self._mapped:
            return self._mapped[edge]
        if edge.name not in self._ops:
            raise ValueError(f"return_elements asks for '{name}', which is not in the graph_def.")
        outputs = self._ops[edge.name]._outputs
        if edge.output >= len(outputs):
            raise ValueError(
                f"return_elements asks for '{name}', but '{edge.name}' has {len(outputs)} outputs."
            )
        return outputs[edge.output]

    def check_map_used(self) -> None:
        """Raises ValueError for keys of ``input_map`` that name nothing."""
        unknown = [
            f"{edge.name}:{edge.output}"
            for edge in self._mapped
            if edge.name not in self._ops or edge.output >= len(self._ops[edge.name]._outputs)
        ]
        if unknown:
            raise ValueError(
                "input_map has keys that name no tensor of the graph_def: "
                f"{', '.join(sorted(unknown))}."
            )

    def _new_name(self, name: str) -> str:
        """``name``, or with a number appended if the graph has it already."""
        count, unique = 0, name
        while unique in self._graph._operations:
            count += 1
            unique = f"{name}_{count}"
        self._graph._names.reserve(unique)
        return unique

    def _add(self, node: Node) -> list[tuple[Operation, int, Edge]]:
        """Adds one node; returns the inputs that close a loop, for when their source exists."""
        message = node.message
        name = self._names[message.name]
        opdef = _op_of(message, name)
        attrs = self._attrs(message, opdef, name)
        shapes = _pop_shapes(message, attrs)
        back = [
            (i, edge)
            for i, edge in enumerate(node.inputs)
            if node.closes_loop(self._nodes[edge.name]) and edge not in self._mapped
        ]
        inputs = self._inputs(node, [i for i, _ in back], name)
        _check_inputs(opdef, attrs, inputs, name)
        op = build.add(self._graph, opdef, inputs, attrs, name)
        if back:
            op._outputs[0]._shape_value = UNKNOWN  # the other iterations may have another one
        if shapes and self._producer >= _UNKNOWN_SCALAR_BEFORE:
            _merge_shapes(op, shapes)
        if message.device:
            spec = DeviceSpec.from_string(op.device)
            op._set_device(spec.make_merged_spec(DeviceSpec.from_string(message.device)))
        for source in node.control_inputs:
            op._link_control(self._ops[source])
        self._ops[message.name] = op
        return [(op, i, edge) for i, edge in back]

    def _inputs(self, node: Node, back: list[int], name: str) -> tuple[Tensor, ...]:
        tensors = [
            None if i in back else self._tensor(edge, name) for i, edge in enumerate(node.inputs)
        ]
        if back:  # a stand-in of the right type, until the loop is closed
            entry = next((tensor for tensor in tensors if tensor is not None), None)
            if entry is None:
                raise ValueError(f"'{name}' (Merge): every input comes from a NextIteration.")
            tensors = [entry if tensor is None else tensor for tensor in tensors]
        return tuple([tensor for tensor in tensors if tensor is not None])

    def _tensor(self, edge: Edge, reader: str) -> Tensor:
        mapped = self._mapped.get(edge)
        if mapped is not None:
            return mapped
        outputs = self._ops[edge.name]._outputs
        if edge.output >= len(outputs):
            raise ValueError(
                f"Node '{reader}': Connecting to invalid output {edge.output} of source node "
                f"{edge.name} which has {len(outputs)} outputs."
            )
        return outputs[edge.output]

    def _attrs(self, message: Any, opdef: OpDef, name: str) -> dict[str, Any]:
        attrs: dict[str, Any] = {}
        for key, value in message.attr.items():
            attr = opdef.attrs.get(key)
            if attr is None and not key.startswith("_"):
                if not self._may_drop(message.op, key, value):
                    raise ValueError(
                        f"'{name}' ({opdef.name}): attribute '{key}' is not known; the op has: "
                        f"{', '.join(opdef.attrs) or 'none'}. Was the graph made by a newer "
                        "program?"
                    )
                continue
            if value.WhichOneof("value") == "func" and value.func.name in self._library:
                attrs[key] = self._library.function(value.func.name)
                continue
            try:
                attrs[key] = attr_value.decode(value, attr)
            except (ValueError, TypeError) as error:
                raise ValueError(f"'{name}' ({opdef.name}): attribute '{key}': {error}") from error
        for key, attr in opdef.attrs.items():
            if key not in attrs and not attr.has_default:
                raise ValueError(f"'{name}' ({opdef.name}): attribute '{key}' is missing.")
        if "_class" in attrs:
            attrs["_class"] = tuple([self._group(each, name) for each in attrs["_class"]])
        if opdef.name == "Placeholder" and self._producer < _UNKNOWN_SCALAR_BEFORE:
            attrs["shape"] = attrs.get("shape") or UNKNOWN
            if attrs["shape"].rank == 0:
                attrs["shape"] = UNKNOWN
        return attrs

    def _may_drop(self, op_type: str, key: str, value: Any) -> bool:
        """Whether an unknown attribute says only what was so before it existed."""
        declared = self._defaults.get(op_type, {})
        if key in declared:
            return bool(value == declared[key])
        field = value.WhichOneof("value")
        if field in ("b", "i", "f", "s"):
            return not getattr(value, field)
        return field == "list" and not value.list.ByteSize()

    def _group(self, group: bytes, name: str) -> bytes:
        if not group.startswith(_COLOCATED):
            return group
        other = group[len(_COLOCATED) :].decode()
        if other not in self._names:
            raise ValueError(f"Node '{name}' expects to be colocated with unknown node '{other}'")
        return _COLOCATED + self._names[other].encode()


class _Library:
    """The functions of a ``GraphDef``, each made when a node first names it."""

    def __init__(self, message: Any, graph: Graph) -> None:
        self._messages = {each.signature.name: each for each in message.library.function}
        self._versions = message.versions
        self._graph = graph
        self._made: dict[str, Function] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._messages

    def function(self, name: str) -> Function:
        """The function of a name."""
        if name not in self._made:
            self._made[name] = self._graph._functions[name] = self._imported(name)
        return self._made[name]

    def _imported(self, name: str) -> Function:
        body = body_of(self._messages[name], self._versions)
        graph = FunctionGraph(self._graph)
        importer = Importer(graph, body.message, {}, "", {}, self)
        importer.run()
        arguments = [importer.element(each) for each in body.arguments]
        function = Function(name, graph, arguments, [importer.element(e) for e in body.outputs])
        function.name = name
        self._graph._function_names.add(name)
        return function


def _graph_message(graph_def: Any) -> Any:
    if isinstance(graph_def, proto.GraphDef):
        return graph_def
    descriptor = getattr(graph_def, "DESCRIPTOR", None)
    if getattr(descriptor, "full_name", "") != "tensorflow.GraphDef":
        raise TypeError(f"graph_def must be a GraphDef proto, not {type(graph_def).__name__}.")
    return proto.GraphDef.FromString(graph_def.SerializeToString())  # another library's class


def _checked_map(input_map: Any) -> dict[Edge, Any]:
    if input_map is None:
        return {}
    if not isinstance(input_map, dict) or not all(isinstance(k, (str, bytes)) for k in input_map):
        raise TypeError("input_map must be a dictionary mapping strings to Tensor objects.")
    texts = {k.decode() if isinstance(k, bytes) else k: v for k, v in input_map.items()}
    return {parse_tensor_name(key): value for key, value in texts.items()}


def _checked_names(return_elements: Any) -> list[str] | None:
    if return_elements is None:
        return None
    names = list(return_elements)
    if not all(isinstance(name, (str, bytes)) for name in names):
        raise TypeError("return_elements must be a list of strings.")
    return [name.decode() if isinstance(name, bytes) else name for name in names]


def _as_tensors(graph: Graph, mapped: dict[Edge, Any], has_scope: bool) -> dict[Edge, Tensor]:
    if not has_scope:
        raise ValueError(
            "tf.import_graph_def() needs a non-empty `name` if `input_map` has values that are "
            "not tensors; apply tf.convert_to_tensor() to them first."
        )
    with graph.name_scope("_inputs"):
        return {edge: convert_to_tensor(value) for edge, value in mapped.items()}


def _defaults(op_list: Any) -> dict[str, dict[str, Any]]:
    """The default values of attributes, by op type and attribute."""
    if op_list is None:
        return {}
    return {
        op.name: {a.name: a.default_value for a in op.attr if a.HasField("default_value")}
        for op in op_list.op
    }


def _op_of(message: Any, name: str) -> OpDef:
    opdef = OPS.get(message.op)
    if opdef is None:
        raise errors.NotFoundError(
            None, None, f"'{name}': tidefall has no op of type '{message.op}'."
        )
    return opdef


def _check_inputs(
    opdef: OpDef, attrs: dict[str, Any], inputs: tuple[Tensor, ...], name: str
) -> None:
    expected = list(_input_dtypes(opdef, attrs))
    if len(expected) != len(inputs):
        raise ValueError(
            f"'{name}' ({opdef.name}): {len(expected)} inputs are expected with its attributes, "
            f"but it has {len(inputs)}."
        )
    for index, ((dtype, is_ref), tensor) in enumerate(zip(expected, inputs, strict=True)):
        found = tensor._dtype
        if found.base_dtype is not dtype or (is_ref and not found._is_ref):
            wanted = dtype.name + ("_ref" if is_ref else "")
            raise ValueError(
                f"Input {index} of node {name} was passed {found.name} from {tensor.name} "
                f"incompatible with expected {wanted}."
            )


def _input_dtypes(opdef: OpDef, attrs: dict[str, Any]) -> Iterable[tuple[DType, bool]]:
    for arg in opdef.inputs:
        if arg.type_list_attr is not None:
            for dtype in attrs[arg.type_list_attr]:
                yield dtype, arg.is_ref
            continue
        dtype = arg.dtype if arg.dtype is not None else _attr(opdef, attrs, arg.type_attr)
        count = 1 if arg.number_attr is None else attrs[arg.number_attr]
        for _ in range(count):
            yield dtype, arg.is_ref


def _attr(opdef: OpDef, attrs: dict[str, Any], name: str | None) -> Any:
    assert name is not None
    return attrs[name] if name in attrs else opdef.attrs[name].default


def _pop_shapes(message: Any, attrs: dict[str, Any]) -> list[Shape]:
    return list(attrs.pop("_output_shapes", ()))


def _merge_shapes(op: Operation, shapes: list[Shape]) -> None:
    """Adds what ``_output_shapes`` knows of the outputs."""
    if len(shapes) != len(op._outputs):
        raise ValueError(
            f"Node '{op.name}' has {len(op._outputs)} outputs but its _output_shapes attribute "
            f"specifies shapes for {len(shapes)} outputs"
        )
    for index, (tensor, shape) in enumerate(zip(op._outputs, shapes, strict=True)):
        try:
            tensor._shape_value = tensor._shape_value.merge_with(shape)
        except ValueError as error:
            raise ValueError(
                f"Node '{op.name}' has an _output_shapes attribute inconsistent with the "
                f"GraphDef for output #{index}: {error}"
            ) from error
