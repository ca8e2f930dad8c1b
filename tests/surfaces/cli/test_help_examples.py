"""The examples in the help of every command run as they stand there."""

from __future__ import annotations

import json
import re
import shlex
import time

import click
import pytest

import rtcp
from rtcp.cli.app import app
from rtcp.emulator import worlds

CONTEXT = click.Context(app, info_name="rtcp")
# Run until Ctrl-C, or too long to be run for each line of help; they have tests of their own.
ELSEWHERE = ("rtcp emulator serve", "rtcp demo", "rtcp media", "rtcp stream", "rtcp verify")
PURCHASES = 'xEvent[eventType = "commerce.purchases"].count()'
CREDENTIAL = {"CLIENT_ID": "key", "CLIENT_SECRETS": ["p8e"], "ORG_ID": "ABC@AdobeOrg", "SCOPES": ["openid"]}
PERSON = '{"_harbour":{"crmId":"C-1"}}\n'
FILES = {
    "emails.txt": "jane@example.com\n",
    "crm.csv": "email\njane@example.com\n",
    "people.json": PERSON,
    "changes.csv": "crm,city\nC-1001,Robin Hood's Bay\n",
    "changes.toml": '"_harbour.crmId" = "crm"\n"homeAddress.city" = "city"\n',
    "oauth_server_to_server.json": json.dumps(CREDENTIAL),
    "config.toml": '[other]\nclient_id = "key"\n',
}


def walk(command, path=()):
    yield path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(CONTEXT):
            yield from walk(command.get_command(CONTEXT, name), (*path, name))


def examples(command):
    text = re.sub(r"\\\n\s*", "", command.help or "")
    return [line.strip() for line in text.splitlines() if line.strip().startswith("rtcp ")]


COMMANDS = list(walk(app))
LINES = sorted({line for _, command in COMMANDS for line in examples(command)})


@pytest.mark.parametrize(
    ("path", "command"), COMMANDS, ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_every_help_has_an_example(path, command):
    assert examples(command)


@pytest.mark.parametrize("line", [line for line in LINES if not line.startswith(ELSEWHERE)])
def test_the_example_runs(line, world, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RTCP_CONFIG", str(tmp_path / "config.toml"))
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    if "my-world.toml" in line:
        (tmp_path / "rows").mkdir()
        for file in worlds.path("harbour").parent.iterdir():
            if file.is_file():
                (tmp_path / "rows" / file.name).write_bytes(file.read_bytes())
        (tmp_path / "rows" / "manifest.toml").rename(tmp_path / "my-world.toml")
    with rtcp.Client.for_emulator(world.url) as client:
        words = prepared(line, client, world)

    result = run(*words)

    assert result.exit_code == 0, result.output


def prepared(line, client, world):  # noqa: C901 - a list of what examples take for granted
    """The words of an example, with the things made that it takes for granted."""
    noun, verb, *_ = (*shlex.split(line)[1:], "", "")
    names = {"URI": "https://ns.adobe.com/xdm/context/profile"}
    client.datasets.enable_profile("harbour-crm", upsert=True)
    if "Names of March" in line and "create-for-export" not in line:
        client.datasets.create_for_export(name="Names of March")
    if "enable-profile Corrections" in line:
        client.datasets.create(name="Corrections", schema_ref=names["URI"])
    if noun == "computed-attributes" and "orders7" in line and verb != "create":
        made = client.computed_attributes.create(
            name="orders7", display_name="Orders", description="Of a week", expression=PURCHASES, duration="7 days"
        )
        if verb in ("wait", "disable"):
            client.computed_attributes.publish(made.id)
    if "CONNECTION" in line:
        names["CONNECTION"] = client.inlets.create(name="Till").id
    if "JOB" in line:
        if "cancel" in line:
            world.clock.freeze()
        if noun == "system-jobs":
            names["JOB"] = client.system_jobs.create(dataset_id="harbour-newsletter").id
        else:
            to = client.datasets.create_for_export(name="Target")
            job = client.export_jobs.create(destination_dataset_id=to.id, fields=["person.name"])
            names["JOB"] = str(job.id)
            if verb == "download":
                client.export_jobs.wait(job.id, interval=0.05)
    if "BATCH" in line:
        batch = client.batches.create("harbour-crm", format="json")
        names["BATCH"] = batch.id
        if verb != "upload":
            client.batches.upload(batch.id, PERSON.encode(), dataset_id="harbour-crm", name="people.json")
        if verb not in ("upload", "complete", "abort", "delete"):
            client.batches.complete(batch.id)
            client.batches.wait(batch.id, interval=0.05)
    return [names.get(word, word) for word in shlex.split(line.partition(" > ")[0])[1:]]


def test_the_help_takes_little_time():
    started = time.process_time()
    for _ in range(5):
        app.get_help(CONTEXT)

    assert (time.process_time() - started) / 5 < 0.15
