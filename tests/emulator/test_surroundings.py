"""Whom the emulator listens to: requests on a plain socket, as a page in somebody's browser could cause them."""

from __future__ import annotations

import contextlib
import json
import socket
from urllib.parse import urlsplit

import pytest

from rtcp.emulator import Emulator
from rtcp.emulator.http.gateway import Surroundings
from rtcp.emulator.http.wire import Query, Request

EVIL = "https://evil.example"
TOKEN_BODY = b"grant_type=client_credentials&client_id=tester&client_secret=s&scope=openid"
FORM = "application/x-www-form-urlencoded"


def speak(emulator, method, path, *, body=b"", **headers):
    """One request as it is written here; status and body of the answer."""
    address = urlsplit(emulator.url)
    headers = {"Host": address.netloc, "Content-Length": str(len(body)), "Connection": "close", **headers}
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items() if value is not None]
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        connection.sendall(f"{method} {path} HTTP/1.1\r\n{''.join(lines)}\r\n".encode() + body)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, content = answer.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), content


PATHS = [
    ("GET", "/_emulator/status", b"", "application/json"),
    ("POST", "/ims/token/v3", TOKEN_BODY, FORM),
    ("GET", "/data/core/ups/config/mergePolicies", b"", "application/json"),
    ("POST", "/api/v1/sessions", b"{}", "application/json"),
    ("POST", "/collection/x", b"{}", "application/json"),
    ("POST", "/ee/va/v1/ping", b"{}", "application/json"),
]


@pytest.mark.parametrize(("method", "path", "body", "kind"), PATHS)
@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8089", "127.0.0.1.evil.example", "192.0.2.1", "", "[", "localhost@evil.example"],
)
def test_a_name_that_is_none_of_its_own_gets_nothing(emulator, method, path, body, kind, host):
    status, content = speak(emulator, method, path, body=body, Host=host, Content_Type=kind)

    assert status in (400, 403)
    assert b"access_token" not in content


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:80", "127.0.0.1", "127.8.8.8:1", "[::1]:8089", "emulator.localhost"]
)
def test_every_name_of_this_machine_is_its_own(emulator, host):
    assert speak(emulator, "GET", "/_emulator/status", Host=host)[0] == 200


def test_further_names_are_allowed_by_name():
    with Emulator(allow_host=["emulator", "Box.Example"]) as emulator:
        for host, status in {"emulator:8089": 200, "box.example": 200, "other": 403}.items():
            assert speak(emulator, "GET", "/_emulator/status", Host=host)[0] == status


@pytest.mark.parametrize(
    ("host", "is_taken"), [("192.0.2.1:8089", True), ("[2001:db8::1]", True), ("evil.example", False)]
)
def test_an_emulator_for_other_machines_takes_addresses_and_no_names(host, is_taken):
    request = Request(None, "GET", "/_emulator/status", Query(""), {"host": host})

    assert (Surroundings(is_remote=True).complaint(request) is None) is is_taken


@pytest.mark.parametrize("origin", [EVIL, "null", "http://localhost.evil.example", "http://["])
@pytest.mark.parametrize(("method", "path", "body", "kind"), PATHS)
def test_a_foreign_page_reaches_only_what_the_service_lets_pages_call(emulator, method, path, body, kind, origin):
    status, _ = speak(emulator, method, path, body=body, Origin=origin, Content_Type=kind)

    assert (status == 403) is not path.startswith(("/api", "/collection", "/ee"))


def test_a_page_of_this_machine_may_call(emulator):
    assert speak(emulator, "GET", "/_emulator/status", Origin="http://localhost:3000")[0] == 200


def test_an_image_of_a_foreign_page_is_no_call(emulator):
    assert speak(emulator, "GET", "/_emulator/status", Sec_Fetch_Site="cross-site")[0] == 403
    assert speak(emulator, "GET", "/_emulator/status", Sec_Fetch_Site="none")[0] == 200


@pytest.mark.parametrize("kind", [None, "text/plain", FORM, "multipart/form-data", "application/jsonp"])
@pytest.mark.parametrize("path", ["reset", "sample", "clock", "faults", "load", "media", "computed-attributes/try"])
def test_no_post_without_the_type_of_json_does_anything(emulator, path, kind):
    emulator.faults.always("*", status=500)
    before = emulator.clock.now_ms()

    assert speak(emulator, "POST", f"/_emulator/{path}", Content_Type=kind)[0] == 400
    assert len(emulator.faults.pending()) == 1
    assert emulator.clock.now_ms() - before < 60_000


@pytest.mark.parametrize("query", ["freezeAtMs=1", "freezeAtMs=x", "advance=9"])
def test_the_query_of_a_post_does_nothing(emulator, query):
    assert speak(emulator, "POST", f"/_emulator/clock?{query}", Content_Type="application/json")[0] == 400
    assert not emulator.clock.is_frozen


@pytest.mark.parametrize(
    ("path", "settings"),
    [
        ("clock", {"freezeAtMs": "1000"}),
        ("clock", {"freezeAtMs": True}),
        ("clock", {"freezeAtMs": 1.5}),
        ("clock", {"freezeAtMs": -1}),
        ("clock", {"freezeAtMs": 10**20}),
        ("clock", {"advance": 10**20}),
        ("clock", {"advance": "1"}),
        ("clock", {"advance": None}),
        ("clock", {"advance": 1, "speed": 2}),
        ("sample", {"sandbox": ["prod"]}),
        ("reset", {"all": True}),
        ("load", {"manifest": "x", "sample": 1}),
        ("faults", {"operation": "*", "status": 500, "times": True}),
        ("faults", {"operation": "*", "status": 500, "times": 10**9}),
        ("faults", {"operation": "*", "delay": 10**9}),
        ("faults", {"operation": "*", "truncated": "yes"}),
        ("faults", {"operation": "*", "headers": {"A": 1}}),
        ("faults", {"operation": "*", "headers": {"A": "x\r\nSet-Cookie: y"}}),
        ("faults", {"operation": "*", "partial": ["x"]}),
        ("faults", {"failJob": "batches", "message": 7}),
        ("media", {"strict": "no"}),
        ("media", {"org_id": 7}),
        ("media", {"datastreams": {"a": {"has_media": 1}}}),
        ("media", {"datastreams": {"a": 1}}),
        ("media", {"datastreams": [1]}),
        ("computed-attributes/try", {"expression": "xEvent.sum(x)", "atMs": 10**30}),
    ],
)
def test_a_value_that_makes_no_sense_changes_nothing(emulator, stranger, path, settings):
    answer = stranger.post(f"/_emulator/{path}", settings)

    assert answer.status_code in (400, 501)
    assert emulator.faults.pending() == []
    assert stranger.get("/_emulator/status").status_code == 200
    assert stranger.get("/_emulator/media").status_code == 200


def test_a_manifest_is_loaded_from_this_machine_only():
    import asyncio

    from rtcp.emulator import admin
    from rtcp.emulator.service import Service

    service = Service()
    answers = []
    for name in (__file__, "/no/such/file"):
        body = json.dumps({"manifest": name}).encode()
        headers = {"content-type": "application/json"}
        request = Request(None, "POST", "/_emulator/load", Query(""), headers, body, is_local=False)
        answers.append(asyncio.run(admin.answer(request, service)))
    service.close()

    assert [answer.status for answer in answers] == [403, 403]
    assert answers[0].body == answers[1].body


def test_a_body_that_is_too_large_is_refused_and_the_next_request_is_served(platform):
    answer = platform.request(
        "POST",
        "/data/core/ups/config/mergePolicies",
        data=b" " * (33 * 1024 * 1024),
        headers={"Content-Type": "application/json"},
    )

    assert answer.status_code == 413
    assert platform.get("/data/core/ups/config/mergePolicies").status_code == 200


@pytest.mark.parametrize("levels", [101, 900, 100_000])
@pytest.mark.parametrize("text", ["[", '{"a":'])
@pytest.mark.parametrize(
    "path",
    ["/data/core/ups/config/mergePolicies", "/data/core/ups/access/entities", "/data/foundation/catalog/dataSets"],
)
def test_json_of_many_levels_is_a_bad_request(platform, path, levels, text):
    answer = platform.request("POST", path, data=text * levels + "1" + ("]" if text == "[" else "}") * levels,
                              headers={"Content-Type": "application/json"})  # fmt: skip

    assert answer.status_code == 400


def test_wide_json_is_not_deep(platform):
    answer = platform.post(
        "/data/core/ups/access/entities",
        {
            "schema": {"name": "_xdm.context.profile"},
            "identities": [{"entityId": "x", "entityIdNS": {"code": "Email"}}] * 300,
        },
    )

    assert answer.status_code != 400


@pytest.mark.parametrize(
    "host", ["evil.example@127.0.0.1", "127.0.0.1#evil.example", "127.0.0.1/evil.example", "127.0.0.1, evil.example"]
)
def test_a_host_that_could_be_read_in_two_ways_is_none_of_its_own(emulator, host):
    assert speak(emulator, "GET", "/_emulator/status", Host=host)[0] == 403


def test_the_host_of_a_whole_address_counts_beside_the_header(emulator):
    port = urlsplit(emulator.url).port

    assert speak(emulator, "GET", f"http://evil.example:{port}/_emulator/status")[0] == 403
    assert speak(emulator, "GET", f"http://localhost:{port}/_emulator/status")[0] == 200


@pytest.mark.parametrize("order", [["evil.example", "127.0.0.1"], ["127.0.0.1", "evil.example"]])
def test_of_two_hosts_none_may_be_foreign(emulator, order):
    hosts = dict(zip(["Host", "HOST"], order, strict=True))

    assert speak(emulator, "GET", "/_emulator/status", **hosts)[0] == 403


ENDLESS = {
    "headers": (b"GET / HTTP/1.1\r\n", b"X-a: " + b"b" * 1000 + b"\r\n"),
    "one header": (b"GET / HTTP/1.1\r\nX-a: ", b"b" * 1000),
    "an address": (b"GET /", b"b" * 1000),
    "headers behind the body": (
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n",
        b"X-a: " + b"b" * 1000 + b"\r\n",
    ),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_a_head_without_an_end_is_not_gathered(emulator, what):
    address = urlsplit(emulator.url)
    begin, more = ENDLESS[what]
    sent = 0
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        connection.sendall(begin)
        with contextlib.suppress(OSError):
            while sent < 64 << 20:
                connection.sendall(more)
                sent += len(more)

    # What the buffers on the way take counts as sent.
    assert sent < 32 << 20


def test_a_large_body_behind_a_small_head_is_no_large_head(emulator):
    body = b'{"name": "' + b"x" * (8 << 20) + b'"}'

    assert speak(emulator, "POST", "/_emulator/reset", body=body, Content_Type="application/json")[0] == 400


def test_a_device_is_no_manifest(emulator):
    body = b'{"manifest": "/dev/zero"}'
    status, said = speak(emulator, "POST", "/_emulator/load", body=body, Content_Type="application/json")

    assert (status, b"is no file" in said) == (400, True)
