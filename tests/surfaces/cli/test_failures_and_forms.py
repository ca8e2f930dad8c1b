"""Exit codes, messages, forms of output, and options that stand anywhere."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtcp import errors
from rtcp.cli.cells import cell
from rtcp.cli.failures import exit_code, in_commands
from rtcp.cli.output import leaves, pick

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.RtcpError)]


@pytest.mark.parametrize(
    ("status", "code"), [(400, 1), (401, 3), (403, 3), (404, 4), (409, 1), (422, 1), (429, 5), (500, 1)]
)
def test_each_status_has_its_exit_code(world, run, monkeypatch, status, code):
    monkeypatch.setenv("RTCP_RETRIES", "0")
    world.faults.always("merge_policies.get", status=status)

    result = run("merge-policies", "get", "harbour-newest")

    assert result.exit_code == code
    assert result.stdout == ""
    assert result.stderr.count("\n") <= 3
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_no_error_ends_as_success(kind):
    assert 1 <= exit_code(kind("something happened")) <= 7


def test_no_answer_at_all_is_exit_code_1(run, monkeypatch):
    monkeypatch.setenv("RTCP_EMULATOR", "http://127.0.0.1:9")
    monkeypatch.setenv("RTCP_RETRIES", "0")

    assert run("merge-policies", "list").exit_code == 1


def test_verbose_logs_requests_and_shows_the_traceback_on_stderr(world, run):
    result = run("merge-policies", "get", "no-such-policy", "-v")

    assert "debug: GET /data/core/ups/config/mergePolicies/{id} -> 404" in result.stderr
    assert "Traceback" in result.stderr
    assert result.stdout == ""


def test_retries_are_said_on_stderr(world, run, monkeypatch):
    world.faults.once("merge_policies.get", status=429, headers={"Retry-After": "0"})

    result = run("merge-policies", "get", "harbour-newest")

    assert result.exit_code == 0
    assert "warning: GET" in result.stderr
    assert json.loads(result.stdout)["id"] == "harbour-newest"


@pytest.mark.parametrize(
    "words",
    [
        ("--sandbox", "dev", "merge-policies", "list"),
        ("merge-policies", "--sandbox", "dev", "list"),
        ("merge-policies", "list", "--sandbox", "dev"),
        ("--sandbox", "prod", "merge-policies", "list", "--sandbox", "dev"),
    ],
)
def test_the_sandbox_may_be_named_anywhere_and_the_nearest_wins(world, run, words):
    run(*words)

    (asked,) = world.requests.of("merge_policies.list")
    assert asked.headers["x-sandbox-name"] == "dev"


def test_every_form_holds_the_same_policies(world, run):
    ids = {"harbour-newest", "harbour-loyalty-first", "harbour-unstitched"}

    forms = {form: run("merge-policies", "list", "-o", form).stdout for form in ("table", "json", "jsonl", "csv")}

    assert {each["id"] for each in json.loads(forms["json"])} >= ids
    assert {json.loads(line)["id"] for line in forms["jsonl"].splitlines()} >= ids
    assert {line.split(",")[0] for line in forms["csv"].splitlines()} >= ids
    assert all(each in forms["table"] for each in ids)


def test_an_empty_list_is_an_empty_answer_in_each_form(world, run):
    assert run("system-jobs", "list").stdout == ""
    assert json.loads(run("system-jobs", "list", "-o", "json").stdout) == []
    assert run("system-jobs", "list", "-o", "csv").stdout.count("\n") == 1
    assert run("system-jobs", "list", "-o", "table").stderr == "nothing to show\n"


@pytest.mark.parametrize(
    ("python", "command"),
    [
        ("see client.merge_policies.list() first", "see rtcp merge-policies list first"),
        (
            "client.merge_policies.update(id, is_active_on_edge=True)",
            "rtcp merge-policies update ID --is-active-on-edge",
        ),
        ("client.export_jobs.list(limit=10), newest first", "rtcp export-jobs list --limit 10, newest first"),
        ("client.export_jobs.wait('7') waits", "rtcp export-jobs wait 7 waits"),
        ("client_id: pass client_id= or set RTCP_CLIENT_ID", "client_id: set RTCP_CLIENT_ID"),
        ("name what to delete: dataset_id=, or batch_id=", "name what to delete: --dataset-id, or --batch-id"),
    ],
)
def test_what_the_library_recommends_in_python_is_said_as_a_command(python, command):
    assert in_commands(python) == command


@given(st.text())
def test_no_value_can_move_the_cursor_of_a_terminal(text):
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in cell(text))


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text("ab", min_size=1), inner),
    )
)
def test_every_leaf_can_be_picked_by_its_path(value):
    for path, leaf in leaves({"root": value}):
        assert pick({"root": value}, path.split(".")) == leaf
