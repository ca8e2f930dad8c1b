"""What is around a call: hooks and logs over an adapter that answers in the process, and threads without a token."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

import rtcp
from benchmarks import clients, measure, payloads, server
from benchmarks.measure import Result
from benchmarks.sizes import Sizes

_THREADS: Final = 64
_ORG: Final = clients.HEADERS["x-gw-ims-org-id"]


class Adapter(BaseAdapter):
    """Answers every request with one person, without a socket."""

    def __init__(self) -> None:
        super().__init__()
        person = payloads.padded(payloads.person(payloads.PERSON), payloads.SINGLE_BYTES)
        self._body = b"{" + person + b"}"

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        answer = requests.Response()
        answer.status_code = 200
        answer.headers["Content-Type"] = "application/json"
        answer.url = request.url or ""
        answer.request = request
        answer.raw = HTTPResponse(body=io.BytesIO(self._body), preload_content=False, status=200)
        return answer

    def close(self) -> None:
        """Nothing is open."""


def observed(url: str, sizes: Sizes) -> Iterator[Result]:
    """A call with a hook and with logging, beside one with neither."""
    heard: list[object] = []
    with clients.rtcp_client(url) as plain, clients.rtcp_client(url, hooks=[heard.append]) as hooked:
        plain.http.mount("http://", Adapter())
        hooked.http.mount("http://", Adapter())
        plain_get, hooked_get = clients.typed_get(plain), clients.typed_get(hooked)
        turns: dict[str, Callable[[], object]] = {
            "neither": lambda: _times(sizes.calls, plain_get),
            "a hook and logging at INFO": lambda: _logging(logging.INFO, sizes.calls, hooked_get),
            "a hook and a line written at DEBUG": lambda: _logging(logging.DEBUG, sizes.calls, hooked_get),
        }
        samples = measure.interleave(turns, rounds=2 * sizes.rounds)
    for name in list(turns)[1:]:
        bounds = {"bound": 1.10} if "INFO" in name else {}
        yield measure.ratio("call, in process", name, samples, to="neither", calls=sizes.calls, **bounds)


def token_storm(url: str, sizes: Sizes) -> Iterator[Result]:
    """So many threads make their first call at once, with credentials and no token yet."""
    config = rtcp.Config(client_id="k", client_secret="s", org_id=_ORG, base_url=url, ims_url=url)
    before = server.counts(url)
    with rtcp.Client(config) as client:
        get = clients.typed_get(client)
        barrier = threading.Barrier(_THREADS)
        threads = [threading.Thread(target=lambda: (barrier.wait(), get())) for _ in range(_THREADS)]
        sample = measure.timed(lambda: _run_all(threads))
    after = server.counts(url)
    case = f"{_THREADS} threads without a token"
    yield Result(case, "token calls", "count", after["tokens"] - before["tokens"], bound=1)
    sent = after["requests"] - before["requests"]
    yield Result(case, "requests sent", "count", sent, bound=_THREADS + 1, extra={"wall_ms": sample.wall * 1000})


def _logging(level: int, times: int, turn: Callable[[], object]) -> None:
    with _logged(level):
        _times(times, turn)


@contextmanager
def _logged(level: int) -> Iterator[None]:
    logger = logging.getLogger("rtcp")
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(level)
    yield
    logger.setLevel(logging.NOTSET)
    logger.removeHandler(handler)


def _times(times: int, turn: Callable[[], object]) -> None:
    for _ in range(times):
        turn()


def _run_all(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
