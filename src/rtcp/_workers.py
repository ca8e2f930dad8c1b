"""Threads that work for a caller who waits for the results, and for whom nobody waits when the process ends.

Those of `concurrent.futures` are waited for by the interpreter: after Ctrl-C, one that waits for an answer, or to send
again, would keep the process alive for a minute.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
_Task = tuple[Future[Any], Callable[..., Any], tuple[Any, ...]]


class Workers:
    """So many threads at most; each is started when there is work for it."""

    def __init__(self, most: int, *, name: str) -> None:
        self._most = most
        self._name = name
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._idle = threading.Semaphore(0)

    def submit(self, function: Callable[..., T], *arguments: Any) -> Future[T]:
        """Have a function called; the future has what came of it."""
        future: Future[T] = Future()
        self._tasks.put((future, function, arguments))
        # A thread that waits for work takes it; only where none does is another started.
        if not self._idle.acquire(blocking=False) and len(self._threads) < self._most:
            thread = threading.Thread(target=self._work, name=f"{self._name}_{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()
        return future

    def close(self, *, wait: bool) -> None:
        """Begin nothing more, and wait for what is under way if told to."""
        while True:
            try:
                task = self._tasks.get_nowait()
            except Empty:
                break
            if task is not None:
                task[0].cancel()
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads if wait else ():
            thread.join()

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            future, function, arguments = task
            if future.set_running_or_notify_cancel():
                try:
                    result = function(*arguments)
                except BaseException as exc:  # noqa: BLE001 - whoever asks for the result gets it
                    future.set_exception(exc)
                else:
                    future.set_result(result)
            # Nothing of the last one is kept while the next one is waited for.
            task = future = function = arguments = result = None  # type: ignore[assignment]
            self._idle.release()
