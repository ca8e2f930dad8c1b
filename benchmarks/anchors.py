"""What other clients cost on the same look-up, untyped: those that are installed, as nothing else needs them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final
from urllib.parse import urlencode

from benchmarks import clients, measure, payloads
from benchmarks.measure import Result
from benchmarks.sizes import Sizes

_RAW: Final = "requests.Session.get().json()"
Get = Callable[[], object]


def run(url: str, sizes: Sizes) -> Iterator[Result]:
    """One connection each, the same headers, the body as Python's objects."""
    address = f"{url}{payloads.ROUTE}?{urlencode(clients.QUERY)}"
    with ExitStack() as stack:
        turns: dict[str, Get] = {_RAW: clients.raw_requests_get(url)}
        with clients.rtcp_client(url) as client:
            turns["rtcp, typed"] = clients.typed_get(client)
            for name, make in _CLIENTS.items():
                if find_spec(name) is None:
                    yield Result("single get, others", f"{name}: not installed", "note", 0.0)
                else:
                    turns[name] = make(address, stack)
            samples = measure.interleave(
                {name: _repeated(turn, sizes.calls) for name, turn in turns.items()}, rounds=sizes.rounds
            )
    for name in turns:
        yield measure.ratio("single get, others", name, samples, to=_RAW, calls=sizes.calls)


def readers() -> dict[str, Callable[[bytes], object]]:
    """What else parses JSON, without typing it."""
    found: dict[str, Callable[[bytes], object]] = {"pydantic_core.from_json": import_module("pydantic_core").from_json}
    if find_spec("orjson") is not None:
        found["orjson.loads"] = import_module("orjson").loads
    return found


def bulk(url: str, sizes: Sizes) -> Iterator[Result]:
    """A bulk look-up beside a multiplexer: one thread, an event loop, answers parsed and neither matched nor typed."""
    case = f"get_many of {sizes.bulk:,}, others"
    if find_spec("aiohttp") is None:
        yield Result(case, "aiohttp: not installed", "note", 0.0)
        return
    for workers in (8, 32):
        loop = "a loop that decodes and matches in its threads"
        with clients.rtcp_client(url) as client:
            turns = {
                loop: clients.urllib3_get_many(url, sizes.bulk, workers=workers),
                f"aiohttp, untyped, {workers} at once": _multiplexer(url, sizes.bulk, workers),
                f"rtcp, typed, {workers} workers": clients.typed_get_many(client, sizes.bulk, workers=workers),
            }
            samples = measure.interleave(turns, rounds=sizes.few_rounds)
        for name in turns:
            yield measure.ratio(case, name, samples, to=loop, calls=sizes.bulk)


def _multiplexer(url: str, count: int, workers: int) -> Callable[[], int]:
    aiohttp = import_module("aiohttp")
    headers = {**clients.HEADERS, "Content-Type": "application/json"}

    async def get_many() -> int:
        slots = asyncio.Semaphore(workers)
        async with aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=workers)) as session:

            async def ask(body: bytes) -> int:
                async with slots, session.post(url + payloads.ROUTE, data=body) as answer:
                    return len(await answer.json())

            bodies = map(clients.bulk_body, clients.chunks(count, 100))
            return sum(await asyncio.gather(*map(ask, bodies)))

    return lambda: asyncio.run(get_many())


def _httpx(address: str, stack: ExitStack) -> Get:
    client = stack.enter_context(import_module("httpx").Client(headers=clients.HEADERS))
    return lambda: client.get(address).json()


def _aiohttp(address: str, stack: ExitStack) -> Get:
    loop = asyncio.new_event_loop()
    stack.callback(loop.close)

    async def open_session() -> Any:
        return import_module("aiohttp").ClientSession(headers=clients.HEADERS)

    session = loop.run_until_complete(open_session())
    stack.callback(lambda: loop.run_until_complete(session.close()))

    async def get() -> object:
        async with session.get(address) as answer:
            return await answer.json()

    return lambda: loop.run_until_complete(get())


def _primp(address: str, stack: ExitStack) -> Get:
    client = import_module("primp").Client(headers=clients.HEADERS)
    return lambda: client.get(address).json()


def _pyreqwest(address: str, stack: ExitStack) -> Get:
    builder = import_module("pyreqwest.client").SyncClientBuilder()
    client = stack.enter_context(builder.default_headers(clients.HEADERS).build())
    return lambda: client.get(address).build().send().json()


def _repeated(turn: Get, times: int) -> Callable[[], None]:
    def repeated() -> None:
        for _ in range(times):
            turn()

    return repeated


_CLIENTS: Final[dict[str, Callable[[str, ExitStack], Get]]] = {
    "httpx": _httpx,
    "aiohttp": _aiohttp,
    "primp": _primp,
    "pyreqwest": _pyreqwest,
}
