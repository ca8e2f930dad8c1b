"""What IMS gives."""

from __future__ import annotations

from dataclasses import dataclass, field

from rtcp._hidden import Hidden


@dataclass(frozen=True, slots=True)
class FetchedToken:
    """A token as IMS gave it; `expires_in` is in seconds."""

    value: str = field(repr=False)
    expires_in: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", Hidden(self.value))
