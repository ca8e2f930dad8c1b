"""`rtcp verify`: what it settles, and that no value of an answer ever comes out of it."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from rtcp.emulator import Emulator, worlds
from rtcp.verify import assumptions, written_verbs
from rtcp.verify.checks import CHECKS
from rtcp.verify.shapes import kind_of, shape

WORDS = ("verify", "--read-only", "--id", "jane@example.com", "--namespace", "Email")


@pytest.fixture(scope="module", params=["guide", "spec", "hostile"])
def sandbox(request):
    with Emulator(seed=1, dialect=request.param) as emulator:
        emulator.load(worlds.path("harbour"))
        yield emulator


def test_it_reads_and_never_writes(sandbox, run, monkeypatch):
    monkeypatch.setenv("RTCP_EMULATOR", sandbox.url)

    result = run(*WORDS)

    asked = {received.operation for received in sandbox.requests}
    assert result.exit_code == 0, result.stderr
    assert {operation.partition(".")[2] for operation in asked} & {
        "create",
        "replace",
        "update",
        "delete",
        "cancel",
    } == set()
    assert {"entities.get", "merge_policies.list", "preview.status", "system_jobs.list"} <= asked


def test_no_value_of_the_sandbox_comes_out(sandbox, run, monkeypatch):
    monkeypatch.setenv("RTCP_EMULATOR", sandbox.url)

    text = "".join(run(*WORDS, "-o", form).output for form in ("table", "json", "jsonl", "csv"))

    for value in ("jane", "Jane", "Marlow", "C-1001", "70007", "Harbour", "harbour-", "EMULATOR@", "Bearer"):
        assert value not in text, value


def test_each_check_is_about_an_assumption_that_there_is():
    assert set(CHECKS) <= {assumption["id"] for assumption in assumptions()}


def test_each_assumption_that_a_read_can_settle_is_answered(sandbox, run, monkeypatch):
    monkeypatch.setenv("RTCP_EMULATOR", sandbox.url)

    (report,) = map(json.loads, [run(*WORDS, "-o", "json").stdout])

    verdicts = {finding["id"]: finding["verdict"] for finding in report["findings"]}
    assert set(verdicts) == set(CHECKS)
    assert set(verdicts.values()) <= {"confirmed", "refuted", "not seen"}
    assert verdicts["gateway-request-id"] == "confirmed"
    assert verdicts["entities-batch-matching"] == "confirmed"


def test_a_sandbox_that_differs_refutes_the_assumption(world, run):
    world.faults.always("merge_policies.get", status=404, body={"oops": 1})

    rows = [json.loads(line) for line in run("verify", "--read-only", "--no-shapes").stdout.splitlines()]

    verdicts = {row["name"]: row["outcome"] for row in rows if row["kind"] == "assumption"}
    assert verdicts["merge-policies-error-bodies"] == "refuted"


def test_a_sandbox_that_fails_everywhere_is_walked_to_the_end(world, run):
    world.faults.always("*", status=500)
    world.faults.always("auth.fetch_token", headers={"x": "y"})

    result = run(*WORDS)

    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert {row["outcome"].partition(":")[0] for row in rows if row["kind"] == "operation"} == {"500"}


def test_without_read_only_nothing_is_sent(world, run):
    assert run("verify").exit_code == 2
    assert world.requests.count() == 0


def test_credentials_that_fail_end_it_at_once(world, run):
    world.faults.always("auth.fetch_token", status=400, body={"error": "invalid_client"})

    assert run("verify", "--read-only").exit_code == 3


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("", "empty text"),
        ("12", "text of a number"),
        ("2026-01-01T00:00:00", "text of a time without zone"),
        ("2026-01-01T00:00:00Z", "text of a time"),
        ('"1"', "text in quotation marks"),
        (1767225600000, "whole number of 13 digits"),
        (True, "boolean"),
        (None, "null"),
        ([1, 2, 3], "list of several"),
    ],
)
def test_types_tell_forms_and_not_values(value, kind):
    assert kind_of(value) == kind


def test_keys_that_may_be_ids_are_masked():
    body = {
        "identityMap": {"Email": [{"id": "x"}]},
        "jane@example.com": 1,
        "7days": 2,
        "aBRUBmph00ZAZXhhbXBsZS5jb20": 3,
    }

    paths = [line.path for line in shape([body], operation="audiences.list")]

    assert {path.partition("[]")[0] for path in paths} == {"(all)", "identityMap", "identityMap.<id>", "<id>", "7days"}


def test_the_assumptions_in_the_package_are_those_of_the_repository():
    source = tomllib.loads((Path(__file__).parents[3] / "openapi" / "assumptions.toml").read_text())["assumption"]

    assert [assumption["id"] for assumption in assumptions()] == [assumption["id"] for assumption in source]


WRITING = ("verify", "--write", "--sandbox", "dev", "--yes")
SCHEMA = "https://ns.adobe.com/xdm/context/profile"


def held(sandbox):
    """What is in the sandbox for development that a walk could have left there."""
    dev, documents = sandbox.store.sandbox("dev"), sandbox.store.documents
    kinds = ("catalog_dataset", "inlet", "computed_attribute", "computed_attributes")
    return [policy.name for policy in dev.policies()], [len(documents.of_kind("dev", kind)) for kind in kinds]


def test_what_it_writes_it_removes(sandbox, run, monkeypatch):
    monkeypatch.setenv("RTCP_EMULATOR", sandbox.url)
    before = held(sandbox)
    sandbox.requests.clear()

    result = run(*WRITING, "--schema", SCHEMA)

    steps = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0, result.stderr
    answers = {row["name"]: row["outcome"] for row in steps if row["kind"] == "operation"}
    assert {name: told for name, told in answers.items() if not re.fullmatch(r"2\d\d(, 2\d\d)*", told)} == {}
    assert {row["name"].partition(" ")[0] for row in steps if row["kind"] == "operation"} == written_verbs()
    assert held(sandbox) == before
    assert {received.sandbox for received in sandbox.requests if received.sandbox} == {"dev"}


def test_no_name_that_it_made_up_is_in_its_shapes_or_its_report(sandbox, run, monkeypatch, tmp_path):
    monkeypatch.setenv("RTCP_EMULATOR", sandbox.url)

    result = run(*WRITING, "--schema", SCHEMA, "--report", str(tmp_path / "report.md"))

    report = (tmp_path / "report.md").read_text()
    for value in ("rtcpVerify", "EMULATOR@", "Bearer", "127.0.0.1", "ns.adobe.com"):
        assert value not in result.stdout + report, value
    assert "## merge_policies.create" in report
    assert "`merge-policies-limit`" in report


def test_the_report_of_a_walk_that_reads_holds_verdicts_and_no_value(sandbox, run, monkeypatch, tmp_path):
    monkeypatch.setenv("RTCP_EMULATOR", sandbox.url)

    assert run(*WORDS, "--report", str(tmp_path / "report.md")).exit_code == 0

    report = (tmp_path / "report.md").read_text()
    assert "| `gateway-request-id` | confirmed |" in report
    for value in (
        "jane",
        "Jane",
        "Marlow",
        "C-1001",
        "70007",
        "Harbour",
        "harbour-",
        "EMULATOR@",
        "Bearer",
        "127.0.0.1",
    ):
        assert value not in report, value


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("verify", "--write", "--yes"), 2),
        (("verify", "--write", "--sandbox", "dev"), 2),
        (("verify", "--write", "--read-only"), 2),
        (("verify", "--write", "--sandbox", "prod", "--yes"), 2),
    ],
)
def test_nothing_is_written_without_a_sandbox_for_development_and_consent(world, run, words, code):
    assert run(*words).exit_code == code

    written = [
        received
        for received in world.requests
        if received.method not in ("GET", "HEAD") and received.operation != "auth.fetch_token"
    ]
    assert written == []


def test_what_cannot_be_removed_is_named(world, run):
    world.faults.always("merge_policies.delete", status=500)

    result = run(*WRITING)

    assert result.exit_code == 1
    assert "merge policy" in result.stderr
    assert "rtcpVerify" in result.stderr


def test_a_walk_that_fails_half_way_still_clears_up(world, run):
    world.faults.always("merge_policies.update", status=500)
    world.faults.always("computed_attributes.update", status=500)
    before = held(world)

    assert run(*WRITING).exit_code == 0
    assert held(world) == before
