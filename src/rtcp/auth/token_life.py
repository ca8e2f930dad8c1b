"""When a token that was given to us runs out, where it says so itself."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rtcp._json import read_json
from rtcp._numbers import told_count


def read_end(token: str) -> datetime | None:
    """The moment at which a token runs out by its own words; None where it does not say.

    Tokens of IMS are JSON Web Tokens that name when they were made and how long they last, both in milliseconds;
    others name their end, in seconds.
    """
    claims = _claims_of(token)
    made, lasts, end = (told_count(claims.get(name)) for name in ("created_at", "expires_in", "exp"))
    if made is not None and lasts is not None:
        moment = made + lasts
    elif end is not None:
        moment = end * 1000
    else:
        return None
    try:
        return datetime.fromtimestamp(moment / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _claims_of(token: str) -> Mapping[str, Any]:
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = read_json(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}
