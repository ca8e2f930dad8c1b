"""One file of rejects for streams, upserts and tasks: place, reason and form; fed back, what can go goes, once."""

from __future__ import annotations

import json
import stat

import pytest
from tests.helpers.row_world import EVENTS, csv_of, rows_as

import rtcp

MAPPING = {"crm": "customer", "points": {"column": "points", "type": "integer"}}
CSV = csv_of([{"customer": f"c-{n}", "points": "many" if n == 1 else str(n)} for n in range(4)])
BUSY = {"status": 503, "headers": {"Retry-After": "0"}}


def letters(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def left(tmp_path):
    return tmp_path / "left.jsonl"


def streamed(world, rows, left, dataset_id="people", **parts):
    form = world.form(dataset_id, **parts)
    with world.client.streaming.writer(world.inlet, form=form, rejects=left) as writer:
        writer.write_many(rows)
    world.emulator.clock.advance(3600)
    return writer


def test_streams_and_upserts_write_the_same_letter(world, tmp_path, left):
    (tmp_path / "people.csv").write_text(CSV)

    streamed(world, "people.csv", left, mapping=MAPPING)
    other = tmp_path / "other.jsonl"
    world.upsert("people.csv", mapping=MAPPING).write_rejects(other)
    result = world.command_upsert("people.csv", "--mapping", mapping_file(tmp_path), "--rejects", "third.jsonl")

    assert result.exit_code == 6
    for path in (left, other, tmp_path / "third.jsonl"):
        (letter,) = letters(path)
        assert (letter["row"], letter["position"], letter["line"], letter["file"]) == (
            {"customer": "c-1", "points": "many"}, 1, 3, "people.csv")  # fmt: skip
        assert (letter["code"], letter["can_retry"]) == ("refused", False)
        assert letter["reason"] == "column 'points', for points, is no whole number"
        assert letter["form"]["mapping"] == MAPPING
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def mapping_file(folder):
    (folder / "map.json").write_text(json.dumps(MAPPING))
    return str(folder / "map.json")


def put_right(path, **changes):
    """What a person does with an editor: the row put right, the mark taken away."""
    text = ""
    for letter in letters(path):
        letter["row"] |= changes
        del letter["can_retry"]
        text += json.dumps(letter) + "\n"
    path.write_text(text)


@pytest.mark.parametrize("verb", ["replay", "command", "upsert", "upsert at a prompt"])
def test_what_was_put_right_goes_in_with_its_mapping_and_nothing_else_does(world, tmp_path, left, verb):
    (tmp_path / "people.csv").write_text(CSV)
    streamed(world, "people.csv", left, mapping=MAPPING)
    put_right(left, points="11")
    before = len(world.sent())

    if verb == "replay":
        summary = world.client.streaming.replay(world.inlet, left)
        assert (summary.sent, summary.held_back) == (1, 0)
    elif verb == "command":
        assert world.command("stream", str(left), "--replay", "--inlet", world.inlet).exit_code == 0
    elif verb == "upsert":
        assert world.upsert(left).written == 1
    else:
        assert world.command_upsert(str(left)).exit_code == 0

    world.emulator.clock.advance(3600)
    assert world.found(["c-1"])["c-1"]["points"] == 11
    if verb in ("replay", "command"):
        assert [row["crm"] for row in world.sent()[before:]] == ["c-1"]
        assert not left.exists()


def test_what_cannot_go_is_held_back_and_stays_as_it_was(world, tmp_path, left):
    world.emulator.faults.once("streaming.send_many", times=6, **BUSY)
    streamed(world, [{"crm": "c-1"}, {}, {"crm": "c-2", "x": float("nan")}], left)
    assert [letter["can_retry"] for letter in letters(left)] in ([False, False, True], [True, False, False])
    held = [line for line in left.read_text().splitlines() if json.loads(line)["can_retry"] is False]

    summary = world.client.streaming.replay(world.inlet, left)
    again = world.command("stream", str(left), "--replay", "--inlet", world.inlet)
    upserted = world.upsert(left)

    assert (summary.rows, summary.sent, summary.held_back) == (1, 1, 2)
    assert left.read_text().splitlines() == held
    assert again.exit_code == 1
    assert json.loads(again.stdout)["heldBack"] == 2
    assert (upserted.batch, upserted.rows, upserted.refused) == (None, 2, 2)
    assert all('marked "can_retry": false' in reject.message for reject in upserted.rejects())


def test_the_form_that_a_row_was_sent_with_is_the_one_that_it_goes_with_again(world, left):
    world.emulator.faults.once("streaming.send_many", times=6, **BUSY)
    row = {"timestamp": "2026-03-02T08:15:00Z", "crm": "c-1", "order": {"number": "7"}}
    streamed(world, [row], left, EVENTS, id_from=["order.number"], source="till")
    first = world.emulator.requests.of("streaming.send_many")[-1].body["messages"][0]

    assert world.client.streaming.replay(world.inlet, left).sent == 1
    again = world.emulator.requests.of("streaming.send_many")[-1].body["messages"][0]
    assert again == first
    assert again["header"]["source"] == {"name": "till"}


def test_rejects_of_two_datasets_in_one_file_each_go_where_they_belong(world, left):
    world.emulator.faults.once("streaming.send_many", times=12, **BUSY)
    streamed(world, [{"crm": "c-1"}], left)
    streamed(world, [{"_id": "e-1", "timestamp": "2026-03-02T08:15:00Z", "crm": "c-1"}], left, EVENTS)
    before = len(world.emulator.requests.of("streaming.send_many"))

    assert world.client.streaming.replay(world.inlet, left).sent == 2
    sent = [message for request in world.emulator.requests.of("streaming.send_many")[before:]
            for message in request.body["messages"]]  # fmt: skip
    assert {message["header"]["datasetId"] for message in sent} == {"people", EVENTS}
    assert not left.exists()


def test_columns_of_a_table_stay_dot_paths_when_they_come_back(world, tmp_path, left):
    frame = rows_as("frame", [{"crm": "c-1", "a.b": "x", "timestamp": "soon"}], tmp_path)
    streamed(world, frame, left, kind="event")
    put_right(left, timestamp="2026-03-02T08:15:00Z")

    assert world.client.streaming.replay(world.inlet, left).sent == 1
    assert world.sent()[-1]["a"] == {"b": "x"}


def test_a_file_without_a_form_needs_one(world, left):
    left.write_text(json.dumps({"row": {"crm": "c-1"}, "position": 0}) + "\n")

    with pytest.raises(rtcp.InvalidArgumentError, match="pass form="):
        world.client.streaming.replay(world.inlet, left)
    assert world.client.streaming.replay(world.inlet, left, form=world.form()).sent == 1


def test_a_spool_is_named_where_rows_wait_and_the_next_run_sends_those_alone(world, tmp_path):
    (tmp_path / "people.jsonl").write_text("".join(json.dumps({"crm": f"c-{n}"}) + "\n" for n in range(9)))
    world.emulator.faults.once("streaming.send_many", times=6, **BUSY)

    first = world.command_stream("people.jsonl", "--spool", "rows.spool")
    assert json.loads(first.stdout)["waiting"] == 9
    again = world.command_stream("--spool", "rows.spool")

    assert (first.exit_code, again.exit_code) == (1, 0), again.stderr
    assert json.loads(again.stdout)["sent"] == 9
    assert len(world.found([f"c-{n}" for n in range(9)])) == 9


def test_a_hopeless_failure_keeps_the_spool_and_says_so(world, tmp_path):
    form = world.form()
    writer = world.client.streaming.writer("0" * 64, form=form, spool="rows.spool")

    with pytest.raises(rtcp.NotFoundError), writer:
        writer.write_many([{"crm": f"c-{n}"} for n in range(5)])
    assert (writer.summary.rows, writer.summary.waiting) == (5, 5)
    result = world.command("stream", "--spool", "rows.spool", "--inlet", "0" * 64, "--dataset-id", "people")
    assert result.exit_code != 0
    assert "Traceback" not in result.stderr
