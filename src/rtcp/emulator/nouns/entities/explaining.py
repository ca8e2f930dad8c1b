"""What the admin path `explain` answers: one person under one merge policy, attribute by attribute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rtcp.emulator.http.problems import problem
from rtcp.emulator.http.wire import Answer
from rtcp.emulator.nouns.entities.lookups import PROFILE_CLASS, identity_of, policy_for, too_many_identities
from rtcp.emulator.service import Service
from rtcp.emulator.store import Candidate, Choice, Sandbox, TooManyIdentities

_KNOWN = ("entityId", "entityIdNS", "mergePolicyId", "sandbox", "schema")


def explain(settings: Mapping[str, Any], service: Service) -> Answer:
    """Answer which fragment won each attribute of an entity, which lost, and why.

    Raises:
        ValueError: a setting is unknown, or `entityId` is missing.
        Refusal: namespace or merge policy do not exist.
    """
    unknown = sorted(set(settings) - set(_KNOWN))
    if unknown or not settings.get("entityId"):
        raise ValueError(f"explain takes {', '.join(_KNOWN)}, and needs entityId")
    name, schema_name = settings.get("sandbox") or "prod", settings.get("schema") or PROFILE_CLASS
    if not service.store.has_sandbox(name):
        return problem(404, f"there is no sandbox {name!r}")
    sandbox = service.store.sandbox(name)
    identity = identity_of(sandbox, settings["entityId"], settings.get("entityIdNS"))
    policy = policy_for(sandbox, schema_name, settings.get("mergePolicyId"))
    try:
        explanation = sandbox.explain(identity, schema_name=schema_name, policy=policy)
    except TooManyIdentities:
        raise too_many_identities() from None
    if explanation is None:
        return problem(404, "nothing is known under this identity and merge policy")
    return Answer(
        200,
        {
            "xid": sandbox.xid(identity),
            "sandbox": name,
            "mergePolicyId": None if policy is None else policy.id,
            "identities": [_identity(each.namespace, each.id) for each in explanation.identities],
            "attributes": [_attribute(choice, sandbox) for choice in explanation.choices],
            "excluded": [_candidate(each, sandbox) for each in explanation.excluded],
        },
    )


def _attribute(choice: Choice, sandbox: Sandbox) -> dict[str, Any]:
    return {
        "path": choice.path,
        **_candidate(choice.winner, sandbox),
        "value": choice.value,
        "reason": choice.reason,
        "losers": [{**_candidate(loser, sandbox), "value": loser.value} for loser in choice.losers],
    }


def _candidate(candidate: Candidate, sandbox: Sandbox) -> dict[str, Any]:
    dataset = sandbox.dataset(candidate.dataset_id)
    return {
        "datasetId": candidate.dataset_id,
        "datasetName": None if dataset is None else dataset.name,
        "ingestedMs": candidate.ingested_ms,
        "identity": _identity(candidate.identity.namespace, candidate.identity.id),
    }


def _identity(namespace: str, value: str) -> dict[str, Any]:
    return {"id": value, "namespace": {"code": namespace}}
