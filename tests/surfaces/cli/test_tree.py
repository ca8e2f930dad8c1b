"""The tree of commands: the same nouns and verbs as the client, each with help, found by completion."""

from __future__ import annotations

import inspect
import subprocess
import sys
from functools import cached_property

import click
import pytest

import rtcp
from rtcp.cli.app import ENTRIES, app

CONTEXT = click.Context(app, info_name="rtcp")
# What the command line leaves to Python, and why.
PYTHON_ONLY = {
    # At a prompt every verb takes a name where it takes an id.
    *((noun, "find") for noun in ("merge-policies", "computed-attributes", "datasets", "audiences")),
    ("export-jobs", "rows"),  # a stream of rows is for programs; `download` brings the files
    ("export-jobs", "table"),  # likewise
    ("batches", "resend"),  # takes the result of an upsert; a file of rejects is upserted like any other
}


def nouns():
    names = [name for name, member in vars(rtcp.Client).items() if isinstance(member, cached_property)]
    return {name.replace("_", "-"): name for name in names if name.replace("_", "-") in ENTRIES}


def verbs_of(noun):
    with rtcp.Client(rtcp.Config()) as client:
        kind = type(getattr(client, noun))
    return {
        name.replace("_", "-") for name, member in vars(kind).items() if inspect.isfunction(member) and name[0] != "_"
    }


def walk(command, path=()):
    yield path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(CONTEXT):
            yield from walk(command.get_command(CONTEXT, name), (*path, name))


ALL = list(walk(app))


@pytest.mark.parametrize("noun", nouns())
def test_every_verb_of_the_client_is_a_command(noun):
    commands = set(app.get_command(CONTEXT, noun).commands)

    assert {verb for verb in verbs_of(nouns()[noun]) if (noun, verb) not in PYTHON_ONLY} - commands == set()


@pytest.mark.parametrize(
    ("path", "command"), ALL, ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_every_command_explains_itself(path, command, run):
    result = run(*path, "--help")

    assert result.exit_code == 0
    assert command.help
    assert command.help.strip().partition("\n")[0].rstrip().endswith((".", "?"))
    assert "Options of every command:" in result.stdout


@pytest.mark.parametrize(
    ("path", "command"), ALL, ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_every_option_has_a_word_of_help(path, command):
    own = [parameter for parameter in command.params if isinstance(parameter, click.Option)]

    assert [option.name for option in own if not option.help] == []


@pytest.mark.parametrize(("typed", "meant"), [(("entites",), "entities"), (("entities", "gett"), "get")])
def test_a_slip_of_the_finger_is_understood(run, typed, meant):
    result = run(*typed)

    assert result.exit_code == 2
    assert f"Did you mean {meant!r}?" in result.stderr


def test_the_version_is_told(run):
    assert run("--version").stdout.startswith("rtcp 0.")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_has_a_script_for_each_shell(run, shell):
    result = run("completion", shell)

    assert result.exit_code == 0
    assert "_RTCP_COMPLETE" in result.stdout


@pytest.mark.parametrize(
    ("typed", "position", "found"),
    [
        ("rtcp sys", 1, "system-jobs"),
        ("rtcp system-jobs c", 2, "create"),
        ("rtcp merge-policies list --identity-graph p", 4, "pdg"),
        ("rtcp entities get --", 3, "--sandbox"),
    ],
)
def test_completion_finds_nouns_verbs_and_options(typed, position, found):
    environment = {"_RTCP_COMPLETE": "bash_complete", "COMP_WORDS": typed, "COMP_CWORD": str(position)}
    code = "import sys; sys.argv = ['rtcp']; from rtcp.cli import main; main()"

    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)

    assert f"plain,{found}" in run.stdout.splitlines()


def test_the_demo_runs(run):
    result = run("demo", "--people", "20")

    assert result.exit_code == 0
    assert "rtcp.NotFoundError" in result.stdout
