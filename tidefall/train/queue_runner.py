"""`QueueRunner`: threads that keep a queue full while the program trains."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from typing import Any

from tidefall import proto
from tidefall.client.coordinator import Coordinator
from tidefall.client.session import BaseSession, get_default_session
from tidefall.core import errors, logging
from tidefall.core.exports import export
from tidefall.io.collection_def import register_proto_function
from tidefall.ir.collections import GraphKeys
from tidefall.ir.graph import add_to_collection, get_collection, get_default_graph
from tidefall.ir.operation import Operation
from tidefall.train.program_end import end_with_program


@export("train.QueueRunner", "train.queue_runner.QueueRunner")
class QueueRunner:
    """A queue and the operations that fill it, each to be run again and again in a thread.

    When the last of the threads finds its input at an end (`tf.errors.OutOfRangeError`), the queue
    is closed. Any other error is reported to the coordinator, which then stops all threads.

    Args:
      queue: The queue.
      enqueue_ops: A list of operations that put something into it; one thread runs each.
      close_op: The operation that closes the queue; made if None.
      cancel_op: The operation that closes it and turns away who waits; made if None.
      queue_closed_exception_types: Errors that mean the input is at an end.
      queue_runner_def: A ``QueueRunnerDef`` message to make it from, in place of the others.
      import_scope: With a message: the name scope that the graph was imported into.

    Raises:
      ValueError: If both or neither of a message and a queue are given.
      TypeError: If ``queue_closed_exception_types`` is not a tuple of classes of `tf.errors`.
    """

    def __init__(
        self,
        queue: Any = None,
        enqueue_ops: Any = None,
        close_op: Any = None,
        cancel_op: Any = None,
        queue_closed_exception_types: Any = None,
        queue_runner_def: Any = None,
        import_scope: str | None = None,
    ) -> None:
        self._lock = threading.Lock()
        #: Threads that still run, by session.
        self._running: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
        self._exceptions_raised: list[BaseException] = []
        self._queue_closed_exception_types: tuple[type[errors.OpError], ...]
        if queue_runner_def is not None:
            if queue is not None or enqueue_ops:
                raise ValueError("queue_runner_def says what the queue is; give one or the other.")
            self._init_from_proto(queue_runner_def, import_scope)
            return
        if queue is None or not enqueue_ops:
            raise ValueError("a QueueRunner needs a queue and a list of enqueue_ops.")
        self._queue = queue
        self._enqueue_ops = list(enqueue_ops)
        self._queue_closed_exception_types = _checked_types(queue_closed_exception_types)
        self._close_op = queue.close() if close_op is None else close_op
        self._cancel_op = (
            queue.close(cancel_pending_enqueues=True) if cancel_op is None else cancel_op
        )

    def _init_from_proto(self, message: Any, scope: str | None) -> None:
        def element(name: str) -> Any:
            return get_default_graph().as_graph_element(_outside(name, scope))

        self._queue = element(message.queue_name)
        self._enqueue_ops = [element(name) for name in message.enqueue_op_name]
        self._close_op = element(message.close_op_name)
        self._cancel_op = element(message.cancel_op_name)
        codes = message.queue_closed_exception_types
        types = tuple([errors.exception_type_from_error_code(code) for code in codes])
        self._queue_closed_exception_types = types or (errors.OutOfRangeError,)

    @property
    def queue(self) -> Any:
        """The queue."""
        return self._queue

    @property
    def enqueue_ops(self) -> list[Operation]:
        """The operations that fill it."""
        return self._enqueue_ops

    @property
    def close_op(self) -> Operation:
        """The operation that closes it."""
        return self._close_op  # type: ignore[no-any-return]

    @property
    def cancel_op(self) -> Operation:
        """The operation that closes it and turns away who waits."""
        return self._cancel_op  # type: ignore[no-any-return]

    @property
    def queue_closed_exception_types(self) -> tuple[type[errors.OpError], ...]:
        """Errors that mean the input is at an end."""
        return self._queue_closed_exception_types

    @property
    def exceptions_raised(self) -> list[BaseException]:
        """What went wrong in threads that have no coordinator to report to."""
        return self._exceptions_raised

    @property
    def name(self) -> str:
        """The name of the queue."""
        return self._queue.name  # type: ignore[no-any-return]

    # -- running ------------------------------------------------------------------------------

    def create_threads(
        self,
        sess: Any,
        coord: Coordinator | None = None,
        daemon: bool = False,
        start: bool = False,
    ) -> list[threading.Thread]:
        """The threads that fill the queue in a session.

        Args:
          sess: The session.
          coord: Who stops them, and is told of errors.
          daemon: Whether the program may end while they run.
          start: Whether to start them.

        Returns:
          One thread for each operation, and one that closes the queue when the coordinator stops.
          No threads if those of an earlier call still run.
        """
        with self._lock:
            if self._running.get(sess, 0) > 0:
                return []
            self._running[sess] = len(self._enqueue_ops)
            self._exceptions_raised = []
        threads = [
            threading.Thread(
                target=self._run,
                args=(sess, op, coord),
                name=f"QueueRunnerThread-{self.name}-{op.name}",
            )
            for op in self._enqueue_ops
        ]
        if coord is not None:
            name = f"QueueRunnerThread-{self.name}-close_on_stop"
            arguments = (sess, self._cancel_op, coord)
            threads.append(threading.Thread(target=_close_on_stop, args=arguments, name=name))
        if not daemon:
            end_with_program(sess, threads)
        for thread in threads:
            thread.daemon = daemon
            if coord is not None:
                coord.register_thread(thread)
            if start:
                thread.start()
        return threads

    def _run(self, sess: Any, enqueue_op: Operation, coord: Coordinator | None = None) -> None:
        """What a thread does: fills the queue until there is nothing more, or it must stop."""
        is_at_end = False
        try:
            repeated = getattr(sess, "_repeated", sess.make_callable)
            enqueue = repeated(enqueue_op)
            while not (coord is not None and coord.should_stop()):
                enqueue()
        except self._queue_closed_exception_types:
            is_at_end = True
        except Exception as error:
            self._report(error, sess, coord)
        finally:
            self._leave(sess, is_at_end)

    def _report(self, error: Exception, sess: Any, coord: Coordinator | None) -> None:
        """Tells of an error; the end of the session is none."""
        if getattr(sess, "_closed", False):
            if coord is not None:
                coord.request_stop()
        elif coord is not None:
            coord.request_stop(error)
        else:
            logging.error("Exception in QueueRunner: %s", error)
            with self._lock:
                self._exceptions_raised.append(error)
            raise error

    def _leave(self, sess: Any, is_at_end: bool) -> None:
        """One thread less; the last one closes the queue if the input is at its end."""
        with self._lock:
            self._running[sess] -= 1
            is_last = self._running[sess] == 0
        if is_last and is_at_end:
            _run_quietly(sess, self._close_op)

    # -- storing ------------------------------------------------------------------------------

    def to_proto(self, export_scope: str | None = None) -> Any:
        """The runner as a ``QueueRunnerDef`` message; None if it lies outside ``export_scope``."""
        if export_scope is not None and not self.name.startswith(export_scope):
            return None
        codes = map(errors.error_code_from_exception_type, self._queue_closed_exception_types)
        return proto.QueueRunnerDef(
            queue_name=_inside(self.name, export_scope),
            enqueue_op_name=[_inside(op.name, export_scope) for op in self._enqueue_ops],
            close_op_name=_inside(self._close_op.name, export_scope),
            cancel_op_name=_inside(self._cancel_op.name, export_scope),
            queue_closed_exception_types=list(codes),
        )

    @staticmethod
    def from_proto(queue_runner_def: Any, import_scope: str | None = None) -> QueueRunner:
        """The runner that a ``QueueRunnerDef`` message describes."""
        return QueueRunner(queue_runner_def=queue_runner_def, import_scope=import_scope)


def _checked_types(types: Any) -> tuple[type[errors.OpError], ...]:
    if types is None:
        return (errors.OutOfRangeError,)
    if (
        not isinstance(types, tuple)
        or not types
        or not all(isinstance(each, type) and issubclass(each, errors.OpError) for each in types)
    ):
        raise TypeError(
            f"queue_closed_exception_types must be a tuple of classes of tf.errors, not {types!r}."
        )
    return types


def _close_on_stop(sess: Any, cancel_op: Operation, coord: Coordinator) -> None:
    coord.wait_for_stop()
    _run_quietly(sess, cancel_op)


def _run_quietly(sess: Any, op: Operation) -> None:
    """Runs an operation that closes a queue, which may be closed already, or gone."""
    try:
        sess.run(op)
    except (errors.OpError, RuntimeError) as error:
        logging.vlog(1, "Ignored exception: %s", error)


def _inside(name: str, scope: str | None) -> str:
    """A name as it is seen from within a scope."""
    return name.removeprefix(f"{scope.rstrip('/')}/") if scope else name


def _outside(name: str, scope: str | None) -> str:
    """A name within a scope as it is seen from outside."""
    return f"{scope.rstrip('/')}/{name}" if scope else name


@export("train.add_queue_runner", "train.queue_runner.add_queue_runner")
def add_queue_runner(qr: QueueRunner, collection: str = GraphKeys.QUEUE_RUNNERS) -> None:
    """Adds a runner to a collection of the graph, so that `start_queue_runners` finds it."""
    add_to_collection(collection, qr)


@export("train.start_queue_runners", "train.queue_runner.start_queue_runners")
def start_queue_runners(
    sess: Any = None,
    coord: Coordinator | None = None,
    daemon: bool = True,
    start: bool = True,
    collection: str = GraphKeys.QUEUE_RUNNERS,
) -> list[threading.Thread]:
    """Starts the threads of all queue runners in the graph.

    Args:
      sess: The session; the default session if None.
      coord: Who stops them, and is told of errors.
      daemon: Whether the program may end while they run.
      start: Whether to start them; if not they are only made.
      collection: Where the runners are.

    Returns:
      The threads.

    Raises:
      ValueError: If there is no session.
      TypeError: If ``sess`` is no session.
    """
    if sess is None:
        sess = get_default_session()
        if sess is None:
            raise ValueError(
                "start_queue_runners needs a session: there is no default one. Use "
                "`with tf.Session() as sess:`, or pass sess=…."
            )
    if not isinstance(sess, BaseSession):
        if type(sess).__name__ in ("MonitoredSession", "SingularMonitoredSession"):
            return []  # these start the runners themselves
        raise TypeError(f"sess must be a tf.Session, not {type(sess).__name__}: {sess!r}")
    with sess.graph.as_default():
        runners: Sequence[QueueRunner] = get_collection(collection)
        if not runners:
            logging.warning(
                "tf.train.start_queue_runners() found no queue runners in the graph, so nothing "
                "is started. If the program uses tf.data it can do without the call."
            )
        threads = []
        for runner in runners:
            threads += runner.create_threads(sess, coord=coord, daemon=daemon, start=start)
    return threads


register_proto_function(
    GraphKeys.QUEUE_RUNNERS, "QueueRunnerDef", QueueRunner.to_proto, QueueRunner.from_proto
)
