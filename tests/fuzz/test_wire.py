"""Answers that are odd before there is any JSON: status lines, headers and numbers, on plain sockets. Whatever comes,
it is a value or an error of ours.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from tests.fuzz.extent import EXAMPLES, ONCE, SEED, refusal
from tests.helpers.clock import FakeClock
from tests.helpers.samples import POLICY_BYTES
from tests.helpers.servers import RawServer

import rtcp

HUGE = 10**400
NUMBERS: list[Any] = [
    0, -1, 0.5, 1e308, 2**63, 2**64, 10**18, 10**19, HUGE, -HUGE, "", " ", "0", "-0", "1e999", "nan", "inf", "9" * 400,
    "9" * 4999, "\u0663", "\u00b2", "\u2460", "0x10", "1_000", True, None, [], {}, [1], "1,1", "+1",
]  # fmt: skip
_STATUSES = ["200 OK", "200", "0 X", "99 X", "1000 X", "-1 X", "2\u0660\u0660 X", "999 X", "600 X", "299 X",
    "204 No", "304 No", "101 No", "HUGE", "", "200 " + "x" * 70_000]  # fmt: skip
_HEADERS = [
    "Content-Length: {}", "Content-Length: 5\r\nContent-Length: {}", "Retry-After: {}", "Content-Range: bytes {}-{}/{}",
    "Transfer-Encoding: {}", "Content-Encoding: {}", "Content-Encoding: gzip, deflate, gzip", "Content-Encoding: br",
    "Transfer-Encoding: chunked, gzip", "Date: {}", "X-Request-Id: {}", "ETag: {}", "Range: bytes=0-{}", "Location: {}",
    "Set-Cookie: a={}; Max-Age={}", "Content-Type: application/json; charset={}", "no colon", ": no name", " folded",
    "Connection: {}", "Keep-Alive: timeout={}", "X: " + "y" * 70_000, "\u00ff\u00fe: \u00ff", "X-Many: 1\r\n" * 150,
]  # fmt: skip


def body_of(number: Any) -> bytes:
    """Every place that the service tells a number in, with this one."""
    fields = dict.fromkeys(
        ("retryAfterMs", "expires_in", "statusCode", "status", "error_code", "code", "totalCount", "length",
         "id", "createEpoch", "updateEpoch", "creationTime", "lastUpdated", "version", "inputRecordCount", "totalRows",
         "profileFragmentCount"),
        number,
    )  # fmt: skip
    paged = {**fields, "_page": fields, "children": [{**fields, "id": "x"}], "records": [fields], "data": [fields]}
    entity = {"entityId": "e", "entity": {}, "lastModifiedAt": number}
    more = {"errors": [fields], "metrics": fields, "results": {"p": fields}, "responses": [fields], "b": paged}
    return json.dumps({**paged, **more, "access_token": "t", "e": entity, "report": fields}).encode()


class Fuzzed(RawServer):
    """Answers with what it is told to."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.data = b""

    def _answer(self, connection: socket.socket, request: bytes) -> None:
        connection.sendall(self.data)


@pytest.fixture(scope="module")
def server() -> Iterator[Fuzzed]:
    with Fuzzed() as server:
        yield server


CALLS = {
    "merge_policies.get": lambda c: c.merge_policies.get("p"),
    "merge_policies.list": lambda c: list(c.merge_policies.list(limit=3)),
    "entities.get": lambda c: c.entities.get("e", namespace="crmId"),
    "entities.get_many": lambda c: list(c.entities.get_many(["e", "f"], namespace="crmId")),
    "entities.list_events": lambda c: list(c.entities.list_events("e", namespace="crmId", limit=3)),
    "export_jobs.get": lambda c: c.export_jobs.get("1"),
    "batches.get": lambda c: c.batches.get("b"),
    "batches.files": lambda c: list(c.batches.files("b")),
    "batches.create": lambda c: c.batches.create("d", format="json"),
    "system_jobs.list": lambda c: list(c.system_jobs.list(limit=3)),
    "preview.status": lambda c: c.preview.status(),
    "preview.unstitched": lambda c: c.preview.unstitched_profiles(),
    "preview.overlap": lambda c: c.preview.dataset_overlap(),
    "preview.report": lambda c: c.preview.dataset_report(),
    "computed_attributes.list": lambda c: list(c.computed_attributes.list(limit=3)),
    "inlets.list": lambda c: list(c.inlets.list(limit=3)),
    "streaming.send_many": lambda c: c.streaming.send_many("0" * 64, [{"body": {"xdmEntity": {"_id": "1"}}}]),
    "datasets.get": lambda c: c.datasets.get("b"),
    "audiences.list": lambda c: list(c.audiences.list(limit=3)),
}


def client_of(url: str, **fields: Any) -> rtcp.Client:
    hosts = dict.fromkeys(("base_url", "ims_url", "streaming_url", "edge_url", "media_url"), url)
    given = {"token": "t", "client_id": "c", "org_id": "o", "retries": 1, "timeout": (1, 1, 2), **fields}
    return rtcp.Client(rtcp.Config(**hosts, **given), clock=FakeClock())


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("status", [200, 207, 400, 429, 503])
def test_no_number_of_the_service_breaks_a_verb(server: Fuzzed, name: str, status: int, figures: Any) -> None:
    for number in NUMBERS:
        body = body_of(number)
        head = (
            f"HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {len(body)}\r\nRetry-After: {number}\r\n\r\n"
        )
        server.data = head.encode("utf-8") + body
        with client_of(server.url) as client:
            error = refusal(lambda: CALLS[name](client), rtcp.RtcpError)
        assert error is None or (str(error) and repr(error))
        figures.add("fuzz cases")


@pytest.mark.parametrize("number", NUMBERS, ids=[str(number)[:20] for number in NUMBERS])
def test_no_life_of_a_token_breaks_a_call(server: Fuzzed, number: Any, tmp_path: Any) -> None:
    body = json.dumps({"access_token": "t", "expires_in": number, "error": None}).encode()
    server.data = b"HTTP/1.1 200 X\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    for _ in range(2):
        fields = {"token": None, "client_secret": "p8", "token_cache": tmp_path / "token"}
        with client_of(server.url, **fields) as client:
            refusal(lambda: client.merge_policies.get("p"), rtcp.RtcpError)


@pytest.mark.filterwarnings("ignore")
def test_no_head_of_an_answer_breaks_a_verb(server: Fuzzed, figures: Any) -> None:
    @seed(SEED)
    @settings(ONCE, max_examples=EXAMPLES * 60)
    @given(
        name=st.sampled_from(list(CALLS)),
        status=st.sampled_from(_STATUSES),
        version=st.sampled_from(["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2", "HTTP/0.9", "ICY", ""]),
        headers=st.lists(st.sampled_from(_HEADERS), max_size=3),
        number=st.sampled_from(NUMBERS) | st.integers(),
        body=st.sampled_from(
            [b"", b"{}", POLICY_BYTES, b"\x1f\x8b\x08\x00", b"5\r\n{}", b"zz\r\n", b"-5\r\n\r\n", b"F" * 30 + b"\r\n"]
        ),
    )
    def call(name: str, status: str, version: str, headers: list[str], number: Any, body: bytes) -> None:
        status = status.replace("HUGE", str(HUGE))
        lines = [f"{version} {status}", *(each.replace("{}", str(number)) for each in headers), "Connection: close"]
        server.data = "\r\n".join([*lines, "", ""]).encode("utf-8") + body
        with client_of(server.url) as client:
            error = refusal(lambda: CALLS[name](client), rtcp.RtcpError)
        assert error is None or (str(error) and repr(error))
        figures.add("fuzz cases")

    call()


def test_a_file_is_an_error_of_ours_too(server: Fuzzed, tmp_path: Any) -> None:
    for number in NUMBERS:
        for header in ("Content-Length: {}", "Content-Range: bytes {}-{}/{}", "ETag: {}", "Content-Encoding: {}"):
            for status in (200, 206):
                told = header.replace("{}", str(number))
                server.data = f"HTTP/1.1 {status} X\r\nConnection: close\r\n{told}\r\n\r\nabc".encode()
                with client_of(server.url, retries=0) as client:
                    refusal(lambda: _bring(client, tmp_path), rtcp.RtcpError)
    assert threading.active_count() < 50


def _bring(client: rtcp.Client, folder: Any) -> None:
    from rtcp.files.download import Download
    from rtcp.models.file import RemoteFile

    source = client.batches._access.source()
    part = folder / "x.part"
    part.write_bytes(b"a")
    (folder / "x").unlink(missing_ok=True)
    Download(source, [(RemoteFile("b", "f", "x", None), folder / "x")]).run(workers=1)
