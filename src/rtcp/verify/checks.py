"""Which assumptions a read can settle, and what must be seen for that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from rtcp.verify.evidence import Evidence, children, is_problem, is_token_call, join_words, next_of
from rtcp.verify.shapes import kind_of

Verdict = tuple[bool, str] | None
"""Whether the assumption holds, and what was seen; None when the sandbox did not show it."""

CHECKS: Final[dict[str, Callable[[Evidence], Verdict]]] = {}
# A token of a day is 86,399 seconds or 86,399,992 milliseconds in the samples: this lies between.
_LARGEST_SECONDS: Final = 1_000_000


def settles(assumption: str) -> Callable[[Callable[[Evidence], Verdict]], Callable[[Evidence], Verdict]]:
    """Register what settles an assumption."""

    def decorate(check: Callable[[Evidence], Verdict]) -> Callable[[Evidence], Verdict]:
        CHECKS[assumption] = check
        return check

    return decorate


@settles("gateway-request-id")
def _request_id(seen: Evidence) -> Verdict:
    platform = [each for each in seen.exchanges if not is_token_call(each)]
    echoed = sum(each.echoes_request_id for each in platform)
    return (echoed == len(platform), f"{echoed} of {len(platform)} answers carried our id") if platform else None


@settles("gateway-problem-media-type")
def _problem_media_type(seen: Evidence) -> Verdict:
    types = {each.content_type for each in seen.exchanges if isinstance(each.body, dict) and is_problem(each.body)}
    return (types == {"application/problem+json"}, f"problems came as {join_words(types)}") if types else None


@settles("paging-empty-page")
def _empty_page(seen: Evidence) -> Verdict:
    pages = [each.body for each in seen.good("merge_policies.list by 1", "entities.list_events")]
    empty = [page for page in pages if isinstance(page, dict) and page.get("children") == [] and next_of(page)]
    return (True, f"{len(empty)} empty pages with a token") if empty else None


@settles("ims-token-version")
def _token_version(seen: Evidence) -> Verdict:
    calls = [each for each in seen.exchanges if is_token_call(each)]
    return (calls[-1].status < 300, f"the form to v3 was answered {calls[-1].status}") if calls else None


@settles("ims-expires-in-unit")
def _expires_in(seen: Evidence) -> Verdict:
    bodies = [each.body for each in seen.exchanges if is_token_call(each) and isinstance(each.body, dict)]
    told = next((body["expires_in"] for body in bodies if isinstance(body.get("expires_in"), int | float)), None)
    return None if told is None else (told < _LARGEST_SECONDS, "seconds" if told < _LARGEST_SECONDS else "milliseconds")


@settles("entities-policy-none")
def _policy_none(seen: Evidence) -> Verdict:
    status = seen.status("entities.get with policy none")
    return None if status is None else (status < 300 or status == 404, f"answered {status}")


@settles("entities-fields-unknown")
def _fields_unknown(seen: Evidence) -> Verdict:
    status = seen.status("entities.get of an unknown field")
    return None if status is None else (status < 300, f"answered {status}")


@settles("entities-unknown-namespace")
def _unknown_namespace(seen: Evidence) -> Verdict:
    status = seen.status("entities.get in an unknown namespace")
    return None if status is None else (status == 400, f"answered {status}")


@settles("entities-policy-unknown")
def _policy_unknown(seen: Evidence) -> Verdict:
    status = seen.status("entities.get with an unknown policy")
    return None if status is None else (status == 422, f"answered {status}")


@settles("entities-identities-field")
def _identities_field(seen: Evidence) -> Verdict:
    found = ["identities" in entry["entity"] for _, entry in seen.entities("entities.get")]
    return (all(found), "present" if all(found) else "absent") if found else None


@settles("entities-requested-identity")
def _requested_identity(seen: Evidence) -> Verdict:
    found = ["requestedIdentity" in entry for _, entry in seen.entities("entities.get", "entities.get_many")]
    # We take it both ways; what is worth knowing is which way it is.
    return (True, f"in {sum(found)} of {len(found)} entries") if found else None


@settles("entities-batch-matching")
def _batch_matching(seen: Evidence) -> Verdict:
    entries = list(seen.entities("entities.get_many"))
    if not entries:
        return None
    ways = {
        "keyed by entityId": sum(entry.get("entityId") == xid for xid, entry in entries),
        "with requestedIdentity": sum("requestedIdentity" in entry for _, entry in entries),
        "with identities": sum(bool({"identities", "identityMap"} & set(entry["entity"])) for _, entry in entries),
    }
    told = ", ".join(f"{count} {way}" for way, count in ways.items())
    return max(ways["with requestedIdentity"], ways["with identities"]) == len(
        entries
    ), f"{len(entries)} entries: {told}"


@settles("entities-events-deprecated")
def _events_deprecated(seen: Evidence) -> Verdict:
    status = seen.status("entities.list_events")
    return None if status is None else (status < 300, f"answered {status}")


@settles("entities-events-cursor")
def _events_cursor(seen: Evidence) -> Verdict:
    links = [next_of(each.body) for each in seen.good("entities.list_events")]
    names = {name for link in links if link for name in ("start", "offsets") if f"{name}=" in link}
    return (True, f"called {join_words(names)}") if names else None


@settles("entities-events-unknown-profile")
def _events_unknown_profile(seen: Evidence) -> Verdict:
    status = seen.status("entities.list_events of nobody")
    return None if status is None else (status < 300, f"answered {status}")


@settles("merge-policies-list-start")
def _list_start(seen: Evidence) -> Verdict:
    following = [next_of(each.body) for each in seen.good("merge_policies.list by 1")]
    cursors = [dict(parse_qsl(urlsplit(link).query)).get("start", link) for link in following if link]
    kinds = {kind_of(cursor) for cursor in cursors}
    return (True, f"tokens are {join_words(kinds)}") if kinds else None


@settles("merge-policies-list-envelope")
def _list_envelope(seen: Evidence) -> Verdict:
    bodies = [each.body for each in seen.good("merge_policies.list by 1") if isinstance(each.body, dict)]
    keys = {key for body in bodies for key in ("_links", "_page") if body.get(key)}
    return ("_links" in keys, f"{join_words(keys)} in the answer") if keys else None


@settles("merge-policies-unknown-values")
def _unknown_values(seen: Evidence) -> Verdict:
    policies = [
        policy
        for each in seen.good("merge_policies.list")
        for policy in each.body.get("children", ())
        if isinstance(policy, dict)
    ]
    known = {"none", "pdg", "timestampOrdered", "dataSetPrecedence"}
    words = {
        str((policy.get(key) or {}).get("type")) for policy in policies for key in ("identityGraph", "attributeMerge")
    }
    return (
        (words <= known, f"other words: {join_words(words - known)}" if words - known else "none") if policies else None
    )


@settles("merge-policies-error-bodies")
def _error_bodies(seen: Evidence) -> Verdict:
    bodies = [each.body for each in seen.of("merge_policies.get of an unknown id") if each.status >= 400]
    keys = {key for body in bodies if isinstance(body, dict) for key in body}
    return (
        (all(isinstance(body, dict) and is_problem(body) for body in bodies), f"keys {join_words(keys)}")
        if bodies
        else None
    )


@settles("merge-policies-bulk-unknown")
def _bulk_unknown(seen: Evidence) -> Verdict:
    results = [
        each.body["results"]
        for each in seen.good("merge_policies.get_many")
        if isinstance(each.body, dict) and isinstance(each.body.get("results"), dict)
    ]
    policies = [sum("identityGraph" in (entry or {}) for entry in result.values()) for result in results]
    return (len(results[0]) == policies[0], f"{len(results[0])} entries, {policies[0]} policies") if results else None


@settles("system-jobs-form")
def _jobs_form(seen: Evidence) -> Verdict:
    jobs = children(seen.good("system_jobs.list"))
    forms = {"AWS" if "requestId" in job else "Azure" if "jobType" in job else "unified" for job in jobs}
    return (True, f"the {join_words(forms)} form") if forms else None


@settles("system-jobs-paging")
def _jobs_paging(seen: Evidence) -> Verdict:
    bodies = [each.body for each in seen.good("system_jobs.list")]
    kinds = {"a plain list" if isinstance(body, list) else f"keys {join_words(body)}" for body in bodies if body}
    return (True, join_words(kinds)) if kinds else None


@settles("computed-attributes-list-envelope")
def _attributes_envelope(seen: Evidence) -> Verdict:
    bodies = [each.body for each in seen.good("computed_attributes.list") if isinstance(each.body, dict)]
    keys = {key for body in bodies for key in ("computedAttributes", "children") if key in body}
    return (keys == {"computedAttributes"}, f"under {join_words(keys)}") if bodies else None


@settles("computed-attributes-status-form")
def _attributes_status(seen: Evidence) -> Verdict:
    kinds = {kind_of(attribute.get("status")) for attribute in _attributes(seen)}
    return (kinds == {"text"}, join_words(kinds)) if kinds else None


@settles("computed-attributes-epochs")
def _attributes_epochs(seen: Evidence) -> Verdict:
    # Thirteen digits are milliseconds; seconds would have ten.
    kinds = {kind_of(attribute["createEpoch"]) for attribute in _attributes(seen) if "createEpoch" in attribute}
    return (kinds == {"whole number of 13 digits"}, join_words(kinds)) if kinds else None


@settles("export-jobs-batches-form")
def _export_batches(seen: Evidence) -> Verdict:
    bodies = [each.body for each in seen.good("export_jobs.list") if isinstance(each.body, dict)]
    jobs = [job for body in bodies for job in body.get("records", ()) if isinstance(job, dict)]
    destinations = [job["destination"] for job in jobs if isinstance(job.get("destination"), dict)]
    kinds = {kind_of(each["batches"]).partition(" ")[0] for each in destinations if each.get("batches")}
    return (kinds == {"list"}, join_words(kinds)) if kinds else None


@settles("datasets-class-of-schema")
def _dataset_classes(seen: Evidence) -> Verdict:
    bodies = [each.body for each in seen.good("datasets.list") if isinstance(each.body, dict)]
    datasets = [dataset for body in bodies for dataset in body.values() if isinstance(dataset, dict)]
    schemas = [(dataset.get("schemaRef") or {}).get("id", "") for dataset in datasets]
    told = sum(str(schema).startswith("https://ns.adobe.com/xdm/context/") for schema in schemas)
    return (told == len(schemas), f"{told} of {len(schemas)} schema ids tell the class") if schemas else None


def _attributes(seen: Evidence) -> list[dict[str, object]]:
    """The computed attributes of the list, under either name."""
    bodies = [each.body for each in seen.good("computed_attributes.list") if isinstance(each.body, dict)]
    lists = [body.get("computedAttributes") or body.get("children") or () for body in bodies]
    return [attribute for each in lists for attribute in each if isinstance(attribute, dict)]
