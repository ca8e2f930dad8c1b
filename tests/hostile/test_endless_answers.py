"""Answers that are larger than any, lists without an end, and processes that should have ended: on plain sockets."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.helpers.clock import FakeClock
from tests.helpers.servers import RawServer, answer

import rtcp

FIELDS: dict[str, Any] = {"client_id": "machine", "org_id": "0A@AdobeOrg", "retries": 0}
INLET = "0" * 64
FORM = rtcp.RowForm(dataset_id="d1", schema_id="https://ns.adobe.com/xdm/context/profile")
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
MIB = 1 << 20


def client_at(server: RawServer, **fields: Any) -> rtcp.Client:
    hosts = dict.fromkeys(("base_url", "ims_url", "streaming_url", "edge_url", "media_url"), server.url)
    return rtcp.Client(rtcp.Config(**{**FIELDS, "token": "t", **hosts, **fields}), clock=FakeClock())


def endless(start: bytes, piece: bytes) -> Callable[[socket.socket, bytes], None]:
    def behave(connection: socket.socket, request: bytes) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(piece)

    return behave


def packed(size: int, start: bytes = OK) -> Callable[[socket.socket, bytes], None]:
    body = gzip.compress(bytes(size), 1)
    head = start + f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
    return lambda connection, request: connection.sendall(head + body)


CHUNK = b"100000\r\n" + b" " * MIB + b"\r\n"
TOO_LARGE = {
    "that never ends": endless(OK + b"Connection: close\r\n\r\n", b" " * MIB),
    "in chunks that never end": endless(OK + b"Transfer-Encoding: chunked\r\n\r\n", CHUNK),
    "that announces it": endless(OK + b"Content-Length: 99999999999\r\n\r\n", b" " * MIB),
    "that announces more than there is": endless(OK + b"Content-Length: 1%s\r\n\r\n" % (b"0" * 400), b" " * MIB),
    "packed small": packed(40 * MIB),
}


@pytest.mark.parametrize("way", TOO_LARGE)
def test_an_answer_beyond_its_bounds_is_an_error_of_ours(way: str) -> None:
    with RawServer(TOO_LARGE[way]) as server, client_at(server) as client:
        tracemalloc.start()
        try:
            with pytest.raises(rtcp.DecodeError, match="more than the"):
                client.streaming.send(INLET, rtcp.envelope({"_id": "1"}, form=FORM))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert peak < 60 * MIB


def test_a_bomb_in_place_of_a_profile() -> None:
    with RawServer(packed(300 * MIB)) as server, client_at(server) as client, pytest.raises(rtcp.DecodeError):
        client.merge_policies.get("p")


def test_a_body_of_countless_empty_members_is_not_unpacked_for_minutes() -> None:
    body = gzip.compress(b"") * 100_000
    with (
        RawServer(answer(200, body, "Content-Encoding: gzip\r\n")) as server,
        client_at(server) as client,
        pytest.raises(rtcp.DecodeError, match="decompressed"),
    ):
        client.merge_policies.get("p")


PADDED = gzip.compress(b'{"children":') + gzip.compress(b"[]}") + bytes(512)
BROKEN = gzip.compress(b'{"children":[]}') + gzip.compress(os.urandom(9999))[:5000]


def test_of_several_members_all_count_and_what_fills_up_does_not() -> None:
    with RawServer(answer(200, PADDED, "Content-Encoding: gzip\r\n")) as server, client_at(server) as client:
        assert list(client.merge_policies.list()) == []


def test_a_second_member_that_is_broken_is_not_passed_over() -> None:
    with (
        RawServer(answer(200, BROKEN, "Content-Encoding: gzip\r\n")) as server,
        client_at(server) as client,
        pytest.raises(rtcp.DecodeError, match="decompressed"),
    ):
        list(client.merge_policies.list())


@pytest.mark.parametrize("way", ["that never ends", "packed small"])
def test_a_token_has_its_bounds(way: str) -> None:
    fields = {"token": None, "client_secret": "p8"}
    with RawServer(TOO_LARGE[way]) as server, client_at(server, **fields) as client, pytest.raises(rtcp.DecodeError):
        client.merge_policies.get("p")


ERROR = b"HTTP/1.1 400 Bad\r\nContent-Type: application/json\r\n"
ERRORS = {
    "that never ends": endless(ERROR + b"Connection: close\r\n\r\n", b"no " * 9999),
    "that announces it": endless(ERROR + b"Content-Length: 99999999999\r\n\r\n", b"no " * 9999),
    "packed small": packed(40 * MIB, ERROR),
}


@pytest.mark.parametrize("way", ERRORS)
def test_of_an_error_the_beginning_is_kept(way: str) -> None:
    with RawServer(ERRORS[way]) as server, client_at(server) as client, pytest.raises(rtcp.BadRequestError) as caught:
        client.merge_policies.get("p")

    assert len(caught.value.body) <= 64 << 10


def test_a_large_error_is_still_understood() -> None:
    said = {"error_code": "403027", "message": "no", "report": "x" * 500_000}
    with (
        RawServer(answer(403, json.dumps(said).encode())) as server,
        client_at(server) as client,
        pytest.raises(rtcp.PermissionDeniedError) as caught,
    ):
        client.merge_policies.get("p")

    assert (caught.value.code, len(caught.value.body)) == ("403027", 64 << 10)


def test_a_list_of_empty_pages_ends() -> None:
    counter = iter(range(10**9))

    def empty(connection: socket.socket, request: bytes) -> None:
        body = json.dumps({"children": [], "_page": {"next": f"n{next(counter)}"}}).encode()
        answer(200, body)(connection, request)

    with RawServer(empty) as server, client_at(server) as client, pytest.raises(rtcp.PagingError, match="empty pages"):
        list(client.merge_policies.list())


def test_directories_within_directories_end() -> None:
    counter = iter(range(10**9))

    def deeper(connection: socket.socket, request: bytes) -> None:
        answer(200, json.dumps({"data": [{"dataSetFileId": f"d{next(counter)}"}]}).encode())(connection, request)

    with RawServer(deeper) as server, client_at(server) as client, pytest.raises(rtcp.DecodeError, match="deep"):
        list(client.batches.files("b"))


@pytest.mark.parametrize("status", [401, 403])
def test_an_inlet_that_refuses_every_token_costs_two(status: int) -> None:
    counter = iter(range(10**9))

    def behave(connection: socket.socket, request: bytes) -> None:
        if request.startswith(b"POST /ims"):
            token = {"access_token": f"t{next(counter)}", "expires_in": 86_400}
            return answer(200, json.dumps(token).encode())(connection, request)
        return answer(status, b'{"message": "no"}')(connection, request)

    with RawServer(behave) as server, client_at(server, token=None, client_secret="p8") as client:
        with (
            contextlib.suppress(rtcp.PermissionDeniedError, rtcp.AuthenticationError),
            client.streaming.writer(INLET, form=FORM, authenticated=True, max_batch=1, workers=8) as writer,
        ):
            for number in range(100):
                writer.write({"_id": str(number)})

        tokens = [line for line in server.request_lines if "/ims" in line]
    assert len(tokens) == 2


UPLOAD = """
import sys, rtcp
client = rtcp.Client(base_url=sys.argv[1], token="t", client_id="c", org_id="o", retries=5)
print("ready", flush=True)
client.batches.upload("b", sys.argv[2], dataset_id="d", part_size=1_000_000, workers=2)
"""
DOWNLOAD = """
import sys, rtcp
client = rtcp.Client(base_url=sys.argv[1], token="t", client_id="c", org_id="o", retries=5)
print("ready", flush=True)
client.export_jobs.download(7, sys.argv[2])
"""
LOOK_UP = """
import sys, rtcp
client = rtcp.Client(base_url=sys.argv[1], token="t", client_id="c", org_id="o", retries=5)
print("ready", flush=True)
list(client.entities.get_many(map(str, range(5000)), namespace="crmId", workers=4))
"""


@pytest.mark.parametrize("code", [UPLOAD, DOWNLOAD, LOOK_UP], ids=["upload", "download", "look-up"])
@pytest.mark.parametrize("way", ["stalls", "fails"])
def test_after_ctrl_c_the_process_ends(code: str, way: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    if code == UPLOAD:
        path.write_bytes(bytes(4_000_000))
    files = json.dumps({"data": [{"dataSetFileId": "f", "name": "x", "length": "9"}]}).encode()

    def behave(connection: socket.socket, request: bytes) -> None:
        line = request.partition(b"\r\n")[0]
        if b"/export/jobs/" in line:
            job = {"id": 7, "status": "SUCCEEDED", "destination": {"batchId": "b"}}
            return answer(200, json.dumps(job).encode())(connection, request)
        if b"action=INITIALIZE" in line:
            return answer(201, b"{}")(connection, request)
        if b"/export/" in line and b"path=" not in line:
            return answer(200, files)(connection, request)
        if way == "stalls":
            time.sleep(60)
            return None
        return answer(503, b"{}", "Retry-After: 50\r\n")(connection, request)

    with RawServer(behave) as server:
        program = subprocess.Popen(
            [sys.executable, "-c", code, server.url, str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        assert program.stdout is not None
        program.stdout.readline()
        deadline = time.monotonic() + 60
        while not any(b"path=" in each or b"PATCH" in each or b"entities" in each for each in list(server.received)):
            assert time.monotonic() < deadline, server.request_lines
            time.sleep(0.05)
        time.sleep(0.5)
        program.send_signal(signal.SIGINT)
        started = time.monotonic()
        try:
            _, said = program.communicate(timeout=60)
        finally:
            program.kill()

    # It would wait for most of a minute.
    assert time.monotonic() - started < 25
    assert b"KeyboardInterrupt" in said


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no such device")  # noqa: PTH110
def test_rejects_on_a_full_device_end() -> None:
    with RawServer(answer(400, b'{"message": "no"}')) as server, client_at(server) as client:
        writer = client.streaming.writer(INLET, form=FORM, rejects="/dev/full")
        writer.write({"_id": "1"})
        with pytest.raises(rtcp.RtcpError):
            writer.close()

        assert [reject.row["_id"] for reject in writer.rejects()] == ["1"]


def test_what_the_service_says_does_nothing_to_a_terminal(tmp_path: Path) -> None:
    evil = "\x1b]0;owned\x07\x9b31m\u202etxt"
    policy = {"id": "p", "name": evil, "schema": {"name": "_xdm.context.profile"}, "identityGraph": {"type": "none"}}
    policy |= {"attributeMerge": {"type": "timestampOrdered"}, "imsOrgId": "=cmd|' /C calc'!A0", "version": 1}
    token = answer(200, b'{"access_token": "t", "expires_in": 86400}')
    for form in ("table", "json", "jsonl", "csv"):
        with RawServer(token, answer(200, json.dumps({"children": [policy]}).encode())) as server:
            said = command(server, "merge-policies", "list", "-o", form)
        assert "owned" in said
        assert not any(mark in said for mark in ("\x1b", "\x07", "\x9b", "\u202e"))
    with RawServer(token, answer(404, json.dumps({"title": evil, "message": evil}).encode())) as server:
        said = command(server, "merge-policies", "get", "p")
    assert "owned" in said
    assert "\x1b" not in said


def test_cells_of_csv_are_no_formulas(tmp_path: Path) -> None:
    policy = {"id": "p", "name": "=cmd|' /C calc'!A0", "schema": {"name": "@SUM(1)"}, "identityGraph": {"type": "none"}}
    policy |= {"attributeMerge": {"type": "timestampOrdered"}}
    token = answer(200, b'{"access_token": "t", "expires_in": 86400}')
    listed = answer(200, json.dumps({"children": [policy]}).encode())
    with RawServer(token, listed) as server:
        assert "'=cmd|" in command(server, "merge-policies", "list", "-o", "csv")
    with RawServer(token, listed) as server:
        said = command(server, "merge-policies", "list", "-o", "csv-raw")
    assert "=cmd|" in said
    assert "'=cmd|" not in said


def command(server: RawServer, *words: str) -> str:
    run = subprocess.run(
        [sys.executable, "-P", "-c", "from rtcp.cli import main; main()", *words],
        capture_output=True,
        timeout=30,
        check=False,
        env={**os.environ, "RTCP_EMULATOR": server.url, "PYTHONIOENCODING": "utf-8"},
    )
    return run.stdout.decode() + run.stderr.decode()
