"""What the emulator remembers of the requests it received."""

from __future__ import annotations

from rtcp.emulator.http.wire import Query, Request, Requests

POLICIES = "/data/core/ups/config/mergePolicies"


def test_a_request_is_kept_with_operation_status_and_sandbox(people, platform):
    platform.person("mara@example.com")

    (received,) = people.requests
    assert (received.operation, received.method, received.status, received.sandbox) == (
        "entities.get",
        "GET",
        200,
        "prod",
    )
    assert received.path == "/data/core/ups/access/entities"
    assert received.query["entityIdNS"] == ["Email"]


def test_a_body_is_kept_as_json(people, platform):
    platform.people(("c-1", "crmId"))

    assert people.requests[0].body["identities"][0]["entityId"] == "c-1"


def test_a_token_is_masked(emulator, platform):
    platform.get(POLICIES)

    assert emulator.requests[0].headers["authorization"] == "Bearer ***"


def test_a_secret_is_masked_in_form_and_query(emulator, stranger):
    stranger.ask_token(client_secret="hush")
    stranger.request("POST", "/ims/token/v2?client_secret=hush&grant_type=client_credentials")

    first, second = emulator.requests
    assert "hush" not in str(first.body)
    assert second.query["client_secret"] == ["***"]


def test_requests_are_told_apart_by_operation(people, platform):
    platform.events()
    platform.get(POLICIES)
    platform.people(("c-1", "crmId"))

    assert [
        len(people.requests.of(name)) for name in ("entities.list_events", "entities.get_many", "entities.get")
    ] == [1, 1, 0]
    assert people.requests.count() == 3
    assert people.requests.count("merge_policies.list") == 1


def test_a_batch_of_events_counts_as_list_events(people, platform):
    body = {
        "schema": {"name": "_xdm.context.experienceevent"},
        "relatedSchema": {"name": "_xdm.context.profile"},
        "identities": [{"relatedEntityId": "c-1", "relatedEntityIdNS": {"code": "crmId"}}],
    }
    platform.post("/data/core/ups/access/entities", body)

    assert people.requests[0].operation == "entities.list_events"


def test_a_refused_request_is_kept_without_a_sandbox(emulator, stranger):
    stranger.get(POLICIES)

    assert (emulator.requests[0].status, emulator.requests[0].sandbox) == (403, None)


def test_an_unknown_path_is_kept_without_an_operation(emulator, platform):
    platform.get("/nothing/here")

    assert (emulator.requests[0].operation, emulator.requests[0].status) == (None, 404)


def test_clearing_forgets_them(emulator, platform):
    platform.get(POLICIES)
    emulator.requests.clear()

    assert (len(emulator.requests), emulator.requests.counts()) == (0, {})


def test_bodies_of_the_oldest_requests_make_room():
    requests = Requests(body_bytes=10)
    for body in (b'"a"', b"[1, 2]", b"", b"{}"):
        requests.note(Request("streaming.send", "POST", "/x", Query(""), {}, body))

    assert [received.body for received in requests] == [None, [1, 2], None, {}]
