"""What the admin path `explain` answers: one person under one merge policy, attribute by attribute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rtcp.emulator.http.problems import problem
from rtcp.emulator.http.wire import Answer
from rtcp.emulator.nouns.entities.problems import answer_error
from rtcp.emulator.service import Service
from rtcp.emulator.store import PROFILE_CLASS, Candidate, Choice, Sandbox, StoreError

_KNOWN = ("entityId", "entityIdNS", "mergePolicyId", "sandbox", "schema")


def explain(settings: Mapping[str, Any], service: Service) -> Answer:
    """Answer which fragment won each attribute of an entity, which lost, and why.

    Raises:
        ValueError: a setting is unknown, or `entityId` is missing.
    """
    unknown = sorted(set(settings) - set(_KNOWN))
    if unknown or not settings.get("entityId"):
        raise ValueError(f"explain takes {', '.join(_KNOWN)}, and needs entityId")
    name, schema_name = settings.get("sandbox") or "prod", settings.get("schema") or PROFILE_CLASS
    sandbox = service.store.sandboxes.get(name)
    if sandbox is None:
        return problem(404, f"there is no sandbox {name!r}")
    try:
        identity = sandbox.identity_of(settings["entityId"], settings.get("entityIdNS"))
        policy = sandbox.policy_for(schema_name, settings.get("mergePolicyId"))
        explanation = sandbox.explain(identity, schema_name=schema_name, policy=policy)
    except StoreError as error:
        return answer_error(error)
    if explanation is None:
        return problem(404, "nothing is known under this identity and merge policy")
    return Answer(
        200,
        {
            "xid": sandbox.xid(identity),
            "sandbox": name,
            "mergePolicyId": None if policy is None else policy.id,
            "identities": [_show_identity(each.namespace, each.id) for each in explanation.identities],
            "attributes": [_show_attribute(choice, sandbox) for choice in explanation.choices],
            "excluded": [_show_candidate(each, sandbox) for each in explanation.excluded],
        },
    )


def _show_attribute(choice: Choice, sandbox: Sandbox) -> dict[str, Any]:
    return {
        "path": choice.path,
        **_show_candidate(choice.winner, sandbox),
        "value": choice.value,
        "reason": choice.reason,
        "losers": [{**_show_candidate(loser, sandbox), "value": loser.value} for loser in choice.losers],
    }


def _show_candidate(candidate: Candidate, sandbox: Sandbox) -> dict[str, Any]:
    dataset = sandbox.dataset(candidate.dataset_id)
    return {
        "datasetId": candidate.dataset_id,
        "datasetName": None if dataset is None else dataset.name,
        "ingestedMs": candidate.ingested_ms,
        "identity": _show_identity(candidate.identity.namespace, candidate.identity.id),
    }


def _show_identity(namespace: str, value: str) -> dict[str, Any]:
    return {"id": value, "namespace": {"code": namespace}}
