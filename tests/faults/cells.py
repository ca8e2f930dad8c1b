"""One cell of the matrix: a call in which one operation meets one fault, and all that can be seen of it."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import pytest
from tests.contract.calls import CALLS as CONTRACT_CALLS
from tests.contract.export_calls import inside
from tests.faults import composed, own_calls
from tests.faults.faults import Fault
from tests.faults.steering import Steering, wrong_addresses
from tests.helpers.clock import FakeClock
from tests.helpers.logs import everything_logged
from tests.helpers.proxy import FaultProxy, Traffic
from tests.helpers.witness import leaks, texts_of

import rtcp
from rtcp.emulator import Emulator, worlds
from rtcp.emulator.store import Dataset, IdentityPath
from rtcp.hooks import Event, Hook
from rtcp.transport.request import Service

SECRET = "p8-Zx+hush/9=="
# Whose inlets the emulator makes.
ORGANISATION = "0A1B2C3D4E5F60718293A4B5@AdobeOrg"
RETRIES = 2
CALLS = {**CONTRACT_CALLS, **own_calls.CALLS}
COMPOSED = {f"whole {name}": call for name, (call, _) in composed.COMPOSED.items()}
# Where the shortest call of an operation shows too little of it.
_PREFERRED = {
    "entities.get_many": "entities.get_many: mixture",
    "streaming.send_many": "streaming.send_many: good rows",
}


@dataclass
class Outcome:
    """What came of one call.

    Attributes:
        error: what was raised, or the first error that rides in the result.
        sent: requests by operation, as the client handed them to its adapter.
        slept: the waits, in seconds.
        grown: by how many rows each table of the emulator has grown.
        said: every text that somebody could read.
        loud: log records at WARNING and above.
        foreign_hosts: where a request went that is not the service.
    """

    error: BaseException | None
    result: Any
    sent: Counter[str]
    traffic: Traffic
    slept: list[float]
    grown: dict[str, int]
    sessions: int
    said: list[str]
    events: list[Event]
    loud: list[logging.LogRecord]
    foreign_hosts: set[str]

    def leaks(self) -> list[tuple[str, str]]:
        """Secrets and people in what was said."""
        return leaks(self.said, {SECRET, *self.traffic.tokens, *_people(self.traffic)})


@dataclass(frozen=True)
class Usual:
    """How the call that shows an operation goes when nothing fails."""

    operation: str
    call: str
    sent: Mapping[str, int]
    acted: Mapping[str, int]
    grown: Mapping[str, int]
    sessions: int
    slept: Sequence[float]
    has_token: bool


class Bench:
    """An emulator with the world Harbour behind a proxy, put back into its first state for each call."""

    def __init__(self, dialect: str = "guide") -> None:
        self._stack = contextlib.ExitStack()
        self.emulator = self._stack.enter_context(Emulator(dialect=dialect, seed=1))
        self.proxy = self._stack.enter_context(FaultProxy(self.emulator.url))
        self._addresses = self._stack.enter_context(wrong_addresses())
        self.emulator.load(worlds.path("harbour"))
        dev = self.emulator.store.sandbox("dev")
        crm = Dataset("dev-crm", "CRM", "_xdm.context.profile", (IdentityPath("crmId", "crmId", primary=True),))
        dev.put_dataset(crm)
        dev.ingest("dev-crm", [{"crmId": "D-1"}], batch_id="dev-batch")
        with self.client(FakeClock()) as client:
            inside(client)
        self._first = self._stack.enter_context(contextlib.closing(sqlite3.connect(":memory:")))
        with self._database.lock:
            self._database.connection.backup(self._first)
        self._first_ms = self.emulator.clock.freeze()
        self._going_well: dict[str, Outcome] = {}
        self.usual = _usual(self)

    def usual_of(self, name: str, operation: str) -> Usual:
        """How a call goes when nothing fails, with a view to one of its operations."""
        return _usual_of(operation, name, self.going_well(name))

    def going_well(self, name: str) -> Outcome:
        """What comes of a call when nothing fails."""
        if name not in self._going_well:
            self._going_well[name] = self.call(name)
        return self._going_well[name]

    @property
    def _database(self) -> Any:
        return self.emulator.store.database

    def client(self, clock: FakeClock, *, hooks: Sequence[Hook] = (), **fields: Any) -> rtcp.Client:
        """A client whose every service is the proxy."""
        addresses = {service.value: self.proxy.url for service in Service}
        known = {"client_id": "machine", "client_secret": SECRET, "org_id": ORGANISATION, "scopes": "openid"}
        return rtcp.Client(
            rtcp.Config(**{**known, **addresses, "sandbox": "prod", "retries": RETRIES, "timeout": 20, **fields}),
            clock=clock,
            hooks=hooks,
        )

    def restore(self) -> None:
        """The world as it was at first."""
        with self._database.lock:
            self._first.backup(self._database.connection)
        self._database.forget()
        self.emulator.clock.set_ms(self._first_ms)
        self.emulator.media.clear()
        self.emulator.requests.clear()
        self.proxy.clear()

    def call(self, name: str, *, fault: Fault | None = None, operation: str = "", times: int | None = None) -> Outcome:
        """Make one call of the table, in which an operation meets a fault."""
        call = COMPOSED.get(name) or CALLS[name]
        self.restore()
        rows = self._rows()
        clock = FakeClock(on_sleep=self.emulator.clock.advance)
        events: list[Event] = []
        with everything_logged() as log, warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            client = self.client(clock, hooks=[events.append])
            steering = Steering(self.proxy, self._addresses, clock)
            client.http.mount("http://", steering)
            if fault is not None:
                steering.steer(operation, fault, times=times)
                if fault.behave is not None:
                    self.proxy.fault(operation, fault.behave, times=times)
            with client:
                result, error = _outcome(call, client)
        said = [*log.texts(), *(str(warning.message) for warning in caught), *map(repr, events)]
        said += list(texts_of(error)) if error is not None else [repr(result), str(result)]
        after = self._rows()
        return Outcome(
            error,
            result,
            steering.sent,
            self.proxy.traffic,
            clock.slept,
            {table: after[table] - rows.get(table, 0) for table in after},
            len(self.emulator.media),
            said,
            events,
            [record for record in log.records if record.levelno >= logging.WARNING],
            steering.foreign_hosts,
        )

    def _rows(self) -> dict[str, int]:
        with self._database.lock:
            execute = self._database.connection.execute
            tables = [name for (name,) in execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {table: execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def _outcome(call: Callable[[rtcp.Client], Any], client: rtcp.Client) -> tuple[Any, BaseException | None]:
    try:
        result = call(client)
    except (Exception, pytest.fail.Exception) as exc:  # noqa: BLE001 - whatever comes out is what the cell is about
        return None, exc
    if isinstance(result, rtcp.BulkResult):
        try:
            result.raise_for_failures()
        except rtcp.PartialFailureError as exc:
            return result, exc
    inner = [getattr(item, "error", None) for item in result] if isinstance(result, list) else []
    return result, next((error for error in inner if error is not None), None)


def _usual(bench: Bench) -> dict[str, Usual]:
    """For each operation the call that shows it best: one that succeeds, is named after it, and sends the least."""
    best: dict[str, tuple[tuple[bool, bool, bool, int], Usual]] = {}
    for name in CALLS:
        outcome = bench.call(name)
        if outcome.error is not None:
            continue
        for operation, count in outcome.traffic.acted.items():
            rank = (
                name != _PREFERRED.get(operation, name),
                name.partition(":")[0] != operation,
                count > 1,
                sum(outcome.sent.values()),
            )
            if operation not in best or rank < best[operation][0]:
                best[operation] = (rank, _usual_of(operation, name, outcome))
    return {operation: usual for operation, (_, usual) in sorted(best.items())}


def _usual_of(operation: str, name: str, outcome: Outcome) -> Usual:
    return Usual(
        operation,
        name,
        outcome.sent,
        outcome.traffic.acted,
        outcome.grown,
        outcome.sessions,
        outcome.slept,
        operation in outcome.traffic.with_token,
    )


def _people(traffic: Traffic) -> Iterator[str]:
    """The identity values that went over the wire, short ones aside, which occur by chance."""
    for body in traffic.bodies:
        yield from _identities(body)


def _identities(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _identities(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "entityId" and isinstance(item, str) and len(item) > 3:
                yield item
            elif key == "identityMap" and isinstance(item, dict):
                yield from (each["id"] for many in item.values() for each in many if "id" in each)
            else:
                yield from _identities(item)
