"""The cases, each a generator of results; sizes come in, so that the check runs the same code on less."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from benchmarks import clients, emulator, imports, measure, memory, payloads, server, streaming
from benchmarks.measure import Result
from rtcp.resources import _entity_answers
from rtcp.transport.request import Response


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything."""

    rounds: int
    calls: int
    bulk: int
    long_bulk: int
    starts: int
    seconds: int


FULL: Final = Sizes(rounds=15, calls=200, bulk=10_000, long_bulk=1_000_000, starts=7, seconds=5)
CHECK: Final = Sizes(rounds=5, calls=80, bulk=2_000, long_bulk=20_000, starts=3, seconds=2)


def single_get(url: str, sizes: Sizes) -> Iterator[Result]:
    """One typed look-up of 3 KB at a time, over one connection."""
    heard: list[object] = []
    with clients.rtcp_client(url, hooks=[heard.append]) as hooked, clients.rtcp_client(url) as plain:
        turns = {
            "requests.Session.get().json()": clients.raw_requests_get(url),
            "rtcp, typed, with a hook": clients.typed_get(hooked),
            "rtcp, typed, no hook": clients.typed_get(plain),
            "urllib3 and json": clients.urllib3_get(url),
            "http.client and json": clients.http_client_get(url),
        }
        before, calls = server.counts(url), 0
        for variables, bound, aim in ((35, 0.70, 0.60), (235, 0.45, 0.38)):
            with measure.environment(variables):
                samples = measure.interleave(
                    {name: _repeated(turn, sizes.calls) for name, turn in turns.items()}, rounds=sizes.rounds
                )
            calls += (sizes.rounds + 1) * sizes.calls
            for name in turns:
                bounds = {"bound": bound, "aim": aim} if "with a hook" in name else {}
                case = f"single get, {variables} variables"
                yield measure.ratio(case, name, samples, to=next(iter(turns)), calls=sizes.calls, **bounds)
        after = server.counts(url)
    yield Result(
        "single get", "requests sent", "count", after["requests"] - before["requests"], bound=calls * len(turns)
    )
    # One connection for each client, and the one that asked for the counts.
    yield Result(
        "single get", "connections", "count", after["connections"] - before["connections"], bound=len(turns) + 1
    )
    yield Result("single get", "hook calls", "count", len(heard), bound=calls)


def batch(url: str, sizes: Sizes) -> Iterator[Result]:
    """The body of a hundred entities, parsed and typed."""
    people = (payloads.padded(payloads.person(name), payloads.BULK_BYTES) for name in clients.identities(100))
    body = b"{" + b",".join(people) + b"}"
    response = Response(200, {}, body, "POST", url, None)
    turns: dict[str, Callable[[], object]] = {
        "json.loads": lambda: json.loads(body),
        "typed": lambda: _entity_answers.entities_of(response.json(), response),
    }
    samples = measure.interleave(
        {name: _repeated(turn, sizes.calls) for name, turn in turns.items()}, rounds=sizes.rounds
    )
    yield measure.ratio(
        f"batch of 100, {len(body) // 1000} KB",
        "typed",
        samples,
        to="json.loads",
        calls=sizes.calls,
        bound=1.3,
        aim=1.0,
    )


def get_many(url: str, sizes: Sizes) -> Iterator[Result]:
    """A bulk look-up beside the loop that one would write by hand, with the same chunks and workers."""
    with clients.rtcp_client(url) as client:
        typed = clients.typed_get_many(client, sizes.bulk, workers=8)
        before = server.counts(url)
        found = typed()
        after = server.counts(url)
        loop = "urllib3 loop, 8 threads"
        samples = measure.interleave(
            {loop: clients.urllib3_get_many(url, sizes.bulk, workers=8), "rtcp, typed": typed},
            rounds=max(7, sizes.rounds // 2),
        )
    case = f"get_many of {sizes.bulk:,}"
    yield measure.ratio(case, "rtcp, typed", samples, to=loop, calls=sizes.bulk, bound=1.4, aim=1.2)
    yield Result(case, "people found", "count", found, bound=sizes.bulk)
    yield Result(case, "requests sent", "count", after["requests"] - before["requests"], bound=sizes.bulk // 100)
    opened = after["connections"] - before["connections"] - 1
    yield Result(case, "connections beyond the workers", "count", max(0, opened - 8), bound=0)


def long_get_many(url: str, sizes: Sizes) -> Iterator[Result]:
    """Memory over a long bulk look-up."""
    for count in sorted({min(100_000, sizes.long_bulk), sizes.long_bulk}):
        grown = memory.in_child("get_many", url, count)
        yield from _growth(f"get_many of {count:,}, memory", grown, expected=count, bound=30.0)


def events(url: str, sizes: Sizes) -> Iterator[Result]:
    """Memory over fifty pages of a thousand events."""
    before = server.counts(url)
    expected = payloads.EVENT_PAGES * payloads.EVENTS_ON_A_PAGE
    grown = memory.in_child("events", url, expected)
    sent = server.counts(url)["requests"] - before["requests"]
    yield from _growth(f"{payloads.EVENT_PAGES} pages of events, memory", grown, expected=expected, bound=10.0)
    # One look-up goes ahead of the pages.
    yield Result("events", "requests sent", "count", sent, bound=payloads.EVENT_PAGES + 1)


def stream(url: str, sizes: Sizes) -> Iterator[Result]:
    """Rows to an inlet."""
    yield from streaming.run(url, count=2 * sizes.bulk, rounds=max(5, sizes.rounds // 2))
    grown = memory.in_child("stream", url, sizes.long_bulk)
    yield from _growth(f"streaming {sizes.long_bulk:,} rows, memory", grown, expected=sizes.long_bulk, bound=30.0)


def importing(url: str, sizes: Sizes) -> Iterator[Result]:
    """New interpreters."""
    return imports.run(sizes.rounds)


def emulator_speed(url: str, sizes: Sizes) -> Iterator[Result]:
    """The emulator from outside."""
    return emulator.run(starts=sizes.starts, seconds=sizes.seconds)


CASES: Final[dict[str, Callable[[str, Sizes], Iterator[Result]]]] = {
    "single": single_get,
    "batch": batch,
    "get_many": get_many,
    "memory": long_get_many,
    "events": events,
    "stream": stream,
    "import": importing,
    "emulator": emulator_speed,
}


def _repeated(turn: Callable[[], object], times: int) -> Callable[[], None]:
    def repeated() -> None:
        for _ in range(times):
            turn()

    return repeated


def _growth(case: str, grown: dict[str, Any], *, expected: int, bound: float) -> Iterator[Result]:
    extra = {"before": round(grown["before"], 1), "peak": round(grown["peak"], 1)}
    yield Result(case, "growth of resident memory", "memory", grown["peak"] - grown["before"], None, bound, None, extra)
    yield Result(case, "items read", "count", grown["items"], bound=expected)
