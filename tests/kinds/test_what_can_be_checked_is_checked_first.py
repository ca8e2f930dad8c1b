"""What can be checked before the first row goes is checked then, and a dry run shows it and sends nothing."""

from __future__ import annotations

import json

import pytest
from tests.helpers.row_world import rows_as

import rtcp

ROWS = [{"crm": f"c-{n}", "points": "n/a" if n == 2 else str(n)} for n in range(5)]
MAPPING = '[mapping]\n"crm" = "crm"\n"points" = { column = "points", type = "integer" }\n'


@pytest.fixture
def file(tmp_path):
    (tmp_path / "map.toml").write_text(MAPPING)
    return rows_as("csv", ROWS, tmp_path)


def nothing_happened(world):
    return (world.sent(), world.uploads(), world.found([row["crm"] for row in ROWS])) == ([], 0, {})


def test_a_dry_run_of_a_stream_shows_what_would_be_sent(world, file):
    result = world.command_stream(str(file), "--mapping", "map.toml", "--dry-run")

    assert result.exit_code == 6
    assert json.loads(result.stdout) == {"rows": 5, "fit": 4, "rejected": 1}
    assert "rows.csv, line 4: column 'points', for points, is no whole number" in result.stderr
    assert "nothing was sent" in result.stderr
    assert nothing_happened(world)


def test_a_dry_run_of_an_upsert_shows_it_too_odd_types_included(world, file, tmp_path):
    mapped = world.command_upsert(str(file), "--mapping", "map.toml", "--dry-run")
    rows = [{"crm": f"c-{n}", "points": "n/a" if n == 2 else n} for n in range(5)]
    plain = world.command_upsert(str(rows_as("jsonl", rows, tmp_path)), "--dry-run")

    for result, line in ((mapped, "rows.csv, line 4: "), (plain, "rows.jsonl, line 3: ")):
        assert result.exit_code == 6
        assert json.loads(result.stdout) == {"rows": 5, "fit": 4, "refused": 1}
        assert line in result.stderr
    assert nothing_happened(world)


def test_a_dry_run_without_faults_is_0_and_sends_nothing_either(world, tmp_path):
    path = rows_as("parquet", [{"crm": "c-1"}], tmp_path)

    assert world.command_stream(str(path), "--dry-run").exit_code == 0
    assert world.command_upsert(str(path), "--dry-run").exit_code == 0
    assert nothing_happened(world)


def test_a_dry_run_of_a_replay_shows_what_would_go_and_what_is_held_back(world, tmp_path):
    letters = [
        {"row": {"crm": "c-1"}, "position": 0, "status": 503, "can_retry": True},
        {"row": {"crm": "c-2"}, "position": 1, "status": 400, "can_retry": False},
    ]
    path = tmp_path / "left.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in letters))

    result = world.command_stream(str(path), "--replay", "--dry-run")

    assert (json.loads(result.stdout)["rows"], json.loads(result.stdout)["fit"]) == (2, 1)
    assert nothing_happened(world)
    assert len(path.read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"mapping": {"crm": "customer"}}, "no column 'customer'"),
        ({"mapping": {"crm": {"column": "crm", "type": "text"}}}, "unknown type 'text'"),
        ({"mapping": {}}, "the mapping is empty"),
        ({"mapping": "map.toml"}, "mapping is an object"),
        ({"identity": "crm..id"}, "no path"),
        ({"id_from": ["a..b"]}, "no path"),
        ({"kind": "visit"}, "kind must be"),
    ],
)
def test_a_form_that_cannot_fit_stops_before_the_first_row(world, file, parts, said):
    for call in (world.stream, world.upsert):
        with pytest.raises(rtcp.InvalidArgumentError, match=said):
            call(file, **parts)
    assert nothing_happened(world)


@pytest.mark.parametrize(
    "words",
    [
        ("--mapping", "gone.toml"),
        ("--mapping", "rows.csv"),
        ("--identity", "a..b"),
        ("--delimiter", ";;"),
        ("--encoding", "klingon"),
        ("--rejects", "."),
        ("--rejects", "s3://bucket/left.jsonl"),
    ],
    ids=repr,
)
def test_a_command_that_cannot_be_right_ends_before_the_first_row(world, file, words):
    for call in (world.command_stream, world.command_upsert):
        result = call(file.name, *words)
        assert result.exit_code in (1, 2), result.stdout
        assert "Traceback" not in result.stderr
    assert nothing_happened(world)
