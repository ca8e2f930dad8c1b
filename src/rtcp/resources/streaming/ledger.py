"""The books of a writer: what is on its way, and what became of everything else."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rtcp.bulk.reject_file import RejectFile
from rtcp.bulk.spool import Queue
from rtcp.errors import RtcpError, SpoolError
from rtcp.models.stream import WriterSummary
from rtcp.resources.streaming.fates import Fate, Pack, can_retry, tell_reject
from rtcp.rows.form import RowForm
from rtcp.rows.rejects import Reject

logger = logging.getLogger(__name__)


class Ledger:
    """Counts rows, keeps rejects or writes them to the file of rejects, and takes out of the spool what is settled."""

    def __init__(self, form: RowForm, spool: Queue | None, letters: RejectFile | None) -> None:
        # What was sent is mapped already.
        self._form = replace(form, mapping=None)
        self._spool = spool
        self._letters = letters
        self._lock = threading.Lock()
        self._open: set[Pack] = set()
        self._next_position = 0
        self._rows = self._sent = self._rejected = self._unknown = self._waiting = 0
        self._bytes = self._requests = self._recovered = 0
        self._rejects: list[Reject] = []
        self._kept: list[int] = []

    def enter(self, count: int) -> int:
        """Count rows in, and return the position of the first, if they are new ones."""
        with self._lock:
            self._rows += count
            first = self._next_position
            self._next_position += count
        return first

    def enter_again(self, count: int) -> None:
        """Count rows in that have been in a writer before."""
        with self._lock:
            self._rows += count

    def recover(self, count: int) -> None:
        """Count rows in that the spool has kept of an earlier writer."""
        with self._lock:
            self._rows += count
            self._recovered += count

    def leave(self, count: int) -> None:
        """Count rows out that were not taken in after all."""
        with self._lock:
            self._rows -= count

    def open(self, pack: Pack) -> None:
        """A pack is on its way."""
        with self._lock:
            self._open.add(pack)

    def claim(self, pack: Pack) -> bool:
        """True for the one who may send a pack, or settle it unsent."""
        with self._lock:
            is_first = not pack.is_taken
            pack.is_taken = True
        return is_first

    def opened(self) -> list[Pack]:
        """The packs that are on their way."""
        with self._lock:
            return list(self._open)

    def spent(self, requests: int, size: int) -> None:
        """Count what went over the wire."""
        with self._lock:
            self._requests += requests
            self._bytes += size

    def settle(self, pack: Pack, fates: Sequence[Fate], *, hopeless: RtcpError | None = None) -> None:
        """Count, report and unspool the messages of a pack; a second time is nothing.

        What has failed because everything does, for which `hopeless` stands, stays in the spool.
        """
        with self._lock:
            if pack not in self._open:
                return
            self._open.remove(pack)
        sent: list[int] = []
        kept: list[int] = []
        refused: list[int] = []
        rejects: list[Reject] = []
        for (place, message, entry), fate in zip(pack.items, fates, strict=True):
            if isinstance(fate, dict):
                sent.append(entry)
                continue
            may_retry = can_retry(fate, hopeless=hopeless)
            if self._spool is not None and may_retry:
                kept.append(entry)
            else:
                refused.append(entry)
                rejects.append(tell_reject(place, message, fate, self._form, may_retry=may_retry))
        with self._lock:
            self._sent += len(sent)
            self._waiting += len(kept)
            # Given back when the writer ends: until then there is no better moment to try again.
            self._kept += kept
        done = sent
        try:
            # Written down before it leaves the spool: a kill in between repeats a row, and loses none.
            self.reject(rejects)
            done = [*sent, *refused]
        finally:
            if self._spool is not None:
                self._spool.done(done)

    def reject(self, rejects: Sequence[Reject]) -> None:
        """Count and keep rows that were not received.

        Raises:
            SpoolError: the file of rejects cannot be written; the rows are kept in memory.
        """
        unknown = sum(reject.is_unknown for reject in rejects)
        is_written = False
        try:
            if self._letters is not None and rejects:
                self._letters.add(rejects)
                is_written = True
        finally:
            with self._lock:
                self._unknown += unknown
                self._rejected += len(rejects) - unknown
                self._rejects += [] if is_written else rejects

    def close(self) -> None:
        """Give back to the spool what it keeps; count as unknown what an interrupt tore apart between two steps."""
        try:
            if self._spool is not None:
                self._spool.release(self._kept)
        finally:
            if self._letters is not None:
                self._letters.close()
        with self._lock:
            self._unknown += self._rows - self._sent - self._rejected - self._unknown - self._waiting
        if self._sent != self._rows:
            # Leaving the writer raises nothing for single rows: who asks for no summary shall find it here.
            logger.warning(
                "of %d rows %d were rejected, %d got no answer and %d wait in the spool",
                self._rows,
                self._rejected,
                self._unknown,
                self._waiting,
            )

    @property
    def summary(self) -> WriterSummary:
        """The counts so far."""
        with self._lock:
            return WriterSummary(
                self._rows,
                self._sent,
                self._rejected,
                self._unknown,
                self._waiting,
                self._bytes,
                self._requests,
                recovered=self._recovered,
            )

    def rejects(self) -> Iterator[Reject]:
        """Yield what was rejected or is unknown, from the file of rejects and from memory.

        Raises:
            SpoolError: after those that are there: a replay has taken others up.
        """
        taken: SpoolError | None = None
        if self._letters is not None:
            try:
                yield from self._letters.rejects()
            except SpoolError as exc:
                taken = exc
        yield from list(self._rejects)
        if taken is not None:
            raise taken
