"""Streaming ingestion: single messages, many at once, and a writer for streams of rows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from rtcp._paths import local_path
from rtcp._progress import bar_for
from rtcp.bulk.packing import packs
from rtcp.bulk.reject_file import RejectFile, Replay, form_of_file
from rtcp.bulk.spool import SpoolFile
from rtcp.config import Config
from rtcp.errors import InvalidArgumentError
from rtcp.models.result import BulkResult, Failure, Outcome, Success, unanswered
from rtcp.models.stream import StreamReceipt, WriterSummary
from rtcp.resources._base import Resource
from rtcp.resources.streaming.envelope import check_envelope
from rtcp.resources.streaming.fates import Fate
from rtcp.resources.streaming.sender import (
    MESSAGES_PER_SECOND,
    REQUESTS_PER_SECOND,
    VALIDATIONS_PER_MINUTE,
    Sender,
    inlet_of,
    is_idempotent,
)
from rtcp.resources.streaming.writer import StreamWriter
from rtcp.rows.form import RowForm
from rtcp.rows.wire_json import encode
from rtcp.transport.answers import mapping, parse, told
from rtcp.transport.rate_limit import Budget
from rtcp.transport.session import Session
from rtcp.transport.wire import POOL_SIZE

_MAX_BATCH: Final = 1_000


class Streaming(Resource):
    """Rows into datasets, one message or many in a request, through an inlet (see `client.inlets`).

    What is received has not been checked, unless it was validated: what turns out to be wrong with it later ends in a
    failed batch of the dataset. The same message sent twice is the same record, and the same event if its `_id` is.

    Service page: https://experienceleague.adobe.com/en/docs/experience-platform/ingestion/streaming/overview
    """

    def __init__(self, session: Session, config: Config) -> None:
        super().__init__(session, config)
        # One for each inlet, whoever sends: the service counts them together.
        self._validations: dict[str, Budget] = {}
        self._lock = threading.Lock()

    def send(
        self,
        inlet_id: str,
        envelope: Mapping[str, Any],
        *,
        validate: bool = False,
        authenticated: bool = False,
        flow_id: str | None = None,
    ) -> StreamReceipt:
        """Send one message and return its receipt.

        Sent again by itself where that does no harm: not an event without `_id`, nor raw data.

        Args:
            inlet_id: 64 hexadecimal characters, or the whole address; not the id of the connection.
            envelope: what `rtcp.envelope(row, ...)` makes.
            validate: have it checked before the answer; for development, at most 60 a minute and inlet. What fails is
                dropped by the service.
            authenticated: send the token along, which the inlet was created to want.
            flow_id: of a raw inlet's dataflow; `envelope` is then the bare data, with nothing around it.

        Raises:
            InvalidArgumentError: the inlet or the envelope cannot be right.
            BadRequestError: the service says the same of it; `.body` has what the validation found.

        Example:
            >>> form = rtcp.RowForm(dataset_id="harbour-purchases", schema_id=schema_id)
            >>> row = {"_id": "order-2041", "timestamp": "2026-03-02T08:15:00Z", "_harbour": {"loyaltyId": 70007}}
            >>> message = rtcp.envelope(row, form=form)
            >>> bool(client.streaming.send(inlet_id, message).xaction_id)
            True
        """
        if flow_id is None:
            check_envelope(envelope)
        sender = self._sender(inlet_id, authenticated, validate)
        headers = None if flow_id is None else {"x-adobe-flow-id": flow_id}
        message = encode(envelope)
        sender.limits(1).check(len(message))
        response = sender.send_one(message, idempotent=is_idempotent(envelope), headers=headers)
        return told(lambda body, response: parse(StreamReceipt, mapping(body), response), response)

    def send_many(
        self,
        inlet_id: str,
        envelopes: Iterable[Mapping[str, Any]],
        *,
        authenticated: bool = False,
        max_batch: int = _MAX_BATCH,
    ) -> BulkResult[StreamReceipt]:
        """Send many messages, some hundreds in a request, and return what became of each, in the order given.

        An envelope that cannot be right has its error in the result; the others are sent. What got no answer is
        unknown. For streams that do not fit into memory, and for speed, use `writer`.

        Args:
            envelopes: what `rtcp.envelope(row, ...)` makes.
            max_batch: messages in a request at most; a body has at most 1 MB, whatever this says.

        Raises:
            InvalidArgumentError: the inlet or `max_batch` cannot be right, or `envelopes` is a single one.

        Example:
            >>> base = {"timestamp": "2026-03-02T08:15:00Z", "_harbour": {"loyaltyId": 70007}}
            >>> rows = [{"_id": f"order-{number}", **base} for number in range(3)]
            >>> form = rtcp.RowForm(dataset_id="harbour-purchases", schema_id=schema_id)
            >>> messages = [rtcp.envelope(row, form=form) for row in rows]
            >>> client.streaming.send_many(inlet_id, messages)
            <BulkResult: 3 succeeded, 0 failed, 0 unknown>
        """
        if isinstance(envelopes, Mapping):
            raise InvalidArgumentError("envelopes is an iterable of envelopes, not one of them; send takes one")
        sender = self._sender(inlet_id, authenticated, False)
        limits = sender.limits(max_batch)
        outcomes: dict[int, Outcome[StreamReceipt]] = {}
        fitting: dict[int, bytes] = {}
        given = list(envelopes)
        for position, envelope in enumerate(given):
            try:
                check_envelope(envelope)
                message = encode(envelope)
                limits.check(len(message))
            except InvalidArgumentError as exc:
                outcomes[position] = Failure(position, exc)
            else:
                fitting[position] = message
        positions = iter(fitting)
        for pack in packs(fitting.values(), limits):
            at = [next(positions) for _ in pack]
            fates, _ = sender.send(pack, idempotent=all(is_idempotent(given[position]) for position in at))
            for position, fate in zip(at, fates, strict=True):
                outcomes[position] = _outcome(position, fate)
        return BulkResult(tuple(outcomes[position] for position in sorted(outcomes)))

    def writer(
        self,
        inlet_id: str,
        *,
        form: RowForm,
        authenticated: bool = False,
        validate: bool = False,
        workers: int = 4,
        max_batch: int = _MAX_BATCH,
        requests_per_second: int | None = REQUESTS_PER_SECOND,
        messages_per_second: int | None = MESSAGES_PER_SECOND,
        spool: SpoolFile | str | Path | None = None,
        rejects: str | Path | None = None,
        on_progress: Callable[[WriterSummary], object] | None = None,
        progress: bool = False,
    ) -> StreamWriter:
        """Return a writer for rows without envelopes, to be used in a `with` statement.

        Packs rows by size and count, sends from several threads, keeps within budgets, sends again what may help,
        and tells in the end what became of each row.

        Args:
            form: the dataset and schema that the rows are of, how they become XDM, and what they must have.
            authenticated: send the token along, which the inlet was created to want.
            validate: one row in a request, checked before the answer, 60 a minute; for development.
            workers: requests under way at a time, each on its own connection.
            max_batch: rows in a request at most; a body has at most 1 MB, whatever this says.
            requests_per_second, messages_per_second: budgets; None is none. Adobe's newer documentation allows 10,000
                messages a second, its older 1,000.
            spool: file that keeps rows until they are received: `write` returns once a row is on disk, and what a
                killed process left there is sent by the next writer for the same inlet. What could not be sent stays.
            rejects: file to append what was rejected or unknown to, as JSON lines; see `replay`. Without it they
                are kept in memory.
            on_progress: called with the summary so far after each request, from the writer's threads.
            progress: True shows a bar of the rows; takes `rtcp[notebook]`.

        Raises:
            InvalidArgumentError: an option cannot be right; a form without dataset or schema, say.
            SpoolError: the spool is unreadable, or another process has it; or the file of rejects cannot be opened.

        Example:
            >>> form = rtcp.RowForm(dataset_id="harbour-purchases", schema_id=schema_id)
            >>> card = {"_harbour": {"loyaltyId": 70007}}
            >>> with client.streaming.writer(inlet_id, form=form) as writer:
            ...     writer.write({"_id": "order-7", "timestamp": "2026-03-02T08:15:00Z", **card})
            ...     writer.write({"_id": "order-8", "timestamp": "2026-03-02 08:15", **card})
            >>> writer.summary.sent, [reject.message for reject in writer.rejects()]
            (1, ['timestamp has no time zone; write e.g. 2026-03-02T08:15:00Z'])
        """
        if not isinstance(form, RowForm):
            raise InvalidArgumentError("form is an rtcp.RowForm(dataset_id=..., schema_id=...)")
        if not 1 <= workers <= POOL_SIZE:
            raise InvalidArgumentError(f"workers must be 1 to {POOL_SIZE}, not {workers}")
        sender = replace(
            self._sender(inlet_id, authenticated, validate),
            messages=self._budget(messages_per_second, "messages_per_second"),
        )
        if not validate:
            sender = replace(sender, requests=self._budget(requests_per_second, "requests_per_second"))
        return StreamWriter(
            sender,
            form,
            org_id=self._config.org_id,
            workers=workers,
            max_batch=max_batch,
            spool=spool,
            rejects=rejects,
            on_progress=on_progress,
            bar=bar_for(progress, f"rows to inlet {inlet_id}", unit=" rows"),
        )

    def replay(
        self,
        inlet_id: str,
        path: str | Path,
        *,
        form: RowForm | None = None,
        authenticated: bool = False,
        validate: bool = False,
        workers: int = 4,
        max_batch: int = _MAX_BATCH,
        requests_per_second: int | None = REQUESTS_PER_SECOND,
        messages_per_second: int | None = MESSAGES_PER_SECOND,
        on_progress: Callable[[WriterSummary], object] | None = None,
        progress: bool = False,
    ) -> WriterSummary:
        """Send the rows of a file of rejects again, with the same `_id`, and return what became of them.

        A row that is received leaves the file; what fails again stays, with its new reason. The file is rewritten at
        once at the end, and removed when nothing is left. Rows with `"can_retry": false` or `"is_exact": false` would
        be refused again: they stay until somebody puts them right, and takes that mark away; the summary counts them
        as `held_back`. Writers may go on adding to the file, also in other processes: that stays for the next replay.

        Args:
            path: of the file that a writer, an upsert or a task has written its rejects to.
            form: where a row of the file does not have its own; None takes that of the first one that has.
            authenticated, validate, workers, max_batch, requests_per_second: as of `writer`.
            messages_per_second, on_progress, progress: as of `writer`.

        Raises:
            InvalidArgumentError: there is no such file, another replay of it is under way, or neither `form` nor the
                file tells the form of its rows.
            SpoolError: the file cannot be rewritten.
            RtcpError: the writer could go no further (no token, a vanished inlet). The file is then as it was.

        Example:
            >>> row = {"_id": "order-9", "timestamp": "2026-03-02T08:15:00Z", "_harbour": {"loyaltyId": 70007}}
            >>> path = folder / "rejects.jsonl"
            >>> _ = path.write_text(json.dumps({"row": row, "position": 0, "status": 503}))
            >>> form = rtcp.RowForm(dataset_id="harbour-purchases", schema_id=schema_id)
            >>> client.streaming.replay(inlet_id, path, form=form).sent, path.exists()
            (1, False)
        """
        form = form or form_of_file(local_path(path, what="path"))
        with Replay(path) as replay:
            writer = self.writer(
                inlet_id,
                form=form,
                authenticated=authenticated,
                validate=validate,
                workers=workers,
                max_batch=max_batch,
                requests_per_second=requests_per_second,
                messages_per_second=messages_per_second,
                rejects=replay.left,
                on_progress=on_progress,
                progress=progress,
            )
            with RejectFile(replay.left) as kept, writer:
                writer.rewrite(replay.rejects(kept))
            replay.finish()
        return replace(writer.summary, held_back=replay.held_back)

    def _sender(self, inlet_id: str, authenticated: bool, validate: bool) -> Sender:
        inlet_id = inlet_of(inlet_id, service=self._config.streaming_url)
        budget = None
        if validate:
            with self._lock:
                budget = self._validations.get(inlet_id)
                if budget is None:
                    budget = Budget(self._session.clock, VALIDATIONS_PER_MINUTE, seconds=60.0)
                    self._validations[inlet_id] = budget
        return Sender(self._session, inlet_id, authenticated=authenticated, validate=validate, requests=budget)

    def _budget(self, per_second: int | None, name: str) -> Budget | None:
        if per_second is None:
            return None
        if per_second < 1:
            raise InvalidArgumentError(f"{name} must be 1 or more, not {per_second}")
        return Budget(self._session.clock, per_second)


def _outcome(position: int, fate: Fate) -> Outcome[StreamReceipt]:
    if fate is None:
        return unanswered(position)
    if not isinstance(fate, dict):
        return Failure(position, fate)
    try:
        return Success(position, StreamReceipt.model_validate(fate))
    except ValidationError:
        # A receipt that cannot be read is none.
        return unanswered(position)
