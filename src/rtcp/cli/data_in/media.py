"""`rtcp media`: replay what players recorded; send what was watched offline."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TextIO, TypeVar

import click

import rtcp
from rtcp._clock import SystemClock
from rtcp._json import read_json
from rtcp.cli import failures, options
from rtcp.cli.output import Columns, count, show_many, show_one
from rtcp.cli.shell import Shell, pass_shell
from rtcp.cli.tree import Noun
from rtcp.errors import InvalidArgumentError
from rtcp.media import Analytics, Drained, MediaEvent, MediaSession, Recorded, Recorder, SessionDetails, read_event
from rtcp.media.events import STANDARD_STATES

F = TypeVar("F", bound=Callable[..., Any])

_REPLAYED: Final[Columns] = {"session": "session", "content": "content", "events": count("events"), "as": "as"}
_RECORDINGS: Final[Columns] = {
    "key": "key",
    "stands": "stands",
    "content": "content",
    "started": "started",
    "events": count("events"),
    "reason": "reason",
}
_DRAINED: Final[Columns] = {"sent": count("sent"), "refused": count("refused"), "kept": count("kept")}


@click.group(cls=Noun)
def command() -> None:
    """Media sessions: replay what players recorded; send what was watched offline.

    \b
    rtcp media replay evening.jsonl --config-id DATASTREAM
    rtcp media spool list offline.spool
    rtcp media spool drain offline.spool --config-id DATASTREAM
    """


def _where(function: F) -> F:
    for option in (
        click.option("--report-suite", metavar="ID", help="Report suite, for the Media Collection API."),
        click.option("--tracking-server", metavar="HOST", help="Where that reports to, for the Media Collection API."),
        click.option("--config-id", metavar="ID", help="Datastream: sends to the Media Edge API."),
    ):
        function = option(function)
    return function


@command.command()
@click.argument("file", type=click.File(encoding="utf-8"))
@_where
@click.option("--downloaded", is_flag=True, help="Send each session whole, as content that was watched offline.")
@click.option("--now", is_flag=True, help="Move each session in time, so that its last event is now.")
@pass_shell
def replay(
    shell: Shell,
    file: TextIO,
    config_id: str | None,
    tracking_server: str | None,
    report_suite: str | None,
    downloaded: bool,
    now: bool,
) -> None:
    """Tell the service the events of FILE, one in a line: as rtcp writes them, or as either API takes them.

    \b
    rtcp media replay evening.jsonl --config-id DATASTREAM
    Each sessionStart begins a session. The recorded times are kept unless --now is given.
    """
    analytics = _analytics(config_id, tracking_server, report_suite)
    with shell.client() as client:

        def tell(events: list[MediaEvent]) -> Mapping[str, Any]:
            moved = _move_to_now(events) if now else events
            send = _send_whole if downloaded else _send_live
            return {**_summarise(events, downloaded), "session": send(client, moved, config_id, analytics)}

        show_many(shell.format, (tell(events) for events in _sessions(file)), _REPLAYED)


@command.group("spool", cls=Noun)
def spool() -> None:
    """The file that content watched offline is kept in until it is sent.

    \b
    rtcp media spool list offline.spool
    """


@spool.command("list")
@click.argument("file", type=options.LocalPath(exists=True, dir_okay=False))
@pass_shell
def list_(shell: Shell, file: Path) -> None:
    """List the recordings: waiting to be sent, unfinished, and refused ones with the reason.

    \b
    rtcp media spool list offline.spool
    """
    with Recorder(file) as recorder:
        rows = [
            *(_row(each, "waiting") for each in recorder.waiting()),
            *(_row(each, "unfinished") for each in recorder.unfinished()),
            *(_row(each, "refused") for each in recorder.dead_letters()),
        ]
    show_many(shell.format, rows, _RECORDINGS)


@spool.command()
@click.argument("file", type=options.LocalPath(exists=True, dir_okay=False))
@_where
@click.option("--end-unfinished", is_flag=True, help="End what was cut off just after its last event, and send it.")
@click.option("--revive", is_flag=True, help="Try the refused ones again.")
@click.option("--on-sessions-route", is_flag=True, help="For old hosts of the Media Collection API; deprecated.")
@pass_shell
def drain(
    shell: Shell,
    file: Path,
    config_id: str | None,
    tracking_server: str | None,
    report_suite: str | None,
    end_unfinished: bool,
    revive: bool,
    on_sessions_route: bool,
) -> None:
    """Send the finished recordings, oldest first. What is not sent is kept.

    \b
    rtcp media spool drain offline.spool --config-id DATASTREAM
    Exit code 0 when all were sent, 6 when some were refused, that of the error when sending stopped.
    """
    analytics = _analytics(config_id, tracking_server, report_suite)
    with shell.client() as client, Recorder(file) as recorder:
        if end_unfinished:
            recorder.end_unfinished()
        if revive:
            recorder.revive()
        report = recorder.drain(client, config_id=config_id, analytics=analytics, on_sessions_route=on_sessions_route)
        # Of the dead letters the newest: earlier runs may have left some.
        refused = recorder.dead_letters()[-report.refused :] if report.refused else []
    show_one(shell.format, _counts(report), _DRAINED)
    for letter in refused:
        shell.note(f"recording {letter.key} was refused: {letter.reason}")
    if report.problem is not None:
        raise report.problem
    if refused:
        raise click.exceptions.Exit(failures.PARTIAL)


def _analytics(config_id: str | None, tracking_server: str | None, report_suite: str | None) -> Analytics | None:
    if config_id is not None and (tracking_server or report_suite):
        raise click.UsageError("--config-id is for one API, --tracking-server and --report-suite for the other")
    if bool(tracking_server) != bool(report_suite):
        raise click.UsageError("--tracking-server and --report-suite go together")
    if not tracking_server or not report_suite:
        return None
    return Analytics(tracking_server=tracking_server, report_suite=report_suite)


def _sessions(file: TextIO) -> Iterator[list[MediaEvent]]:
    """The events of a file, session by session."""
    events: list[MediaEvent] = []
    for number, event in _events(file):
        if event.name == "sessionStart" and events:
            yield events
            events = []
        if not events and event.name != "sessionStart":
            raise click.BadParameter(f"line {number}: {event.name} before any sessionStart", param_hint="FILE")
        events.append(event)
    if events:
        yield events


def _events(file: Iterable[str]) -> Iterator[tuple[int, MediaEvent]]:
    try:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield number, _event(number, line)
    except UnicodeDecodeError:
        pass
    else:
        return
    raise click.BadParameter("it is not in UTF-8", param_hint="FILE")


def _event(number: int, line: str) -> MediaEvent:
    try:
        return read_event(read_json(line))
    except InvalidArgumentError as exc:
        problem = str(exc)
    except ValueError:
        problem = "this is no JSON"
    raise click.BadParameter(f"line {number}: {problem}", param_hint="FILE")


def _move_to_now(events: list[MediaEvent]) -> list[MediaEvent]:
    by = SystemClock().now() - events[-1].at
    return [event.moved_to(event.at + by) for event in events]


def _send_whole(
    client: rtcp.Client, events: list[MediaEvent], config_id: str | None, analytics: Analytics | None
) -> str | None:
    if config_id is not None:
        return client.media_edge.send_downloaded(config_id, events)
    return client.media_collection.send_downloaded(events, analytics=analytics)


def _send_live(
    client: rtcp.Client, events: list[MediaEvent], config_id: str | None, analytics: Analytics | None
) -> str | None:
    session = _start(client, events, config_id, analytics)
    for event in events[1:]:
        session.send(event)
    return session.id


def _start(
    client: rtcp.Client, events: list[MediaEvent], config_id: str | None, analytics: Analytics | None
) -> MediaSession:
    first = events[0]
    # What `_sessions` gives begins with a sessionStart.
    assert isinstance(first.details, SessionDetails)
    states = {name for event in events for name in (*event.states_start, *event.states_end)}
    common: dict[str, Any] = {
        "at": first.at,
        "playhead": first.playhead,
        "metadata": first.metadata,
        "qoe": first.qoe,
        # The player has shown them already: here is nothing to mistype.
        "custom_states": states - set(STANDARD_STATES),
    }
    if config_id is not None:
        return client.media_edge.start_session(config_id, first.details, **common)
    chosen = first.analytics or analytics
    if chosen is None:
        raise click.UsageError("say where to: --config-id, or --tracking-server with --report-suite")
    return client.media_collection.start_session(first.details, analytics=chosen, **common)


def _summarise(events: list[MediaEvent], downloaded: bool) -> dict[str, Any]:
    details = events[0].details
    content = details.id if isinstance(details, SessionDetails) else None
    return {"content": content, "events": len(events), "as": "downloaded" if downloaded else "live"}


def _row(recorded: Recorded, stands: str) -> dict[str, Any]:
    return {
        "key": recorded.key,
        "stands": stands,
        "content": recorded.content_id,
        "started": recorded.started,
        "last": recorded.last,
        "events": len(recorded.events),
        "reason": recorded.reason,
    }


def _counts(report: Drained) -> dict[str, Any]:
    return {"sent": report.sent, "refused": report.refused, "kept": report.kept}
