"""The command as a process of its own: pipes, signals, terminals and encodings."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time

import pytest
from tests.helpers.samples import POLICY

import rtcp

RTCP = [sys.executable, "-c", "from rtcp.cli import main; main()"]
JANE = ("jane@example.com", "--namespace", "Email")


def start(*words, **options):
    return subprocess.Popen(
        [*RTCP, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
    )


def finished(process):
    out, err = process.communicate(timeout=60)
    return process.returncode, out.decode(errors="replace"), err.decode(errors="replace")


def read_until(stream, text):
    seen = b""
    while text not in seen:
        part = os.read(stream.fileno(), 4096)
        assert part, seen
        seen += part
    return seen.decode()


def await_request(world, operation):
    ends = time.monotonic() + 60
    while world.requests.count(operation) == 0:
        assert time.monotonic() < ends, f"{operation} was not asked for"
        time.sleep(0.02)


def test_a_reader_that_goes_away_ends_the_command_without_a_word(world):
    process = start("preview", "dataset-overlap", "-o", "csv")
    process.stdout.close()

    assert process.wait(timeout=60) == 141
    assert process.stderr.read() == b""
    process.stderr.close()


def test_the_first_lines_can_be_taken_of_many(world, tmp_path):
    ids = tmp_path / "ids.txt"
    ids.write_text("jane@example.com\n" * 5000)
    command = " ".join([*(f"'{word}'" for word in RTCP), "entities", "get-many", str(ids), "--namespace", "Email"])

    run = subprocess.run(
        ["bash", "-c", f"{command} | head -n 2"], capture_output=True, text=True, timeout=60, check=False
    )

    assert len(run.stdout.splitlines()) == 2
    assert "Traceback" not in run.stderr


def test_ctrl_c_while_waiting_tells_the_id_and_how_to_go_on(world):
    world.clock.freeze()
    process = start("system-jobs", "create", "--dataset-id", "harbour-crm", "--yes", "--wait")
    read_until(process.stderr, b": NEW")

    process.send_signal(signal.SIGINT)

    code, out, err = finished(process)
    assert (code, out) == (130, "")
    assert "interrupted" in err
    assert "rtcp system-jobs wait " in err
    assert "Traceback" not in err


def test_ctrl_c_before_the_creation_is_answered_says_that_it_may_have_been_made(world):
    world.faults.once("system_jobs.create", delay=600)
    process = start("system-jobs", "create", "--dataset-id", "harbour-crm", "--yes", "-v")
    await_request(world, "system_jobs.create")

    process.send_signal(signal.SIGINT)

    code, _, err = finished(process)
    assert code == 130
    assert "may have been created" in err
    assert "rtcp system-jobs list" in err


def test_ctrl_c_in_an_upsert_whose_rows_are_handed_over_says_that_they_go_in(world, tmp_path):
    with rtcp.Client.for_emulator(world.url) as client:
        client.datasets.enable_profile("harbour-crm", upsert=True)
    file = tmp_path / "changes.csv"
    file.write_text("_harbour.crmId,homeAddress.city\nC-1001,Oslo\n")
    world.faults.always("batches.get", delay=600)
    process = start("batches", "upsert", "harbour-crm", str(file))
    await_request(world, "batches.get")

    process.send_signal(signal.SIGINT)

    code, out, err = finished(process)
    assert (code, out) == (130, "")
    assert "has all rows and goes on: rtcp batches wait " in err
    assert "nothing went in" not in err


def test_the_emulator_serves_until_it_is_told_to_stop(run, monkeypatch):
    process = start("emulator", "serve", "--port", "0", "--world", "harbour")
    said = read_until(process.stderr, b"shell: export RTCP_EMULATOR=")
    while not said.endswith("\n"):
        said += os.read(process.stderr.fileno(), 1).decode()
    monkeypatch.setenv("RTCP_EMULATOR", said.rpartition("RTCP_EMULATOR=")[2].strip())

    result = run("entities", "get", *JANE)
    process.send_signal(signal.SIGTERM)

    assert finished(process)[0] == 0
    assert result.exit_code == 0, result.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_narrow_encoding_loses_no_character_of_the_data(world, encoding):
    world.faults.once("merge_policies.get", body={**POLICY, "name": "Größe 大 \U0001f6a2"})
    code, out, err = finished(start("merge-policies", "get", "p", env={**os.environ, "PYTHONIOENCODING": encoding}))

    assert code == 0, err
    assert json.loads(out)["name"] == "Größe 大 \U0001f6a2"


def on_a_terminal(*words, answer=b"", environment=None, width=100):
    """Run the command with a terminal on all three streams; returns exit code and everything it showed."""
    controller, terminal = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(width), "TERM": "xterm-256color", **(environment or {})}
    with subprocess.Popen(
        [*RTCP, *words], stdin=terminal, stdout=terminal, stderr=terminal, env=environment, start_new_session=True
    ) as process:
        os.close(terminal)
        shown = b""
        while True:
            try:
                part = os.read(controller, 4096)
            except OSError:
                break
            shown += part
            if answer and b"[y/N]" in shown:
                os.write(controller, answer)
                answer = b""
        code = process.wait(timeout=60)
    os.close(controller)
    return code, shown.decode()


def test_on_a_terminal_the_form_is_a_table(world):
    code, shown = on_a_terminal("merge-policies", "list")

    assert code == 0
    assert "stitching" in shown
    assert "{" not in shown


def test_a_terminal_is_asked_and_no_means_that_nothing_is_sent(world):
    code, shown = on_a_terminal("system-jobs", "create", "--dataset-id", "harbour-purchases", answer=b"n\n")

    assert code == 2
    assert "53 ExperienceEvents" in shown
    assert "sandbox 'prod'" in shown
    assert world.requests.count("system_jobs.create") == 0


def test_a_terminal_that_says_yes_gets_it_done_behind_a_live_line(world):
    words = ("system-jobs", "create", "--dataset-id", "harbour-purchases", "--wait", "--interval", "0.01")
    code, shown = on_a_terminal(*words, answer=b"y\n")

    assert code == 0
    assert "0:00:0" in shown
    assert "SUCCESS" in shown


def test_no_color_is_honoured(world):
    _, coloured = on_a_terminal("auth", "check")
    _, plain = on_a_terminal("auth", "check", environment={"NO_COLOR": "1"})

    assert "\x1b[32m" in coloured
    assert "\x1b[32m" not in plain


def test_help_loads_neither_client_nor_tables():
    code = (
        "import sys\nfrom rtcp.cli.app import app\napp(['--help'], standalone_mode=False)\nprint(sorted(sys.modules))"
    )

    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    loaded = run.stdout.splitlines()[-1]
    for module in (
        "'requests'",
        "'pydantic'",
        "'rich'",
        "'rtcp.client'",
        "'rtcp.cli.profile_store.entities'",
        "'importlib.metadata'",
    ):
        assert module not in loaded


def test_without_click_the_command_says_what_to_install(tmp_path):
    (tmp_path / "click.py").write_text("raise ModuleNotFoundError(\"No module named 'click'\", name='click')")

    run = subprocess.run(
        RTCP, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(tmp_path)}, check=False
    )

    assert run.returncode == 2
    assert "pip install 'rtcp[cli]'" in run.stderr


def test_many_look_ups_that_are_broken_off_say_how_many_were_answered(world, tmp_path):
    ids = tmp_path / "ids.txt"
    ids.write_text("jane@example.com\nnobody@example.com\nmarco@example.com\nkim@example.com\n")
    # The first request is answered at once, the second while nobody waits any more.
    world.faults.once("entities.get_many", headers={"X-First": "yes"})
    world.faults.once("entities.get_many", delay=20)
    options = ("--namespace", "Email", "--chunk-size", "2", "--workers", "1", "-o", "jsonl")
    process = start("entities", "get-many", str(ids), *options, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    read_until(process.stdout, b"nobody")

    process.send_signal(signal.SIGINT)

    code, _, err = finished(process)
    assert code == 130
    assert err.splitlines() == ["broken off after 1 found, 1 unknown, 0 failed", "interrupted"]


def test_many_look_ups_that_fail_half_way_say_how_many_were_answered(world, tmp_path):
    ids = tmp_path / "ids.txt"
    ids.write_text("jane@example.com\nnobody@example.com\nmarco@example.com\nkim@example.com\n")
    world.faults.once("entities.get_many", headers={"X-First": "yes"})
    world.faults.once("entities.get_many", status=403, times=9)
    process = start(
        "entities", "get-many", str(ids), "--namespace", "Email", "--chunk-size", "2", "--workers", "1", "-o", "jsonl"
    )

    code, out, err = finished(process)

    assert code != 0
    assert len(out.splitlines()) == 2
    assert err.splitlines()[0] == "broken off after 1 found, 1 unknown, 0 failed"
