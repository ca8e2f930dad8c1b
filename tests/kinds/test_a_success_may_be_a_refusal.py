"""A refusal under the status of a success is an error of its own kind, also of verbs that read nothing else."""

from __future__ import annotations

import pytest
from tests.helpers.adapters import Answer, mounted
from tests.helpers.inlet import DATASET, INLET, SCHEMA

import rtcp
from rtcp.errors import BadRequestError, DecodeError, NotFoundError, PermissionDeniedError, UnprocessableError

GATEWAY = {"error_code": "403027", "message": "User region is missing"}
PROFILE = {"statusCode": "422", "message": "no default merge policy", "cause": "UPS"}
PROBLEM = {"type": "http://ns.adobe.com/aep/errors/X-1-400", "title": "Bad", "status": 400}
SYSTEM = {"requestId": "r", "errors": {"400": [{"code": "500", "message": "Batch can only be specified for EE"}]}}
REFUSALS = [
    (GATEWAY, PermissionDeniedError),
    (PROFILE, UnprocessableError),
    (PROBLEM, BadRequestError),
    ({**PROBLEM, "status": "404"}, NotFoundError),
    (SYSTEM, BadRequestError),
]
VERBS = {
    "batches.list": lambda client: list(client.batches.list()),
    "batches.get": lambda client: client.batches.get("b"),
    "batches.complete": lambda client: client.batches.complete("b"),
    "batches.delete": lambda client: client.batches.delete("b"),
    "batches.upload": lambda client: client.batches.upload("b", b"{}", dataset_id="d", name="x.json"),
    "datasets.list": lambda client: list(client.datasets.list()),
    "datasets.get": lambda client: client.datasets.get("d"),
    "entities.get": lambda client: client.entities.get("b", namespace="Email"),
    "export_jobs.cancel": lambda client: client.export_jobs.cancel(1),
    "merge_policies.delete": lambda client: client.merge_policies.delete("p"),
    "merge_policies.get_many": lambda client: client.merge_policies.get_many(["p"]),
    "preview.status": lambda client: client.preview.status(),
    "system_jobs.cancel": lambda client: client.system_jobs.cancel("j"),
}


def client_of(body, status=200):
    config = rtcp.Config(
        token="t", client_id="c", org_id="o@AdobeOrg", streaming_url="https://dcs.example.com", retries=0
    )
    client = rtcp.Client(config)
    mounted(client.http, [Answer(status, body)])
    return client


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(("body", "error"), REFUSALS, ids=range(len(REFUSALS)))
def test_it_is_raised_as_what_it_says(verb, body, error):
    with client_of(body) as client, pytest.raises(error):
        VERBS[verb](client)


def test_nobody_is_called_unknown_by_it():
    with client_of(PROFILE) as client:
        found = list(client.entities.get_many(["a", "b"], namespace="Email", on_missing="yield"))

    assert [type(each.error) for each in found] == [UnprocessableError] * 2


@pytest.mark.parametrize(
    "body",
    [
        {"p-1": {"title": "A dataset", "status": 400}},
        {"d": {"name": "Errors", "tags": {"statusCode": ["500"]}}},
        {"d": {"name": "error_code"}},
    ],
    ids=range(3),
)
def test_what_only_looks_like_it_is_read(body):
    with client_of(body) as client:
        assert [dataset.id for dataset in client.datasets.list()] == list(body)


def test_an_export_that_is_not_marked_for_cancelling_is_not_cancelled():
    with client_of({"status": False, "message": "no"}) as client, pytest.raises(DecodeError, match="not marked"):
        client.export_jobs.cancel(1)
    for marked in ({"status": True, "message": "marked"}, b"", b"done"):
        with client_of(marked) as client:
            client.export_jobs.cancel(1)


def test_a_batch_without_the_map_around_it_is_the_batch():
    with client_of({"id": "b", "status": "success"}) as client:
        assert client.batches.get("b").is_success
    with client_of({"id": "d", "name": "People"}) as client:
        assert client.datasets.get("d").name == "People"


@pytest.mark.parametrize("noun", ["batches", "datasets"])
@pytest.mark.parametrize("body", [{"other": {"status": "success"}}, {"id": "other", "status": "success"}], ids=range(2))
def test_an_answer_about_another_thing_does_not_say_that_there_is_none(noun, body):
    with client_of(body) as client, pytest.raises(DecodeError, match="than the one asked for"):
        getattr(client, noun).get("b")


@pytest.mark.parametrize("noun", ["batches", "datasets"])
def test_an_empty_answer_does(noun):
    with client_of({}) as client, pytest.raises(NotFoundError):
        getattr(client, noun).get("b")


@pytest.mark.parametrize("noun", ["batches", "datasets"])
@pytest.mark.parametrize("odd", [None, "text", [1]], ids=repr)
def test_an_entry_of_a_list_that_is_none_is_not_left_out_in_silence(noun, odd):
    with client_of({"a": {"status": "success", "name": "A"}, "b": odd}) as client, pytest.raises(DecodeError):
        list(getattr(client, noun).list())


def test_an_entity_in_another_form_is_not_a_person_of_whom_nothing_is_known():
    with client_of({"X": {"entityId": "X", "entity": [{"a": 1}]}}) as client, pytest.raises(DecodeError):
        client.entities.get("b", namespace="Email")
    with client_of({"X": {"entityId": "X", "entity": None}}) as client, pytest.raises(NotFoundError):
        client.entities.get("b", namespace="Email")


def test_what_is_said_of_one_policy_of_many_is_its_error():
    policy = {"id": "a", "identityGraph": {"type": "none"}, "attributeMerge": {"type": "timestampOrdered"}}
    said = {
        "a": policy,
        "b": {"error": {"statusCode": "403", "message": "not yours"}},
        "c": {"status": 404, "title": "no such policy"},
        "d": None,
        "e": {"odd": 1},
    }
    with client_of({"results": said}, 207) as client:
        outcomes = client.merge_policies.get_many(list(said)).outcomes

    assert [type(each.error) for each in outcomes] == [
        type(None),
        PermissionDeniedError,
        NotFoundError,
        NotFoundError,
        DecodeError,
    ]


def test_a_message_that_fails_validation_says_what_to_look_at():
    envelope = rtcp.envelope({"crmId": "1"}, form=rtcp.RowForm(dataset_id=DATASET, schema_id=SCHEMA))
    for body in ({"xactionId": "1:2", "syncValidation": {"status": "fail"}}, {"syncValidation": "Failed"}):
        with client_of(body) as client, pytest.raises(BadRequestError, match="does not fit the schema"):
            client.streaming.send(INLET, envelope, validate=True)
