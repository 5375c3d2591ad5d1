"""What ends queue runners when a program ends and nobody told them to stop.

Threads that are not daemons keep Python alive, and runners run for ever. So once the main thread
and all other threads of the program have ended, the sessions of the runners are closed.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable
from typing import Any

_lock = threading.Lock()
_runners: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
_sessions: weakref.WeakSet[Any] = weakref.WeakSet()
_watch: threading.Thread | None = None


def end_with_program(sess: Any, threads: Iterable[threading.Thread]) -> None:
    """Sees to it that these threads, which use a session, do not keep the program alive."""
    global _watch
    with _lock:
        _runners.update(threads)
        _sessions.add(sess)
        if _watch is None or not _watch.is_alive():
            _watch = threading.Thread(target=_close_at_end, name="EndOfProgram", daemon=True)
            _watch.start()


def _close_at_end() -> None:
    main = threading.main_thread()
    main.join()
    while True:
        with _lock:
            ours = set(_runners)
        others = [
            each
            for each in threading.enumerate()
            if not each.daemon and each is not main and each not in ours
        ]
        if not others:
            break
        others[0].join()
    for sess in list(_sessions):
        sess.close()
