"""Requests to fuzz an operation with: what schemathesis makes of its description, and real ones that were changed."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import requests
from hypothesis import strategies as st
from schemathesis import Case
from tests.contract.description import Exchange
from tests.fuzz.known import Known, json_of
from tests.fuzz.mutation import ANY_JSON, CHANGES, at, changed, paths, replaced

# The server itself answers what is no HTTP.
_NO_HEADER_TEXT = re.compile(r"[^ -~\xa1-\xff]")
_GATEWAY_HEADERS = ("authorization", "x-api-key", "x-gw-ims-org-id")
_ODD_HEADERS = {
    "content-type": ["text/plain", "application/json; charset=utf-16", "application/json-patch+json", ""],
    "content-range": ["bytes 0-3/4", "bytes 3-0/4", "bytes 0-99999999999999999999/*", "bytes", "lines 1-2/3"],
    "range": ["bytes=0-", "bytes=-1", "bytes=9-1", "bytes=0-0,2-3", "bytes=99999999999999999999-", "bytes=a-b"],
    "if-match": ['"1-0"', "*", "x"],
    "x-sandbox-name": ["dev", "nowhere", "", "é"],
    "x-sandbox-id": ["x", ""],
    "x-gw-ims-org-id": ["", "x", "other@AdobeOrg"],
    "x-api-key": ["", "\xff"],
    "authorization": ["", "Bearer", "Bearer x", "Basic eDp5"],
    "x-adobe-flow-id": ["x", ""],
    "x-model-name": ["_xdm.context.account", "x"],
}
_ODD_BODIES = [b"", b"{", b"null", b"[]", b"{}", b"\xff\xfe", b"\x00" * 9, b"[" * 5000, b'{"a":' * 3000, b'"\\ud800"',
    b"1e999", b"NaN", b"-", b"1" * 5000, b'{"a":1,"a":2}', b"\xef\xbb\xbf{}"]  # fmt: skip


@st.composite
def described(draw: st.DrawFn, cases: st.SearchStrategy[Case], known: Known, passport: dict[str, str]) -> Any:
    """A generated case, most of whose names are of things that exist, and which mostly passes the gateway."""
    case = draw(cases)
    for place in (case.path_parameters, case.query):
        for name in place or ():
            if known.values.get(name) and draw(st.integers(0, 3)):
                place[name] = draw(st.sampled_from(known.values[name]))
    if isinstance(case.body, (dict, list)):
        case.body = draw(_with_known_names(case.body, known))
    arguments = case.as_transport_kwargs(base_url="http://127.0.0.1")
    headers = {name.lower(): _as_header(value) for name, value in dict(arguments.get("headers") or {}).items()}
    if draw(st.integers(0, 7)):
        headers |= passport | {"x-sandbox-name": draw(st.sampled_from(["prod", "dev"]))}
        headers.pop("x-sandbox-id", None)
    return _prepared({**arguments, "headers": headers})


@st.composite
def almost_real(draw: st.DrawFn, exchanges: list[Exchange], passport: dict[str, str]) -> Any:
    """A request that was sent before, with a part of its path, query, headers or body changed."""
    exchange = draw(st.sampled_from(exchanges))
    parts = urlsplit(exchange.url)
    path, query, headers, body = parts.path, parse_qsl(parts.query), dict(exchange.headers), exchange.body
    headers |= {name: value for name, value in passport.items() if name in headers}
    content = json_of(exchange)
    where = draw(
        st.sampled_from(["nothing", "path", "query", "query", "headers", *(["body", "bytes"] * 2 if body else [])])
    )
    if where == "path":
        *way, last = path.split("/")
        path = "/".join([*way, quote(draw(st.text(max_size=12) | st.just(last + "x")), safe="")])
    elif where == "query":
        query = draw(_queries(query))
    elif where == "headers":
        name = draw(st.sampled_from(sorted(_ODD_HEADERS)))
        headers[name] = draw(st.sampled_from(_ODD_HEADERS[name]))
    elif where == "body" and content is not None:
        body = json.dumps(changed(content, draw(CHANGES))).encode()
    elif where == "bytes" or (where == "body" and body is not None):
        assert body is not None
        cut = draw(st.integers(0, len(body)))
        body = draw(st.sampled_from(_ODD_BODIES) | st.binary(max_size=20) | st.just(body[:cut]))
    url = f"http://127.0.0.1{path}" + (f"?{urlencode(query, errors='replace')}" if query else "")
    headers = {name: _as_header(value) for name, value in headers.items()}
    return _prepared({"method": exchange.method, "url": url, "headers": headers, "data": body})


@st.composite
def _queries(draw: st.DrawFn, query: list[tuple[str, str]]) -> list[tuple[str, str]]:
    odd = st.text(max_size=10) | ANY_JSON.map(str) | st.sampled_from(["-1", "0", "1e9", "9" * 30, "*", "a" * 3000, "%"])
    position = draw(st.integers(0, len(query)))
    if position == len(query):
        names = ["limit", "start", "offset", "page", "property", "orderBy", "sort", "date", "x"]
        return [*query, (draw(st.sampled_from(names)), draw(odd))]
    name, value = query[position]
    others = query[:position] + query[position + 1 :]
    return draw(st.sampled_from([others, [*query, (name, value)]]) | odd.map(lambda text: [*others, (name, text)]))


@st.composite
def _with_known_names(draw: st.DrawFn, body: Any, known: Known) -> Any:
    for path in list(paths(body)):
        name = path[-1] if path else None
        is_known = isinstance(name, str) and known.values.get(name)
        # One that stood inside of what is replaced is gone.
        if is_known and _stands(body, path) and draw(st.integers(0, 2)):
            body = replaced(body, path, draw(st.sampled_from(known.values[name])))
    return body


def _stands(body: Any, path: tuple[str | int, ...]) -> bool:
    try:
        at(body, path)
    except (LookupError, TypeError):
        return False
    return True


def _as_header(value: Any) -> str:
    return _NO_HEADER_TEXT.sub("?", str(value)).strip()


def _prepared(arguments: dict[str, Any]) -> requests.PreparedRequest:
    wanted = {"method", "url", "headers", "data", "json", "params", "files", "cookies"}
    return requests.Request(**{name: value for name, value in arguments.items() if name in wanted}).prepare()
