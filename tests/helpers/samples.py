"""Answers that scripted servers give; all names are invented."""

from __future__ import annotations

import json
from typing import Any

POLICY: dict[str, Any] = {
    "id": "p-1",
    "name": "Found",
    "schema": {"name": "_xdm.context.profile"},
    "identityGraph": {"type": "none"},
    "attributeMerge": {"type": "timestampOrdered"},
}
POLICY_BYTES = json.dumps(POLICY).encode()
