"""Answers in every documented shape, with invented people: the client reads them and loses nothing of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from rtcp import Entity, Event, Identity, MergePolicy
from rtcp.resources.entities.matching import match

SAMPLES = {path.stem: json.loads(path.read_bytes()) for path in sorted(Path(__file__).parent.glob("samples/*.json"))}
UNKNOWN = {"addedNextYear": {"deep": [1, None, {"x": "y"}]}, "alsoNew": None}
NO_XIDS = ("_page", "_links")


def parts(name: str) -> list[tuple[type[Entity | Event | MergePolicy], dict[str, Any]]]:
    """The models inside a sample, each with its part of the answer."""
    body = SAMPLES[name]
    if name.startswith("merge_policies."):
        return [(MergePolicy, policy) for policy in body.get("children", [body])]
    if "children" in body:
        return [(Event, event) for event in body["children"]]
    if name == "entities.post-events":
        return [(Event, event) for page in body.values() for event in page["children"]]
    return [(Entity, entity) for xid, entity in body.items() if xid not in NO_XIDS]


def component(description, name):
    if name == "entities.partial-failure":
        return "PartialFailureList"
    if name.startswith("merge_policies.list"):
        return "MergePolicyLinkedPage" if "_links" in SAMPLES[name] else "MergePolicyTokenPage"
    if name.startswith("merge_policies."):
        return "MergePolicy"
    if "children" in SAMPLES[name]:
        return "EventPage"
    return "EventPageMap" if name == "entities.post-events" else "EntityMap"


@pytest.mark.parametrize("name", SAMPLES)
def test_the_description_allows_the_sample(name, description):
    assert description.errors(SAMPLES[name], {"$ref": f"#/components/schemas/{component(description, name)}"}) == []


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - {"entities.partial-failure"}))
def test_the_models_read_the_sample_and_give_it_back_whole(name):
    for model, part in parts(name):
        assert without_spelling(model.model_validate(part).to_wire()) == without_spelling(part)


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - {"entities.partial-failure"}))
def test_fields_that_the_service_adds_tomorrow_survive(name):
    for model, part in parts(name):
        assert UNKNOWN.items() <= model.model_validate({**part, **UNKNOWN}).to_wire().items()


def without_spelling(part: dict[str, Any]) -> dict[str, Any]:
    """The part with what the models spell in one way: instants in UTC, words for booleans, numbers for ids."""
    spelled = dict(part)
    if part.get("lastModifiedAt"):
        spelled["lastModifiedAt"] = datetime.fromisoformat(part["lastModifiedAt"]).astimezone(UTC)
    if isinstance(part.get("isActiveOnEdge"), str):
        spelled["isActiveOnEdge"] = part["isActiveOnEdge"] == "true"
    if "requestedIdentity" in part:
        spelled["requestedIdentity"] = {
            **part["requestedIdentity"],
            "entityId": str(part["requestedIdentity"]["entityId"]),
        }
    return spelled


def asked(*ids: str, namespace: str) -> list[tuple[str, str | None]]:
    return [Identity(each, namespace).key for each in ids]


def entries(name: str) -> dict[str, Entity]:
    return {xid: Entity.model_validate(body) for xid, body in SAMPLES[name].items()}


@pytest.mark.parametrize("name", ["entities.post-accounts", "entities.post-accounts-with-numbers"])
def test_accounts_are_told_apart_by_the_identity_that_was_requested(name):
    found = match(asked("880041", "880042", namespace="b2b_account"), entries(name))

    assert {key[0]: entity.entity_id for key, entity in found.items()} == {
        "880041": "HvR-quay41",
        "880042": "HvR-quay42",
    }


def test_of_profiles_the_one_who_shares_with_nobody_is_told_apart_and_the_others_stay_open():
    people = asked("mara@example.org", "mara.lindqvist@example.com", "oskar@example.com", "no@one", namespace="EMAIL")

    found = match(people, entries("entities.post-profiles"))

    assert {key[0]: entity.entity_id for key, entity in found.items()} == {"oskar@example.com": "Cq7nLw2Xv0oskar"}


def test_the_nobody_of_the_sample_is_empty():
    assert [each.is_empty for each in entries("entities.post-profiles").values()] == [False, True, False, False]
