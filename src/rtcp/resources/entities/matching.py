"""Which entry of a bulk answer belongs to which identity that was asked for. Pure.

No source says how the two are tied together: the answer is keyed by opaque XIDs. A wrong guess would hand one
person's data to another, so position and count are never used, and whatever stays in doubt is left out, for the caller
to look up one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from rtcp.models.entity import Entity, RequestedIdentity, keys_among

Key = tuple[str, str | None]


def match(asked: Collection[Key], entries: Mapping[str, Entity]) -> dict[Key, Entity]:
    """The entries that certainly belong to an asked identity, by the identity's key."""
    return match_with_doubts(asked, entries)[0]


def match_with_doubts(
    asked: Collection[Key], entries: Mapping[str, Entity]
) -> tuple[dict[Key, Entity], Collection[Key]]:
    """The entries that certainly belong to an asked identity, and the keys of those that one may belong to.

    Whoever is in neither has no entry: the service knows nothing of them.
    """
    matched: dict[Key, Entity] = {
        (name, code): entries[name] for name, code in asked if code is None and name in entries
    }
    open_keys = {key for key in asked if key[1] is not None}
    taken = {id(entry) for entry in matched.values()}
    # None stands for a key whose answer stays in doubt.
    requested: dict[Key, Entity | None] = {}
    claimed: dict[Key, Entity | None] = {}
    named: set[Key] = set()
    for entry in entries.values():
        keys = keys_among(entry, open_keys)
        named |= keys
        if entry.requested_identity is not None:
            key = _key(entry.requested_identity)
            if key in open_keys:
                requested[key] = None if key in requested else entry
            continue
        # An entry that two askers find themselves in may be either's: under a policy without stitching the other one
        # may have none at all.
        is_certain = len(keys) == 1 and id(entry) not in taken
        for key in keys:
            claimed[key] = entry if is_certain and key not in claimed else None
    look_alikes = _look_alikes(open_keys)
    for key, answer in (claimed | requested).items():
        if answer is not None and key not in look_alikes:
            matched[key] = answer
    tied = {id(entry) for entry in matched.values()}
    # An entry without content is the answer about somebody unknown, whoever that is.
    if any(id(entry) not in tied and not entry.is_empty for entry in entries.values()):
        return matched, asked
    # Two askers may be one entry to the service, which then names the other one at most among its identities.
    return matched, (named | requested.keys() | look_alikes) - matched.keys()


def _look_alikes(keys: set[Key]) -> set[Key]:
    """The keys of ids that are one number. Some answers print ids as numbers, and then "7" and "007" are the same."""
    if not any(name[0] == "0" and name.isdecimal() for name, _ in keys):
        return set()
    numbers = Counter((name.lstrip("0"), code) for name, code in keys if name.isdecimal())
    return {(name, code) for name, code in keys if numbers[name.lstrip("0"), code] > 1 and name.isdecimal()}


def _key(requested: RequestedIdentity) -> Key:
    code = requested.entity_id_ns.code.casefold() if requested.entity_id_ns is not None else None
    return requested.entity_id, code
