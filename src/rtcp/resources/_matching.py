"""Which entry of a bulk answer belongs to which identity that was asked for. Pure.

No source says how the two are tied together: the answer is keyed by opaque XIDs. A wrong guess would hand one
person's data to another, so position and count are never used, and whatever stays in doubt is left out, for the caller
to look up one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from rtcp.models.entity import Entity, RequestedIdentity, identity_keys
from rtcp.models.identity import Identity

Key = tuple[str, str | None]


def match(asked: Iterable[Identity], entries: Mapping[str, Entity]) -> dict[Key, Entity]:
    """The entries that certainly belong to an asked identity, by the identity's key."""
    matched: dict[Key, Entity] = {}
    open_keys: set[Key] = set()
    for identity in asked:
        entry = entries.get(identity.id) if identity.is_xid else None
        if entry is not None:
            matched[identity.key] = entry
        elif not identity.is_xid:
            open_keys.add(identity.key)
    look_alikes = _look_alikes(open_keys)
    taken = {id(entry) for entry in matched.values()}
    requested: dict[Key, list[Entity]] = {}
    claims: dict[int, list[Key]] = {}
    claimed: dict[Key, list[Entity]] = {}
    for entry in entries.values():
        if entry.requested_identity is not None:
            key = _key(entry.requested_identity)
            if key in open_keys:
                requested.setdefault(key, []).append(entry)
            continue
        for key in identity_keys(entry) & open_keys:
            claims.setdefault(id(entry), []).append(key)
            claimed.setdefault(key, []).append(entry)
    for key, answers in requested.items():
        if len(answers) == 1 and key not in look_alikes:
            matched[key] = answers[0]
    for key, candidates in claimed.items():
        # An entry that two askers find themselves in may be either's: under a policy without stitching the other one
        # may have none at all.
        if (
            key not in requested
            and key not in look_alikes
            and len(candidates) == 1
            and len(claims[id(candidates[0])]) == 1
            and id(candidates[0]) not in taken
        ):
            matched[key] = candidates[0]
    return matched


def _look_alikes(keys: set[Key]) -> set[Key]:
    """The keys of ids that are one number. Some answers print ids as numbers, and then "7" and "007" are the same."""
    if not any(name[0] == "0" and name.isdecimal() for name, _ in keys):
        return set()
    numbers = Counter((name.lstrip("0"), code) for name, code in keys if name.isdecimal())
    return {(name, code) for name, code in keys if numbers[name.lstrip("0"), code] > 1 and name.isdecimal()}


def _key(requested: RequestedIdentity) -> Key:
    code = requested.entity_id_ns.code.casefold() if requested.entity_id_ns is not None else None
    return requested.entity_id, code
