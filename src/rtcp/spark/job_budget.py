"""One budget for all tasks of a job: a service in the driver that every request is asked of, or fixed shares."""

from __future__ import annotations

import contextlib
import secrets
import socket
import socketserver
import threading
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlencode

from rtcp._arguments import check_number
from rtcp._clock import Clock, SystemClock
from rtcp.errors import InvalidArgumentError
from rtcp.transport.rate_limit import Budget, NotSent, RateLimiter

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

WINDOW: Final = 1.0
_GATE: Final = "job"
_MOST: Final = 1_000_000
_LONGEST_LINE: Final = 200
_LONGEST_HOLD: Final = 600.0
# Seconds that a service which was late may be ahead of its even pace.
_CAUGHT_UP: Final = 0.1


class JobBudget:
    """What all tasks together may send; see `rtcp.spark.budget`. Use it in a `with` statement around the actions.

    Attributes:
        address: for `.option("budget", ...)` of readers and writers. It lets those in who have it.
    """

    def __init__(self, address: str, service: _Service | None = None) -> None:
        self.address = address
        self._service = service

    def close(self) -> None:
        """End it. Tasks that still run fail with the next request. Closing twice is fine."""
        if self._service is not None:
            self._service.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<JobBudget {'by a service in the driver' if self._service else 'in equal shares'}>"


def budget(
    spark: SparkSession, *, requests: int | None = None, messages: int | None = None, slots: int | None = None
) -> JobBudget:
    """Return a budget that all tasks of a job keep together, in every second, however they are cut.

    A small service in this process is asked before each request, also by tasks that begin anew after a worker or an
    executor was killed. When the service says 429, it holds back all of them. Executors must reach this machine, as
    they reach Spark's driver.

    Args:
        spark: the session whose driver the executors reach.
        requests: in any second, of all kinds; None is no budget.
        messages: of streaming ingestion in any second; None is no budget.
        slots: where executors cannot reach the driver: tasks that run at a time. Each keeps to its equal share then,
            and there is no service. That is approximate: too much for a second when a worker is replaced, too little
            while fewer tasks run.

    Raises:
        InvalidArgumentError: there is nothing to keep, or less than one for each slot.
    """
    limits = {name: limit for name, limit in (("requests", requests), ("messages", messages)) if limit is not None}
    if not limits:
        raise InvalidArgumentError("a budget is of requests=, of messages=, or of both")
    for name, limit in limits.items():
        check_number(name, limit, least=1, most=_MOST)
    if slots is not None:
        check_number("slots", slots, least=1)
        shares = {name: limit // slots for name, limit in limits.items()}
        short = next((name for name, share in shares.items() if share < 1), None)
        if short is not None:
            raise InvalidArgumentError(f"{short}={limits[short]} is less than one for each of {slots} slots")
        return JobBudget(f"shares:?{urlencode(shares)}")
    host, bound = _driver_places(spark)
    service = _Service(limits, SystemClock(), bound)
    service.start()
    return JobBudget(f"service://{host}:{service.port}/{service.word}?{urlencode(limits)}", service)


class _Service(socketserver.ThreadingTCPServer):
    """Grants what may be sent. A line in: the word, a kind, an amount. A line out: go. A line in: answered."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, limits: Mapping[str, int], clock: Clock, bound: str) -> None:
        super().__init__((bound, 0), _Conversation)
        self.port: int = self.server_address[1]
        self.word = secrets.token_urlsafe(16)
        self.clock = clock
        self.gate = RateLimiter(clock)
        self.budgets = {name: _EvenBudget(clock, limit) for name, limit in limits.items()}
        self._thread = threading.Thread(target=self.serve_forever, args=(0.1,), name="rtcp-budget", daemon=True)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        with self._lock:
            for each in self._open:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def process_request(self, request: Any, client_address: Any) -> None:
        # Of an executor whose machine is gone no word would ever come.
        request.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A worker that was killed breaks its connection: nothing to print to the driver's stderr."""


class _EvenBudget:
    """A budget that is spread over the second: what goes out at once is answered late, and stays spent for as long."""

    def __init__(self, clock: Clock, limit: int) -> None:
        self._clock = clock
        self._budget = Budget(clock, limit, seconds=WINDOW)
        self._gap = WINDOW / limit
        self._next = 0.0
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def spend(self, amount: int) -> Iterator[None]:
        """Wait until so much may be spent, and send inside."""
        with self._lock:
            now = self._clock.monotonic()
            turn = max(self._next, now - _CAUGHT_UP)
            self._next = turn + amount * self._gap
        if turn > now:
            self._clock.sleep(turn - now)
        with self._budget.spend(amount):
            yield


class _Conversation(socketserver.StreamRequestHandler):
    server: _Service  # pyright: ignore[reportIncompatibleVariableOverride]

    def handle(self) -> None:
        server = self.server
        if not secrets.compare_digest(self._line().encode(), server.word.encode()):
            return
        while line := self._line():
            kind, _, amount = line.partition(" ")
            if kind == "hold":
                server.gate.hold(_GATE, min(float(amount), _LONGEST_HOLD))
                self._say("held")
                continue
            server.gate.wait(_GATE)
            with server.budgets[kind].spend(int(amount)):
                # It may have been closed while this one waited for its turn.
                server.gate.wait(_GATE)
                if self._is_gone():
                    raise NotSent
                self._say("go")
                if not self._line():
                    # Killed: what it had out may still be on its way.
                    server.clock.sleep(WINDOW)

    def _is_gone(self) -> bool:
        """Whether the worker was killed while it waited for its turn."""
        try:
            return not self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def _line(self) -> str:
        return self.rfile.readline(_LONGEST_LINE).decode("ascii", "replace").strip()

    def _say(self, word: str) -> None:
        self.wfile.write(f"{word}\n".encode())


def _driver_places(spark: SparkSession) -> tuple[str, str]:
    """The address at which executors reach the driver, and the one that it listens at."""
    from pyspark.sql.utils import is_remote

    # There the driver is another process, on another machine.
    host = None if is_remote() else spark.conf.get("spark.driver.host", None)
    if host is None:
        raise InvalidArgumentError(
            "executors cannot reach this process, as it is not the driver of its session but speaks Spark Connect to "
            "it: pass slots=, the number of tasks that run at a time"
        )
    return str(host), str(spark.conf.get("spark.driver.bindAddress", host))
