"""The end of each attempt: a thread that shuts the socket down when an answer takes too long in all.

Time-outs of sockets begin anew with every byte that comes: a server that drips one now and then is never late to them.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final, Protocol

from rtcp.transport.request import Content

# Bytes per second below which a file does not get anywhere.
SLOWEST: Final = 1024
_NEVER: Final = float("inf")
# Seconds that the thread waits for more to watch before it ends.
_IDLE: Final = 30.0
_here: Final = threading.local()


class Connection(Protocol):
    """What sends an attempt; a connection serves one after the other."""

    attempt: Attempt | None


class Attempt:
    """One request on its way, and when it must be over.

    Attributes:
        most: bytes of an answer at most, decompressed; None sets no bounds.
        total: seconds that it may take, if a body that is a file does not hold it up.
        idle: seconds that may pass without any byte.
        is_sent: False until there is a connection to send on.
        is_over: its time has passed; whatever came of it is no answer.
    """

    __slots__ = ("_connection", "_deadlines", "_fewest", "_left", "_missing", "_socket", "_until", "idle", "is_over",
                 "is_sent", "most", "total")  # fmt: skip

    def __init__(self, deadlines: Deadlines, total: float, *, idle: float, most: int | None) -> None:
        self._deadlines = deadlines
        # Real time, and not the client's clock: sockets do not wait by one that a test steps.
        self._until = time.monotonic() + total
        self._left = idle
        # So much in each stretch of waiting, not in each second: a file may stand still if it makes up for it.
        self._fewest = self._missing = int(idle * SLOWEST)
        self._connection: Connection | None = None
        self._socket: Any = None
        self.total = total
        self.idle = idle
        self.most = most
        self.is_sent = False
        self.is_over = False

    def connected(self, connection: Connection, sock: Any) -> None:
        """Told of the connection that is about to send.

        Raises:
            TimeoutError: it comes too late.
        """
        with self._deadlines.lock:
            # Whoever had the connection before can no longer cut it.
            connection.attempt = self
            self._connection, self._socket = connection, sock
            is_over = self.is_over
        if is_over:
            raise TimeoutError("the attempt is over")

    def hurry(self, seconds: float) -> None:
        """Let it be over so many seconds from now."""
        self._deadlines.move(self, time.monotonic() + seconds)

    def begin_wait(self) -> None:
        """The next bytes of a file are waited for: in each stretch of `idle` seconds of waiting, some must come."""
        self.hurry(self._left)

    def end_wait(self, size: int) -> None:
        """So many have come, or gone. Until the next wait, there is no hurry: what is done with them is not the
        service's time.
        """
        self._left = max(0.0, self._until - time.monotonic())
        self._until = _NEVER
        self._missing -= size
        if self._missing <= 0:
            self._left, self._missing = self.idle, self._fewest

    def end(self) -> None:
        """It is done, in time or not."""
        self._deadlines.remove(self)

    def is_due(self, now: float) -> bool:
        return self._until <= now

    @property
    def until(self) -> float:
        return self._until

    def set_until(self, until: float) -> None:
        self._until = until

    def cut(self) -> None:
        """Shut the socket down under the hands of whoever waits for it; with the lock held."""
        self.is_over = True
        if self._connection is not None and self._connection.attempt is self:
            sock = self._socket
            # TLS inside TLS, as through a proxy, is an object of urllib3's around the socket.
            while not isinstance(sock, socket.socket) and hasattr(sock, "socket"):
                sock = sock.socket
            # That of a TLS socket would drop the encryption first, while another thread uses it.
            with suppress(OSError, TypeError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


class Deadlines:
    """Watches the attempts of one client. One thread does, while there are any."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._wake = threading.Condition(self.lock)
        self._attempts: set[Attempt] = set()
        self._thread: threading.Thread | None = None
        self._looks_at = _NEVER
        self._is_closed = False
        self._pid = os.getpid()

    def begin(self, seconds: float, *, idle: float, most: int | None = None) -> Attempt:
        """An attempt of this thread, which must be over in so many seconds. Whoever begins one ends it."""
        attempt = Attempt(self, seconds, idle=idle, most=most)
        with self.lock:
            self._attempts.add(attempt)
            self._expect(attempt.until)
        return attempt

    def move(self, attempt: Attempt, until: float) -> None:
        with self.lock:
            attempt.set_until(until)
            self._expect(until)

    def remove(self, attempt: Attempt) -> None:
        with self.lock:
            self._attempts.discard(attempt)

    def close(self) -> None:
        """Let the thread end. In a forked child there is none, and the lock may be held for ever."""
        if self._pid != os.getpid():
            return
        with self.lock:
            self._is_closed = True
            thread = self._thread
            self._wake.notify()
        if thread is not None and thread is not threading.current_thread():
            # It goes on while attempts of other threads are under way, and those are not waited for here.
            thread.join(1)

    def _expect(self, until: float) -> None:
        # Hardly ever: the thread looks when the first of all was due, and finds those that have come since.
        if until >= self._looks_at:
            return
        self._looks_at = until
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="rtcp-deadlines", daemon=True)
            try:
                self._thread.start()
            except RuntimeError:
                # The interpreter is ending, or there is no room for threads: the time-outs of the sockets are left.
                self._thread, self._looks_at = None, _NEVER
        else:
            self._wake.notify()

    def _watch(self) -> None:
        with self.lock:
            while not self._is_closed or self._attempts:
                now = time.monotonic()
                for attempt in [attempt for attempt in self._attempts if attempt.is_due(now)]:
                    self._attempts.discard(attempt)
                    attempt.cut()
                self._looks_at = min((attempt.until for attempt in self._attempts), default=_NEVER)
                is_told = self._wake.wait(min(_IDLE, self._looks_at - now))
                if not is_told and not self._attempts:
                    break
            self._thread, self._looks_at = None, _NEVER


class Paced:
    """A body whose sending must get on, and may take as long as it does."""

    def __init__(self, content: Content, attempt: Attempt) -> None:
        self._content = content
        self._attempt = attempt

    def __len__(self) -> int:
        return len(self._content)

    def __iter__(self) -> Iterator[bytes]:
        # Reading blocks from the disk is not the service's time.
        self._attempt.end_wait(0)
        for block in self._content:
            self._attempt.begin_wait()
            yield block
            self._attempt.end_wait(len(block))
        # All is sent: the answer has as long as that of any other request.
        self._attempt.hurry(self._attempt.total)


def enter(attempt: Attempt | None) -> Attempt | None:
    """Make an attempt that of this thread, and return the one that was."""
    before: Attempt | None = getattr(_here, "attempt", None)
    _here.attempt = attempt
    return before


def current() -> Attempt | None:
    """The attempt of this thread."""
    return getattr(_here, "attempt", None)
