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
    for lookup in lookups:
        assert_type(lookup.entity, rtcp.Entity | None)
        assert_type(lookup.error, rtcp.RtcpError | None)
    assert_type(client.entities.list_events("a"), rtcp.Paged[rtcp.Event])


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
    client.entities.get(17)  # type: ignore[arg-type]
    client.entities.get("a", "Email")  # type: ignore[call-arg]
    client.merge_policies.create(name="n", identity_graph="all", attribute_merge="timestampOrdered")  # type: ignore[arg-type]
    client.inlets.create("n", data_type="csv")  # type: ignore[arg-type]
    rtcp.Config(retries="many")  # type: ignore[arg-type]
    rtcp.Config().sandbox = "dev"  # type: ignore[misc]
