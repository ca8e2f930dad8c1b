"""What is sent again, after which wait, and how often, as the emulator counts it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
from tests.helpers.adapters import Answer, mounted
from tests.helpers.clock import FakeClock
from tests.helpers.samples import POLICY, POLICY_BYTES
from tests.helpers.servers import RawServer, answer, cut, cut_in_body, raw, refusing_address

import rtcp

SETTINGS: dict[str, Any] = {"token": "given", "client_id": "machine", "org_id": "0A1B@AdobeOrg"}


def create(client: rtcp.Client) -> rtcp.MergePolicy:
    return client.merge_policies.create(name="New", identity_graph="none", attribute_merge="timestampOrdered")


def get(client: rtcp.Client) -> rtcp.MergePolicy:
    return client.merge_policies.get("p-1")


def look_up_two(client: rtcp.Client) -> list[rtcp.Lookup]:
    return list(client.entities.get_many(["a", "b"], namespace="Email", on_missing="yield"))


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_get_is_retried_on_a_gateway_failure(client: rtcp.Client, emulator: Any, status: int) -> None:
    emulator.faults.once("merge_policies.list", status=status, times=2)

    assert client.merge_policies.list().first() is not None
    assert emulator.requests.count("merge_policies.list") == 3


@pytest.mark.parametrize("status", [500, 501, 505])
def test_other_failures_of_the_service_are_not_retried(client: rtcp.Client, emulator: Any, status: int) -> None:
    emulator.faults.always("merge_policies.list", status=status)

    with pytest.raises(rtcp.ServerError):
        client.merge_policies.list().first()

    assert emulator.requests.count("merge_policies.list") == 1


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_post_that_only_reads_is_retried(client: rtcp.Client, emulator: Any, status: int) -> None:
    emulator.faults.once("entities.get_many", status=status)

    assert [lookup.is_missing for lookup in look_up_two(client)] == [True, True]
    assert emulator.requests.count("entities.get_many") == 2


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_creating_post_is_sent_once_when_the_service_fails(client: rtcp.Client, emulator: Any, status: int) -> None:
    emulator.faults.always("merge_policies.create", status=status)

    with pytest.raises(rtcp.ServerError) as caught:
        create(client)

    assert emulator.requests.count("merge_policies.create") == 1
    assert "may have been created" in str(caught.value)
    assert "merge_policies.list()" in str(caught.value)


@pytest.mark.parametrize("moment", ["before", "after", "body"])
def test_a_creating_post_is_sent_once_when_the_connection_is_cut(
    client: rtcp.Client, emulator: Any, moment: Any
) -> None:
    emulator.faults.always("merge_policies.create", cut=moment)

    with pytest.raises(rtcp.ConnectError) as caught:
        create(client)

    assert emulator.requests.count("merge_policies.create") == 1
    assert caught.value.may_have_been_applied
    assert "may have been created" in str(caught.value)


def test_a_creating_post_is_sent_once_when_the_answer_is_late(clock: FakeClock) -> None:
    with RawServer() as server:
        config = rtcp.Config(**SETTINGS, base_url=server.url, timeout=(5, 0.1))
        with rtcp.Client(config, clock=clock) as client, pytest.raises(rtcp.RequestTimeoutError) as caught:
            create(client)
        server.await_requests(1)

    assert len(server.received) == 1
    assert caught.value.may_have_been_applied
    assert "may have been created" in str(caught.value)
    assert clock.slept == []


def test_a_creating_post_answered_with_rubbish_is_sent_once(client: rtcp.Client, emulator: Any) -> None:
    emulator.faults.always("merge_policies.create", status=200, body="<html>Proxy</html>")

    with pytest.raises(rtcp.DecodeError) as caught:
        create(client)

    assert emulator.requests.count("merge_policies.create") == 1
    assert caught.value.may_have_been_applied


@pytest.mark.parametrize("behaviour", [cut, cut_in_body])
def test_a_get_is_retried_when_the_connection_is_cut(clock: FakeClock, behaviour: Any) -> None:
    with RawServer(behaviour, answer(200, POLICY_BYTES)) as server:
        with rtcp.Client(rtcp.Config(**SETTINGS, base_url=server.url), clock=clock) as client:
            assert get(client).name == "Found"

        assert len(server.received) == 2


def test_a_stall_inside_the_body_is_a_timeout(clock: FakeClock) -> None:
    def stall_in_body(connection: Any, request: bytes) -> None:
        cut_in_body(connection, request)
        server.stall(connection, request)

    with RawServer(stall_in_body) as server:
        config = rtcp.Config(**SETTINGS, base_url=server.url, timeout=0.1, retries=0)
        with rtcp.Client(config, clock=clock) as client, pytest.raises(rtcp.RequestTimeoutError) as caught:
            get(client)

    assert isinstance(caught.value, TimeoutError)


@pytest.mark.parametrize("call", [get, create], ids=["get", "create"])
def test_a_refused_connection_is_retried_whatever_the_verb(
    clock: FakeClock, call: Callable[[rtcp.Client], Any]
) -> None:
    config = rtcp.Config(**SETTINGS, base_url=refusing_address(), retries=3)
    with rtcp.Client(config, clock=clock) as client, pytest.raises(rtcp.ConnectError) as caught:
        call(client)

    assert len(clock.slept) == 3
    assert not caught.value.may_have_been_applied
    assert "Connection refused" in str(caught.value)
    assert "may have been created" not in str(caught.value)


def test_a_refused_connection_that_comes_back_creates_once(client: rtcp.Client, emulator: Any) -> None:
    client.merge_policies.list().first()
    ordinary = client.http.get_adapter(emulator.url)
    refused = requests.ConnectionError(_new_connection_error())
    adapter = mounted(client.http, [refused, refused, Answer(200, POLICY)])

    assert create(client).id == "p-1"
    assert len(adapter.requests) == 3
    assert ordinary is not adapter


@pytest.mark.parametrize("call", [get, create], ids=["get", "create"])
@pytest.mark.parametrize(
    ("fault", "wait"),
    [
        ({"headers": {"Retry-After": "7"}}, 7.0),
        ({"headers": {"Retry-After": "0.5"}}, 0.5),
        ({"headers": {"Retry-After": "Mon, 02 Mar 2026 00:00:09 GMT"}}, 9.0),
        ({"body": {"statusCode": "429", "retryAfterMs": 1500}}, 1.5),
        ({"body": [{"statusCode": "429", "retryAfterMs": "2500"}]}, 2.5),
        ({"body": {"retryAfterMs": 900}, "headers": {"Retry-After": "4"}}, 4.0),
    ],
)
def test_a_429_is_waited_out_as_the_service_says(
    client: rtcp.Client, emulator: Any, clock: FakeClock, fault: Any, wait: float, call: Callable[[rtcp.Client], Any]
) -> None:
    client.merge_policies.list().first()
    adapter = mounted(client.http, [Answer(429, **{"body": {}, **fault}), Answer(200, POLICY)])

    call(client)

    assert clock.slept == [wait]
    assert len(adapter.requests) == 2


def test_a_date_in_the_past_means_at_once(client: rtcp.Client, emulator: Any, clock: FakeClock) -> None:
    emulator.faults.once("merge_policies.list", status=429, headers={"Retry-After": "Sun, 01 Mar 2026 00:00:00 GMT"})

    client.merge_policies.list().first()

    assert sum(clock.slept) == 0


@pytest.mark.parametrize("retries", [0, 1, 2, 5])
def test_n_retries_are_n_plus_1_requests(emulator: Any, clock: FakeClock, retries: int) -> None:
    emulator.faults.always("merge_policies.list", status=429, headers={"Retry-After": "1"})

    with rtcp.Client.for_emulator(emulator.url, retries=retries, clock=clock) as client:  # noqa: SIM117
        with pytest.raises(rtcp.RateLimitError):
            client.merge_policies.list().first()

    assert emulator.requests.count("merge_policies.list") == retries + 1
    assert clock.slept == [1.0] * retries


def test_a_longer_wait_than_the_cap_is_raised_at_once(client: rtcp.Client, emulator: Any, clock: FakeClock) -> None:
    emulator.faults.once("merge_policies.list", status=429, headers={"Retry-After": "3600"})

    with pytest.raises(rtcp.RateLimitError) as caught:
        client.merge_policies.list().first()

    assert caught.value.retry_after == 3600.0
    assert "asks to wait 3600 s" in str(caught.value)
    assert clock.slept == []


def test_a_503_with_retry_after_is_waited_out(client: rtcp.Client, emulator: Any, clock: FakeClock) -> None:
    emulator.faults.once("merge_policies.list", status=503, headers={"Retry-After": "11"})

    client.merge_policies.list().first()

    assert clock.slept == [11.0]


def test_without_a_hint_the_waits_are_drawn_below_a_growing_bound(
    client: rtcp.Client, emulator: Any, clock: FakeClock
) -> None:
    emulator.faults.always("merge_policies.list", status=503)

    with pytest.raises(rtcp.ServerError):
        client.merge_policies.list().first()

    assert len(clock.slept) == 5
    assert all(0 <= wait <= 0.5 * 2**attempt for attempt, wait in enumerate(clock.slept, start=1))


def test_retries_are_never_nested(client: rtcp.Client, emulator: Any) -> None:
    emulator.faults.always("entities.get", status=503)

    lookups = list(client.entities.get_many(["a"], namespace="Email"))

    assert isinstance(lookups[0].error, rtcp.ServerError)
    assert emulator.requests.count("entities.get") == 6


def test_one_threads_429_holds_the_next_request_back(client: rtcp.Client, emulator: Any, clock: FakeClock) -> None:
    emulator.faults.once("merge_policies.list", status=429, headers={"Retry-After": "20"})
    patient, hasty = client, client.with_options(retries=0)
    with pytest.raises(rtcp.RateLimitError):
        hasty.merge_policies.list().first()

    patient.merge_policies.list().first()

    assert clock.slept == [20.0]


def test_options_hold_for_the_derived_client_only(client: rtcp.Client, emulator: Any) -> None:
    emulator.faults.always("merge_policies.list", status=503)

    with pytest.raises(rtcp.ServerError):
        client.with_options(retries=1, timeout=3).merge_policies.list().first()

    assert emulator.requests.count("merge_policies.list") == 2
    assert (client.config.retries, client.config.timeout) == (5, (5.0, 60.0))


def test_a_timeout_of_a_call_reaches_the_socket(client: rtcp.Client, emulator: Any) -> None:
    client.merge_policies.list().first()
    adapter = mounted(client.http, [Answer(200, POLICY)])

    get(client)
    get(client.with_options(timeout=(1, 2)))

    assert [options["timeout"] for options in adapter.options] == [(5.0, 60.0), (1.0, 2.0)]


def _new_connection_error() -> Exception:
    try:
        requests.get(refusing_address(), timeout=1)
    except requests.ConnectionError as exc:
        return exc.args[0]
    raise AssertionError("somebody listens there")


def test_a_delete_that_finds_nothing_after_a_lost_answer_says_what_it_probably_means(
    client: rtcp.Client, emulator: Any
) -> None:
    policy = create(client)
    emulator.faults.once("merge_policies.delete", cut="after")

    with pytest.raises(rtcp.NotFoundError, match="an earlier attempt of this call got no answer"):
        client.merge_policies.delete(policy.id)


def test_a_delete_of_what_was_never_there_says_nothing_of_earlier_attempts(client: rtcp.Client, emulator: Any) -> None:
    emulator.faults.once("merge_policies.delete", status=429)

    with pytest.raises(rtcp.NotFoundError) as caught:
        client.merge_policies.delete("gone")

    assert "earlier attempt" not in str(caught.value)


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nContent-Ty", b"HTTP/1.1 200 OK\r\nX-Request-Id: r\r\n"])
def test_an_answer_that_ends_in_its_headers_is_a_cut_and_no_empty_success(clock: FakeClock, head: bytes) -> None:
    with RawServer(raw(head), answer(200, POLICY_BYTES)) as server:
        config = rtcp.Config(**SETTINGS, base_url=server.url)
        with rtcp.Client(config, clock=clock) as client:
            assert get(client).id == "p-1"

    assert len(server.received) == 2
