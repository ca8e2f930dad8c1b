"""What the store reads out of an XDM row before it keeps it: identities, event id and time, and no nulls."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from rtcp.emulator.store.values import (
    ACCOUNT_CLASS,
    EVENT_CLASS,
    OPPORTUNITY_CLASS,
    PROFILE_CLASS,
    Dataset,
    Identity,
    Xdm,
)
from rtcp.rows.paths import value_at

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_ECID = re.compile(r"[0-9]{38}")
_FORBIDDEN = ("null", "anonymous", "invalid")
_LONGEST_VALUE = 1024
MOST_IDENTITIES = 20
_B2B_NAMESPACE = {ACCOUNT_CLASS: "b2b_account", OPPORTUNITY_CLASS: "b2b_opportunity"}


class RowError(ValueError):
    """A row that cannot be kept; the text says why and holds no value of the row.

    Attributes:
        keyword: of JSON Schema, as the service's own validator would name the breach.
        pointer: to where it is, in the row.
    """

    def __init__(self, reason: str, *, keyword: str = "required", pointer: str = "#") -> None:
        super().__init__(reason)
        self.keyword = keyword
        self.pointer = pointer


def read_identities(dataset: Dataset, row: Xdm) -> tuple[Identity, ...]:
    """Find the identities that a row links, its owner first; null or empty secondary ones are left out.

    Raises:
        RowError: the row has no primary identity, as the service drops such rows.
    """
    primary: Identity | None = None
    found: list[Identity] = []
    for path in dataset.identities:
        value = identity_value(value_at(row, path.path))
        if value is None:
            continue
        _check_value(path.namespace, value, path.path)
        identity = Identity(path.namespace, value)
        found.append(identity)
        if path.primary:
            primary = identity
    by_namespace = row.get("identityMap")
    if by_namespace is not None and dataset.reads_map:
        mapped, marked = _read_identity_map(by_namespace)
        found.extend(mapped)
        # A map in which nothing is marked is owned by its first identity, unless a path of the dataset is primary.
        if primary is None and dataset.primary_path is None:
            primary = marked or (mapped[0] if mapped else None)
    if primary is None:
        raise RowError(_no_primary(dataset))
    if len(found) == 1:
        return (primary,)
    if len(found) > MOST_IDENTITIES and len(set(found)) > MOST_IDENTITIES:
        raise RowError(f"more than {MOST_IDENTITIES} identities", keyword="maxItems")
    return (primary, *(identity for identity in found if identity != primary))


def read_event_key(row: Xdm) -> tuple[str, int]:
    """The id of an event and its time in milliseconds.

    Raises:
        RowError: `_id` or `timestamp` is missing or malformed.
    """
    event_id = row.get("_id")
    if not isinstance(event_id, str) or not event_id or not _is_unicode(event_id):
        raise RowError("an event needs a text as '_id'", pointer="#/_id")
    timestamp = row.get("timestamp")
    if not isinstance(timestamp, str) or not _RFC3339.fullmatch(timestamp):
        told = "an event needs a 'timestamp' in RFC 3339 with a zone, such as 2024-05-01T12:30:00Z"
        raise RowError(told, keyword="required" if timestamp is None else "format", pointer="#/timestamp")
    try:
        instant = datetime.fromisoformat(timestamp.upper())
    except ValueError as exc:
        told = f"'timestamp' is no date of the calendar: {exc}"
        raise RowError(told, keyword="format", pointer="#/timestamp") from None
    return event_id, (instant - _EPOCH) // _MILLISECOND


def without_nulls(value: Xdm) -> dict[str, Any]:
    """A copy in which null attributes, and objects that held nothing else, are absent; arrays stay as they are."""
    out: dict[str, Any] = {}
    for key, item in value.items():
        if isinstance(item, Mapping):
            item = without_nulls(item)
            if not item:
                continue
        if item is not None:
            out[key] = item
    return out


def identity_value(raw: object) -> str | None:
    """The text of an identity; whole numbers are written out, everything that cannot be one gives None."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        return str(raw)
    return raw if isinstance(raw, str) and raw.strip() and _is_unicode(raw) else None


def _is_unicode(text: str) -> bool:
    """False for a text with half a surrogate pair, which JSON can hold and no database."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def links(schema_class: str, namespace: str) -> bool:
    """Whether an identity in a row of this class joins the identity graph.

    People are linked by profile and event rows; accounts and opportunities only by the namespace of their own class,
    and rows of other classes link nothing.
    """
    if schema_class in (PROFILE_CLASS, EVENT_CLASS):
        return namespace.lower() not in _B2B_NAMESPACE.values()
    return _B2B_NAMESPACE.get(schema_class) == namespace.lower()


def _read_identity_map(raw: object) -> tuple[list[Identity], Identity | None]:
    found: list[Identity] = []
    marked: Identity | None = None
    if not isinstance(raw, Mapping):
        raise _wrong_map("#/identityMap")
    for namespace, entries in raw.items():
        if not _is_unicode(namespace):
            raise _wrong_map("#/identityMap")
        if not isinstance(entries, list | None):
            raise _wrong_map(f"#/identityMap/{namespace}")
        for entry in entries or ():
            if entry is None:
                continue
            if not isinstance(entry, Mapping) or not isinstance(entry.get("id"), str | int | None):
                raise _wrong_map(f"#/identityMap/{namespace}")
            value = identity_value(entry.get("id"))
            if value is None or not namespace.strip():
                continue
            _check_value(namespace, value, f"identityMap.{namespace}")
            found.append(Identity(namespace, value))
            # The service prints this flag both as a boolean and as text.
            if marked is None and entry.get("primary") in (True, "true"):
                marked = found[-1]
    return found, marked


def _check_value(namespace: str, value: str, path: str) -> None:
    """Refuse what the service takes for no identity, however well it is formed."""
    pointer = f"#/{path.replace('.', '/')}"
    if namespace.lower() == "ecid":
        if _ECID.fullmatch(value) is None:
            raise RowError(f"the ECID at {path!r} has not 38 digits", keyword="pattern", pointer=pointer)
    elif value.strip().lower() in _FORBIDDEN:
        raise RowError(f"the identity at {path!r} is a word that stands for nobody", keyword="not", pointer=pointer)
    if len(value) > _LONGEST_VALUE:
        told = f"the identity at {path!r} is longer than {_LONGEST_VALUE} characters"
        raise RowError(told, keyword="maxLength", pointer=pointer)


def _wrong_map(pointer: str) -> RowError:
    return RowError("'identityMap' is lists of objects with an id, by namespace", keyword="type", pointer=pointer)


def _no_primary(dataset: Dataset) -> str:
    path = dataset.primary_path
    return f"no primary identity at {path.path!r}" if path else "no identity in 'identityMap'"
