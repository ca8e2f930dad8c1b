"""Every command on the page about the command line works as it stands there."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from rtcp.cli import failures
from rtcp.emulator import worlds

PAGE = Path(__file__).parents[3] / "docs" / "cli.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINES = [line for block in BLOCK.findall(PAGE.read_text()) for line in block.splitlines() if line.startswith("rtcp ")]
CREDENTIAL = {"CLIENT_ID": "key", "CLIENT_SECRETS": ["p8e"], "ORG_ID": "ABC@AdobeOrg", "SCOPES": ["openid"]}


@pytest.mark.parametrize("line", LINES)
def test_the_command_works(line, world, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RTCP_CONFIG", str(tmp_path / "config.toml"))
    (tmp_path / "oauth_server_to_server.json").write_text(json.dumps(CREDENTIAL))
    (tmp_path / "newsletter.csv").write_bytes(worlds.path("harbour").with_name("newsletter.csv").read_bytes())

    result = run(*shlex.split(line)[1:])

    assert result.exit_code == 0, result.output


def test_the_exit_codes_of_the_page_are_those_of_the_command():
    codes = {value for name, value in vars(failures).items() if name.isupper() and isinstance(value, int)}

    assert {int(code) for code in re.findall(r"^\| (\d+) \|", PAGE.read_text(), re.MULTILINE)} == codes | {0}
