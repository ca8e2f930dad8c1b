"""`rtcp entities`: what is asked, what is printed, and how it ends."""

from __future__ import annotations

import csv
import io
import json

import pytest

JANE = ("jane@example.com", "--namespace", "Email")


def table(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_get_prints_the_answer_as_one_line_when_piped(world, rows):
    (jane,) = rows("entities", "get", *JANE)

    assert jane["entity"]["person"]["name"]["firstName"] == "Jane"
    assert set(jane["sources"]) == {"harbour-crm", "harbour-loyalty", "harbour-newsletter"}


def test_get_asks_for_the_fields_policy_and_class_that_are_named(world, run):
    run("entities", "get", *JANE, "--fields", "person.name, loyalty", "--fields", "homeAddress",
        "--merge-policy", "harbour-unstitched", "--schema", "_xdm.context.profile")  # fmt: skip

    asked = world.requests.of("entities.get")[0]
    assert asked.query["fields"] == ["person.name,loyalty,homeAddress"]
    assert asked.query["mergePolicyId"] == ["harbour-unstitched"]
    assert asked.query["schema.name"] == ["_xdm.context.profile"]


def test_get_as_a_table_has_a_path_and_a_value_a_line(world, run):
    lines = run("entities", "get", *JANE, "--fields", "person.name,loyalty", "-o", "table").stdout.splitlines()

    assert any(line.split() == ["person.name.firstName", "Jane"] for line in lines)


def test_numbers_of_a_profile_are_shown_as_they_are_because_they_may_be_ids(world, run):
    text = run("entities", "get", *JANE, "--fields", "loyalty", "-o", "table").stdout

    assert "3889" in text
    assert "3,889" not in text


def test_an_unknown_person_is_exit_code_4_and_the_message_does_not_repeat_the_id(world, run):
    result = run("entities", "get", "nobody@example.com", "--namespace", "Email")

    assert result.exit_code == 4
    assert result.stdout == ""
    assert "nothing is known" in result.stderr
    assert "nobody" not in result.stderr


def test_an_address_without_namespace_is_a_usage_error_that_names_the_option(world, run):
    result = run("entities", "get", "jane@example.com")

    assert result.exit_code == 2
    assert "--namespace Email" in result.stderr
    assert "namespace=" not in result.stderr


def test_get_many_reads_ids_from_stdin_and_answers_each_in_order(world, rows):
    answers = rows(
        "entities", "get-many", "-", "--namespace", "Email", input="nobody@example.com\n\n jane@example.com \n"
    )

    assert [(each["id"], each["outcome"]) for each in answers] == [
        ("nobody@example.com", "unknown"),
        ("jane@example.com", "found"),
    ]


def test_get_many_reads_a_column_of_a_csv_file(world, run, tmp_path):
    file = tmp_path / "crm.csv"
    file.write_text("\ufeffnumber,email\n1,jane@example.com\n2,\n", encoding="utf-8")

    result = run("entities", "get-many", str(file), "--column", "email", "--namespace", "Email",
                 "--fields", "person.name.firstName", "-o", "csv")  # fmt: skip

    assert table(result.stdout) == [
        {
            "id": "jane@example.com",
            "namespace": "Email",
            "outcome": "found",
            "person.name.firstName": "Jane",
            "error": "",
        }
    ]
    assert "1 found, 0 unknown, 0 failed" in result.stderr


def test_get_many_without_that_column_names_those_there_are(world, run):
    result = run("entities", "get-many", "-", "--column", "crm", "--namespace", "Email", input="number,email\n1,x\n")

    assert result.exit_code == 2
    assert "number, email" in result.stderr


def test_a_line_that_is_not_utf8_is_told_without_showing_it(world, run, tmp_path):
    file = tmp_path / "ids.txt"
    file.write_bytes("m\u00fcller@example.com\n".encode("latin-1"))

    result = run("entities", "get-many", str(file), "--namespace", "Email")

    assert result.exit_code == 1
    assert "line 1: is not in UTF-8; name the encoding of the file" in result.stderr
    assert "ller@" not in result.stderr + result.stdout


def test_get_many_of_which_some_fail_is_exit_code_6_with_the_others_printed(world, run):
    world.faults.once("entities.get", status=400)

    result = run("entities", "get-many", "-", "--namespace", "Email", "--chunk-size", "1", "--workers", "1",
                 input="oskar.lindqvist@example.com\njane@example.com\n")  # fmt: skip

    assert result.exit_code == 6
    assert [json.loads(line)["outcome"] for line in result.stdout.splitlines()] == ["failed", "found"]
    assert "1 found, 0 unknown, 1 failed" in result.stderr


@pytest.mark.parametrize(("on_missing", "code", "printed"), [("skip", 0, 1), ("yield", 0, 2), ("raise", 4, 1)])
def test_on_missing_decides_what_becomes_of_the_unknown(world, run, on_missing, code, printed):
    result = run("entities", "get-many", "-", "--namespace", "Email", "--on-missing", on_missing,
                 input="jane@example.com\nnobody@example.com\n")  # fmt: skip

    assert (result.exit_code, len(result.stdout.splitlines())) == (code, printed)


def test_list_events_goes_through_all_pages(world, rows):
    events = rows("entities", "list-events", *JANE, "--page-size", "7")

    assert len(events) > 7
    assert len(world.requests.of("entities.list_events")) > 1


def test_list_events_sends_times_as_milliseconds_and_refuses_one_without_zone(world, run):
    run("entities", "list-events", *JANE, "--occurred-after", "2025-02-01T00:00:00Z", "--descending", "--limit", "1")
    naive = run("entities", "list-events", *JANE, "--occurred-after", "2025-02-01T00:00:00")

    (asked,) = world.requests.of("entities.list_events")
    assert asked.query["startTime"] == ["1738368000000"]
    assert naive.exit_code == 2
    assert "no zone" in naive.stderr


def test_columns_of_events_look_into_lists(world, run):
    result = run("entities", "list-events", *JANE, "--fields", "productListItems.quantity", "--limit", "1", "-o", "csv")

    (event,) = table(result.stdout)
    assert json.loads(event["productListItems.quantity"]) == [3]


def test_delete_refuses_without_a_terminal_names_the_sandbox_and_sends_nothing(world, run):
    result = run("--sandbox", "dev", "entities", "delete", *JANE)

    assert result.exit_code == 2
    assert "sandbox 'dev'" in result.stderr
    assert "--yes" in result.stderr
    assert world.requests.count() == 0


def test_delete_dry_run_only_reads(world, run):
    result = run("entities", "delete", *JANE, "--dry-run")

    assert result.exit_code == 0
    assert "nothing was done" in result.stderr
    assert {received.method for received in world.requests} == {"GET", "POST"}
    assert world.requests.count("entities.delete") == 0


def test_delete_with_yes_asks_the_service_and_says_that_it_is_deprecated(world, run):
    result = run("entities", "delete", *JANE, "--yes")

    assert result.exit_code == 0
    assert world.requests.count("entities.delete") == 1
    assert "Data Lifecycle" in result.stderr


def test_explain_shows_what_differs_between_policies_and_who_won(world, run):
    result = run("entities", "explain", *JANE, "-o", "table")

    assert result.exit_code == 0
    assert "Harbour: loyalty card first" in result.stdout
    assert "homeAddress.city" in result.stdout
    assert "newest ingestion" in result.stdout


def test_explain_as_json_has_views_differences_and_winners(world, rows):
    (explained,) = rows("entities", "explain", *JANE)

    assert {"views", "differences", "winners"} == set(explained)
    assert {view["policy"]["id"] for view in explained["views"]} >= {"harbour-newest", "harbour-unstitched"}
    assert explained["winners"][0]["reason"]


@pytest.mark.parametrize(("format", "shown"), [("csv", "'=1+1"), ("csv-raw", "=1+1")])
def test_what_a_spreadsheet_would_run_is_a_text_in_the_columns_of_people(world, run, tmp_path, format, shown):
    world.store.sandbox("prod").ingest(
        "harbour-crm", [{"_harbour": {"crmId": "F-1"}, "person": {"name": {"firstName": "=1+1"}}}]
    )
    (tmp_path / "ids.txt").write_text("F-1\n")

    result = run("entities", "get-many", str(tmp_path / "ids.txt"), "--namespace", "crmId", "-o", format)

    (row,) = table(result.stdout)
    assert row["person.name.firstName"] == shown
