"""What IMS gives."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final, TypeGuard

from rtcp._hidden import Hidden

_SENDABLE: Final = re.compile(r"[\x21-\x7e]+")


def is_token(value: Any) -> TypeGuard[str]:
    """True for a text that can be sent as a bearer token."""
    return isinstance(value, str) and _SENDABLE.fullmatch(value) is not None


@dataclass(frozen=True, slots=True)
class FetchedToken:
    """A token as IMS gave it; `expires_in` is in seconds."""

    value: str = field(repr=False)
    expires_in: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", Hidden(self.value))
