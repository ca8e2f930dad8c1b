"""What IMS gives."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FetchedToken:
    """A token as IMS gave it; `expires_in` is in seconds."""

    value: str = field(repr=False)
    expires_in: float
