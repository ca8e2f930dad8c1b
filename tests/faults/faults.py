"""The faults of the matrix: what the other side does, and what a caller may expect of it."""

from __future__ import annotations

import gzip
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from email.utils import format_datetime
from enum import Enum
from typing import Any

from tests.helpers.clock import FakeClock
from tests.helpers.proxy import Answer, Behaviour, Exchange

import rtcp

HTML = b"<html><head><title>Bad Gateway</title></head><body>nginx</body></html>"
ELSEWHERE = "http://elsewhere.invalid:9/data"
HUGE = 20 * 1024 * 1024
HOUR, DAY = 3600.0, 86_400.0
# What nobody waits for; what the adapter sets for the operation under test.
SHORT = (0.5, 0.05)


class Again(Enum):
    """Who is sent again after such a failure."""

    NOBODY = "nobody"
    REPEATABLE = "what may be repeated"
    EVERYBODY = "everybody"


@dataclass(frozen=True)
class Fault:
    """One way to fail.

    Attributes:
        behave: what the service does; None when the request never comes to it.
        raises: what the caller gets while it lasts; empty when the caller gets the right answer in spite of it.
        again: which requests are sent again.
        address: where the request goes in place of the service ("refused", "unknown", "silent").
        timeout: of the request, in seconds.
        total: time of one attempt in all, in seconds.
        waits: how long the client waits before it sends again; None: as jitter has it.
        code: of the error, where the service tells one.
        lasts: it makes no sense once only.
        is_of_body: what fails is the body alone.
        is_hint_in_body: how long to wait is told in the body.
        leap: by how many seconds the client's time of day is set meanwhile.
        passes: how many seconds pass meanwhile for the client, whose machine sleeps.
        is_refused_token: a request with a token is sent once more with a fresh one.
    """

    behave: Behaviour | None
    raises: tuple[type[Exception], ...] = ()
    again: Again = Again.NOBODY
    address: str | None = None
    timeout: tuple[float, float] | None = None
    total: float | None = None
    waits: float | None = None
    code: str | None = None
    is_refused_token: bool = False
    lasts: bool = False
    is_of_body: bool = False
    is_hint_in_body: bool = False
    leap: float = 0.0
    passes: float = 0.0


def stalls(exchange: Exchange) -> None:
    exchange.stall()


def acts_and_stalls(exchange: Exchange) -> None:
    exchange.forward()
    exchange.stall()


def hangs_up(exchange: Exchange) -> None:
    """Nothing was done, nothing is answered."""


def acts_and_hangs_up(exchange: Exchange) -> None:
    exchange.forward()


def cuts_headers(exchange: Exchange) -> None:
    answer = exchange.forward()
    exchange.send(exchange.head(answer.status, len(answer.body), answer.headers)[:40])


def _with_body(exchange: Exchange) -> tuple[Answer, bytes]:
    """The true answer; one that has no body gets one, so that there is something to spoil."""
    answer = exchange.forward()
    return (answer, answer.body) if answer.body else (Answer(200, answer.headers, b""), b'{"status": "ok"}')


def cuts_body(exchange: Exchange) -> None:
    answer, body = _with_body(exchange)
    exchange.send(exchange.head(answer.status, len(body), answer.headers) + body[: len(body) // 2])


def announces_too_much(exchange: Exchange) -> None:
    answer, body = _with_body(exchange)
    exchange.send(exchange.head(answer.status, len(body) + 100, answer.headers) + body)


def breaks_chunk(exchange: Exchange) -> None:
    answer, body = _with_body(exchange)
    head = exchange.head(answer.status, None, {**answer.headers, "Transfer-Encoding": "chunked"})
    exchange.send(head + b"%x\r\n%b" % (len(body) + 100, body))


def announces_too_little(exchange: Exchange) -> None:
    answer, body = _with_body(exchange)
    # The connection stays: what is left of the body must not be taken for the next answer.
    exchange.send(exchange.head(answer.status, len(body) - min(4, len(body) // 2), answer.headers) + body)
    exchange.is_open = True


def truncates_gzip(exchange: Exchange) -> None:
    answer, body = _with_body(exchange)
    packed = gzip.compress(body)[: -(len(body) // 4) - 12]
    exchange.reply(answer.status, packed, {**answer.headers, "Content-Encoding": "gzip"})


def packs_countless_members(exchange: Exchange) -> None:
    answer, body = _with_body(exchange)
    packed = gzip.compress(b"") * 30_000 + gzip.compress(body)
    exchange.reply(answer.status, packed, {**answer.headers, "Content-Encoding": "gzip"})


def forewarns(exchange: Exchange) -> None:
    exchange.send(b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n")
    answer = exchange.forward()
    exchange.reply(answer.status, answer.body, answer.headers)


def breaks_gzip(exchange: Exchange) -> None:
    answer, _ = _with_body(exchange)
    exchange.reply(answer.status, b"\x1f\x8b no gzip at all", {**answer.headers, "Content-Encoding": "gzip"})


def drips(exchange: Exchange) -> None:
    """The whole answer, in pieces that come slower than they could."""
    answer = exchange.forward()
    whole = exchange.head(answer.status, len(answer.body), answer.headers) + answer.body
    step = max(1, len(whole) // 12)
    for start in range(0, len(whole), step):
        exchange.send(whole[start : start + step])
        time.sleep(0.002)
    exchange.is_open = True


def drips_for_ever(start: bytes, drop: bytes) -> Behaviour:
    """Goes on and on, and never says that it is done."""

    def behave(exchange: Exchange) -> None:
        exchange.connection.sendall(start)
        for _ in range(10_000):
            time.sleep(0.02)
            exchange.connection.sendall(drop)

    return behave


def announces_a_terabyte(exchange: Exchange) -> None:
    """More than any answer has, and no more of it than usual."""
    answer = exchange.forward()
    exchange.send(exchange.head(200, 10**12, answer.headers) + answer.body)


def answers(status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Behaviour:
    """The same answer to everything; nothing is done."""
    return lambda exchange: exchange.reply(status, body, headers)


def acts_and_answers(status: int, body: bytes) -> Behaviour:
    """Does what it was asked, and answers something else."""

    def behave(exchange: Exchange) -> None:
        exchange.forward()
        exchange.reply(status, body)

    return behave


def echoes(status: int) -> Behaviour:
    """An error that repeats all that it was told: address, headers and body."""

    def behave(exchange: Exchange) -> None:
        told = f"{exchange.target} {dict(exchange.headers)} {exchange.body.decode('utf-8', 'replace')}"
        said = {"message": told, "title": told, "detail": told, "error_code": told[:300]}
        exchange.reply(status, json.dumps(said).encode())

    return behave


def redirects_to_itself(exchange: Exchange) -> None:
    exchange.reply(307, b"", {"Location": exchange.target})


def _paged(exchange: Exchange, answer: Answer, **changes: Any) -> None:
    try:
        body = json.loads(answer.body)
    except ValueError:
        body = None
    # In the catalog an answer is a map by id, in which a next link would be one more thing.
    if not isinstance(body, dict) or "/catalog/" in exchange.target:
        return exchange.reply(answer.status, answer.body, answer.headers)
    return exchange.reply(answer.status, json.dumps({**body, **changes}).encode(), answer.headers)


def leads_elsewhere(exchange: Exchange) -> None:
    """The true answer with a next link to another host."""
    links = {"next": {"href": f"{ELSEWHERE}?start=2", "count": 1}}
    _paged(exchange, exchange.forward(), _links=links, _page={"next": "", "count": 3})


def repeats_its_token(exchange: Exchange) -> None:
    """The true answer with one and the same next page each time."""
    target = re.sub(r"[?&](start|offset)=[^&]*", "", exchange.target)
    href = f"{target}{'&' if '?' in target else '?'}start=again"
    _paged(exchange, exchange.forward(target), _links={"next": {"href": href}}, _page={"next": "again", "count": 300})


def hinting(status: int, hint: str) -> Behaviour:
    return answers(status, b'{"message": "slow down"}', {"Retry-After": hint})


def dated(seconds: float, *, at: float | None = None) -> Behaviour:
    """A 429 until so long after the client's own time, from a service that may tell what time it is there."""
    headers = {"Retry-After": _in_http(seconds), **({} if at is None else {"Date": _in_http(at)})}
    return answers(429, b'{"message": "slow down"}', headers)


def _in_http(seconds: float) -> str:
    return format_datetime((FakeClock.START + timedelta(seconds=seconds)).astimezone(UTC), usegmt=True)


def said(code: str, message: str) -> bytes:
    return json.dumps({"error_code": code, "message": message}).encode()


RESPONSE, REQUEST = (rtcp.ResponseError,), (rtcp.RequestError,)
CONNECT, LATE = (rtcp.ConnectError,), (rtcp.RequestTimeoutError,)
LIMITED, SERVER, DECODE = (rtcp.RateLimitError,), (rtcp.ServerError,), (rtcp.DecodeError,)
DENIED = (rtcp.PermissionDeniedError,)
PARTIAL = json.dumps([{"xid": "x", "error": {"message": "some failed", "statusCode": "503"}}]).encode()

# Every code that comes with a 403.
FORBIDDEN = (
    *("403000", "403003", "403010", "403011", "403012", "403013", "403020", "403023", "403024", "403025", "403027"),
    *("403030", "403033", "403201", "503020"),
)
REFUSED_TOKEN = Fault(
    answers(401, said("401013", "Oauth token is not valid")),
    (rtcp.AuthenticationError,),
    code="401013",
    is_refused_token=True,
)

FAULTS: dict[str, Fault] = {
    "connection refused": Fault(None, CONNECT, Again.EVERYBODY, address="refused"),
    "unknown host": Fault(None, CONNECT, Again.EVERYBODY, address="unknown"),
    "connection times out": Fault(None, CONNECT, Again.EVERYBODY, address="silent", timeout=(0.03, 5)),
    "no answer, nothing done": Fault(stalls, LATE, Again.REPEATABLE, timeout=SHORT),
    "no answer, but done": Fault(acts_and_stalls, LATE, Again.REPEATABLE, timeout=SHORT),
    "cut, nothing done": Fault(hangs_up, CONNECT, Again.REPEATABLE),
    "cut, but done": Fault(acts_and_hangs_up, CONNECT, Again.REPEATABLE),
    "cut in the headers": Fault(cuts_headers, CONNECT, Again.REPEATABLE),
    "cut in the body": Fault(cuts_body, CONNECT, Again.REPEATABLE, is_of_body=True),
    "cut in a chunk": Fault(breaks_chunk, CONNECT, Again.REPEATABLE, is_of_body=True),
    "length too large": Fault(announces_too_much, CONNECT, Again.REPEATABLE, is_of_body=True),
    "length too small": Fault(announces_too_little, DECODE, is_of_body=True),
    "gzip truncated": Fault(truncates_gzip, DECODE, is_of_body=True),
    "gzip of countless members": Fault(packs_countless_members, DECODE, is_of_body=True),
    "answers before the answer": Fault(forewarns),
    "gzip broken": Fault(breaks_gzip, DECODE, is_of_body=True),
    "200 in HTML": Fault(acts_and_answers(200, HTML), DECODE, is_of_body=True),
    "200 that is empty": Fault(acts_and_answers(200, b""), DECODE, is_of_body=True),
    "200 that is a list": Fault(acts_and_answers(200, b"[]"), DECODE, is_of_body=True),
    "200 that is null": Fault(acts_and_answers(200, b"null"), DECODE, is_of_body=True),
    "200 that is a number": Fault(acts_and_answers(200, b"7"), DECODE, is_of_body=True),
    "200 that is an empty object": Fault(acts_and_answers(200, b"{}"), DECODE, is_of_body=True),
    "502 in HTML": Fault(answers(502, HTML, {"Content-Type": "text/html"}), SERVER, Again.REPEATABLE),
    "500 that is empty": Fault(answers(500), SERVER),
    "500 of 20 MB": Fault(answers(500, b'{"message": "' + b"x" * HUGE + b'"}'), SERVER),
    "503 in text": Fault(answers(503, b"try later"), SERVER, Again.REPEATABLE),
    "503 with a far Retry-After": Fault(hinting(503, "86400"), SERVER),
    "504 that is empty": Fault(answers(504), SERVER, Again.REPEATABLE),
    "429 without a hint": Fault(answers(429, b"{}"), LIMITED, Again.EVERYBODY),
    "429 with seconds": Fault(hinting(429, "7"), LIMITED, Again.EVERYBODY, waits=7.0),
    "429 with a date": Fault(dated(9), LIMITED, Again.EVERYBODY, waits=9.0),
    "429 by a clock an hour behind that tells its time": Fault(
        dated(9 - HOUR, at=-HOUR), LIMITED, Again.EVERYBODY, waits=9.0
    ),
    "429 by a clock an hour ahead that tells its time": Fault(
        dated(9 + HOUR, at=HOUR), LIMITED, Again.EVERYBODY, waits=9.0
    ),
    "429 by a clock an hour behind": Fault(dated(-3600), LIMITED, Again.EVERYBODY, waits=0.0),
    "429 by a clock an hour ahead": Fault(dated(3600), LIMITED),
    "429 with milliseconds": Fault(
        answers(429, b'[{"message": "slow down", "retryAfterMs": "1500"}]'),
        LIMITED,
        Again.EVERYBODY,
        waits=1.5,
        is_hint_in_body=True,
    ),
    "429 with nonsense": Fault(hinting(429, "soon"), LIMITED, Again.EVERYBODY),
    "429 with a negative number": Fault(hinting(429, "-5"), LIMITED, Again.EVERYBODY, waits=0.0),
    "429 with a far Retry-After": Fault(hinting(429, "3600"), LIMITED),
    "401": REFUSED_TOKEN,
    **{f"403 {code}": Fault(answers(403, said(code, "no")), DENIED, code=code, lasts=True) for code in FORBIDDEN},
    "403 once": Fault(answers(403, said("403010", "Oauth token is missing.")), DENIED, code="403010"),
    "404 that is empty": Fault(answers(404), (rtcp.NotFoundError,)),
    "207 that lists failures": Fault(
        answers(207, PARTIAL), (*DECODE, *RESPONSE, rtcp.PartialFailureError), is_of_body=True
    ),
    "302 elsewhere": Fault(answers(302, b"", {"Location": ELSEWHERE}), RESPONSE),
    "307 elsewhere": Fault(answers(307, b"", {"Location": ELSEWHERE}), RESPONSE),
    "308 to itself": Fault(redirects_to_itself, RESPONSE),
    "422 that repeats everything": Fault(echoes(422), (rtcp.UnprocessableError,)),
    "500 that repeats everything": Fault(echoes(500), SERVER),
    "an informal 599": Fault(answers(599, b"\xff\xfe\x00"), SERVER),
    "a slow drip": Fault(drips),
    "a drip without an end": Fault(
        drips_for_ever(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b" "), LATE, Again.REPEATABLE, total=0.1
    ),
    "headers without an end": Fault(
        drips_for_ever(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"y"), LATE, Again.REPEATABLE, total=0.1
    ),
    "100 Continue without an end": Fault(
        drips_for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), LATE, Again.REPEATABLE, total=0.1
    ),
    "a terabyte is announced": Fault(announces_a_terabyte, DECODE, is_of_body=True),
    "clock set forward": Fault(None, leap=HOUR),
    "clock set back": Fault(None, leap=-HOUR),
    "clock set forward, token expired": replace(REFUSED_TOKEN, leap=HOUR),
    "clock set back, token expired": replace(REFUSED_TOKEN, leap=-HOUR),
    "machine sleeps": Fault(None, passes=DAY),
    "next page elsewhere": Fault(leads_elsewhere, lasts=True),
    "next page repeated": Fault(repeats_its_token, lasts=True),
}
