"""Look-ups beside raw requests and the best loops: one at a time, plain and over TLS, in batches, and in bulk."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import anchors, clients, measure, payloads, server
from benchmarks.measure import Result
from benchmarks.sizes import Sizes
from rtcp.resources.entities import answers as _entity_answers
from rtcp.transport.request import Response

LATENCY = 0.040
_RAW = "requests.Session.get().json()"
_HOOKED = "rtcp, typed, with a hook"
_LOOP = "a loop that decodes and matches in its threads"
_DECODING_ONCE = "a loop that decodes in the caller's thread, untyped"


def single(url: str, sizes: Sizes) -> Iterator[Result]:
    """One typed look-up of 3 KB at a time, over one connection, in a shell and in a pod."""
    return _single(url, sizes, "single get", {35: (0.45, 0.30), 235: (0.30, 0.20)})


def single_tls(url: str, sizes: Sizes) -> Iterator[Result]:
    """The same over TLS."""
    with TemporaryDirectory() as name:
        certificate = server.self_signed(Path(name))
        with server.running(certificate=certificate) as secure:
            yield from _single(secure, sizes, "single get, TLS", {35: (0.50, 0.35)}, trusted=certificate)


def batch(url: str, sizes: Sizes) -> Iterator[Result]:
    """Bodies of many people, parsed and typed."""
    for count, calls in ((100, sizes.calls), (sizes.large_batch, 3)):
        people = (payloads.padded(payloads.person(name), payloads.BULK_BYTES) for name in clients.identities(count))
        body = b"{" + b",".join(people) + b"}"
        response = Response(200, {}, body, "POST", url, None)
        turns = {"json.loads": _repeated(_loading(body), calls), "typed": _repeated(_typing(response), calls)}
        turns |= {name: _repeated(partial(loads, body), calls) for name, loads in anchors.readers().items()}
        samples = measure.interleave(turns, rounds=sizes.rounds)
        case = f"batch of {count:,}, {len(body) / 1e6:.2f} MB"
        for name in anchors.readers():
            yield measure.ratio(case, name, samples, to="json.loads", calls=calls)
        yield measure.ratio(case, "typed", samples, to="json.loads", calls=calls, bound=1.3, aim=1.0)


def get_many(url: str, sizes: Sizes) -> Iterator[Result]:
    """A bulk look-up beside the loop that one would write by hand, with the same chunks and workers."""
    case = f"get_many of {sizes.bulk:,}"
    with clients.rtcp_client(url) as client:
        before = server.counts(url)
        found = clients.typed_get_many(client, sizes.bulk, workers=8)()
        after = server.counts(url)
    yield Result(case, "people found", "count", found, bound=sizes.bulk)
    yield Result(case, "requests sent", "count", after["requests"] - before["requests"], bound=sizes.bulk // 100)
    opened = after["connections"] - before["connections"] - 1
    yield Result(case, "connections beyond the workers", "count", max(0, opened - 8), bound=0)
    for workers in (1, 8, 32):
        samples = _beside_a_loop(url, sizes, workers)
        yield from _bulk_ratios(case, samples, workers, sizes)
    with server.running(latency=LATENCY) as far:
        for workers in (1, 8, 32) if sizes.is_full else (8, 32):
            samples = _beside_a_loop(far, sizes, workers)
            far_case = f"{case}, 40 ms away"
            bounds = {} if workers == 1 else {"bound": 1.1, "aim": 1.3, "kept": 0.9}
            yield measure.speed(far_case, f"rtcp, typed, {workers} workers", samples, to=_LOOP, **bounds)
            yield from _bulk_ratios(far_case, samples, workers, sizes)


def _bulk_ratios(case: str, samples: dict[str, list[measure.Sample]], workers: int, sizes: Sizes) -> Iterator[Result]:
    what = f"rtcp, typed, {workers} workers"
    bounds = {} if workers == 1 else {"bound": 1.05, "aim": 0.8, "kept": 1.4}
    yield measure.ratio(case, what, samples, to=_LOOP, calls=sizes.bulk, **bounds)
    bounds = {} if workers == 1 else {"bound": 1.8, "aim": 1.2, "kept": 2.2}
    yield measure.ratio(f"{case}, to the untyped loop", what, samples, to=_DECODING_ONCE, calls=sizes.bulk, **bounds)


def _single(
    url: str, sizes: Sizes, case: str, bounds: dict[int, tuple[float, float]], *, trusted: Path | None = None
) -> Iterator[Result]:
    heard: list[object] = []
    with (
        clients.rtcp_client(url, hooks=[heard.append], trusted=trusted) as hooked,
        clients.rtcp_client(url, trusted=trusted) as plain,
    ):
        turns = {
            _RAW: clients.raw_requests_get(url, trusted=trusted),
            _HOOKED: clients.typed_get(hooked),
            "rtcp, typed, no hook": clients.typed_get(plain),
            "urllib3 and json": clients.urllib3_get(url, trusted=trusted),
            "http.client and json": clients.http_client_get(url, trusted=trusted),
        }
        before = None if trusted else server.counts(url)
        for variables, (bound, aim) in bounds.items():
            with measure.environment(variables):
                samples = measure.interleave(
                    {name: _repeated(turn, sizes.calls) for name, turn in turns.items()}, rounds=sizes.rounds
                )
            for name in turns:
                limits = {"bound": bound, "aim": aim} if name == _HOOKED else {}
                called = f"{case}, {variables} variables"
                yield measure.ratio(called, name, samples, to=_RAW, calls=sizes.calls, **limits)
        after = None if trusted else server.counts(url)
    calls = len(bounds) * (sizes.rounds + 1) * sizes.calls
    yield Result(case, "hook calls", "count", len(heard), bound=calls)
    if before is not None and after is not None:
        sent, opened = (after[name] - before[name] for name in ("requests", "connections"))
        yield Result(case, "requests sent", "count", sent, bound=calls * len(turns))
        # One connection for each client, and the one that asked for the counts.
        yield Result(case, "connections", "count", opened, bound=len(turns) + 1)


def _beside_a_loop(url: str, sizes: Sizes, workers: int) -> dict[str, list[measure.Sample]]:
    with clients.rtcp_client(url) as client:
        turns = {
            _LOOP: clients.urllib3_get_many(url, sizes.bulk, workers=workers),
            _DECODING_ONCE: clients.urllib3_get_many_decoding_once(url, sizes.bulk, workers=workers),
            f"rtcp, typed, {workers} workers": clients.typed_get_many(client, sizes.bulk, workers=workers),
        }
        return measure.interleave(turns, rounds=sizes.few_rounds)


def _loading(body: bytes) -> Callable[[], object]:
    return lambda: json.loads(body)


def _typing(response: Response) -> Callable[[], object]:
    return lambda: _entity_answers.entities_of(response.json(), response)


def _repeated(turn: Callable[[], object], times: int) -> Callable[[], None]:
    def repeated() -> None:
        for _ in range(times):
            turn()

    return repeated
