"""A service that says back what it was sent, in every way that it can be written: no error repeats who it was about."""

from __future__ import annotations

import base64
import html
import io
import json
import re
import socket
import unicodedata
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pyarrow
import pytest
from pyarrow import parquet
from tests.helpers.logs import everything_logged
from tests.helpers.servers import RawServer, answer, refusing_address
from tests.helpers.witness import locals_of, texts_of

import rtcp

SCHEMA = "https://ns.adobe.com/xdm/context/profile"
INLET = "0" * 64
_REQUEST_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
FORM = rtcp.RowForm(dataset_id="d1", schema_id=SCHEMA)
ROW = {"_id": "mara-77", "email": "mara@example.com", "phone": "+49 (170) 123-4567", "crm": "C-1001"}
FIELDS: dict[str, Any] = {"client_id": "machine", "org_id": "0A@AdobeOrg", "token": "tok-77-abc", "retries": 0}


def twice(text: str) -> str:
    return quote(quote(text, safe=""), safe="")


def entities(text: str) -> str:
    return "".join(f"&#{ord(letter)};" for letter in text)


WAYS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "small": str.lower,
    "percent": lambda text: quote(text, safe=""),
    "percent, all": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "percent, twice": twice,
    "percent, thrice": lambda text: quote(twice(text), safe=""),
    "entities": html.escape,
    "entities, all": entities,
    "entities, hexadecimal": lambda text: "".join(f"&#x{ord(letter):X};" for letter in text),
    "entities, named": lambda text: text.replace("@", "&commat;").replace("+", "&plus;"),
    "entities, twice": lambda text: html.escape(entities(text)),
    "JSON": lambda text: "".join(f"\\u{ord(letter):04x}" for letter in text),
    "JSON, twice": lambda text: json.dumps(json.dumps(text))[3:-3],
    "capitals": str.upper,
    "bytes as programs show them": lambda text: "".join(f"\\x{byte:02x}" for byte in text.encode()),
    "characters as programs show them": lambda text: text.encode("unicode_escape").decode(),
    "characters by eight digits": lambda text: "".join(f"\\U{ord(letter):08x}" for letter in text),
    "characters in braces": lambda text: "".join(f"\\u{{{ord(letter):x}}}" for letter in text),
    "percent, of old programs": lambda text: "".join(f"%u{ord(letter):04X}" for letter in text),
    "percent, in Latin-1": lambda text: quote(text, safe="", encoding="latin-1", errors="replace"),
    "percent, of JSON": lambda text: quote(json.dumps(text)[1:-1], safe=""),
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
    "hexadecimal": lambda text: text.encode().hex(),
    "base64, twice": lambda text: base64.b64encode(base64.b64encode(text.encode())).decode(),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64, of more": lambda text: base64.urlsafe_b64encode(f"<{text}>".encode()).decode().rstrip("="),
    "base64, of a document": lambda text: base64.b64encode(json.dumps({"id": text}).encode()).decode(),
}


def look_up(client: rtcp.Client) -> Any:
    return client.entities.get(ROW["crm"], namespace="crmId")


UNREADABLE: dict[str, Callable[[rtcp.Client], Any]] = {
    "a look-up": look_up,
    "events": lambda client: client.entities.list_events("C-1001", namespace="crmId").first(),
    "a policy": lambda client: client.merge_policies.get("p"),
    "policies": lambda client: client.merge_policies.list().first(),
    "an audience": lambda client: client.audiences.get("a"),
    "exports": lambda client: client.export_jobs.list().first(),
    "a batch": lambda client: client.batches.get("b"),
    "a dataset": lambda client: client.datasets.get("d"),
    "a report": lambda client: client.preview.dataset_report(),
    "a delete request": lambda client: client.system_jobs.get("j"),
    "an attribute": lambda client: client.computed_attributes.get("c"),
    "files": lambda client: list(client.batches.files("b")),
}
# What is written in them reads like an encoding of something else.
LIKE_ENCODED = ["C%41-1001", "50%25-of-77", "AT&amp;T-77", "c\\u0041-77", "ACME\\mara", 'mara "m" 77', "Straße-77"]
PHONES = ["+491701234567", "491701234567", "00491701234567", "0170 1234567", "0170/123-45-67", "1701234567"]


def refusing(text: str, headers: str = "", status: int = 400) -> Callable[[socket.socket, bytes], None]:
    body = json.dumps({"title": f"bad: {text}", "detail": f"see {text} there", "message": f"no {text}."}).encode()
    head = f"HTTP/1.1 {status} No\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n"
    return lambda connection, request: connection.sendall(head.encode() + body)


def heard(server: str, call: Callable[[rtcp.Client], Any]) -> str:
    """All that is said of a call that fails: its error with the causes and locals, and the logs."""
    service = {"base_url": server, "streaming_url": server, "media_url": server, "edge_url": server}
    said: list[str] = []
    with everything_logged() as log, rtcp.Client(rtcp.Config(**FIELDS, **service)) as client:
        try:
            call(client)
        except rtcp.RtcpError as exc:
            said += texts_of(exc)
    return "\n".join([*said, *log.texts()])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["_id", "email", "phone", "crm"])
def test_a_refused_row_is_not_repeated(way: str, name: str) -> None:
    echoed = WAYS[way](ROW[name])
    with (
        RawServer(refusing(echoed)) as server,
        rtcp.Client(rtcp.Config(**FIELDS, streaming_url=server.url)) as client,
        pytest.raises(rtcp.BadRequestError) as caught,
    ):
        client.streaming.send(INLET, rtcp.envelope(ROW, form=FORM))

    error = caught.value
    said = "\n".join([str(error), repr(error), str(error.title), str(error.detail)])
    assert "***" in said
    assert echoed.rstrip("=") not in said


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("id", ["C-1001", "mara@example.com", "+49 (170) 123-4567", "a1", "Zoë & Co"])
def test_who_was_asked_for_is_not_repeated(way: str, id: str) -> None:
    echoed = WAYS[way](id)
    with RawServer(refusing(echoed, status=500)) as server:
        said = heard(server.url, lambda client: client.entities.get(id, namespace="crmId"))

    # A short id is in an id of a request by chance.
    said = _REQUEST_ID.sub("", said)
    assert "ServerError" in said
    if way not in ("base64, of more", "base64, of a document") or len(id) > 3:
        assert echoed.rstrip("=") not in said


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("id", LIKE_ENCODED)
def test_an_id_that_looks_encoded_itself_is_not_repeated(way: str, id: str) -> None:
    echoed = WAYS[way](id)
    with RawServer(refusing(echoed, status=500)) as server:
        said = heard(server.url, lambda client: client.entities.get(id, namespace="crmId"))

    assert "ServerError" in said
    assert echoed.rstrip("=") not in said
    assert "***" in said


def table_of(row: dict[str, str]) -> bytes:
    file = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist([row]), file)
    return file.getvalue()


FILES = {
    "people.json": json.dumps(ROW).encode() + b"\n" + json.dumps(ROW)[:20].encode(),
    "array.json": json.dumps([ROW, ROW]).encode(),
    "people.csv": f"{','.join(ROW)}\n{','.join(ROW.values())}\n".encode(),
    "people.parquet": table_of(ROW),
}


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("name", ROW)
def test_a_refused_file_is_not_repeated(file: str, name: str) -> None:

    def refuse(connection: socket.socket, request: bytes) -> None:
        # Only the bytes of the file are refused.
        is_refused = request.startswith(b"PUT")
        (refusing(f"bad value {ROW[name]}") if is_refused else answer(200, b"{}"))(connection, request)

    with RawServer(refuse) as server:
        said = heard(
            server.url,
            lambda client: client.batches.upload("b1", FILES[file], dataset_id="d1", name=file),
        )

    assert "bad value ***" in said
    assert ROW[name] not in said


@pytest.mark.parametrize("echoed", PHONES)
def test_a_phone_number_in_another_form_is_the_same_number(echoed: str) -> None:
    with RawServer(refusing(echoed)) as server:
        said = heard(server.url, lambda client: client.entities.get(ROW["phone"], namespace="Phone"))

    assert echoed.lstrip("+") not in said


@pytest.mark.parametrize(
    "told",
    [
        "C-1001",
        "tok-77-abc",
        "dG9rLTc3LWFiYw",
        "746f6b2d37372d616263",
        "c-1001-retry",
        "QzEwMC1DLTEwMDE",
        base64.b64encode(b"C-1001").decode(),
        "\x1b[31m",
    ],
)
@pytest.mark.parametrize("status", [200, 400, 500])
def test_an_echoed_request_id_is_not_taken(told: str, status: int) -> None:
    with RawServer(refusing("x", f"X-Request-Id: {told}\r\n", status)) as server:
        said = heard(server.url, look_up)

    if told != "QzEwMC1DLTEwMDE":
        assert told not in said


def test_the_services_own_request_id_is_told() -> None:
    theirs = "tc9FQkjZ4bRUQ2j0ZCVnk0NN1mHo3xGQ"
    with RawServer(refusing("x", f"X-Request-Id: {theirs}\r\n")) as server:
        said = heard(server.url, look_up)

    assert f"request {theirs}" in said


def test_what_was_asked_for_is_in_no_local_of_a_failed_connection() -> None:
    with (
        rtcp.Client(rtcp.Config(**FIELDS, base_url=refusing_address())) as client,
        pytest.raises(rtcp.ConnectError) as caught,
    ):
        look_up(client)

    # The verb's own arguments are the caller's.
    assert "C-1001" not in "\n".join(locals_of(caught.value, within="rtcp.transport."))


def test_each_of_many_rows_is_masked_in_what_is_said_of_it(tmp_path: Any) -> None:
    entry = {"status": 400, "message": f"{twice('mara-77')} and {ROW['crm']} are wrong", "xactionId": "x"}
    body = json.dumps({"responses": [entry, entry]}).encode()
    head = f"HTTP/1.1 207 Mixed\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
    with (
        RawServer(lambda connection, request: connection.sendall(head + body)) as server,
        rtcp.Client(rtcp.Config(**FIELDS, streaming_url=server.url)) as client,
    ):
        result = client.streaming.send_many(INLET, [rtcp.envelope(ROW, form=FORM)] * 2)

    texts = [str(failure.error) for failure in result.failed]
    assert len(texts) == 2
    assert all("***" in text and "1001" not in text and "mara" not in text for text in texts)


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
@pytest.mark.parametrize("call", UNREADABLE.values(), ids=UNREADABLE)
def test_an_answer_that_cannot_be_read_is_in_no_local_of_its_error(call: Callable[[rtcp.Client], Any]) -> None:
    odd = {"entityId": "mara", "entity": "mara", "identityGraph": "mara", "id": "mara", "name": ["mara"]}
    body = json.dumps({"mara": odd, "children": [odd], "records": [odd], "data": "mara", "results": odd}).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
    with (
        RawServer(lambda connection, request: connection.sendall(head + body)) as server,
        rtcp.Client(rtcp.Config(**FIELDS, base_url=server.url, strict=True)) as client,
        pytest.raises(rtcp.DecodeError) as caught,
    ):
        call(client)

    assert not [text for text in locals_of(caught.value) if "mara" in text]
