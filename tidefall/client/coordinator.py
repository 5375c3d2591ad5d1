"""`Coordinator`: ends several threads together, and hands on what went wrong in one of them."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from tidefall.core import errors, logging
from tidefall.core.exports import export

#: What ``sys.exc_info()`` gives.
ExcInfo = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]

#: Seconds between two looks at whether threads still live.
_LOOK = 0.05


@export("train.Coordinator")
class Coordinator:
    """Lets threads stop together.

    Each thread asks `should_stop` now and then, and whichever wants to end calls `request_stop`.
    The main thread waits in `join`, which raises what a thread reported.

    Args:
      clean_stop_exception_types: Exceptions that end the threads without being an error;
        `tf.errors.OutOfRangeError`, the end of the input, if None.

    >>> coord = tf.train.Coordinator()
    >>> def work():
    ...     while not coord.should_stop():
    ...         coord.request_stop()
    >>> thread = threading.Thread(target=work)
    >>> thread.start()
    >>> coord.join([thread])
    """

    def __init__(self, clean_stop_exception_types: Any = None) -> None:
        if clean_stop_exception_types is None:
            clean_stop_exception_types = (errors.OutOfRangeError,)
        self._clean = tuple(clean_stop_exception_types)
        self._lock = threading.Lock()
        self._stop_event = threading.Event()
        self._error: BaseException | None = None
        self._trace: TracebackType | None = None
        self._joined = False
        self._registered_threads: set[threading.Thread] = set()

    def request_stop(self, ex: Any = None) -> None:
        """Asks all threads to stop; from then on `should_stop` is true.

        Args:
          ex: What went wrong: an exception, or what ``sys.exc_info()`` returned. `join` raises
            the first one reported. If the threads were joined already it is raised at once.
        """
        error, trace = _reported(ex)
        with self._lock:
            if isinstance(error, self._clean):
                error = None
            if self._joined and error is not None:
                raise error.with_traceback(trace)
            if self._stop_event.is_set():
                return
            if error is not None and self._error is None:
                logging.info("Error reported to Coordinator: %s, %s", type(error), error)
                self._error, self._trace = error, trace
            self._stop_event.set()

    def clear_stop(self) -> None:
        """Forgets that a stop was requested, so that threads may be started anew."""
        with self._lock:
            self._joined = False
            self._error = self._trace = None
            self._stop_event.clear()

    def should_stop(self) -> bool:
        """Whether a stop was requested."""
        return self._stop_event.is_set()

    @contextmanager
    def stop_on_exception(self) -> Iterator[None]:
        """A context that reports an exception of its block, and goes on after the block."""
        try:
            yield
        except BaseException:  # a thread ends here, whatever ended it
            self.request_stop(sys.exc_info())

    def wait_for_stop(self, timeout: float | None = None) -> bool:
        """Waits until a stop is requested.

        Args:
          timeout: How many seconds to wait at most.

        Returns:
          Whether it was.
        """
        return self._stop_event.wait(timeout)

    def register_thread(self, thread: threading.Thread) -> None:
        """Adds a thread to those that `join` waits for."""
        with self._lock:
            self._registered_threads.add(thread)

    def join(
        self,
        threads: Iterable[threading.Thread] | None = None,
        stop_grace_period_secs: float = 120,
        ignore_live_threads: bool = False,
    ) -> None:
        """Waits until all threads have ended; once a stop is requested, not for ever.

        Args:
          threads: Threads to wait for besides those registered.
          stop_grace_period_secs: How long they have to end after a stop is requested.
          ignore_live_threads: Whether threads that still run then are no error.

        Raises:
          RuntimeError: If threads run on after a stop was requested.
          Exception: What was reported to `request_stop`.
        """
        with self._lock:
            waited = [*self._registered_threads.union(threads or ())]
        while any(each.is_alive() for each in waited) and not self.wait_for_stop(_LOOK):
            pass
        end = time.monotonic() + stop_grace_period_secs
        for thread in waited:
            if thread.is_alive():
                thread.join(max(0.0, end - time.monotonic()))
        alive = [each.name for each in waited if each.is_alive()]
        with self._lock:
            self._joined = True
            self._registered_threads = set()
            self._raise()
        if not alive:
            return
        message = f"Coordinator stopped with threads still running: {' '.join(alive)}"
        if not ignore_live_threads:
            raise RuntimeError(message)
        logging.info(message)

    @property
    def joined(self) -> bool:
        """Whether `join` was called."""
        return self._joined

    def raise_requested_exception(self) -> None:
        """Raises what was reported to `request_stop`, if anything was."""
        with self._lock:
            self._raise()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error.with_traceback(self._trace)


def _reported(ex: Any) -> tuple[BaseException | None, TracebackType | None]:
    """The exception that `request_stop` was given, and its traceback.

    What is no exception becomes one, as in TensorFlow: it stops the threads all the same.
    """
    if ex is None:
        return None, None
    if isinstance(ex, BaseException):
        return ex, ex.__traceback__
    if isinstance(ex, tuple) and len(ex) == 3 and isinstance(ex[1], BaseException):
        return ex[1], ex[2]
    if isinstance(ex, tuple):
        message = f"ex must be an exception, or what sys.exc_info() returned: {ex!r}"
        return ValueError(message), None
    current = sys.exc_info()
    if current[1] is not None:
        return current[1], current[2]
    return ValueError(f"ex must be an exception, or what sys.exc_info() returned: {ex!r}"), None


@export("train.LooperThread")
class LooperThread(threading.Thread):
    """A thread that calls a function again and again until its coordinator stops it.

    Args:
      coord: The coordinator; it is told of exceptions.
      timer_interval_secs: Seconds from one call to the next, or None to call without pause.
      target: The function; or a derived class overrides `run_loop`.
      args: Its positional arguments.
      kwargs: Its named arguments.

    Raises:
      ValueError: If ``coord`` is no coordinator, or there are arguments but no function.
    """

    def __init__(
        self,
        coord: Coordinator,
        timer_interval_secs: float | None,
        target: Callable[..., Any] | None = None,
        args: Any = None,
        kwargs: Any = None,
    ) -> None:
        if not isinstance(coord, Coordinator):
            raise ValueError(f"coord must be a tf.train.Coordinator, not {coord!r}")
        if target is None and (args or kwargs):
            raise ValueError("args and kwargs are those of target, but there is no target.")
        super().__init__()
        self.daemon = True
        self._coord = coord
        self._timer_interval_secs = timer_interval_secs
        self._called = target
        self._arguments = args or ()
        self._named = kwargs or {}
        coord.register_thread(self)

    @staticmethod
    def loop(
        coord: Coordinator,
        timer_interval_secs: float | None,
        target: Callable[..., Any],
        args: Any = None,
        kwargs: Any = None,
    ) -> LooperThread:
        """Starts a thread that calls ``target``; see the class. Returns the thread."""
        looper = LooperThread(coord, timer_interval_secs, target, args, kwargs)
        looper.start()
        return looper

    def run(self) -> None:
        """What the thread does."""
        with self._coord.stop_on_exception():
            self.start_loop()
            if self._timer_interval_secs is None:
                while not self._coord.should_stop():
                    self.run_loop()
            else:
                due = time.time()
                while not self._coord.wait_for_stop(max(0.0, due - time.time())):
                    due += self._timer_interval_secs
                    self.run_loop()
            self.stop_loop()

    def start_loop(self) -> None:
        """Called when the thread starts."""

    def stop_loop(self) -> None:
        """Called when the thread stops."""

    def run_loop(self) -> None:
        """Called again and again: calls the function."""
        if self._called is not None:
            self._called(*self._arguments, **self._named)
