"""What a type checker sees of answers: look-ups, ids, pages, jobs and errors; mypy and pyright read this file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, assert_type

import rtcp
from rtcp._unset import Unset


def a_lookup_is_narrowed_by_looking_at_it(client: rtcp.Client) -> dict[int, rtcp.Entity]:
    found: dict[int, rtcp.Entity] = {}
    for hit in client.entities.get_many(["a"], namespace="Email", on_missing="yield"):
        if hit.error is not None:
            assert_type(hit.error, rtcp.RtcpError)
        else:
            assert_type(hit.entity, rtcp.Entity)
            found[hit.position] = hit.entity
    return found


def an_outcome_is_narrowed_by_looking_at_it(client: rtcp.Client) -> list[str]:
    sent = client.streaming.send_many("i", [{}])
    for outcome in sent.outcomes:
        if outcome.value is not None:
            assert_type(outcome.value, rtcp.StreamReceipt)
        else:
            assert_type(outcome.error, rtcp.RtcpError)
    # Iterating leaves nothing to narrow.
    return [receipt.xaction_id for receipt in sent]


def ids_go_back_in_as_they_came_out(client: rtcp.Client) -> None:
    inlet = client.inlets.create(name="till")
    assert_type(inlet.id, str)
    assert_type(inlet.inlet_id, str)
    client.inlets.get(inlet.id)
    dataset = client.datasets.get("d")
    client.streaming.writer(inlet.inlet_id, form=rtcp.RowForm(dataset_id=dataset.id, schema_id="s"))
    client.system_jobs.wait(client.system_jobs.create(dataset_id=dataset.id).id)
    export = client.export_jobs.create(destination_dataset_id=dataset.id)
    client.export_jobs.wait(export.id)
    client.export_jobs.get("7")
    client.export_jobs.get(7)
    batch = client.batches.create(dataset.id)
    client.batches.wait(batch.id)
    person = client.entities.get(rtcp.Identity("a", "Email"))
    client.entities.get(person.entity_id)


def lists_are_of_what_they_list(client: rtcp.Client) -> None:
    assert_type([audience.id for audience in client.audiences.list()], list[str])
    assert_type([each.code for each in client.namespaces.list()], list[str])
    assert_type(client.datasets.list().first(), rtcp.Dataset | None)
    assert_type(client.batches.list(), rtcp.Paged[rtcp.Batch])
    assert_type(client.computed_attributes.list(), rtcp.Paged[rtcp.ComputedAttribute])
    assert_type(client.export_jobs.list(), rtcp.Paged[rtcp.ExportJob])
    for page in client.system_jobs.list().pages():
        assert_type(page.items, Sequence[rtcp.SystemJob])
        assert_type(page.next, str | None)


def jobs_are_waited_for_by_type(client: rtcp.Client) -> None:
    assert_type(client.system_jobs.wait("j", on_progress=lambda job: print(job.is_final)), rtcp.SystemJob)
    assert_type(client.export_jobs.wait("j"), rtcp.ExportJob)
    assert_type(client.batches.wait("j"), rtcp.Batch)
    assert_type(client.computed_attributes.wait("j"), rtcp.ComputedAttribute)
    now = datetime.now(UTC)
    assert_type(client.preview.wait(sampled_after=now), rtcp.PreviewStatus)


def errors_are_caught_by_what_happened(client: rtcp.Client) -> str:
    try:
        client.entities.get("a", namespace="Email")
    except rtcp.NotFoundError as exc:
        return f"{exc.status} {exc.code} {exc.url}"
    except (rtcp.ConnectError, rtcp.RequestTimeoutError) as exc:
        assert_type(exc, rtcp.ConnectError | rtcp.RequestTimeoutError)
        assert_type(exc.request_id, str | None)
        return "no answer"
    except rtcp.RtcpError as exc:
        return str(exc)
    return ""


def errors_are_those_of_python_too(client: rtcp.Client) -> None:
    try:
        client.export_jobs.wait("7", timeout=1)
    except TimeoutError as exc:
        if isinstance(exc, rtcp.WaitTimeoutError):
            assert_type(exc.last, Any)
    except ValueError as exc:
        if isinstance(exc, rtcp.InvalidArgumentError):
            assert_type(exc, rtcp.InvalidArgumentError)


def an_unset_value_is_told_from_none(value: str | Unset | None) -> str:
    if value is rtcp.UNSET:
        return "left as it is"
    if value is None:
        return "cleared"
    assert_type(value, str)
    return value
