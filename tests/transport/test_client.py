"""The client as a whole: what goes on the wire, hooks, sandboxes, closing, pickling."""

from __future__ import annotations

import copy
import gc
import logging
import pickle
import re
import warnings
from typing import Any

import pytest
from tests.helpers.clock import FakeClock

import rtcp
from rtcp.transport import hooks

SETTINGS: dict[str, Any] = {"client_id": "machine", "org_id": "0A1B@AdobeOrg", "token": "given"}


def headers_of(emulator: Any, **fields: Any) -> dict[str, str]:
    """The headers of a single request, as the service received them."""
    config = rtcp.Config(**{**SETTINGS, "base_url": emulator.url, **fields})
    with rtcp.Client(config) as client, pytest.raises(rtcp.AuthenticationError):
        client.merge_policies.get("p-1")
    return dict(emulator.requests[-1].headers)


def test_every_request_carries_the_gateways_headers(emulator: Any) -> None:
    headers = headers_of(emulator, sandbox="dev", user_agent="nightly/7")

    assert headers["authorization"].startswith("Bearer ")
    assert headers["x-api-key"] == "machine"
    assert headers["x-gw-ims-org-id"] == "0A1B@AdobeOrg"
    assert headers["x-sandbox-name"] == "dev"
    assert headers["accept"] == "application/json"
    assert re.fullmatch(r"nightly/7 rtcp/\S+ python/3\.\S+", headers["user-agent"])
    assert "x-sandbox-id" not in headers
    assert "content-type" not in headers


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {"x-sandbox-name": "prod"}),
        ({"sandbox_id": "5f-1"}, {"x-sandbox-id": "5f-1"}),
        ({"sandbox_id": "5f-1", "sandbox": "dev"}, {"x-sandbox-id": "5f-1", "x-sandbox-name": "dev"}),
    ],
)
def test_of_the_sandbox_only_what_is_set_is_sent(emulator: Any, fields: Any, expected: dict[str, str]) -> None:
    headers = headers_of(emulator, **fields)

    assert {name: value for name, value in headers.items() if name.startswith("x-sandbox")} == expected


def test_each_request_has_an_id_of_its_own_that_errors_repeat(client: rtcp.Client, emulator: Any) -> None:
    for _ in range(2):
        with pytest.raises(rtcp.NotFoundError) as caught:
            client.merge_policies.get("none")

    first, second = [received.headers["x-request-id"] for received in emulator.requests.of("merge_policies.get")]
    assert first != second == caught.value.request_id


def test_the_id_that_the_gateway_gives_is_the_one_to_report(client: rtcp.Client, emulator: Any) -> None:
    emulator.faults.once("merge_policies.get", status=404, headers={"X-Request-Id": "gateway-1"})

    with pytest.raises(rtcp.NotFoundError, match="request gateway-1"):
        client.merge_policies.get("none")


@pytest.mark.parametrize("tricky", ["a/../b", "../../x", "a b", "a?b", "é%2F", "a;b=c"])
def test_a_tricky_id_stays_one_segment_on_the_wire(client: rtcp.Client, emulator: Any, tricky: str) -> None:
    with pytest.raises(rtcp.NotFoundError):
        client.merge_policies.get(tricky)

    received = emulator.requests.of("merge_policies.get")[0]
    assert received.path == f"/data/core/ups/config/mergePolicies/{tricky}"


@pytest.mark.parametrize("bad", ["", ".", "..", " "])
def test_an_id_that_would_climb_is_refused_before_anything_is_sent(
    client: rtcp.Client, emulator: Any, bad: str
) -> None:
    client.merge_policies.list().first()
    emulator.requests.clear()

    with pytest.raises(rtcp.InvalidArgumentError):
        client.merge_policies.get(bad)

    assert emulator.requests.count() == 0


def test_another_sandbox_shares_token_and_connections(client: rtcp.Client, emulator: Any) -> None:
    emulator.store.sandbox("dev")
    dev = client.with_sandbox("dev")

    client.merge_policies.list().first()
    dev.merge_policies.list().first()

    assert [received.sandbox for received in emulator.requests.of("merge_policies.list")] == ["prod", "dev"]
    assert emulator.requests.count("auth.fetch_token") == 1
    assert dev.http is client.http
    assert client.config.sandbox == "prod"


def test_closing_twice_is_fine_and_a_closed_client_says_so(emulator: Any) -> None:
    client = rtcp.Client.for_emulator(emulator.url)
    client.close()
    client.close()

    with pytest.raises(rtcp.RtcpError, match="closed"):
        client.merge_policies.list().first()
    assert emulator.requests.count() == 0


def test_closing_a_derived_client_leaves_the_first_one_open(client: rtcp.Client) -> None:
    client.with_sandbox("prod").close()

    assert client.merge_policies.list().first() is not None


def test_closing_the_first_client_closes_the_derived_ones(emulator: Any) -> None:
    with rtcp.Client.for_emulator(emulator.url) as client:
        derived = client.with_options(retries=0)

    with pytest.raises(rtcp.RtcpError, match="or the one it was derived from, is closed"):
        derived.merge_policies.list().first()


def test_a_client_that_was_used_and_not_closed_warns(emulator: Any) -> None:
    client = rtcp.Client.for_emulator(emulator.url)
    client.merge_policies.list().first()

    # Its sockets warn as well; the first warning is ours.
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del client
        gc.collect()

    ours = [warning for warning in caught if "rtcp.Client was not closed" in str(warning.message)]
    assert [warning.category for warning in ours] == [ResourceWarning]


def test_a_client_that_was_never_used_does_not_warn(emulator: Any) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        rtcp.Client.for_emulator(emulator.url)
        gc.collect()

    assert [str(warning.message) for warning in caught] == []


def test_a_client_cannot_be_pickled_or_copied_and_says_what_to_do(client: rtcp.Client) -> None:
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match=r"rtcp\.Client\(config\)"):
            attempt(client)


def test_its_config_makes_the_same_client_elsewhere(client: rtcp.Client) -> None:
    config = pickle.loads(pickle.dumps(client.config))

    with rtcp.Client(config) as twin:
        assert twin.merge_policies.list().first() is not None


def test_hooks_are_told_every_step_in_order(emulator: Any, clock: FakeClock) -> None:
    events: list[hooks.Event] = []
    emulator.faults.once("merge_policies.get", cut="after")
    emulator.faults.once("merge_policies.get", status=429, headers={"Retry-After": "3"})

    with rtcp.Client.for_emulator(emulator.url, hooks=[events.append], clock=clock) as client:  # noqa: SIM117
        with pytest.raises(rtcp.NotFoundError):
            client.merge_policies.get("none")

    kinds = [type(event).__name__ for event in events]
    token = ["RequestFinished", "TokenFetched"]
    assert kinds == [*token, "RequestFailed", "RetryScheduled", "RequestFinished", "RetryScheduled", "RequestFinished"]
    last = events[-1]
    assert isinstance(last, hooks.RequestFinished)
    assert (last.method, last.route, last.status) == ("GET", "/data/core/ups/config/mergePolicies/{id}", 404)
    waited = events[-2]
    assert isinstance(waited, hooks.RetryScheduled)
    assert (waited.attempt, waited.wait, waited.error) == (2, 3.0, "RateLimitError")


def test_a_hook_that_fails_is_logged_and_harms_nobody(emulator: Any, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[hooks.Event] = []

    def broken(event: hooks.Event) -> None:
        raise LookupError("no metrics today")

    with (
        caplog.at_level(logging.ERROR),
        rtcp.Client.for_emulator(emulator.url, hooks=[broken, seen.append]) as client,
    ):
        assert client.merge_policies.list().first() is not None

    assert len(seen) == 3
    assert "a hook failed on RequestFinished" in caplog.text
    assert "no metrics today" in caplog.text


def test_two_clients_do_not_share_hooks_or_settings(emulator: Any) -> None:
    first: list[hooks.Event] = []
    with (
        rtcp.Client.for_emulator(emulator.url, hooks=[first.append], sandbox="prod") as one,
        rtcp.Client.for_emulator(emulator.url) as two,
    ):
        two.merge_policies.list().first()

        assert first == []
        assert one.http is not two.http


def test_the_query_filter_is_installed_once(emulator: Any) -> None:
    for _ in range(3):
        rtcp.Client.for_emulator(emulator.url)

    filters = logging.getLogger("urllib3.connectionpool").filters
    assert len([each for each in filters if type(each).__module__.startswith("rtcp.")]) == 1


def test_the_help_for_look_ups_names_the_edition_and_the_permission(client: rtcp.Client, emulator: Any) -> None:
    emulator.faults.once("entities.get", status=403, body={"message": "Forbidden"})

    with pytest.raises(rtcp.PermissionDeniedError, match="Ultimate"):
        client.entities.get("jane@example.com", namespace="Email")
