"""The writer: takes rows, packs them, sends them from a few threads, and knows what became of each."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice, repeat
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from rtcp._progress import Bar, both
from rtcp._temporary import at_end_of
from rtcp.bulk.packing import Packer
from rtcp.bulk.reject_file import RejectFile
from rtcp.bulk.spool import Queue, SpoolFile
from rtcp.errors import InvalidArgumentError, PartialFailureError, RtcpError, SpoolError
from rtcp.models.stream import WriterSummary
from rtcp.resources.streaming.envelope import Envelope
from rtcp.resources.streaming.fates import Fate, Item, Pack, Place
from rtcp.resources.streaming.ledger import Ledger
from rtcp.resources.streaming.sender import MAX_BODY, Sender
from rtcp.rows.form import RowForm
from rtcp.rows.rejects import REFUSED, Reject
from rtcp.rows.row import Row
from rtcp.rows.shaping import RowShaper, warn_of_unseen
from rtcp.rows.sources import read_rows

logger = logging.getLogger(__name__)

T = TypeVar("T")

_NOT_SPOOLED: Final = -1
# Rows that share a commit of the spool when many are written at once.
_GROUP: Final = 500
# Seconds that an interrupted writer waits for requests under way.
_GRACE: Final = 10.0
_INTERRUPTED: Final = "not sent: the writer was interrupted"
_FORKED: Final = "this writer was opened before a fork; open one of your own in the child, with a client of your own"


class StreamWriter:
    """Rows on their way to one inlet. Use it in a `with` statement; may be shared by threads.

    At most one pack for each worker waits beside those that are being sent: a caller that is faster than the service
    is held back.
    """

    def __init__(
        self,
        sender: Sender,
        form: RowForm,
        *,
        org_id: str | None,
        workers: int,
        max_batch: int,
        spool: SpoolFile | str | Path | None,
        rejects: str | Path | None,
        on_progress: Callable[[WriterSummary], object] | None,
        bar: Bar | None = None,
    ) -> None:
        self._sender = replace(sender, is_stopped=lambda: self._is_aborted)
        self._envelope = Envelope(form, org_id)
        self._envelopes: dict[str, tuple[Envelope, RowShaper]] = {}
        self._org_id = org_id
        self._shaper = RowShaper(form)
        self._limits = sender.limits(max_batch)
        self._packer: Packer[Item] = Packer(self._limits)
        self._workers = workers
        self._on_progress = both(bar, on_progress)
        self._bar = bar
        self._intake = threading.Lock()
        self._packs: queue.Queue[Pack | None] = queue.Queue(maxsize=workers)
        self._outbox: list[Item] = []
        self._threads: list[threading.Thread] = []
        self._fatal: BaseException | None = None
        self._is_closed = self._is_aborted = False
        self._pid = os.getpid()
        # Before the spool, which would stay open when this fails.
        letters = None if rejects is None else RejectFile(rejects)
        self._owned = None if spool is None or isinstance(spool, SpoolFile) else SpoolFile(spool)
        held = spool if isinstance(spool, SpoolFile) else self._owned
        self._queue = None if held is None else Queue(held, f"streaming {sender.inlet_id}")
        self._is_recovered = self._queue is None
        self._ledger = Ledger(form, self._queue, letters)
        self._last_word = at_end_of(self, partial(_tell_left, self._ledger, has_spool=self._queue is not None))

    @property
    def summary(self) -> WriterSummary:
        """What has become of the rows so far; final once the writer is closed."""
        return self._ledger.summary

    def write(self, row: Any) -> None:
        """Take one row in; with a spool, return once it is safe on disk.

        A row that cannot be right is not raised but counted as rejected, so that the others go on. Blocks while
        the service is slower than the caller.

        Raises:
            RtcpError: the writer is closed, or can go no further (no token, spool full).
        """
        self._take_given([row], self._shaper)

    def write_many(self, rows: Any) -> None:
        """Take many rows in, as `write` does; with a spool, some hundreds of them share a commit.

        Args:
            rows: objects of XDM, in a list or any iterable; a pandas, Polars or Arrow table, whose columns are dot
                paths; the path of a file (.csv, .tsv, .txt, .jsonl, .json, .parquet; compressed as .gz or .zst); or
                what `rtcp.read_rows` has made of one. A line that cannot be read is a row that is rejected.

        Raises:
            InvalidArgumentError: there are no rows in such a thing, or the mapping names a column that it lacks.
            RtcpError: as of `write`.
        """
        source = read_rows(rows, is_read_once=True)
        shaper = RowShaper(self._envelope.form, source)
        if source.given is not None:
            for given in _groups(source.given):
                self._take_given(given, shaper)
        else:
            line = None if source.name is None else 0
            for group in _groups(source.read()):
                self._take_in(group, shaper, Place(self._enter(len(group)), line, source.name))
        warn_of_unseen(shaper)

    def flush(self) -> None:
        """Return once there is an answer, or none to be hoped for, to all rows written so far.

        Raises:
            RtcpError: the writer can go no further.
        """
        if self._is_closed:
            return
        self._check_process()
        with self._intake:
            self._recover()
            left, self._outbox = self._outbox, []
            self._fill(iter(left))
            self._dispatch(self._packer.rest())
        self._packs.join()
        self._raise_fatal()

    def rejects(self) -> Iterator[Reject]:
        """Yield the rows that were rejected, and those whose fate is unknown, with the reasons.

        Raises:
            SpoolError: after those that are there: a replay has taken others out of the dead letters.
        """
        yield from self._ledger.rejects()

    def raise_for_failures(self) -> None:
        """Do nothing if the service has received all rows.

        Raises:
            PartialFailureError: some were rejected, or nobody can tell.
        """
        summary = self.summary
        if summary.sent == summary.rows:
            return
        rejects: list[Reject] = []
        taken = ""
        try:
            rejects.extend(self.rejects())
        except SpoolError as exc:
            taken = f"; {exc}"
        said = f"; the first, at position {rejects[0].position}: {rejects[0].message}" if rejects else ""
        raise PartialFailureError(
            f"of {summary.rows} rows {summary.rejected} were rejected, {summary.unknown} got no answer and "
            f"{summary.waiting} wait in the spool{said}{taken}",
            failed=[reject for reject in rejects if not reject.is_unknown],
            unknown=[reject for reject in rejects if reject.is_unknown],
        )

    def close(self) -> None:
        """Send what is left and stop. Closing twice is fine.

        Raises:
            RtcpError: the writer could go no further; the summary tells what became of the rows.
        """
        if self._is_closed:
            return
        if self._pid != os.getpid():
            # Threads and rows are the parent's: it sends them.
            self._is_closed = True
            return
        try:
            self.flush()
        except KeyboardInterrupt:
            self._abort()
            raise
        finally:
            self._end()

    def rewrite(self, rejects: Iterable[Reject]) -> None:
        """Take rows in that were in a writer before, with their places there, each in the form that it has."""
        for reject in rejects:
            self._check_open()
            self._ledger.enter_again(1)
            form = reject.form
            envelope, shaper = (self._envelope, self._shaper) if form is None else self._envelope_of(form)
            place = Place(reject.position, reject.line, reject.file, form)
            line = reject.line or (0 if reject.position is None else reject.position + 1)
            self._take_in([Row(reject.position or 0, line, reject.row)], shaper, place, envelope=envelope)

    def _enter(self, count: int) -> int:
        self._check_open()
        return self._ledger.enter(count)

    def _envelope_of(self, form: RowForm) -> tuple[Envelope, RowShaper]:
        key = repr(form)
        known = self._envelopes.get(key)
        if known is None:
            known = self._envelopes[key] = (Envelope(form, self._org_id), RowShaper(form))
        return known

    def _take_given(self, rows: Sequence[Any], shaper: RowShaper) -> None:
        """Take new rows in that stand in no file: their positions say all of their places."""
        encoded, largest = self._envelope.message_of, self._limits.largest
        messages: list[tuple[Place | int, bytes]] = []
        refused: list[Reject] = []
        for position, given in enumerate(rows, self._enter(len(rows))):
            try:
                message = encoded(given, position + 1, shaper)
                if len(message) > largest:
                    self._limits.check(len(message))
            except InvalidArgumentError as exc:
                refused.append(self._refuse(given, Place(position), shaper, exc))
            else:
                messages.append((position, message))
        self._accept_all(messages, refused)

    def _take_in(
        self, rows: Sequence[Row], shaper: RowShaper, first: Place, *, envelope: Envelope | None = None
    ) -> None:
        """Take rows in that are counted already; `first` is the place of the first of them."""
        envelope = self._envelope if envelope is None else envelope
        encoded, largest = envelope.message, self._limits.largest
        messages: list[tuple[Place | int, bytes]] = []
        refused: list[Reject] = []
        position, has_lines = first.position, first.line is not None
        for number, row in enumerate(rows):
            line = row.line if has_lines else None
            place = Place(None if position is None else position + number, line, first.file, first.form)
            try:
                message = encoded(row, shaper)
                if len(message) > largest:
                    self._limits.check(len(message))
            except InvalidArgumentError as exc:
                refused.append(self._refuse(row.given, place, shaper, exc, envelope=envelope))
            else:
                messages.append((place, message))
        self._accept_all(messages, refused)

    def _refuse(
        self,
        given: Any,
        place: Place,
        shaper: RowShaper,
        problem: InvalidArgumentError,
        *,
        envelope: Envelope | None = None,
    ) -> Reject:
        form = (envelope or self._envelope).form
        form = replace(form, mapping=shaper.form.mapping, is_dotted=shaper.form.is_dotted)
        where = (place.line, place.file, form)
        return Reject(given, place.position, None, REFUSED, str(problem), False, *where)

    def _accept_all(self, messages: Sequence[tuple[Place | int, bytes]], refused: Sequence[Reject]) -> None:
        try:
            self._accept(messages)
        finally:
            if refused:
                self._ledger.reject(refused)

    def _accept(self, messages: Sequence[tuple[Place | int, bytes]]) -> None:
        ids: Iterable[int] = repeat(_NOT_SPOOLED, len(messages))
        if self._queue is not None:
            try:
                ids = self._queue.put([message for _, message in messages], claim=True)
            except SpoolError:
                # They were counted as they entered, before anybody knew that the spool would not take them.
                self._ledger.leave(len(messages))
                raise
        with self._intake:
            self._recover()
            self._fill((place, message, entry) for (place, message), entry in zip(messages, ids, strict=True))

    def _recover(self) -> None:
        """Send on what the spool has kept of an earlier writer."""
        while not self._is_recovered and self._queue is not None:
            entries = self._queue.take(self._limits.max_count, max_bytes=MAX_BODY)
            self._is_recovered = not entries
            self._ledger.recover(len(entries))
            self._fill((Place(), entry.data, entry.id) for entry in entries)

    def _fill(self, items: Iterator[Item]) -> None:
        try:
            for item in items:
                full = self._packer.add(item, len(item[1]))
                if full is not None:
                    self._dispatch(full)
        except BaseException:
            # An interrupt; what is not in a pack by now is reported with the rest.
            self._outbox += items
            raise

    def _dispatch(self, items: list[Item]) -> None:
        if not items:
            return
        pack = Pack(items)
        self._ledger.open(pack)
        # Threads come as they are needed: a few rows need one.
        if len(self._threads) < self._workers:
            thread = threading.Thread(target=self._work, name="rtcp-stream", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._packs.put(pack)

    def _work(self) -> None:
        while (pack := self._packs.get()) is not None:
            try:
                self._send(pack)
            except BaseException as exc:  # noqa: BLE001 - whatever it is, the caller must hear of it and not wait for ever
                self._fatal = self._fatal or exc
                self._settle_anyway(pack, None)
            finally:
                self._packs.task_done()

    def _send(self, pack: Pack) -> None:
        if not self._ledger.claim(pack):
            return
        fatal = self._fatal
        if fatal is not None or self._is_aborted:
            error = fatal if isinstance(fatal, RtcpError) else RtcpError(_INTERRUPTED)
            self._ledger.settle(pack, [error] * len(pack.items), hopeless=error)
            return
        # An event has an `_id` by now, and a record is what it was: twice is no harm.
        fates, traffic = self._sender.send([message for _, message, _ in pack.items], idempotent=True)
        self._ledger.spent(traffic.requests, traffic.bytes)
        # The first one is the cause, and what the caller hears.
        self._fatal = self._fatal or traffic.hopeless
        self._ledger.settle(pack, fates, hopeless=traffic.hopeless)
        if self._on_progress is not None:
            try:
                self._on_progress(self.summary)
            except Exception:
                logger.exception("on_progress failed")

    def _abort(self) -> None:
        """Settle everything now: what has not been sent is not sent, what is under way is waited for a little."""
        self._is_aborted = True
        with self._intake:
            left, self._outbox = [*self._packer.rest(), *self._outbox], []
        if left:
            self._ledger.open(Pack(left))
        for pack in self._ledger.opened():
            if self._ledger.claim(pack):
                self._settle_anyway(pack, RtcpError(_INTERRUPTED))
        with contextlib.suppress(queue.Empty):
            while True:
                self._packs.get_nowait()
        # What is under way may be answered still; after that, nobody can tell.
        self._stop(timeout=_GRACE)
        for pack in self._ledger.opened():
            self._settle_anyway(pack, None)

    def _settle_anyway(self, pack: Pack, fate: Fate) -> None:
        """Settle a pack after a failure that the caller hears of first, whatever the disk says to that."""
        try:
            self._ledger.settle(pack, [fate] * len(pack.items))
        except SpoolError as exc:
            logger.warning("%s; the rows are kept in memory", exc)

    def _stop(self, *, timeout: float | None) -> None:
        for _ in self._threads:
            self._packs.put(None)
        deadline = None if timeout is None else time.monotonic() + timeout
        for thread in self._threads:
            thread.join(None if deadline is None else max(0.0, deadline - time.monotonic()))
        self._threads = []

    def _end(self) -> None:
        self._is_closed = True
        self._last_word.detach()
        self._stop(timeout=None)
        warn_of_unseen(self._shaper)
        try:
            self._ledger.close()
        finally:
            self._end_bar()
            if self._owned is not None:
                self._owned.close()

    def _end_bar(self) -> None:
        if self._bar is not None:
            self._bar.tell(self.summary)
            self._bar.close()

    def _check_open(self) -> None:
        self._check_process()
        self._raise_fatal()
        if self._is_closed:
            raise RtcpError("this writer is closed; open another one")

    def _check_process(self) -> None:
        # First of all: in a forked child, the locks may be held for ever by threads that only the parent has.
        if self._pid != os.getpid():
            raise RtcpError(_FORKED)

    def _raise_fatal(self) -> None:
        if self._fatal is not None:
            raise self._fatal

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(exc, KeyboardInterrupt) and self._pid == os.getpid():
            self._abort()
            self._end()
            return
        try:
            self.close()
        except RtcpError:
            # What broke the body off matters more than its end.
            if exc is None:
                raise

    def __repr__(self) -> str:
        return f"<StreamWriter to inlet {self._sender.inlet_id}: {self.summary}>"


def _groups(rows: Iterable[T]) -> Iterator[list[T]]:
    """The rows, some hundreds at a time; what an error of the caller's iterator comes behind is not lost."""
    stream = iter(rows)
    while True:
        group: list[T] = []
        try:
            group.extend(islice(stream, _GROUP))
        except Exception:
            yield group
            raise
        if group:
            yield group
        if len(group) < _GROUP:
            return


def _tell_left(ledger: Ledger, *, has_spool: bool) -> None:
    """Say so when a program ends, or drops a writer, with rows in it that were never sent."""
    if has_spool:
        return
    told = ledger.summary
    left = told.rows - told.sent - told.rejected - told.unknown
    if left:
        logger.warning("a writer was not closed: %d rows were not sent, or their answers not waited for", left)
