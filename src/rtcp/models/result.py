"""What became of each of many inputs, by position."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from rtcp.errors import PartialFailureError, RtcpError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """One input's result: a value, or an error; neither means that no answer came, so it may have been applied."""

    position: int
    value: T | None = field(default=None, repr=False)
    error: RtcpError | None = None

    @property
    def is_success(self) -> bool:
        """True when the service did it."""
        return self.value is not None


@dataclass(frozen=True, slots=True)
class BulkResult(Generic[T]):
    """The outcomes of one call about many things, in input order. Iterating yields the values of those that
    succeeded.
    """

    outcomes: tuple[Outcome[T], ...]

    @property
    def succeeded(self) -> list[Outcome[T]]:
        """Outcomes with a value."""
        return [outcome for outcome in self.outcomes if outcome.is_success]

    @property
    def failed(self) -> list[Outcome[T]]:
        """Outcomes with an error."""
        return [outcome for outcome in self.outcomes if outcome.error is not None]

    @property
    def unknown(self) -> list[Outcome[T]]:
        """Outcomes with neither: no answer came, so it may have been applied."""
        return [outcome for outcome in self.outcomes if not outcome.is_success and outcome.error is None]

    def __iter__(self) -> Iterator[T]:
        return (outcome.value for outcome in self.outcomes if outcome.value is not None)

    def __len__(self) -> int:
        return len(self.outcomes)

    def __repr__(self) -> str:
        return f"<BulkResult: {len(self.succeeded)} succeeded, {len(self.failed)} failed, {len(self.unknown)} unknown>"

    def raise_for_failures(self) -> None:
        """Do nothing if all succeeded.

        Raises:
            PartialFailureError: some did not; it carries the outcomes.
        """
        failed, unknown = self.failed, self.unknown
        if not failed and not unknown:
            return
        first = f"; the first, at position {failed[0].position}: {failed[0].error}" if failed else ""
        raise PartialFailureError(
            f"{len(failed)} of {len(self.outcomes)} failed and {len(unknown)} got no answer{first}",
            succeeded=self.succeeded,
            failed=failed,
            unknown=unknown,
        )
