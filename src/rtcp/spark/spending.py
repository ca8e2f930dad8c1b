"""The worker's side of a budget: nothing leaves this process that was not granted."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Hashable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl, urlsplit

import requests

from rtcp._clock import Clock
from rtcp.client import Client
from rtcp.errors import ConfigError
from rtcp.spark.job_budget import WINDOW
from rtcp.transport.adapter import WholeBodyAdapter
from rtcp.transport.rate_limit import Budget, RateLimiter
from rtcp.transport.wire import POOL_SIZE

_TIMEOUT: Final = 30.0
_ADDRESS: Final = re.compile(r"shares:\?.+|service://.+")
_LOST: Final = "the budget of this job cannot be reached in the driver: it has ended, or executors cannot reach it"


def check_address(address: str) -> None:
    """Refuse what is no address of a budget.

    Raises:
        ConfigError: says so.
    """
    if not _ADDRESS.fullmatch(address):
        raise ConfigError("budget is the address of an rtcp.spark.budget(...), nothing else")


def spend_from(client: Client, address: str) -> Spender:
    """Let every request of a client be granted first, the repeated ones and those for tokens included.

    Raises:
        ConfigError: that is no address of a budget.
    """
    spender = spender_of(client, address)
    adapter = _Granted(spender)
    client.http.mount("https://", adapter)
    client.http.mount("http://", adapter)
    wire = client._wire
    wire.limiter = _JobLimiter(wire.clock, spender)
    return spender


def spender_of(client: Client, address: str) -> Spender:
    """What spends for a client."""
    check_address(address)
    clock = client._wire.clock
    parts = urlsplit(address)
    limits = {name: int(limit) for name, limit in parse_qsl(parts.query)}
    if parts.scheme == "shares":
        return Shares(limits, clock)
    return Service(parts.hostname or "", parts.port or 0, parts.path.strip("/"), limits)


class Spender(Protocol):
    """Grants amounts of one kind or another.

    Attributes:
        limits: what may be spent in a second, by kind.
    """

    limits: Mapping[str, int]

    def spend(self, kind: str, amount: int) -> AbstractContextManager[None]:
        """Wait until so much may be spent, and send inside."""
        ...

    def hold(self, seconds: float) -> None:
        """The service wants a pause: nobody is granted anything meanwhile."""
        ...


class Shares:
    """This process keeps its share by itself."""

    def __init__(self, limits: Mapping[str, int], clock: Clock) -> None:
        self.limits = limits
        self._budgets = {name: Budget(clock, limit, seconds=WINDOW) for name, limit in limits.items()}

    @contextmanager
    def spend(self, kind: str, amount: int) -> Iterator[None]:
        """Wait until so much may be spent, and send inside."""
        with self._budgets[kind].spend(amount):
            yield

    def hold(self, seconds: float) -> None:
        """Each process holds back by itself."""


class Service:
    """Asks the service in the driver, each thread over a connection of its own."""

    def __init__(self, host: str, port: int, word: str, limits: Mapping[str, int]) -> None:
        self.limits = limits
        self._place = (host, port)
        self._word = word
        self._idle: list[_Line] = []
        self._lock = threading.Lock()

    @contextmanager
    def spend(self, kind: str, amount: int) -> Iterator[None]:
        """Wait until so much may be spent, and send inside.

        Raises:
            ConfigError: the service is gone.
        """
        line = self._connect()
        line.ask(f"{kind} {amount}")
        try:
            yield
        finally:
            line.tell("answered")
            with self._lock:
                self._idle.append(line)

    def hold(self, seconds: float) -> None:
        """The service wants a pause: nobody is granted anything meanwhile."""
        line = self._connect()
        line.ask(f"hold {seconds}")
        with self._lock:
            self._idle.append(line)

    def _connect(self) -> _Line:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        try:
            made = socket.create_connection(self._place, _TIMEOUT)
        except OSError:
            made = None
        if made is None:
            raise ConfigError(_LOST)
        line = _Line(made)
        line.tell(self._word)
        return line


class _Line:
    """One connection to the service."""

    def __init__(self, made: socket.socket) -> None:
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # A turn may be long in coming.
        made.settimeout(None)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._socket = made
        self._file = made.makefile("rwb")

    def ask(self, words: str) -> None:
        self.tell(words)
        answer = b""
        with suppress(OSError):
            answer = self._file.readline()
        if not answer:
            raise ConfigError(_LOST)

    def tell(self, words: str) -> None:
        # Whoever is gone is found out with the next question.
        with suppress(OSError):
            self._file.write(f"{words}\n".encode())
            self._file.flush()


class _Granted(WholeBodyAdapter):
    """Sends what was granted."""

    def __init__(self, spender: Spender) -> None:
        super().__init__(pool_connections=8, pool_maxsize=POOL_SIZE, max_retries=0)
        self._spender = spender

    def send(self, request: requests.PreparedRequest, stream: bool = False, **options: Any) -> requests.Response:  # type: ignore[override]
        if "requests" not in self._spender.limits:
            return super().send(request, stream=stream, **options)
        with self._spender.spend("requests", 1):
            return super().send(request, stream=stream, **options)


class _JobLimiter(RateLimiter):
    """Holds back the whole job where one process would be held back."""

    def __init__(self, clock: Clock, spender: Spender) -> None:
        super().__init__(clock)
        self._spender = spender

    def hold(self, gate: Hashable, seconds: float) -> None:
        """Close a gate for some seconds, here and everywhere."""
        super().hold(gate, seconds)
        self._spender.hold(seconds)


class MessageBudget:
    """The face that a sender of messages knows budgets by."""

    def __init__(self, spender: Spender) -> None:
        self.limit = spender.limits["messages"]
        self._spender = spender

    @contextmanager
    def spend(self, amount: int = 1) -> Iterator[None]:
        """Wait until so much may be spent, and send inside; more than the limit goes out alone."""
        with self._spender.spend("messages", amount):
            yield
