"""Tier 0: one straight-line Python function per plan, NumPy calls over local names.

The function is written as source, compiled once, and bound to a session's cells and streams.
There is no loop over instructions and no look-up of names in it; dead arrays are dropped as it
goes. A table from its lines to the plan's nodes names the operation when something fails.
"""

from __future__ import annotations

import enum
import itertools
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from tidefall.array import numpy as xp
from tidefall.array.symbols import Extent
from tidefall.compiler.fold import kernel_attrs
from tidefall.compiler.partition import Region, partition
from tidefall.compiler.sizes import Sizes
from tidefall.compiler.waiting import aside
from tidefall.executor import failures, large_products, numerics, packs
from tidefall.executor.aside import Aside
from tidefall.executor.context import NodeContext
from tidefall.executor.feeds import Feed, inline_test
from tidefall.executor.kernel_calls import Names, kernel_call
from tidefall.executor.lifetimes import Lifetimes
from tidefall.executor.templates import COMMUTATIVE, IN_PLACE, TEMPLATES
from tidefall.ir.opdef import group
from tidefall.ir.plan import (
    CHOICE,
    IS_INITIALIZED,
    KERNEL,
    LOAD,
    PACKED,
    SIZES,
    WHILE,
    Guard,
    Node,
    Plan,
    Value,
)
from tidefall.ir.tensor import Tensor
from tidefall.state.cells import Store

_serial = itertools.count()

#: Names every generated function may use.
BUILTINS: dict[str, Any] = {
    **{
        name: getattr(np, name)
        for name in (
            "add array asarray cos divide dot empty errstate exp int32 log log1p maximum minimum "
            "multiply ndarray negative sin sqrt subtract tanh"
        ).split()
    },
    "abs_": np.abs,
    "plain_dot": np.dot,
    "xp": xp,
    "quiet": numerics.quiet,
    "undo": numerics.undo,
    "one_thread": numerics.one_thread,
    "float32": np.dtype(np.float32),
    "float64": np.dtype(np.float64),
    "zero_float32": np.zeros((), np.float32),
    "zero_float64": np.zeros((), np.float64),
    "one_float32": np.ones((), np.float32),
    "one_float64": np.ones((), np.float64),
}


class Nesting(enum.Enum):
    """Where a program stands: by itself, or as a part of a loop of another one."""

    NONE = "by itself"
    LOCKED = "inside, where the lock is held"
    UNLOCKED = "inside, where no lock is held"


class Program:
    """A generated function for one plan, not yet bound to a session.

    Args:
      plan: What it runs.
      feeds: The fed tensors, in order.
      result: Source text that builds the result from ``{0}``, ``{1}``, … (the plan's fetches).
      names: What ``result`` refers to besides.
      sizes: The symbolic sizes the plan was specialized to, if it was.
      general: Makes the program for runs whose feeds do not fit these sizes.
      nesting: Whether this is part of another program, and whether that holds the lock.

    Attributes:
      source: The text of the function.
      lines: For each line number, the node it runs.
    """

    def __init__(
        self,
        plan: Plan,
        feeds: list[Tensor],
        result: str,
        names: dict[str, Any],
        sizes: Sizes | None = None,
        general: Callable[[], Program] | None = None,
        nesting: Nesting | None = None,
    ) -> None:
        self.plan = plan
        self._general = general
        writer = _Writer(plan, feeds, result, sizes, nesting or Nesting.NONE)
        self.source = writer.source()
        self.lines = writer.node_at_line
        self._globals = {**BUILTINS, "repeated": _repeated, **writer.globals, **names}
        self._cells = writer.cells
        self._contexts = writer.contexts
        self.filename = f"<tidefall plan {next(_serial)}>"
        self._code = compile(self.source, self.filename, "exec")
        self._packs = writer.packs
        self._kernels = writer.kernels
        self._loops = {
            name: Program(body, [], expression, {}, nesting=inner)
            for name, (body, expression, inner) in writer.loops.items()
        }
        _by_file[self.filename] = self

    def bind(self, store: Store) -> Callable[..., Any]:
        """The function for one session: called with the fed values, it returns the result."""
        names = dict(self._globals)
        names["program"] = self  # the function keeps what explains its errors
        names["lock"] = store.lock
        names["large_dot"] = large_products.product(store.threads)
        for name, key in self._cells.items():
            info = self.plan.cells[key]
            names[name] = store.cell(key, info.dtype.np_dtype, info.shape)
        for name, node in self._contexts.items():
            names[name] = NodeContext(store, node.op)
        for name, node in self._packs.items():
            names[name] = packs.bind(node, self.plan, store)
        for name, loop in self._loops.items():
            names[name] = loop.bind(store)
        for name, node in self._kernels.items():
            names.update(_kernel_names(name, node, self.plan, store))
        names["general"] = _Lazily(self._general, store)
        exec(self._code, names)
        return names["run"]  # type: ignore[no-any-return]

    def explain(self, error: BaseException, line: int, local: dict[str, Any]) -> BaseException:
        """The error a program should see for ``error``, raised at ``line`` with these locals."""
        node = self.lines.get(line)
        if node is None:
            return error
        inputs = [self._seen(value, local) for value in node.inputs]
        return failures.describe(error, node, inputs)

    def _seen(self, value: Value, local: dict[str, Any]) -> Any:
        if value.constant is not None:
            return value.constant
        return local.get(f"v{self._numbers.get(value)}")

    @property
    def _numbers(self) -> dict[Value, int]:
        numbers: dict[Value, int] = {}
        for value in self.plan.feeds:
            numbers[value] = len(numbers)
        for node in self.plan.nodes:
            for value in node.outputs:
                numbers[value] = len(numbers)
        return numbers


_by_file: weakref.WeakValueDictionary[str, Program] = weakref.WeakValueDictionary()


def explain(error: BaseException) -> BaseException:
    """The error a program should see for ``error``, which came out of a generated function."""
    trace = error.__traceback__
    found = None
    while trace is not None:
        program = _by_file.get(trace.tb_frame.f_code.co_filename)
        if program is not None:
            found = (program, trace)
        trace = trace.tb_next
    if found is None:
        return error
    program, trace = found
    return program.explain(error, trace.tb_lineno, trace.tb_frame.f_locals)


class _Lazily:
    """The function of the general program, made when the first run needs it."""

    def __init__(self, make: Callable[[], Program] | None, store: Store) -> None:
        self._make = make
        self._store = store
        self._function: Callable[..., Any] | None = None

    def __call__(self, *values: Any) -> Any:
        if self._function is None:
            if self._make is None:
                raise AssertionError("a general plan has no guard")
            self._program = self._make()
            self._function = self._program.bind(self._store)
        return self._function(*values)


class _Writer:
    """Writes the source of one plan."""

    def __init__(
        self, plan: Plan, feeds: list[Tensor], result: str, sizes: Sizes | None, nesting: Nesting
    ) -> None:
        self.plan = plan
        self.result = result
        self.text: list[str] = []
        self.node_at_line: dict[int, Node] = {}
        self.globals: dict[str, Any] = {}
        self.cells: dict[str, str] = {}
        self.contexts: dict[str, Node] = {}
        self._names: dict[Value, str] = {}
        self._constants: dict[int, str] = {}
        self._functions: dict[Any, str] = {}
        self._cell_names: dict[str, str] = {}
        self._life = Lifetimes(plan, sizes)
        self._sizes = sizes
        self._nesting = nesting
        self._guards = {v: node.guards for node in plan.nodes if node.guards for v in node.outputs}
        self._unnamed = {v for node in plan.nodes if node.type == PACKED for v in node.outputs}
        self.packs: dict[str, Node] = {}
        self.kernels: dict[str, Node] = {}
        self.loops: dict[str, tuple[Plan, str, Nesting]] = {}
        self._aside = aside(plan)
        self._feeds = [Feed(tensor) for tensor in feeds]
        for value in plan.feeds:
            self._names[value] = f"v{len(self._names)}"
        for node in plan.nodes:
            for value in node.outputs:
                self._names[value] = f"v{len(self._names)}"

    def source(self) -> str:
        names = ", ".join(self._names[value] for value in self.plan.feeds)
        self._line(0, f"def run({names}):")
        for index, feed in enumerate(self._feeds):
            name = self._names[self.plan.feeds[index]]
            test, convert = inline_test(feed, name, index)
            self.globals[f"feed{index}"] = feed
            self.globals[f"dtype{index}"] = feed.np_dtype
            self.globals[f"scalar{index}"] = feed._scalar
            self._line(1, convert if test == "True" else f"if {test}: {convert}")
        self._check_rows()
        segments = partition(self.plan)
        indent = 1
        ending: list[str] = []
        if self._nesting is Nesting.NONE:
            ending = self._settings(segments)
            indent += bool(ending)
        if self._aside:
            self.globals["Aside"] = Aside
            self._line(indent, "with Aside() as aside:")
            indent += 1
        for segment in segments:
            if isinstance(segment, Region):
                self._region(segment, indent)
            else:
                self._node(segment, indent)
        fetched = [self._fetched(value) for value in self.plan.fetches]
        self._line(self._fetch_indent(segments, indent), f"return {self.result.format(*fetched)}")
        if ending:
            self._line(1, f"finally: {'; '.join(ending)}")
        return "\n".join(self.text) + "\n"

    def _settings(self, segments: list[Any]) -> list[str]:
        """Writes what sets NumPy up for the run, and returns what undoes it."""
        nodes = [node for node in self.plan.nodes if node.type not in (LOAD, KERNEL)]
        if not nodes:
            return []
        ending = ["undo(state)"]
        self._line(1, "state = quiet()")
        size = numerics.product_size(nodes, self._sizes)
        if size is not None:
            fixed, each, feed = size
            rows = "1" if feed is None else f"{self._names[self.plan.feeds[feed]]}.shape[0]"
            self._line(1, f"few = {fixed} + {each} * {rows} < {numerics.LARGE_PRODUCT}")
            if any(node.type in numerics.BATCHED for node in nodes):
                self._line(1, "if few: one_thread.enter()")
                ending.append("one_thread.leave() if few else None")
            else:
                self._line(1, "one_thread.enter()")
                self._line(1, "dot = plain_dot if few else large_dot")
                ending.append("one_thread.leave()")
        self._line(1, "try:")
        return ending

    def _fetch_indent(self, segments: list[Any], indent: int) -> int:
        """Fetches of state are copied while its lock is still held."""
        last = segments[-1] if segments else None
        return indent + 1 if isinstance(last, Region) and self._locks(last) else indent

    def _locks(self, region: Region) -> bool:
        return region.touches_state and self._nesting is not Nesting.LOCKED

    def _line(self, indent: int, text: str, node: Node | None = None) -> None:
        self.text.append("    " * indent + text)
        if node is not None:
            self.node_at_line[len(self.text)] = node

    def _check_rows(self) -> None:
        """Sends runs whose feeds differ in their leading dimension to the general program."""
        rows = self._sizes.rows if self._sizes is not None else ()
        names = [self._names[self.plan.feeds[position]] for position in rows]
        if len(names) > 1:
            test = " == ".join(f"{name}.shape[0]" for name in names)
            every = ", ".join(self._names[value] for value in self.plan.feeds)
            self._line(1, f"if not ({test}): return general({every})")

    def _region(self, region: Region, indent: int) -> None:
        if self._locks(region):
            self._line(indent, "with lock:")
            indent += 1
        for node in region.nodes:
            self._node(node, indent)

    def _node(self, node: Node, indent: int) -> None:
        if node.type == LOAD:
            copy = ".copy()" if node.outputs[0] in self._life.copied else ""
            text = f"{self._names[node.outputs[0]]} = {self._cell(node.cell or '')}.value{copy}"
        elif node.type == IS_INITIALIZED:
            text = f"{self._names[node.outputs[0]]} = {self._boolean(node)}"
        elif node.type == CHOICE:
            predicate, if_true, if_false = [self._argument(value) for value in node.inputs]
            text = f"{self._names[node.outputs[0]]} = {if_true} if {predicate} else {if_false}"
        elif node.type == WHILE:
            self._while(node, indent)
            return
        elif node.type == KERNEL:
            self._kernel_call(node, indent)
            return
        elif node.type == PACKED:
            text = self._packed(node)
        elif node.type == SIZES:
            text = self._sizes_of(node)
        else:
            text = self._statement(node)
        dead = [
            self._names[value] for value in self._life.dead_after(node) if self._is_bound(value)
        ]
        if dead:
            text += "; del " + ", ".join(dead)
        self._line(indent, self._guarded(node) + text, node)

    def _is_bound(self, value: Value) -> bool:
        """Whether the text so far gives ``value`` a name; packed updates name only what is read."""
        return self._life.is_read(value) or value not in self._unnamed

    def _guarded(self, node: Node) -> str:
        return f"if {self._tests(node.guards)}: " if node.guards else ""

    def _tests(self, guards: tuple[Guard, ...]) -> str:
        return " and ".join(
            f"{'' if guard.side else 'not '}{self._argument(guard.predicate)}" for guard in guards
        )

    def _while(self, node: Node, indent: int) -> None:
        if node.guards:
            self._line(indent, self._guarded(node).rstrip(), node)
            indent += 1
        number = len(self.loops) // 2
        inner = Nesting.UNLOCKED if node.on_host else Nesting.LOCKED
        condition, body = node.bodies
        results = "".join(f"{{{i}}}, " for i in range(len(body.fetches)))
        self.loops[f"condition{number}"] = (condition, "{0}", inner)
        self.loops[f"body{number}"] = (body, f"({results})", inner)
        state = ", ".join(self._names[value] for value in node.outputs)
        count = len(node.outputs)
        start = "".join(f"{self._argument(value)}, " for value in node.inputs[:count])
        fixed = "".join(f"{self._argument(value)}, " for value in node.inputs[count:])
        loop = f"repeated(condition{number}, body{number}, ({start}), ({fixed}))"
        self._line(indent, f"{state}, = {loop}", node)

    def _boolean(self, node: Node) -> str:
        self.globals["bool_"] = np.bool_
        return f"bool_({self._cell(node.cell or '')}.is_initialized)"

    def _sizes_of(self, node: Node) -> str:
        """Sizes that are known but for the number of rows of a value."""
        (rows,), (result,) = node.inputs, node.outputs
        name = self._names[result]
        self.globals[f"dtype_{name}"] = result.dtype.np_dtype
        known = f"{self._argument(rows)}.shape[0]"
        sizes = node.attrs["sizes"]
        every = sizes if isinstance(sizes, tuple) else (sizes,)
        text = [
            f"{known} * {size.factor}" if isinstance(size, Extent) else str(size) for size in every
        ]
        inside = f"[{', '.join(text)}]" if isinstance(sizes, tuple) else text[0]
        return f"{name} = array({inside}, dtype_{name})" + ("" if inside[0] == "[" else "[()]")

    def _packed(self, node: Node) -> str:
        name = f"p{len(self.packs)}"
        self.packs[name] = node
        count = len(node.inputs) - len(node.members)
        shared = "".join(f"{self._argument(value)}, " for value in node.inputs[:count])
        grads = "".join(f"{self._argument(value)}, " for value in node.inputs[count:])
        text = f"{name}(({shared}), ({grads}))"
        for key, value in zip(node.updates, node.outputs, strict=True):
            if self._life.is_read(value):
                text += f"; {self._names[value]} = {self._cell(key)}.value"
        return text

    def _kernel_call(self, node: Node, indent: int) -> None:
        name = f"kernel{len(self.kernels)}"
        self.kernels[name] = node
        verified = self.plan.feeds[: len(self._feeds)]
        names = Names(
            self._names, self._argument, self._context, self._cell, self.globals, verified
        )
        for text, at in kernel_call(name, node, names):
            self._line(indent, text, at)

    def _in_place(self, node: Node) -> str | None:
        """The statement that writes the result into the memory of a dead input, if it can."""
        template = IN_PLACE.get(node.type)
        if callable(template):
            template = template(node)
        if template is None or len(node.outputs) != 1:
            return None
        order = (0, 1) if node.type in COMMUTATIVE and len(node.inputs) == 2 else (0,)
        for index in order:
            if self._life.reusable(node, index):
                names = [_parenthesised(self._argument(value)) for value in node.inputs]
                if index == 1:
                    names.reverse()
                return template.format(*names, out=self._names[node.outputs[0]])
        return None

    def _statement(self, node: Node) -> str:
        in_place = self._in_place(node)
        if in_place is not None:
            return in_place
        expression = self._expression(node)
        if node.updates:
            return self._update(node, expression)
        outputs = [self._names[value] for value in node.outputs]
        if not outputs:
            return expression
        if len(outputs) == 1 and not node.opdef.outputs[0].is_list:
            return f"{outputs[0]} = {expression}"
        return f"{self._pattern(node, outputs)} = {expression}"

    def _pattern(self, node: Node, outputs: list[str]) -> str:
        """The target of an unpacking assignment, with brackets where an output is a list."""
        grouped = group(node.opdef.outputs, outputs, node.attrs)
        parts = [f"[{', '.join(g)}]" if isinstance(g, list) else g for g in grouped]
        return ", ".join(parts)

    def _update(self, node: Node, expression: str) -> str:
        outputs = [self._names[value] for value in node.outputs]
        cells = [self._cell(key) for key in node.updates]
        if node.opdef.overwrites:
            checked = "True" if node.attrs.get("validate_shape", True) else "False"
            if node.type == "Assign":  # whose kernel only hands the value on
                expression = self._argument(node.inputs[-1])
            return f"{outputs[0]} = {cells[0]}.assign({expression}, {checked})"
        stores = [f"{cell}.put({out})" for cell, out in zip(cells, outputs, strict=False)]
        return f"{', '.join(outputs)} = {expression}; " + "; ".join(stores)

    def _expression(self, node: Node) -> str:
        arguments = [self._argument(value) for value in node.arguments()]
        template = TEMPLATES.get(node.type)
        if callable(template):
            template = template(node)
        if template is not None:
            return template.format(*[_parenthesised(text) for text in arguments])
        attrs = [f"{k}={self._attr(v)}" for k, v in kernel_attrs(node.op).items()]
        run = [self._context(node)] if node.opdef.needs_run else []
        rest = ", ".join(["xp", *run, *arguments, *attrs])
        if node in self._aside:
            name = f"n{len(self.globals)}"
            self.globals[name] = node
            return f"aside.call({name}, {self._kernel(node)}, {rest})"
        return f"{self._kernel(node)}({rest})"

    def _argument(self, value: Any) -> str:
        if value is None:
            return "None"
        if isinstance(value, list):
            return "[" + ", ".join(map(self._argument, value)) + "]"
        if value.constant is None:
            return self._names[value]
        name = self._constants.get(id(value.constant))
        if name is None:
            name = f"k{len(self._constants)}"
            self._constants[id(value.constant)] = name
            array = value.constant
            # A string stays an array, so that it has the methods of one.
            self.globals[name] = array if array.ndim or array.dtype.kind == "O" else array[()]
        return name

    def _attr(self, value: Any) -> str:
        if isinstance(value, (bool, int, str)) or value is None:
            return repr(value)
        name = f"a{len(self.globals)}"
        self.globals[name] = value
        return name

    def _kernel(self, node: Node) -> str:
        kernel = node.opdef.kernel
        name = self._functions.get(kernel)
        if name is None:
            name = self._functions[kernel] = f"{node.type}_{len(self._functions)}"
            self.globals[name] = kernel
        return name

    def _context(self, node: Node) -> str:
        name = f"r{len(self.contexts)}"
        self.contexts[name] = node
        return name

    def _cell(self, key: str) -> str:
        name = self._cell_names.get(key)
        if name is None:
            name = self._cell_names[key] = f"c{len(self._cell_names)}"
            self.cells[name] = key
        return name

    def _fetched(self, value: Value) -> str:
        """The expression of a fetched value, which may lie in a branch not taken."""
        guards = self._guards.get(value)
        if not guards:
            return self._owned(value)
        self.globals["missing"] = _missing
        return f"({self._owned(value)} if {self._tests(guards)} else missing({value.name!r}))"

    def _owned(self, value: Value) -> str:
        """The expression of a value that the caller may keep and change."""
        text = self._argument(value)
        if self._nesting is not Nesting.NONE:
            roots = self._life.roots.get(value, frozenset())
            if all(root in self.plan.feeds or root.constant is not None for root in roots):
                return text
        if value.constant is not None and value.constant.ndim == 0:
            return text if value.constant.dtype.kind != "O" else f"{text}[()]"
        rank = value.shape.rank
        if rank == 0:
            return f"{text}[()]"
        if value.constant is not None or self._life.roots.get(value):
            self.globals["own"] = own
            return f"own({text})"
        if rank is None:
            return f"({text} if {text}.ndim else {text}[()])"
        return text


def _kernel_names(name: str, node: Node, plan: Plan, store: Store) -> dict[str, Any]:
    """What the text of a call of a kernel refers to."""
    call = node.attrs["call"]
    body = Program(call.body, [], call.result, {}, nesting=Nesting.LOCKED)
    bound = call.bind(plan, store, body.bind(store))
    names = {name: bound, f"{name}_call": bound.call}
    for value, view in (*bound.free_inputs.items(), *bound.free_outputs.items()):
        names[f"{name}_{call.place[value]}"] = view
    names.update({f"{name}_words{i}": words for i, words in enumerate(bound.words)})
    return names


def _repeated(
    condition: Callable[..., Any], body: Callable[..., Any], state: Any, fixed: tuple[Any, ...]
) -> Any:
    """Runs a loop.

    It is a function of its own since CPython 3.13.0 leaves a ``with`` block without giving the
    lock back, one time in ten, when an interrupt arrives in a loop that stands in the block.
    """
    while condition(*state, *fixed):
        state = body(*state, *fixed)
    return state


def _missing(name: str) -> Any:
    raise failures.not_computed(name)


def own(value: Any) -> Any:
    """A copy of an array; a scalar as it is."""
    return value.copy() if value.ndim else value[()]


def _parenthesised(text: str) -> str:
    return text if text.isidentifier() else f"({text})"
