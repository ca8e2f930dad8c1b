"""Verbs that send several requests, and the operations of theirs that are tried out; whatever is told in a result of
theirs is raised.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.contract.calls import CALLS
from tests.contract.export_calls import export, inside
from tests.contract.ingestion_calls import FORM, ROWS, batch, inlet, people
from tests.contract.media_calls import ANALYTICS, BARE
from tests.faults.own_calls import write

import rtcp
from rtcp.media import Recorder

PERSON = {"identityMap": {"crmId": [{"id": "D-1", "primary": True}]}, "city": "Whitby"}
# A wait lives through an outage until its time is up.
SOON = 60.0


def _explain(client: rtcp.Client) -> Any:
    views = client.entities.explain("C-1001", namespace="crmId").views
    errors = [view.error for view in views if view.error is not None]
    if errors:
        raise errors[0]
    if not all(view.entity for view in views):
        raise rtcp.PartialFailureError("unknown under some policy")
    return [len(view.entity.sources) for view in views if view.entity]


def _plan(client: rtcp.Client) -> Any:
    plan = client.system_jobs.plan(dataset_id="harbour-purchases")
    if plan.records is None or plan.profiles is None:
        raise rtcp.PartialFailureError(plan.notes[-1])
    return plan.records, plan.profiles


def _list_events(client: rtcp.Client) -> Any:
    return list(client.entities.list_events("C-1001", namespace="crmId", page_size=3))


def _exported(client: rtcp.Client) -> Any:
    return inside(client).export_jobs.wait(export(inside(client), events=rtcp.ExportEvents()).id, timeout=SOON).id


def _export_download(client: rtcp.Client) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        inside(client).export_jobs.download(_exported(client), folder)
        return _contents(folder)


def _download(client: rtcp.Client) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        inside(client).batches.download(_loaded(client), folder)
        return _contents(folder)


def _contents(folder: str) -> list[tuple[bytes, bytes | int]]:
    """What can be compared of files, as the ids in them are new each time."""
    files = [path for path in Path(folder).rglob("*") if path.is_file()]
    assert not [path for path in files if path.suffix == ".part"]
    contents = [path.read_bytes() for path in files]
    return sorted((content[:4], content[-4:] if content[:4] == b"PAR1" else len(content)) for content in contents)


def _loaded(client: rtcp.Client, content: bytes = b'{"crmId": "D-1"}', **options: Any) -> str:
    batches = inside(client).batches
    batch_id = batch(inside(client), content, **options)
    batches.complete(batch_id)
    return batches.wait(batch_id, allow_failed_records=True, timeout=SOON).id


def _failed_records(client: rtcp.Client) -> Any:
    batch_id = _loaded(client, b'{"crmId": "D-1"}\n{oops}\n{"crmId": null}\n', partial_ingestion_percent=100)
    return len(list(inside(client).batches.failed_records(batch_id)))


def _upload(client: rtcp.Client) -> None:
    batches = inside(client).batches
    batches.upload(batches.create("dev-crm").id, b'{"crmId": "D-1"}' * 9, name="people.json", part_size=64)


def _upsert(client: rtcp.Client) -> Any:
    dev = inside(client)
    result = dev.batches.upsert(people(dev, is_upsert_enabled=True), [PERSON, PERSON], timeout=SOON)
    result.raise_for_failures()
    return result.written


def _resend(client: rtcp.Client) -> Any:
    dev = inside(client)
    result = dev.batches.upsert(
        people(dev, is_upsert_enabled=True), [{"city": "Whitby"}, {}], format="json", timeout=SOON
    )
    rejects = [each for each in result.rejects() if each.row]
    again = dev.batches.resend(result, rejects, timeout=SOON)
    return result.written, len(rejects), again.written, again.failed


def _replay(client: rtcp.Client) -> Any:
    dev = inside(client)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rejects.jsonl"
        path.write_text(json.dumps({"row": ROWS[0], "position": 0, "status": 503}))
        summary = dev.streaming.replay(inlet(dev), path, form=FORM)
        # What is not sent stays, and what is sent does not.
        assert path.exists() is (summary.sent == 0)
        if path.exists():
            raise rtcp.PartialFailureError("a row stays in the file")
        return summary.sent


def _spooled(client: rtcp.Client) -> Any:
    """A writer with a spool; what the service is too busy for is sent by the next one."""
    dev = inside(client)
    with tempfile.TemporaryDirectory() as folder:
        options = {"form": FORM, "spool": Path(folder) / "rows.spool"}
        with dev.streaming.writer(inlet(dev), **options) as writer:
            writer.write_many(ROWS)
        writer.raise_for_failures()
        return writer.summary.sent


def _drain(client: rtcp.Client, **options: Any) -> Any:
    with tempfile.TemporaryDirectory() as folder, Recorder(Path(folder) / "spool") as recorder:
        recorder.start_session(BARE).complete(20)
        recorder.start_session(BARE).complete(20)
        drained = recorder.drain(client, **options)
        # Whatever is not sent is there still.
        assert drained.sent + len(recorder) + len(recorder.dead_letters()) == 2
        if recorder.dead_letters():
            raise rtcp.UnprocessableError(str(recorder.dead_letters()[0].reason), status=422)
        if drained.problem is not None:
            raise drained.problem
        return drained.sent


# Verbs that send several requests, and which of them are tried out.
COMPOSED: dict[str, tuple[Callable[[rtcp.Client], Any], tuple[str, ...]]] = {
    "entities.list_events": (_list_events, ("entities.get",)),
    "entities.explain": (_explain, ("merge_policies.list", "entities.get")),
    "merge_policies.list": (CALLS["merge_policies.list: in pages"], ("merge_policies.list",)),
    "system_jobs.plan": (_plan, ("preview.dataset_stats", "datasets.get")),
    "export_jobs.download": (_export_download, ("export_jobs.get", "batches.files", "batches.file")),
    "export_jobs.rows": (
        lambda client: list(inside(client).export_jobs.rows(_exported(client))),
        ("batches.files", "batches.file"),
    ),
    "batches.download": (_download, ("batches.get", "batches.files", "batches.file")),
    "batches.upload": (_upload, ("batches.upload_action", "batches.upload_part")),
    "batches.upsert": (
        _upsert,
        ("datasets.get", "batches.create", "batches.upload", "batches.complete", "batches.get"),
    ),
    "batches.resend": (_resend, ("batches.meta_files", "batches.create")),
    "batches.failed_records": (_failed_records, ("batches.meta_files", "batches.failed_records")),
    "datasets.create": (lambda client: bool(people(inside(client))), ("datasets.create", "datasets.get")),
    "streaming.writer": (write, ("streaming.send_many",)),
    "streaming.writer: spooled": (_spooled, ("streaming.send_many",)),
    "streaming.replay": (_replay, ("streaming.send_many",)),
    "recorder.drain: edge": (
        lambda client: _drain(client, config_id="stream-1"),
        ("media_edge.send_downloaded",),
    ),
    "recorder.drain: collection": (
        lambda client: _drain(client, analytics=ANALYTICS),
        ("media_collection.send_downloaded",),
    ),
}
