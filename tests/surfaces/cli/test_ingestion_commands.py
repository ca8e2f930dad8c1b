"""Inlets, streams of rows, batches, upserts and the datasets for them at a prompt."""

from __future__ import annotations

import json
import shlex
import stat
from pathlib import Path

import pytest

QUICK = ("--interval", "0.01")
MAPPING = """
[mapping]
"_harbour.crmId" = "customer"
"homeAddress.city" = "town"
"loyalty.points" = { column = "points", type = "integer" }
"""
PURCHASES = """
[[datasets]]
id = "harbour-purchases"

[datasets.mapping]
"_id" = { template = "till-{number}" }
"timestamp" = { column = "day", type = "date-time" }
"_harbour.crmId" = "customer"
"""


@pytest.fixture
def inlet(world, rows):
    (made,) = rows("inlets", "create", "Till")
    return made["inletId"]


@pytest.fixture
def upserts(world, run):
    assert run("datasets", "enable-profile", "harbour-crm", "--upsert").exit_code == 0


def test_inlets_are_made_found_and_shown(world, rows):
    (made,) = rows("inlets", "create", "Till", "--authenticated")

    assert made["inletId"] in [each["inletId"] for each in rows("inlets", "list")]
    (shown,) = rows("inlets", "get", made["id"])
    assert shown["authenticationRequired"] is True


def test_a_dataset_is_made_for_upserts_and_taken_out_of_profile(world, rows):
    (made,) = rows("datasets", "create", "In", "--schema-id", "https://ns.adobe.com/acme/schemas/a1", "--upsert")

    assert made["tags"]["unifiedProfile"] == ["enabled:true", "isUpsert:true"]
    (off,) = rows("datasets", "disable-profile", made["id"])
    assert off["tags"]["unifiedProfile"] == ["enabled:false"]


def test_the_command_that_sends_the_rest_of_a_spool_says_how_this_one_sent(world, run, rows, tmp_path):
    (made,) = rows("inlets", "create", "Till", "--authenticated")
    (tmp_path / "rows.jsonl").write_text('{"_id": "t-1", "timestamp": "2026-02-14T00:00:00Z"}\n')
    where = ("--inlet", made["inletId"], "--dataset-id", "harbour-purchases", "--authenticated", "--workers", "1")
    world.faults.always("streaming.send_many", status=403)

    first = run("stream", str(tmp_path / "rows.jsonl"), *where, "--spool", str(tmp_path / "left.spool"))
    world.faults.clear()
    again = first.stderr.partition("send it with: rtcp ")[2].splitlines()[0]
    second = run(*shlex.split(again))

    assert again.endswith("--dataset-id harbour-purchases --authenticated --workers 1")
    assert (first.exit_code, second.exit_code) == (3, 0), second.stderr
    assert world.requests.of("streaming.send_many")[-1].headers["authorization"]


def test_the_rows_of_a_file_are_streamed_with_the_mapping_of_a_manifest(world, run, inlet, tmp_path, rows):
    (tmp_path / "till.csv").write_text("number,day,customer\n1,2026-02-14,C-1001\n2,2026-02-15,C-1001\n")
    (tmp_path / "till.toml").write_text(PURCHASES)

    result = run("stream", str(tmp_path / "till.csv"), "--inlet", inlet, "--dataset-id", "harbour-purchases",
                 "--mapping", str(tmp_path / "till.toml"))  # fmt: skip

    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["sent"] == 2
    sent = world.requests.of("streaming.send_many")[-1].body["messages"]
    assert [message["body"]["xdmEntity"]["_id"] for message in sent] == ["till-1", "till-2"]


def test_rows_that_cannot_be_mapped_are_named_by_their_lines_and_the_others_go_on(world, run, inlet, tmp_path):
    (tmp_path / "till.csv").write_text("number,day,customer\n1,yesterday,C-1001\n2,2026-02-15,C-1001\n")
    (tmp_path / "till.toml").write_text(PURCHASES)

    result = run("stream", str(tmp_path / "till.csv"), "--inlet", inlet, "--dataset-id", "harbour-purchases",
                 "--mapping", str(tmp_path / "till.toml"))  # fmt: skip

    assert result.exit_code == 6
    summary = json.loads(result.stdout)
    assert (summary["rows"], summary["sent"], summary["rejected"], summary["notRead"]) == (2, 1, 1, 0)
    assert "till.csv, line 2: column 'day', for timestamp" in result.stderr
    assert "yesterday" not in result.stderr


def test_what_was_not_received_is_kept_and_replayed(world, run, inlet, tmp_path):
    event = {"_id": "t-1", "timestamp": "2026-02-15T00:00:00Z", "_harbour": {"crmId": "C-1001"}}
    (tmp_path / "rows.jsonl").write_text(json.dumps(event))
    left = tmp_path / "left.jsonl"
    where = ("--inlet", inlet, "--dataset-id", "harbour-purchases")
    world.faults.once("streaming.send_many", status=503, headers={"Retry-After": "0"}, times=6)

    first = run("stream", str(tmp_path / "rows.jsonl"), *where, "--rejects", str(left))
    assert first.exit_code == 1
    assert left.exists()
    again = run("stream", str(left), "--replay", "--inlet", inlet)

    assert again.exit_code == 0, again.stderr
    assert not left.exists()
    assert world.requests.of("streaming.send_many")[-1].body["messages"][0]["body"]["xdmEntity"]["_id"] == "t-1"


def test_replay_takes_the_file_as_it_is(world, run, inlet, tmp_path):
    (tmp_path / "left.jsonl").write_text("")

    result = run("stream", str(tmp_path / "left.jsonl"), "--replay", "--inlet", inlet, "--dataset-id", "d",
                 "--rejects", "x")  # fmt: skip

    assert result.exit_code == 2


def test_an_upsert_changes_the_fields_of_its_columns_and_nothing_else(world, run, upserts, tmp_path, rows):
    (before,) = rows("entities", "get", "C-1001", "--namespace", "crmId", "--fields", "person")
    (tmp_path / "towns.csv").write_text("customer,town,points\nC-1001,Oslo,\n")
    (tmp_path / "towns.toml").write_text(MAPPING)

    result = run("batches", "upsert", "harbour-crm", str(tmp_path / "towns.csv"),
                 "--mapping", str(tmp_path / "towns.toml"), *QUICK)  # fmt: skip

    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["written"] == 1
    (entity,) = rows("entities", "get", "C-1001", "--namespace", "crmId", "--fields", "person,homeAddress.city")
    assert entity["entity"]["homeAddress"]["city"] == "Oslo"
    assert entity["entity"]["person"] == before["entity"]["person"]


def test_rows_that_did_not_go_in_end_in_a_file_of_their_owner(world, run, upserts, tmp_path):
    (tmp_path / "towns.csv").write_text("customer,town,points\nC-1001,Oslo,many\nC-1002,Bergen,7\n")
    (tmp_path / "towns.toml").write_text(MAPPING)
    left = tmp_path / "left.jsonl"

    result = run("batches", "upsert", "harbour-crm", str(tmp_path / "towns.csv"),
                 "--mapping", str(tmp_path / "towns.toml"), "--rejects", str(left), *QUICK)  # fmt: skip

    assert result.exit_code == 6
    (reject,) = map(json.loads, left.read_text().splitlines())
    assert reject["row"] == {"customer": "C-1001", "town": "Oslo", "points": "many"}
    assert reject["reason"] == "column 'points', for loyalty.points, is no whole number"
    assert stat.S_IMODE(left.stat().st_mode) == 0o600


def test_rows_that_did_not_go_in_end_in_a_file_of_somebody_else(world, run, upserts, tmp_path, monkeypatch):
    def refuse(path: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted", str(path))

    (tmp_path / "towns.csv").write_text("customer,town,points\nC-1001,Oslo,many\nC-1002,Bergen,7\n")
    (tmp_path / "towns.toml").write_text(MAPPING)
    left = tmp_path / "left.jsonl"
    left.touch()
    monkeypatch.setattr(Path, "chmod", refuse)

    result = run("batches", "upsert", "harbour-crm", str(tmp_path / "towns.csv"),
                 "--mapping", str(tmp_path / "towns.toml"), "--rejects", str(left), *QUICK)  # fmt: skip

    assert result.exit_code == 6, result.stderr
    assert len(left.read_text().splitlines()) == 1


def test_a_dataset_without_upserts_is_refused_with_the_command_that_helps(world, run, tmp_path):
    (tmp_path / "rows.jsonl").write_text('{"_harbour": {"crmId": "C-1001"}}')

    result = run("batches", "upsert", "harbour-crm", str(tmp_path / "rows.jsonl"))

    assert result.exit_code == 2
    assert "rtcp datasets enable-profile harbour-crm --upsert" in result.stderr


def test_a_batch_is_opened_filled_handed_over_and_brought_back(world, run, rows, tmp_path):
    (tmp_path / "people.json").write_text('{"_harbour": {"crmId": "C-1001"}}\n{oops}\n')
    (batch,) = rows("batches", "create", "harbour-crm", "--diagnostics", "--partial-ingestion-percent", "90")
    assert run("batches", "upload", batch["id"], str(tmp_path / "people.json")).exit_code == 0

    result = run("batches", "complete", batch["id"], "--wait", *QUICK)

    assert result.exit_code == 6
    assert f"rtcp batches failed-records {batch['id']}" in result.stderr
    (done,) = rows("batches", "wait", batch["id"], "--allow-failed-records", *QUICK)
    assert (done["isFinal"], done["isSuccess"]) == (True, True)
    (failed,) = rows("batches", "failed-records", batch["id"])
    assert failed["text"] == "{oops}"
    assert [each["id"] for each in rows("batches", "list", "--dataset-id", "harbour-crm", "--limit", "1")] == [
        batch["id"]
    ]
    assert len(rows("batches", "files", batch["id"])) == len(rows("batches", "download", batch["id"], str(tmp_path)))


def test_a_batch_is_given_up_or_taken_out(world, run, rows):
    (batch,) = rows("batches", "create", "harbour-crm")

    assert run("batches", "abort", batch["id"]).exit_code == 0
    assert [each["status"] for each in rows("batches", "get", batch["id"])] == ["aborted"]
    assert run("batches", "delete", batch["id"]).exit_code == 2
    assert run("batches", "delete", batch["id"], "--dry-run").exit_code == 0
    assert world.requests.count("batches.delete") == 0


@pytest.mark.parametrize(
    ("name", "content"), [("m.toml", "= no"), ("m.json", "[1]"), ("m.toml", '[[datasets]]\nid = "other"')]
)
def test_a_file_without_a_mapping_is_refused(world, run, upserts, tmp_path, name, content):
    (tmp_path / "rows.jsonl").write_text("{}")
    (tmp_path / name).write_text(content)

    result = run("batches", "upsert", "harbour-crm", str(tmp_path / "rows.jsonl"), "--mapping", str(tmp_path / name))

    assert result.exit_code == 2


def test_waiting_on_for_a_batch_allows_what_was_allowed(world, run, rows):
    (batch,) = rows("batches", "create", "harbour-crm")

    result = run("batches", "wait", batch["id"], "--allow-failed-records", "--timeout", "0.01", *QUICK)

    assert result.exit_code == 7
    assert f"wait for it with: rtcp batches wait {batch['id']} --allow-failed-records\n" in result.stderr
