"""`rtcp verify`: what it settles, and that no value of an answer ever comes out of it."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from rtcp.emulator import Emulator, worlds
from rtcp.verify import assumptions
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
