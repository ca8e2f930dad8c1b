"""What a row must have before it goes out, held as strictly as where it lands: identity, `identityMap`, timestamp."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from rtcp._numbers import as_number, is_whole
from rtcp.errors import InvalidArgumentError
from rtcp.rows.paths import Steps, value_at

IDENTITY_MAP: Final = "identityMap"
# The service takes none of these for an identity, and drops what has no other.
_NOBODY: Final = frozenset({"null", "anonymous", "invalid"})
_NOBODY_SAID: Final = "has a word that stands for nobody, such as null"
_LONGEST_WORD: Final = 20
_EXACT: Final = 2**53
TIMESTAMP: Final = "timestamp"
_ADVICE: Final = "write e.g. 2026-03-02T08:15:00Z"
_RFC3339: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII
)


def check_identity(row: Mapping[str, Any], identity: str | None, steps: Steps | None) -> Any:
    """Return the id at the path of the identity, None where there is none to be asked for.

    Refuse a row whose `identityMap` has a wrong form, or that shall have an identity and has none.

    Args:
        identity: dot path of the primary identity; None checks no more than the form.
        steps: the same path, parsed.

    Raises:
        InvalidArgumentError: names the path.
    """
    has_map = _has_identity(row[IDENTITY_MAP]) if row.get(IDENTITY_MAP) is not None else False
    if identity is None:
        return None
    value = value_at(row, steps if steps is not None else identity)
    if not is_identity_value(value):
        if has_map:
            return None
        raise InvalidArgumentError(
            f"no identity: {identity} {_NOBODY_SAID}"
            if isinstance(value, str) and _stands_for_nobody(value)
            else f"no identity: neither {identity} nor identityMap has a value"
        )
    return value


def is_identity_value(value: Any) -> bool:
    """True for what can be an id: a text that is not blank and stands for somebody, a whole number, or a UUID."""
    if isinstance(value, str):
        return not _is_blank(value) and not _stands_for_nobody(value)
    if isinstance(value, UUID):
        return True
    number = as_number(value)
    if isinstance(number, float) and abs(number) >= _EXACT:
        # Which one it was before it became a double, nobody can tell.
        return False
    return number is not None and is_whole(number)


def _is_blank(text: str) -> bool:
    return not text or text.isspace()


def _stands_for_nobody(text: str) -> bool:
    return len(text) <= _LONGEST_WORD and text.strip().casefold() in _NOBODY


def check_timestamp(value: Any) -> None:
    """Refuse what would be acknowledged, and lost when it lands.

    Raises:
        InvalidArgumentError: it is neither an aware datetime nor a text of RFC 3339 with a real date and an offset.
    """
    if type(value) is str and _is_plain_time(value):
        return
    if type(value) is str and _RFC3339.fullmatch(value) is not None:
        try:
            date.fromisoformat(value[:10])
        except ValueError:
            pass
        else:
            return
        raise InvalidArgumentError(f"{TIMESTAMP} is no date that the calendar has; {_ADVICE}")
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise InvalidArgumentError(
                f"{TIMESTAMP} is a datetime without time zone; use e.g. datetime(..., tzinfo=timezone.utc)"
            )
        return
    if isinstance(value, str):
        if type(value) is not str:
            # A text of numpy, say, may print itself in another way.
            check_timestamp(str.__str__(value))
            return
        raise InvalidArgumentError(f"{TIMESTAMP} {_fault_of(value)}; {_ADVICE}")
    what = "a date without time" if isinstance(value, date) else f"of the type {type(value).__name__}"
    raise InvalidArgumentError(f"{TIMESTAMP} is {what}; {_ADVICE}")


def _is_plain_time(text: str) -> bool:
    """True for the form that nearly all have, to whole seconds in UTC; a third of what the pattern takes."""
    if len(text) != 20 or text[10] != "T" or text[19] != "Z" or text[13] != ":" or text[16] != ":":
        return False
    try:
        return text[4] == "-" and text[11:13] != "24" and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def check_event_id(value: Any) -> bool:
    """True when there is an `_id`.

    Raises:
        InvalidArgumentError: what is there is no text.
    """
    if type(value) is str and value and not value.isspace():
        return True
    if value is None or value == "":
        return False
    if isinstance(value, UUID):
        return True
    if not isinstance(value, str):
        raise InvalidArgumentError(f"_id must be a text, not {type(value).__name__}")
    if value.isspace():
        raise InvalidArgumentError("_id is blank")
    return True


def _has_identity(identities: Any) -> bool:
    """True when a map of identities holds one; a list or id that is empty holds none."""
    if not isinstance(identities, Mapping):
        raise _malformed(IDENTITY_MAP, "must be an object of namespaces", identities)
    found = False
    for namespace, listed in identities.items():
        if listed is None:
            continue
        if not isinstance(listed, list | tuple):
            where = f"{IDENTITY_MAP}.{namespace}"
            raise _malformed(where, "must be a list of identities, each an object with an id", listed)
        for number, item in enumerate(listed):
            if type(item) is not dict and not isinstance(item, Mapping):
                raise _malformed(f"{IDENTITY_MAP}.{namespace}[{number}]", "must be an object with an id", item)
            value = item.get("id")
            if value is None:
                continue
            if not isinstance(value, str):
                if not isinstance(value, UUID):
                    raise _malformed(f"{IDENTITY_MAP}.{namespace}[{number}].id", "must be a text", value)
            elif _stands_for_nobody(value):
                raise InvalidArgumentError(f"{IDENTITY_MAP}.{namespace}[{number}].id {_NOBODY_SAID}")
            elif _is_blank(value):
                continue
            found = True
    return found


def _malformed(where: str, rule: str, value: Any) -> InvalidArgumentError:
    return InvalidArgumentError(f"{where} {rule}, not {type(value).__name__}")


def _fault_of(text: str) -> str:
    is_time = re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(.*)", text, re.ASCII)
    if is_time is not None or re.match(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d", text, re.ASCII):
        offset = is_time[1] if is_time is not None else text[16:]
        return "has no time zone" if re.search(r"Z|[+-]\d", offset) is None else "is not in the form of RFC 3339"
    return "is no time of RFC 3339"
