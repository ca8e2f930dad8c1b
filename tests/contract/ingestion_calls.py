"""Every way of calling the verbs of streaming, inlets, batches and datasets that take data."""

from __future__ import annotations

import dataclasses
import json
import tempfile
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.contract.export_calls import inside

import rtcp

SCHEMA = "https://ns.adobe.com/xdm/context/profile"
NOWHERE = "0" * 64
FORM = rtcp.RowForm(dataset_id="dev-crm", schema_id=SCHEMA)
ROWS = [{"crmId": "D-1", "city": "Whitby"}, {"crmId": "D-2"}]


def inlet(client: rtcp.Client, **options: Any) -> str:
    made = client.inlets.create(name=f"Tills {uuid.uuid4().hex}", **options)
    assert made.inlet_id is not None
    return made.inlet_id


def message(**changes: Any) -> dict[str, Any]:
    row = {"crmId": "D-1", "person": {"name": {"firstName": "Ann"}}}
    return rtcp.envelope(row, form=dataclasses.replace(FORM, **changes), org_id="0A1B2C3D4E5F60718293A4B5@AdobeOrg")


def broken() -> dict[str, Any]:
    whole = message()
    return {**whole, "header": {**whole["header"], "imsOrgId": "other@AdobeOrg"}}


def write(client: rtcp.Client, rows: list[dict[str, Any]], *, form: rtcp.RowForm = FORM, **options: Any) -> None:
    with client.streaming.writer(inlet(client), form=form, **options) as writer:
        for row in rows:
            writer.write(row)


def replay(client: rtcp.Client) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rejects.jsonl"
        path.write_text(json.dumps({"row": ROWS[0], "position": 0, "status": 503}))
        client.streaming.replay(inlet(client), path, form=FORM)


def batch(client: rtcp.Client, content: bytes = b'{"crmId": "D-1"}', **options: Any) -> str:
    made = client.batches.create("dev-crm", **options)
    client.batches.upload(made.id, content, dataset_id="dev-crm", name="people.json")
    return made.id


def loaded(client: rtcp.Client, content: bytes = b'{"crmId": "D-1"}', **options: Any) -> str:
    batch_id = batch(client, content, **options)
    client.batches.complete(batch_id)
    client.batches.wait(batch_id, allow_failed_records=True)
    return batch_id


def failed(client: rtcp.Client, **options: Any) -> list[Any]:
    lines = b'{"crmId": "D-1"}\n{oops}\n{"crmId": null}\n'
    return list(client.batches.failed_records(loaded(client, lines, partial_ingestion_percent=100, **options)))


def download(client: rtcp.Client) -> None:
    with tempfile.TemporaryDirectory() as folder:
        client.batches.download(loaded(client), folder)


def people(client: rtcp.Client, **options: Any) -> str:
    return client.datasets.create(name=f"People {uuid.uuid4().hex}", schema_ref=SCHEMA, **options).id


def upserted(client: rtcp.Client) -> Any:
    rows = [{"identityMap": {"crmId": [{"id": "D-1", "primary": True}]}, "city": "Whitby"}]
    return client.batches.upsert(people(client, is_upsert_enabled=True), rows)


def resend(client: rtcp.Client) -> None:
    result = client.batches.upsert(people(client, is_upsert_enabled=True), [{"city": "Whitby"}, {}], format="json")
    client.batches.resend(result, [each for each in result.rejects() if each.row])


CALLS: dict[str, Callable[[rtcp.Client], Any]] = {
    "streaming.send": lambda c: c.streaming.send(inlet(inside(c)), message()),
    "streaming.send: validated": lambda c: c.streaming.send(inlet(inside(c)), message(), validate=True),
    "streaming.send: with the token": lambda c: c.streaming.send(
        inlet(inside(c), is_authenticated=True), message(), authenticated=True
    ),
    "streaming.send: without the token": lambda c: c.streaming.send(inlet(inside(c), is_authenticated=True), message()),
    "streaming.send: another organisation": lambda c: c.streaming.send(inlet(inside(c)), broken()),
    "streaming.send: found wrong": lambda c: c.streaming.send(
        inlet(inside(c)), rtcp.envelope({"x": 1}, form=FORM), validate=True
    ),
    "streaming.send: no such inlet": lambda c: c.streaming.send(NOWHERE, message()),
    "streaming.send: no such flow": lambda c: c.streaming.send(
        inlet(inside(c), data_type="raw"), {"crmId": "D-1"}, flow_id="gone"
    ),
    "streaming.send_many": lambda c: c.streaming.send_many(inlet(inside(c)), [message(), broken(), message()]),
    "streaming.writer": lambda c: write(inside(c), ROWS),
    "streaming.writer: all options": lambda c: write(
        inside(c),
        ROWS,
        form=dataclasses.replace(FORM, source="Tills", kind="record", identity="crmId"),
        workers=1,
        max_batch=1,
    ),
    "streaming.replay": lambda c: replay(inside(c)),
    "inlets.create": lambda c: inlet(inside(c)),
    "inlets.create: all options": lambda c: inlet(
        inside(c), data_type="raw", is_authenticated=True, source_id="till-7", description="The last till"
    ),
    "inlets.list": lambda c: list(c.inlets.list()),
    "inlets.get": lambda c: [c.inlets.get(each.id) for each in c.inlets.list()],
    "inlets.get: unknown": lambda c: c.inlets.get("gone"),
    "batches.create": lambda c: inside(c).batches.create("dev-crm"),
    "batches.create: all options": lambda c: inside(c).batches.create(
        "dev-crm",
        format="csv",
        csv=rtcp.CsvOptions(delimiter=";"),
        replay=["b-1"],
        diagnostics=True,
        partial_ingestion_percent=5,
        external_id=f"import-{uuid.uuid4().hex}",
    ),
    "batches.create: no such dataset": lambda c: inside(c).batches.create("gone"),
    "batches.upload": lambda c: batch(inside(c)),
    "batches.upload: in parts": lambda c: inside(c).batches.upload(
        inside(c).batches.create("dev-crm").id, b'{"crmId": "D-1"}' * 9, name="people.json", part_size=64
    ),
    "batches.upload: resumed": lambda c: inside(c).batches.upload(
        inside(c).batches.create("dev-crm").id, b"x" * 9, name="people.json", part_size=4, resume=True
    ),
    "batches.upload: no such batch": lambda c: inside(c).batches.upload("gone", b"", dataset_id="x", name="x"),
    "batches.complete": lambda c: inside(c).batches.complete(batch(inside(c))),
    "batches.complete: unknown": lambda c: inside(c).batches.complete("gone"),
    "batches.abort": lambda c: inside(c).batches.abort(batch(inside(c))),
    "batches.abort: too late": lambda c: inside(c).batches.abort(loaded(inside(c))),
    "batches.delete": lambda c: inside(c).batches.delete(loaded(inside(c))),
    "batches.get": lambda c: inside(c).batches.get(batch(inside(c))),
    "batches.get: unknown": lambda c: c.batches.get("gone"),
    "batches.list": lambda c: [batch(inside(c)), list(inside(c).batches.list(limit=3))],
    "batches.list: all options": lambda c: list(
        inside(c).batches.list(
            dataset_id="dev-crm",
            status="success",
            created_after=datetime(2020, 1, 1, tzinfo=UTC),
            created_before=datetime(2100, 1, 1, tzinfo=UTC),
            limit=3,
            page_size=1,
        )
    ),
    "batches.wait": lambda c: loaded(inside(c)),
    "batches.failed_records": lambda c: failed(inside(c)),
    "batches.failed_records: diagnosed": lambda c: failed(inside(c), diagnostics=True),
    "batches.files": lambda c: list(inside(c).batches.files(loaded(inside(c)))),
    "batches.download": lambda c: download(inside(c)),
    "batches.upsert": lambda c: upserted(inside(c)),
    "batches.resend": lambda c: resend(inside(c)),
    "datasets.create": lambda c: people(inside(c)),
    "datasets.create: all options": lambda c: people(
        inside(c), kind="record", description="All of them", is_upsert_enabled=True
    ),
    "datasets.enable_profile": lambda c: inside(c).datasets.enable_profile(people(inside(c)), upsert=True),
    "datasets.disable_profile": lambda c: inside(c).datasets.disable_profile(people(inside(c))),
    "datasets.disable_profile: unknown": lambda c: inside(c).datasets.disable_profile("gone"),
}
