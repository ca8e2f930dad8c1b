"""A call of the client that fails at a chosen stage, and everything that anybody could read of it."""

from __future__ import annotations

import contextlib
import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote_plus

import pytest
from tests.helpers.clock import FakeClock
from tests.helpers.logs import everything_logged
from tests.helpers.proxy import Behaviour, Exchange, FaultProxy
from tests.helpers.witness import leaks, texts_of

import rtcp
from rtcp.emulator import Emulator, worlds
from rtcp.emulator.store import Dataset, IdentityPath
from rtcp.emulator.store.definitions import encode_xid
from rtcp.hooks import Event
from rtcp.transport.request import Service

SECRET = "p8-Zx+hush/9=="
ORGANISATION = "0A1B2C3D4E5F60718293A4B5@AdobeOrg"
TOKEN = "auth.fetch_token"
# Shorter ones occur by chance.
_SHORTEST = 4
_PATIENCE = 30
_TESTS = Path(__file__).parents[1]


@dataclass(frozen=True)
class Heard:
    """What one call said, and how many requests it took, those for a token aside."""

    said: list[str]
    leaks: list[tuple[str, str]]
    requests: int
    error: BaseException | None


class _ImpatientClock(FakeClock):
    """Gives up where an answer that tells nothing would be waited on for a day."""

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if len(self.slept) > _PATIENCE:
            raise TimeoutError("that is enough waiting")


class _Repeating(FaultProxy):
    """Passes requests on until the one that is to fail; all after it fail in the same way."""

    failing: Behaviour | None = None
    first = 0
    of_token = False
    _count = 0
    heard = ""

    def start_anew(self, failing: Behaviour | None, *, first: int, of_token: bool) -> None:
        self.clear()
        self.failing, self.first, self.of_token = failing, first, of_token
        self._count, self.heard = 0, ""

    def _behaviour(self, exchange: Exchange) -> Behaviour | None:
        is_token = exchange.operation == TOKEN
        with self._lock:
            self.heard += f"{unquote_plus(exchange.target)} {exchange.body.decode('utf-8', 'replace')}\n"
            number = self._count
            self._count += not is_token
        if is_token:
            return self.failing if self.of_token else None
        return self.failing if number >= self.first and not self.of_token else None

    @property
    def requests(self) -> int:
        return self._count


class Listening:
    """An emulator with the world Harbour, asked through a proxy."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self.emulator = self._stack.enter_context(Emulator(seed=1))
        self.proxy = self._stack.enter_context(_Repeating(self.emulator.url))
        self.emulator.load(worlds.path("harbour"))
        dev = self.emulator.store.sandbox("dev")
        crm = Dataset("dev-crm", "CRM", "_xdm.context.profile", (IdentityPath("crmId", "crmId", primary=True),))
        dev.put_dataset(crm)
        dev.ingest("dev-crm", [{"crmId": "D-1"}], batch_id="dev-batch")
        self.hidden = set(self._identities())

    def client(self, clock: FakeClock, **fields: Any) -> rtcp.Client:
        addresses = {service.value: self.proxy.url for service in Service}
        known = {"client_id": "machine", "client_secret": SECRET, "org_id": ORGANISATION, "scopes": "openid"}
        return rtcp.Client(rtcp.Config(**{**known, **addresses, "retries": 1, "timeout": 20, **fields}), clock=clock)

    def call(
        self,
        call: Callable[[rtcp.Client], Any],
        failing: Behaviour | None = None,
        *,
        first: int = 0,
        of_token: bool = False,
        **fields: Any,
    ) -> Heard:
        """Make a call of which every request from the `first` on meets `failing`, or every one for a token."""
        self.proxy.start_anew(failing, first=first, of_token=of_token)
        self.emulator.faults.clear()
        events: list[Event] = []
        clock = _ImpatientClock(on_sleep=self.emulator.clock.advance)
        with everything_logged() as log, warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            client = self.client(clock, **fields)
            client._wire.hooks = (events.append,)
            error: BaseException | None = None
            result = None
            with client:
                try:
                    result = call(client)
                except (Exception, pytest.fail.Exception) as exc:  # noqa: BLE001 - whatever comes out is searched
                    error = exc
                said = [text for thing in _things(client) for text in (repr(thing), str(thing))]
        said += [*log.texts(), *(f"{warning.message!r} {warning.message}" for warning in caught), *map(repr, events)]
        said += list(_shown(result)) if error is None else list(texts_of(error))
        # Tracebacks show the lines of the callers, too; what stands there is theirs.
        said = [text for text in said if not text.startswith(f'  File "{_TESTS}')]
        return Heard(said, self._leaks(said), self.proxy.requests, error)

    def _leaks(self, said: list[str]) -> list[tuple[str, str]]:
        # Of all the people only those can come to light whom this call had to do with.
        concerned = {person for person in self.hidden if person in self.proxy.heard}
        return leaks(said, {SECRET, *self.proxy.traffic.tokens, *concerned, *self._xids(concerned)})

    def _identities(self) -> Iterator[str]:
        for _, value in self._rows():
            if len(value) >= _SHORTEST:
                yield value

    def _xids(self, concerned: set[str]) -> Iterator[str]:
        yield from (encode_xid(namespace, value) for namespace, value in self._rows() if value in concerned)

    def _rows(self) -> list[tuple[int, str]]:
        database = self.emulator.store.database
        with database.lock:
            return database.connection.execute("SELECT DISTINCT namespace, value FROM identity").fetchall()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def _things(client: rtcp.Client) -> Iterator[Any]:
    """What a careless program may print: the client, its settings and its parts, and what hangs on those."""
    yield from (client, client.config, client.http, vars(client), vars(client.config))
    for part in vars(client).values():
        yield from (part, vars(part) if hasattr(part, "__dict__") else None)


def _shown(result: Any) -> Iterator[str]:
    """The texts of a result. Rows are data, and are what was asked for."""
    for item in result if isinstance(result, list | tuple) else [result]:
        if isinstance(item, Mapping | bytes | str):
            continue
        yield from (repr(item), str(item))
        inner = getattr(item, "error", None)
        if isinstance(inner, BaseException):
            yield from texts_of(inner)
        if isinstance(item, rtcp.BulkResult):
            yield from texts_of(_failures(item))


def _failures(result: Any) -> BaseException:
    try:
        result.raise_for_failures()
    except rtcp.PartialFailureError as exc:
        return exc
    return Exception()


def echo(exchange: Exchange) -> str:
    """Everything that was asked, as a service under test or a proxy would log it back."""
    headers = "; ".join(f"{name}: {value}" for name, value in exchange.headers.items())
    return f"{exchange.method} {exchange.target} [{headers}] {exchange.body[:2000].decode('utf-8', 'replace')}"


def as_error(status: int, **more: str) -> Behaviour:
    def behave(exchange: Exchange) -> None:
        text = echo(exchange)
        told = {"message": text, "title": text, "detail": text, "error": "invalid_client", "error_description": text}
        exchange.reply(status, json.dumps({**told, "report": {"message": text}}).encode(), more)

    return behave


def as_page(status: int) -> Behaviour:
    def behave(exchange: Exchange) -> None:
        page = f"<html><title>{echo(exchange)}</title><body>{echo(exchange)}</body></html>"
        exchange.reply(status, page.encode(), {"Content-Type": "text/html"})

    return behave


def in_another_form(exchange: Exchange) -> None:
    text = echo(exchange)
    exchange.reply(
        200, json.dumps({text: [text], "children": [{text: text}, text], "id": [text], "_page": text}).encode()
    )


def elsewhere(exchange: Exchange) -> None:
    exchange.reply(302, b"", {"Location": f"http://evil.invalid{exchange.target}"})


def nonsense(exchange: Exchange) -> None:
    exchange.send(echo(exchange).encode() + b"\r\n\r\n")


def broken_off(exchange: Exchange) -> None:
    exchange.send(exchange.head(200, 10_000) + json.dumps({"children": [echo(exchange)]}).encode())


def broken_gzip(exchange: Exchange) -> None:
    exchange.reply(200, echo(exchange).encode(), {"Content-Encoding": "gzip"})


def silence(exchange: Exchange) -> None:
    """Hang up."""


STAGES: dict[str, Behaviour] = {
    "400 that repeats the request": as_error(400),
    "401 that repeats the request": as_error(401),
    "403 that repeats the request": as_error(403),
    "404 that repeats the request": as_error(404),
    "422 that repeats the request": as_error(422),
    "429 that repeats the request": as_error(429, **{"Retry-After": "1"}),
    "500 that repeats the request": as_error(500),
    "503 as a page that repeats the request": as_page(503),
    "200 as a page that repeats the request": as_page(200),
    "200 in another form": in_another_form,
    "207 in another form": as_error(207),
    "a redirect": elsewhere,
    "no HTTP": nonsense,
    "a body that breaks off": broken_off,
    "a body that is not compressed": broken_gzip,
    "silence": silence,
}
