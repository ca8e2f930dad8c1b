"""Calls of the matrix alone, where those of the contract tests show too much or tell too little: one media event each,
and rows of which none is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.contract.export_calls import inside
from tests.contract.ingestion_calls import FORM, ROWS, inlet, message
from tests.contract.media_calls import AD, ANALYTICS, BARE, QOE

import rtcp
from rtcp.media import AdBreak, Chapter, MediaSession, PlayerError

Step = Callable[[MediaSession], Any]


def _break(session: MediaSession) -> None:
    session.ad_break_start(0, AdBreak(index=1, offset=0))


def _ad(session: MediaSession) -> None:
    session.ad_start(0, AD)


def _chapter(session: MediaSession) -> None:
    session.chapter_start(0, Chapter(index=1, length=20, offset=0))


# What comes before an event, and the event.
_EVENTS: dict[str, tuple[Step, ...]] = {
    "play": (lambda s: s.play(0),),
    "ping": (lambda s: s.play(0), lambda s: s.ping(10)),
    "pause": (lambda s: s.play(0), lambda s: s.pause(1)),
    "buffer": (lambda s: s.play(0), lambda s: s.buffer(1)),
    "bitrate_change": (lambda s: s.play(0), lambda s: s.bitrate_change(1, qoe=QOE)),
    "ad_break_start": (_break,),
    "ad_start": (_break, _ad),
    "ad_skip": (_break, _ad, lambda s: s.ad_skip(0)),
    "ad_complete": (_break, _ad, lambda s: s.ad_complete(0)),
    "ad_break_complete": (_break, _ad, lambda s: s.ad_complete(0), lambda s: s.ad_break_complete(0)),
    "chapter_start": (_chapter,),
    "chapter_skip": (_chapter, lambda s: s.chapter_skip(1)),
    "chapter_complete": (_chapter, lambda s: s.chapter_complete(20)),
    "error": (lambda s: s.play(0), lambda s: s.error(1, PlayerError(id="stalled", source="external"))),
    "states_update": (lambda s: s.play(0), lambda s: s.states_update(1, start=["mute"])),
    "complete": (lambda s: s.play(0), lambda s: s.complete(60)),
    "end": (lambda s: s.play(0), lambda s: s.end(1)),
}


def write(client: rtcp.Client) -> None:
    dev = inside(client)
    with dev.streaming.writer(inlet(dev), form=FORM) as writer:
        writer.write_many(ROWS)
    writer.raise_for_failures()


def _resume(client: rtcp.Client) -> None:
    batch = inside(client).batches.create("dev-crm")
    content = b'{"crmId": "D-1"}\n' * 9
    for resume in (False, True):
        inside(client).batches.upload(
            batch.id, content, dataset_id="dev-crm", name="people.json", part_size=64, workers=1, resume=resume
        )


def _on_the_edge(steps: tuple[Step, ...]) -> Callable[[rtcp.Client], Any]:
    return lambda client: _go(client.media_edge.start_session("stream-1", BARE), steps)


def _go(session: MediaSession, steps: tuple[Step, ...]) -> None:
    for step in steps:
        step(session)


CALLS: dict[str, Callable[[rtcp.Client], Any]] = {
    **{f"media_edge.{name}": _on_the_edge(steps) for name, steps in _EVENTS.items()},
    "streaming.send_many: good rows": lambda client: client.streaming.send_many(
        inlet(inside(client)), [message(), message()]
    ),
    "streaming.writer: asked": write,
    "batches.upload_status: resumed": _resume,
    "sandboxes.get": lambda client: client.with_sandbox("dev", sandbox_id="auto").system_jobs.list().first(),
    # What follows shows whether a start was any good.
    "media_edge.start_session": _on_the_edge((lambda s: s.play(0),)),
    "media_collection.start_session": lambda client: _go(
        client.media_collection.start_session(BARE, analytics=ANALYTICS), (lambda s: s.play(0),)
    ),
    "media_collection.send_event": lambda client: _go(
        client.media_collection.start_session(BARE, analytics=ANALYTICS), (lambda s: s.play(0),)
    ),
}
