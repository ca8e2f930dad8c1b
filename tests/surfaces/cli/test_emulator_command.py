"""`rtcp emulator`: load, look at, empty and spoil one that runs."""

from __future__ import annotations

import json

import pytest

from rtcp.emulator import worlds


def test_a_manifest_is_loaded_into_the_one_that_runs(world, run):
    run("emulator", "reset")
    empty = run("entities", "get", "jane@example.com", "--namespace", "Email")
    loaded = run("emulator", "load", str(worlds.path("harbour")))

    assert empty.exit_code == 4
    assert {row["accepted"] for row in map(json.loads, loaded.stdout.splitlines())} == {12, 9, 1206, 53}
    assert run("entities", "get", "jane@example.com", "--namespace", "Email").exit_code == 0


def test_status_tells_what_it_holds_and_was_asked(world, run):
    run("merge-policies", "list")

    text = run("emulator", "status", "-o", "table").stdout

    assert "harbour-purchases" in text
    assert "merge_policies.list" in text


def test_faults_are_added_listed_and_cleared(world, run):
    run(
        "emulator", "faults", "add", "merge_policies.get", "--status", "429", "--header", "Retry-After: 900", "--always"
    )
    (listed,) = map(json.loads, run("emulator", "faults", "list").stdout.splitlines())
    struck = run("merge-policies", "get", "harbour-newest")
    run("emulator", "faults", "clear")

    assert (listed["operation"], listed["mode"], listed["status"]) == ("merge_policies.get", "always", 429)
    assert struck.exit_code == 5
    assert run("merge-policies", "get", "harbour-newest").exit_code == 0


def test_a_body_is_json_or_sent_as_it_is(world, run):
    run("emulator", "faults", "add", "merge_policies.get", "--status", "502", "--body", "<html>no</html>")
    run("emulator", "faults", "add", "merge_policies.get", "--body", '{"id": 1}')

    bodies = [json.loads(line)["body"] for line in run("emulator", "faults", "list").stdout.splitlines()]

    assert bodies == ["<html>no</html>", {"id": 1}]


def test_a_job_is_made_to_fail(world, run):
    run("emulator", "faults", "fail-job", "system_jobs")

    assert (
        run("system-jobs", "create", "--dataset-id", "harbour-crm", "--yes", "--wait", "--interval", "0.01").exit_code
        == 1
    )


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("emulator", "status", "--url", "http://127.0.0.1:9"), 1, "rtcp emulator serve"),
        (("emulator", "status", "--url", "file:///x"), 2, "no http address"),
        (("emulator", "faults", "add", "no.such", "--status", "503"), 1, "choose one of"),
        (("emulator", "faults", "add", "entites.get", "--status", "503"), 1, "near it: 'entities.get'"),
        (("emulator", "faults", "add", "entities.get"), 2, "say how it shall fail: --status"),
        (("emulator", "faults", "add", "entities.get", "--header", "x"), 2, "NAME:VALUE"),
        (("emulator", "serve", "--world", "nowhere", "--port", "0"), 1, "harbour"),
        (("emulator", "serve", "--host", "0.0.0.0"), 1, "loopback"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(world, run, words, code, said):
    result = run(*words)

    assert result.exit_code == code
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_streaming_is_held_back(world, run):
    run("emulator", "faults", "queue-streaming", "600")
    (listed,) = map(json.loads, run("emulator", "faults", "list").stdout.splitlines())
    table = run("emulator", "faults", "list", "-o", "table").stdout
    run("emulator", "faults", "clear")

    assert listed == {"queueStreaming": 600.0}
    assert "streaming: rows wait" in table
    assert world.faults.streaming_delay == 0


def test_what_the_emulator_covers_is_listed(run):
    rows = [json.loads(line) for line in run("emulator", "coverage").stdout.splitlines()]
    missing = [json.loads(line) for line in run("emulator", "coverage", "--state", "501").stdout.splitlines()]

    assert {row["state"] for row in rows} == {"built", "501", "out of scope"}
    assert {row["state"] for row in missing} == {"501"}
    assert ("GET", "/data/core/ups/segment/jobs") in {(row["method"], row["path"]) for row in missing}
