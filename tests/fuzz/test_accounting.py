"""Files with random damage, through a service with random faults: every row is in one count, and where it says."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fuzz.extent import EXAMPLES
from tests.helpers.clock import FakeClock
from tests.helpers.figures import Figures
from tests.helpers.row_world import RowWorld, upsert_world

import rtcp
from rtcp.emulator import Emulator

# 1,000 files in the full form, half of them streamed and half upserted; some dozens in the short one.
FILES = settings(
    max_examples=int(os.environ.get("RELIABILITY_FILES", str(max(12, (EXAMPLES - 4) * 500 // 56)))),
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
DAMAGE = {
    "good": None,
    "broken": '{"crm": "',
    "no object": "[1]",
    "odd type": {"points": "n/a"},
    "no id": {"crm": None},
    "blank id": {"crm": " "},
    "id of another type": {"crm": True},
    "bad map": {"identityMap": "x"},
    "empty map": {"identityMap": {"crmId": []}},
    "empty": {},
    "bytes": b'{"crm": "\xff"}',
    "huge": {"points": 10**100},
    "lone surrogate": '{"crm": "\\ud800"}',
}
# What a stream takes: it has no column whose type could be another one, and an identity of its own beside the map.
SENT = ("good", "odd type", "huge", "empty map")
LINES = st.lists(st.sampled_from(["good"] * 12 + list(DAMAGE)), min_size=1, max_size=60)
FAULTS = st.lists(
    st.sampled_from(
        [
            {"status": 503, "headers": {"Retry-After": "0"}},
            {"status": 503, "headers": {"Retry-After": "0"}, "times": 9},
            {"status": 500},
            {"status": 429, "headers": {"Retry-After": "1"}},
            {"status": 400},
            {"status": 403, "times": 2},
            {"cut": "before"},
            {"cut": "after"},
            {"cut": "after", "times": 9},
            {"cut": "body"},
            {"truncated": True},
            {"status": 502},
            {"status": 404},
        ]
    ),
    max_size=3,
)


@dataclass
class Made:
    """A file, and who is in it."""

    path: Path
    kinds: list[str]
    ids: list[str]


@pytest.fixture(scope="module")
def _intake() -> Iterator[Emulator]:
    with Emulator(seed=3, job_seconds=0.01, streaming_seconds=0.0) as running:
        yield running


@pytest.fixture
def make_world(_intake: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Any:
    def make() -> Any:
        clock = FakeClock(on_sleep=_intake.clock.advance)
        return upsert_world(_intake, clock, tmp_path_factory.mktemp("accounts"))

    return make


def made(world: RowWorld, kinds: list[str]) -> Made:
    ids = [f"p-{number}" for number in range(len(kinds))]
    lines = [line_of(kind, ids[number], number) for number, kind in enumerate(kinds)]
    path = world.folder / "people.jsonl"
    path.write_bytes(b"\n".join(lines) + b"\n")
    return Made(path, kinds, ids)


def line_of(kind: str, crm: str, number: int) -> bytes:
    change = DAMAGE[kind]
    if isinstance(change, bytes):
        return change
    if isinstance(change, str):
        return change.encode()
    row: dict[str, Any] = {"crm": crm, "points": number, "note": "x" * (number % 50)}
    return json.dumps({} if change == {} else {**row, **(change or {})}).encode()


class InterruptedRows:
    """Rows of a file, and Ctrl-C in the midst of them."""

    def __init__(self, path: Path, at: int | None) -> None:
        self._source = rtcp.read_rows(path)
        self._at = at

    def source(self) -> Any:
        if self._at is None:
            return self._source

        def read() -> Iterator[Any]:
            for row in self._source.read():
                if row.position == self._at:
                    raise KeyboardInterrupt
                yield row

        from dataclasses import replace

        return replace(self._source, read=read)


def settle(world: RowWorld) -> None:
    world.emulator.faults.clear()
    world.emulator.clock.advance(3600)


def check_places(world: RowWorld, file: Made, kinds: dict[str, set[str]]) -> None:
    """Nobody that was rejected is known to the service, and everybody that was sent is."""
    known = set(world.found(file.ids))
    assert kinds["sent"] <= known
    assert not kinds["rejected"] & known


@FILES
@given(
    kinds=LINES,
    faults=FAULTS,
    interrupt=st.none() | st.integers(0, 60),
    has_spool=st.booleans(),
    has_rejects=st.booleans(),
    max_batch=st.sampled_from([1, 3, 20, 1000]),
)
def test_the_rows_of_a_stream_add_up(
    make_world, figures: Figures, kinds, faults, interrupt, has_spool, has_rejects, max_batch
):
    with make_world() as world:
        file = made(world, kinds)
        for fault in faults:
            world.emulator.faults.once("streaming.send_many", **fault)
        client = world.client.with_options(retries=2)
        writer = client.streaming.writer(
            world.inlet,
            form=world.form(identity="crm"),
            max_batch=max_batch,
            workers=2,
            spool=world.folder / "spool" if has_spool else None,
            rejects=world.folder / "left.jsonl" if has_rejects else None,
            messages_per_second=None,
        )
        failure: BaseException | None = None
        try:
            with writer:
                writer.write_many(InterruptedRows(file.path, interrupt).source())
        except (rtcp.RtcpError, KeyboardInterrupt) as exc:
            failure = exc
        settle(world)
        summary = writer.summary
        rejects = list(writer.rejects())

        not_read = len(kinds) - summary.rows
        assert summary.pending == 0
        assert summary.sent + summary.rejected + summary.unknown + summary.waiting + not_read == len(kinds)
        assert not_read == 0 or failure is not None
        positions = Counter(reject.position for reject in rejects)
        assert max(positions.values(), default=1) == 1
        assert len(positions) == summary.rejected + summary.unknown
        assert all(reject.line == reject.position + 1 for reject in rejects)
        assert summary.waiting == 0 or has_spool
        taken = set(range(summary.rows))
        refused = {reject.position for reject in rejects if not reject.is_unknown}
        unknown = {reject.position for reject in rejects if reject.is_unknown}
        bad = {number for number in taken if kinds[number] not in SENT}
        assert bad <= refused
        rest = taken - refused - unknown
        known = set(world.found(file.ids))
        assert not {file.ids[number] for number in refused} & known
        if has_spool:
            # Those in the spool go with the next writer, and none of the others again.
            with world.client.streaming.writer(world.inlet, form=world.form(), spool=world.folder / "spool") as again:
                pass
            settle(world)
            assert again.summary.sent == again.summary.rows == again.summary.recovered == summary.waiting
            known = set(world.found(file.ids))
        assert {file.ids[number] for number in rest} <= known
        assert known <= {file.ids[number] for number in rest | unknown}
        if has_rejects and (world.folder / "left.jsonl").stat().st_size:
            replayed = world.client.streaming.replay(world.inlet, world.folder / "left.jsonl")
            again = sum(reject.can_retry for reject in rejects)
            assert (replayed.sent, replayed.held_back) == (again, len(rejects) - again)
    figures.add("accounted rows", len(kinds))


UPSERT_FAULTS = ("batches.create", "batches.upload", "batches.complete", "batches.get")


@FILES
@given(
    kinds=LINES,
    faults=st.lists(st.tuples(st.sampled_from(UPSERT_FAULTS), FAULTS), max_size=2),
    format=st.sampled_from(["parquet", "json"]),
    once=st.booleans(),
    percent=st.sampled_from([0, 50, 100]),
    identity=st.sampled_from([None, "crm"]),
)
def test_the_rows_of_an_upsert_add_up(make_world, figures: Figures, kinds, faults, format, once, percent, identity):
    with make_world() as world:
        file = made(world, kinds)
        for operation, each in faults:
            for fault in each:
                world.emulator.faults.once(operation, **fault)
        source = rtcp.read_rows(file.path)
        rows: Any = source
        if once:
            # What a caller would have of it: the rows that can be read, from an iterator.
            rows = (row.given for row in source.read())
        try:
            result = world.client.with_options(retries=2).batches.upsert(
                "people",
                rows,
                form=rtcp.RowForm(identity=identity),
                format=format,
                partial_ingestion_percent=percent,
                interval=0.01,
                timeout=60,
            )
        except rtcp.RtcpError:
            settle(world)
            return
        settle(world)

        assert result.rows == len(kinds)
        assert result.written + result.failed + result.refused + result.pending == len(kinds)
        rejects = list(result.rejects())
        assert len(rejects) == result.failed + result.refused
        placed = Counter(reject.position for reject in rejects if reject.position is not None)
        assert max(placed.values(), default=1) == 1
        known = set(world.found(file.ids))
        out = {file.ids[position] for position in placed}
        assert not out & known
        if len(placed) == len(rejects):
            assert set(file.ids) - out == known
        left = world.folder / "left.jsonl"
        assert result.write_rejects(left) == len(rejects)
        if rejects:
            again = rtcp.read_rows(left)
            assert sum(row.problem is None for row in again.read()) == sum(
                reject.can_retry and json.loads(line).get("is_exact", True)
                for reject, line in zip(rejects, left.read_text().splitlines(), strict=True)
            )
    figures.add("accounted rows", len(kinds))
