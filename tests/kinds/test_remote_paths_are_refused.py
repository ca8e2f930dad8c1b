"""An address where a path of this machine is wanted is refused, and no folder of its spelling is made."""

from __future__ import annotations

from pathlib import Path

import pytest

import rtcp
from rtcp._paths import local_path
from rtcp.emulator import Emulator
from rtcp.media import Recorder

ADDRESSES = ["s3://bucket/x", "abfss://c@a.dfs.core.windows.net/x", "gs://b/x", "https://example.com/x", "file:///x",
             Path("s3://bucket/x")]  # fmt: skip
SAID = "addresses such as .*:// are not supported"


@pytest.mark.parametrize("address", ADDRESSES, ids=str)
def test_every_verb_and_setting_with_a_path_refuses_it(world, tmp_path, address):
    client, form = world.client, world.form()
    calls = [
        lambda: client.export_jobs.download("1", address),
        lambda: client.batches.download("b", address),
        lambda: client.batches.upload("b", address),
        lambda: client.batches.upsert("people", address),
        lambda: client.batches.upsert("people", [{"crm": "c"}, {}], interval=0.01).write_rejects(address),
        lambda: client.streaming.writer(world.inlet, form=form, spool=address),
        lambda: client.streaming.writer(world.inlet, form=form, rejects=address),
        lambda: client.streaming.replay(world.inlet, address, form=form),
        lambda: world.stream(address),
        lambda: rtcp.read_rows(address),
        lambda: Recorder(address),
        lambda: Emulator(db=address),
        lambda: rtcp.Client(client_id="k", client_secret="s", org_id="o", token_cache=address),
        lambda: rtcp.Config.from_file(address),
    ]

    for call in calls:
        with pytest.raises(rtcp.RtcpError, match=SAID):
            call()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("address", ["s3://bucket/x.csv", "https://example.com/x.csv"])
def test_every_command_with_a_path_refuses_it_as_a_wrong_option(world, tmp_path, address):
    (tmp_path / "x.csv").write_text("crm\nc-1\n")
    where = ("--inlet", world.inlet, "--dataset-id", "people")
    commands = [
        ("stream", address, *where),
        ("stream", "x.csv", *where, "--spool", address),
        ("stream", "x.csv", *where, "--rejects", address),
        ("stream", "x.csv", *where, "--mapping", address),
        ("stream", address, "--replay", "--inlet", world.inlet),
        ("batches", "upsert", "people", address),
        ("batches", "upsert", "people", "x.csv", "--rejects", address),
        ("batches", "upload", "b", address),
        ("batches", "download", "b", address),
        ("export-jobs", "download", "1", address),
        ("media", "spool", "list", address),
        ("config", "import", address),
        ("emulator", "load", address),
    ]

    for words in commands:
        result = world.command(*words)
        assert result.exit_code == 2, (words, result.stderr)
        assert "not supported" in result.stderr, words
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]


def test_paths_of_this_machine_are_paths():
    for path in ("x", "/x/y", "C:\\x", "C:/x", "a:b", "s3/bucket", Path("x")):
        assert local_path(path, what="it") == Path(path)
    for path in ("", " ", None, 7, b"x", "a\0b"):
        with pytest.raises(rtcp.InvalidArgumentError):
            local_path(path, what="it")
