"""The command where its streams lead nowhere, its terminal is narrow, or the machine around it has gone."""

from __future__ import annotations

import json
import sys

import pytest


@pytest.mark.parametrize("closed", [">&-", "<&- >/dev/null", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_reason_to_fail(command, closed):
    run = command(f"rtcp config show -o json {closed}")

    assert (run.returncode, run.stderr) == (0, "")


def test_an_error_without_a_place_to_tell_it_is_still_an_exit_code(command):
    assert command("rtcp entities get nobody --namespace Email 2>&- >&-").returncode == 4


# Set, every word is written at once; not set, as at most prompts, what is short is written at the very end.
@pytest.mark.parametrize("unbuffered", ["1", None])
@pytest.mark.parametrize("words", ["datasets list -o csv", "--help", "--version", "emulator coverage"])
def test_a_full_disk_behind_stdout_is_told_and_fails(command, words, unbuffered):
    run = command(f"rtcp {words} > /dev/full", environment={"PYTHONUNBUFFERED": unbuffered})

    assert run.returncode == 1
    assert run.stderr == "error: [Errno 28] No space left on device\n"


# argparse says nothing of help that cannot be written at once.
@pytest.mark.parametrize(("words", "unbuffered"), [("coverage", "1"), ("coverage", None), ("--help", None)])
def test_a_full_disk_behind_the_emulator_s_own_command_is_told_and_fails(command, words, unbuffered):
    run = command(
        f"'{sys.executable}' -P -m rtcp.emulator {words} > /dev/full", environment={"PYTHONUNBUFFERED": unbuffered}
    )

    assert (run.returncode, run.stderr) == (1, "error: [Errno 28] No space left on device\n")


@pytest.mark.parametrize("words", ["datasets list -o csv", "--help"])
def test_a_reader_that_takes_one_line_hears_no_traceback(command, words):
    run = command(f"rtcp {words} | head -n 1")

    assert len(run.stdout.splitlines()) == 1
    assert run.stderr == ""


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LANG": "xx_YY.nonsense", "LC_ALL": None},
    ],
    ids=["ascii", "C", "no such locale"],
)
def test_no_terminal_is_too_narrow(command, environment):
    run = command("rtcp datasets list -o table", environment=environment)

    assert (run.returncode, run.stderr) == (0, "")
    assert "harbour-crm" in run.stdout


def test_a_folder_that_was_deleted_under_the_command_does_not_matter(command, tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()

    run = command(f"cd '{gone}' && rmdir '{gone}' && rtcp datasets get harbour-crm -o json")

    assert json.loads(run.stdout)["id"] == "harbour-crm", run.stderr


def test_verbose_errors_show_no_identity_and_no_token(command, world):
    world.faults.always("entities.get", status=422, body={"message": "jane@example.com is known too often"})

    run = command("rtcp -v entities get jane@example.com --namespace Email")

    assert run.returncode == 1
    assert "Traceback" in run.stderr
    assert "jane" not in run.stderr
    assert "Bearer" not in run.stderr


def test_settings_are_shown_without_secrets(command):
    environment = {
        "RTCP_EMULATOR": None,
        "RTCP_CLIENT_SECRET": "p8-hush",
        "RTCP_TOKEN": "eyJ.hush",
        "RTCP_PROXIES": "http://user:hush@127.0.0.1:3128",
    }
    for words in ("config show -o table", "-v auth check"):
        run = command(f"rtcp {words}", environment={**environment, "RTCP_BASE_URL": "http://127.0.0.1:9"})

        assert "***" in run.stdout
        assert "hush" not in run.stdout + run.stderr
        assert "Traceback" not in run.stderr


def test_rejects_are_for_their_owner_alone_where_the_file_was_there_before(command, client, tmp_path):
    dataset = client.datasets.create(
        name="People", schema_ref="https://ns.adobe.com/xdm/context/profile", is_upsert_enabled=True
    )
    rows, rejects = tmp_path / "rows.jsonl", tmp_path / "rejects.jsonl"
    rows.write_text('{"city": "Whitby"}\n{}\n')
    rejects.touch()
    rejects.chmod(0o666)

    command(
        f"rtcp --sandbox dev batches upsert {dataset.id} '{rows}' --format json --interval 0.1 --rejects '{rejects}'"
    )

    assert "Whitby" in rejects.read_text()
    assert rejects.stat().st_mode & 0o777 == 0o600
