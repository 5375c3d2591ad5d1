"""`Session`: runs any part of a graph, and owns the values of its variables."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from tidefall import proto
from tidefall.client.fetches import EXPANSIONS, Fetches, structure
from tidefall.client.growth import Growth
from tidefall.client.partial import PartialRun
from tidefall.core import errors, hooks
from tidefall.core.exports import export
from tidefall.core.runtime import time_limit
from tidefall.executor import devices, straightline
from tidefall.executor.promotion import Replace
from tidefall.executor.tiers import chosen, compile_run
from tidefall.ir.graph import Graph, get_default_graph
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.state.cells import Store

#: Generated functions a session keeps; beyond, the oldest half is forgotten.
CACHE_SIZE = 4096


class _Defaults(threading.local):
    def __init__(self) -> None:
        self.stack: list[BaseSession] = []


_defaults = _Defaults()


class BaseSession:
    """What all sessions share."""

    def __init__(self, target: str = "", graph: Graph | None = None, config: Any = None) -> None:
        if graph is not None and not isinstance(graph, Graph):
            raise TypeError(f"graph must be a tf.Graph, not {type(graph).__name__}: {graph!r}")
        if not isinstance(target, (str, bytes)):
            raise TypeError(f"target must be a string, not {type(target).__name__}: {target!r}")
        if config is not None and not isinstance(config, proto.ConfigProto):
            raise TypeError(
                f"config must be a tf.ConfigProto, not {type(config).__name__}: {config!r}"
            )
        self._graph = graph if graph is not None else get_default_graph()
        self._target = target
        self._config = config
        self._store = Store(config.intra_op_parallelism_threads if config is not None else 0)
        self._closed = False
        self._bound: dict[Any, Callable[..., Any]] = {}
        self._tier = chosen(config)
        self._time_limit = config.operation_timeout_in_ms if config is not None else 0
        self._edits = self._graph._edits
        self._growth = Growth(self._graph)
        self._partial: dict[str, PartialRun] = {}
        self._steps = itertools.count()

    @property
    def graph(self) -> Graph:
        """The graph this session runs."""
        return self._graph

    @property
    def graph_def(self) -> Any:
        """The graph as a ``GraphDef`` message."""
        return self._graph.as_graph_def()

    @property
    def sess_str(self) -> Any:
        """The target the session was made with."""
        return self._target

    def run(
        self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None
    ) -> Any:
        """Computes ``fetches``.

        Args:
          fetches: A tensor, operation, variable, name, or any nesting of lists, tuples, named
            tuples and dictionaries of these.
          feed_dict: Values for tensors, by tensor.
          options: A ``RunOptions`` message.
          run_metadata: A ``RunMetadata`` message to fill.

        Returns:
          The same structure with NumPy arrays (scalars for rank 0), None for operations.

        Raises:
          RuntimeError: If the session is closed.
          TypeError, ValueError: If fetches or feeds are not of this graph, or a value does not fit.
          tf.errors.OpError: If an operation fails.
        """
        key: Any
        values: Any
        try:
            if feed_dict:
                key = (
                    tuple(fetches) if fetches.__class__ is list else fetches,
                    fetches.__class__,
                    *feed_dict,
                )
                function = self._bound.get(key)
            else:
                key = (tuple(fetches), list) if fetches.__class__ is list else fetches
                function = self._bound.get(key)
        except TypeError:  # lists in lists, or dictionaries
            key = structure(fetches, feed_dict)
            function = None if key is None else self._bound.get(key)
        if function is None or self._edits != self._graph._edits:
            function, values = self._prepare(fetches, feed_dict, key)
        else:
            values = feed_dict.values() if feed_dict else ()
        try:
            if options is not None or self._time_limit:
                return self._limited(function, values, options)
            return function(*values)
        except Exception as error:
            raise _explained(error) from None

    def _limited(self, function: Callable[..., Any], values: Iterable[Any], options: Any) -> Any:
        """Calls a run's function, which may wait no longer than the options say."""
        milliseconds = getattr(options, "timeout_in_ms", 0) or self._time_limit
        with time_limit(milliseconds / 1000) if milliseconds > 0 else nullcontext():
            return function(*values)

    def _prepare(
        self, fetches: Any, feed_dict: Any, key: Any
    ) -> tuple[Callable[..., Any], list[Any]]:
        """The function for a run that was not seen before, and the values to call it with."""
        self._check_open()
        self._check_graph()
        self._growth.look(self._graph)
        if self._edits != self._graph._edits:
            self._bound.clear()
            self._edits = self._graph._edits
        wanted = Fetches(self._graph, fetches)
        feeds, values = self._resolved_feeds(feed_dict or {})
        program_key = (wanted.key, tuple(feeds))
        function = self._bound.get(program_key)
        if function is None:
            function = self._compile(wanted, feeds)
            self._remember(program_key, function)
        if key is not None and len(values) == len(feed_dict or ()):
            self._remember(key, function)
        return function, values

    def _remember(self, key: Any, function: Callable[..., Any]) -> None:
        if len(self._bound) >= CACHE_SIZE:
            for old in list(self._bound)[: CACHE_SIZE // 2]:
                del self._bound[old]
        self._bound[key] = function

    def _compile(
        self,
        wanted: Fetches,
        feeds: list[Tensor],
        done: Iterable[Operation] = (),
        replace: Replace | None = None,
    ) -> Callable[..., Any]:
        return compile_run(
            self._tier,
            feeds,
            wanted.tensors,
            wanted.targets,
            wanted.expression,
            wanted.names,
            self._store,
            done,
            replace or self._replace,
        )

    def _replace(self, old: Callable[..., Any], new: Callable[..., Any]) -> None:
        """A faster function takes the place of one that was remembered."""
        for key, function in list(self._bound.items()):
            if function is old:
                self._bound[key] = new

    def _resolved_feeds(self, feed_dict: Any) -> tuple[list[Tensor], list[Any]]:
        if not hasattr(feed_dict, "items"):
            raise TypeError(
                f"feed_dict must be a dictionary from tensors to values, not "
                f"{type(feed_dict).__name__}: {feed_dict!r}"
            )
        feeds: list[Tensor] = []
        values: list[Any] = []
        for key, value in _flat_feeds(feed_dict):
            tensor = self._fed_tensor(key)
            if not self._graph.is_feedable(tensor):
                raise ValueError(f"tensor '{tensor.name}' may not be fed.")
            feeds.append(tensor)
            values.append(value)
        return feeds, values

    def _fed_tensor(self, key: Any) -> Tensor:
        try:
            return self._graph.as_graph_element(key, allow_operation=False)  # type: ignore[no-any-return]
        except (KeyError, ValueError, TypeError) as error:
            text = error.args[0] if error.args else error
            raise TypeError(
                f"feed_dict key {key!r} cannot be interpreted as a tensor: {text}"
            ) from None

    def make_callable(
        self, fetches: Any, feed_list: Any = None, accept_options: bool = False
    ) -> Callable[..., Any]:
        """A function that runs ``fetches``, called with the values of ``feed_list`` in order."""
        self._check_open()
        self._check_graph()
        if feed_list is not None and not isinstance(feed_list, (list, tuple)):
            raise TypeError(f"feed_list must be a list or tuple, not {feed_list!r}.")
        feeds = [self._fed_tensor(item) for item in feed_list or []]
        function = self._compile(
            Fetches(self._graph, fetches), feeds, replace=lambda old, new: faster(new)
        )

        def faster(new: Callable[..., Any]) -> None:
            nonlocal function
            function = new

        def call(*values: Any, options: Any = None, run_metadata: Any = None) -> Any:
            self._check_open()
            if len(values) != len(feeds):
                names = ", ".join(f"'{tensor.name}'" for tensor in feeds)
                message = f"{len(feeds)} values are needed ({names}), but {len(values)} were given."
                raise errors.InvalidArgumentError(None, None, message)
            try:
                if options is not None or self._time_limit:
                    return self._limited(function, values, options)
                return function(*values)
            except Exception as error:
                raise _explained(error) from None

        return call

    def _repeated(self, op: Any) -> Callable[[], Any]:
        """A function that runs an operation, to be called again and again by one thread.

        It may do many runs in one call, as long as nobody can tell. What can be fetched besides
        operations will do as well.
        """
        once: Callable[[], Any] = self.make_callable(op)
        if self._time_limit or self._tier == "reference" or not isinstance(op, Operation):
            return once
        repeated: Callable[[], Any] = hooks.call("repeated", op, self._store, once)
        return repeated

    def partial_run_setup(self, fetches: Any, feeds: Any = None) -> str:
        """Begins a step that is fed and fetched in several goes.

        Args:
          fetches: Everything the goes will fetch.
          feeds: All tensors they will feed.

        Returns:
          A handle for `partial_run`.
        """
        self._check_open()
        tensors = [self._fed_tensor(item) for item in feeds or []]
        wanted = Fetches(self._graph, fetches)
        if not wanted.tensors and not wanted.targets:
            message = "a step needs at least one tensor or operation to fetch."
            raise errors.InvalidArgumentError(None, None, message)
        handle = f"step_{next(self._steps)}"
        self._partial[handle] = PartialRun(wanted, tensors)
        return handle

    def partial_run(self, handle: str, fetches: Any, feed_dict: Any = None) -> Any:
        """Goes on with a step: feeds some more and fetches what can be computed now.

        Every operation runs once in the whole step.

        Raises:
          InvalidArgumentError: If the handle is unknown, or something was not announced or comes
            twice.
        """
        self._check_open()
        step = self._partial.get(handle)
        if step is None:
            message = f"there is no step {handle!r}; begin one with partial_run_setup."
            raise errors.InvalidArgumentError(None, None, message)
        wanted = Fetches(self._graph, fetches)
        feeds, values = self._resolved_feeds(feed_dict or {})
        done = set(step.done)
        kept = step.begin(wanted, dict(zip(feeds, values, strict=True)))
        both = Fetches(self._graph, [fetches, kept])
        if not step.fetches:
            del self._partial[handle]
        key = (both.key, tuple(step.known), frozenset(done))
        function = self._bound.get(key)
        if function is None:
            function = self._compile(both, list(step.known), done)
            self._remember(key, function)
        try:
            result, found = function(*step.known.values())
        except Exception as error:
            raise _explained(error) from None
        step.known.update(zip(kept, found, strict=True))
        return result

    def as_default(self) -> Any:
        """A context manager that makes this the default session of a block.

        The session is not closed at its end.
        """
        return default_session(self)

    def close(self) -> None:
        """Ends the session and forgets the values of its variables."""
        self._closed = True
        self._bound.clear()
        self._store.close()

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError(
                "Attempted to use a closed Session. Make a new tf.Session; its variables start "
                "without values."
            )

    def _check_graph(self) -> None:
        if self._graph._next_id_counter == 0:
            raise RuntimeError(
                "the session's graph is empty, so there is nothing to run. Build the graph before "
                "session.run; a session made outside `with graph.as_default():` needs "
                "tf.Session(graph=graph)."
            )

    def list_devices(self) -> list[devices.DeviceAttributes]:
        """The devices this session can use."""
        return devices.local_devices()

    def __del__(self) -> None:
        store = getattr(self, "_store", None)
        if store is not None and not self._closed:
            store.close()


def _flat_feeds(feed_dict: Any) -> Iterator[tuple[Any, Any]]:
    """Keys and values of a feed dictionary, those of tuples and composites taken apart.

    Raises:
      ValueError: If a tuple or composite is not given a value for each part.
    """
    for key, value in feed_dict.items():
        expansion = EXPANSIONS.get(type(key))
        parts = key if isinstance(key, tuple) else expansion.parts(key) if expansion else None
        if parts is None:
            yield key, value
            continue
        given = [part for part in value if part is not None] if isinstance(value, tuple) else value
        if not hasattr(given, "__len__") or len(given) != len(parts):
            raise ValueError(f"{len(parts)} values are needed for the feed {key!r}, not {value!r}.")
        yield from zip(parts, given, strict=True)


def _explained(error: Exception) -> BaseException:
    found = straightline.explain(error)
    return found if found is error else found.with_traceback(None)


@contextmanager
def default_session(session: BaseSession) -> Iterator[BaseSession]:
    """Makes ``session`` the default session of the block."""
    _defaults.stack.append(session)
    try:
        yield session
    finally:
        _defaults.stack.remove(session)


@export("Session")
class Session(BaseSession):
    """Runs any part of a graph. Its variables live until it is closed.

    As a context manager it is also the default session and makes its graph the default graph.

    Args:
      target: The execution engine to connect to; '' is this process.
      graph: The graph to run; the default graph if None.
      config: A ``ConfigProto``.
    """

    def __init__(self, target: str = "", graph: Graph | None = None, config: Any = None) -> None:
        super().__init__(target, graph, config)
        self._contexts: list[Any] = []

    def __enter__(self) -> Session:
        if self._contexts:
            raise RuntimeError(
                "this session is entered already, and leaving it will close it. Use "
                "`with session.as_default():` to make it the default session again."
            )
        graph = self._graph.as_default()
        session = default_session(self)
        graph.__enter__()
        session.__enter__()
        self._contexts.append((graph, session))
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        graph, session = self._contexts.pop()
        session.__exit__(kind, error, trace)
        graph.__exit__(kind, error, trace)
        self.close()

    @staticmethod
    def reset(target: str, containers: Any = None, config: Any = None) -> None:
        """Clears resource containers; this engine keeps none between sessions."""


@export("InteractiveSession")
class InteractiveSession(BaseSession):
    """A session that is the default one as soon as it is made, for shells and notebooks."""

    def __init__(self, target: str = "", graph: Graph | None = None, config: Any = None) -> None:
        super().__init__(target, graph, config)
        self._explicit = graph.as_default() if graph is not None else None
        if self._explicit is not None:
            self._explicit.__enter__()
        _defaults.stack.append(self)

    def close(self) -> None:
        """Ends the session, which is then no longer the default."""
        super().close()
        if self in _defaults.stack:
            _defaults.stack.remove(self)
        if self._explicit is not None:
            self._explicit.__exit__(None, None, None)
            self._explicit = None


@export("get_default_session")
def get_default_session() -> BaseSession | None:
    """The default session of this thread, or None."""
    return _defaults.stack[-1] if _defaults.stack else None


def _session_for(session: Any, graph: Graph, what: str) -> Any:
    found = session if session is not None else get_default_session()
    if found is None:
        raise ValueError(
            f"cannot run {what}: there is no default session. Use `with tf.Session():`, or pass "
            "session=…."
        )
    if found.graph is not graph:
        raise ValueError(
            f"cannot run {what}: the session runs another graph. Pass the session made with this "
            "graph."
        )
    return found


@hooks.install("eval")
def _eval(tensor: Tensor, feed_dict: Any, session: Any, graph: Graph) -> Any:
    return _session_for(session, graph, f"'{tensor.name}'.eval()").run(tensor, feed_dict)


@hooks.install("run_operation")
def _run_operation(op: Operation, feed_dict: Any, session: Any, graph: Graph) -> None:
    _session_for(session, graph, f"'{op.name}'.run()").run(op, feed_dict)


@hooks.install("default_graph_reset")
def _default_graph_reset() -> None:
    """Nothing outside the graph refers to the default graph."""
