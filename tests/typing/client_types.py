"""What a type checker sees of the client; mypy runs this file, nothing else does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, assert_type

import requests

import rtcp
from rtcp._unset import Unset, drop_unset


def clients(config: rtcp.Config) -> None:
    client = rtcp.Client(config)
    assert_type(client, rtcp.Client)
    assert_type(client.config, rtcp.Config)
    assert_type(client.http, requests.Session)
    assert_type(client.with_sandbox("dev"), rtcp.Client)
    assert_type(client.with_options(timeout=3, retries=0), rtcp.Client)
    assert_type(rtcp.Client.for_emulator("http://127.0.0.1:8089"), rtcp.Client)
    with client as same:
        assert_type(same, rtcp.Client)


def settings() -> None:
    assert_type(rtcp.Client(sandbox="dev", retries=2, timeout=(5, 60)), rtcp.Client)
    assert_type(rtcp.__version__, str)


def heard(event: rtcp.hooks.Event) -> None:
    if isinstance(event, rtcp.hooks.RequestFinished):
        assert_type(event.status, int)


def hooks() -> None:
    rtcp.Client(hooks=[heard])


def configs() -> None:
    assert_type(rtcp.Config.load(), rtcp.Config)
    assert_type(rtcp.Config.from_file("credential.json"), rtcp.Config)
    assert_type(rtcp.Config().secrets, tuple[rtcp.Secret, ...])
    assert_type(rtcp.Config().sandbox, str | None)
    assert_type(rtcp.Secret(env="NAME").resolve(), str)


def entities(client: rtcp.Client) -> None:
    person = client.entities.get("jane@example.com", namespace="Email")
    assert_type(person, rtcp.Entity)
    assert_type(person.entity, dict[str, Any])
    assert_type(person.identities, list[rtcp.Identity])
    lookups = client.entities.get_many(["a", rtcp.Identity("b", "crmId")], namespace="Email")
    assert_type(lookups, Iterator[rtcp.Lookup])
    for hit in lookups:
        assert_type(hit.position, int)
        if hit.error is not None:
            assert_type(hit, rtcp.Miss)
            assert_type(hit.error, rtcp.RtcpError)
        else:
            assert_type(hit.entity, rtcp.Entity)
            assert_type(hit.identity, rtcp.Identity)
    assert_type(client.entities.list_events("a"), rtcp.Paged[rtcp.Event])


def bulk_results(client: rtcp.Client) -> None:
    result = client.merge_policies.get_many(["p1", "p2"])
    assert_type(result, rtcp.BulkResult[rtcp.MergePolicy])
    for outcome in result.outcomes:
        if outcome.error is None:
            assert_type(outcome.value, rtcp.MergePolicy)
        else:
            assert_type(outcome, rtcp.Failure)
    assert_type(result.succeeded, list[rtcp.Success[rtcp.MergePolicy]])
    assert_type(list(result), list[rtcp.MergePolicy])


def models_that_go_back(
    client: rtcp.Client, policy: rtcp.MergePolicy, attribute: rtcp.ComputedAttribute, dataset: rtcp.Dataset
) -> None:
    client.merge_policies.create(name="n", identity_graph=policy.identity_graph, attribute_merge=policy.attribute_merge)
    if attribute.expression is not None and attribute.duration is not None and dataset.schema_ref is not None:
        client.computed_attributes.create(
            name="n", display_name="n", description="n", expression=attribute.expression, duration=attribute.duration
        )
        client.datasets.create(name="n", schema_ref=dataset.schema_ref)


def ids_of_jobs(client: rtcp.Client) -> None:
    assert_type(client.export_jobs.get(17).id, int | str)
    assert_type(client.system_jobs.get(17).id, str)
    assert_type(client.batches.get("b").id, str)


def merge_policies(client: rtcp.Client) -> None:
    policies = client.merge_policies.list(limit=3)
    assert_type(policies, rtcp.Paged[rtcp.MergePolicy])
    assert_type(policies.first(), rtcp.MergePolicy | None)
    for page in policies.pages():
        assert_type(page, rtcp.Page[rtcp.MergePolicy])
    for policy in policies:
        assert_type(policy, rtcp.MergePolicy)
    created = client.merge_policies.create(name="n", identity_graph="none", attribute_merge="timestampOrdered")
    assert_type(created, rtcp.MergePolicy)


def streaming(client: rtcp.Client) -> None:
    form = rtcp.RowForm(dataset_id="d", schema_id="https://ns.adobe.com/a/schemas/b")
    message = rtcp.envelope({"a": 1}, form=form)
    assert_type(message, dict[str, Any])
    assert_type(client.streaming.send("i", message), rtcp.StreamReceipt)
    assert_type(client.streaming.send_many("i", [message]), rtcp.BulkResult[rtcp.StreamReceipt])
    with client.streaming.writer("i", form=form) as writer:
        assert_type(writer, rtcp.StreamWriter)
        assert_type(writer.summary, rtcp.WriterSummary)
        assert_type(writer.rejects(), Iterator[rtcp.Reject])
    assert_type(client.streaming.replay("i", "p", form=form), rtcp.WriterSummary)
    assert_type(client.inlets.list(), rtcp.Paged[rtcp.Inlet])
    assert_type(client.inlets.get("c").inlet_id, str)


def unset(name: str | Unset | None) -> None:
    if name is rtcp.UNSET:
        return
    assert_type(name, str | None)
    assert_type(drop_unset({"name": name}), dict[str, Any])


def errors(client: rtcp.Client) -> None:
    try:
        client.merge_policies.get("p")
    except rtcp.RateLimitError as exc:
        assert_type(exc.retry_after, float | None)
    except rtcp.ResponseError as exc:
        assert_type(exc.status, int)
        assert_type(exc.request_id, str | None)
    except rtcp.RequestError as exc:
        assert_type(exc.may_have_been_applied, bool)


def mistakes(client: rtcp.Client) -> None:
    # Each line must be an error: mypy reports an ignore that hides none.
    client.entities.get(17.5)  # type: ignore[arg-type]
    client.entities.get("a", "Email")  # type: ignore[call-arg]
    client.merge_policies.create(name="n", identity_graph="all", attribute_merge="timestampOrdered")  # type: ignore[arg-type]
    client.inlets.create(name="n", data_type="csv")  # type: ignore[arg-type]
    client.datasets.create("n", schema_ref="s")  # type: ignore[call-arg]
    rtcp.Client(sandbx="x")  # type: ignore[call-arg]
    rtcp.Client.for_emulator("http://127.0.0.1:8089", retry=3)  # type: ignore[call-arg]
    rtcp.Config.load(sandbx="x")  # type: ignore[call-arg]
    rtcp.Config().replace(sandbx="x")  # type: ignore[call-arg]
    rtcp.Config.from_file("credential.json", sandbx="x")  # type: ignore[call-arg]
    client.entities.list_events("a", occurred_after="2026-01-01")  # type: ignore[arg-type]
    rtcp.Config(retries="many")  # type: ignore[arg-type]
    rtcp.Config().sandbox = "dev"  # type: ignore[misc]
