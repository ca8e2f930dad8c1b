"""Two clients for two organisations in one process: tokens, caches, sandbox ids, spools and hooks stay apart."""

from __future__ import annotations

import json
import threading

import pytest
from tests.helpers.clock import FakeClock

import rtcp
from rtcp.bulk.spool import SpoolFile
from rtcp.emulator import Emulator


@pytest.fixture
def both(tmp_path):
    """A client of each of two services, with one token cache for both."""
    with Emulator(seed=1) as first, Emulator(seed=2) as second:
        first.store.create_sandbox("shop")
        second.store.create_sandbox("shop")
        clients = [
            rtcp.Client(
                rtcp.Config(
                    client_id=f"machine-{name}",
                    client_secret=f"p8-{name}",
                    org_id=f"{name}@AdobeOrg",
                    scopes="openid",
                    base_url=emulator.url,
                    ims_url=emulator.url,
                    streaming_url=emulator.url,
                    sandbox="shop",
                    sandbox_id="auto",
                    retries=0,
                    token_cache=tmp_path / "token.json",
                ),
                clock=FakeClock(),
            )
            for name, emulator in (("0A", first), ("0B", second))
        ]
        with clients[0], clients[1]:
            yield [*zip(clients, (first, second), strict=True)]


def test_a_shared_token_cache_never_gives_one_the_token_of_the_other(both, tmp_path):
    for _ in range(2):
        for client, _emulator in both:
            client.merge_policies.list().first()
            with rtcp.Client(client.config) as again:
                again.merge_policies.list().first()

    for _, emulator in both:
        # The service refuses a token that it has not given.
        assert {each.status for each in emulator.requests} == {200}
    assert len(json.loads((tmp_path / "token.json").read_text())) == 3


def test_threads_of_both_never_mix_headers(both):
    def work(client: rtcp.Client) -> None:
        for _ in range(20):
            client.system_jobs.list().first()

    threads = [threading.Thread(target=work, args=(client,)) for client, _ in both for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    seen = [
        {(each.headers.get("x-gw-ims-org-id"), each.headers.get("x-sandbox-id")) for each in emulator.requests.of(name)}
        for _, emulator in both
        for name in ("system_jobs.list",)
    ]
    assert [len(headers) for headers in seen] == [1, 1]
    assert [next(iter(headers))[0] for headers in seen] == ["0A@AdobeOrg", "0B@AdobeOrg"]
    assert seen[0] != seen[1]


def test_one_spool_keeps_the_rows_of_both_apart(both, tmp_path):
    inlets = [client.inlets.create(name="Tills").inlet_id for client, _ in both]
    assert inlets[0] != inlets[1]
    with SpoolFile(tmp_path / "spool") as spool:
        for number, (client, emulator) in enumerate(both):
            for operation in ("streaming.send", "streaming.send_many"):
                emulator.faults.always(operation, status=503)
            form = rtcp.RowForm(dataset_id=f"crm-{number}", schema_id="https://ns.example/s")
            options = {"form": form, "spool": spool}
            with client.streaming.writer(inlets[number], **options) as writer:
                writer.write({"crmId": f"of-{number}"})
            assert writer.summary.waiting == 1
            emulator.faults.clear()
            emulator.requests.clear()
        for number, (client, emulator) in enumerate(both):
            form = rtcp.RowForm(dataset_id=f"crm-{number}", schema_id="https://ns.example/s")
            options = {"form": form, "spool": spool}
            with client.streaming.writer(inlets[number], **options) as writer:
                writer.flush()
            sent = [str(each.body) for each in emulator.requests]
            assert [f"of-{number}" in text for text in sent] == [True]
