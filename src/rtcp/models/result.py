"""What became of each of many inputs, by position."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

from rtcp._notebook import Displayed
from rtcp._notebook.cards import Card
from rtcp._notebook.describing import table_of
from rtcp.errors import PartialFailureError, RequestError, RtcpError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Success(Displayed, Generic[T]):
    """One input that the service did what was asked for; `error` is None."""

    position: int
    value: T = field(repr=False)
    error: None = None


@dataclass(frozen=True, slots=True)
class Failure(Displayed):
    """One input that failed, or that got no answer; `value` is None."""

    position: int
    error: RtcpError
    value: None = None

    @property
    def is_unknown(self) -> bool:
        """True when no answer came: the service may have done it."""
        return isinstance(self.error, RequestError) and self.error.may_have_been_applied


Outcome: TypeAlias = Success[T] | Failure
"""What became of one input. Where `error` is None, `value` is what was asked for."""


def unanswered(position: int) -> Failure:
    """The outcome of an input that nobody knows anything of."""
    return Failure(position, RequestError("no answer came; it may have been applied", may_have_been_applied=True))


@dataclass(frozen=True, slots=True)
class BulkResult(Displayed, Generic[T]):
    """The outcomes of one call about many things, in input order. Iterating yields the values of those that
    succeeded.
    """

    outcomes: tuple[Outcome[T], ...]

    @property
    def succeeded(self) -> list[Success[T]]:
        """Outcomes with a value."""
        return [outcome for outcome in self.outcomes if isinstance(outcome, Success)]

    @property
    def failed(self) -> list[Failure]:
        """Outcomes with an answer that is an error."""
        return [outcome for outcome in self.outcomes if isinstance(outcome, Failure) and not outcome.is_unknown]

    @property
    def unknown(self) -> list[Failure]:
        """Outcomes without an answer, which the service may have applied."""
        return [outcome for outcome in self.outcomes if isinstance(outcome, Failure) and outcome.is_unknown]

    def __iter__(self) -> Iterator[T]:
        return (outcome.value for outcome in self.succeeded)

    def __len__(self) -> int:
        return len(self.outcomes)

    def __repr__(self) -> str:
        return f"<BulkResult: {len(self.succeeded)} succeeded, {len(self.failed)} failed, {len(self.unknown)} unknown>"

    def _card(self) -> Card:
        counts = [(name, len(getattr(self, name))) for name in ("succeeded", "failed", "unknown")]
        others = [*self.failed, *self.unknown]
        parts = [table_of(others, title="did not succeed")] if others else []
        return Card(f"Result of {len(self):,}", facts=counts, parts=parts)

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
