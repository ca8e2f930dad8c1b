"""Faults on request: what goes wrong, where, and how often."""

from __future__ import annotations

import time

import pytest
import requests

POLICIES = "/data/core/ups/config/mergePolicies"
DRAFT = {
    "schema": {"name": "_xdm.context.profile"},
    "identityGraph": {"type": "none"},
    "attributeMerge": {"type": "timestampOrdered"},
}


def test_a_status_is_answered_once_with_its_headers(emulator, platform):
    emulator.faults.once("merge_policies.list", status=503, headers={"Retry-After": "7"})

    first, second = platform.get(POLICIES), platform.get(POLICIES)

    assert (first.status_code, first.headers["Retry-After"], second.status_code) == (503, "7", 200)


def test_a_fault_may_last_for_several_requests(emulator, platform):
    emulator.faults.once("merge_policies.list", status=500, times=2)

    assert [platform.get(POLICIES).status_code for _ in range(3)] == [500, 500, 200]


def test_a_lasting_fault_ends_when_it_is_cleared(emulator, platform):
    emulator.faults.always("merge_policies.list", status=500)
    seen = [platform.get(POLICIES).status_code for _ in range(2)]
    emulator.faults.clear()

    assert [*seen, platform.get(POLICIES).status_code] == [500, 500, 200]


def test_a_single_fault_comes_before_a_lasting_one(emulator, platform):
    emulator.faults.always("merge_policies.list", status=500)
    emulator.faults.once("merge_policies.list", status=502)

    assert [platform.get(POLICIES).status_code for _ in range(2)] == [502, 500]


def test_other_operations_go_on(emulator, platform):
    emulator.faults.always("merge_policies.get", status=500)

    assert platform.get(POLICIES).status_code == 200


def test_a_star_hits_any_operation(emulator, stranger):
    emulator.faults.once("*", status=503)

    assert stranger.ask_token().status_code == 503


def test_a_faulty_creation_creates_nothing(emulator, platform):
    emulator.faults.once("merge_policies.create", status=503)
    platform.post(POLICIES, DRAFT)

    assert len(emulator.store.sandbox("prod").policies()) == 1


@pytest.mark.parametrize(
    ("operation", "status", "keys"),
    [
        ("entities.get", 500, {"message", "cause", "statusCode"}),
        ("merge_policies.list", 500, {"type", "status", "title", "detail"}),
        ("auth.fetch_token", 500, {"error", "error_description"}),
    ],
)
def test_a_status_alone_brings_the_body_of_its_family(emulator, platform, operation, status, keys):
    emulator.faults.always(operation, status=status)
    ask = {"entities": lambda: platform.person("x"), "merge_policies": lambda: platform.get(POLICIES)}
    answer = ask.get(operation.partition(".")[0], platform.ask_token)()

    assert (answer.status_code, set(answer.json())) == (status, keys)


def test_not_found_on_entities_has_a_status_only(emulator, platform):
    emulator.faults.once("entities.get", status=404)

    assert platform.person("x").json() == {"statusCode": "404"}


def test_a_successful_status_alone_has_no_body(emulator, platform):
    emulator.faults.once("merge_policies.list", status=204)

    assert (platform.get(POLICIES).status_code, platform.get(POLICIES).status_code) == (204, 200)


def test_a_position_beyond_the_batch_fails_nothing(people, platform):
    people.faults.once("entities.get_many", partial=[5])

    assert platform.people(("c-1", "crmId")).json() == []


def test_too_many_requests_on_entities_is_a_list(emulator, platform):
    emulator.faults.once("entities.get", status=429)

    assert platform.person("x").json() == [
        {"message": "Too many requests", "cause": "", "statusCode": "429", "retryAfterMs": "500"}
    ]


@pytest.mark.parametrize(
    ("body", "text", "content_type"),
    [
        ("<html>gateway</html>", "<html>gateway</html>", "text/html"),
        (b"\x00\x01", "\x00\x01", "application/json"),
        ({"errorMessage": "x"}, '{"errorMessage":"x"}', "application/json"),
        ([], "[]", "application/json"),
    ],
)
def test_a_body_of_any_kind_can_be_answered(emulator, platform, body, text, content_type):
    emulator.faults.once("merge_policies.list", status=502, body=body)

    answer = platform.get(POLICIES)

    assert (answer.text, answer.headers["Content-Type"]) == (text, content_type)


def test_a_body_alone_is_answered_with_200(emulator, platform):
    emulator.faults.once("merge_policies.list", body="no json")

    assert (platform.get(POLICIES).status_code, len(emulator.requests)) == (200, 1)


def test_headers_alone_go_on_the_true_answer(emulator, platform):
    emulator.faults.once("merge_policies.list", headers={"X-Extra": "1"})

    answer = platform.get(POLICIES)

    assert answer.headers["X-Extra"] == "1"
    assert len(answer.json()["children"]) == 1


def test_a_truncated_answer_is_complete_to_http_and_broken_to_json(emulator, platform):
    emulator.faults.once("merge_policies.list", truncated=True)

    answer = platform.get(POLICIES)

    assert answer.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_an_expired_token_is_said_once(emulator, platform):
    emulator.faults.once("merge_policies.list", expired_token=True)

    first = platform.get(POLICIES)

    assert (first.status_code, first.json()["error_code"]) == (401, "401013")
    assert platform.get(POLICIES).status_code == 200


@pytest.mark.parametrize(("cut", "policies"), [("before", 1), ("after", 2), ("body", 2)])
def test_a_cut_comes_before_or_after_the_operation_acted(emulator, platform, cut, policies):
    emulator.faults.once("merge_policies.create", cut=cut)

    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        platform.post(POLICIES, DRAFT)

    assert len(emulator.store.sandbox("prod").policies()) == policies
    assert emulator.requests[0].status is None


def test_the_server_lives_on_after_a_cut(emulator, platform):
    emulator.faults.once("merge_policies.list", cut="before")
    with pytest.raises(requests.ConnectionError):
        platform.get(POLICIES)

    assert platform.get(POLICIES).status_code == 200


def test_a_delay_is_waited_for_before_the_answer(emulator, platform):
    emulator.faults.once("merge_policies.list", delay=0.05)
    started = time.monotonic()

    assert platform.get(POLICIES).status_code == 200
    assert time.monotonic() - started >= 0.05


def test_a_delay_lets_a_client_time_out(emulator, platform):
    emulator.faults.once("merge_policies.list", delay=30)

    with pytest.raises(requests.ReadTimeout):
        platform.session.get(f"{platform.url}{POLICIES}", timeout=0.05)


def test_identities_of_a_batch_fail_by_position(people, platform):
    people.faults.once("entities.get_many", partial=[1])

    answer = platform.people(("c-1", "crmId"), ("c-2", "crmId"))

    assert answer.status_code == 207
    assert [people.store.sandbox("prod").parse_xid(failure["xid"]).id for failure in answer.json()] == ["c-2"]


@pytest.mark.parametrize(
    ("operation", "settings"),
    [
        ("entities.fetch", {"status": 500}),
        ("entities.get", {"status": 99}),
        ("entities.get", {"cut": "sideways"}),
        ("entities.get", {"status": 500, "times": 0}),
    ],
)
def test_a_fault_that_cannot_be_is_refused(emulator, operation, settings):
    with pytest.raises(ValueError, match=r"entities\.fetch|99|sideways|times"):
        emulator.faults.once(operation, **settings)
