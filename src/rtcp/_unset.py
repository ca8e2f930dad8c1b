"""The one sentinel for "not given": UNSET is not sent, None is sent as JSON null."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, Literal


class Unset(Enum):
    """Type of `UNSET`; an Enum member, so that type checkers narrow on `is`."""

    UNSET = "UNSET"

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> Literal[False]:
        return False


UNSET: Final = Unset.UNSET


def drop_unset(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the given values without those that are UNSET."""
    return {name: value for name, value in values.items() if value is not UNSET}
